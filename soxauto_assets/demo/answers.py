"""The answers: what a correct close of each month must give, worked out from the events and never from SQL.

Here belongs the answer file's content. What does not belong here: the planted cases themselves (``demo.planted``).
"""

from typing import Any

from soxauto_assets.demo import arrays
from soxauto_assets.demo.companies import COMPANIES, MONTHS
from soxauto_assets.demo.fx import expected_rate
from soxauto_assets.demo.ledger import expected_balances
from soxauto_assets.demo.orders import OrderTotals
from soxauto_assets.demo.planted import DIFFERENCES, ENTRIES, LATE, MISSING_RATE, ORDERS, STALE_BALANCES
from soxauto_assets.demo.receivables import GROUPS, Postings
from soxauto_assets.period import Period


def answers_of(postings: Postings, orders: OrderTotals) -> dict[str, Any]:
    """Return the answers of every month, and the faults that are planted in named months.

    Returns:
        ``periods`` by period key and item; ``faults`` by name; ``late_row`` with what it changes. Amounts are text.
    """
    return {
        "periods": {
            period.key: {
                "IPE_07": _receivables(postings, period),
                "IPE_09": _orders(orders, period),
                "CR_04": expected_balances(postings, period),
                "CR_05": _rates(period),
                "differences": _differences(period),
                "verdicts": _verdicts(period),
            }
            for period in MONTHS
        },
        "faults": {
            "missing_rate": {
                "period": MISSING_RATE[1],
                "item": "CR_05",
                "company": MISSING_RATE[0],
                "check": "rate_present",
            },
            "loaded_twice": {"period": "2025-06", "item": "IPE_07", "company": "HF_SN", "check": "key_unique"},
            "stale_source": {
                "period": STALE_BALANCES[1],
                "item": "CR_04",
                "company": STALE_BALANCES[0],
                "check": "freshness",
            },
        },
        "late_row": {
            "period": "2025-08",
            "folder": "_late/2025-08",
            "id_company": LATE.company,
            "entry_no": LATE.entry_no,
            "amount": arrays.amount_text(LATE.remaining(Period(2025, 8))),
            "why": LATE.why,
            "differences_after": _differences(Period(2025, 8), late_row_arrived=True),
        },
    }


def _receivables(postings: Postings, period: Period) -> dict[str, Any]:
    month = MONTHS.index(period)
    totals: dict[str, dict[str, list[int]]] = {}
    for index, company in enumerate(COMPANIES):
        for group, (_, account, _) in enumerate(GROUPS.values()):
            rows = int(postings.rows[index, group, month])
            if company.in_scope and rows:
                figures = totals.setdefault(company.code, {}).setdefault(account, [0, 0])
                figures[0] += rows
                figures[1] += int(postings.remaining[index, group, month])
    known = [entry for entry in ENTRIES if entry.posted <= period.next().last_day]
    return {
        "totals": {
            company: {account: {"rows": r, "amount": arrays.amount_text(a)} for account, (r, a) in accounts.items()}
            for company, accounts in totals.items()
        },
        "present": [
            {
                "case": entry.case,
                "id_company": entry.company,
                "entry_no": entry.entry_no,
                "amount": arrays.amount_text(entry.remaining(period)),
                "customer_has_balance": entry.customer_has_balance,
                "why": entry.why,
            }
            for entry in known
            if entry.listed(period)
        ],
        "absent": [
            {"case": entry.case, "id_company": entry.company, "entry_no": entry.entry_no, "why": entry.why}
            for entry in known
            if not entry.listed(period)
        ],
        "dropped": _dropped(period),
    }


def _dropped(period: Period) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for entry in ENTRIES:
        if entry.fate.startswith("posting group") and entry.posted <= period.last_day:
            total = found.setdefault(entry.fate, {"rows": 0, "units": 0})
            total["rows"] += 1
            total["units"] += entry.remaining(period)
    return {
        reason: {"rows": total["rows"], "amount": arrays.amount_text(total["units"])} for reason, total in found.items()
    }


def _orders(orders: OrderTotals, period: Period) -> dict[str, Any]:
    last = f"{period.key}-99"
    return {
        "totals": orders.up_to(period),
        "present": [{"case": o.case, "order_id": o.order_id, "amount": o.amount} for o in ORDERS if o.placed <= last],
        "absent": [{"case": o.case, "order_id": o.order_id, "why": "placed later"} for o in ORDERS if o.placed > last],
    }


def _rates(period: Period) -> dict[str, str | None]:
    rates = {company.code: expected_rate(company, period) for company in COMPANIES}
    return {code: None if rate is None else format(rate, "f") for code, rate in rates.items()}


def _differences(period: Period, late_row_arrived: bool = False) -> list[dict[str, str]]:
    return [
        {"company": d.company, "account": d.account, "amount": arrays.amount_text(arrays.units(d.amount)), "why": d.why}
        for d in DIFFERENCES
        if d.first <= period.key <= d.last and not (late_row_arrived and d.until_late_row)
    ]


def _verdicts(period: Period) -> dict[str, str]:
    failed = {"IPE_07": "2025-06", "CR_04": STALE_BALANCES[1]}
    return {
        item: "failed" if failed.get(item) == period.key else "passed"
        for item in ("CR_04", "CR_05", "IPE_07", "IPE_09")
    }
