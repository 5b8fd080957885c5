"""The faults that a test may ask for, and what is carried out under them."""

import time
from typing import Any

import pytest
from botocore.exceptions import ClientError, ConnectionClosedError, HTTPClientError

from soxauto_assets_tests.aws.endpoint import Endpoint
from soxauto_assets_tests.aws.queries import WORKGROUP, ended, succeeded

START: dict[str, Any] = {"WorkGroup": WORKGROUP, "ClientRequestToken": "faults-0123456789-0123456789-0123456789"}


def test_a_fault_that_does_nothing_is_refused(endpoint: Endpoint):
    with pytest.raises(ValueError, match="does nothing"):
        endpoint.fail("athena:*")


@pytest.mark.parametrize(
    ("pattern", "code", "status"),
    [
        ("athena:StartQueryExecution", "ThrottlingException", 400),
        ("athena:StartQueryExecution", "TooManyRequestsException", 400),
        ("athena:StartQueryExecution", "InternalServerException", 500),
        ("athena:*", "ExpiredTokenException", 400),
        ("athena:Start*", "AccessDeniedException", 400),
    ],
)
def test_an_error_is_sent_instead_of_the_action(endpoint: Endpoint, pattern: str, code: str, status: int):
    fault = endpoint.fail(pattern, times=2, code=code)
    athena = endpoint.client("athena")
    before = len(endpoint.athena.executions())
    for _ in range(2):
        with pytest.raises(ClientError) as caught:
            athena.start_query_execution(QueryString="select 1 as one", WorkGroup=WORKGROUP)
        error = caught.value.response
        assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert len(endpoint.athena.executions()) == before
    assert fault.met == 2
    assert athena.start_query_execution(QueryString="select 1 as one", WorkGroup=WORKGROUP)


@pytest.mark.parametrize(
    ("code", "status"), [("SlowDown", 503), ("InternalError", 500), ("AccessDenied", 403), ("ExpiredToken", 400)]
)
def test_s3_sends_its_errors_as_xml(endpoint: Endpoint, code: str, status: int):
    endpoint.fail("s3:PutObject", code=code)
    s3 = endpoint.client("s3")
    with pytest.raises(ClientError) as caught:
        s3.put_object(Bucket="sox-data", Key=f"faults/{code}", Body=b"x")
    error = caught.value.response
    assert (error["Error"]["Code"], error["ResponseMetadata"]["HTTPStatusCode"]) == (code, status)
    assert "Contents" not in s3.list_objects_v2(Bucket="sox-data", Prefix=f"faults/{code}")


def test_a_client_that_retries_gets_through(endpoint: Endpoint):
    endpoint.fail("s3:GetObject", times=2, code="SlowDown")
    endpoint.client("s3").put_object(Bucket="sox-data", Key="faults/retried", Body=b"x")
    patient = endpoint.client("s3", attempts=3)
    with patient.get_object(Bucket="sox-data", Key="faults/retried")["Body"] as body:
        assert body.read() == b"x"
    assert endpoint.count("s3:GetObject") == 3


def test_a_connection_dropped_before_leaves_nothing(endpoint: Endpoint):
    endpoint.fail("s3:PutObject", drop="before")
    s3 = endpoint.client("s3")
    with pytest.raises((ConnectionClosedError, HTTPClientError)):
        s3.put_object(Bucket="sox-data", Key="faults/before", Body=b"x")
    assert "Contents" not in s3.list_objects_v2(Bucket="sox-data", Prefix="faults/before")


def test_a_connection_dropped_after_leaves_the_object(endpoint: Endpoint):
    endpoint.fail("s3:PutObject", drop="after")
    s3 = endpoint.client("s3")
    with pytest.raises((ConnectionClosedError, HTTPClientError)):
        s3.put_object(Bucket="sox-data", Key="faults/after", Body=b"x")
    assert s3.head_object(Bucket="sox-data", Key="faults/after")["ContentLength"] == 1
    assert endpoint.calls("s3:PutObject")[0].outcome == "carried out"


