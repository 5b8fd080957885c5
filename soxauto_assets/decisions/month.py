"""What a month holds: every expected item as sealed, not applicable or missing, read from the stores alone.

Here belongs the look at stores, failures and decisions that a period manifest records (DECISIONS A3: it depends on no run).
What does not belong here: the manifest itself (``evidence.period_manifest``).
"""

from collections.abc import Sequence
from typing import Any

from soxauto_assets.catalog.model import Item
from soxauto_assets.decisions.register import Register
from soxauto_assets.evidence.period_manifest import MISSING, NOT_APPLICABLE, SEALED
from soxauto_assets.evidence.store import EvidenceStore
from soxauto_assets.records import RecordLog


def month_of(
    items: Sequence[Item], period: str, store: EvidenceStore, register: Register, failures: RecordLog
) -> dict[str, dict[str, Any]]:
    """Return the state of every expected item, by its id.

    Raises:
        NotVerified: A statement is damaged.
        StorageError: A store cannot be read.
    """
    return {item.id: _state(item, period, store, register, failures) for item in items}


def _state(item: Item, period: str, store: EvidenceStore, register: Register, failures: RecordLog) -> dict[str, Any]:
    packages = store.attempts(item.id, period)
    listed = [{"attempt": package.attempt, "seal_sha256": package.seal_sha256} for package in packages]
    if exemption := register.exemption(item.id, period):
        return {
            "state": NOT_APPLICABLE,
            "required": item.required_for_close,
            "reason": exemption.reason,
            "person": exemption.person,
            "act_sha256": exemption.sha256,
            "superseded": listed,
        }
    if not packages:
        records = failures.all(item.id, period)
        reason = records[-1]["cause"] if records else "it was never extracted"
        return {"state": MISSING, "required": item.required_for_close, "reason": reason, "superseded": []}
    predicate = store.statement(packages[-1])["predicate"]
    return {
        "state": SEALED,
        "required": item.required_for_close,
        **listed[-1],
        "content_id": predicate["content_id"],
        "verdict": predicate["verdict"],
        "superseded": listed[:-1],
    }
