"""What a check says.

Here belongs the result of a check, the context it may look at, and how results become a verdict. What does not belong
here: any rule, and where a context comes from (``runtime``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal

from soxauto_assets.canonical import digest_of
from soxauto_assets.catalog.companies import Companies
from soxauto_assets.catalog.model import Severity

Status = Literal["passed", "failed", "error", "not_applicable"]
Verdict = Literal["passed", "passed_with_override", "failed"]


@dataclass(frozen=True)
class Override:
    """A failed check that a person accepted for one period.

    Attributes:
        check: Name of the check.
        person: Who accepts it.
        reason: Why, in the person's words.
        digest: SHA-256 of the act as it was recorded.
        accepts: Digest of the failing result that was accepted, see :func:`acceptance_of`; it counts for no other.
        until: Last day on which it counts, ``YYYY-MM-DD``; None = it does not end.
    """

    check: str
    person: str
    reason: str
    digest: str
    accepts: str
    until: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the override for the package."""
        return {
            "person": self.person,
            "reason": self.reason,
            "act_sha256": self.digest,
            "accepts_sha256": self.accepts,
            "until": self.until,
        }


@dataclass(frozen=True)
class Previous:
    """What the package of the month before says, for comparison.

    Attributes:
        period: Its period key.
        seal_sha256: Its seal.
        figures: Its figures, see :func:`soxauto_assets.checks.drift.figures`.
    """

    period: str
    seal_sha256: str
    figures: Mapping[str, Any]


@dataclass(frozen=True)
class Baseline:
    """The approved baseline of an item, beside the item as it is.

    Attributes:
        approved: Digest of each part as it was approved, by part; None when nobody approved one.
        current: Digest of each part as it is.
        person: Who approved it.
        approved_on: When, ``YYYY-MM-DD``.
        expires: Last day on which it counts, ``YYYY-MM-DD``.
        expired: Whether that day has passed when the checks run.
        act_sha256: SHA-256 of the act.
    """

    approved: Mapping[str, str] | None
    current: Mapping[str, str]
    person: str | None = None
    approved_on: str | None = None
    expires: str | None = None
    expired: bool = False
    act_sha256: str | None = None


