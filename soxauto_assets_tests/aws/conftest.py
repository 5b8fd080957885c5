"""Fixtures of the AWS path: the local AWS, and clients for it."""

import os
from collections.abc import Iterator
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pytest

from soxauto_assets.demo.lake import generate_lake
from soxauto_assets.settings import PROJECT
from soxauto_assets_tests.aws.endpoint import Endpoint, put_rows, register_table, upload_lake
from soxauto_assets_tests.aws.ministack import ACCOUNT, REGION, MiniStack
from soxauto_assets_tests.aws.queries import WORKGROUP

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs the local AWS."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.aws)


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniStack]:
    """The local AWS, one for the session."""
    server = MiniStack(tmp_path_factory.mktemp("ministack"))
    yield server
    server.stop()


RESULTS_BUCKET = "sox-athena-results"
DATA_BUCKET = "sox-data"


@pytest.fixture(scope="session")
def aws(ministack: MiniStack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Endpoint]:
    """The endpoint, one for the session, with a bucket for results, one for data, and a workgroup."""
    folder, executor = tmp_path_factory.mktemp("endpoint"), os.environ.get("TRINO_URL")
    endpoint = Endpoint(ministack.url, folder, region=REGION, account=ACCOUNT, trino=executor)
    s3 = endpoint.upstream.client("s3", ACCOUNT, REGION)
    for bucket in (RESULTS_BUCKET, DATA_BUCKET):
        s3.create_bucket(Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION})
    yield endpoint
    endpoint.stop()


@pytest.fixture
def endpoint(aws: Endpoint) -> Iterator[Endpoint]:
    """The endpoint without faults, with an empty log of calls and its workgroup as it should be."""
    aws.reset()
    aws.workgroup(WORKGROUP, output=f"s3://{RESULTS_BUCKET}/results/", enforced=True)
    yield aws
    aws.reset()


@pytest.fixture(scope="session")
def demo_lake(aws: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The demo lake, in the data bucket and in Glue under the names of its bindings. Returns the local copy."""
    folder = tmp_path_factory.mktemp("demo") / "lake"
    generate_lake(folder, PROJECT / "bindings" / "demo.yaml")
    upload_lake(aws, folder, DATA_BUCKET, "demo")
    return folder


@pytest.fixture
def aws_environment(endpoint: Endpoint, monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """The environment in which every AWS client of this process uses the endpoint."""
    variables = endpoint.environment()
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_CONFIG_FILE", "AWS_SHARED_CREDENTIALS_FILE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    return variables


@pytest.fixture
def entries(endpoint: Endpoint) -> str:
    """A small table, ``nav.entries``: three rows, one with an empty text, one with nulls. Returns its location."""
    location = f"s3://{DATA_BUCKET}/lake/nav/entries/"
    rows = pa.table(
        {
            "entry_no": pa.array([1, 2, 3], pa.int64()),
            "company": pa.array(["EC_NG", "", None], pa.string()),
            "posted": pa.array([date(2025, 9, 30), date(2025, 9, 30), None], pa.date32()),
            "booked_at": pa.array(
                [datetime(2025, 9, 30, 23, 59, 59, 999000), datetime(2025, 10, 1), None], pa.timestamp("ms")
            ),
            "amount": pa.array([Decimal("10.5000"), None, Decimal("-3.2500")], pa.decimal128(18, 4)),
            "is_open": pa.array([True, False, None], pa.bool_()),
        }
    )
    put_rows(endpoint, f"{location}rows.parquet", rows)
    columns = {
        "entry_no": "bigint",
        "company": "string",
        "posted": "date",
        "booked_at": "timestamp",
        "amount": "decimal(18,4)",
        "is_open": "boolean",
    }
    register_table(endpoint, "nav", "entries", location, columns)
    return location
