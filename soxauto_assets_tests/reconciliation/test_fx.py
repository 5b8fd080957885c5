"""Closing rates: none is ever assumed, and money is divided once."""

from decimal import Decimal

import pytest

from soxauto_assets.reconciliation.fx import Rate, read_rates
from soxauto_assets_tests.reconciliation.sessions import session_of

D = Decimal


def rates(tmp_path, text, currencies=None, last_month=None):
    with session_of(tmp_path, {"CR_05": text}) as session:
        return read_rates(session, currencies or {}, last_month or {})


def test_a_usable_rate_carries_the_digest_of_its_evidence(tmp_path):
    rate = rates(tmp_path, "company_code | company_country | fx_rate\nEC_NG | NG | 1650")["EC_NG"]
    assert (rate.value, rate.country, rate.fault) == (D(1650), "NG", None)
    assert rate.evidence == "0" * 64


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ("HF_SN | -", "CR_05 has the company without a rate"),
        ("HF_SN | 0", "the rate of CR_05 is 0.00000000"),
        ("HF_SN | -560", "the rate of CR_05 is -560.00000000"),
        ("HF_SN | 560\nHF_SN | 560", "CR_05 has 2 rates of the company"),
        ("EC_NG | 1650", "CR_05 has no row of the company"),
    ],
)
def test_a_rate_that_cannot_be_used_is_a_fault_and_never_one(tmp_path, rows, fault):
    """600,000 XOF became 600,000 USD, because a missing rate was 1.0 (domain 7.3)."""
    rate = rates(tmp_path, f"company_code | fx_rate\n{rows}")["HF_SN"]
    assert rate.value is None
    assert rate.fault == fault
    assert rate.usd(D(600_000)) is None


@pytest.mark.parametrize(
    ("value", "usable"), [("50", True), ("49.99999999", False), ("200", True), ("200.00000001", False)]
)
def test_a_rate_beyond_half_and_double_of_last_months_is_an_error(tmp_path, value, usable):
    rate = rates(tmp_path, f"company_code | fx_rate\nEC_NG | {value}", last_month={"EC_NG": D(100)})["EC_NG"]
    assert (rate.value is not None) is usable
    assert usable or "outside 0.5 to 2 times" in str(rate.fault)


def test_companies_of_one_currency_have_one_rate(tmp_path):
    found = rates(
        tmp_path,
        "company_code | fx_rate\nEC_IC | 560\nHF_SN | 561\nEC_NG | 1650",
        {"EC_IC": "XOF", "HF_SN": "XOF", "EC_NG": "NGN"},
    )
    assert found["EC_IC"].fault == found["HF_SN"].fault == "companies of XOF have different rates in CR_05"
    assert found["EC_NG"].fault is None


def test_without_cr_05_every_company_says_so(tmp_path):
    with session_of(tmp_path, {}) as session:
        assert read_rates(session, {}, {})["EC_NG"].fault == "CR_05: it is no input"


@pytest.mark.parametrize(
    ("amount", "rate", "usd"),
    [
        ("100", "3", "33.333333"),
        ("200", "3", "66.666667"),
        ("0.0000005", "1", "0.000001"),
        ("-0.0000005", "1", "-0.000001"),
        ("0.00000049", "1", "0.000000"),
        ("99999999999999.9999", "0.00000001", "9999999999999999990000.000000"),
    ],
)
def test_conversion_is_rounded_half_up_to_a_millionth(amount, rate, usd):
    assert Rate("EC_NG", D(rate), "0" * 64).usd(D(amount)) == D(usd)
