"""The endpoint's Athena as a service: actions, workgroups, tokens, states, limits."""

import threading
import time
from typing import Any

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from botocore.exceptions import ClientError
from botocore.httpsession import URLLib3Session

from soxauto_assets_tests.aws.endpoint import Endpoint, register_table
from soxauto_assets_tests.aws.ministack import REGION
from soxauto_assets_tests.aws.queries import (
    WORKGROUP,
    ended,
    keys,
    manifest,
    refusal,
    run,
    submit,
    succeeded,
    unload_text,
)

pytestmark = pytest.mark.usefixtures("entries")
TOKEN = "token-0123456789-0123456789-0123456789"
# Three rows to the power of twenty: far more than a test waits for.
ENDLESS = (
    "select count(*) as n from entries a cross join entries b cross join entries c cross join entries d cross join entries e "
    "cross join entries f cross join entries g cross join entries h cross join entries i cross join entries j "
    "cross join entries k cross join entries l cross join entries m cross join entries n cross join entries o "
    "cross join entries p cross join entries q cross join entries r cross join entries s cross join entries t "
    "where sha256(to_utf8(concat(cast(a.entry_no as varchar), cast(t.entry_no as varchar)))) = sha256(to_utf8('x'))"
)


def error_of(call: Any, **parameters: Any) -> dict[str, Any]:
    """Return the error of a call that must fail."""
    with pytest.raises(ClientError) as caught:
        call(**parameters)
    return {**caught.value.response, **caught.value.response["Error"]}


def raw(endpoint: Endpoint, action: str, body: str) -> tuple[int, str]:
    """Send a signed body that no client would send."""
    headers = {"X-Amz-Target": f"AmazonAthena.{action}", "Content-Type": "application/x-amz-json-1.1"}
    request = AWSRequest("POST", f"{endpoint.url}/", headers, body)
    SigV4Auth(Credentials(endpoint.tester.key_id, endpoint.tester.secret), "athena", REGION).add_auth(request)
    session = URLLib3Session()
    try:
        answer = session.send(request.prepare())
        return answer.status_code, answer.text
    finally:
        session.close()


class TestCalls:
    @pytest.mark.parametrize(
        ("action", "body", "code"),
        [
            ("Frobnicate", "{}", "UnknownOperationException"),
            ("CreateNotebook", '{"WorkGroup": "primary", "Name": "n"}', "UnknownOperationException"),
            ("StartQueryExecution", "{", "SerializationException"),
            ("StartQueryExecution", "[]", "SerializationException"),
            ("StartQueryExecution", '{"QueryString": 1}', "SerializationException"),
            ("StartQueryExecution", '{"QueryString": "select 1", "Nope": 1}', "SerializationException"),
            ("StartQueryExecution", "{}", "InvalidRequestException"),
            ("GetQueryResults", '{"QueryExecutionId": "a", "MaxResults": true}', "SerializationException"),
            ("GetQueryResults", '{"QueryExecutionId": "a", "MaxResults": 0}', "InvalidRequestException"),
            ("BatchGetQueryExecution", '{"QueryExecutionIds": []}', "InvalidRequestException"),
        ],
    )
    def test_what_no_client_would_send_is_refused(self, endpoint: Endpoint, action: str, body: str, code: str):
        status, text = raw(endpoint, action, body)
        assert (status, code in text) == (400, True), text

    def test_an_unknown_execution_is_refused(self, endpoint: Endpoint):
        athena = endpoint.client("athena")
        for call in (athena.get_query_execution, athena.get_query_results, athena.stop_query_execution):
            error = error_of(call, QueryExecutionId="no-such-id")
            assert error["Code"] == "InvalidRequestException"
            assert error["Message"] == "QueryExecution no-such-id was not found"
            assert error["AthenaErrorCode"] == "QUERY_EXECUTION_NOT_FOUND"

    def test_a_batch_names_what_it_does_not_know(self, endpoint: Endpoint):
        known = succeeded(endpoint, "select 1 as one")["QueryExecutionId"]
        found = endpoint.client("athena").batch_get_query_execution(QueryExecutionIds=[known, "no-such-id"])
        assert [execution["QueryExecutionId"] for execution in found["QueryExecutions"]] == [known]
        assert [entry["QueryExecutionId"] for entry in found["UnprocessedQueryExecutionIds"]] == ["no-such-id"]


