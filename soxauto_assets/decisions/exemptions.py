"""Exemptions: an item that does not apply to a month, so that the close leaves it out and says who decided it.

Here belongs what must hold before it is recorded, or taken back. What does not belong here: leaving it out
(``commands.close``).
"""

from collections.abc import Mapping
from datetime import datetime

from soxauto_assets.acts import Act
from soxauto_assets.catalog.model import Item
from soxauto_assets.decisions.register import Decision
from soxauto_assets.decisions.writing import APPLICABLE, NOT_APPLICABLE, decision, require_words
from soxauto_assets.errors import DecisionError
from soxauto_assets.period import Period


def exemption_act(
    item: Item,
    period: Period,
    environment: str,
    by: str,
    reason: str,
    now: datetime,
    performed_by: Mapping[str, str],
) -> Act:
    """Return the act that an item does not apply to a month.

    Raises:
        DecisionError: The item is a component of the reconciliation, or nobody or no reason is named.
    """
    if item.component is not None and item.component.in_formula:
        raise DecisionError(
            f"the item is a component of the reconciliation ({', '.join(item.gl_accounts)}): without it the month's total "
            "means nothing",
            action=f"extract it, and accept single failed checks with 'soxauto override {item.id}'",
            item=item.id,
            period=period.key,
        )
    person, why = require_words(by, reason, item.id, period.key)
    details = {"environment": environment, "item": item.id, "period": period.key}
    return decision(NOT_APPLICABLE, details, person, why, now, performed_by)


def return_act(
    item: Item,
    period: Period,
    environment: str,
    standing: Decision | None,
    by: str,
    reason: str,
    now: datetime,
    performed_by: Mapping[str, str],
) -> Act:
    """Return the act that takes an exemption back.

    Args:
        item: The catalog item.
        period: The month.
        environment: The environment.
        standing: The exemption that stands.
        by: Who takes it back.
        reason: Why.
        now: When.
        performed_by: Identities of the operating system and of the cloud.

    Raises:
        DecisionError: Nothing stands that could be taken back, or nobody or no reason is named.
    """
    person, why = require_words(by, reason, item.id, period.key)
    if standing is None:
        raise DecisionError(
            "nobody said that the item does not apply",
            action="there is nothing to revoke",
            item=item.id,
            period=period.key,
        )
    details = {"environment": environment, "item": item.id, "period": period.key, "revokes": standing.sha256}
    return decision(APPLICABLE, details, person, why, now, performed_by)
