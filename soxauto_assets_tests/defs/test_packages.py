"""Evidence assets say where their package is and who signed it, and a check says whether it still verifies."""

from pathlib import Path

import dagster as dg
import pytest

from soxauto_assets.defs.build import build_defs
from soxauto_assets.defs.jobs import CLOSE, PACKAGES
from soxauto_assets.defs.packages import PACKAGE_VERIFIES
from soxauto_assets.evidence.envelope import key_id_of
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings

ITEM, PERIOD = "IPE_09", "2025-09"
KEY = dg.AssetKey(["evidence", ITEM])


@pytest.fixture
def settings(tmp_path: Path, lake: Path) -> Settings:
    return Settings.from_environment({"SOXAUTO_HOME": str(tmp_path / "home")}, lake=lake)


@pytest.fixture
def instance(tmp_path: Path):
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as opened:
        yield opened


@pytest.fixture
def closed(settings, instance) -> dg.ExecuteInProcessResult:
    job = build_defs(settings).resolve_job_def(CLOSE)
    keys = [dg.AssetKey([stage, ITEM]) for stage in ("extract", "evidence")]
    done = job.execute_in_process(partition_key=PERIOD, instance=instance, asset_selection=keys)
    assert done.success
    return done


def evaluations(settings, instance) -> dict[str, dg.AssetCheckEvaluation]:
    job = build_defs(settings).resolve_job_def(PACKAGES)
    done = job.execute_in_process(instance=instance, tags={"dagster/partition": PERIOD}, raise_on_error=False)
    assert done.success
    return {one.asset_key.path[-1]: one for one in done.get_asset_check_evaluations()}


def test_an_evidence_asset_carries_what_names_its_package(settings, closed):
    runtime = Runtime(settings)
    package = runtime.evidence.newest(ITEM, PERIOD)
    predicate = runtime.evidence.statement(package)["predicate"]
    (event,) = [e for e in closed.get_asset_materialization_events() if e.asset_key == KEY]
    said = {name: value.value for name, value in event.materialization.metadata.items()}
    assert said["package_uri"] == package.uri
    assert said["version_id"] == "none: a folder has no versions"
    assert (said["dataset_digest"], said["verdict"]) == (predicate["dataset_digest"], predicate["verdict"])
    assert (said["signed_by"], said["sealed_at"]) == (key_id_of(runtime.signer.public_key), predicate["sealed_at"])


def test_the_job_of_the_close_leaves_the_check_to_a_job_of_its_own(settings):
    definitions = build_defs(settings)
    held = {
        name: [node.name for node in definitions.resolve_job_def(name).nodes if PACKAGE_VERIFIES in node.name]
        for name in (CLOSE, PACKAGES)
    }
    assert held[CLOSE] == [] and f"{PACKAGE_VERIFIES}_{ITEM}" in held[PACKAGES]


def test_a_sound_package_is_green_by_month_and_what_is_not_sealed_is_amber(settings, instance, closed):
    found = evaluations(settings, instance)
    assert found[ITEM].passed and found[ITEM].partition == PERIOD and not found[ITEM].blocking
    assert found[ITEM].metadata["failed"].value == "none"
    assert not found["IPE_07"].passed and found["IPE_07"].severity == dg.AssetCheckSeverity.WARN
    assert "RECONCILIATION" in found, "its evidence is an evidence asset, too"


def test_a_changed_byte_is_red_and_names_the_layer(settings, instance, closed):
    runtime = Runtime(settings)
    folder = runtime.evidence.folder(runtime.evidence.newest(ITEM, PERIOD))
    path = folder / "data" / "checks.json"
    content = bytearray(path.read_bytes())
    content[10] ^= 1
    path.chmod(0o644)
    path.write_bytes(bytes(content))
    found = evaluations(settings, instance)[ITEM]
    assert not found.passed and found.severity == dg.AssetCheckSeverity.ERROR
    assert found.metadata["failed"].value.startswith("fixity (changed-file)")
