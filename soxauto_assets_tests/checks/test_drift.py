"""What a month is compared with: known companies, their currencies, and the month before."""

from dataclasses import replace

import pytest

from soxauto_assets.catalog.companies import Companies, known_companies
from soxauto_assets.catalog.model import Drift
from soxauto_assets.checks import CheckContext
from soxauto_assets.checks.drift import figures
from soxauto_assets.checks.model import Previous
from soxauto_assets_tests.checks.conftest import IPE_07

MOVED = replace(
    IPE_07,
    drift=Drift(amount="rem_amt_lcy", distinct=("customer_no",), codes=("document_type", "group_coa_account_no")),
)
NOW = {
    "companies": {"EC_NG": {"rows": 6, "amount": "737.1250"}, "JD_GH": {"rows": 1, "amount": "2000.5000"}},
    "distinct": {"customer_no": 2},
    "codes": {"document_type": [], "group_coa_account_no": ["13003", "13004", "13010"]},
}


def before(**changes: object) -> CheckContext:
    return CheckContext(previous=Previous("2025-08", "0" * 64, {**NOW, **changes}))


def test_the_figures_of_a_month(checked):
    assert figures(MOVED, checked.dataset) == NOW


def test_without_a_month_before_there_is_nothing_to_compare(checked):
    drift = checked(item=MOVED)["drift"]
    assert (drift.status, drift.reason) == ("not_applicable", "nothing is sealed for the month before")


def test_an_equal_month_before_does_not_warn(checked):
    assert checked(item=MOVED, context=before())["drift"].status == "passed"


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"companies": {"EC_NG": NOW["companies"]["EC_NG"]}}, "JD_GH: new (1 rows, 2000.5000)"),
        (
            {"companies": {**NOW["companies"], "EC_KE": {"rows": 4, "amount": "8.0000"}}},
            "EC_KE: vanished (4 rows, 8.0000 before)",
        ),
        (
            {"companies": {**NOW["companies"], "EC_NG": {"rows": 3, "amount": "737.1250"}}},
            "EC_NG: rows 3 -> 6",
        ),
        (
            {"companies": {**NOW["companies"], "EC_NG": {"rows": 6, "amount": "-737.1250"}}},
            "EC_NG: amount -737.1250 -> 737.1250",
        ),
        ({"distinct": {"customer_no": 5}}, "different customer_no: 5 -> 2"),
        ({"codes": {"group_coa_account_no": ["13003", "13004"]}}, "group_coa_account_no: new 13010"),
        (
            {"codes": {"group_coa_account_no": ["13003", "13004", "13009", "13010"]}},
            "group_coa_account_no: vanished 13009",
        ),
    ],
)
def test_what_moved_is_a_warning_with_the_figures(checked, changes, line):
    drift = checked(item=MOVED, context=before(**changes))["drift"]
    assert (drift.status, drift.severity) == ("failed", "warn")
    assert drift.details == (line,)


def test_half_as_much_again_is_within_the_tolerance_and_a_little_more_is_not(checked):
    exactly = before(companies={**NOW["companies"], "EC_NG": {"rows": 4, "amount": "737.1250"}})
    assert checked(item=MOVED, context=exactly)["drift"].good


def test_an_unknown_company_is_named_with_its_rows(checked):
    context = CheckContext(companies=Companies({"JD_GH": "GHS"}))
    result = checked(context=context)["company_known"]
    assert (result.status, result.severity, result.rows) == ("failed", "warn", 6)
    assert result.details == ("ec_ng: 6 rows",)
    assert result.sample[0] == "id_company EC_NG, entry_no 1"


def test_a_currency_that_is_not_the_companys_is_named(checked):
    item = replace(IPE_07, currency_column="currency", drift=Drift(amount="rem_amt_lcy"))
    known = CheckContext(companies=known_companies("lake"))
    assert checked(item=item, context=known)["currency_of_company"].good
    rows = "select * replace (case when entry_no = 3 then 'USD' else currency end as currency) from landed"
    result = checked(rows, item=item, context=known)["currency_of_company"]
    assert (result.status, result.severity) == ("failed", "warn")
    assert result.details == ("ec_ng USD: 1 rows, 700.0000",)
    assert result.sample == ("id_company EC_NG, entry_no 3",)


def test_a_company_without_a_known_currency_is_not_tested_and_named(checked):
    item = replace(IPE_07, currency_column="currency")
    result = checked(item=item, context=CheckContext(companies=Companies({"EC_NG": None, "JD_GH": "GHS"})))
    assert result["currency_of_company"].details == ("currency not known, not tested: ec_ng",)


def test_demo_companies_exist_in_the_demo_alone():
    assert "ZZ_TZ" in known_companies("demo").currencies
    assert "ZZ_TZ" not in known_companies("aws").currencies
