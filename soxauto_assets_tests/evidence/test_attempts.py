"""Attempts: whether an extraction is new is decided by content, never by a clock."""

from datetime import UTC, datetime

import pytest

import soxauto_assets
from soxauto_assets.canonical import canonical_json, read_json
from soxauto_assets.errors import FailedVerdict, NotSealed, NotVerified, SigningError
from soxauto_assets.evidence.envelope import key_id_of
from soxauto_assets.evidence.loading import load_rows
from soxauto_assets.evidence.recompute import verify_and_recompute
from soxauto_assets.evidence.sealing import Sealer
from soxauto_assets.evidence.signing import sign_statement
from soxauto_assets.evidence.store import local_path, signers_of
from soxauto_assets_tests.catalog.test_ipe_07 import TABLES
from soxauto_assets_tests.closing import close
from soxauto_assets_tests.evidence.signed import refit_tags, rewrite, signer, trust_of
from soxauto_assets_tests.lakes import write_table


def change_one_amount(lake):
    text = TABLES["detailed_customer_ledger_entry"].replace("10.125", "10.126")
    write_table(lake, "detailed_customer_ledger_entry", text)


def test_the_first_close_seals_attempt_1_with_every_row(open_runtime):
    runtime = open_runtime()
    sealing = close(runtime, "IPE_07")
    assert (sealing.outcome, sealing.package.attempt, sealing.verdict) == ("sealed", 1, "passed")
    predicate = runtime.evidence.statement(sealing.package)["predicate"]
    assert (predicate["rows"], predicate["supersedes"], predicate["reason"]) == (7, None, "first attempt")
    assert {layer.status for layer in verify_and_recompute(local_path(sealing.package.uri))} == {"pass", "not present"}


def test_the_same_close_again_makes_no_attempt_but_a_heartbeat(open_runtime):
    close(open_runtime(), "IPE_07")
    runtime = open_runtime()
    again = close(runtime, "IPE_07", run_id="run-2")
    assert (again.outcome, again.package.attempt) == ("unchanged", 1)
    assert len(runtime.evidence.attempts("IPE_07", "2025-09")) == 1
    (beat,) = runtime.heartbeats.all("IPE_07", "2025-09")
    assert (beat["attempt"], beat["run_id"]) == (1, "run-2")


def test_the_statement_says_when_it_was_sealed_and_its_content_does_not(open_runtime):
    """A key's validity is compared with that time; whether an attempt is new is not (DECISIONS A4)."""
    first, second = open_runtime(), open_runtime()
    first.clock = lambda: datetime(2025, 10, 8, 6, tzinfo=UTC)
    sealed = close(first, "IPE_07")
    predicate = first.evidence.statement(sealed.package)["predicate"]
    assert predicate["sealed_at"] == "2025-10-08T06:00:00.000Z"
    assert close(second, "IPE_07", run_id="run-2").outcome == "unchanged"
    assert predicate["content_id"] == second.heartbeats.all("IPE_07", "2025-09")[0]["content_id"]


def test_every_package_is_signed_with_the_key_that_the_first_close_made(open_runtime):
    runtime = open_runtime()
    packages = [close(runtime, item).package for item in ("IPE_07", "IPE_09")]
    key = key_id_of(open_runtime().signer.public_key)
    assert [signers_of(runtime.evidence, package) for package in packages] == [[key], [key]]


def test_a_heartbeat_needs_no_key_and_a_new_attempt_does(open_runtime, lake):
    """Whether the content is new is found without one; so a lost key hides no repeated control."""
    close(open_runtime(), "IPE_07")
    runtime = open_runtime()
    (runtime.settings.keys / "signing-key.pem").chmod(0o644)
    assert close(runtime, "IPE_07", run_id="run-2").outcome == "unchanged"
    change_one_amount(lake)
    with pytest.raises(SigningError, match="can be read by others"):
        close(open_runtime(), "IPE_07", run_id="run-3")
    assert len(open_runtime().evidence.attempts("IPE_07", "2025-09")) == 1


def test_an_unsigned_attempt_is_current_like_any_other(open_runtime):
    """Packages from before signatures stay, readable and unsigned; nobody signs them afterwards."""
    runtime = open_runtime()
    runtime.sealer = Sealer(runtime.evidence, runtime.heartbeats, runtime.uploads)
    package = close(runtime, "IPE_07").package
    assert signers_of(runtime.evidence, package) == []
    assert close(open_runtime(), "IPE_07", run_id="run-2").outcome == "unchanged"
    assert len(runtime.load("IPE_07", "2025-09")) == 7


def test_load_refuses_a_signature_that_does_not_hold_or_does_not_count(open_runtime, tmp_path):
    runtime = open_runtime()
    package = close(runtime, "IPE_07").package
    folder = local_path(package.uri)
    path = folder / "signature.dsse.json"
    original, statement = path.read_bytes(), (folder / "statement.json").read_bytes()
    changed, forged = read_json(original), read_json(sign_statement(statement, (signer(666),)))
    changed["signatures"][0]["sig"] = forged["signatures"][0]["sig"]
    rewrite(path, canonical_json(changed))
    refit_tags(folder)
    with pytest.raises(NotVerified, match=r"attempt 1 does not verify: signature: key \w+ did not make this signature"):
        runtime.load("IPE_07", "2025-09")
    rewrite(path, original)
    refit_tags(folder)
    assert len(runtime.load("IPE_07", "2025-09")) == 7
    with pytest.raises(NotVerified, match=r"attempt 1 does not verify: trust: key \w+ is not in the trust file"):
        load_rows(runtime.evidence, "IPE_07", "2025-09", trust=trust_of(production=False))


