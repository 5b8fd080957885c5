"""Checking an item after a fault was put into its landed rows, record or context."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import duckdb
import pytest
import yaml

from soxauto_assets.catalog import Item, get_item
from soxauto_assets.checks import CheckContext, CheckResult, run_checks
from soxauto_assets.extraction.landing import Dataset
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings
from soxauto_assets_tests.conftest import HAND_MADE
from soxauto_assets_tests.lakes import write_lake

IPE_07 = get_item("IPE_07")
PERIOD = Period(2025, 9)
# Any change of landed rows is seen by both: against the source, and against what was landed.
DIGESTS = ("dataset_digest", "row_digest")


class Checking:
    """One extraction, whose checks are run with something changed.

    Args:
        runtime: Where it is extracted.
        folder: Where faulty rows are written.
        item: The item.
    """

    def __init__(self, runtime: Runtime, folder: Path, item: Item = IPE_07):
        self.item = item
        self.record, self.dataset = runtime.extractor.extract(item, PERIOD, "run-1")
        self._part = folder / "faulty.parquet"

    def __call__(
        self,
        sql: str = "select * from landed",
        item: Item | None = None,
        context: CheckContext | None = None,
        **changes: Any,
    ) -> dict[str, CheckResult]:
        """Check the rows that ``sql`` gives over the view ``landed``; ``changes`` replace parts of the record."""
        with duckdb.connect() as connection:
            connection.read_parquet(str(self.dataset.files[0])).create_view("landed")
            connection.execute(f"copy ({sql}) to '{self._part}' (format parquet)")
        faulty = Dataset(item or self.item, (self._part,), self.dataset.digest)
        found = run_checks(item or self.item, replace(self.record, **changes), faulty, context or CheckContext())
        return {result.name: result for result in found}


@pytest.fixture(scope="module")
def checked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checking]:
    """IPE_07 on the hand-made lake, extracted once: the rules change nothing."""
    base = tmp_path_factory.mktemp("checked")
    variables = {"SOXAUTO_HOME": str(base / "home")}
    runtime = Runtime(Settings.from_environment(variables, lake=write_lake(base / "lake", HAND_MADE)))
    yield Checking(runtime, base)
    runtime.close()


@pytest.fixture
def witnessed(tmp_path: Path, lake: Path) -> Callable[[list[dict[str, Any]]], Checking]:
    """IPE_07 on the hand-made lake, with a register of witnesses."""
    opened: list[Runtime] = []

    def check(register: list[dict[str, Any]]) -> Checking:
        path = tmp_path / "witnesses.yaml"
        path.write_text(yaml.safe_dump([{"item": "IPE_07", "source": "a test", **entry} for entry in register]))
        variables = {"SOXAUTO_HOME": str(tmp_path / "home"), "SOXAUTO_WITNESSES": str(path)}
        opened.append(Runtime(Settings.from_environment(variables, lake=lake)))
        return Checking(opened[-1], tmp_path)

    yield check
    for runtime in opened:
        runtime.close()


def failed(results: dict[str, CheckResult]) -> set[str]:
    """Return the names of failed rules that decide the verdict."""
    return {name for name, result in results.items() if not result.good and result.severity == "error"}
