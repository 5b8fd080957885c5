"""Running an item's SQL on a small lake, without landing: for tests of the SQL itself."""

from pathlib import Path
from typing import Any

from soxauto_assets.catalog import get_item
from soxauto_assets.catalog.configuration import load_configuration
from soxauto_assets.engines.contract import Errand
from soxauto_assets.engines.duckdb_engine import DuckDBEngine
from soxauto_assets.engines.sql import bind, statements
from soxauto_assets.extraction.tables import TypedTable
from soxauto_assets.period import Period
from soxauto_assets.sources.bindings import find_by_name


def run(lake: Path, item_id: str, period: str, purpose: str = "extract") -> list[dict[str, Any]]:
    """Return the rows that a statement of an item answers on a lake, ordered."""
    item = get_item(item_id)
    engine = DuckDBEngine(lake)
    bindings = find_by_name(engine)
    values = {name: load_configuration()[name].parameter for name in item.configuration}
    bound = bind(statements(item)[purpose], Period.parse(period), values, bindings)
    try:
        return TypedTable.from_arrow(engine.query(bound.executed, Errand(purpose)).table).records()
    finally:
        engine.close()