class TestToken:
    def test_is_required(self, endpoint: Endpoint):
        status, text = raw(
            endpoint, "StartQueryExecution", '{"QueryString": "select 1", "WorkGroup": "sox-automation"}'
        )
        assert status == 400
        assert "clientRequestToken is null or empty" in text

    @pytest.mark.parametrize(
        ("token", "constraint"), [("x" * 31, "greater than or equal to 32"), ("x" * 129, "less than or equal to 128")]
    )
    def test_has_32_to_128_characters(self, endpoint: Endpoint, token: str, constraint: str):
        body = f'{{"QueryString": "select 1", "WorkGroup": "sox-automation", "ClientRequestToken": "{token}"}}'
        status, text = raw(endpoint, "StartQueryExecution", body)
        assert status == 400
        assert (
            f"Value at 'clientRequestToken' failed to satisfy constraint: Member must have length {constraint}" in text
        )

    def test_runs_once(self, endpoint: Endpoint):
        token = f"{TOKEN}-once"
        first = submit(endpoint, "select 41 as once", ClientRequestToken=token)
        ended(endpoint, first)
        assert submit(endpoint, "select 41 as once", ClientRequestToken=token) == first
        assert len(endpoint.athena.executions("41 as once")) == 1

    def test_with_other_parameters_is_refused(self, endpoint: Endpoint):
        token = f"{TOKEN}-other"
        submit(endpoint, "select 1 as one", ClientRequestToken=token)
        message = refusal(endpoint, "select 2 as two", ClientRequestToken=token)
        assert message == "Idempotent parameters do not match"
        other = {"Database": "other"}
        assert refusal(endpoint, "select 1 as one", ClientRequestToken=token, QueryExecutionContext=other) == message

    def test_of_a_failed_query_gives_the_failed_query(self, endpoint: Endpoint):
        token = f"{TOKEN}-failed"
        first = run(endpoint, "select nope from entries", ClientRequestToken=token)
        again = submit(endpoint, "select nope from entries", ClientRequestToken=token)
        assert again == first["QueryExecutionId"]


class TestWorkGroup:
    def workgroup(self, endpoint: Endpoint, name: str, **values: Any) -> str:
        endpoint.workgroup(name, **values)
        return name

    def test_that_does_not_exist_is_refused(self, endpoint: Endpoint):
        assert refusal(endpoint, "select 1 as one", WorkGroup="nope") == "WorkGroup is not found."
        error = error_of(endpoint.client("athena").get_work_group, WorkGroup="nope")
        assert (error["Code"], error["Message"]) == ("InvalidRequestException", "WorkGroup is not found.")

    def test_that_is_disabled_is_refused(self, endpoint: Endpoint):
        name = self.workgroup(endpoint, "off", output="s3://sox-athena-results/off/", enabled=False)
        assert refusal(endpoint, "select 1 as one", WorkGroup=name) == "WorkGroup off is disabled."

    def test_without_output_location_needs_the_clients(self, endpoint: Endpoint):
        name = self.workgroup(endpoint, "bare")
        assert refusal(endpoint, "select 1 as one", WorkGroup=name).startswith("No output location provided.")
        results = {"OutputLocation": "s3://sox-athena-results/bare"}
        found = succeeded(endpoint, "select 1 as one", WorkGroup=name, ResultConfiguration=results)
        expected = f"s3://sox-athena-results/bare/{found['QueryExecutionId']}.csv"
        assert found["ResultConfiguration"]["OutputLocation"] == expected

    @pytest.mark.parametrize(
        ("location", "message"),
        [
            ("sox-athena-results", "outputLocation is not a valid S3 path."),
            ("s3://no-such-bucket-here/x/", "Unable to verify/create output bucket no-such-bucket-here"),
        ],
    )
    def test_refuses_an_output_location_that_is_none(self, endpoint: Endpoint, location: str, message: str):
        name = self.workgroup(endpoint, "bare")
        results = {"OutputLocation": location}
        assert refusal(endpoint, "select 1 as one", WorkGroup=name, ResultConfiguration=results) == message

    def test_that_is_enforced_overrides_the_client(self, endpoint: Endpoint):
        found = succeeded(endpoint, "select 1 as one", ResultConfiguration={"OutputLocation": "s3://sox-data/mine/"})
        assert found["ResultConfiguration"]["OutputLocation"].startswith("s3://sox-athena-results/results/")

    def test_cancels_a_query_over_its_scan_limit(self, endpoint: Endpoint):
        name = self.workgroup(endpoint, "small", output="s3://sox-athena-results/small/", scan_limit=10)
        found = run(endpoint, "select company from entries", WorkGroup=name)
        assert found["Status"]["State"] == "CANCELLED"
        assert found["Status"]["StateChangeReason"] == "Bytes scanned limit was exceeded"
        assert "AthenaError" not in found["Status"]
        assert found["Statistics"]["DataScannedInBytes"] == 10
        assert succeeded(endpoint, "select count(*) as n from entries", WorkGroup=name)

    def test_says_what_it_enforces(self, endpoint: Endpoint):
        found = endpoint.client("athena").get_work_group(WorkGroup=WORKGROUP)["WorkGroup"]
        assert found["State"] == "ENABLED"
        assert found["Configuration"]["EnforceWorkGroupConfiguration"] is True
        assert found["Configuration"]["EngineVersion"]["EffectiveEngineVersion"] == "Athena engine version 3"
        names = [group["Name"] for group in endpoint.client("athena").list_work_groups()["WorkGroups"]]
        assert {"primary", WORKGROUP} <= set(names)


