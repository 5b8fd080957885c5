"""Writing a decision down: one act whose digest binds all that it says.

Here belongs the form of the act and what every decision must name. What does not belong here: which decisions count
(``decisions.register``), and what a single kind of decision requires (``decisions.baseline``, ``decisions.overrides``).
"""

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

from soxauto_assets.acts import Act
from soxauto_assets.canonical import digest_of
from soxauto_assets.errors import DecisionError

APPROVE_BASELINE = "approve_baseline"
OVERRIDE = "override"
NOT_APPLICABLE = "not_applicable"
APPLICABLE = "applicable"
# Kind of the subject by act; the subject's name is made of these details.
SUBJECTS: Mapping[str, tuple[str, tuple[str, ...]]] = {
    APPROVE_BASELINE: ("baseline", ("item",)),
    OVERRIDE: ("check result", ("item", "period", "check")),
    NOT_APPLICABLE: ("item and period", ("item", "period")),
    APPLICABLE: ("item and period", ("item", "period")),
}


def require_words(by: str, reason: str, item: str, period: str | None = None) -> tuple[str, str]:
    """Return person and reason without blanks around them.

    Raises:
        DecisionError: One of them says nothing, or cannot be printed on one line.
    """
    for words, missing, action in (
        (by, "nobody is named who decides it", "give --by with the name of the person who answers for it"),
        (reason, "no reason is given", "give --reason with what a reviewer must know to follow the decision"),
    ):
        if not words.strip() or not words.isprintable():
            raise DecisionError(missing, action=action, item=item, period=period)
    return by.strip(), reason.strip()


def decision(
    act: str,
    details: Mapping[str, Any],
    person: str,
    reason: str,
    now: datetime,
    performed_by: Mapping[str, str],
) -> Act:
    """Return the act of a decision.

    Args:
        act: One of :data:`SUBJECTS`.
        details: What is decided: ``environment``, ``item`` and what the kind of decision adds.
        person: Who decides.
        reason: Why.
        now: When.
        performed_by: Identities of the operating system and of the cloud.
    """
    bound = {**details, "person": person, "reason": reason, "decided_on": now.astimezone(UTC).date().isoformat()}
    return Act(
        act=act,
        subject_kind=SUBJECTS[act][0],
        subject=subject_of(act, bound),
        digest=digest_of(bound),
        person=person,
        reason=reason,
        time=now,
        performed_by=performed_by,
        details=bound,
    )


def subject_of(act: str, details: Mapping[str, Any]) -> str:
    """Return the name of what is decided about, for example ``CR_04/2025-09/freshness``."""
    return "/".join(str(details[name]) for name in SUBJECTS[act][1])
