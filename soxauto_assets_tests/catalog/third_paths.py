"""Population and ties of an item on a small lake: what the source says beside what the extract lists.

Here belongs the comparison without landing, as ``checks.completeness`` makes it. What does not belong here: the check's words.
"""

from pathlib import Path
from typing import Any

import duckdb

from soxauto_assets.catalog import get_item
from soxauto_assets.catalog.configuration import load_configuration
from soxauto_assets.engines.contract import Errand
from soxauto_assets.engines.duckdb_engine import DuckDBEngine
from soxauto_assets.engines.sql import bind, statements
from soxauto_assets.period import Period
from soxauto_assets.sources.bindings import find_by_name
from soxauto_assets_tests.catalog.running import run


def cells(lake: Path, item_id: str, period: str) -> dict[str, tuple[int, Any]]:
    """Return rows and amount of each cell of the item's population."""
    found = run(lake, item_id, period, "dropped_rows")
    by_reason = {row["reason"]: (row["row_count"], row["amount"]) for row in found}
    assert len(by_reason) == len(found)
    return by_reason


def landed_as_listed(lake: Path, item_id: str, period: str) -> tuple[int | None, Any]:
    """Return rows and amount of the extract as its population declares them; rows are None where a row gathers several."""
    population = get_item(item_id).population
    assert population is not None
    with _landed(lake, item_id, period) as connection:
        rows, amount = connection.execute(
            f"SELECT {population.rows or 'NULL'}, {population.amount} FROM landed WHERE {population.where}"
        ).fetchall()[0]
    return rows, amount


def tie_differences(lake: Path, item_id: str, period: str, name: str, change: str = "") -> tuple[set, set]:
    """Return the lines that only the tie's statement gives, and those that only the landed rows give.

    Args:
        lake: The lake.
        item_id: Item id.
        period: Period key.
        name: The tie.
        change: SQL that changes the table ``landed`` first.
    """
    (declared,) = [tie for tie in get_item(item_id).ties if tie.name == name]
    answer = run(lake, item_id, period, f"tie__{name}")
    with _landed(lake, item_id, period) as connection:
        if change:
            connection.execute(change)
        relation = connection.execute(declared.landed)
        names = [column[0] for column in relation.description or ()]
        ours = {tuple(row) for row in relation.fetchall()}
    assert all(list(row) == names for row in answer)
    source = {tuple(row.values()) for row in answer}
    return source - ours, ours - source


def _landed(lake: Path, item_id: str, period: str) -> duckdb.DuckDBPyConnection:
    item, engine = get_item(item_id), DuckDBEngine(lake)
    values = {name: load_configuration()[name].parameter for name in item.configuration}
    bound = bind(statements(item)["extract"], Period.parse(period), values, find_by_name(engine))
    try:
        rows = engine.query(bound.executed, Errand("extract")).table
    finally:
        engine.close()
    connection = duckdb.connect()
    connection.register("answered", rows)
    connection.execute("CREATE TABLE landed AS SELECT * FROM answered")
    return connection