class TestStates:
    def test_run_from_queued_to_succeeded(self, endpoint: Endpoint):
        endpoint.athena.settings.queue_seconds = 0.2
        endpoint.athena.settings.run_seconds = 0.2
        execution = submit(endpoint, "select 1 as one")
        athena = endpoint.client("athena")
        seen: list[str] = []
        while "SUCCEEDED" not in seen:
            state = athena.get_query_execution(QueryExecutionId=execution)["QueryExecution"]["Status"]["State"]
            seen += [state] if state not in seen else []
            time.sleep(0.02)
        assert seen == ["QUEUED", "RUNNING", "SUCCEEDED"]
        found = ended(endpoint, execution)
        assert found["Statistics"]["QueryQueueTimeInMillis"] >= 200
        assert found["Statistics"]["EngineExecutionTimeInMillis"] >= 200
        assert found["Status"]["CompletionDateTime"] > found["Status"]["SubmissionDateTime"]

    def test_results_are_not_to_be_had_before_the_end(self, endpoint: Endpoint):
        endpoint.athena.settings.queue_seconds = 5
        execution = submit(endpoint, "select 1 as one")
        athena = endpoint.client("athena")
        error = error_of(athena.get_query_results, QueryExecutionId=execution)
        assert error["Message"] == "Query has not yet finished. Current state: QUEUED"
        athena.stop_query_execution(QueryExecutionId=execution)
        assert error_of(athena.get_query_results, QueryExecutionId=execution)["Message"] == "Could not find results"
        endpoint.athena.settings.queue_seconds = 0
        failed = run(endpoint, "select nope from entries")["QueryExecutionId"]
        error = error_of(athena.get_query_results, QueryExecutionId=failed)
        assert error["Message"] == "Query did not finish successfully. Final query state: FAILED"

    def test_too_many_at_once_are_refused(self, endpoint: Endpoint):
        endpoint.athena.settings.queue_seconds = 5
        endpoint.athena.settings.concurrency = 2
        submit(endpoint, "select 1 as one")
        submit(endpoint, "select 2 as two")
        error = error_of(submit, endpoint=endpoint, sql="select 3 as three")
        assert error["Code"] == "TooManyRequestsException"
        assert error["Reason"] == "CONCURRENT_QUERY_LIMIT_EXCEEDED"

    @pytest.mark.parametrize(("category", "retryable"), [(1, True), (1, False), (2, False), (3, True)])
    def test_a_test_can_ask_for_a_failure(self, endpoint: Endpoint, category: int, retryable: bool):
        endpoint.athena.fail_query("Internal error", category=category, error_type=233, retryable=retryable)
        status = run(endpoint, "select 1 as one")["Status"]
        assert status["State"] == "FAILED"
        assert status["AthenaError"] == {
            "ErrorCategory": category,
            "ErrorType": 233,
            "Retryable": retryable,
            "ErrorMessage": "Internal error",
        }
        assert succeeded(endpoint, "select 1 as one")

    def test_a_test_can_ask_for_a_cancellation_that_nobody_asked_for(self, endpoint: Endpoint):
        endpoint.athena.fail_query("Query timeout", state="CANCELLED")
        status = run(endpoint, "select 1 as one")["Status"]
        assert (status["State"], status["StateChangeReason"]) == ("CANCELLED", "Query timeout")
        assert "AthenaError" not in status


