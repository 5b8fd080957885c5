"""Balances: actuals of the ledger and target values of each component, by company and group account.

Here belongs what is added up, for which companies and accounts. What does not belong here: the comparison
(``reconciliation.variances``), conversion (``reconciliation.fx``).

Actuals are ``balance_at_date`` of CR_04, NAV's signs, debit positive (DECISIONS B1, B9). A target value is a component's
amount expression over its rows, times its sign. Accounts are group accounts everywhere.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from soxauto_assets.catalog.model import Component, Item, Reading, Scope
from soxauto_assets.reconciliation.inputs import Session, decimal_sum

ACTUALS = "CR_04"
# The item that carries the company dimension: country and consolidation scope.
COMPANIES = "CR_05"
_ACCOUNT = "rtrim({}, ' ')"
_PARAMETER = re.compile(r"\$([A-Za-z_][A-Za-z0-9_]*)")
Side = Literal["actual", "target"]
Kind = Literal["component", "out_of_scope", "outside_accounts", "reading"]


@dataclass(frozen=True)
class Balance:
    """One balance.

    Attributes:
        company: Company code.
        component: Item id of the component.
        account: Group account; None where rows belong to all accounts of the component together.
        side: ``actual`` or ``target``.
        kind: ``component`` counts. ``out_of_scope`` (a company the item is not extracted for), ``outside_accounts`` (rows
            that resolve to another account) and ``reading`` are lines that are shown and never counted.
        name: What a line that does not count is, in words; empty for ``component``.
        amount: LCY in NAV's sign; for a component without a sign as the rows give it.
        rows: How many rows it is the sum of.
    """

    company: str
    component: str
    account: str | None
    side: Side
    kind: Kind
    name: str
    amount: Decimal
    rows: int

    def to_json(self) -> dict[str, Any]:
        """Return the balance as plain values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True)
class Balances:
    """All balances of a month.

    Attributes:
        lines: In order of company, component, side, kind, account, name.
        missing: Why a component has no balance, by item id; and ``CR_04``.
        countries: ISO country code by company, as the ledger's balances give it.
        currencies: Rows of the actuals in another currency than the company's: company, currency, amount, rows.
    """

    lines: tuple[Balance, ...]
    missing: Mapping[str, str]
    countries: Mapping[str, str]
    currencies: tuple[tuple[str, str, Decimal, int], ...] = ()

    def total(self, company: str, component: str, side: Side) -> Decimal:
        """Return what counts of a company and component; 0 where complete extracts hold nothing (DECISIONS B10)."""
        return sum((line.amount for line in self.counted(company, component, side)), Decimal(0))

    def counted(self, company: str, component: str, side: Side) -> list[Balance]:
        """Return the lines that count of a company, component and side."""
        return [
            line
            for line in self.lines
            if line.kind == "component" and (line.company, line.component, line.side) == (company, component, side)
        ]


def compute_balances(session: Session, components: Iterable[Item], currencies: Mapping[str, str | None]) -> Balances:
    """Add up actuals and target values.

    Args:
        session: The inputs of the month.
        components: Items with a component.
        currencies: Currency by company code, where it is known.
    """
    lines: list[Balance] = []
    countries = _countries(session)
    wanted = [item for item in components if item.component is not None]
    for item in wanted:
        component = item.component
        assert component is not None
        accounts = session.setting(component.accounts)
        scope = _in_scope(session, component.scope, countries)
        if session.has(ACTUALS):
            lines += _actuals(session, item.id, accounts, scope)
        if session.has(item.id):
            lines += _targets(session, item.id, component, accounts)
            lines += [line for reading in component.readings for line in _reading(session, item.id, component, reading)]
    missing = {name: session.inputs.missing.get(name, "it is no input") for name in session.without(ACTUALS)}
    for item in wanted:
        if not session.has(item.id):
            missing[item.id] = session.inputs.missing.get(item.id, "it is no input")
    ordered = sorted(lines, key=lambda b: (b.company, b.component, b.side, b.kind, b.account or "", b.name))
    return Balances(tuple(ordered), missing, countries, _other_currencies(session, currencies))


def amount_sql(item: str, component: Component, where: str | None = None, amount: str | None = None) -> str:
    """Return the SQL of a target value by company and account, with the number of rows.

    Args:
        item: Item id, a view of the session.
        component: Its component.
        where: Predicate in place of the component's.
        amount: Expression in place of the component's.
    """
    account = _ACCOUNT.format(component.account) if component.account else "CAST(NULL AS VARCHAR)"
    return (
        f"SELECT company, {account} AS account, {decimal_sum(amount or component.amount)} AS amount, count(*) AS row_count "
        f"FROM {item.lower()} WHERE {where or component.where} GROUP BY ALL ORDER BY ALL"
    )


