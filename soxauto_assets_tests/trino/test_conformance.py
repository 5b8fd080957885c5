"""Every text of the catalog on Trino and on DuckDB over the demo lake: the same columns, types and rows."""

import os
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from soxauto_assets.catalog import Item, all_items
from soxauto_assets.demo.companies import MONTHS
from soxauto_assets.engines.contract import Engine, Errand
from soxauto_assets.engines.sql import BoundStatement
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
from soxauto_assets_tests.catalog.mutations import mutants
from soxauto_assets_tests.trino.comparing import Address, Rows, ask_trino, counted, differences, from_arrow

ITEMS = [item for item in all_items() if not item.upload]
# By default the first month and those with a planted fault or case, as in demo/test_answers.py.
PERIODS = [
    period
    for period in MONTHS
    if os.environ.get("SOXAUTO_TEST_MONTHS") == "all" or period.key == "2024-08" or period.key >= "2025-05"
]
MUTATED = Period(2025, 9)
# A look-up without its condition doubles rows, which then tie in the extract's numbering: either engine's order is right.
# Broken extracts are compared without that column; the sound extract, where rows that tie are equal, is compared with it.
NUMBERING = {"IPE_31": "occurrence"}
# A join without its condition answers millions of rows, which say no more than some thousands.
LARGEST = 20_000


@pytest.mark.parametrize("period", PERIODS, ids=[period.key for period in PERIODS])
@pytest.mark.parametrize("item", ITEMS, ids=[item.id for item in ITEMS])
def test_every_statement_gives_the_same_rows(
    item: Item, period: Period, runtime: Runtime, address: Address, compared: Counter[str], tmp_path: Path
):
    statements = runtime.extractor.statements(item, period)
    assert {"extract", "control_totals"} <= set(statements)
    with ThreadPoolExecutor(4) as pool:
        asked = {purpose: pool.submit(_on_trino, address, bound.executed) for purpose, bound in statements.items()}
        found = {}
        for purpose, bound in statements.items():
            ours = _on_duckdb(runtime.engine, purpose, bound, tmp_path)
            theirs = asked[purpose].result()
            compared.update(statements=1, rows=theirs.rows.total())
            if differing := differences(theirs, ours):
                found[purpose] = differing
    assert not found


@pytest.mark.parametrize("item", ITEMS, ids=[item.id for item in ITEMS])
def test_every_broken_extract_gives_the_same_rows(
    item: Item, runtime: Runtime, address: Address, compared: Counter[str]
):
    """The mutation suite rests on DuckDB: what a dropped filter or a turned join lets in must be the same on Trino."""
    every = mutants(runtime.extractor.statements(item, MUTATED)["extract"].executed)
    number = NUMBERING.get(item.id, "")
    broken = [mutant for mutant in every if _size(runtime.engine, mutant.sql) <= LARGEST]
    compared.update({"broken extracts that answer too many rows, left out": len(every) - len(broken)})
    found = {}
    with ThreadPoolExecutor(4) as pool:
        asked = {mutant.what: pool.submit(_on_trino, address, mutant.sql) for mutant in broken}
        for mutant in broken:
            ours = from_arrow(runtime.engine.query(mutant.sql, Errand("extract")).table)
            theirs = asked[mutant.what].result()
            compared.update({"broken extracts": 1})
            if differing := differences(_without(theirs, number), _without(ours, number)):
                found[mutant.what] = differing
    assert not found


def _without(answer: Rows, column: str) -> Rows:
    """Return an answer without a column; whole when it has none of that name."""
    kept = [position for position, (name, _) in enumerate(answer.columns) if name != column]
    rows = counted([row[position] for position in kept] for row in answer.rows.elements())
    return Rows(tuple(answer.columns[position] for position in kept), rows)


def _size(engine: Engine, sql: str) -> int:
    answer = engine.query(f"select count(*) as n from ({sql}) as answered", Errand("count"))
    return int(answer.table.column("n")[0].as_py())


def _on_trino(address: Address, sql: str) -> Rows:
    connection = address.connect()
    try:
        return ask_trino(connection, sql)
    finally:
        connection.close()


def _on_duckdb(engine: Engine, purpose: str, bound: BoundStatement, folder: Path) -> Rows:
    """Run a statement the way extraction does: the extract through the file that is unloaded."""
    if purpose != "extract":
        return from_arrow(engine.query(bound.executed, Errand(purpose)).table)
    (file,) = engine.unload(bound.executed, Errand(purpose), folder).files
    return from_arrow(pq.read_table(file))
