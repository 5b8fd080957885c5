"""awswrangler and boto3 use the endpoint through the environment alone."""

from decimal import Decimal
from typing import Any

import boto3
import pandas as pd
import pytest

from soxauto_assets_tests.aws.endpoint import Endpoint
from soxauto_assets_tests.aws.queries import WORKGROUP

pytestmark = pytest.mark.usefixtures("entries", "aws_environment")


@pytest.fixture
def wrangler() -> Any:
    import awswrangler

    boto3.setup_default_session()
    yield awswrangler
    boto3.DEFAULT_SESSION = None


def test_boto3_finds_every_service(endpoint: Endpoint, wrangler: Any):
    assert boto3.client("sts").get_caller_identity()["Arn"] == endpoint.tester.arn
    assert boto3.client("athena").get_work_group(WorkGroup=WORKGROUP)
    assert boto3.client("glue").get_table(DatabaseName="nav", Name="entries")
    assert boto3.client("s3").head_bucket(Bucket="sox-data")


@pytest.mark.filterwarnings("ignore:The copy keyword is deprecated")
def test_reads_a_query(wrangler: Any):
    found = wrangler.athena.read_sql_query(
        "select entry_no, amount, booked_at from entries order by entry_no",
        database="nav",
        workgroup=WORKGROUP,
        ctas_approach=False,
    )
    assert list(found["entry_no"]) == [1, 2, 3]
    assert found["amount"][0] == Decimal("10.5000")
    assert found["booked_at"][0] == pd.Timestamp("2025-09-30 23:59:59.999")
    assert found["booked_at"].isna().tolist() == [False, False, True]


def test_unloads_a_query(endpoint: Endpoint, wrangler: Any):
    found = wrangler.athena.unload(
        "select entry_no, company from entries",
        path="s3://sox-data/wrangled/unload/",
        database="nav",
        workgroup=WORKGROUP,
        file_format="PARQUET",
        compression="snappy",
    )
    read = wrangler.s3.read_parquet("s3://sox-data/wrangled/unload/").sort_values("entry_no")
    assert read["company"].fillna("~").tolist() == ["EC_NG", "", "~"]
    assert found.manifest_location.endswith("-manifest.csv")
    assert endpoint.count("athena:StartQueryExecution") == 1


def test_unloads_and_reads_in_one(wrangler: Any):
    found = wrangler.athena.read_sql_query(
        "select entry_no from entries where entry_no < 3",
        database="nav",
        workgroup=WORKGROUP,
        ctas_approach=False,
        unload_approach=True,
        s3_output="s3://sox-athena-results/wrangled/",
    )
    assert sorted(found["entry_no"]) == [1, 2]


def test_reports_a_failed_query(wrangler: Any):
    with pytest.raises(wrangler.exceptions.QueryFailed, match="COLUMN_NOT_FOUND: line 1:8"):
        wrangler.athena.read_sql_query(
            "select nope from entries", database="nav", workgroup=WORKGROUP, ctas_approach=False
        )


def test_sees_the_tables(wrangler: Any):
    types = wrangler.catalog.get_table_types(database="nav", table="entries")
    assert types["amount"] == "decimal(18,4)"
    assert wrangler.catalog.does_table_exist(database="nav", table="nope") is False
