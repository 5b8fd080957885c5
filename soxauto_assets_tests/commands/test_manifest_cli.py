"""``soxauto manifest`` and ``verify-period``, and the manifest that a close leaves behind."""

import json
import shutil

import pytest

from soxauto_assets.catalog import all_items

ITEMS = [item.id for item in all_items()]
TWO = ("--item", "IPE_09", "--item", "CR_05")


def said(result) -> str:
    return " ".join(result.output.split())


@pytest.fixture
def trust(soxauto, tmp_path) -> tuple[str, str]:
    assert soxauto("keys", "init", "--owner", "month-end service").exit_code == 0
    return "--trust", str(tmp_path / "home" / "keys" / "trust.json")


def period_of(soxauto, *arguments: str) -> dict:
    return json.loads(soxauto("verify-period", "2025-09", "--json", *arguments).output)


def codes(report: dict) -> set[tuple[str, str]]:
    return {(layer["name"], layer["code"]) for layer in report["layers"] if layer["status"] == "fail"}


def test_a_close_ends_with_the_manifest_of_the_whole_month(soxauto, trust):
    """Two items were closed; the others are missing, by name."""
    closed = soxauto("close", "2025-09", *TWO)
    assert closed.exit_code == 0, closed.output
    assert "Manifest 0001 of 2025-09: incomplete, missing CR_03, CR_03_MOV, CR_04" in said(closed)
    report = period_of(soxauto, *trust)
    states = {item: entry["state"] for item, entry in report["manifest"]["items"].items()}
    assert sorted(states) == sorted(ITEMS)
    assert {item for item, state in states.items() if state == "sealed"} == {"IPE_09", "CR_05"}
    assert codes(report) == {("items", "missing")}
    assert report["manifest"]["reason"].startswith("close, run ")


def test_a_close_that_fails_leaves_its_manifest_too(soxauto, trust, lake):
    (lake / "exports" / "bob_sales_order" / "rows.parquet").unlink()
    closed = soxauto("close", "2025-09", *TWO)
    assert closed.exit_code == 2 and "Manifest 0001 of 2025-09: incomplete" in said(closed)
    report = period_of(soxauto, *trust)
    entry = report["manifest"]["items"]["IPE_09"]
    assert entry["state"] == "missing" and "is not bound" in entry["reason"]
    assert report["manifest"]["items"]["CR_05"]["state"] == "sealed"


def test_an_idle_month_gets_a_manifest_by_hand(soxauto, trust):
    written = soxauto("manifest", "2025-09", "--reason", "nothing was closed")
    assert written.exit_code == 2 and "Manifest 0001 of 2025-09: incomplete" in said(written)
    assert {entry["state"] for entry in period_of(soxauto)["manifest"]["items"].values()} == {"missing"}


def test_an_item_that_does_not_apply_is_listed_with_who_decided(soxauto, trust):
    by = ("--period", "2025-09", "--by", "A Reviewer", "--reason", "no shop in that month")
    assert soxauto("not-applicable", "IPE_09", *by).exit_code == 0
    soxauto("manifest", "2025-09")
    entry = period_of(soxauto)["manifest"]["items"]["IPE_09"]
    assert (entry["state"], entry["person"]) == ("not applicable", "A Reviewer")
    assert entry["reason"] == "no shop in that month" and len(entry["act_sha256"]) == 64


def test_what_was_taken_away_since_is_found_and_named(soxauto, trust, tmp_path):
    soxauto("close", "2025-09", *TWO)
    head = period_of(soxauto)["head"]
    shutil.rmtree(tmp_path / "home" / "evidence" / "CR_05")
    shown = soxauto("verify-period", "2025-09", *trust)
    assert shown.exit_code == 1 and "NOT VERIFIED 2025-09" in shown.output
    assert "packages: fail (deleted). CR_05 attempt 1 is listed and not there" in said(shown)
    shutil.rmtree(tmp_path / "home" / "manifests")
    soxauto("manifest", "2025-09")
    assert ("chain", "rolled-back") in codes(period_of(soxauto, "--head", head))


def test_a_close_whose_manifest_cannot_be_written_says_so(soxauto, trust, tmp_path):
    (tmp_path / "home" / "manifests").write_text("in the way")
    closed = soxauto("close", "2025-09", *TWO)
    assert closed.exit_code == 2 and "The manifest of the month: a record could not be written" in said(closed)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("manifest", "2999-12"), "lies in the future"),
        (("verify-period", "2025-9"), "is no accounting period"),
        (("verify-period", "2025-09", "--head", "x"), "'x' is no head"),
        (("verify-period", "2025-09", "--trust", "/nowhere"), "cannot be read"),
    ],
)
def test_what_cannot_be_done_is_said_with_the_next_action(soxauto, arguments, message):
    result = soxauto(*arguments)
    assert result.exit_code == 2 and message in said(result) and "Next:" in said(result)
