"""Throttling, failed queries, interruption and lost answers, one at a time, with the message as a person reads it."""

import re
import threading
import time
from dataclasses import replace
from pathlib import Path
from uuid import uuid4

import pytest

from soxauto_assets.catalog import get_item
from soxauto_assets.engines.athena.queries import token
from soxauto_assets.engines.contract import Errand
from soxauto_assets.engines.journal import Journal
from soxauto_assets.errors import SoxautoError
from soxauto_assets.period import Period
from soxauto_assets_tests.aws.cloud import Cloud
from soxauto_assets_tests.aws.endpoint import Endpoint
from soxauto_assets_tests.aws.faults.running import (
    ORDERS,
    PERIOD,
    athena,
    executions,
    message_of,
    passed,
    sealed,
    until,
)

# Throttling


def test_throttled_calls_are_repeated_and_the_query_runs_once(open_runtime, endpoint: Endpoint):
    endpoint.fail("athena:StartQueryExecution", times=2, code="ThrottlingException")
    endpoint.fail("athena:StartQueryExecution", times=1, code="TooManyRequestsException")
    endpoint.fail("athena:GetQueryExecution", times=2, code="ThrottlingException")
    endpoint.fail("s3:GetObject", times=2, code="SlowDown")
    runtime = open_runtime()
    assert passed(sealed(runtime, "IPE_09"))
    statements = runtime.extractor.statements(get_item("IPE_09"), Period.parse(PERIOD))
    assert len(executions(endpoint)) == len(statements)


def test_throttling_that_does_not_end_is_told(open_runtime, endpoint: Endpoint):
    endpoint.fail("glue:GetTable", times=None, code="ThrottlingException")
    assert message_of(open_runtime()) == (
        "IPE_09 2025-09: AWS went on throttling when asked to describe table AwsDataCatalog.exports.bob_sales_order "
        "(ThrottlingException). Next: wait a minute, then start again."
    )
    assert executions(endpoint) == []


# Failed queries, by Athena's category


def test_a_system_error_that_athena_calls_retryable_is_asked_again(open_runtime, endpoint: Endpoint):
    endpoint.athena.fail_query("Internal error", category=1, retryable=True, containing="UNLOAD", files=2)
    runtime = open_runtime()
    assert passed(sealed(runtime, "IPE_09"))
    first, second = executions(endpoint, "UNLOAD")
    assert (first.state, second.state) == ("FAILED", "SUCCEEDED")
    record, _ = runtime.extractor.newest(get_item("IPE_09"), Period.parse(PERIOD))
    assert record.statements["extract"].execution["tries"] == 2


def test_what_a_failed_unload_left_is_removed_and_the_next_try_has_a_place_of_its_own(
    open_runtime, endpoint: Endpoint, cloud: Cloud
):
    endpoint.athena.fail_query("Internal error", category=1, retryable=True, containing="UNLOAD", files=3)
    assert passed(sealed(open_runtime(), "IPE_09", run_id="run-partial"))
    keys = [
        entry["Key"]
        for entry in cloud.s3().list_objects_v2(
            Bucket=cloud.bucket("data"), Prefix="unload/IPE_09/2025-09/run-partial/"
        )["Contents"]
    ]
    assert keys and all(key.startswith("unload/IPE_09/2025-09/run-partial/extract-2/") for key in keys)


def test_a_system_error_that_stays_ends_after_three_tries(open_runtime, endpoint: Endpoint):
    endpoint.athena.fail_query(
        "INTERNAL_ERROR: worker lost", category=1, retryable=True, containing="UNLOAD", times=None
    )
    assert message_of(open_runtime()) == (
        "IPE_09 2025-09: extract failed in Athena (query <id>, error of the system): INTERNAL_ERROR. "
        "Next: start again; nothing was landed."
    )
    assert len(executions(endpoint, "UNLOAD")) == 3


def test_an_error_of_the_statement_is_not_asked_again(open_runtime, endpoint: Endpoint):
    endpoint.athena.fail_query(
        "COLUMN_NOT_FOUND: line 2:3: Column 'x' cannot be resolved", category=2, retryable=False, containing="UNLOAD"
    )
    assert message_of(open_runtime()) == (
        "IPE_09 2025-09: extract failed in Athena (query <id>, error of the statement): COLUMN_NOT_FOUND: line 2:3: "
        "Column 'x' cannot be resolved. Next: run 'soxauto doctor': it names the binding, column or statement to correct."
    )
    assert len(executions(endpoint, "UNLOAD")) == 1


def test_another_error_is_asked_again_only_when_athena_says_so(open_runtime, endpoint: Endpoint):
    endpoint.athena.fail_query("Query exhausted resources at this scale factor", category=3, retryable=False)
    message = message_of(open_runtime())
    assert re.fullmatch(
        r"IPE_09 2025-09: \w+ failed in Athena \(query <id>, other error\): Query exhausted resources at this scale "
        r"factor\. Next: look the query up in Athena by its id, then start again\.",
        message,
    )