class TestStop:
    def test_interrupts_the_engine(self, endpoint: Endpoint):
        execution = submit(endpoint, ENDLESS)
        (running,) = [found for found in endpoint.athena.executions() if found.submission.id == execution]
        while not running.executing:
            time.sleep(0.01)
        endpoint.client("athena").stop_query_execution(QueryExecutionId=execution)
        found = ended(endpoint, execution)
        assert found["Status"]["State"] == "CANCELLED"
        assert found["Status"]["StateChangeReason"] == "Query cancelled by user"
        running.wait(60)  # a loaded machine takes its time to interrupt
        assert not running.executing
        assert f"query {execution}" not in [thread.name for thread in threading.enumerate()]

    def test_of_what_has_ended_changes_nothing(self, endpoint: Endpoint):
        execution = succeeded(endpoint, "select 1 as one")["QueryExecutionId"]
        endpoint.client("athena").stop_query_execution(QueryExecutionId=execution)
        assert ended(endpoint, execution)["Status"]["State"] == "SUCCEEDED"

    def test_of_an_unload_leaves_what_was_written(self, endpoint: Endpoint):
        endpoint.athena.settings.queue_seconds = 5
        target = "s3://sox-data/stopped/a/"
        execution = submit(endpoint, unload_text("select entry_no from entries", target))
        endpoint.client("athena").stop_query_execution(QueryExecutionId=execution)
        assert keys(endpoint, target) == []

    def test_interrupts_an_unload(self, endpoint: Endpoint):
        target = "s3://sox-data/stopped/b/"
        execution = submit(endpoint, unload_text(ENDLESS, target))
        (running,) = [found for found in endpoint.athena.executions() if found.submission.id == execution]
        while not running.executing:
            time.sleep(0.01)
        endpoint.client("athena").stop_query_execution(QueryExecutionId=execution)
        running.wait(60)  # a loaded machine takes its time to interrupt
        assert not running.executing
        assert ended(endpoint, execution)["Status"]["State"] == "CANCELLED"
        assert keys(endpoint, target) == []


class TestPartialUnload:
    def test_leaves_files_and_a_manifest_that_names_them(self, endpoint: Endpoint):
        target = "s3://sox-data/partial/a/"
        endpoint.athena.fail_query("Slow down", error_type=401, files=2)
        found = run(endpoint, unload_text("select entry_no from entries", target))
        assert found["Status"]["State"] == "FAILED"
        assert len(keys(endpoint, target)) == 2
        assert sorted(manifest(endpoint, found)) == keys(endpoint, target)

    def test_is_in_the_way_of_the_next(self, endpoint: Endpoint):
        target = "s3://sox-data/partial/b/"
        endpoint.athena.fail_query("Slow down", error_type=401, files=1)
        run(endpoint, unload_text("select entry_no from entries", target))
        again = run(endpoint, unload_text("select entry_no from entries", target))
        assert again["Status"]["StateChangeReason"].startswith("HIVE_PATH_ALREADY_EXISTS")


class TestMetadata:
    def test_names_databases_and_tables_of_glue(self, endpoint: Endpoint):
        athena = endpoint.client("athena")
        register_table(endpoint, "navmeta", "t", "s3://sox-data/t/", {"a": "string", "b": "decimal(18,4)"})
        assert athena.get_data_catalog(Name="AwsDataCatalog")["DataCatalog"]["Type"] == "GLUE"
        databases = athena.list_databases(CatalogName="AwsDataCatalog")["DatabaseList"]
        assert "navmeta" in [database["Name"] for database in databases]
        table = athena.get_table_metadata(CatalogName="AwsDataCatalog", DatabaseName="navmeta", TableName="t")
        assert table["TableMetadata"]["Columns"] == [
            {"Name": "a", "Type": "string"},
            {"Name": "b", "Type": "decimal(18,4)"},
        ]
        tables = athena.list_table_metadata(CatalogName="AwsDataCatalog", DatabaseName="navmeta")["TableMetadataList"]
        assert [entry["Name"] for entry in tables] == ["t"]

    def test_refuses_what_is_not_there(self, endpoint: Endpoint):
        athena = endpoint.client("athena")
        error = error_of(athena.get_table_metadata, CatalogName="AwsDataCatalog", DatabaseName="nav", TableName="nope")
        assert error["Code"] == "MetadataException"
        assert "EntityNotFoundException" in error["Message"]
        error = error_of(athena.list_databases, CatalogName="nope")
        assert error["Code"] == "InvalidRequestException"

    def test_lists_executions_newest_first(self, endpoint: Endpoint):
        endpoint.workgroup("listed", output="s3://sox-athena-results/listed/")
        made = [succeeded(endpoint, f"select {n} as n", WorkGroup="listed")["QueryExecutionId"] for n in range(3)]
        athena = endpoint.client("athena")
        first = athena.list_query_executions(WorkGroup="listed", MaxResults=2)
        rest = athena.list_query_executions(WorkGroup="listed", NextToken=first["NextToken"])
        assert first["QueryExecutionIds"] + rest["QueryExecutionIds"] == made[::-1]
        assert "NextToken" not in rest
