"""The register: which decisions count. An act that does not say what its digest says counts for nothing and is named."""

import hashlib
import json
from datetime import UTC, date, datetime

import pytest

from soxauto_assets.acts import Act, ActLog
from soxauto_assets.canonical import canonical_json, digest_of, read_json
from soxauto_assets.decisions.register import Register
from soxauto_assets.decisions.writing import (
    APPLICABLE,
    APPROVE_BASELINE,
    NOT_APPLICABLE,
    OVERRIDE,
    decision,
    require_words,
)
from soxauto_assets.errors import DecisionError
from soxauto_assets.numbered import LocalNumberedLog

NOW = datetime(2025, 10, 20, 9, 30, tzinfo=UTC)
TODAY = date(2025, 10, 20)
RESULT = {"name": "freshness", "status": "failed", "actual": "2025-09-29"}
ACCEPTED = {"environment": "lake", "item": "CR_04", "period": "2025-09", "dataset_digest": "ab" * 32, "result": RESULT}
ABOUT = {"environment": "lake", "item": "CR_04", "period": "2025-09"}


def override(until: str | None = None, accepted=ACCEPTED, environment: str = "lake", reason: str = "refreshed") -> Act:
    details = {**ABOUT, "environment": environment, "check": "freshness", "accepted": accepted, "until": until}
    return decision(OVERRIDE, details, "A Reviewer", reason, NOW, {"os_user": "u"})


def exemption(act: str) -> Act:
    return decision(act, ABOUT, "A Reviewer", "no shop", NOW, {"os_user": "u"})


def approval(text: str, said: str | None = None) -> Act:
    digest = said or hashlib.sha256(text.encode()).hexdigest()
    details = {
        "environment": "lake",
        "item": "CR_04",
        "expires": "2028-10-20",
        "parts": {"schema": {"sha256": digest, "text": text}},
    }
    return decision(APPROVE_BASELINE, details, "An Owner", "reviewed", NOW, {"os_user": "u"})


def register(*acts: Act | dict) -> Register:
    entries = [act if isinstance(act, dict) else read_json(canonical_json(act.to_json())) for act in acts]
    return Register([{**entry, "ordinal": number} for number, entry in enumerate(entries, 1)], "lake")


def test_an_override_is_given_with_person_reason_and_the_digest_of_its_file(tmp_path):
    log = ActLog(LocalNumberedLog(tmp_path / "acts"))
    log.append(override("2025-12-31"))
    (found,) = Register(log.all(), "lake").overrides("CR_04", "2025-09", TODAY)
    assert (found.check, found.person, found.reason, found.until) == (
        "freshness",
        "A Reviewer",
        "refreshed",
        "2025-12-31",
    )
    assert found.digest == hashlib.sha256((tmp_path / "acts" / "0001.json").read_bytes()).hexdigest()
    assert found.accepts == digest_of(ACCEPTED)


def test_an_override_counts_on_its_last_day_and_not_after():
    kept = register(override("2025-10-20"))
    assert kept.overrides("CR_04", "2025-09", TODAY) != ()
    assert kept.overrides("CR_04", "2025-09", date(2025, 10, 21)) == ()


def test_the_newest_override_of_the_same_result_counts():
    both = register(override(), override("2025-10-20"))
    assert [o.until for o in both.overrides("CR_04", "2025-09", TODAY)] == ["2025-10-20"]
    assert both.overrides("CR_04", "2025-09", date(2025, 10, 21)) == (), "the later act ended the earlier one"


def test_decisions_of_another_item_month_or_environment_do_not_count():
    other = {**ACCEPTED, "environment": "demo"}
    assert register(override(environment="demo", accepted=other)).overrides("CR_04", "2025-09", TODAY) == ()
    kept = register(override(), approval("a"))
    assert kept.overrides("CR_04", "2025-08", TODAY) == () == kept.overrides("CR_05", "2025-09", TODAY)
    assert kept.approval("CR_05") is None and kept.approval("CR_04").person == "An Owner"


def test_an_exemption_stands_until_it_is_taken_back():
    assert register(exemption(NOT_APPLICABLE)).exemption("CR_04", "2025-09").reason == "no shop"
    assert register(exemption(NOT_APPLICABLE), exemption(APPLICABLE)).exemption("CR_04", "2025-09") is None
    again = register(exemption(NOT_APPLICABLE), exemption(APPLICABLE), exemption(NOT_APPLICABLE))
    assert again.exemption("CR_04", "2025-09") is not None
    assert again.exemption("CR_04", "2025-08") is None


FORGED = {
    "another person": (("person",), "A Forger"),
    "another reason": (("reason",), "because"),
    "another day": (("time",), "2025-10-21T09:30:00.000+00:00"),
    "another subject": (("subject", "name"), "CR_04/2025-09/schema"),
    "another result": (("details", "accepted", "result", "actual"), "2025-10-05"),
    "no end": (("details", "until"), None),
    "another check": (("details", "check"), "schema"),
    "another digest": (("subject", "sha256"), "00" * 32),
    "no details": (("details",), None),
}


@pytest.mark.parametrize("change", FORGED.values(), ids=FORGED)
def test_an_act_that_was_changed_is_ignored_and_named(change):
    path, value = change
    entry = json.loads(canonical_json(override("2025-12-31").to_json()))
    place = entry
    for name in path[:-1]:
        place = place[name]
    place[path[-1]] = value
    kept = register(entry)
    assert kept.overrides("CR_04", "2025-09", TODAY) == ()
    (line,) = kept.ignored
    assert line.startswith("act 0001 (override) does not count: it") and "Next: find out who changed it" in line


def test_an_act_whose_details_contradict_themselves_is_ignored_though_its_digest_is_right():
    moved = override(accepted={**ACCEPTED, "result": {**RESULT, "name": "schema"}})
    assert "what it accepts is not what it is about" in register(moved).ignored[0]
    assert "a part's digest is not that of its text" in register(approval("a", "00" * 32)).ignored[0]
    lacking = decision(OVERRIDE, {**ABOUT, "check": "freshness"}, "A", "b", NOW, {})
    assert "its details lack something" in register(lacking).ignored[0]


def test_acts_of_other_kinds_are_passed_over():
    binding = Act("confirm_binding", "binding", "x", "00" * 32, "A", None, NOW, {}, {})
    assert register(binding).ignored == ()


@pytest.mark.parametrize(
    ("by", "reason", "message"),
    [
        ("", "why", "CR_04 2025-09: nobody is named who decides it. Next: give --by"),
        ("  ", "why", "nobody is named"),
        ("A\nB", "why", "nobody is named"),
        ("A Reviewer", "", "CR_04 2025-09: no reason is given. Next: give --reason"),
        ("A Reviewer", " \t", "no reason is given"),
    ],
)
def test_a_decision_names_a_person_and_a_reason(by, reason, message):
    with pytest.raises(DecisionError, match=message):
        require_words(by, reason, "CR_04", "2025-09")
