"""Overrides: a person accepts one failure of one month; everything else about it stays as it is."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from soxauto_assets.canonical import canonical_json, read_json
from soxauto_assets.catalog import get_item
from soxauto_assets.decisions.overrides import OverrideWish, override_act
from soxauto_assets.errors import DecisionError, FailedVerdict, StorageError
from soxauto_assets.evidence import verify
from soxauto_assets.evidence.recompute import verify_and_recompute
from soxauto_assets.evidence.sealing import Sealer
from soxauto_assets.evidence.store import LocalEvidenceStore, local_path
from soxauto_assets.period import Period
from soxauto_assets_tests.catalog.test_cr_04 import BALANCES
from soxauto_assets_tests.closing import close
from soxauto_assets_tests.lakes import write_table

CR_04, SEPTEMBER = get_item("CR_04"), Period(2025, 9)
CURRENT = ("--period", "2025-09", "--check", "freshness")
WHO = ("--by", "A Reviewer", "--reason", "refreshed late, nothing was posted since")
NOW = datetime(2026, 1, 5, tzinfo=UTC)


def predicate_of(runtime, attempt: int):
    package = runtime.evidence.attempts("CR_04", "2025-09")[attempt - 1]
    return runtime.evidence.statement(package)["predicate"]


def sealed(runtime):
    package = runtime.evidence.newest("CR_04", "2025-09")
    return read_json(runtime.evidence.read(package, "data/checks.json"))["results"]


def accept(runtime, until: str | None = None):
    """Record the act alone, as the command does before it seals."""
    attempt = len(runtime.evidence.attempts("CR_04", "2025-09"))
    wish = OverrideWish("freshness", "A Reviewer", "refreshed late", until)
    act = override_act(CR_04, wish, predicate_of(runtime, attempt), sealed(runtime), NOW, {"os_user": "u"})
    runtime.acts.append(act)
    return act


def test_a_failure_is_accepted_recorded_sealed_and_shown(soxauto, reopen, closed):
    shutil.rmtree(closed / "lake")  # the source is not asked
    done = soxauto("override", "CR_04", *CURRENT, *WHO)
    assert done.exit_code == 0, done.output
    assert "act 0001 recorded, unsigned: override of CR_04/2025-09/freshness by A Reviewer" in done.output
    assert "attempt 2, passed with override" in done.output

    runtime = reopen()
    (act,) = runtime.acts.all()
    first, second = predicate_of(runtime, 1), predicate_of(runtime, 2)
    assert (second["verdict"], second["dataset_digest"]) == ("passed_with_override", first["dataset_digest"])
    assert second["reason"] == "override of freshness by A Reviewer: refreshed late, nothing was posted since"
    assert first["overrides"] == [] and second["checks"] == first["checks"], "the check stays failed"
    ((check, digest),) = second["overrides"]
    assert (check, digest) == ("freshness", runtime.register.override_given("CR_04", "2025-09", "freshness").sha256)
    (failed,) = [result for result in sealed(runtime) if result["name"] == "freshness"]
    assert (failed["status"], failed["severity"]) == ("failed", "error")
    assert failed["override"]["person"] == "A Reviewer" and failed["override"]["act_sha256"] == digest
    assert act["details"]["accepted"]["result"]["actual"] == failed["actual"]
    folders = [local_path(package.uri) for package in runtime.evidence.attempts("CR_04", "2025-09")]
    executions = [read_json((folder / "data" / "execution.json").read_bytes()) for folder in folders]
    assert executions[0]["extraction_record"] == executions[1]["extraction_record"] == 1
    assert {layer.status for layer in verify_and_recompute(folders[1])} == {"pass", "not present"}

    frame = runtime.load("CR_04", "2025-09")
    assert len(frame) == 4 and frame.attrs["verdict"] == "passed_with_override"
    assert frame.attrs["overrides"]["freshness"]["person"] == "A Reviewer"
    with pytest.raises(FailedVerdict):
        runtime.load("CR_04", "2025-09", attempt=1)

    status = soxauto("status", "2025-09").output
    assert "✓ passed with override" in status
    assert "CR_04: freshness accepted by A Reviewer: refreshed late, nothing was posted since" in status


def test_a_close_of_the_same_rows_keeps_the_override_and_its_exit_code_is_0(soxauto, reopen):
    accept(reopen())
    done = soxauto("close", "2025-09", "--item", "CR_04")
    assert done.exit_code == 0, done.output
    assert "passed with override" in done.output and "1 accepted" in done.output
    assert "accepted by A Reviewer: refreshed late" in done.output
    again = close(reopen(), "CR_04", run_id="run-3")
    assert (again.outcome, again.verdict, again.package.attempt) == ("unchanged", "passed_with_override", 2)


def test_other_rows_lose_the_override(reopen, lake):
    runtime = reopen()
    accept(runtime)
    changed = BALANCES["bs_balances_view"].replace("| 7               |", "| 8               |")
    write_table(lake, "bs_balances_view", changed)
    other = close(reopen(), "CR_04", run_id="run-2")
    assert other.verdict == "failed"
    assert predicate_of(reopen(), 2)["overrides"] == []


def test_another_failure_of_the_same_check_loses_the_override(reopen, lake):
    """The landed rows are the same, but the source says something else about its own state."""
    accept(reopen())
    text = BALANCES["bs_balances_view"].replace("2025-09-29 06:00:00", "2025-09-28 06:00:00")
    write_table(lake, "bs_balances_view", text)
    assert close(reopen(), "CR_04", run_id="run-2").verdict == "failed"


def test_an_override_ends_after_its_last_day(reopen):
    accept(reopen(), until="2026-02-01")
    on = reopen(clock=lambda: datetime(2026, 2, 1, 23, tzinfo=UTC))
    assert close(on, "CR_04", run_id="run-2").verdict == "passed_with_override"
    after = close(reopen(clock=lambda: datetime(2026, 2, 2, tzinfo=UTC)), "CR_04", run_id="run-3")
    assert (after.verdict, after.outcome) == ("failed", "sealed")
    assert after.reason == "the accepted failures changed since attempt 2"


def test_the_close_says_why_an_override_does_not_count(soxauto, reopen, lake):
    accept(reopen())
    changed = BALANCES["bs_balances_view"].replace("| 7               |", "| 8               |")
    write_table(lake, "bs_balances_view", changed)
    done = soxauto("close", "2025-09", "--item", "CR_04")
    assert done.exit_code == 1
    assert "the override by A Reviewer on 2026-01-05 accepted another result" in " ".join(done.output.split())


def test_a_forged_act_is_ignored_and_named(soxauto, reopen, closed):
    accept(reopen(), until="2026-02-01")
    path = closed / "home" / "acts" / "0001.json"
    act = json.loads(path.read_text())
    act["details"]["until"] = None
    path.chmod(0o644)
    path.write_bytes(canonical_json(act))
    done = soxauto("close", "2025-09", "--item", "CR_04")
    assert done.exit_code == 1 and "CR_04 freshness (error)" in done.output
    said = " ".join(done.output.split())
    assert "act 0001 (override) does not count: its digest is not that of its details. Next: find out who" in said
    assert "act 0001 (override) does not count" in soxauto("status", "2025-09").output


def test_the_act_is_recorded_before_the_new_attempt(soxauto, reopen, monkeypatch):
    def refuse(self, *arguments, **more):
        raise StorageError("the disk is full", action="free disk space")

    with monkeypatch.context() as patch:
        patch.setattr(Sealer, "seal", refuse)
        done = soxauto("override", "CR_04", *CURRENT, *WHO)
    assert done.exit_code == 2
    said = " ".join(done.output.split())
    assert "the act is recorded, but no new attempt was sealed" in said and "the disk is full" in said
    runtime = reopen()
    assert len(runtime.acts.all()) == 1 and len(runtime.evidence.attempts("CR_04", "2025-09")) == 1
    assert close(reopen(), "CR_04", run_id="run-2").verdict == "passed_with_override", "the next close finds the act"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--check", "schema", *WHO), "the check schema did not fail in attempt 1: it is passed"),
        (("--check", "nothing", *WHO), "there is no check 'nothing'. Next: choose one of schema, not_null"),
        (("--check", "baseline", *WHO), "the check baseline is a warning in attempt 1: it does not fail the verdict"),
        (("--check", "freshness", "--by", " ", "--reason", "x"), "nobody is named who decides it"),
        (("--check", "freshness", "--by", "A Reviewer", "--reason", ""), "no reason is given"),
        (("--check", "freshness", *WHO, "--until", "2020-01-01"), "--until 2020-01-01 has passed"),
        (("--check", "freshness", *WHO, "--until", "soon"), "'soon' is no day. Next: give --until as YYYY-MM-DD"),
    ],
)
def test_what_cannot_be_accepted_is_refused_and_nothing_is_recorded(soxauto, reopen, arguments, message):
    refused = soxauto("override", "CR_04", "--period", "2025-09", *arguments)
    assert refused.exit_code == 2, refused.output
    said = " ".join(refused.output.split())
    assert message in said and "CR_04 2025-09" in said and "Next:" in said
    runtime = reopen()
    assert runtime.acts.all() == [] and len(runtime.evidence.attempts("CR_04", "2025-09")) == 1


def test_an_item_without_a_package_is_refused(soxauto):
    refused = soxauto("override", "CR_05", *CURRENT, *WHO)
    assert refused.exit_code == 2 and "CR_05 2025-09: nothing is sealed" in refused.output
    other_month = soxauto("override", "CR_04", "--period", "2025-08", "--check", "freshness", *WHO)
    assert other_month.exit_code == 2 and "CR_04 2025-08: nothing is sealed" in other_month.output
    assert soxauto("override", "CR_99", *CURRENT, *WHO).exit_code == 2


def test_an_extraction_that_is_not_sealed_is_decided_about_after_it_is(soxauto, reopen, lake):
    changed = BALANCES["bs_balances_view"].replace("| 7               |", "| 8               |")
    write_table(lake, "bs_balances_view", changed)
    runtime = reopen()
    runtime.extractor.extract(CR_04, SEPTEMBER, "run-2")
    refused = soxauto("override", "CR_04", *CURRENT, *WHO)
    assert refused.exit_code == 2
    said = " ".join(refused.output.split())
    assert "the newest extraction is not the one that attempt 1 was sealed from" in said
    assert "soxauto close 2025-09 --item CR_04" in said
    assert reopen().acts.all() == []


def forge(package: Path, store: Path, change) -> set[str]:
    """Write a package again with changed check results; return the layers that fail."""
    data = package / "data"
    payload = {p.relative_to(data).as_posix(): p.read_bytes() for p in data.rglob("*") if p.is_file()}
    checks, statement = read_json(payload["checks.json"]), read_json((package / "statement.json").read_bytes())
    change({check["name"]: check for check in checks["results"]}, checks, statement["predicate"])
    payload["checks.json"] = canonical_json(checks)
    statement["subject"], attempt = statement["subject"][2:], statement["predicate"]["attempt"]
    info = {"External-Identifier": f"CR_04/2025-09/attempt-{attempt:04d}"}
    forged = LocalEvidenceStore(store).write("CR_04", "2025-09", attempt, payload, statement, info)
    folder = local_path(forged.uri)
    assert verify.verify_package(folder).verified
    return {layer.name for layer in verify_and_recompute(folder) if layer.status == "fail"}


def _without(name):
    return lambda checks, document, predicate: checks["freshness"]["override"].update({name: ""})


def _plain_failed(checks, document, predicate):
    checks["freshness"]["override"] = None


def _passed(checks, document, predicate):
    document["verdict"] = predicate["verdict"] = "passed"


def _another_result(checks, document, predicate):
    checks["freshness"]["actual"] = "the deciding value of the source is 2025-09-01 06:00:00"


def _moved(checks, document, predicate):
    checks["schema"].update(override=checks["freshness"]["override"])
    checks["freshness"].update(override=None, status="passed")


def _other_act(checks, document, predicate):
    predicate["overrides"] = []


@pytest.mark.parametrize(
    "change",
    [
        _without("person"),
        _without("reason"),
        _without("act_sha256"),
        _without("accepts_sha256"),
        _plain_failed,
        _passed,
        _another_result,
        _moved,
        _other_act,
    ],
    ids=["person", "reason", "act", "accepted", "no override", "verdict", "another result", "moved", "other act"],
)
def test_a_package_whose_override_does_not_hold_is_not_verified(overridden: Path, tmp_path, change):
    assert forge(overridden, tmp_path / "forged", change) == {"verdict"}


def test_a_package_with_an_override_that_holds_is_verified(overridden: Path, tmp_path):
    assert forge(overridden, tmp_path / "same", lambda checks, document, predicate: None) == set()


@pytest.fixture(scope="module")
def overridden(closed_once: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A package with the verdict passed_with_override."""
    from soxauto_assets_tests.decisions.conftest import open_on

    root = tmp_path_factory.mktemp("overridden")
    shutil.copytree(closed_once, root, dirs_exist_ok=True)
    runtime = open_on(root)
    accept(runtime)
    runtime.close()
    runtime = open_on(root)
    package = runtime.seal(CR_04, SEPTEMBER, None).package
    runtime.close()
    return local_path(package.uri)


def test_an_override_of_a_rule_that_could_not_be_evaluated_is_possible(reopen):
    runtime = reopen()
    results = [{**r, "status": "error"} if r["name"] == "schema" else r for r in sealed(runtime)]
    wish = OverrideWish("schema", "A Reviewer", "looked at by hand")
    act = override_act(CR_04, wish, predicate_of(runtime, 1), results, NOW, {})
    assert act.details["accepted"]["result"]["status"] == "error"
    with pytest.raises(DecisionError, match="did not fail"):
        override_act(CR_04, wish, predicate_of(runtime, 1), sealed(runtime), NOW, {})