def test_one_changed_source_row_makes_an_attempt_that_names_the_one_it_supersedes(open_runtime, lake):
    first = close(open_runtime(), "IPE_07").package
    change_one_amount(lake)
    runtime = open_runtime()
    second = close(runtime, "IPE_07", run_id="run-2")
    assert (second.outcome, second.package.attempt) == ("sealed", 2)
    predicate = runtime.evidence.statement(second.package)["predicate"]
    assert predicate["supersedes"] == {"attempt": 1, "seal_sha256": first.seal_sha256}
    assert predicate["reason"] == "the rows changed since attempt 1"
    assert soxauto_assets_rows(runtime, 1) != soxauto_assets_rows(runtime, 2)


def soxauto_assets_rows(runtime, attempt):
    return sorted(runtime.load("IPE_07", "2025-09", attempt)["rem_amt_lcy"].to_list())


def test_content_that_an_older_attempt_had_is_a_new_attempt_again(open_runtime, lake):
    close(open_runtime(), "IPE_07")
    change_one_amount(lake)
    close(open_runtime(), "IPE_07", run_id="run-2")
    write_table(lake, "detailed_customer_ledger_entry", TABLES["detailed_customer_ledger_entry"])
    third = close(open_runtime(), "IPE_07", run_id="run-3", reason="correction taken back")
    assert (third.package.attempt, third.reason) == (3, "correction taken back")


def test_a_failed_verdict_is_sealed_and_its_rows_are_given_only_when_asked_for(open_runtime):
    runtime = open_runtime()
    sealing = close(runtime, "CR_04")
    assert sealing.verdict == "failed"
    assert [r.name for r in sealing.results if not r.good and r.severity == "error"] == ["freshness"]
    assert all(layer.status != "fail" for layer in verify_and_recompute(local_path(sealing.package.uri)))
    with pytest.raises(FailedVerdict, match="CR_04 2025-09: the verdict of attempt 1 is failed"):
        runtime.load("CR_04", "2025-09")
    assert len(runtime.load("CR_04", "2025-09", allow_failed=True)) == 4


def test_load_gives_arrow_decimals_and_says_what_was_loaded(open_runtime):
    runtime = open_runtime()
    close(runtime, "IPE_07")
    frame = runtime.load("IPE_07", "2025-09")
    assert str(frame["rem_amt_lcy"].dtype) == "decimal128(18, 4)[pyarrow]"
    assert frame.attrs["attempt"] == 1 and len(frame.attrs["digest"]) == 64
    assert frame.attrs["environment"] == "lake"


def test_load_refuses_what_is_not_sealed_or_does_not_verify(open_runtime, monkeypatch):
    runtime = open_runtime()
    with pytest.raises(NotSealed, match=r"IPE_07 2025-09: nothing is sealed.*soxauto close 2025-09 --item IPE_07"):
        runtime.load("IPE_07", "2025-09")
    package = close(runtime, "IPE_07").package
    with pytest.raises(NotSealed, match="attempt 9"):
        runtime.load("IPE_07", "2025-09", attempt=9)
    part = local_path(package.uri) / "data" / "rows" / "part-00000.parquet"
    part.chmod(0o644)
    part.write_bytes(part.read_bytes()[:-1] + b"x")
    with pytest.raises(NotVerified, match="differs from the seal"):
        runtime.load("IPE_07", "2025-09")
    monkeypatch.setenv("SOXAUTO_HOME", str(runtime.settings.home))
    monkeypatch.setenv("SOXAUTO_ENV", "demo")
    with pytest.raises(NotVerified):
        soxauto_assets.load("IPE_07", "2025-09")


def test_a_package_says_nothing_of_local_paths(open_runtime, tmp_path):
    package = close(open_runtime(), "IPE_07").package
    for path in local_path(package.uri).rglob("*"):
        if path.is_file():
            assert str(tmp_path).encode() not in path.read_bytes(), path.name


def test_a_package_forged_with_a_new_seal_still_fails_when_rows_and_digest_disagree(open_runtime):
    """The seal alone cannot know what the rows say; the recomputation does."""
    from soxauto_assets.evidence import verify
    from soxauto_assets.evidence.store import LocalEvidenceStore

    runtime = open_runtime()
    first = close(runtime, "IPE_07").package
    other = close(runtime, "IPE_07", period="2025-08").package
    payload = {
        path.relative_to(local_path(first.uri) / "data").as_posix(): path.read_bytes()
        for path in (local_path(first.uri) / "data").rglob("*")
        if path.is_file()
    }
    payload["rows/part-00000.parquet"] = (local_path(other.uri) / "data" / "rows" / "part-00000.parquet").read_bytes()
    statement = read_json((local_path(first.uri) / "statement.json").read_bytes())
    statement["subject"] = statement["subject"][2:]
    forged = LocalEvidenceStore(runtime.settings.home / "forged").write(
        "IPE_07", "2025-09", 1, payload, statement, {"External-Identifier": "IPE_07/2025-09/attempt-0001"}
    )
    assert verify.verify_package(local_path(forged.uri)).verified
    failed = {layer.name for layer in verify_and_recompute(local_path(forged.uri)) if layer.status == "fail"}
    assert failed == {"dataset digest", "control totals"}
