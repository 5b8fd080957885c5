"""General ledger balances of the demo: the ledger's view of the same events, plus the planted differences.

Here belongs ``bs_balances_view``. What does not belong here: the events (``demo.receivables``).
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

import numpy as np
import pyarrow as pa

from soxauto_assets.demo import arrays
from soxauto_assets.demo.arrays import Integers
from soxauto_assets.demo.companies import CODES, COMPANIES, COUNTRY_NAMES, MONTHS, Company
from soxauto_assets.demo.planted import DIFFERENCES, STALE_BALANCES
from soxauto_assets.demo.receivables import BUSLINES, GROUPS, Postings
from soxauto_assets.period import Period
from soxauto_assets.sources.contracts import contract

# Accounts without a sub-ledger in the lake: name, sign and number, which makes the size. Those of a component cancel within
# it; 18304 is in no total; the last two are in no component and must not be extracted.
OTHER_ACCOUNTS = {
    "13001": ("Collection partners", 1, 1),
    "13002": ("Collection partners, other", -1, 1),
    "13012": ("Collection in transit, other", 1, 3),
    "10590": ("Payment service providers", -1, 3),
    "13024": ("Packages not reconciled, other", 1, 6),
    "18304": ("Accrued marketplace revenue", -1, 7),
    "15010": ("Inventory", 1, 8),
    "18650": ("Other prepayments", -1, 9),
}
OUTSIDE = ("15010", "18650")
# Accounts whose balance is added up from the events of their sub-ledger.
EVENT_ACCOUNTS = {
    "13005": "Packages delivered not reconciled",
    "13011": "Collection in transit",
    "18317": "Marketplace refund liability",
    "18350": "Customer prepayments",
    "18412": "Voucher liability",
}
_EXTRACTED_GROUPS = ("13003", "13004", "13009")


def other_amounts(account: str) -> Integers:
    """Return the balances of one of the other accounts, by company and month in units of 0.0001."""
    _, sign, number = OTHER_ACCOUNTS[account]
    company = np.arange(1, len(CODES) + 1, dtype=np.int64)[:, None]
    month = np.arange(len(MONTHS), dtype=np.int64)[None, :]
    return sign * (company * 1_000_000 + number * 10_000 + month * 123) * arrays.UNIT // 100


def balance_rows(postings: Postings, balances: Mapping[str, Integers]) -> Iterator[dict[str, Any]]:
    """Yield the balances of every company and month end, split by local account, business line and currency.

    Args:
        postings: What the receivables posted.
        balances: Balance by account of ``EVENT_ACCOUNTS``, company and month, in units of 0.0001.
    """
    cumulated = postings.amounts.cumsum(axis=3)
    for month, period in enumerate(MONTHS):
        for index, company in enumerate(COMPANIES):
            for group, (local, account, name) in enumerate(GROUPS.values()):
                for line, busline in enumerate(BUSLINES):
                    amount = int(cumulated[index, group, line, month])
                    if amount:
                        yield from _receivable(company, period, local, account, name, busline, amount)
            for account, amounts in balances.items():
                yield _row(company, period, account, EVENT_ACCOUNTS[account], f"{account}0", int(amounts[index, month]))
            yield from _differences(company, period)
            yield from _others(company, period, month, index)


def balances_table(postings: Postings, balances: Mapping[str, Integers]) -> pa.Table:
    """Return ``bs_balances_view``."""
    return arrays.records(contract("bs_balances_view"), list(balance_rows(postings, balances)))


def expected_balances(
    postings: Postings, balances: Mapping[str, Integers], period: Period
) -> dict[str, dict[str, str]]:
    """Return the ledger's balance by company and account, added up from the events."""
    totals: dict[str, dict[str, int]] = {}
    month = MONTHS.index(period)
    for index, code in enumerate(CODES):
        for group, (_, account, _) in enumerate(GROUPS.values()):
            if account in _EXTRACTED_GROUPS:
                amount = int(postings.amounts[index, group, :, : month + 1].sum())
                accounts = totals.setdefault(code, {})
                accounts[account] = accounts.get(account, 0) + amount
        for account, amounts in balances.items():
            totals[code][account] = int(amounts[index, month])
        for account in OTHER_ACCOUNTS:
            if account not in OUTSIDE:
                totals[code][account] = int(other_amounts(account)[index, month])
    for difference in DIFFERENCES:
        if difference.first <= period.key <= difference.last:
            totals[difference.company][difference.account] += arrays.units(difference.amount)
    return {code: {a: arrays.amount_text(v) for a, v in accounts.items()} for code, accounts in totals.items()}


def _receivable(
    company: Company, period: Period, local: str, account: str, name: str, busline: str, amount: int
) -> Iterator[dict[str, Any]]:
    """Yield a receivable balance; Nigeria's export balance has a part in dollars, shown in local currency."""
    foreign = amount // 10 if (company.code, account) == ("EC_NG", "13004") else 0
    yield _row(company, period, account, name, local, amount - foreign, busline=busline)
    if foreign:
        yield _row(company, period, account, name, local, foreign, busline=busline, currency="USD")


def _differences(company: Company, period: Period) -> Iterator[dict[str, Any]]:
    """Yield the planted differences that a balance holds, each as a posting of its own business line."""
    for number, difference in enumerate(DIFFERENCES):
        if difference.company == company.code and difference.first <= period.key <= difference.last:
            yield _row(
                company, period, difference.account, "Manual posting", f"{difference.account[:4]}99",
                arrays.units(difference.amount), busline=f"MAN{number}",
            )  # fmt: skip


def _others(company: Company, period: Period, month: int, index: int) -> Iterator[dict[str, Any]]:
    for account, (name, _, _) in OTHER_ACCOUNTS.items():
        yield _row(company, period, account, name, f"{account}0", int(other_amounts(account)[index, month]))


def _row(
    company: Company,
    period: Period,
    account: str,
    name: str,
    local: str,
    amount: int,
    busline: str | None = None,
    currency: str | None = None,
) -> dict[str, Any]:
    country = COUNTRY_NAMES[company.country]
    return {
        "id_company": company.code,
        "company_name": company.name,
        "country_code": company.country,
        "country_name": country,
        "closing_date": period.last_day,
        "refresh_date": _refreshed(company, period),
        "group_coa_account_no": account,
        "group_coa_account_name": name,
        "real_coa": local,
        "currency": currency or company.currency,
        "fx_rate": Decimal(1),
        "balance_at_date": Decimal(arrays.amount_text(amount)),
        "busline_code": busline,
        "reporting_country_code": company.country,
        "reporting_country_name": country,
        "is_recharge": 0,
        "is_retained_earnings": 0,
        "conso_account_no": account,
        "conso_account_name": name,
        "ifrs_level_1_name": "Assets" if account.startswith("1") and not account.startswith("18") else "Liabilities",
        "is_interco": 0,
    }


def _refreshed(company: Company, period: Period) -> datetime:
    """Return when a balance was refreshed: five days after the month, or before its end where that is planted."""
    if (company.code, period.key) == STALE_BALANCES:
        return period.period_end - timedelta(hours=6)
    return period.period_end + timedelta(days=5, hours=6)