class TestLostAnswer:
    def test_leaves_an_execution_that_the_token_finds_again(self, endpoint: Endpoint):
        endpoint.fail("athena:StartQueryExecution", drop="after")
        athena = endpoint.client("athena")
        with pytest.raises((ConnectionClosedError, HTTPClientError)):
            athena.start_query_execution(QueryString="select 7 as lost", **START)
        execution = athena.start_query_execution(QueryString="select 7 as lost", **START)["QueryExecutionId"]
        assert ended(endpoint, execution)["Status"]["State"] == "SUCCEEDED"
        assert len(endpoint.athena.executions("7 as lost")) == 1
        assert endpoint.count("athena:StartQueryExecution") == 2

    def test_is_mended_by_a_client_that_retries(self, endpoint: Endpoint):
        endpoint.fail("athena:StartQueryExecution", drop="after")
        patient = endpoint.client("athena", attempts=3)
        patient.start_query_execution(QueryString="select 8 as lost", WorkGroup=WORKGROUP)
        assert len(endpoint.athena.executions("8 as lost")) == 1

    def test_without_a_token_runs_twice(self, endpoint: Endpoint):
        endpoint.fail("athena:StartQueryExecution", drop="after")
        athena = endpoint.client("athena")
        with pytest.raises((ConnectionClosedError, HTTPClientError)):
            athena.start_query_execution(QueryString="select 9 as lost", WorkGroup=WORKGROUP)
        athena.start_query_execution(QueryString="select 9 as lost", WorkGroup=WORKGROUP)
        assert len(endpoint.athena.executions("9 as lost")) == 2


def test_a_fault_may_spare_the_first_calls(endpoint: Endpoint):
    endpoint.fail("sts:GetCallerIdentity", skip=1, code="ExpiredToken")
    sts = endpoint.client("sts")
    sts.get_caller_identity()
    with pytest.raises(ClientError, match="ExpiredToken"):
        sts.get_caller_identity()
    sts.get_caller_identity()


def test_a_fault_may_meet_one_key_only(endpoint: Endpoint):
    other = endpoint.credentials.register(name="other")
    endpoint.fail("sts:*", times=None, code="AccessDenied", key_id=other.key_id)
    endpoint.client("sts").get_caller_identity()
    with pytest.raises(ClientError, match="AccessDenied"):
        endpoint.client("sts", other).get_caller_identity()


def test_a_fault_may_name_the_permission(endpoint: Endpoint):
    endpoint.fail("s3:ListBucket", code="AccessDenied")
    with pytest.raises(ClientError, match="AccessDenied"):
        endpoint.client("s3").list_objects_v2(Bucket="sox-data")


def test_a_slow_answer_comes_late(endpoint: Endpoint):
    endpoint.fail("kms:ListKeys", delay=0.3)
    start = time.monotonic()
    endpoint.client("kms").list_keys()
    assert time.monotonic() - start >= 0.3


def test_credentials_are_verified_before_a_fault_is_met(endpoint: Endpoint):
    fault = endpoint.fail("sts:*", code="AccessDenied")
    key = endpoint.credentials.register(calls_left=0)
    with pytest.raises(ClientError, match="ExpiredToken"):
        endpoint.client("sts", key).get_caller_identity()
    assert fault.met == 0


def test_every_call_is_logged_by_name(endpoint: Endpoint):
    s3 = endpoint.client("s3")
    s3.put_object(Bucket="sox-data", Key="log/a", Body=b"x")
    s3.head_object(Bucket="sox-data", Key="log/a")
    s3.get_object(Bucket="sox-data", Key="log/a")["Body"].close()
    s3.list_objects_v2(Bucket="sox-data")
    s3.get_bucket_versioning(Bucket="sox-data")
    s3.copy_object(Bucket="sox-data", Key="log/b", CopySource="sox-data/log/a")
    s3.delete_objects(Bucket="sox-data", Delete={"Objects": [{"Key": "log/b"}]})
    s3.delete_object(Bucket="sox-data", Key="log/a")
    endpoint.client("kms").list_keys()
    endpoint.client("glue").get_databases()
    endpoint.client("cloudformation").list_stacks()
    assert [call.name for call in endpoint.calls()] == [
        "s3:PutObject",
        "s3:HeadObject",
        "s3:GetObject",
        "s3:ListObjectsV2",
        "s3:GetBucketVersioning",
        "s3:CopyObject",
        "s3:DeleteObjects",
        "s3:DeleteObject",
        "kms:ListKeys",
        "glue:GetDatabases",
        "cloudformation:ListStacks",
    ]
    first = endpoint.calls("s3:PutObject")[0]
    assert (first.region, first.key_id, first.resource) == (
        "eu-west-1",
        endpoint.tester.key_id,
        "arn:aws:s3:::sox-data/log/a",
    )


def test_a_reset_forgets_faults_and_calls(endpoint: Endpoint):
    endpoint.fail("*", times=None, code="AccessDenied")
    endpoint.athena.fail_query("Internal error")
    endpoint.reset()
    assert endpoint.calls() == []
    assert succeeded(endpoint, "select 1 as one", WorkGroup=WORKGROUP)
