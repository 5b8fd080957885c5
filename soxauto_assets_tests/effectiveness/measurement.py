"""Measuring: every fault in a copy of every item's landed rows, all checks evaluated on the copy.

Here belongs extracting the demo month, evaluating the checks and the score. What does not belong here: the faults
(``faults``) and how the result is shown (``report``).

A fault is caught when a check of severity error fails or cannot be evaluated. The extraction record is the true one: what
the source answered stays as it was.
"""

import multiprocessing
import os
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from soxauto_assets.catalog import all_items, get_item
from soxauto_assets.catalog.model import Item
from soxauto_assets.checks import CheckContext, check_plan, run_checks
from soxauto_assets.commands.demo import hand_in
from soxauto_assets.demo.lake import generate_lake
from soxauto_assets.extraction.landing import Dataset
from soxauto_assets.extraction.record import ExtractionRecord
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import PROJECT, Settings
from soxauto_assets_tests.effectiveness.faults import FAULTS
from soxauto_assets_tests.effectiveness.landed import Impossible, Landed, Rows, opened

PERIOD = Period(2025, 9)
# Both see any change whatever; so the score is also given without them: what would see a fault that they cannot know of.
DIGESTS = ("row_digest", "dataset_digest")


@dataclass(frozen=True)
class Cell:
    """One fault in one item.

    Attributes:
        item: Item id.
        fault: Fault class.
        caught: Checks that caught it, in the plan's order.
        exception: Why it cannot exist; None where it was seeded.
    """

    item: str
    fault: str
    caught: tuple[str, ...] = ()
    exception: str | None = None

    def caught_without(self, ignored: Collection[str]) -> bool:
        """Return whether a check that is not ignored caught it."""
        return any(name not in ignored for name in self.caught)


@dataclass(frozen=True)
class Measurement:
    """What was measured.

    Attributes:
        items: Item ids.
        cells: By item and fault class.
        alarms: Checks that failed on the unchanged copy, by item; none is the aim.
    """

    items: tuple[str, ...]
    cells: Mapping[tuple[str, str], Cell]
    alarms: Mapping[str, tuple[str, ...]]

    @property
    def seeded(self) -> tuple[Cell, ...]:
        """The cells in which a fault was seeded."""
        return tuple(cell for cell in self.cells.values() if cell.exception is None)

    def missed(self, ignored: Collection[str] = ()) -> tuple[Cell, ...]:
        """Return the faults that no check caught, were the ignored ones not there."""
        return tuple(cell for cell in self.seeded if not cell.caught_without(ignored))

    def score(self, ignored: Collection[str] = ()) -> tuple[int, int]:
        """Return how many faults were caught without the ignored checks, and how many were seeded."""
        return len(self.seeded) - len(self.missed(ignored)), len(self.seeded)


def prepare(home: Path) -> None:
    """Generate the demo lake and hand in its exports."""
    generate_lake(home / "lake", PROJECT / "bindings" / "demo.yaml")
    hand_in(_runtime(home))


def measure(home: Path, items: Sequence[str] = (), disabled: Collection[str] = ()) -> Measurement:
    """Extract items and seed every fault into each.

    Args:
        home: Folder of :func:`prepare`.
        items: Item ids; none = all.
        disabled: Checks that are not evaluated at all.
    """
    ids = tuple(items) or tuple(item.id for item in all_items())
    jobs = min(len(ids), os.cpu_count() or 1)
    if jobs == 1:
        found = [_measure_item(home, name, tuple(disabled)) for name in ids]
    else:
        with ProcessPoolExecutor(jobs, multiprocessing.get_context("spawn")) as pool:
            found = list(pool.map(_measure_item, [home] * len(ids), ids, [tuple(disabled)] * len(ids)))
    cells = {(cell.item, cell.fault): cell for _, members in found for cell in members}
    return Measurement(ids, cells, {name: alarms for name, (alarms, _) in zip(ids, found, strict=True) if alarms})


def _runtime(home: Path) -> Runtime:
    return Runtime(Settings.from_environment({"SOXAUTO_HOME": str(home)}))


def _measure_item(home: Path, name: str, disabled: tuple[str, ...]) -> tuple[tuple[str, ...], list[Cell]]:
    item, runtime = get_item(name), _runtime(home)
    try:
        record, dataset = runtime.extractor.extract(item, PERIOD, "effectiveness")
        context = runtime.context(item, PERIOD, record)
    finally:
        runtime.close()
    enabled = [planned.name for planned in check_plan(item) if planned.name not in disabled]
    fixed, readers = _split(item, record, dataset, context, enabled)

    def caught(faulty: Dataset) -> tuple[str, ...]:
        failed = {*fixed, *_failed(item, record, faulty, context, readers)}
        return tuple(planned for planned in enabled if planned in failed)

    with opened(item, PERIOD, dataset) as landed, TemporaryDirectory() as folder:
        alarms = caught(landed.write(Rows(), Path(folder) / "unchanged.parquet"))
        return alarms, [_cell(landed, fault.name, Path(folder), caught) for fault in FAULTS]


def _cell(landed: Landed, name: str, folder: Path, caught: Callable[[Dataset], tuple[str, ...]]) -> Cell:
    fault = next(fault for fault in FAULTS if fault.name == name)
    seeded = fault.seed(landed)
    if isinstance(seeded, Impossible):
        return Cell(landed.item.id, name, exception=seeded.reason)
    path = folder / f"{name}.parquet"
    found = caught(landed.write(seeded, path))
    path.unlink()
    return Cell(landed.item.id, name, found)


def _split(
    item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext, names: Sequence[str]
) -> tuple[list[str], list[str]]:
    """Return the failed ones of the checks that never look at the rows, and the checks that do.

    Over a dataset without files every check that looks at rows is an error. The others are pure in what stays the same for
    all faults, so that one evaluation is all of theirs.
    """
    nowhere = Dataset(item, (Path("no-such-file.parquet"),), dataset.digest)
    results = run_checks(item, record, nowhere, context, names)
    failed = [r.name for r in results if r.severity == "error" and r.status == "failed"]
    return failed, [result.name for result in results if result.status == "error"]


def _failed(
    item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext, names: Sequence[str]
) -> list[str]:
    results = run_checks(item, record, dataset, context, names)
    return [result.name for result in results if result.severity == "error" and not result.good]
