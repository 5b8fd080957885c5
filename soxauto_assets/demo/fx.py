"""Exchange rates of the demo: closing rates per country and month, with rows that a query must not take."""

from decimal import Decimal

import pyarrow as pa

from soxauto_assets.demo.arrays import records
from soxauto_assets.demo.companies import COMPANIES, COUNTRY_NAMES, MONTHS, Company
from soxauto_assets.demo.planted import MISSING_RATE
from soxauto_assets.period import Period
from soxauto_assets.sources.contracts import contract

_STEP = Decimal("0.00000001")
_REFERENCE = Period(2025, 9)
# A country that the source writes in two ways, each with a rate; CR_05 excludes exactly this text (domain 3.3).
_EXCLUDED = {"AE": "United arab emirates (the)"}
_EXCLUDED_RATE = Decimal("3.5")


def closing_rate(company: Company, period: Period) -> Decimal | None:
    """Return a company's closing rate in the source: 0.2 % lower for each month before 2025-09; None where it is missing.

    Companies of one currency have one rate, because it depends on currency and month alone.
    """
    if company.rate is None or (company.code, period.key) == MISSING_RATE:
        return None
    months = (period.year - _REFERENCE.year) * 12 + period.month - _REFERENCE.month
    return (Decimal(company.rate) * (1 + Decimal(months) / 500)).quantize(_STEP)


def expected_rate(company: Company, period: Period) -> Decimal | None:
    """Return the rate that CR_05 must give a company."""
    if company.country == "US" or (company.country == "DE" and company.code.endswith("_USD")):
        return Decimal(1).quantize(_STEP)
    return closing_rate(company, period)


def rates_table() -> pa.Table:
    """Return ``rpt_fx_rates``: closing rates to the dollar, and average and euro rates beside them."""
    rows = []
    for period in MONTHS:
        for company in COMPANIES:
            rate = closing_rate(company, period)
            if rate is None:
                continue
            common = {
                "year": period.year,
                "cod_month": period.month,
                "country_code": company.country,
                "country": COUNTRY_NAMES[company.country],
            }
            if company.country in _EXCLUDED:
                excluded = {"country": _EXCLUDED[company.country], "fx_rate": _EXCLUDED_RATE}
                rows.append({**common, "rate_type": "Closing", "base_currency": "USD", **excluded})
            rows.append({**common, "rate_type": "Closing", "base_currency": "USD", "fx_rate": rate})
            rows.append({**common, "rate_type": "Average", "base_currency": "USD", "fx_rate": rate + 1})
            rows.append({**common, "rate_type": "Closing", "base_currency": "EUR", "fx_rate": rate + 2})
    return records(contract("rpt_fx_rates"), rows)
