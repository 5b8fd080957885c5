"""The register: which decisions count, out of all acts.

Here belongs reading acts back, with suspicion: one that does not say what its digest says counts for nothing and is named.
What does not belong here: writing them (``decisions.writing``).

No key signs an act yet, so that a forger who computes digests can write a sound one; the sealed packages name the digest of
every act that they relied on.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from soxauto_assets.canonical import digest_of, sha256_hex
from soxauto_assets.checks.model import Override
from soxauto_assets.decisions.writing import (
    APPLICABLE,
    APPROVE_BASELINE,
    NOT_APPLICABLE,
    OVERRIDE,
    SUBJECTS,
    subject_of,
)


@dataclass(frozen=True)
class Decision:
    """A decision as it was recorded.

    Attributes:
        ordinal: Number of its act.
        act: What was decided.
        person: Who decided it.
        reason: Why.
        decided_on: When, ``YYYY-MM-DD``.
        sha256: SHA-256 of the act's file.
        details: What it says.
    """

    ordinal: int
    act: str
    person: str
    reason: str
    decided_on: str
    sha256: str
    details: Mapping[str, Any]


class Register:
    """The decisions of an environment.

    Args:
        acts: All acts in order, as the log gives them.
        environment: Decisions of another environment do not count: an approval of the demo says nothing of production.

    Attributes:
        ignored: One line for each act that does not say what its digest says.
    """

    def __init__(self, acts: Iterable[Mapping[str, Any]], environment: str):
        self._decisions: list[Decision] = []
        ignored = []
        for entry in acts:
            if entry.get("act") not in SUBJECTS:
                continue
            if fault := _fault(entry):
                ignored.append(
                    f"act {entry['ordinal']:04d} ({entry['act']}) does not count: {fault}. "
                    "Next: find out who changed it, restore it from a copy, or decide again."
                )
            elif entry["details"]["environment"] == environment:
                self._decisions.append(_decision(entry))
        self.ignored: tuple[str, ...] = tuple(ignored)

    def approval(self, item: str) -> Decision | None:
        """Return the newest approval of an item's baseline."""
        return self._newest((APPROVE_BASELINE,), item=item)

    def exemption(self, item: str, period: str) -> Decision | None:
        """Return the decision that an item does not apply to a period, unless it was taken back."""
        found = self._newest((NOT_APPLICABLE, APPLICABLE), item=item, period=period)
        return found if found and found.act == NOT_APPLICABLE else None

    def overrides(self, item: str, period: str, today: date) -> tuple[Override, ...]:
        """Return the accepted failures of an item and period that have not ended.

        Of several that accept the same result, the newest counts, so that a later one can end an earlier one.
        """
        newest = {
            (decision.details["check"], digest_of(decision.details["accepted"])): decision
            for decision in self._of((OVERRIDE,), item=item, period=period)
        }
        return tuple(
            Override(check, found.person, found.reason, found.sha256, accepts, found.details["until"])
            for (check, accepts), found in newest.items()
            if found.details["until"] is None or date.fromisoformat(found.details["until"]) >= today
        )

    def override_given(self, item: str, period: str, check: str) -> Decision | None:
        """Return the newest override of a check, whether it counts or not."""
        return self._newest((OVERRIDE,), item=item, period=period, check=check)

    def _newest(self, acts: tuple[str, ...], **wanted: str) -> Decision | None:
        found = self._of(acts, **wanted)
        return found[-1] if found else None

    def _of(self, acts: tuple[str, ...], **wanted: str) -> list[Decision]:
        return [
            decision
            for decision in self._decisions
            if decision.act in acts and all(decision.details[name] == value for name, value in wanted.items())
        ]


def _decision(entry: Mapping[str, Any]) -> Decision:
    recorded = {name: value for name, value in entry.items() if name != "ordinal"}
    return Decision(
        ordinal=entry["ordinal"],
        act=entry["act"],
        person=entry["person"],
        reason=entry["reason"],
        decided_on=entry["details"]["decided_on"],
        # The file holds the canonical JSON of the act, so that this is also what sha256sum says of it.
        sha256=digest_of(recorded),
        details=entry["details"],
    )


def _fault(entry: Mapping[str, Any]) -> str | None:
    """Say in which way an act contradicts itself; None when it does not."""
    details, subject = entry.get("details"), entry.get("subject")
    if not isinstance(details, dict) or not isinstance(subject, dict):
        return "it has no subject or no details"
    if subject.get("sha256") != digest_of(details):
        return "its digest is not that of its details"
    try:
        said = (subject["kind"], subject["name"], entry["person"], entry["reason"], str(entry["time"])[:10])
        bound = (
            SUBJECTS[entry["act"]][0],
            subject_of(entry["act"], details),
            *(details[name] for name in ("person", "reason", "decided_on")),
        )
        if said != bound or not isinstance(details["environment"], str):
            return "its subject, person, reason or day is not that of its details"
        judge = _FAULTS.get(entry["act"])
        return judge(details) if judge else None
    except (KeyError, TypeError, ValueError, AttributeError):
        return "its details lack something or cannot be read"


def _override_fault(details: Mapping[str, Any]) -> str | None:
    accepted = details["accepted"]
    if details["until"] is not None:
        date.fromisoformat(details["until"])
    named = (details["environment"], details["item"], details["period"], details["check"])
    if named != (accepted["environment"], accepted["item"], accepted["period"], accepted["result"]["name"]):
        return "what it accepts is not what it is about"
    return None


def _baseline_fault(details: Mapping[str, Any]) -> str | None:
    date.fromisoformat(details["expires"])
    parts = details["parts"]
    if any(part["sha256"] != sha256_hex(part["text"].encode()) for part in parts.values()):
        return "a part's digest is not that of its text"
    return None


_FAULTS: Mapping[str, Callable[[Mapping[str, Any]], str | None]] = {
    OVERRIDE: _override_fault,
    APPROVE_BASELINE: _baseline_fault,
}