@dataclass(frozen=True)
class CheckContext:
    """What a check may know beside item, record and dataset: values with digests, never a connection.

    Attributes:
        expected_definition: Definition digest of the item as it is now, to compare with the recorded one.
        companies: Companies that are known, with their currencies.
        previous: The month before; None when nothing is sealed for it.
        baseline: The approved baseline; None where it was not looked up.
        overrides: Failed checks that a person accepted for this period.
    """

    expected_definition: str | None = None
    companies: Companies = field(default_factory=Companies)
    previous: Previous | None = None
    baseline: Baseline | None = None
    overrides: tuple[Override, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return what was known, for the package."""
        return {
            "companies_sha256": self.companies.digest,
            "previous": (
                {"period": self.previous.period, "seal_sha256": self.previous.seal_sha256} if self.previous else None
            ),
            "baseline": (
                {
                    "person": self.baseline.person,
                    "approved_on": self.baseline.approved_on,
                    "expires": self.baseline.expires,
                    "act_sha256": self.baseline.act_sha256,
                    "approved": dict(self.baseline.approved) if self.baseline.approved else None,
                    "current": dict(self.baseline.current),
                }
                if self.baseline
                else None
            ),
            "overrides": {override.check: override.to_json() for override in self.overrides},
        }


@dataclass(frozen=True)
class Failing:
    """Which landed rows a rule concerns, as a query that gives their keys.

    Attributes:
        sql: DuckDB SQL over ``landed``; it selects the item's key columns.
        parameters: Its parameters.
    """

    sql: str
    parameters: Mapping[str, Any] = field(default_factory=dict)


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
        sample: Keys of the first rows concerned, capped; what identifies a customer is masked.
        reason: Why it does not apply, or why it could not be evaluated.
        override: Who accepted the failure for this period, and why.
        code_version: Version of the product and digest of the rules' code.
        duration: Seconds that the evaluation took.
        failing: The query for the keys of all rows concerned; the package holds its answer.
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
    sample: tuple[str, ...] = ()
    reason: str | None = None
    override: Override | None = None
    code_version: str = ""
    duration: float = field(default=0.0, compare=False)
    failing: Failing | None = field(default=None, compare=False)

    @property
    def good(self) -> bool:
        """Whether the rule held, or does not apply for a stated reason."""
        return self.status in ("passed", "not_applicable")

    @property
    def accepted(self) -> bool:
        """Whether a person accepted the failure; it stays a failure."""
        return not self.good and self.override is not None

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
            "sample": list(self.sample),
            "keys": f"failed/{self.name}.parquet" if self.failing else None,
            "reason": self.reason,
            "override": self.override.to_json() if self.override else None,
            "code_version": self.code_version,
        }


@dataclass(frozen=True)
class Outcome:
    """What a rule function returns: the part of a result that depends on the data.

    Attributes:
        held: Whether the rule held.
        expected: What should be.
        actual: What is.
        unit: Unit of both.
        difference: What lies between.
        rows: Number of rows concerned.
        details: Further lines; never a customer's value.
        not_applicable: Why the rule does not apply.
        severity: Replaces the planned severity, where the rule itself knows better.
        failing: The rows concerned.
    """

    held: bool
    expected: str
    actual: str
    unit: str | None = None
    difference: str | None = None
    rows: int | None = None
    details: tuple[str, ...] = ()
    not_applicable: str | None = None
    severity: Severity | None = None
    failing: Failing | None = None


_ACCEPTED = ("name", "status", "severity", "expected", "actual", "unit", "difference", "rows", "details", "reason")


def acceptance_of(
    environment: str, item: str, period: str, dataset_digest: str, result: Mapping[str, Any]
) -> dict[str, Any]:
    """Return what a person accepts with an override: one failing result over one landing.

    Args:
        environment: Environment of the extraction.
        item: Item id.
        period: Period key.
        dataset_digest: Digest of the landed rows.
        result: The check result, as :meth:`CheckResult.to_json` gives it and ``checks.json`` holds it.

    Returns:
        Plain values; their digest is :attr:`Override.accepts`. What does not say how the check failed (method, sample, code
        version, duration) is not in it.
    """
    return {
        "environment": environment,
        "item": item,
        "period": period,
        "dataset_digest": dataset_digest,
        "result": {name: result[name] for name in _ACCEPTED},
    }


def with_override(
    result: CheckResult,
    overrides: Sequence[Override],
    environment: str,
    item: str,
    period: str,
    dataset_digest: str,
) -> CheckResult:
    """Return a result with the override that accepts it; unchanged when there is none for exactly this failure."""
    given = [override for override in overrides if override.check == result.name]
    if result.good or not given:
        return result
    accepts = digest_of(acceptance_of(environment, item, period, dataset_digest, result.to_json()))
    return replace(result, override=next((o for o in given if o.accepts == accepts), None))


def verdict_of(results: Sequence[CheckResult]) -> Verdict:
    """Return the verdict of an item.

    ``passed`` only if every rule of severity error held and at least one was evaluated; ``passed_with_override`` if a person
    accepted each one that did not.
    """
    return verdict_from((result.severity, result.status, result.accepted) for result in results)


def verdict_from(results: Iterable[tuple[str, str, bool]]) -> Verdict:
    """Return the verdict of results that are given as severity, status, and whether a person accepted the failure."""
    deciding = [(status, accepted) for severity, status, accepted in results if severity == "error"]
    broken = [accepted for status, accepted in deciding if status not in ("passed", "not_applicable")]
    if not any(status == "passed" for status, _ in deciding) or not all(broken):
        return "failed"
    return "passed_with_override" if broken else "passed"
