"""The answers: what a correct close of each month must give, worked out from the events and never from SQL.

Here belongs the answer file's content. What does not belong here: the planted cases themselves (``demo.planted``).
"""

from typing import Any

import numpy as np

from soxauto_assets.demo import (
    arrays,
    jdash,
    partners,
    planted_entries,
    planted_items,
    planted_partners,
    rec_errors,
    voucher_life,
)
from soxauto_assets.demo.companies import CODES, COMPANIES, MONTHS
from soxauto_assets.demo.events import Events, planted_amounts
from soxauto_assets.demo.fx import expected_rate
from soxauto_assets.demo.ledger import expected_balances
from soxauto_assets.demo.order_items import EXTRACTS, ItemTotals
from soxauto_assets.demo.orders import OrderTotals
from soxauto_assets.demo.planted import DIFFERENCES, ENTRIES, LATE, MISSING_RATE, ORDERS, STALE_BALANCES
from soxauto_assets.demo.receivables import GROUPS, Postings
from soxauto_assets.demo.reconciliation_answers import reconciliation_of
from soxauto_assets.demo.vouchers import VoucherBook
from soxauto_assets.period import Period


def answers_of(events: Events) -> dict[str, Any]:
    """Return the answers of every month, and the faults that are planted in named months.

    Returns:
        ``periods`` by period key and item; ``faults`` by name; ``late_row`` with what it changes. Amounts are text.
    """
    balances = events.balances()
    return {
        "periods": {
            period.key: {
                "IPE_07": _receivables(events.postings, period),
                "IPE_09": _orders(events.orders, period),
                "CR_04": expected_balances(events.postings, balances, period),
                "CR_05": _rates(period),
                **{name: _order_items(events.items, name, period) for name in EXTRACTS},
                "IPE_08": _vouchers(events.vouchers, period),
                "differences": _differences(period),
                **reconciliation_of(events, period),
                "verdicts": _verdicts(period),
            }
            for period in MONTHS
        },
        "planted_2025_09": _planted_september(),
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


def _order_items(totals: ItemTotals, name: str, period: Period) -> dict[str, Any]:
    """Return an extract's rows and amount by company, and its planted items."""
    month = MONTHS.index(period)
    amounts = totals.amounts[name] + planted_amounts(name)
    planted = [item for item in planted_items.ITEMS if period.key in item.listed.get(name, ())]
    rows = {
        code: int(totals.rows[name][index, month]) + sum(item.company == code for item in planted)
        for index, code in enumerate(CODES)
    }
    return {
        "totals": {
            code: {"rows": rows[code], "amount": arrays.amount_text(int(amounts[index, month]))}
            for index, code in enumerate(CODES)
            if rows[code]
        },
        "present": [{"case": i.case, "id": f"P-{i.case}", "amount": i.amounts[name]} for i in planted],
        "absent": [{"case": i.case, "id": f"P-{i.case}"} for i in planted_items.ITEMS if i not in planted],
    }


def _vouchers(book: VoucherBook, period: Period) -> dict[str, Any]:
    """Return issued vouchers and what remains of them by ordinary active company; planted vouchers are apart."""
    end = arrays.month_milliseconds(period.period_end)
    totals = {}
    for company in COMPANIES:
        own = book.books[company.code]
        issued = own.created < end
        used = np.where((own.used_at > 0) & (own.used_at < end), own.used, 0)
        if company.active and issued.any():
            remaining = int((own.amount - used)[issued].sum())
            totals[company.code] = {"rows": int(issued.sum()), "amount": arrays.amount_text(remaining)}
    return {"totals": totals}


def _planted_september() -> dict[str, Any]:
    """Return the planted rows of the extracts whose answers are written for 2025-09."""
    vouchers = voucher_life.VOUCHERS
    return {
        "IPE_08": {
            "present": [
                {"id_company": v.company, "id": v.id, **v.expected} for v in vouchers if v.expected is not None
            ],
            "absent": [{"id_company": v.company, "id": v.id} for v in vouchers if v.expected is None],
        },
        "IPE_31": {"present": planted_partners.present("2025-09"), "absent": list(planted_partners.ABSENT)},
        "IPE_11": {"present": partners.IPE_11_PRESENT, "absent": list(partners.IPE_11_ABSENT)},
        "CR_05a": {code: list(rate) for code, rate in rec_errors.SPOT_RATES.items()},
        "CR_03": {
            key: [[e.company, e.entry_no] for e in planted_entries.ENTRIES if key in e.listed]
            for key in ("2025-08", "2025-09", "2025-10")
        },
        "IPE_REC_ERRORS": {"rows": 16},
        "JDASH": {
            "present": {voucher: list(expected) for voucher, expected in jdash.EXPECTED.items()},
            "after_period": jdash.AFTER_PERIOD,
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
        "population": _population(postings, period),
    }


def _population(postings: Postings, period: Period) -> dict[str, dict[str, Any]]:
    """Return every open entry of the detailed ledger by what becomes of it: listed, or the reason why it is left out."""
    month = MONTHS.index(period)
    found: dict[str, list[int]] = {}
    for index, company in enumerate(COMPANIES):
        cell = found.setdefault("listed" if company.in_scope else "company outside the consolidation scope", [0, 0])
        cell[0] += int(postings.rows[index, :, month].sum())
        cell[1] += int(postings.remaining[index, :, month].sum())
    for entry in ENTRIES:
        if entry.fate.startswith("posting group") and entry.posted <= period.last_day:
            cell = found.setdefault(entry.fate, [0, 0])
            cell[0] += 1
            cell[1] += entry.remaining(period)
    return {reason: {"rows": rows, "amount": arrays.amount_text(units)} for reason, (rows, units) in found.items()}


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
        {
            "case": d.case,
            "company": d.company,
            "account": d.account,
            "amount": arrays.amount_text(arrays.units(d.amount)),
            "why": d.why,
        }
        for d in DIFFERENCES
        if d.first <= period.key <= d.last and not (late_row_arrived and d.until_late_row)
    ]


def _verdicts(period: Period) -> dict[str, str]:
    failed = {"IPE_07": "2025-06", "CR_04": STALE_BALANCES[1]}
    return {
        item: "failed" if failed.get(item) == period.key else "passed"
        for item in ("CR_04", "CR_05", "IPE_07", "IPE_09")
    }
