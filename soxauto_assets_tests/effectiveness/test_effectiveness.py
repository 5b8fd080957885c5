"""Every seeded fault is caught, the page says what was measured, and the measurement itself can fail (make effectiveness)."""

from pathlib import Path

import pytest
from rich.console import Console

from soxauto_assets.catalog import get_item
from soxauto_assets.checks import check_plan
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings
from soxauto_assets_tests.effectiveness.faults import FAULTS
from soxauto_assets_tests.effectiveness.landed import Rows, opened
from soxauto_assets_tests.effectiveness.measurement import DIGESTS, PERIOD, Measurement, measure, prepare
from soxauto_assets_tests.effectiveness.report import PAGE, page, show

pytestmark = pytest.mark.effectiveness


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("effectiveness")
    prepare(folder)
    return folder


@pytest.fixture(scope="module")
def measured(home: Path) -> Measurement:
    return measure(home)


def test_every_fault_is_caught(measured: Measurement, capsys: pytest.CaptureFixture[str]):
    with capsys.disabled():
        print()
        show(measured, Console(width=240))
    assert [(cell.item, cell.fault) for cell in measured.missed()] == []


def test_no_fault_is_caught_by_one_digest_alone(measured: Measurement):
    """The digest of the landed files says nothing of what was landed, so that another check must see the fault, too."""
    unseen = {(cell.item, cell.fault) for cell in measured.missed(["dataset_digest"])}
    assert unseen == set()


def test_unchanged_copies_pass(measured: Measurement):
    assert measured.alarms == {}


def test_every_class_is_seeded_somewhere(measured: Measurement):
    assert {cell.fault for cell in measured.seeded} == {fault.name for fault in FAULTS}


def test_the_page_says_what_was_measured(measured: Measurement):
    assert PAGE.read_text("utf-8") == page(measured), "run 'make effectiveness WRITE=1' and review the difference"


def test_without_the_digests_the_score_drops(home: Path):
    """Self-test: checks that are switched off are missed."""
    found = measure(home, ["JDASH"], disabled=DIGESTS)
    assert {"changed_text", "cancelling", "shifted_day"} <= {cell.fault for cell in found.missed()}
    assert "changed_amount" not in {cell.fault for cell in found.missed()}


def test_without_any_check_nothing_is_caught(home: Path):
    """Self-test: the measurement invents no catch."""
    found = measure(home, ["CR_05a"], disabled=[planned.name for planned in check_plan(get_item("CR_05a"))])
    assert found.seeded and len(found.missed()) == len(found.seeded)


def test_a_fault_that_changes_nothing_is_refused(home: Path, tmp_path: Path):
    item = get_item("CR_05a")
    runtime = Runtime(Settings.from_environment({"SOXAUTO_HOME": str(home)}))
    _, dataset = runtime.extractor.extract(item, PERIOD, "unchanged")
    runtime.close()
    with opened(item, PERIOD, dataset) as landed, pytest.raises(AssertionError, match="nothing was seeded"):
        landed.write(Rows("SELECT * FROM landed WHERE true"), tmp_path / "copy.parquet")
