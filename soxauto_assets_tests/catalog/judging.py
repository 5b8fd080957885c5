"""Judging an item's rows by one of its rules on a small lake, without landing: for tests of populations and ties."""

from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import cast

import duckdb

from soxauto_assets.catalog import get_item
from soxauto_assets.catalog.configuration import load_configuration
from soxauto_assets.checks import CheckContext, check_plan
from soxauto_assets.checks.model import Outcome
from soxauto_assets.engines.contract import Errand
from soxauto_assets.engines.duckdb_engine import DuckDBEngine
from soxauto_assets.engines.sql import bind, statements
from soxauto_assets.extraction.landing import Dataset
from soxauto_assets.extraction.record import ExtractionRecord
from soxauto_assets.extraction.tables import TypedTable
from soxauto_assets.period import Period
from soxauto_assets.sources.bindings import find_by_name


def judge(lake: Path, item_id: str, period: str, check: str, changed: str = "select * from landed") -> Outcome:
    """Return what a rule says of an item's rows.

    Args:
        lake: The lake folder.
        item_id: Item id.
        period: Period key.
        check: Name of the rule; its statement is the probe of that name, or ``tie__`` and the name.
        changed: DuckDB SQL over the view ``landed``, to break the rows first.
    """
    item = get_item(item_id)
    texts = statements(item)
    purpose = check if check in texts else f"tie__{check}"
    engine = DuckDBEngine(lake)
    bindings = find_by_name(engine)
    values = {name: load_configuration()[name].parameter for name in item.configuration}
    try:
        rows, answer = (
            engine.query(bind(texts[name], Period.parse(period), values, bindings).executed, Errand(name)).table
            for name in ("extract", purpose)
        )
    finally:
        engine.close()
    record = cast(ExtractionRecord, SimpleNamespace(period=period, answers={purpose: TypedTable.from_arrow(answer)}))
    rule = next(planned.rule for planned in check_plan(item) if planned.name == check)
    with TemporaryDirectory() as folder, duckdb.connect() as connection:
        part = Path(folder) / "rows.parquet"
        connection.register("landed", rows)
        connection.execute(f"copy ({changed}) to '{part}' (format parquet)")
        return rule(item, record, Dataset(item, (part,), ""), CheckContext())


def cells(answer: list[dict]) -> dict[str, tuple]:
    """Return rows and amount by reason."""
    return {row["reason"]: (row["row_count"], row["amount"]) for row in answer}
