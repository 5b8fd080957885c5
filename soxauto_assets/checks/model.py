"""What a check says.

Here belongs the result of a check, the context it may look at, and how results become a verdict. What does not belong
here: any rule.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from soxauto_assets.catalog.model import Severity

Status = Literal["passed", "failed", "error", "not_applicable"]
Verdict = Literal["passed", "failed"]


@dataclass(frozen=True)
class CheckContext:
    """What a check may know beside item, record and dataset: values with digests, never a connection.

    Attributes:
        expected_definition: Definition digest of the item as it is now, to compare with the recorded one.
    """

    expected_definition: str | None = None


@dataclass(frozen=True)
class CheckResult:
    """The outcome of one rule.

    Attributes:
        name: Check name, unique within the item.
        status: ``error`` means that the rule could not be evaluated; it counts as failed.
        severity: ``error`` fails the verdict, ``warn`` is advisory.
        method: How it was tested, in words.
        expected: What should be.
        actual: What is.
        unit: Unit of both, for example ``rows`` or ``LCY``.
        difference: What lies between, where it can be said.
        rows: Number of rows concerned.
        details: Further lines, capped; never a customer's value.
        reason: Why it does not apply, or why it could not be evaluated.
    """

    name: str
    status: Status
    severity: Severity
    method: str
    expected: str
    actual: str
    unit: str | None = None
    difference: str | None = None
    rows: int | None = None
    details: tuple[str, ...] = ()
    reason: str | None = None

    @property
    def good(self) -> bool:
        """Whether the rule held, or does not apply for a stated reason."""
        return self.status in ("passed", "not_applicable")

    def to_json(self) -> dict[str, Any]:
        """Return the result for the package; the same rows give the same text."""
        return {
            "name": self.name,
            "status": self.status,
            "severity": self.severity,
            "method": self.method,
            "expected": self.expected,
            "actual": self.actual,
            "unit": self.unit,
            "difference": self.difference,
            "rows": self.rows,
            "details": list(self.details),
            "reason": self.reason,
        }


@dataclass(frozen=True)
class Outcome:
    """What a rule function returns: the part of a result that depends on the data."""

    held: bool
    expected: str
    actual: str
    unit: str | None = None
    difference: str | None = None
    rows: int | None = None
    details: tuple[str, ...] = ()
    not_applicable: str | None = None


def verdict_of(results: Sequence[CheckResult]) -> Verdict:
    """Return the verdict of an item: passed only if every rule of severity error held and at least one was evaluated."""
    deciding = [result for result in results if result.severity == "error"]
    evaluated = any(result.status == "passed" for result in deciding)
    return "passed" if evaluated and all(result.good for result in deciding) else "failed"
