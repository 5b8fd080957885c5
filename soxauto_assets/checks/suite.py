"""Which rules an item has, and running them.

Here belongs the plan of an item: rule names, severities, methods in words. The orchestrator's check specs and the evidence
package are made from this plan, so that they cannot disagree. What does not belong here: the rules themselves.
"""

import hashlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from time import perf_counter

from soxauto_assets.catalog.model import Item, Severity
from soxauto_assets.checks import accuracy, completeness, drift, fidelity, master_data, rules
from soxauto_assets.checks.approval import baseline
from soxauto_assets.checks.model import CheckContext, CheckResult, Failing, Outcome, Status, with_override
from soxauto_assets.errors import SoxautoError
from soxauto_assets.extraction.landing import Dataset
from soxauto_assets.extraction.record import ExtractionRecord
from soxauto_assets.sources.masking import mask

_SAMPLE = 5


@dataclass(frozen=True)
class PlannedCheck:
    """One rule of an item.

    Attributes:
        name: Check name.
        severity: What a failure does to the verdict, unless the rule itself says otherwise.
        method: How it is tested, in words.
        rule: The function that evaluates it.
    """

    name: str
    severity: Severity
    method: str
    rule: rules.Rule


def check_plan(item: Item) -> tuple[PlannedCheck, ...]:
    """Return the rules of an item, in the order in which a person reads them."""
    return (
        *_form(item),
        *_completeness(item),
        *_period(item),
        *(_custody() if item.upload else _query()),
        *_accuracy(item),
        PlannedCheck(
            "drift",
            "warn",
            "rows, amount, different customers and codes are compared with the package of the month before",
            drift.drift,
        ),
    )


def _form(item: Item) -> Iterator[PlannedCheck]:
    yield PlannedCheck(
        "schema", "error", "pandera, strict, lazy, without coercion, on every batch of landed rows", _schema
    )
    yield PlannedCheck("not_null", "error", "nulls are counted in the columns that must be filled", rules.not_null)
    yield PlannedCheck("key_unique", "error", f"rows are counted by key ({', '.join(item.key)})", rules.key_unique)
    if item.company_column:
        yield PlannedCheck(
            "company_known",
            "warn",
            "every company code is one of the known ones (domain 11)",
            master_data.company_known,
        )
    if item.currency_column:
        yield PlannedCheck(
            "currency_of_company",
            "warn",
            f"{item.currency_column} of a row is the currency of its company (domain 11)",
            master_data.currency_of_company,
        )


def _completeness(item: Item) -> Iterator[PlannedCheck]:
    totals = item.control_totals
    group = f"per {', '.join(totals.group_by)}" if totals.group_by else "over all rows"
    yield PlannedCheck(
        "control_totals",
        "error",
        f"{', '.join(totals.columns[len(totals.group_by) :])} {group}: an independently written query at the source "
        "against the landed rows, tolerance zero",
        rules.control_totals,
    )
    origin = "from the file's lines as they were read" if item.upload else "by the source"
    yield PlannedCheck(
        "row_digest",
        "error",
        f"SHA-256 of every row's text, added up in four parts, computed {origin} and again from the landed rows",
        completeness.row_digest,
    )
    yield PlannedCheck(
        "dataset_digest",
        "error",
        "the digest that the extraction recorded is computed again from the landed files",
        completeness.dataset_digest,
    )
    if item.population:
        yield PlannedCheck(
            "dropped_rows",
            "error",
            f"every candidate is listed or left out for a counted reason: {item.population.meaning}",
            completeness.dropped_rows,
        )
    if item.dimensions:
        yield PlannedCheck(
            "fan_out",
            "error",
            "the rows behind each key of each look-up are counted at the source",
            completeness.fan_out,
        )
    if item.sequence:
        yield PlannedCheck(
            "sequence", "warn", f"last minus first plus one equals the rows: {item.sequence}", completeness.sequence
        )
    for tie in item.ties:
        yield PlannedCheck(tie.name, tie.severity, tie.meaning, completeness.tie(tie))


def _period(item: Item) -> Iterator[PlannedCheck]:
    yield PlannedCheck(
        "cutoff",
        "error",
        f"{item.cutoff.column or 'nothing'} of the landed rows and of the source on both sides",
        rules.cutoff,
    )
    if item.freshness_reason:
        yield PlannedCheck("freshness", "error", f"at extraction time: {item.freshness_reason}", rules.freshness)


