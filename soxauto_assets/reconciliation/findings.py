"""Checks of a reconciliation: what must hold of its result, and what a person must know of it.

Here belongs judging a finished reconciliation. What does not belong here: computing it, and checks of single extracts
(``checks``).

A result has the same form as the check of an extract. Severity ``error`` fails the verdict; ``warn`` is shown.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from soxauto_assets.catalog.companies import Companies
from soxauto_assets.catalog.model import Severity
from soxauto_assets.checks.model import CheckResult, Status
from soxauto_assets.reconciliation.balances import ACTUALS, Balances
from soxauto_assets.reconciliation.buckets import VoucherPart
from soxauto_assets.reconciliation.fx import Rates
from soxauto_assets.reconciliation.inputs import Session, decimal_sum
from soxauto_assets.reconciliation.model import Bridge
from soxauto_assets.reconciliation.rules import RuleFile
from soxauto_assets.reconciliation.variances import Line, Total

_SHOWN = 20
# Every check by name: its severity, and what must hold.
CHECKS: dict[str, tuple[Severity, str]] = {
    "inputs_sealed": (
        "error",
        "every item that feeds a figure has a sealed package that verifies and whose verdict is not failed",
    ),
    "rates_usable": (
        "error",
        "every company with a line has one positive closing rate, within 0.5 to 2 times last month's (DECISIONS B5)",
    ),
    "actuals_complete": (
        "error",
        "every balance of CR_04 is in exactly one line: a component, out of scope, or beside the formula",
    ),
    "lines_complete": ("error", "no line lacks a package, a rate or a bridge"),
    "unexplained_within_threshold": (
        "error",
        "what no bridge explains stays below the threshold of its line; equal to it is investigated (DECISIONS B18)",
    ),
    "control_totals": ("error", "per company, the sums of the lines are those of the balances"),
    "not_over_explained": ("warn", "the bridges of a line leave no more than its variance was (DECISIONS B4)"),
    "country_materiality": (
        "warn",
        "the unexplained amounts of a country, without their signs, stay below its materiality (domain 7.7)",
    ),
    "accounts_of_the_component": (
        "warn",
        "every row of a component posts to one of its accounts; others are a line of their own (DECISIONS B7)",
    ),
    "ledger_currency": (
        "warn",
        "balances of the ledger carry the company's currency; the amount is LCY all the same (DECISIONS B9)",
    ),
    "voucher_snapshot": (
        "warn",
        "the status of vouchers was read on the last day of the month, within the tolerance (DECISIONS B3, B19)",
    ),
    "prepayment_and_refund": (
        "warn",
        "no order item is a prepayment (IPE_10) and a refund (IPE_34): the money would count twice (DECISIONS B11)",
    ),
    "voucher_entries_categorised": (
        "warn",
        "every entry of the voucher account with an amount has a category (domain 7.5)",
    ),
    "voucher_buckets": (
        "warn",
        "per category and voucher type, the ledger's flows of twelve months are those of the vouchers (domain 7.4)",
    ),
    "assumptions_confirmed": (
        "warn",
        "what feeds a figure was confirmed by accounting; while it is assumed the conclusion is provisional",
    ),
}
_NOTHING = Decimal(0)


@dataclass(frozen=True)
class Findings:
    """Everything that the checks look at; see :class:`soxauto_assets.reconciliation.reconcile.Reconciliation`."""

    session: Session
    companies: Companies
    lines: tuple[Line, ...]
    balances: Balances
    rates: Rates
    bridges: tuple[Bridge, ...]
    vouchers: VoucherPart
    totals: tuple[Total, ...]


def find(
    findings: Findings, required: Sequence[str], keys: Sequence[str], rules: Sequence[RuleFile]
) -> tuple[CheckResult, ...]:
    """Return the result of every check, in a fixed order.

    Args:
        findings: The reconciliation.
        required: Items without which the close is incomplete.
        keys: Configuration keys that feed a figure.
        rules: Rule files that feed a figure.
    """
    return (
        _inputs(findings, required),
        _rates(findings),
        _actuals_complete(findings),
        _lines_complete(findings),
        _within_threshold(findings),
        _over_explained(findings),
        _country_materiality(findings),
        _outside(findings),
        _ledger_currency(findings),
        _voucher_snapshot(findings),
        _overlap(findings),
        _uncategorised(findings),
        _buckets(findings),
        _confirmed(findings, keys, rules),
    )


def _result(
    name: str,
    expected: str,
    actual: str,
    faults: Iterable[str],
    unit: str | None = None,
    difference: str | None = None,
) -> CheckResult:
    found = tuple(faults)
    severity, method = CHECKS[name]
    status: Status = "failed" if found else "passed"
    shown = found[:_SHOWN] + ((f"and {len(found) - _SHOWN} more",) if len(found) > _SHOWN else ())
    return CheckResult(
        name=name,
        status=status,
        severity=severity,
        method=method,
        expected=expected,
        actual=actual,
        unit=unit,
        difference=difference,
        rows=len(found) if found else None,
        details=shown,
    )


def _not_applicable(name: str, reason: str) -> CheckResult:
    severity, method = CHECKS[name]
    return CheckResult(name, "not_applicable", severity, method, "–", "–", reason=reason)


def _inputs(findings: Findings, required: Sequence[str]) -> CheckResult:
    missing = findings.session.inputs.missing
    faults = [f"{name}: {missing.get(name, 'it is no input')}" for name in findings.session.without(*required)]
    return _result(
        "inputs_sealed",
        f"{len(required)} packages",
        f"{len(required) - len(faults)} packages",
        faults,
        "packages",
    )


def _rates(findings: Findings) -> CheckResult:
    faulty = {line.company: line for line in findings.lines if line.rate.fault}
    amounts = {company: _lcy(findings.lines, company) for company in faulty}
    faults = [f"{company}: {line.rate.fault}; its variances are {amounts[company]}" for company, line in faulty.items()]
    companies = {line.company for line in findings.lines}
    return _result(
        "rates_usable",
        f"{len(companies)} companies",
        f"{len(companies) - len(faulty)} companies",
        faults,
        "companies",
    )


def _lcy(lines: Sequence[Line], company: str) -> str:
    known = [f"{line.component} {line.variance:f} LCY" for line in lines if line.company == company and line.variance]
    return ", ".join(known) or "0 LCY"


def _actuals_complete(findings: Findings) -> CheckResult:
    if not findings.session.has(ACTUALS):
        return _not_applicable("actuals_complete", "CR_04 is missing")
    ((ledger, rows),) = findings.session.rows(f"SELECT {decimal_sum('balance_at_date')}, count(*) FROM cr_04")
    placed = [b for b in findings.balances.lines if b.side == "actual"]
    amount = sum((b.amount for b in placed), _NOTHING)
    count = sum(b.rows for b in placed)
    faults = (
        [] if (amount, count) == (ledger, rows) else [f"{rows - count} balances of {ledger - amount:f} are in no line"]
    )
    return _result(
        "actuals_complete",
        f"{ledger:f} in {rows} balances",
        f"{amount:f} in {count} balances",
        faults,
        "LCY of all companies",
        f"{ledger - amount:f}" if faults else None,
    )


def _lines_complete(findings: Findings) -> CheckResult:
    faults = [f"{line.company} {line.component}: {'; '.join(line.reasons)}" for line in findings.lines if line.reasons]
    return _result(
        "lines_complete",
        "0 incomplete lines",
        f"{len(faults)} of {len(findings.lines)} lines are incomplete",
        faults,
        "lines",
    )


def _within_threshold(findings: Findings) -> CheckResult:
    above = [line for line in findings.lines if line.status == "unexplained above threshold"]
    faults = [
        f"{line.company} {line.component}: {line.unexplained_usd:.2f} USD ({line.unexplained:f} LCY), "
        f"threshold {line.threshold.usd:f} USD ({line.threshold.contract})"
        for line in above
    ]
    return _result(
        "unexplained_within_threshold",
        "every line below its threshold",
        f"{len(above)} of {len(findings.lines)} lines at or above it",
        faults,
        "lines",
    )


def _over_explained(findings: Findings) -> CheckResult:
    faults = [
        f"{line.company} {line.component}: variance {line.variance:f}, explained {line.total_explained:f} LCY"
        for line in findings.lines
        if line.over_explained
    ]
    return _result(
        "not_over_explained",
        "0 lines",
        f"{len(faults)} lines",
        faults,
        "lines",
    )


def _country_materiality(findings: Findings) -> CheckResult:
    faults = [
        f"{total.name}: {total.gross_unexplained_usd:.2f} USD, materiality {total.threshold.usd:f} USD"
        for total in findings.totals
        if total.material and total.threshold
    ]
    return _result(
        "country_materiality",
        "0 countries",
        f"{len(faults)} countries",
        faults,
        "countries",
    )


def _outside(findings: Findings) -> CheckResult:
    faults = [
        f"{b.company} {b.component}: {b.amount:f} LCY in {b.rows} rows, {b.name}"
        for b in findings.balances.lines
        if b.kind == "outside_accounts"
    ]
    return _result(
        "accounts_of_the_component",
        "0 lines",
        f"{len(faults)} lines",
        faults,
        "lines",
    )


def _ledger_currency(findings: Findings) -> CheckResult:
    faults = [
        f"{company}: {amount:f} in {rows} balances of currency {currency}"
        for company, currency, amount, rows in findings.balances.currencies
    ]
    return _result(
        "ledger_currency",
        "0 balances in another currency",
        f"{len(faults)} companies and currencies",
        faults,
    )


def _voucher_snapshot(findings: Findings) -> CheckResult:
    session = findings.session
    (tolerance,) = session.setting("voucher_snapshot_tolerance_days")
    if not session.has("IPE_08"):
        return _not_applicable("voucher_snapshot", "IPE_08 is missing")
    found = session.rows(
        "SELECT company, CAST(min(snapshot_date) AS DATE), CAST(max(snapshot_date) AS DATE), count(*) FROM ipe_08 "
        "GROUP BY company ORDER BY company"
    )
    last_day = session.period.last_day
    faults = [
        f"{company}: read from {first or 'an unknown day'} to {last or 'an unknown day'}"
        for company, first, last, _ in found
        if first is None
        or abs((first - last_day).days) > int(tolerance)
        or abs((last - last_day).days) > int(tolerance)
    ]
    return _result(
        "voucher_snapshot",
        str(last_day),
        f"{len(faults)} companies on another day",
        faults,
        "companies",
    )


def _overlap(findings: Findings) -> CheckResult:
    session = findings.session
    if not session.has("IPE_10", "IPE_34"):
        return _not_applicable("prepayment_and_refund", "IPE_10 or IPE_34 is missing")
    session.keep(
        "prepayment_and_refund",
        "SELECT p.company, p.cod_oms_sales_order_item, p.paid_for_items + p.paid_for_shipping AS prepaid_lcy, "
        "r.case_type, r.amounttorefund AS refund_lcy FROM ipe_10 AS p JOIN ipe_34 AS r "
        "ON p.company = r.company AND upper(rtrim(p.cod_oms_sales_order_item, ' ')) = "
        "upper(rtrim(r.cod_oms_sales_order_item, ' '))",
    )
    found = session.rows(
        f"SELECT company, {decimal_sum('prepaid_lcy')}, {decimal_sum('refund_lcy')}, count(*) FROM prepayment_and_refund "
        "GROUP BY company ORDER BY company"
    )
    faults = [
        f"{company}: {rows} items, prepaid {prepaid:f}, to refund {refund:f} LCY"
        for company, prepaid, refund, rows in found
    ]
    return _result("prepayment_and_refund", "0 items", f"{sum(row[3] for row in found)} items", faults, "items")


def _uncategorised(findings: Findings) -> CheckResult:
    faults = [
        f"{remark.company}: {remark.rows} entries, {remark.amount:f} LCY"
        for remark in findings.vouchers.remarks
        if remark.code == "uncategorized" and remark.amount is not None
    ]
    return _result(
        "voucher_entries_categorised",
        "0 entries",
        f"{len(faults)} companies with uncategorised entries",
        faults,
        "companies",
    )


def _buckets(findings: Findings) -> CheckResult:
    faults = [
        f"{b.company} {b.category} {b.voucher_type}: {b.variance_usd:.2f} USD, threshold {b.threshold.usd:f} USD"
        if b.variance_usd is not None
        else f"{b.company} {b.category} {b.voucher_type}: {b.variance:f} LCY, without a rate"
        for b in findings.vouchers.buckets
        if b.status == "investigate"
    ]
    return _result(
        "voucher_buckets",
        "every bucket below its threshold",
        f"{len(faults)} of {len(findings.vouchers.buckets)} buckets to investigate",
        faults,
        "buckets",
    )


def _confirmed(findings: Findings, keys: Sequence[str], rules: Sequence[RuleFile]) -> CheckResult:
    configuration = findings.session.configuration
    faults = [f"configuration {name}" for name in keys if configuration[name].status == "assumed"]
    faults += [f"rules/{rule.name}.yaml version {rule.version}" for rule in rules if rule.status == "assumed"]
    return _result(
        "assumptions_confirmed",
        "0 assumed",
        f"{len(faults)} assumed",
        faults,
    )
