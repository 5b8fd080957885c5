"""What the reconciliation of a month must give, from the events and the planted differences, never from SQL.

Here belongs actuals, target values and what explains their difference, by company and component. What does not belong here:
the planted differences themselves (``demo.planted_reconciliation``).

Actuals and target values are added up from the events, apart from each other; what is timing, VTC and unexplained is read from
the planted differences, apart from both.
"""

from collections.abc import Callable
from typing import Any

from soxauto_assets.demo import arrays, partners, planted
from soxauto_assets.demo.companies import CODES, COMPANIES, MONTHS, Company
from soxauto_assets.demo.events import Events, planted_amounts
from soxauto_assets.demo.ledger import expected_balances
from soxauto_assets.demo.planted_reconciliation import COMPONENTS
from soxauto_assets.demo.planted_reconciliation import planted as planted_differences
from soxauto_assets.demo.receivables import GROUPS
from soxauto_assets.demo.voucher_life import VOUCHERS, liability
from soxauto_assets.period import Period

# What turns a target value into the ledger's sign (DECISIONS B1).
SIGNS = {"IPE_07": 1, "IPE_12": 1, "IPE_31": 1, "IPE_10": -1, "IPE_34": 1, "IPE_08": -1}


def in_scope(component: str, company: Company) -> bool:
    """Say whether a component's item is extracted for a company (domain 2.5, 3.5 to 3.13)."""
    rules: dict[str, Callable[[], bool]] = {
        "IPE_07": lambda: company.in_scope,
        "IPE_31": lambda: company.in_scope and company.country not in ("TN", "TZ", "ZA"),
        "IPE_34": lambda: company.code not in ("AT_TN", "EC_CM"),
        "IPE_08": lambda: company.active,
    }
    return rules[component]() if component in rules else True


def reconciliation_of(events: Events, period: Period) -> dict[str, Any]:
    """Return ``reconciliation``, ``out_of_scope`` and ``planted_reconciliation`` of a month.

    The target value of IPE_07 is that of a source that holds each entry once, also in the month whose source holds one twice.
    """
    ledger = expected_balances(events.postings, events.balances(), period)
    targets = _targets(events, period)
    lines: dict[str, dict[str, dict[str, str]]] = {}
    outside: dict[str, dict[str, str]] = {}
    for company in COMPANIES:
        for component, accounts in COMPONENTS.items():
            actual = sum(arrays.units(ledger[company.code].get(account, "0")) for account in accounts)
            if not in_scope(component, company):
                outside.setdefault(company.code, {})[component] = arrays.amount_text(actual)
                continue
            target = SIGNS[component] * targets[component][company.code]
            lines.setdefault(company.code, {})[component] = {
                "actual": arrays.amount_text(actual),
                "target": arrays.amount_text(target),
                "variance": arrays.amount_text(actual - target),
                "timing": _planted(period, company.code, component, "timing"),
                "vtc": _planted(period, company.code, component, "vtc"),
                "unexplained": _planted(period, company.code, component, "none"),
            }
    return {
        "reconciliation": lines,
        "out_of_scope": outside,
        "planted_reconciliation": [difference.to_json() for difference in planted_differences(period)],
    }


def _planted(period: Period, company: str, component: str, bridge: str) -> str:
    """Return the sum of what is planted for a bridge."""
    found = [
        arrays.units(difference.amount)
        for difference in planted_differences(period)
        if (difference.company, difference.component, difference.bridge) == (company, component, bridge)
    ]
    return arrays.amount_text(sum(found))


def _targets(events: Events, period: Period) -> dict[str, dict[str, int]]:
    """Return the amount of each component by company, in its own sign and units of 0.0001."""
    month = MONTHS.index(period)
    owed = partners.open_amounts()
    items = {name: events.items.amounts[name] + planted_amounts(name) for name in ("IPE_10", "IPE_12", "IPE_34")}
    return {
        "IPE_07": {code: _receivables(events, index, code, period) for index, code in enumerate(CODES)},
        "IPE_31": {code: int(owed[index, month]) for index, code in enumerate(CODES)},
        **{name: {c: int(amounts[i, month]) for i, c in enumerate(CODES)} for name, amounts in items.items()},
        "IPE_08": {
            code: events.vouchers.liability(code, period)
            + sum(liability(v, period) for v in VOUCHERS if v.company == code)
            for code in CODES
        },
    }


def _receivables(events: Events, company: int, code: str, period: Period) -> int:
    """Return the open entries of the component's accounts, each of them once."""
    month = MONTHS.index(period)
    groups = [position for position, (_, account, _) in enumerate(GROUPS.values()) if account in COMPONENTS["IPE_07"]]
    twice = sum(
        entry.remaining(period) * (entry.copies - 1)
        for entry in planted.ENTRIES
        if entry.company == code and entry.listed(period)
    )
    return int(events.postings.remaining[company, groups, month].sum()) - twice