def _query() -> Iterator[PlannedCheck]:
    yield PlannedCheck(
        "source_fidelity",
        "error",
        "the declared tables are compared with the footers of the Parquet files they point to, at extraction time",
        fidelity.source_fidelity,
    )
    yield PlannedCheck(
        "query_hash",
        "error",
        "digests of all SQL texts are computed again and compared with the catalog",
        rules.query_hash,
    )
    yield PlannedCheck(
        "baseline",
        "error",
        "queries, schema, rules, bindings and versions are compared with the approved baseline (AS 2201 .B28)",
        baseline,
    )


def _custody() -> Iterator[PlannedCheck]:
    yield PlannedCheck("custody", "error", "the custody record of the uploaded file is complete", rules.custody)
    yield PlannedCheck(
        "lines_readable", "error", "lines that could not be read are listed with the reason", rules.lines_readable
    )
    yield PlannedCheck(
        "lines_in_period", "warn", "lines after the period are listed and not taken", rules.lines_in_period
    )


def _accuracy(item: Item) -> Iterator[PlannedCheck]:
    for rule in item.expectations:
        yield PlannedCheck(rule.name, rule.severity, rule.meaning, rules.expectation(rule))
    if item.upload:
        return
    yield PlannedCheck(
        "witness_present",
        "error",
        "registered rows are landed with the registered values (domain 5.1)",
        accuracy.witness_present,
    )
    yield PlannedCheck(
        "witness_absent",
        "error",
        "registered rows exist in the source and are not landed (domain 5.1)",
        accuracy.witness_absent,
    )
    yield PlannedCheck(
        "mutation",
        "error",
        "without the filter that keeps it out, the query lists the absent witness (domain 5.1)",
        accuracy.mutation,
    )


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
    with dataset.kept_open() as rows:
        return tuple(_evaluate(planned, item, record, rows, context) for planned in chosen)


def _evaluate(
    planned: PlannedCheck, item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext
) -> CheckResult:
    started = perf_counter()
    try:
        outcome = planned.rule(item, record, dataset, context)
        sample = _sample(item, dataset, outcome.failing) if not outcome.held else ()
        status: Status = "not_applicable" if outcome.not_applicable else "passed" if outcome.held else "failed"
    except Exception as error:
        outcome, status, sample = _not_evaluated(error), "error", ()
    result = CheckResult(
        name=planned.name,
        status=status,
        severity=outcome.severity or planned.severity,
        method=planned.method,
        expected=outcome.expected,
        actual=outcome.actual,
        unit=outcome.unit,
        difference=outcome.difference,
        rows=outcome.rows,
        details=outcome.details,
        sample=sample,
        reason=outcome.not_applicable,
        code_version=code_version(),
        duration=perf_counter() - started,
        failing=outcome.failing if status == "failed" else None,
    )
    return with_override(
        result, context.overrides, record.environment, record.item, record.period, record.dataset.digest
    )


def _not_evaluated(error: Exception) -> Outcome:
    """Say that a rule raised; a message that may quote a row is not shown."""
    said = str(error).splitlines() if isinstance(error, (RuntimeError, ValueError, SoxautoError)) else []
    return Outcome(
        held=False,
        expected="the rule can be evaluated",
        actual=f"it raised {type(error).__name__}",
        not_applicable=said[0][:200] if said else None,
    )


def _sample(item: Item, dataset: Dataset, failing: Failing | None) -> tuple[str, ...]:
    """Return the keys of the first rows concerned; what identifies a customer is shown as its shape."""
    if failing is None:
        return ()
    with dataset.query() as connection:
        found = connection.execute(
            f"SELECT * FROM ({failing.sql}) ORDER BY ALL LIMIT {_SAMPLE}", dict(failing.parameters) or None
        )
        names = [column[0] for column in found.description or ()]
        rows = found.fetchall()
    personal = {column.name for column in item.columns if column.personal}
    return tuple(
        ", ".join(
            f"{name} {mask(value) if name in personal else value}" for name, value in zip(names, row, strict=True)
        )
        for row in rows
    )


@cache
def code_digest() -> str:
    """Return the SHA-256 of the rules' code."""
    digest = hashlib.sha256()
    for path in sorted(Path(__file__).parent.glob("*.py")):
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()


def code_version() -> str:
    """Return the version of the product with a digest of the rules' code, so that a result names what evaluated it."""
    return f"{metadata.version('soxauto_assets')}+checks.{code_digest()[:12]}"


def _schema(item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext) -> Outcome:
    # pandera costs a second to import; only a run of the rule pays for it.
    from soxauto_assets.checks.schema import evaluate_schema

    return evaluate_schema(item, dataset)
