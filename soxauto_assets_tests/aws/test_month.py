"""A whole month of all items on Athena and S3, and the same month on DuckDB and folders: one variable apart."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from soxauto_assets.catalog import all_items
from soxauto_assets.demo.lake import generate_lake
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import PROJECT, Settings
from soxauto_assets_tests.aws.cloud import Cloud, configure_workgroup, make_cloud, soxauto
from soxauto_assets_tests.aws.endpoint import Endpoint

PERIOD = "2025-09"
ITEMS = [item.id for item in all_items()]
QUERIED = [item.id for item in all_items() if not item.upload]


class Closed:
    """The month, closed in both environments."""

    def __init__(self, cloud: Cloud, homes: Path):
        self.cloud = cloud
        self.runtimes: dict[str, Runtime] = {}
        for environment in ("demo", "aws"):
            home = homes / environment
            home.mkdir(parents=True)
            variables = cloud.variables(home, environment)
            export = cloud.lake / "_uploads" / PERIOD / "jdash.csv"
            handed_in = soxauto(variables, "ingest", "jdash", str(export), "--period", PERIOD, "--uploader", "demo")
            assert handed_in.returncode == 0, handed_in.stderr
            closed = soxauto(variables, "close", PERIOD)
            assert closed.returncode == 0, closed.stdout + closed.stderr
            self.runtimes[environment] = Runtime(Settings.from_environment(variables))
        self.calls = list(cloud.endpoint.calls())

    def predicate(self, environment: str, item: str) -> dict[str, Any]:
        """Return what the newest package of an item says."""
        evidence = self.runtimes[environment].evidence
        package = evidence.newest(item, PERIOD)
        assert package is not None
        predicate: dict[str, Any] = evidence.statement(package)["predicate"]
        return predicate


@pytest.fixture(scope="module")
def closed(aws: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Closed]:
    base = tmp_path_factory.mktemp("month")
    generate_lake(base / "lake", PROJECT / "bindings" / "demo.yaml")
    shutil.copy(PROJECT / "witnesses" / "demo.yaml", base / "witnesses.yaml")
    configure_workgroup(aws)
    month = Closed(make_cloud(aws, "month", base / "lake", base / "bindings"), base / "homes")
    with pytest.MonkeyPatch.context() as patch:
        for name, value in month.cloud.variables(base / "homes" / "aws").items():
            patch.setenv(name, value)
        yield month
    for runtime in month.runtimes.values():
        runtime.close()


def without_companies(checks: list[list[str]]) -> list[list[str]]:
    """Leave out the one check that knows more companies in the demo: its ``ZZ_`` codes exist there alone."""
    return [check for check in checks if check[0] != "company_known"]


@pytest.mark.parametrize("item", ITEMS)
def test_the_rows_are_those_of_the_embedded_run(closed: Closed, item: str):
    demo, aws = closed.predicate("demo", item), closed.predicate("aws", item)
    assert aws["dataset_digest"] == demo["dataset_digest"]
    assert aws["rows"] == demo["rows"]
    assert without_companies(aws["checks"]) == without_companies(demo["checks"])
    assert (demo["environment"], aws["environment"]) == ("demo", "aws")
    assert aws["verdict"] == "passed"


@pytest.mark.parametrize("item", QUERIED)
def test_the_record_says_what_athena_did(closed: Closed, item: str):
    (record,) = closed.runtimes["aws"].extractor.records.all(item, PERIOD)
    identity = closed.cloud.endpoint.tester
    assert record["performed_by"]["aws_account"] == closed.cloud.endpoint.account
    assert record["performed_by"]["aws_arn"] == identity.arn
    executions = {e.submission.id: e for e in closed.cloud.endpoint.athena.executions()}
    for purpose, statement in record["statements"].items():
        execution = statement["execution"]
        assert execution["id"] in executions, purpose
        assert execution["version"] == "Athena engine version 3"
        assert (execution["workgroup"], execution["catalog"].lower()) == ("sox-automation", "awsdatacatalog")
        assert execution["states"][-1]["state"] == "SUCCEEDED"
        assert execution["result_reused"] is False
        assert execution["cost_usd"] == "0.000050" if execution["bytes_scanned"] else "0.000000"
        assert {"queue_ms", "planning_ms", "execution_ms", "total_ms"} <= execution.keys()
        assert execution["submitted_at"] <= execution["completed_at"]
    extract = record["statements"]["extract"]["execution"]
    assert extract["submitted"].startswith("UNLOAD (")
    assert all(file["uri"].startswith("s3://sox-month-data/unload/") for file in extract["manifest"]["files"])


def test_extracts_and_evidence_are_in_s3_and_locked_evidence_says_until_when(closed: Closed):
    s3 = closed.cloud.s3()
    commits = {
        entry["Key"]
        for page in s3.get_paginator("list_objects_v2").paginate(
            Bucket=closed.cloud.bucket("evidence"), Prefix="evidence/"
        )
        for entry in page["Contents"]
        if entry["Key"].endswith(".json") and entry["Key"].count("/") == 3
    }
    assert commits == {f"evidence/{item}/{PERIOD}/attempt-0001.json" for item in (*ITEMS, "RECONCILIATION")}
    for item in ITEMS:
        digest = closed.predicate("aws", item)["dataset_digest"]
        landed = f"datasets/{item}/{PERIOD}/{digest}/part-00000.parquet"
        found = s3.head_object(Bucket=closed.cloud.bucket("data"), Key=landed, ChecksumMode="ENABLED")
        assert found["ServerSideEncryption"] == "aws:kms"
        commit = s3.head_object(
            Bucket=closed.cloud.bucket("evidence"), Key=f"evidence/{item}/{PERIOD}/attempt-0001.json"
        )
        assert commit["ObjectLockMode"] == "COMPLIANCE"
        assert commit["ObjectLockRetainUntilDate"].date().isoformat() == "2034-01-01"


def test_nothing_of_the_data_stays_in_the_home_folder_but_copies(closed: Closed):
    home = closed.runtimes["aws"].settings.home
    assert {path.name for path in home.iterdir()} <= {"cache", "work", "dagster", "spill", ".soxauto", ".cache"}


def test_sealed_rows_are_loaded_from_s3(closed: Closed):
    frame = closed.runtimes["aws"].load("IPE_07", PERIOD)
    assert len(frame) == closed.predicate("aws", "IPE_07")["rows"]
    assert frame.attrs["environment"] == "aws"


def test_every_package_is_verified_from_s3(closed: Closed):
    variables = closed.cloud.variables(closed.runtimes["aws"].settings.home)
    done = soxauto(
        variables,
        "verify",
        *(f"s3://{closed.cloud.bucket('evidence')}/evidence/{i}/{PERIOD}/attempt-0001.json" for i in ITEMS),
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert done.stdout.count("NOT VERIFIED") == 0 and done.stdout.count("VERIFIED") == len(ITEMS)


def test_closing_again_asks_athena_again_and_leaves_a_heartbeat(closed: Closed):
    """The final close must not be handed the preliminary answer: same content, other executions (DECISIONS A4)."""
    before = {execution.submission.id for execution in closed.cloud.endpoint.athena.executions()}
    variables = closed.cloud.variables(closed.runtimes["aws"].settings.home)
    again = soxauto(variables, "close", PERIOD, "--item", "CR_05")
    assert again.returncode == 0 and "attempt-0001, unchanged" in again.stdout
    assert {execution.submission.id for execution in closed.cloud.endpoint.athena.executions()} - before
    (beat,) = closed.runtimes["aws"].heartbeats.all("CR_05", PERIOD)
    assert beat["performed_by"]["aws_account"] == closed.cloud.endpoint.account


def test_no_secret_is_written_anywhere(closed: Closed):
    secret = closed.cloud.endpoint.tester.secret.encode()
    home = closed.runtimes["aws"].settings.home
    assert not [path for path in home.rglob("*") if path.is_file() and secret in path.read_bytes()]


def test_the_periods_lock_ends_with_the_fiscal_year_and_eight_years(closed: Closed):
    settings = closed.runtimes["aws"].settings.aws
    assert settings is not None
    assert settings.retain_until(Period(2025, 12)).isoformat() == "2034-01-01T00:00:00+00:00"
    assert settings.retain_until(Period(2026, 1)).isoformat() == "2035-01-01T00:00:00+00:00"