def test_a_message_that_quotes_a_row_is_not_repeated(open_runtime, endpoint: Endpoint):
    endpoint.athena.fail_query(
        "INVALID_CAST_ARGUMENT: Cannot cast 'Ada Customer, 12 Main Road' to BIGINT",
        category=2,
        retryable=False,
        containing="UNLOAD",
    )
    message = message_of(open_runtime())
    assert "Ada" not in message and "INVALID_CAST_ARGUMENT" in message


def test_a_query_that_somebody_cancelled_says_so(open_runtime, endpoint: Endpoint):
    endpoint.athena.fail_query("Query cancelled by user", state="CANCELLED", containing="UNLOAD")
    assert message_of(open_runtime()) == (
        "IPE_09 2025-09: extract was cancelled in Athena (query <id>). Next: find out who stopped it, then start again."
    )


# Interruption


def test_a_cancelled_run_stops_its_queries(open_runtime, endpoint: Endpoint, tmp_path: Path):
    endpoint.athena.settings.run_seconds = 30
    engine = athena(open_runtime())
    caught: list[BaseException] = []

    def ask() -> None:
        try:
            engine.unload(ORDERS, Errand("extract", "IPE_09", PERIOD, str(uuid4())), tmp_path)
        except SoxautoError as error:
            caught.append(error)

    thread = threading.Thread(target=ask)
    thread.start()
    until(lambda: any(e.state == "RUNNING" for e in executions(endpoint)))
    engine.stop()
    thread.join(10)
    (execution,) = executions(endpoint)
    assert execution.state == "CANCELLED"
    assert re.sub(r"query \S+", "query <id>", str(caught[0])) == (
        "extract was interrupted; query <id> has been stopped. Next: start again."
    )


def test_the_first_failure_of_an_item_stops_its_other_queries(open_runtime, endpoint: Endpoint):
    endpoint.athena.settings.run_seconds = 20
    endpoint.athena.fail_query("SYNTAX_ERROR: line 1:1", category=2, retryable=False, containing="UNLOAD")
    before = time.monotonic()
    message_of(open_runtime())
    assert time.monotonic() - before < 40
    assert {e.state for e in executions(endpoint)} <= {"FAILED", "CANCELLED"}


def test_a_query_that_takes_too_long_is_stopped(open_runtime, endpoint: Endpoint):
    endpoint.athena.settings.run_seconds = 30
    runtime = open_runtime(SOXAUTO_ATHENA_TIMEOUT_SECONDS="1")
    assert re.fullmatch(
        r"IPE_09 2025-09: \w+ did not end within 1 s; query <id> was RUNNING and has been stopped\. Next: start again, or "
        r"raise SOXAUTO_ATHENA_TIMEOUT_SECONDS and the workgroup's own limit\.",
        message_of(runtime),
    )
    assert {e.state for e in executions(endpoint)} == {"CANCELLED"}


@pytest.mark.parametrize("answered", [True, False], ids=["its id is known", "its answer never came"])
def test_the_queries_of_a_killed_process_are_stopped_by_the_next(
    open_runtime, endpoint: Endpoint, tmp_path: Path, answered: bool
):
    endpoint.athena.settings.run_seconds = 30
    journal = Journal(tmp_path / "home" / "work" / "athena" / "inflight")
    request = {"QueryString": ORDERS, "WorkGroup": "sox-automation", "ClientRequestToken": uuid4().hex}
    journal.begin(request)
    started = athena(open_runtime()).session.client("athena").start_query_execution(**request)
    query = started["QueryExecutionId"] if answered else None
    journal.abandon(request["ClientRequestToken"], request, query)
    assert athena(open_runtime()).version == "Athena engine version 3"
    (left,) = executions(endpoint)
    assert left.state == "CANCELLED" and not list(journal.folder.iterdir())


# Lost answers
def test_the_token_is_of_the_run_and_never_of_the_content_alone():
    errand = Errand("extract", "IPE_09", PERIOD, "run-1")
    assert token(errand, "select 1") == token(errand, "select 1")
    others = [replace(errand, run_id="run-2"), replace(errand, purpose="cutoff"), replace(errand, period="2025-10")]
    assert len({token(e, "select 1") for e in [errand, *others]} | {token(errand, "select 2")}) == 5
    assert token(Errand("explain"), "select 1") != token(Errand("explain"), "select 1")


@pytest.mark.parametrize("moment", ["before", "after"])
def test_an_answer_that_is_lost_leads_to_one_execution(open_runtime, endpoint: Endpoint, moment: str):
    """The connection breaks before the call is carried out, or after: the same token, the same execution."""
    endpoint.fail("athena:StartQueryExecution", times=3, drop=moment)
    runtime = open_runtime()
    assert passed(sealed(runtime, "IPE_09"))
    statements = runtime.extractor.statements(get_item("IPE_09"), Period.parse(PERIOD))
    assert len(executions(endpoint)) == len(statements)
    assert endpoint.count("athena:StartQueryExecution") >= len(statements) + 3


def test_a_write_whose_answer_is_lost_is_found_to_have_happened(open_runtime, endpoint: Endpoint, cloud: Cloud):
    endpoint.fail("s3:PutObject", times=4, drop="after")
    assert passed(sealed(open_runtime(), "IPE_09"))
