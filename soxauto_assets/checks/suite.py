"""Which rules an item has, and running them.

Here belongs the plan of an item: rule names, severities, methods in words. The orchestrator's check specs and the evidence
package are made from this plan, so that they cannot disagree. What does not belong here: the rules themselves.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from soxauto_assets.catalog.model import Item, Severity
from soxauto_assets.checks import rules
from soxauto_assets.checks.model import CheckContext, CheckResult, Outcome
from soxauto_assets.extraction.landing import Dataset
from soxauto_assets.extraction.record import ExtractionRecord


@dataclass(frozen=True)
class PlannedCheck:
    """One rule of an item.

    Attributes:
        name: Check name.
        severity: What a failure does to the verdict.
        method: How it is tested, in words.
        rule: The function that evaluates it.
    """

    name: str
    severity: Severity
    method: str
    rule: rules.Rule


_QUERY = (
    PlannedCheck(
        "query_hash",
        "error",
        "digests of all SQL texts are computed again and compared with the catalog",
        rules.query_hash,
    ),
)
_UPLOAD = (
    PlannedCheck("custody", "error", "the custody record of the uploaded file is complete", rules.custody),
    PlannedCheck(
        "lines_readable", "error", "lines that could not be read are listed with the reason", rules.lines_readable
    ),
    PlannedCheck("lines_in_period", "warn", "lines after the period are listed and not taken", rules.lines_in_period),
)


def check_plan(item: Item) -> tuple[PlannedCheck, ...]:
    """Return the rules of an item, in the order in which a person reads them."""
    totals = item.control_totals
    group = f"per {', '.join(totals.group_by)}" if totals.group_by else "over all rows"
    plan = [
        PlannedCheck(
            "schema", "error", "pandera, strict, lazy, without coercion, on every batch of landed rows", _schema
        ),
        PlannedCheck("not_null", "error", "nulls are counted in the columns that must be filled", rules.not_null),
        PlannedCheck("key_unique", "error", f"rows are counted by key ({', '.join(item.key)})", rules.key_unique),
        PlannedCheck(
            "control_totals",
            "error",
            f"{', '.join(totals.columns[len(totals.group_by) :])} {group}: an independently written query at the source "
            "against the landed rows, tolerance zero",
            rules.control_totals,
        ),
        PlannedCheck(
            "cutoff",
            "error",
            f"{item.cutoff.column or 'nothing'} of the landed rows and of the source on both sides",
            rules.cutoff,
        ),
        *(_UPLOAD if item.upload else _QUERY),
    ]
    if item.freshness_reason:
        plan.append(PlannedCheck("freshness", "error", f"at extraction time: {item.freshness_reason}", rules.freshness))
    plan += [
        PlannedCheck(rule.name, rule.severity, rule.meaning, rules.expectation(rule)) for rule in item.expectations
    ]
    return tuple(plan)


def run_checks(
    item: Item,
    record: ExtractionRecord,
    dataset: Dataset,
    context: CheckContext,
    names: Sequence[str] | None = None,
) -> tuple[CheckResult, ...]:
    """Evaluate the rules of an item.

    Args:
        item: The catalog item.
        record: Its extraction record.
        dataset: The landed rows.
        context: What else a rule may know.
        names: Only these rules; None = all.

    Returns:
        One result per rule, in the plan's order. A rule that raised has status ``error``, which counts as failed.
    """
    chosen = [planned for planned in check_plan(item) if names is None or planned.name in names]
    return tuple(_evaluate(planned, item, record, dataset, context) for planned in chosen)


def _evaluate(
    planned: PlannedCheck, item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext
) -> CheckResult:
    try:
        outcome = planned.rule(item, record, dataset, context)
    except Exception as error:
        return CheckResult(
            name=planned.name,
            status="error",
            severity=planned.severity,
            method=planned.method,
            expected="the rule can be evaluated",
            actual=f"it raised {type(error).__name__}",
            reason=str(error).splitlines()[0][:200] if isinstance(error, (RuntimeError, ValueError)) else None,
        )
    status = "not_applicable" if outcome.not_applicable else "passed" if outcome.held else "failed"
    return CheckResult(
        name=planned.name,
        status=status,  # type: ignore[arg-type]
        severity=planned.severity,
        method=planned.method,
        expected=outcome.expected,
        actual=outcome.actual,
        unit=outcome.unit,
        difference=outcome.difference,
        rows=outcome.rows,
        details=outcome.details,
        reason=outcome.not_applicable,
    )


def _schema(item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext) -> Outcome:
    # pandera costs a second to import; only a run of the rule pays for it.
    from soxauto_assets.checks.schema import evaluate_schema

    return evaluate_schema(item, dataset)
