"""Variances: actuals minus target values per company and component, what explains them, and what does not.

Here belongs the arithmetic of a line, its status, and the sums by country and for the group. What does not belong here:
where balances, rates, thresholds and bridges come from.

Variance = actuals - target; a bridge is signed like the variance; unexplained = variance - explained (DECISIONS B1, B2, B4).
LCY is added within one company only; countries and the group are in US dollars (DECISIONS B6).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, Literal

from soxauto_assets.reconciliation.balances import ACTUALS, Balances
from soxauto_assets.reconciliation.fx import Rate, Rates
from soxauto_assets.reconciliation.model import Bridge
from soxauto_assets.reconciliation.thresholds import Threshold, Thresholds

LineStatus = Literal["reconciled", "explained", "unexplained above threshold", "incomplete"]
# From best to worst: a close takes the status of its worst line (DECISIONS B6).
STATUSES: tuple[LineStatus, ...] = ("reconciled", "explained", "unexplained above threshold", "incomplete")
_NOTHING = Decimal(0)


@dataclass(frozen=True)
class ComponentAccounts:
    """What a component is to this module: its item id and its group accounts."""

    id: str
    accounts: tuple[str, ...]


@dataclass(frozen=True)
class Line:
    """One line of the reconciliation: a company and a component.

    Amounts are LCY; those in US dollars are None without a usable rate.

    Attributes:
        company: Company code.
        country: ISO country code; None where no source gives one.
        component: Item id.
        actual: Sum of the ledger's balances of the component's accounts; None when CR_04 is missing, never 0.
        target: Target value in NAV's sign; None when the component is missing.
        explained: Amount by bridge, signed like the variance; bridges that explain nothing here are left out.
        rate: The closing rate.
        threshold: The rule that decides.
        status: See :data:`STATUSES`.
        reasons: Why it is incomplete, in words; empty otherwise.
    """

    company: str
    country: str | None
    component: str
    actual: Decimal | None
    target: Decimal | None
    explained: Mapping[str, Decimal]
    rate: Rate
    threshold: Threshold
    status: LineStatus
    reasons: tuple[str, ...] = ()

    @property
    def variance(self) -> Decimal | None:
        """Actuals minus target value, LCY; None when one side is missing."""
        return None if self.actual is None or self.target is None else self.actual - self.target

    @property
    def total_explained(self) -> Decimal:
        """Sum of the bridges, LCY."""
        return sum(self.explained.values(), _NOTHING)

    @property
    def unexplained(self) -> Decimal | None:
        """Variance minus what the bridges explain, LCY."""
        return None if self.variance is None else self.variance - self.total_explained

    @property
    def over_explained(self) -> bool:
        """Whether the bridges leave more than there was: it counts as unexplained (DECISIONS B4)."""
        return self.variance is not None and abs(self.variance - self.total_explained) > abs(self.variance)

    @property
    def actual_usd(self) -> Decimal | None:
        """Actuals in US dollars; None without them or without a rate."""
        return None if self.actual is None else self.rate.usd(self.actual)

    @property
    def target_usd(self) -> Decimal | None:
        """Target value in US dollars; None without it or without a rate."""
        return None if self.target is None else self.rate.usd(self.target)

    @property
    def variance_usd(self) -> Decimal | None:
        """Converted actuals minus converted target value: each line is converted, then added (DECISIONS B5)."""
        return None if self.actual_usd is None or self.target_usd is None else self.actual_usd - self.target_usd

    @property
    def explained_usd(self) -> dict[str, Decimal]:
        """Each bridge in US dollars; empty without a rate."""
        converted = {name: self.rate.usd(amount) for name, amount in self.explained.items()}
        return {name: amount for name, amount in converted.items() if amount is not None}

    @property
    def unexplained_usd(self) -> Decimal | None:
        """Variance minus bridges, in US dollars."""
        variance = self.variance_usd
        return None if variance is None else variance - sum(self.explained_usd.values(), _NOTHING)

    def to_json(self) -> dict[str, Any]:
        """Return the line as plain values."""
        return {
            "company": self.company,
            "country": self.country,
            "component": self.component,
            "actual_lcy": self.actual,
            "target_lcy": self.target,
            "variance_lcy": self.variance,
            "explained_lcy": dict(self.explained),
            "unexplained_lcy": self.unexplained,
            "over_explained": self.over_explained,
            "rate": self.rate.to_json(),
            "actual_usd": self.actual_usd,
            "target_usd": self.target_usd,
            "variance_usd": self.variance_usd,
            "explained_usd": self.explained_usd,
            "unexplained_usd": self.unexplained_usd,
            "threshold": self.threshold.to_json(),
            "status": self.status,
            "reasons": list(self.reasons),
        }


@dataclass(frozen=True)
class Total:
    """Sums of lines in US dollars: of a country, or of the group.

    Amounts of opposite sign add up here and never net into a status: ``status`` is that of the worst line.

    Attributes:
        name: ISO country code, or ``group``.
        variance_usd: Sum of the variances of all lines with a rate.
        explained_usd: Sum of all bridges.
        unexplained_usd: Sum of what is unexplained.
        gross_unexplained_usd: Sum of the absolute unexplained amounts.
        lines: Number of lines.
        left_out: Lines without amounts in US dollars (no rate, one side missing), which are not in the sums.
        status: Status of the worst line.
        threshold: The country's materiality; None for the group.
        material: Whether the gross unexplained amount reaches it.
    """

    name: str
    variance_usd: Decimal
    explained_usd: Decimal
    unexplained_usd: Decimal
    gross_unexplained_usd: Decimal
    lines: int
    left_out: int
    status: LineStatus
    threshold: Threshold | None = None
    material: bool = False

    def to_json(self) -> dict[str, Any]:
        """Return the total as plain values."""
        return {
            "name": self.name,
            "variance_usd": self.variance_usd,
            "explained_usd": self.explained_usd,
            "unexplained_usd": self.unexplained_usd,
            "gross_unexplained_usd": self.gross_unexplained_usd,
            "lines": self.lines,
            "left_out": self.left_out,
            "status": self.status,
            "threshold": self.threshold.to_json() if self.threshold else None,
            "material": self.material,
        }


def compute_lines(
    components: Sequence[ComponentAccounts],
    balances: Balances,
    rates: Rates,
    thresholds: Thresholds,
    bridges: Sequence[Bridge],
    last_day: date,
) -> tuple[Line, ...]:
    """Compare actuals with target values, line by line.

    A line exists for every company and component for which one side counts something, or a bridge explains something.

    Args:
        components: The components of the formula, in order.
        balances: All balances.
        rates: The closing rates.
        thresholds: The threshold contracts.
        bridges: All bridges; those that explain nothing are passed over.
        last_day: Last day of the month: which contract is effective.
    """
    lines = []
    for component in components:
        companies = {b.company for b in balances.lines if b.kind == "component" and b.component == component.id}
        for company in companies:
            lines.append(_line(component, company, balances, rates, thresholds, bridges, last_day))
    order = [component.id for component in components]
    return tuple(sorted(lines, key=lambda line: (line.company, order.index(line.component))))


def _line(
    component: ComponentAccounts,
    company: str,
    balances: Balances,
    rates: Rates,
    thresholds: Thresholds,
    bridges: Sequence[Bridge],
    last_day: date,
) -> Line:
    rate = rates[company]
    country = rate.country or balances.countries.get(company)
    # A rule for one account decides a component that is that account; a component of several accounts is none of them.
    account = component.accounts[0] if len(component.accounts) == 1 else None
    threshold = thresholds.resolve("bucket", country, last_day, account)
    explained = {
        bridge.name: amount for bridge in bridges if (amount := _explained(bridge, company, component.id)) is not None
    }
    reasons = tuple(_incomplete(component.id, company, balances, rate, bridges))
    bare = Line(
        company,
        country,
        component.id,
        None if ACTUALS in balances.missing else balances.total(company, component.id, "actual"),
        None if component.id in balances.missing else balances.total(company, component.id, "target"),
        explained,
        rate,
        threshold,
        "incomplete",
        reasons,
    )
    return Line(**{**bare.__dict__, "status": _status(bare)})


def _explained(bridge: Bridge, company: str, component: str) -> Decimal | None:
    if not bridge.explains:
        return None
    amounts = [b.amount for b in bridge.lines if (b.company, b.component) == (company, component)]
    return sum(amounts, _NOTHING) if amounts else None


def _incomplete(
    component: str, company: str, balances: Balances, rate: Rate, bridges: Sequence[Bridge]
) -> Iterable[str]:
    """Yield what is missing for a line: a package, a rate, a bridge."""
    for name in (ACTUALS, component):
        if name in balances.missing:
            yield f"{name}: {balances.missing[name]}"
    if rate.fault:
        yield rate.fault
    for bridge in bridges:
        if bridge.explains and component in bridge.components:
            if bridge.missing:
                yield f"bridge {bridge.name}: {', '.join(bridge.missing)} missing"
            elif company in bridge.incomplete:
                yield f"bridge {bridge.name} is incomplete for the company"


def _status(line: Line) -> LineStatus:
    """Decide a line on unrounded US dollars; equal to the threshold is investigated (DECISIONS B5, B18)."""
    if line.reasons or line.variance is None or line.unexplained is None:
        return "incomplete"
    variance, unexplained = line.rate.unrounded(line.variance), line.rate.unrounded(line.unexplained)
    if variance is None or unexplained is None:
        return "incomplete"
    if line.threshold.reached(unexplained):
        return "unexplained above threshold"
    return "explained" if line.threshold.reached(variance) else "reconciled"


def worst(statuses: Iterable[LineStatus]) -> LineStatus:
    """Return the worst of some statuses; ``reconciled`` of none."""
    return max(statuses, key=STATUSES.index, default="reconciled")


def totals(lines: Sequence[Line], thresholds: Thresholds, last_day: date) -> tuple[Total, ...]:
    """Add lines up by country, and for the group; countries in order, the group last."""
    countries: dict[str, list[Line]] = {}
    for line in lines:
        countries.setdefault(line.country or "unknown", []).append(line)
    found = []
    for country, members in sorted(countries.items()):
        threshold = thresholds.resolve("country", country, last_day)
        total = _total(country, members)
        material = threshold.reached(total.gross_unexplained_usd)
        found.append(Total(**{**total.__dict__, "threshold": threshold, "material": material}))
    return (*found, _total("group", lines))


def _total(name: str, lines: Sequence[Line]) -> Total:
    unexplained = [line.unexplained_usd for line in lines if line.unexplained_usd is not None]
    return Total(
        name=name,
        variance_usd=sum((v for line in lines if (v := line.variance_usd) is not None), _NOTHING),
        explained_usd=sum(
            (amount for line in lines if line.variance_usd is not None for amount in line.explained_usd.values()),
            _NOTHING,
        ),
        unexplained_usd=sum(unexplained, _NOTHING),
        gross_unexplained_usd=sum((abs(amount) for amount in unexplained), _NOTHING),
        lines=len(lines),
        left_out=len(lines) - len(unexplained),
        status=worst(line.status for line in lines),
    )
