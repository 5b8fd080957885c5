"""CR_04 on a lake that can be read as a table: one month end, the accounts in scope."""

from datetime import date
from decimal import Decimal

from soxauto_assets_tests.catalog.running import run
from soxauto_assets_tests.lakes import write_lake

BALANCES = {
    "bs_balances_view": """
        id_company | closing_date | refresh_date        | group_coa_account_no | currency | balance_at_date | busline_code
        EC_NG      | 2025-09-30   | 2025-10-05 06:00:00 | 13003                | NGN      | 100.5           | BL1
        EC_NG      | 2025-09-30   | 2025-10-05 06:00:00 | 13003                | USD      | 20              | BL1
        EC_NG      | 2025-09-30   | 2025-10-05 06:00:00 | 18412·               | NGN      | -70             | -
        EC_NG      | 2025-09-30   | 2025-10-05 06:00:00 | 15010                | NGN      | 5               | -
        EC_NG      | 2025-08-31   | 2025-09-05 06:00:00 | 13003                | NGN      | 90              | BL1
        EC_NG      | 2025-10-31   | 2025-11-05 06:00:00 | 13003                | NGN      | 110             | BL1
        JD_GH      | 2025-09-30   | 2025-09-29 06:00:00 | 13003                | GHS      | 7               | -
    """
}


def test_rows_of_the_month_end_in_the_accounts_of_the_components(tmp_path):
    rows = run(write_lake(tmp_path, BALANCES), "CR_04", "2025-09")
    assert [(r["id_company"], r["group_coa_account_no"], r["currency"], r["balance_at_date"]) for r in rows] == [
        ("EC_NG", "13003", "NGN", Decimal("100.5000")),
        ("EC_NG", "13003", "USD", Decimal("20.0000")),
        ("EC_NG", "18412 ", "NGN", Decimal("-70.0000")),
        ("JD_GH", "13003", "GHS", Decimal("7.0000")),
    ]


def test_control_totals_per_company_and_account(tmp_path):
    totals = run(write_lake(tmp_path, BALANCES), "CR_04", "2025-09", "control_totals")
    assert [(t["id_company"], t["group_coa_account_no"], t["row_count"], t["sum_balance_at_date"]) for t in totals] == [
        ("EC_NG", "13003", 2, Decimal("120.5000")),
        ("EC_NG", "18412 ", 1, Decimal("-70.0000")),
        ("JD_GH", "13003", 1, Decimal("7.0000")),
    ]
    assert {t["max_closing_date"] for t in totals} == {date(2025, 9, 30)}


def test_a_balance_refreshed_before_the_month_ended_is_stale(tmp_path):
    (answer,) = run(write_lake(tmp_path, BALANCES), "CR_04", "2025-09", "freshness")
    assert answer["fresh"] is False
    (answer,) = run(tmp_path, "CR_04", "2025-10", "freshness")
    assert answer["fresh"] is True
    (answer,) = run(tmp_path, "CR_04", "2025-11", "freshness")
    assert answer["fresh"] is False, "a month end that the source does not hold is not fresh"
