"""The manifest of a month in Dagster: a job of its own, started after every run however it ended."""

from pathlib import Path

import dagster as dg
import pytest

from soxauto_assets.defs.build import build_defs
from soxauto_assets.defs.jobs import CHECKS, CLOSE, MANIFEST
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings

STATUSES = (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)


@pytest.fixture
def settings(tmp_path: Path, lake: Path) -> Settings:
    return Settings.from_environment({"SOXAUTO_HOME": str(tmp_path / "home")}, lake=lake)


@pytest.fixture
def instance(tmp_path: Path):
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as opened:
        yield opened


def run(settings: Settings, instance: dg.DagsterInstance, job: str, **arguments):
    found = build_defs(settings).resolve_job_def(job)
    return found.execute_in_process(partition_key="2025-09", instance=instance, raise_on_error=False, **arguments)


def test_the_job_writes_the_manifest_of_its_month_from_the_stores_alone(settings, instance):
    keys = [dg.AssetKey([stage, "IPE_09"]) for stage in ("extract", "evidence")]
    assert run(settings, instance, CLOSE, asset_selection=keys).success
    done = run(settings, instance, MANIFEST)
    assert done.success
    manifest = Runtime(settings).manifests.newest("2025-09")
    assert manifest.items["IPE_09"]["state"] == "sealed" and manifest.items["IPE_07"]["state"] == "missing"
    assert manifest.predicate["reason"] == f"run {done.run_id}"


def test_a_month_in_which_everything_failed_gets_one(settings, instance, lake):
    for path in lake.rglob("*.parquet"):
        path.unlink()
    keys = [dg.AssetKey([stage, "IPE_09"]) for stage in ("extract", "evidence")]
    assert not run(settings, instance, CLOSE, asset_selection=keys).success
    assert run(settings, instance, MANIFEST).success
    manifest = Runtime(settings).manifests.newest("2025-09")
    assert {entry["state"] for entry in manifest.items.values()} == {"missing"}
    assert manifest.items["IPE_09"]["reason"] != "it was never extracted", "the failure record says why"


def test_a_manifest_that_cannot_be_written_fails_its_run_with_the_reason(settings, instance):
    settings.home.mkdir(parents=True)
    (settings.home / "manifests").write_text("in the way")
    done = run(settings, instance, MANIFEST)
    (failure,) = done.get_step_failure_events()
    assert "a record could not be written" in failure.step_failure_data.user_failure_data.description


def test_a_sensor_watches_each_way_in_which_a_run_ends(settings):
    sensors = [sensor for sensor in build_defs(settings).sensors if sensor.name.startswith(MANIFEST)]
    assert sorted(sensor.name for sensor in sensors) == sorted(f"{MANIFEST}_after_{s.value.lower()}" for s in STATUSES)
    assert {sensor.default_status for sensor in sensors} == {dg.DefaultSensorStatus.RUNNING}


@pytest.mark.parametrize(
    ("job", "tags", "expected"),
    [
        (CLOSE, {"dagster/partition": "2025-09"}, "2025-09"),
        ("__ASSET_JOB", {"dagster/partition": "2025-08"}, "2025-08"),
        (CLOSE, {"dagster/partition": "2025-09", "soxauto/command": "close"}, None),
        (MANIFEST, {"dagster/partition": "2025-09"}, None),
        (CHECKS, {"dagster/partition": "2025-09"}, None),
        (CLOSE, {}, None),
    ],
    ids=str,
)
def test_the_sensor_asks_for_the_manifest_of_the_month_that_ran(settings, instance, job, tags, expected):
    (sensor,) = [sensor for sensor in build_defs(settings).sensors if sensor.name.endswith("after_failure")]
    ran = dg.DagsterRun(job_name=job, run_id="b1946ac9-2492-4234-9c27-000000000000", tags=tags)
    event = dg.DagsterEvent(event_type_value=dg.DagsterEventType.RUN_FAILURE.value, job_name=job)
    context = dg.build_run_status_sensor_context(
        sensor_name=sensor.name, dagster_event=event, dagster_instance=instance, dagster_run=ran
    )
    asked = sensor(context)
    assert (asked.partition_key if isinstance(asked, dg.RunRequest) else None) == expected
