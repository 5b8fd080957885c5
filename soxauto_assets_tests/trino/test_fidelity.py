"""Source fidelity on a real Trino: the planted files are read alike by both engines, and named alike.

The same files under the same declaration: what the DuckDB engine reads is what Trino reads, and the check of an item that was
extracted on Trino names table, file, column and the total that silently changed.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import trino

from soxauto_assets.catalog import get_item
from soxauto_assets.catalog.types import STRING
from soxauto_assets.checks.fidelity import said
from soxauto_assets.engines.contract import Errand
from soxauto_assets.engines.duckdb_engine import DuckDBEngine
from soxauto_assets.engines.sql import bind, statements
from soxauto_assets.engines.trino import TrinoEngine
from soxauto_assets.errors import ExtractionError
from soxauto_assets.extraction.fidelity import answer_of, look
from soxauto_assets.period import Period
from soxauto_assets.sources.bindings import Binding, Bindings, TableName, find_by_name
from soxauto_assets.sources.fitting import declared_columns, fits
from soxauto_assets_tests.catalog.test_ipe_09 import ORDERS
from soxauto_assets_tests.lakes import write_lake
from soxauto_assets_tests.planting import PLANTED, TOLD
from soxauto_assets_tests.trino.comparing import Address, ask_trino, differences, from_arrow
from soxauto_assets_tests.trino.deployment import Scratch
from soxauto_assets_tests.trino.tables import create_table, create_tables

SEPTEMBER = Period(2025, 9)


@pytest.fixture(scope="module")
def place(address: Address, connection: Any) -> Scratch:
    return Scratch(address, connection)


@pytest.fixture
def duck(scratch: tuple[Path, str]) -> Iterator[DuckDBEngine]:
    opened = DuckDBEngine(scratch[0])
    yield opened
    opened.close()


@pytest.mark.parametrize("fault", list(PLANTED))
def test_both_engines_read_a_planted_file_alike_and_name_it(
    fault: str, scratch: tuple[Path, str], place: Scratch, connection: Any, duck: DuckDBEngine, compared: Counter[str]
):
    folder, location = scratch
    write_lake(folder, ORDERS)
    bound = find_by_name(duck)
    create_tables(connection, Bindings("lake", bound, "by name"), location)
    plant, column = PLANTED[fault]
    plant(folder)
    duck.declare(declared_columns(bound))
    for purpose, statement in statements(get_item("IPE_09")).items():
        for period in (SEPTEMBER, SEPTEMBER.next()):
            executed = bind(statement, period, {}, bound).executed
            ours = from_arrow(duck.query(executed, Errand(purpose)).table)
            assert differences(ask_trino(connection, executed), ours) == [], (purpose, period)
            compared.update({"statements over planted files": 1})
    binding, names = bound["bob_sales_order"], ["order_id", "order_date", "customer_id", "total_amount"]
    engine = TrinoEngine(place.settings(sources_location=location, sources_path=str(folder)))
    told = {}
    for name, seen in (("trino", engine), ("duckdb", duck)):
        rows = answer_of({"bob_sales_order": look(seen, binding, names, SEPTEMBER)}).records()
        # Trino names a file by its address, DuckDB by its path in the lake.
        told[name] = [said(row).replace(f"{location}/", "") for row in rows]
    assert told["trino"] == told["duckdb"]
    table, database = str(binding.table), binding.table.database
    first, second = (f"{database}/bob_sales_order/{file}.parquet" for file in ("rows", "second"))
    assert f"{table} {second} {column}: {TOLD[fault].format(first=first, second=second)}" in told["trino"]


def test_what_this_machine_cannot_read_is_said(
    scratch: tuple[Path, str], place: Scratch, connection: Any, duck: DuckDBEngine
):
    folder, location = scratch
    write_lake(folder, ORDERS)
    bound = find_by_name(duck)
    create_tables(connection, Bindings("lake", bound, "by name"), location)
    table = bound["bob_sales_order"].table
    without = TrinoEngine(place.settings()).files(table)
    assert (without.files, without.needed) == (None, True)
    assert "TRINO_SOURCES_LOCATION and TRINO_SOURCES_PATH do not say" in without.reason
    elsewhere = TrinoEngine(place.settings(sources_location="s3://lake", sources_path=str(folder))).files(table)
    assert elsewhere.files is None and "is not in TRINO_SOURCES_LOCATION" in elsewhere.reason
    engine = TrinoEngine(place.settings(sources_location=location, sources_path=str(folder)))
    no_files = engine.files(TableName("runtime", "nodes", "system"))
    assert (no_files.files, no_files.needed) == (None, False)
    (file,) = engine.files(table).files or ()
    path = folder / table.database / table.table / "rows.parquet"
    assert (file.bytes, round(file.written.timestamp(), 2)) == (path.stat().st_size, round(path.stat().st_mtime, 2))


# A file's type under each declared type that a contract may have, as Trino 476 reads it; None = it refuses, '!' = it misreads.
FORMS: dict[str, tuple[pa.Array, dict[str, list[str] | str | None]]] = {
    "int32": (
        pa.array([12, -7], pa.int32()),
        {"bigint": ["12", "-7"], "varchar": ["12", "-7"], "decimal(18,4)": ["12.0000", "-7.0000"], "date": "!"},
    ),
    "int64": (
        pa.array([12, -7], pa.int64()),
        {"bigint": ["12", "-7"], "varchar": ["12", "-7"], "decimal(18,4)": None, "date": "!"},
    ),
    "decimal of a smaller scale": (
        pa.array([Decimal("1.05"), Decimal("-1.05")], pa.decimal128(18, 2)),
        {"varchar": ["1.05", "-1.05"], "decimal(18,4)": ["1.0500", "-1.0500"], "bigint": None},
    ),
    "decimal of a greater scale": (
        pa.array([Decimal("1.00005"), Decimal("-1.00005")], pa.decimal128(38, 10)),
        {"varchar": ["1.0000500000", "-1.0000500000"], "decimal(18,4)": ["1.0001", "-1.0001"]},
    ),
    "decimal that does not fit": (
        pa.array([Decimal("123456789012345678901"), Decimal(1)], pa.decimal128(38, 0)),
        {"decimal(18,4)": None},
    ),
    "double": (pa.array([1.5, -2.25]), {"decimal(18,4)": None, "bigint": None, "varchar": "!"}),
    "text": (pa.array(["x ", "12"]), {"varchar": ["x ", "12"], "bigint": None, "decimal(18,4)": None}),
    "date": (
        pa.array([date(2025, 9, 30), date(1969, 12, 31)]),
        {"date": ["2025-09-30", "1969-12-31"], "timestamp(3)": None, "varchar": None},
    ),
    "microseconds": (
        pa.array([datetime(2025, 9, 30, 23, 59, 59, 999500), datetime(1969, 12, 31, 23, 59, 59, 999500)]),
        {"timestamp(3)": ["2025-10-01 00:00:00", "1970-01-01 00:00:00"], "date": None, "bigint": "!"},
    ),
    "boolean": (pa.array([True, False]), {"boolean": ["True", "False"], "bigint": None}),
}


@pytest.mark.parametrize(("form", "declared"), [(form, kind) for form, (_, kinds) in FORMS.items() for kind in kinds])
def test_a_file_under_a_declared_type(
    form: str, declared: str, scratch: tuple[Path, str], connection: Any, duck: DuckDBEngine, compared: Counter[str]
):
    folder, location = scratch
    values, kinds = FORMS[form]
    table = TableName(folder.name.replace("-", "_"), "t")
    path = folder / table.database / table.table / "f.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table({"id": pa.array([0, 1]), "c": values}), path)
    create_table(connection, table, {"id": "bigint", "c": declared}, location)
    duck.declare({table: {"id": "bigint", "c": declared}})
    sql = f"select c from {table} order by id"
    expected = kinds[declared]
    compared.update({"types of files": 1})
    if isinstance(expected, list):
        theirs = ask_trino(connection, f"select id, c from {table}")
        ours = from_arrow(duck.query(f"select id, c from {table}", Errand("read")).table)
        assert differences(theirs, ours) == []
        assert sorted(str(row[1]) for row in theirs.rows) == sorted(expected)
    elif expected is None:
        with pytest.raises(trino.exceptions.TrinoQueryError):
            ask_trino(connection, sql)
    else:
        # A day or an instant as a number, a float as a text: no error, and no value of the file.
        assert ask_trino(connection, sql).rows.total() == 2
    if not isinstance(expected, list):
        with pytest.raises(ExtractionError):
            duck.query(sql, Errand("read"))


def test_padded_and_cut_columns(scratch: tuple[Path, str], place: Scratch, connection: Any):
    """A char(5) is padded on Trino, also when it is cast to varchar; a varchar(1) is cut, without a word."""
    folder, location = scratch
    table = TableName(folder.name.replace("-", "_"), "t")
    path = folder / table.database / table.table / "f.parquet"
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table({"c": pa.array(["x "])}), path)
    create_table(connection, table, {"c": "char(5)"}, location)
    assert list(ask_trino(connection, f"select cast(c as varchar) as c from {table}").rows) == [("x    ",)]
    assert not fits(STRING, "char(5)")
    create_table(connection, table, {"c": "varchar(1)"}, location)
    assert list(ask_trino(connection, f"select c from {table}").rows) == [("x",)]
    binding = Binding("dim_country", table, {"country_code": "c"}, "confirmed")
    engine = TrinoEngine(place.settings(sources_location=location, sources_path=str(folder)))
    (cut,) = look(engine, binding, ["country_code"], SEPTEMBER).differences
    assert (cut.fault, cut.weight, cut.changed) == ("length", "error", 1)
