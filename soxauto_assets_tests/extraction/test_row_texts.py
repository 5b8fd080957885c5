"""The row digest of an upload in Python is the one that DuckDB computes from the landed rows."""

from dataclasses import replace
from datetime import date, datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from soxauto_assets.catalog import get_item
from soxauto_assets.catalog.model import OutputColumn
from soxauto_assets.catalog.types import BOOL, DATE, INT64, MONEY, STRING, TIMESTAMP
from soxauto_assets.extraction.generated import landed_digest_sql
from soxauto_assets.extraction.landing import Dataset, digest_of_rows
from soxauto_assets.extraction.row_texts import digest_of_values
from soxauto_assets.extraction.tables import arrow_type

ITEM = replace(
    get_item("JDASH"),
    columns=(
        OutputColumn("company", STRING, "company"),
        OutputColumn("amount", MONEY, "amount"),
        OutputColumn("count", INT64, "count"),
        OutputColumn("flag", BOOL, "flag"),
        OutputColumn("day", DATE, "day"),
        OutputColumn("at", TIMESTAMP, "at"),
    ),
)
ROWS = [
    {
        "company": "EC_NG",
        "amount": Decimal("-0.5"),
        "count": -7,
        "flag": True,
        "day": date(2025, 9, 30),
        "at": datetime(2025, 9, 30, 23, 59, 59, 999000),
    },
    {
        "company": "É𝄞;~",
        "amount": Decimal(12),
        "count": 0,
        "flag": False,
        "day": date(1, 1, 1),
        "at": datetime(1969, 12, 31, 23, 59, 59, 1000),
    },
    dict.fromkeys(("company", "amount", "count", "flag", "day", "at")),
]


@pytest.mark.parametrize("company", [None, "company"])
@pytest.mark.parametrize("rows", [ROWS, ROWS * 2, []], ids=["rows", "rows that occur twice", "no rows"])
def test_both_implementations_agree(tmp_path, rows, company):
    item = replace(ITEM, company_column=company)
    table = pa.table({c.name: pa.array([row[c.name] for row in rows], arrow_type(c.type)) for c in item.columns})
    pq.write_table(table, path := tmp_path / "rows.parquet")
    with Dataset(item, (path,), digest_of_rows(item, [path])).query() as connection:
        landed = connection.execute(landed_digest_sql(item))
        names = tuple(column[0] for column in landed.description)
        found = set(landed.fetchall())
    answer = digest_of_values(item, rows)
    assert answer.names == names
    assert set(answer.rows) == found
