"""What goes wrong between us and Athena, one fault at a time, with the message as a person reads it."""

import re
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pyarrow.parquet as pq
import pytest

from soxauto_assets.catalog import get_item
from soxauto_assets.engines.athena import AthenaEngine
from soxauto_assets.engines.athena.journal import Journal
from soxauto_assets.engines.contract import Errand
from soxauto_assets.errors import SoxautoError
from soxauto_assets.evidence.sealing import Sealing
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings
from soxauto_assets_tests.aws.cloud import Cloud, configure_workgroup, make_cloud
from soxauto_assets_tests.aws.endpoint import Endpoint
from soxauto_assets_tests.aws.endpoint.athena.execution import Execution
from soxauto_assets_tests.closing import close
from soxauto_assets_tests.conftest import HAND_MADE
from soxauto_assets_tests.lakes import write_lake

PERIOD = "2025-09"
ORDERS = 'SELECT order_id, cast(total_amount AS decimal(18,4)) AS total FROM "AwsDataCatalog".exports.bob_sales_order'


@pytest.fixture(scope="module")
def cloud(aws: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    base = tmp_path_factory.mktemp("faults")
    return make_cloud(aws, "faults", write_lake(base / "lake", HAND_MADE), base / "bindings")


@pytest.fixture
def open_runtime(
    cloud: Cloud, endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Runtime]]:
    """A factory of runtimes on the cloud; each has credentials and a home of its own unless one is given."""
    opened: list[Runtime] = []

    def open_(home: str = "home", **variables: str) -> Runtime:
        given = {**cloud.variables(tmp_path / home), **variables}
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        runtime = Runtime(Settings.from_environment(given))
        opened.append(runtime)
        return runtime

    yield open_
    for runtime in opened:
        runtime.close()


def message_of(runtime: Runtime, item: str = "IPE_09") -> str:
    """Return the message of an extraction that fails; query ids are cut out."""
    with pytest.raises(SoxautoError) as caught:
        runtime.extractor.extract(get_item(item), Period.parse(PERIOD), str(uuid4()))
    return re.sub(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "<id>", str(caught.value))


def sealed(runtime: Runtime, item: str, period: str = PERIOD, run_id: str | None = None) -> Sealing:
    """Extract, check and seal in a run of its own: equal tokens would be handed the answer of an earlier test."""
    return close(runtime, item, period, run_id or str(uuid4()))


def athena(runtime: Runtime) -> AthenaEngine:
    engine = runtime.engine
    assert isinstance(engine, AthenaEngine)
    return engine


def executions(endpoint: Endpoint, containing: str = "") -> list[Execution]:
    """Return the executions of this test; the endpoint keeps those of the tests before."""
    return [e for e in endpoint.athena.executions(containing) if e.submission.id not in _BEFORE]


_BEFORE: set[str] = set()


@pytest.fixture(autouse=True)
def _count_from_here(endpoint: Endpoint) -> None:
    _BEFORE.update(execution.submission.id for execution in endpoint.athena.executions())


def passed(sealing: Sealing) -> bool:
    return sealing.verdict == "passed" and sealing.outcome in ("sealed", "unchanged")


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
    _until(lambda: any(e.state == "RUNNING" for e in executions(endpoint)))
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


# Credentials


def test_credentials_that_expire_in_mid_run_stop_the_item_and_a_new_key_goes_on(
    open_runtime, endpoint: Endpoint, cloud: Cloud
):
    short = endpoint.credentials.register(name="short", temporary=True)
    short.calls_left = 12
    runtime = open_runtime("expiring", **endpoint.environment(short))
    assert re.fullmatch(
        r"IPE_07 2025-09: could not .*: the AWS credentials have expired\. Next: export new AWS_ACCESS_KEY_ID, "
        r"AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or set AWS_PROFILE, then start again\.",
        message_of(runtime, "IPE_07"),
    )
    renewed = open_runtime("expiring", AWS_SESSION_TOKEN="")
    assert passed(sealed(renewed, "IPE_07"))
    assert "RUNNING" not in {e.state for e in executions(endpoint)}


