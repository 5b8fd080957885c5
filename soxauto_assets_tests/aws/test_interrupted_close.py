"""A close that is interrupted, killed, or loses its credentials, and the one that goes on: in processes of their own."""

import re
import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings
from soxauto_assets_tests.aws.cloud import Cloud, make_cloud, soxauto, start_soxauto
from soxauto_assets_tests.aws.endpoint import Endpoint
from soxauto_assets_tests.conftest import HAND_MADE
from soxauto_assets_tests.lakes import write_lake

PERIOD = "2025-09"
CLOSE = ("close", PERIOD, "--item", "CR_05", "--item", "IPE_07", "--item", "IPE_09")


@pytest.fixture(scope="module")
def cloud(aws: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    base = tmp_path_factory.mktemp("interrupted")
    return make_cloud(aws, "interrupted", write_lake(base / "lake", HAND_MADE), base / "bindings")


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_close_that_is_asked_to_end_stops_its_queries_and_is_resumed(
    cloud: Cloud, endpoint: Endpoint, tmp_path: Path, how: signal.Signals
):
    home = tmp_path / how.name
    buckets = own_buckets(cloud, how.name.lower())
    variables = {**cloud.variables(home), **buckets}
    process = start_soxauto(variables, *CLOSE)
    until(lambda: sealed(variables, "CR_05"))
    endpoint.athena.settings.run_seconds = 120
    until(lambda: any(execution.state == "RUNNING" for execution in endpoint.athena.executions()))
    process.send_signal(how)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 2, out + err
    assert "the close was interrupted before it was sealed" in out
    assert not [execution for execution in endpoint.athena.executions() if execution.active]
    (run,) = re.findall(rf"soxauto close {PERIOD} --resume ([0-9a-f-]+)", out)

    endpoint.athena.settings.run_seconds = 0
    resumed = soxauto(variables, *CLOSE, "--resume", run)
    assert resumed.returncode == 0, resumed.stdout + resumed.stderr
    assert f"1 items were sealed by run {run} and are left as they are" in resumed.stdout
    assert "extract CR_05" not in resumed.stdout and "extract IPE_07" in resumed.stdout


def test_a_close_that_is_killed_leaves_a_note_and_the_next_one_stops_its_queries(
    cloud: Cloud, endpoint: Endpoint, tmp_path: Path
):
    endpoint.athena.settings.run_seconds = 300
    variables = {**cloud.variables(tmp_path / "home"), **own_buckets(cloud, "killed")}
    process = start_soxauto(variables, *CLOSE)
    until(lambda: any(execution.state == "RUNNING" for execution in endpoint.athena.executions()))
    until(lambda: len(list((tmp_path / "home" / "work" / "athena" / "inflight").glob("*.json"))) >= 2)
    process.kill()
    process.communicate()
    left = [execution for execution in endpoint.athena.executions() if execution.active]
    assert left
    endpoint.athena.settings.run_seconds = 0
    again = soxauto(variables, *CLOSE)
    assert again.returncode == 0, again.stdout + again.stderr
    assert {execution.state for execution in left} == {"CANCELLED"}
    assert not list((tmp_path / "home" / "work" / "athena" / "inflight").glob("*.json"))


def test_credentials_that_expire_in_mid_run_are_renewed_and_the_close_goes_on(
    cloud: Cloud, endpoint: Endpoint, tmp_path: Path
):
    short = endpoint.credentials.register(name="short", temporary=True)
    buckets = own_buckets(cloud, "expired")
    variables = {**cloud.variables(tmp_path / "home", credential=short), **buckets}
    process = start_soxauto(variables, *CLOSE)
    until(lambda: sealed({**cloud.variables(tmp_path / "look"), **buckets}, "CR_05"))
    short.calls_left = 3
    out, err = process.communicate(timeout=120)
    assert process.returncode == 2, out + err
    assert out.count("the AWS credentials have expired") == 1, out
    assert "export new AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or set AWS_PROFILE" in out
    (run,) = re.findall(rf"soxauto close {PERIOD} --resume ([0-9a-f-]+)", out)

    refused = soxauto(variables, *CLOSE)
    assert refused.returncode == 2 and "the AWS credentials have expired" in refused.stderr
    assert "Closing" not in refused.stdout

    renewed = soxauto({**cloud.variables(tmp_path / "home"), **buckets}, *CLOSE, "--resume", run)
    assert renewed.returncode == 0, renewed.stdout + renewed.stderr
    assert "extract CR_05" not in renewed.stdout and "extract IPE_09" in renewed.stdout


def test_a_run_of_another_month_is_not_resumed(cloud: Cloud, endpoint: Endpoint, tmp_path: Path):
    unknown = soxauto(cloud.variables(tmp_path / "home"), *CLOSE, "--resume", "11111111-2222-3333-4444-555555555555")
    assert unknown.returncode == 2
    assert "2025-09: run 11111111-2222-3333-4444-555555555555 is not known. Next: give the run" in unknown.stderr


def own_buckets(cloud: Cloud, name: str) -> dict[str, str]:
    """Make buckets of their own, so that a test sees what its own close has sealed."""
    s3, where = cloud.s3(), {"LocationConstraint": cloud.endpoint.region}
    data, evidence = f"sox-{name}-data", f"sox-{name}-evidence"
    s3.create_bucket(Bucket=data, CreateBucketConfiguration=where)
    s3.put_bucket_versioning(Bucket=data, VersioningConfiguration={"Status": "Enabled"})
    s3.create_bucket(Bucket=evidence, CreateBucketConfiguration=where, ObjectLockEnabledForBucket=True)
    return {"S3_BUCKET_DATA": data, "S3_BUCKET_EVIDENCE": evidence}


def sealed(variables: dict[str, str], item: str) -> bool:
    """Say whether an item's package is in the store, looking with credentials of this process."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in variables.items():
            patch.setenv(name, value)
        runtime = Runtime(Settings.from_environment(variables))
        try:
            return runtime.evidence.newest(item, PERIOD) is not None
        finally:
            runtime.close()


def until(holds: Callable[[], bool]) -> None:
    """Wait until something holds."""
    for _ in range(600):
        if holds():
            return
        time.sleep(0.1)
    raise AssertionError("it did not happen within a minute")
