"""The reconciliation of a month as a whole: from sealed packages to lines, totals, findings and a status.

Here belongs the order in which the parts run and what the result holds. What does not belong here: any part's rule, and
sealing the result (``reconciliation.package``).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from soxauto_assets.catalog import all_items
from soxauto_assets.catalog.companies import Companies
from soxauto_assets.catalog.configuration import ConfigKey, Configuration
from soxauto_assets.catalog.model import Item
from soxauto_assets.checks.model import CheckResult
from soxauto_assets.evidence.store import EvidenceStore
from soxauto_assets.period import Period
from soxauto_assets.reconciliation.balances import Balances, compute_balances
from soxauto_assets.reconciliation.bridges import all_bridges
from soxauto_assets.reconciliation.buckets import VoucherPart, compare_vouchers
from soxauto_assets.reconciliation.findings import Findings, find
from soxauto_assets.reconciliation.fx import Rates, read_rates, usable_rates
from soxauto_assets.reconciliation.inputs import Inputs, Session, collect, open_session
from soxauto_assets.reconciliation.model import Bridge
from soxauto_assets.reconciliation.readings import VoucherReading, voucher_readings
from soxauto_assets.reconciliation.rules import FOLDER, RuleFile, load_rules
from soxauto_assets.reconciliation.thresholds import Thresholds
from soxauto_assets.reconciliation.variances import (
    ComponentAccounts,
    Line,
    LineStatus,
    Total,
    compute_lines,
    totals,
    worst,
)

RATES = "CR_05"


@dataclass(frozen=True)
class Reconciliation:
    """A month's reconciliation.

    Attributes:
        period: The month.
        environment: Environment of the inputs; ``unknown`` without any.
        inputs: The sealed packages it was made from, and what was missing.
        lines: A line per company and component, in that order.
        totals: Sums by country and for the group, in US dollars.
        beside: Lines beside the formula: components without a sign, as balances.
        balances: Every balance.
        rates: The closing rates.
        bridges: Every bridge.
        vouchers: Classification, pivots and review of the voucher account.
        readings: The readings of IPE_08 that are not the declared one.
        results: Check results of the reconciliation itself.
        rules: The rule files in force.
        configuration: The configuration keys that feed a figure.
    """

    period: Period
    environment: str
    inputs: Inputs
    lines: tuple[Line, ...]
    totals: tuple[Total, ...]
    balances: Balances
    rates: Rates
    bridges: tuple[Bridge, ...]
    vouchers: VoucherPart
    readings: tuple[VoucherReading, ...]
    results: tuple[CheckResult, ...]
    rules: tuple[RuleFile, ...]
    configuration: Mapping[str, ConfigKey]

    @property
    def status(self) -> LineStatus:
        """Status of the close: that of its worst line, and incomplete where a package is missing."""
        missing = [name for name in self.inputs.missing if name in REQUIRED]
        return "incomplete" if missing or not self.lines else worst(line.status for line in self.lines)

    @property
    def assumed(self) -> tuple[str, ...]:
        """What feeds a figure and nobody confirmed; not empty = the conclusion is provisional (DECISIONS, [A])."""
        keys = [name for name, key in self.configuration.items() if key.status == "assumed"]
        return (*sorted(keys), *(f"rules/{rule.name}" for rule in self.rules if rule.status == "assumed"))


def components() -> tuple[Item, ...]:
    """Return the items of the formula, in the order of the reference (domain 7.1)."""
    order = ("IPE_07", "IPE_12", "IPE_31", "IPE_10", "IPE_34", "IPE_08")
    found = {item.id: item for item in all_items() if item.component and item.component.in_formula}
    return tuple(found[name] for name in (*order, *sorted(found.keys() - set(order))) if name in found)


def lines_beside() -> tuple[Item, ...]:
    """Return the items that are a line beside the formula."""
    return tuple(item for item in all_items() if item.component and not item.component.in_formula)


BRIDGE_INPUTS = ("CR_03_MOV", "IPE_08_USAGE", "JDASH", "IPE_REC_ERRORS")
# Without one of these the close is incomplete; the others are shown (DECISIONS A3).
REQUIRED = ("CR_04", RATES, "IPE_07", "IPE_12", "IPE_31", "IPE_10", "IPE_34", "IPE_08", "CR_03_MOV", "JDASH")


def reads() -> tuple[Item, ...]:
    """Return every item that a reconciliation reads."""
    names = {"CR_04", RATES, *BRIDGE_INPUTS, *(item.id for item in (*components(), *lines_beside()))}
    return tuple(item for item in all_items() if item.id in names)


def configuration_keys() -> tuple[str, ...]:
    """Return the configuration keys that the reconciliation itself uses, in order."""
    names = {
        "non_marketing_uses",
        "refund_uses",
        "integration_users",
        "voucher_window_months",
        "voucher_snapshot_tolerance_days",
    }
    for item in (*components(), *lines_beside()):
        assert item.component is not None
        scope = item.component.scope
        names |= {item.component.accounts, scope.companies, scope.excluded, scope.excluded_countries} - {None}  # type: ignore[arg-type]
    return tuple(sorted(names))


@contextmanager
def reconcile(
    store: EvidenceStore,
    period: Period,
    configuration: Configuration,
    companies: Companies,
    thresholds: Callable[[], Thresholds] = lambda: Thresholds(load_rules("thresholds")),
) -> Iterator[tuple[Reconciliation, Session]]:
    """Reconcile a month from its current sealed packages.

    Args:
        store: The evidence store.
        period: The month.
        configuration: Configuration parameters in force.
        companies: Known companies with their currencies.
        thresholds: Gives the threshold contracts.

    Yields:
        The reconciliation, and the session that still holds its kept tables.

    Raises:
        StorageError: The store cannot be read.
        CatalogError: A rule file or the configuration contradicts itself.
    """
    inputs = collect(store, period, reads())
    last_month = last_rates(store, period, configuration)
    with open_session(inputs, configuration) as session:
        yield compute(session, companies, thresholds(), last_month), session


def compute(
    session: Session, companies: Companies, thresholds: Thresholds, last_month: Mapping[str, Decimal] | None = None
) -> Reconciliation:
    """Reconcile the inputs of a session; every table it keeps is part of the result.

    Args:
        session: The inputs of the month.
        companies: Known companies with their currencies.
        thresholds: The threshold contracts.
        last_month: Usable rates of the month before, by company.
    """
    last_day = session.period.last_day
    balances = compute_balances(session, (*components(), *lines_beside()), companies.currencies)
    rates = read_rates(session, companies.currencies, last_month or {})
    # Before the bridges: one of them matches vouchers with the entries that are classified here.
    vouchers = compare_vouchers(session, rates, balances.countries, thresholds)
    bridges = all_bridges(session)
    wanted = [ComponentAccounts(item.id, session.setting(_accounts(item))) for item in components()]
    lines = compute_lines(wanted, balances, rates, thresholds, bridges, last_day)
    findings = Findings(
        session, companies, lines, balances, rates, bridges, vouchers, totals(lines, thresholds, last_day)
    )
    keep_tables(session, lines, balances)
    return Reconciliation(
        period=session.period,
        environment=_environment(session.inputs),
        inputs=session.inputs,
        lines=lines,
        totals=findings.totals,
        balances=balances,
        rates=rates,
        bridges=bridges,
        vouchers=vouchers,
        readings=voucher_readings(session, lines),
        results=find(findings, REQUIRED, configuration_keys(), rule_files()),
        rules=rule_files(),
        configuration=session.configuration.select(configuration_keys()),
    )


def rule_files() -> tuple[RuleFile, ...]:
    """Return every rule file in force, in order of name."""
    return tuple(load_rules(path.stem) for path in sorted(FOLDER.glob("*.yaml")))


def keep_tables(session: Session, lines: Sequence[Line], balances: Balances) -> None:
    """Keep the balances, so that a line can be followed to its accounts."""
    session.connection.execute(
        "CREATE OR REPLACE TEMP TABLE given_balances (company VARCHAR, component VARCHAR, account VARCHAR, side VARCHAR, "
        "kind VARCHAR, name VARCHAR, amount DECIMAL(38,4), row_count BIGINT)"
    )
    rows: list[list[Any]] = [
        [b.company, b.component, b.account, b.side, b.kind, b.name, b.amount, b.rows] for b in balances.lines
    ]
    if rows:
        session.connection.executemany("INSERT INTO given_balances VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
    session.keep("balances", "SELECT * FROM given_balances")


def _accounts(item: Item) -> str:
    assert item.component is not None
    return item.component.accounts


def _environment(inputs: Inputs) -> str:
    names = sorted({sealed.environment for sealed in inputs.sealed.values()})
    return names[0] if len(names) == 1 else " and ".join(names) or "unknown"


def last_rates(store: EvidenceStore, period: Period, configuration: Configuration) -> dict[str, Decimal]:
    """Return last month's usable rates; none where CR_05 of that month is not there."""
    before = collect(store, period.previous(), tuple(item for item in all_items() if item.id == RATES))
    with open_session(before, configuration) as session:
        return usable_rates(session)