def test_without_credentials_nothing_is_asked(open_runtime, endpoint: Endpoint):
    none = {name: "" for name in endpoint.environment() if "KEY" in name}
    runtime = open_runtime(**none)
    assert message_of(runtime) == (
        "IPE_09 2025-09: the environment gives no AWS credentials. Next: export new AWS_ACCESS_KEY_ID, "
        "AWS_SECRET_ACCESS_KEY and AWS_SESSION_TOKEN, or set AWS_PROFILE, then start again."
    )
    assert endpoint.calls() == []


def test_a_profile_is_never_replaced_by_keys_of_the_environment(
    open_runtime, endpoint: Endpoint, tmp_path: Path, monkeypatch
):
    config = tmp_path / "aws-config"
    config.write_text("[profile close]\nregion = eu-west-1\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    assert "gives no" in message_of(open_runtime(AWS_PROFILE="close"))
    assert endpoint.calls() == []


def test_a_profile_with_a_credential_process_is_used(open_runtime, endpoint: Endpoint, tmp_path: Path, monkeypatch):
    """Okta's tool is named as ``credential_process``; it prints temporary credentials."""
    key = endpoint.credentials.register(name="okta", temporary=True)
    answer = tmp_path / "credentials.json"
    answer.write_text(
        f'{{"Version":1,"AccessKeyId":"{key.key_id}","SecretAccessKey":"{key.secret}","SessionToken":"{key.token}",'
        '"Expiration":"2099-01-01T00:00:00Z"}'
    )
    config = tmp_path / "aws-config"
    config.write_text(f"[profile close]\nregion = eu-west-1\ncredential_process = cat {answer}\n")
    monkeypatch.setenv("AWS_CONFIG_FILE", str(config))
    runtime = open_runtime(AWS_PROFILE="close", USE_OKTA_AUTH="true", AWS_ACCESS_KEY_ID="", AWS_SECRET_ACCESS_KEY="")
    assert passed(sealed(runtime, "CR_05"))
    assert {call.key_id for call in endpoint.calls()} == {key.key_id}
    key.calls_left = 0
    message = message_of(open_runtime("other", AWS_PROFILE="close"))
    assert "credentials have expired" in message and "sign in to Okta again" in message


def test_an_assumed_role_is_renewed_before_it_expires(open_runtime, endpoint: Endpoint, monkeypatch):
    arn = f"arn:aws:iam::{endpoint.account}:role/close"
    # botocore renews what ends within ten minutes, so each use of this role's session renews it.
    endpoint.credentials.register_role(arn, lifetime=timedelta(minutes=5))
    runtime = open_runtime(SOXAUTO_AWS_ROLE_ARN=arn)
    assert passed(sealed(runtime, "CR_05"))
    assert endpoint.count("sts:AssumeRole") > 1
    record, _ = runtime.extractor.newest(get_item("CR_05"), Period.parse(PERIOD))
    assert ":assumed-role/close/" in record.performed_by["aws_arn"]


# Sources


def test_an_unconfirmed_binding_stops_the_item(open_runtime, endpoint: Endpoint, cloud: Cloud, tmp_path: Path):
    bindings = cloud.edit_bindings(tmp_path / "b", bob_sales_order={"status": "proposed"})
    message = message_of(open_runtime(SOXAUTO_BINDINGS=str(bindings)))
    assert message.startswith(
        "IPE_09 2025-09: the binding of bob_sales_order (BOB) to AwsDataCatalog.exports.bob_sales_order is proposed, not "
        "confirmed. Next: "
    )
    assert "soxauto bindings confirm bob_sales_order" in message
    assert executions(endpoint) == []


def test_a_missing_column_stops_the_item_before_any_query(open_runtime, endpoint: Endpoint, cloud: Cloud, tmp_path):
    bindings = cloud.edit_bindings(tmp_path / "b", bob_sales_order={"columns": {"total_amount": "grand_total"}})
    assert message_of(open_runtime(SOXAUTO_BINDINGS=str(bindings))) == (
        "IPE_09 2025-09: table AwsDataCatalog.exports.bob_sales_order (logical source bob_sales_order) has no column "
        "grand_total; it has customer_id, order_date, order_id, order_status, total_amount. Next: export the column, or "
        "name its physical column in the binding."
    )
    assert executions(endpoint) == []


def test_a_missing_table_stops_the_item(open_runtime, cloud: Cloud, tmp_path: Path):
    bindings = cloud.edit_bindings(tmp_path / "b", bob_sales_order={"table": "pg_bob_sales_order"})
    assert message_of(open_runtime(SOXAUTO_BINDINGS=str(bindings))) == (
        "IPE_09 2025-09: table AwsDataCatalog.exports.pg_bob_sales_order (logical source bob_sales_order) does not exist. "
        "Next: correct the binding, or export the table into the lake folder."
    )


def test_a_stale_source_is_sealed_as_failed(open_runtime):
    """The hand-made ledger ends in October 2025; a close of December finds it stale."""
    runtime = open_runtime()
    sealing = sealed(runtime, "IPE_09", "2025-10")
    (stale,) = [result for result in sealing.results if result.name == "freshness"]
    assert sealing.verdict == "failed" and stale.status == "failed"


# Limits


def test_a_query_over_the_scan_limit_is_not_run(open_runtime, endpoint: Endpoint):
    message = message_of(open_runtime(SOXAUTO_ATHENA_SCAN_LIMIT_GB="0.0000001"))
    assert re.fullmatch(
        r"IPE_09 2025-09: \w+ would scan about 0\.00 GB, more than the limit of 1E-7 GB; most of it is "
        r"AwsDataCatalog\.exports\.bob_sales_order with 0\.00 GB\. It was not run\. Next: narrow the query, or raise "
        r"SOXAUTO_ATHENA_SCAN_LIMIT_GB with the agreement of the workgroup's owner\.",
        message,
    )
    assert executions(endpoint) == []


def test_a_query_that_scans_more_than_the_limit_is_stopped(open_runtime, endpoint: Endpoint):
    endpoint.athena.settings.scanned = 3 * 10**9
    endpoint.athena.settings.run_seconds = 20
    message = message_of(open_runtime(SOXAUTO_ATHENA_SCAN_LIMIT_GB="2"))
    assert re.search(r"\w+ has scanned 3\.00 GB, more than the limit of 2 GB; query <id> has been stopped\.", message)
    assert {e.state for e in executions(endpoint)} == {"CANCELLED"}


def test_the_workgroups_own_limit_is_told(open_runtime, endpoint: Endpoint):
    configure_workgroup(endpoint, scan_limit=10)
    message = message_of(open_runtime())
    assert "Bytes scanned limit was exceeded" in message
    assert "have the workgroup's scan limit (and SOXAUTO_ATHENA_SCAN_LIMIT_GB) raised by its owner" in message


# Unloads


def test_an_unload_that_lacks_a_file_of_its_manifest_is_refused(open_runtime, endpoint: Endpoint, monkeypatch):
    runtime = open_runtime()
    engine = athena(runtime)
    listed = engine.places.listed
    monkeypatch.setattr(engine.places, "listed", lambda uri, limit=20_000: listed(uri, limit)[1:])
    assert message_of(runtime) == (
        "IPE_09 2025-09: the unload of query <id> is not whole: 1 of 3 files of its manifest are missing, 0 files are not "
        "in it. Next: start again; the place of each try is its own."
    )


@pytest.mark.parametrize("unload", ["true", "false"])
def test_an_unload_of_no_rows_leaves_no_file_and_is_no_evidence(open_runtime, unload: str):
    runtime = open_runtime(SOXAUTO_ATHENA_UNLOAD=unload)
    with pytest.raises(SoxautoError, match="IPE_09 2000-01: the source answered no row"):
        runtime.extractor.extract(get_item("IPE_09"), Period(2000, 1), str(uuid4()))


def test_where_unload_is_not_allowed_the_csv_keeps_null_and_empty_text_apart(
    open_runtime, endpoint: Endpoint, tmp_path: Path
):
    text = (
        "SELECT order_id, nullif(order_id, order_id) AS nothing, '' AS empty, 'a\"b,\nc' AS quoted, "
        "cast(total_amount AS decimal(18,4)) AS total, order_date, order_date IS NULL AS undated, "
        f"cast(order_date AS date) AS day {ORDERS[ORDERS.index('FROM') :]}"
    )
    folders = {mode: tmp_path / mode for mode in ("true", "false")}
    tables = {}
    for mode, folder in folders.items():
        folder.mkdir()
        engine = athena(open_runtime(SOXAUTO_ATHENA_UNLOAD=mode))
        unloaded = engine.unload(text, Errand("extract", "IPE_09", PERIOD, f"run-csv-{mode}"), folder)
        rows = [row for file in unloaded.files for row in pq.read_table(file).to_pylist()]
        tables[mode] = sorted(rows, key=lambda row: row["order_id"])
        assert unloaded.execution.details["unload"] == ("parquet" if mode == "true" else "csv")
    assert tables["false"] == tables["true"]
    assert {(row["nothing"], row["empty"]) for row in tables["false"]} == {(None, "")}
    assert passed(sealed(open_runtime("csv", SOXAUTO_ATHENA_UNLOAD="false"), "IPE_07"))


def test_small_answers_keep_null_and_empty_text_apart(open_runtime):
    engine = athena(open_runtime())
    answer = engine.query(
        "SELECT cast(NULL AS varchar) AS nothing, '' AS empty, cast('1.5' AS decimal(18,4)) AS money, "
        "cast(NULL AS bigint) AS n, true AS flag, cast('2025-09-30 23:59:59.999' AS timestamp(3)) AS instant",
        Errand("probe"),
    )
    (row,) = answer.table.to_pylist()
    assert (row["nothing"], row["empty"], str(row["money"]), row["n"], row["flag"]) == (None, "", "1.5000", None, True)
    assert row["instant"].isoformat() == "2025-09-30T23:59:59.999000"


# Evidence


def test_a_bucket_without_lock_takes_no_evidence(open_runtime, cloud: Cloud, endpoint: Endpoint):
    s3 = cloud.s3()
    s3.create_bucket(Bucket="sox-unlocked", CreateBucketConfiguration={"LocationConstraint": endpoint.region})
    s3.put_bucket_versioning(Bucket="sox-unlocked", VersioningConfiguration={"Status": "Enabled"})
    with pytest.raises(SoxautoError) as caught:
        sealed(open_runtime(S3_BUCKET_EVIDENCE="sox-unlocked"), "CR_05")
    assert "sox-unlocked" in str(caught.value) and "Object Lock" in str(caught.value)
    assert "Contents" not in s3.list_objects_v2(Bucket="sox-unlocked")


def test_a_denied_action_names_the_grant(open_runtime, endpoint: Endpoint):
    endpoint.fail("glue:GetTable", times=None, code="AccessDeniedException")
    assert message_of(open_runtime()) == (
        "IPE_09 2025-09: the role may not describe table AwsDataCatalog.exports.bob_sales_order (User is not authorized "
        "to perform: glue:GetTable). Next: grant the action (deploy/aws/policies.yaml lists what each role needs)."
    )


def test_the_token_is_of_the_run_and_never_of_the_content_alone():
    from soxauto_assets.engines.athena.queries import token

    errand = Errand("extract", "IPE_09", PERIOD, "run-1")
    assert token(errand, "select 1") == token(errand, "select 1")
    others = [replace(errand, run_id="run-2"), replace(errand, purpose="cutoff"), replace(errand, period="2025-10")]
    assert len({token(e, "select 1") for e in [errand, *others]} | {token(errand, "select 2")}) == 5
    assert token(Errand("explain"), "select 1") != token(Errand("explain"), "select 1")


def _until(holds: Callable[[], bool]) -> None:
    for _ in range(200):
        if holds():
            return
        time.sleep(0.05)
    raise AssertionError("it did not happen within ten seconds")
