"""CR_04 on a lake that can be read as a table: one month end, the accounts in scope."""

from datetime import date
from decimal import Decimal

import pytest

from soxauto_assets.catalog import get_item
from soxauto_assets.catalog.configuration import load_configuration
from soxauto_assets_tests.catalog.judging import cells, judge
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


def test_every_part_of_a_balance_of_the_month_is_listed_or_left_out_for_a_reason(tmp_path):
    early = {"bs_balances_view": BALANCES["bs_balances_view"].rstrip() + EARLY}
    lake = write_lake(tmp_path, early)
    assert cells(run(lake, "CR_04", "2025-09", "dropped_rows")) == {
        "listed": (4, Decimal("57.5")),
        "group account not in scope": (1, Decimal(5)),
        "closing date before the last day": (1, Decimal(1000)),
    }
    assert judge(lake, "CR_04", "2025-09", "dropped_rows").held
    usd = "select * from landed where currency <> 'USD'"
    assert judge(lake, "CR_04", "2025-09", "dropped_rows", usd).difference == (
        "listed by the source 4 rows, landed 3; listed by the source 57.5000, landed 37.5000"
    )


EARLY = """
        EC_NG      | 2025-09-29   | 2025-10-05 06:00:00 | 13003                | NGN      | 1000            | BL1
"""

# The sum to date is 18412's of every company and no other account's; the local account decides, in other case and with blanks.
LEDGER = {
    **BALANCES,
    "dim_chart_of_accounts": """
        company_code | chart_of_accounts_no | group_coa_account_no
        EC_NG        | 184120A              | 18412·
        EC_NG        | 130030               | 13003
        JD_GH        | 184120A              | 13003
    """,
    "gl_entries": """
        id_company | entry_no | posting_date | gl_account_no | amount
        EC_NG      | 1        | 2019-01-01   | 184120A       | -100
        EC_NG      | 2        | 2025-09-30   | 184120a·      | 30
        EC_NG      | 3        | 2025-10-01   | 184120A       | 1
        EC_NG      | 4        | 2025-09-30   | 130030        | 7
        EC_NG      | 5        | 2025-09-30   | 999           | 8
        JD_GH      | 1        | 2025-09-30   | 184120A       | 9
    """,
}


def test_the_balance_is_the_sum_of_the_ledgers_entries_to_date(tmp_path):
    lake = write_lake(tmp_path, LEDGER)
    assert run(lake, "CR_04", "2025-09", "tie__ledger_balance") == [
        {"id_company": "EC_NG", "group_account": "18412", "amount": Decimal(-70)}
    ]
    assert judge(lake, "CR_04", "2025-09", "ledger_balance").held


@pytest.mark.parametrize(
    ("changed", "details"),
    [
        (
            "select * replace (balance_at_date - 1 as balance_at_date) from landed",
            (
                "other way: id_company EC_NG, group_account 18412, amount -70.0000",
                "landed: id_company EC_NG, group_account 18412, amount -71.0000",
            ),
        ),
        (
            "select * from landed where currency = 'GHS'",
            ("other way: id_company EC_NG, group_account 18412, amount -70.0000",),
        ),
    ],
)
def test_a_changed_balance_and_a_lost_one_differ_from_the_ledger(tmp_path, changed, details):
    outcome = judge(write_lake(tmp_path, LEDGER), "CR_04", "2025-09", "ledger_balance", changed)
    assert (outcome.held, outcome.details) == (False, details)


def test_the_account_that_is_tied_is_the_one_whose_entries_are_extracted():
    (tie,) = get_item("CR_04").ties
    assert load_configuration()["accounts_IPE_08"].values == ("18412",) and "('18412')" in tie.landed
    assert tie.severity == "warn"