def parameters_of(session: Session, sql: str) -> dict[str, Any]:
    """Return the values of the parameters that a text names: those of the period, or configuration lists."""
    period = session.period.parameters()
    return {
        name: period[name] if name in period else list(session.setting(name)) for name in set(_PARAMETER.findall(sql))
    }


def _actuals(session: Session, component: str, accounts: tuple[str, ...], scope: "_Companies") -> list[Balance]:
    sql = (
        f"SELECT company, {_ACCOUNT.format('group_coa_account_no')} AS account, {decimal_sum('balance_at_date')}, count(*) "
        f"FROM {ACTUALS.lower()} WHERE list_contains($accounts, {_ACCOUNT.format('group_coa_account_no')}) "
        "GROUP BY ALL ORDER BY ALL"
    )
    return [
        Balance(company, component, account, "actual", "component", "", amount, rows)
        if scope.holds(company)
        else Balance(company, component, account, "actual", "out_of_scope", scope.reason, amount, rows)
        for company, account, amount, rows in session.rows(sql, {"accounts": list(accounts)})
    ]


def _targets(session: Session, item: str, component: Component, accounts: tuple[str, ...]) -> list[Balance]:
    sql = amount_sql(item, component)
    sign = component.sign or 1
    found = []
    for company, account, amount, rows in session.rows(sql, parameters_of(session, sql)):
        if component.account and account not in accounts:
            name = f"rows that post to {account or 'no account'}, outside the component"
            found.append(Balance(company, item, account, "target", "outside_accounts", name, sign * amount, rows))
        else:
            found.append(Balance(company, item, account, "target", "component", "", sign * amount, rows))
    return found


def _reading(session: Session, item: str, component: Component, reading: Reading) -> list[Balance]:
    sql = amount_sql(item, component, reading.where, reading.amount)
    sums: dict[str, tuple[Decimal, int]] = {}
    for company, _, amount, rows in session.rows(sql, parameters_of(session, sql)):
        before, count = sums.get(company, (Decimal(0), 0))
        sums[company] = before + amount, count + rows
    sign = component.sign or 1
    return [
        Balance(company, item, None, "target", "reading", reading.name, sign * amount, rows)
        for company, (amount, rows) in sums.items()
    ]


@dataclass(frozen=True)
class _Companies:
    """Which companies an item is extracted for."""

    included: frozenset[str] | None
    excluded: frozenset[str]
    reason: str

    def holds(self, company: str) -> bool:
        return company not in self.excluded and (self.included is None or company in self.included)


def _in_scope(session: Session, scope: Scope, countries: Mapping[str, str]) -> _Companies:
    def codes(name: str | None) -> frozenset[str]:
        return frozenset(value.upper().rstrip(" ") for value in session.setting(name)) if name else frozenset()

    left_out = codes(scope.excluded_countries)
    excluded = codes(scope.excluded) | {company for company, country in countries.items() if country in left_out}
    named = [name for name in (scope.companies, scope.excluded, scope.excluded_countries) if name]
    if scope.consolidated:
        excluded |= _not_consolidated(session)
        named.append("consolidation scope")
    return _Companies(
        codes(scope.companies) if scope.companies else None,
        excluded,
        f"not in the scope of the item ({', '.join(named)})",
    )


def _not_consolidated(session: Session) -> set[str]:
    """Return the companies that CR_05's company dimension has outside the consolidation scope."""
    if not session.has(COMPANIES):
        return set()
    sql = f"SELECT company FROM {COMPANIES.lower()} WHERE flg_in_conso_scope IS DISTINCT FROM 1"
    return {company for (company,) in session.rows(sql)}


def _countries(session: Session) -> dict[str, str]:
    """Return the country of each company: from CR_05's company dimension, and where it has none from CR_04."""
    found: dict[str, str] = {}
    for item, column in ((ACTUALS, "country_code"), (COMPANIES, "company_country")):
        if session.has(item):
            sql = f"SELECT company, max(upper(trim({column}))) FROM {item.lower()} GROUP BY company ORDER BY company"
            found |= {company: country for company, country in session.rows(sql) if country}
    return found


def _other_currencies(
    session: Session, currencies: Mapping[str, str | None]
) -> tuple[tuple[str, str, Decimal, int], ...]:
    """Return the actuals that carry another currency than their company's (DECISIONS B9)."""
    if not session.has(ACTUALS):
        return ()
    sql = (
        f"SELECT company, upper(trim(currency)), {decimal_sum('balance_at_date')}, count(*) FROM {ACTUALS.lower()} "
        "GROUP BY ALL ORDER BY ALL"
    )
    return tuple(
        (company, currency or "none", amount, rows)
        for company, currency, amount, rows in session.rows(sql)
        if currencies.get(company) and currency != currencies[company]
    )
