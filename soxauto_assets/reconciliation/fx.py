"""Closing rates and the conversion of local currency into US dollars.

Here belongs what makes a rate usable, and the one place where money is divided. What does not belong here: which amounts
are converted.

USD = LCY / rate of CR_05 for the company and the month (domain 7.3). A rate is never assumed: without a usable one the
company has amounts in LCY only and is incomplete (DECISIONS B5).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal
from typing import Any

from soxauto_assets.reconciliation.inputs import SealedInput, Session

_PRECISE = Context(prec=50, rounding=ROUND_HALF_UP)
_USD = Decimal("0.000001")
# A rate outside this range of last month's is an error (DECISIONS B5).
_LOWEST, _HIGHEST = Decimal("0.5"), Decimal(2)


@dataclass(frozen=True)
class Rate:
    """The closing rate of a company.

    Attributes:
        company: Company code.
        value: LCY per US dollar; None when it cannot be used.
        evidence: Dataset digest of the CR_05 package it is from; None without one.
        fault: Why it cannot be used, in words; None when it can.
        country: ISO country code that CR_05 gives for the company.
    """

    company: str
    value: Decimal | None
    evidence: str | None
    fault: str | None = None
    country: str | None = None

    def unrounded(self, amount: Decimal) -> Decimal | None:
        """Return LCY as US dollars at precision 50, for comparison with a threshold; None without a rate."""
        return None if self.value is None else _PRECISE.divide(amount, self.value)

    def usd(self, amount: Decimal) -> Decimal | None:
        """Return LCY as US dollars, rounded half up to 0.000001; None without a rate."""
        exact = self.unrounded(amount)
        return None if exact is None else exact.quantize(_USD, context=_PRECISE)

    def to_json(self) -> dict[str, Any]:
        """Return the rate as plain values."""
        return {
            "company": self.company,
            "rate": self.value,
            "cr_05_digest": self.evidence,
            "fault": self.fault,
            "country": self.country,
        }


class Rates:
    """The closing rates of a month.

    Args:
        rates: By company, those that CR_05 holds.
        absent: Why there is none, for every other company.
    """

    def __init__(self, rates: Mapping[str, Rate], absent: str = "CR_05 has no row of the company"):
        self._rates = dict(rates)
        self._absent = absent

    def __getitem__(self, company: str) -> Rate:
        """Return the rate of a company; one that is not there has a fault, never a default."""
        return self._rates.get(company) or Rate(company, None, None, self._absent)

    def all(self) -> list[Rate]:
        """Return every rate in order of company."""
        return [self._rates[company] for company in sorted(self._rates)]


def read_rates(session: Session, currencies: Mapping[str, str | None], last_month: Mapping[str, Decimal]) -> Rates:
    """Read the rates of CR_05 and judge each.

    Args:
        session: The inputs of the month.
        currencies: Currency by company code, where it is known.
        last_month: Usable rates of the month before by company; a company that is not there is not compared.
    """
    if not session.has("CR_05"):
        return Rates({}, f"CR_05: {session.inputs.missing.get('CR_05', 'it is no input')}")
    evidence = session.inputs.sealed["CR_05"]
    found: dict[str, list[tuple[Decimal | None, str | None]]] = {}
    for company, rate, country in session.rows(
        "SELECT company, fx_rate, trim(company_country) FROM cr_05 WHERE company IS NOT NULL ORDER BY ALL"
    ):
        found.setdefault(company, []).append((rate, country))
    rates = {company: _judge(company, rows, last_month.get(company), evidence) for company, rows in found.items()}
    return Rates(_one_per_currency(rates, currencies))


def usable_rates(session: Session) -> dict[str, Decimal]:
    """Return the rates of a month that can be used, by company: what the next month's are compared with."""
    return {rate.company: rate.value for rate in read_rates(session, {}, {}).all() if rate.value is not None}


def _judge(
    company: str, rows: list[tuple[Decimal | None, str | None]], last: Decimal | None, evidence: SealedInput
) -> Rate:
    value, country = rows[0]
    fault = None
    if len(rows) > 1:
        fault = f"CR_05 has {len(rows)} rates of the company"
    elif value is None:
        fault = "CR_05 has the company without a rate"
    elif value <= 0:
        fault = f"the rate of CR_05 is {value:f}"
    elif last is not None and not _LOWEST <= _PRECISE.divide(value, last) <= _HIGHEST:
        fault = f"the rate of CR_05 is {value:f}, last month's was {last:f}: outside 0.5 to 2 times of it"
    return Rate(company, None if fault else value, evidence.dataset_digest, fault, country)


def _one_per_currency(rates: Mapping[str, Rate], currencies: Mapping[str, str | None]) -> dict[str, Rate]:
    """Refuse the rates of companies that share a currency and do not share its rate."""
    values: dict[str, set[Decimal]] = {}
    for company, rate in rates.items():
        currency = currencies.get(company)
        if currency and rate.value is not None:
            values.setdefault(currency, set()).add(rate.value)
    judged = dict(rates)
    for company, rate in rates.items():
        currency = currencies.get(company)
        if currency and rate.value is not None and len(values[currency]) > 1:
            fault = f"companies of {currency} have different rates in CR_05"
            judged[company] = Rate(company, None, rate.evidence, fault, rate.country)
    return judged
