"""What the profile refuses is answered otherwise by the two engines, and the safe forms agree.

That each is refused, with the safe form, is tested in ``soxauto_assets_tests/engines/test_profile.py``.
"""

import contextlib
from collections import Counter
from typing import Any

import pytest
import sqlglot
import trino

from soxauto_assets.engines.contract import Errand
from soxauto_assets.engines.duckdb_engine import DuckDBEngine
from soxauto_assets.engines.profile import faults_of
from soxauto_assets.engines.sql import DIALECT
from soxauto_assets.errors import ExtractionError
from soxauto_assets_tests.trino.comparing import Rows, ask_trino, differences, from_arrow
from soxauto_assets_tests.trino.differences import DIFFERENCES, SAFE, Difference


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> DuckDBEngine:
    opened = DuckDBEngine(tmp_path_factory.mktemp("no-tables"))
    yield opened
    opened.close()


def compare(expression: str, connection: Any, engine: DuckDBEngine) -> list[str]:
    """Return how the answers differ; an error on one engine only is a difference, an error on both is none."""
    # The text that is run has always been through the syntax tree.
    sql = sqlglot.parse_one(f"select {expression} as x", read=DIALECT).sql(DIALECT)
    theirs: Rows | None = None
    ours: Rows | None = None
    with contextlib.suppress(trino.exceptions.TrinoQueryError):
        try:
            theirs = ask_trino(connection, sql)
        except ValueError as error:
            return [f"Trino: {error}"]
    with contextlib.suppress(ExtractionError):
        try:
            ours = from_arrow(engine.query(sql, Errand("compare")).table)
        except ValueError as error:
            return [f"DuckDB: {error}"]
    if theirs is None or ours is None:
        return [] if theirs is ours else [f"an error in {'Trino' if theirs is None else 'DuckDB'} only"]
    return differences(theirs, ours)


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.text)
def test_what_the_profile_refuses_differs(
    difference: Difference, connection: Any, engine: DuckDBEngine, compared: Counter[str]
):
    """A rule for something that has come to agree may go; that each is refused is tested without a server."""
    assert compare(difference.text, connection, engine)
    compared.update(differences=1)


@pytest.mark.parametrize("expression", SAFE)
def test_the_safe_form_agrees(expression: str, connection: Any, engine: DuckDBEngine, compared: Counter[str]):
    assert compare(expression, connection, engine) == []
    compared.update({"safe forms": 1})


def test_a_name_in_brackets_is_refused(connection: Any):
    """Brackets make an array on Trino, without an error: the profile is all that stops them."""
    assert "brackets" in faults_of("select [currency] as x from bs_balances_view as v")[0]
    rows = ask_trino(connection, "select cardinality([x]) as n from (values 1) as t(x)")
    assert list(rows.rows) == [(1,)]
