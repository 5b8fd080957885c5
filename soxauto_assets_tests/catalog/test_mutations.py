"""Control totals see a broken extract: every filter, join and boundary, one at a time, on the demo lake.

A mutant is *seen* when the totals of its rows differ from the independently written control totals (or it does not run), and
*equal* when it gives the very rows of the extract, so that there is nothing to see. What is not seen is listed in
``not_seen.py`` with the reason; the test fails for anything else, and for an entry of the lists that is seen after all.
"""

from pathlib import Path

import duckdb
import pytest

from soxauto_assets.catalog import Item, all_items
from soxauto_assets.checks.totals import totals_sql
from soxauto_assets.demo.lake import generate_lake
from soxauto_assets.engines.contract import Errand
from soxauto_assets.engines.duckdb_engine import DuckDBEngine
from soxauto_assets.extraction.tables import TypedTable
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import PROJECT, Settings
from soxauto_assets_tests.catalog.mutations import mutants
from soxauto_assets_tests.catalog.not_seen import EQUIVALENT, NOT_SEEN

PERIOD = Period(2025, 9)
ITEMS = [item for item in all_items() if not item.upload]


@pytest.fixture(scope="module")
def runtime(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    home = tmp_path_factory.mktemp("mutations")
    generate_lake(home / "lake", PROJECT / "bindings" / "demo.yaml")
    opened = Runtime(Settings.from_environment({"SOXAUTO_HOME": str(home)}))
    yield opened
    opened.close()


class Judge:
    """Runs broken extracts of one item beside the sound one."""

    def __init__(self, runtime: Runtime, item: Item, folder: Path):
        self.item = item
        self.folder = folder
        self.engine = runtime.engine
        self.statements = runtime.extractor.statements(item, PERIOD)
        totals = self.engine.query(self.statements["control_totals"].executed, Errand("control_totals"))
        self.expected = TypedTable.from_arrow(totals.table)
        self.sound = self._rows(self.statements["extract"].executed)
        assert self.sound is not None and self.sound[0] == self.expected, "the sound extract ties out"

    def verdict(self, sql: str) -> str:
        """Return ``seen``, ``equal`` or ``not seen``."""
        rows = self._rows(sql)
        if rows is None or rows[0] != self.expected:
            return "seen"
        return "equal" if rows[1] == self.sound[1] else "not seen"

    def _rows(self, sql: str) -> tuple[TypedTable, tuple] | None:
        """Return totals and a fingerprint of what a text answers; None when it does not run."""
        for old in self.folder.glob("*"):
            old.unlink()
        try:
            (file,) = self.engine.unload(sql, Errand("extract"), self.folder).files
        except Exception:
            return None
        kinds = {column.name: column.type for column in self.item.columns}
        with duckdb.connect() as connection:
            connection.read_parquet(str(file)).create_view("landed")
            table = TypedTable.from_arrow(
                connection.sql(totals_sql(self.item.control_totals, kinds, "landed")).to_arrow_table()
            )
            (print_,) = connection.execute("select count(*), sum(hash(landed)::hugeint) from landed").fetchall()
        return table, print_


@pytest.mark.parametrize("item", ITEMS, ids=[item.id for item in ITEMS])
def test_control_totals_see_every_broken_filter_and_join(item: Item, runtime: Runtime, tmp_path: Path):
    judge = Judge(runtime, item, tmp_path)
    verdicts = {mutant.what: judge.verdict(mutant.sql) for mutant in mutants(judge.statements["extract"].executed)}
    assert "seen" in verdicts.values()
    for verdict, lists in (("not seen", NOT_SEEN), ("equal", EQUIVALENT)):
        listed = lists.get(item.id, {})
        missed = {what for what, found in verdicts.items() if found == verdict}
        unlisted = sorted(what for what in missed if not any(what.startswith(known) for known in listed))
        assert not unlisted, f"{len(unlisted)} broken extracts are {verdict}:\n" + "\n".join(unlisted)
        unused = sorted(known for known in listed if not any(what.startswith(known) for what in missed))
        assert not unused, f"these are seen or gone, take them off the list:\n{unused}"


def test_the_engine_under_test_is_the_real_one(runtime: Runtime):
    assert isinstance(runtime.engine, DuckDBEngine)
