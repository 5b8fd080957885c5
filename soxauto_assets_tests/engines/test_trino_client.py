"""What the Trino engine makes of a coordinator's answers: a coordinator that says what a test wants, on loopback."""

import json
import logging
import ssl
import threading
from base64 import b64encode
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from trino.exceptions import TrinoQueryError

from soxauto_assets.engines.contract import Errand
from soxauto_assets.engines.journal import Journal
from soxauto_assets.engines.trino import TrinoEngine, scan
from soxauto_assets.engines.trino.failures import failure_of
from soxauto_assets.engines.trino.helpers import Helpers
from soxauto_assets.engines.trino.queries import Finished, Queries
from soxauto_assets.engines.trino.results import arrow_type, copied
from soxauto_assets.errors import CredentialsError, ExtractionError, SettingsError, SoxautoError, StorageError
from soxauto_assets.trino_settings import TrinoSettings

ERRAND = Errand("extract", "IPE_07", "2025-09", "run-1")
SECRET = "open sesame"
ANSWER = {
    "columns": [
        {"name": name, "type": "varchar", "typeSignature": {"rawType": "varchar", "arguments": [{"value": 9}]}}
        for name in ("user", "version")
    ],
    "data": [["closer", "476"]],
}


class Coordinator(HTTPServer):
    """Answers each statement with the next answer that a test gave; the last one is given for ever."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.answers: list[tuple[int, Any]] = []
        self.asked: list[str] = []
        self.authorization: str | None = None


class _Handler(BaseHTTPRequestHandler):
    server: Coordinator

    def do_POST(self) -> None:
        self.server.asked.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
        wanted = self.server.authorization
        status, answer = 200, {}
        if wanted and self.headers.get("Authorization") != wanted:
            status, answer = 401, "who are you"
        elif self.server.answers:
            status, answer = self.server.answers.pop(0) if len(self.server.answers) > 1 else self.server.answers[0]
        if isinstance(answer, dict):
            body = {"id": f"q{len(self.server.asked)}", "infoUri": "x", "stats": {"state": "FINISHED", "nodes": 1}}
            answer = json.dumps({**body, **(answer or ANSWER)})
        self.send_response(status)
        self.end_headers()
        self.wfile.write(answer.encode())

    def log_message(self, *_: Any) -> None:
        pass


@pytest.fixture
def coordinator() -> Iterator[Coordinator]:
    with Coordinator() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


def settings_of(server: Coordinator, **changes: Any) -> TrinoSettings:
    given = TrinoSettings(host="127.0.0.1", port=server.server_port, scheme="http", user="closer", catalog="hive")
    return replace(given, **changes)


def refusal(name: str, kind: str, message: str = "the message") -> tuple[int, dict[str, Any]]:
    return 200, {"error": {"errorName": name, "errorType": kind, "message": message}}


@pytest.mark.parametrize(
    ("name", "kind", "transient"),
    [
        ("GENERIC_INTERNAL_ERROR", "INTERNAL_ERROR", True),
        ("REMOTE_TASK_ERROR", "INTERNAL_ERROR", True),
        ("NO_NODES_AVAILABLE", "EXTERNAL", True),
        ("FUNCTION_IMPLEMENTATION_ERROR", "INTERNAL_ERROR", False),
        ("HIVE_FILESYSTEM_ERROR", "EXTERNAL", True),
        ("HIVE_BAD_DATA", "EXTERNAL", False),
        ("CLUSTER_OUT_OF_MEMORY", "INSUFFICIENT_RESOURCES", True),
        ("EXCEEDED_SCAN_LIMIT", "INSUFFICIENT_RESOURCES", False),
        ("SYNTAX_ERROR", "USER_ERROR", False),
        ("DIVISION_BY_ZERO", "USER_ERROR", False),
        ("USER_CANCELED", "USER_ERROR", False),
        ("ADMINISTRATIVELY_KILLED", "INSUFFICIENT_RESOURCES", False),
    ],
)
def test_only_errors_that_pass_are_asked_again(name: str, kind: str, transient: bool):
    error = TrinoQueryError({"errorName": name, "errorType": kind, "message": "x"}, "q1")
    assert failure_of(ERRAND, error).transient is transient


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("TABLE_NOT_FOUND", ": TABLE_NOT_FOUND: line 1:1 Mrs Smith. Next: run 'soxauto doctor'"),
        ("INVALID_CAST_ARGUMENT", ": INVALID_CAST_ARGUMENT. Next: run 'soxauto doctor'"),
        ("PERMISSION_DENIED", ": PERMISSION_DENIED: line 1:1 Mrs Smith. Next: have TRINO_USER granted the right"),
    ],
)
def test_a_message_that_may_quote_a_row_is_not_shown(name: str, shown: str):
    error = TrinoQueryError({"errorName": name, "errorType": "USER_ERROR", "message": "line 1:1 Mrs Smith\nmore"}, "q1")
    text = str(failure_of(ERRAND, error))
    assert text.startswith("extract failed in Trino (query q1, error of the statement)")
    assert shown in text and "more" not in text


def test_a_failure_that_passes_is_asked_again_three_times_in_all(
    coordinator: Coordinator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
):
    monkeypatch.setattr("random.uniform", lambda *_: 0)
    engine = TrinoEngine(settings_of(coordinator))
    coordinator.answers = [refusal("REMOTE_TASK_ERROR", "INTERNAL_ERROR"), (200, {})]
    with caplog.at_level(logging.WARNING):
        assert engine.query("select 1", ERRAND).execution.details["tries"] == 2
    assert "extract is asked again" in caplog.text
    coordinator.answers, coordinator.asked = [refusal("REMOTE_TASK_ERROR", "INTERNAL_ERROR")], []
    with pytest.raises(ExtractionError, match="REMOTE_TASK_ERROR"):
        engine.query("select 1", ERRAND)
    assert len(coordinator.asked) == 3
    coordinator.answers, coordinator.asked = [refusal("HIVE_BAD_DATA", "EXTERNAL", "Mrs Smith")], []
    with pytest.raises(ExtractionError, match=r"error of storage, metastore or source\): HIVE_BAD_DATA\. Next"):
        engine.query("select 1", ERRAND)
    assert len(coordinator.asked) == 1


@pytest.mark.parametrize(
    ("answer", "kind", "message"),
    [
        ((401, "no"), CredentialsError, r"does not accept user closer \(no secret was given\)"),
        ((403, "no"), CredentialsError, "does not let closer run queries"),
        ((404, "no"), ExtractionError, r"is no Trino coordinator \(status 404\)"),
        ((200, "<html>"), ExtractionError, r"is no Trino coordinator \(JSONDecodeError\)"),
        ((200, "[]"), ExtractionError, "is no Trino coordinator"),
        ((503, "no"), ExtractionError, r"is not available \(error 503: service unavailable\). Next: wait until"),
    ],
)
def test_a_coordinator_that_refuses_is_told_from_one_that_is_none(
    answer: tuple[int, str], kind: type[SoxautoError], message: str, coordinator: Coordinator
):
    coordinator.answers = [answer]
    with pytest.raises(kind, match=message):
        TrinoEngine(settings_of(coordinator)).identity()


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """A certificate of 127.0.0.1 that signs itself, with its key."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.now(UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
        .not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=True)
        .sign(key, hashes.SHA256())
    )  # fmt: skip
    path = tmp_path / "server.pem"
    path.write_bytes(
        made.public_bytes(serialization.Encoding.PEM)
        + key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    return path


@pytest.mark.parametrize("auth", ["password", "jwt"])
def test_the_secret_goes_to_a_server_that_is_known_and_nowhere_else(
    auth: Any, coordinator: Coordinator, certificate: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    coordinator.socket = context.wrap_socket(coordinator.socket, server_side=True)
    proof = {"password": "Basic " + b64encode(f"closer:{SECRET}".encode()).decode(), "jwt": f"Bearer {SECRET}"}
    coordinator.authorization = proof[auth]
    secret = tmp_path / "secret"
    secret.write_text("wrong")
    trusting = settings_of(
        coordinator, scheme="https", auth=auth, secret_file=str(secret), ca_file=str(certificate), timeout_seconds=5
    )
    with caplog.at_level(logging.DEBUG):
        with pytest.raises(CredentialsError, match=rf"does not accept user closer \(by {auth}\)"):
            TrinoEngine(trusting).identity()
        secret.write_text(SECRET)
        engine = TrinoEngine(trusting)
        assert engine.identity()["trino_user"] == "closer"
        receipt = engine.query("select 1", ERRAND).execution
        with pytest.raises(ExtractionError, match="its certificate is not signed by a known authority"):
            TrinoEngine(replace(trusting, ca_file=None)).identity()
    assert SECRET not in f"{caplog.text} {receipt} {vars(engine)} {engine.identity()}"
    with pytest.raises(SettingsError, match="TRINO_CA_FILE is no file: /nowhere"):
        TrinoEngine(replace(trusting, ca_file="/nowhere")).identity()


def test_an_answer_that_cannot_be_read_is_not_asked_for_again_nor_quoted(coordinator: Coordinator):
    column = {"name": "n", "type": "bigint", "typeSignature": {"rawType": "bigint", "arguments": []}}
    coordinator.answers = [(200, {"columns": [column], "data": [["Mrs Smith"]]})]
    with pytest.raises(ExtractionError) as caught:
        TrinoEngine(settings_of(coordinator)).query("select n", ERRAND)
    assert caught.value.cause == "the answer of extract (query q1) cannot be read (TrinoDataError)"
    assert coordinator.asked[0] == "select n" and coordinator.asked.count("select n") == 1


def test_a_helper_table_that_could_not_be_dropped_is_dropped_by_the_next_run(
    coordinator: Coordinator, tmp_path: Path, caplog: pytest.LogCaptureFixture
):
    settings = settings_of(coordinator, schema="scratch")
    journal = Journal(tmp_path)
    helpers = Helpers(settings, Queries(settings), journal)
    helper = helpers.begin(ERRAND)
    helpers.started(helper, "q1")
    assert helper.tables[0].startswith('"hive"."scratch"."soxauto_ipe_07_2025_09_')
    coordinator.answers = [refusal("PERMISSION_DENIED", "USER_ERROR", "Access Denied")]
    assert helpers.end(helper, helper.tables[:1]) is False
    assert "could not be dropped: tidy failed in Trino" in caplog.text and "Access Denied" in caplog.text
    assert [entry.token for entry in journal.orphans()] == [helper.token]
    elsewhere = replace(settings, port=1)
    Helpers(elsewhere, Queries(elsewhere), journal).begin(ERRAND)
    assert [entry.token for entry in journal.orphans()] == [helper.token], "that is another cluster's"
    coordinator.answers, coordinator.asked = [(200, {})], []
    later = Helpers(settings, Queries(settings), journal)
    later.begin(ERRAND)
    later.begin(ERRAND)
    assert coordinator.asked == [f"DROP TABLE IF EXISTS {table}" for table in helper.tables]
    assert list(journal.orphans()) == []


def test_a_netrc_gives_no_credentials(coordinator: Coordinator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login other password other\n")
    netrc.chmod(0o600)
    monkeypatch.setenv("NETRC", str(netrc))
    coordinator.authorization = "Basic " + b64encode(b"other:other").decode()
    with pytest.raises(CredentialsError):
        TrinoEngine(settings_of(coordinator)).identity()


def test_an_estimate_says_of_which_tables_it_knows_nothing():
    def table(name: str, size: Any) -> dict[str, Any]:
        return {
            "table": {"catalog": "hive", "schemaTable": {"schema": "lake", "table": name}},
            "estimate": {"outputSizeInBytes": size},
        }

    estimate = scan.read(json.dumps({"inputTableColumnInfos": [table("a", 40.0), table("a", 2.0), table("b", "NaN")]}))
    assert estimate.to_json() == {"bytes": 42, "without_statistics": ["hive.lake.b"]}
    scan.require_within(estimate, ERRAND, 42)
    with pytest.raises(ExtractionError, match=r"about 42 bytes .* limit of 41; most of it is hive.lake.a with 42"):
        scan.require_within(estimate, ERRAND, 41)
    assert scan.read("{}") == scan.Estimate()


@pytest.mark.parametrize(
    "kind", ["double", "real", "char(3)", "timestamp(9)", "timestamp(3) with time zone", "unknown"]
)
def test_a_column_that_is_no_contract_type_is_refused(kind: str):
    with pytest.raises(ExtractionError, match=r"which is no contract type\. Next: cast the column"):
        arrow_type("c", kind)


def test_the_files_of_an_unload_are_those_that_trino_counted(tmp_path: Path):
    seen, target = tmp_path / "seen", tmp_path / "target"
    (seen / "helper").mkdir(parents=True)
    target.mkdir()
    pq.write_table(pa.table({"n": [1, 2, 3]}), seen / "helper" / "one")
    settings = TrinoSettings(unload_location="s3://lake/scratch", unload_path=str(seen))
    finished = Finished("q1", "", (), [], 3, {}, 1, (), 1)
    address = "s3://lake/scratch/helper/one"
    files, facts = copied(settings, finished, [[address, 3]], target)
    assert [path.name for path in files] == ["unload-00000.parquet"]
    assert facts == [{"uri": address, "bytes": files[0].stat().st_size, "rows": 3}]
    assert copied(settings, replace(finished, written=0), [], target) == ((), [])
    for listing, written, message in (
        ([[address, 4]], 4, "one holds 3 of 4 rows"),
        ([[address, 3]], 5, "Trino wrote 5 rows, its files hold 3"),
        ([["s3://lake/scratch/helper/two", 1]], 1, "which this machine does not see as"),
        ([["s3://lake/scratch/../one", 1]], 1, "which is not in TRINO_UNLOAD_LOCATION s3://lake/scratch/"),
        ([["s3://lake/scratch2/one", 1]], 1, "which is not in TRINO_UNLOAD_LOCATION"),
    ):
        with pytest.raises(ExtractionError, match=message):
            copied(settings, replace(finished, written=written), listing, target)
    (seen / "helper" / "text").write_text("no Parquet")
    with pytest.raises(ExtractionError, match="text holds None of 1 rows"):
        copied(settings, replace(finished, written=1), [["s3://lake/scratch/helper/text", 1]], target)
    with pytest.raises(StorageError, match="could not be copied"):
        copied(settings, finished, [[address, 3]], tmp_path / "nowhere")
