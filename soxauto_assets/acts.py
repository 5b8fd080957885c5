"""Human acts: what a person decided, about what, when and why.

Here belongs the one shape of every such record (DECISIONS A17): a confirmed binding, an approved baseline, an override, a
sign-off. What does not belong here: what an act changes, and where its log is kept (``numbered``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from soxauto_assets.numbered import NumberedLog


@dataclass(frozen=True)
class Act:
    """What a person decided, and about what.

    Attributes:
        act: What was done, for example ``confirm_binding``.
        subject_kind: What it was done to, for example ``binding``.
        subject: Its name.
        digest: SHA-256 of the subject as it is after the act, so that a later change shows.
        person: Who says so.
        reason: Why, in the person's words; None where the act asks for none.
        time: When, UTC.
        performed_by: The operating system's user and, in AWS, the caller that STS names.
        details: What the digest is of, and what else a reader needs.
    """

    act: str
    subject_kind: str
    subject: str
    digest: str
    person: str
    reason: str | None
    time: datetime
    performed_by: Mapping[str, str]
    details: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return the act for its record. No key signs it yet, and the record says so."""
        return {
            "act": self.act,
            "subject": {"kind": self.subject_kind, "name": self.subject, "sha256": self.digest},
            "person": self.person,
            "reason": self.reason,
            "time": self.time.astimezone(UTC).isoformat(timespec="milliseconds"),
            "performed_by": dict(self.performed_by),
            "key": None,
            "signature": "unsigned",
            "details": dict(self.details),
        }


class ActLog:
    """The human acts of a deployment, in order.

    Args:
        log: Where they are kept.
    """

    def __init__(self, log: NumberedLog):
        self._log = log

    def append(self, act: Act) -> int:
        """Write the next act and return its ordinal; an existing act is never touched.

        Raises:
            StorageError: The store refused; nothing half written remains.
        """
        return self._log.append(act.to_json())

    def all(self) -> list[dict[str, Any]]:
        """Return the acts in order; each carries its ``ordinal``."""
        return self._log.all()
