"""Overrides: a person accepts that a check failed, for one item, one month and exactly that result.

Here belongs what must hold before it is recorded. What does not belong here: which overrides count when the checks run
(``decisions.register``, ``checks.model``), and sealing.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from soxauto_assets.acts import Act
from soxauto_assets.catalog.model import Item
from soxauto_assets.checks.model import acceptance_of
from soxauto_assets.decisions.writing import OVERRIDE, decision, require_words
from soxauto_assets.errors import DecisionError

_FAILED = ("failed", "error")


@dataclass(frozen=True)
class OverrideWish:
    """What a person asks to have accepted.

    Attributes:
        check: Name of the check.
        by: The person.
        reason: Why, in the person's words.
        until: Last day on which it counts, ``YYYY-MM-DD``; None = it does not end.
    """

    check: str
    by: str
    reason: str
    until: str | None = None


def override_act(
    item: Item,
    wish: OverrideWish,
    predicate: Mapping[str, Any],
    sealed: Sequence[Mapping[str, Any]],
    now: datetime,
    performed_by: Mapping[str, str],
) -> Act:
    """Return the act that accepts a failed check of the current attempt.

    Args:
        item: The catalog item.
        wish: What is asked.
        predicate: Predicate of the current attempt's statement.
        sealed: The check results that it holds.
        now: When.
        performed_by: Identities of the operating system and of the cloud.

    Raises:
        DecisionError: The wish is not complete, or there is no such failure to accept.
    """
    period = predicate["period"]
    person, reason = require_words(wish.by, wish.reason, item.id, period)

    def refuse(cause: str, action: str) -> DecisionError:
        return DecisionError(cause, action=action, item=item.id, period=period)

    result = next((check for check in sealed if check["name"] == wish.check), None)
    if result is None:
        raise refuse(
            f"there is no check {wish.check!r}", f"choose one of {', '.join(check['name'] for check in sealed)}"
        )
    attempt = f"attempt {predicate['attempt']}"
    if result["status"] not in _FAILED:
        raise refuse(
            f"the check {wish.check} did not fail in {attempt}: it is {result['status'].replace('_', ' ')}",
            "there is nothing to accept; 'soxauto status' shows which items failed",
        )
    if result["severity"] == "warn":
        raise refuse(
            f"the check {wish.check} is a warning in {attempt}: it does not fail the verdict",
            "there is nothing to accept",
        )
    accepted = acceptance_of(predicate["environment"], item.id, period, predicate["dataset_digest"], result)
    details = {
        "environment": predicate["environment"],
        "item": item.id,
        "period": period,
        "check": wish.check,
        "accepted": accepted,
        "attempt": predicate["attempt"],
        "until": _last_day(wish.until, now, refuse).isoformat() if wish.until else None,
    }
    return decision(OVERRIDE, details, person, reason, now, performed_by)


def _last_day(text: str, now: datetime, refuse: Any) -> date:
    try:
        day = date.fromisoformat(text)
    except ValueError as error:
        raise refuse(f"{text!r} is no day", "give --until as YYYY-MM-DD") from error
    if day < now.astimezone(UTC).date():
        raise refuse(f"--until {day} has passed", "give today or a later day, or leave it out")
    return day
