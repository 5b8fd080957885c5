"""Balances: what counts, what is a line of its own, and that nothing is zero by accident."""

from decimal import Decimal

from soxauto_assets.catalog import get_item
from soxauto_assets.reconciliation.balances import compute_balances
from soxauto_assets_tests.reconciliation.sessions import session_of

D = Decimal
NO_CURRENCIES: dict[str, str | None] = {}
CR_04 = """
    id_company | country_code | group_coa_account_no | currency | balance_at_date
    EC_NG      | NG           | 13003                | NGN      | 100.125
    ec_ng·     | NG           | 13003·               | USD      | 20
    EC_NG      | NG           | 13009                | NGN      | -7
    EC_NG      | NG           | 18412                | NGN      | -60
    AT_TN      | TN           | 18412                | TND      | -5
"""
CR_05 = """
    company_code | company_country | fx_rate | flg_in_conso_scope
    EC_NG        | NG              | 100     | 1
    AT_TN        | TN              | 3       | 1
    ZZ_OUT       | XX              | 3       | 0
"""

VOUCHERS = """
    id_company | id | business_use      | is_valid | is_active | voucher_inactive_date | totalremainingamount | remaining_amount
    EC_NG      | 1  | refund             | valid    | 1         | -                       | 1                    | 1
    EC_NG      | 2  | Jpay store_credit· | valid    | 1         | -                       | 2                    | 2
    EC_NG      | 3  | jpay_store_credit  | valid    | 1         | -                       | 4                    | 4
    EC_NG      | 4  | APOLOGY_V2         | valid    | 1         | -                       | 8                    | 9
    EC_NG      | 5  | marketing          | valid    | 1         | -                       | 100                  | 100
    EC_NG      | 6  | refund             | expired  | 1         | -                       | 200                  | 200
    EC_NG      | 7  | refund             | valid    | 0         | 2025-09-30 23:59:59.999 | 400                  | 400
    EC_NG      | 8  | refund             | valid    | 0         | 2025-10-01 00:00:00     | 16                   | 16
    EC_NG      | 9  | refund             | valid    | 0         | -                       | 800                  | 800
"""


def lines(balances, kind="component"):
    return [(b.company, b.component, b.account, b.side, b.amount, b.rows) for b in balances.lines if b.kind == kind]


def test_actuals_are_added_by_company_and_group_account_whatever_case_blanks_and_currency(tmp_path):
    with session_of(tmp_path, {"CR_04": CR_04, "CR_05": CR_05}) as session:
        balances = compute_balances(session, [get_item("IPE_07")], {"EC_NG": "NGN"})
    assert lines(balances) == [
        ("EC_NG", "IPE_07", "13003", "actual", D("120.125"), 2),
        ("EC_NG", "IPE_07", "13009", "actual", D("-7"), 1),
    ]
    assert balances.currencies == (("EC_NG", "USD", D(20), 1),), "another currency is named, its amount is LCY"


def test_an_entry_that_posts_outside_the_component_is_a_line_of_its_own(tmp_path):
    ipe_07 = """
        id_company | entry_no | group_coa_account_no | rem_amt_lcy | customer_has_balance
        EC_NG      | 1        | 13003                | 100         | true
        EC_NG      | 2        | 13004                | -100        | false
        EC_NG      | 3        | 13009                | -7.5        | true
        EC_NG      | 4        | 13010                | 33          | true
        EC_NG      | 5        | -                    | 1           | true
    """
    with session_of(tmp_path, {"CR_04": CR_04, "CR_05": CR_05, "IPE_07": ipe_07}) as session:
        balances = compute_balances(session, [get_item("IPE_07")], NO_CURRENCIES)
    assert balances.total("EC_NG", "IPE_07", "target") == D("-7.5"), "100 - 100 - 7.5; 33 and 1 are apart"
    assert lines(balances, "outside_accounts") == [
        ("EC_NG", "IPE_07", None, "target", D(1), 1),
        ("EC_NG", "IPE_07", "13010", "target", D(33), 1),
    ]
    named = {b.name: (b.amount, b.rows) for b in balances.lines if b.kind == "reading"}
    assert named == {"allowance": (D("-7.5"), 1), "customers_without_balance": (D(-100), 1)}


def test_liabilities_are_turned_into_navs_sign(tmp_path):
    prepaid = """
        id_company | cod_oms_sales_order_item | paid_for_items | paid_for_shipping
        EC_NG      | A                        | 10.125         | 2
        EC_NG      | B                        | 1              | 0
    """
    with session_of(tmp_path, {"CR_04": CR_04, "CR_05": CR_05, "IPE_10": prepaid}) as session:
        balances = compute_balances(session, [get_item("IPE_10")], NO_CURRENCIES)
    assert balances.total("EC_NG", "IPE_10", "target") == D("-13.125")


def test_vouchers_count_when_not_marketing_valid_and_active_at_the_cut_off(tmp_path):
    with session_of(tmp_path, {"CR_04": CR_04, "CR_05": CR_05, "IPE_08": VOUCHERS}) as session:
        balances = compute_balances(session, [get_item("IPE_08")], NO_CURRENCIES)
    assert balances.total("EC_NG", "IPE_08", "target") == D(-31), (
        "1 + 2 + 4 + 8, and 16 that went inactive after the cut-off"
    )
    named = {b.name: (b.amount, b.rows) for b in balances.lines if b.kind == "reading"}
    assert named == {
        "remaining_of_bob": (D(-32), 5),
        "all_vouchers": (D(-1531), 9),
        "all_vouchers_of_bob": (D(-1532), 9),
    }


def test_actuals_of_a_company_outside_the_items_scope_are_named_and_never_a_zero(tmp_path):
    with session_of(tmp_path, {"CR_04": CR_04, "CR_05": CR_05}) as session:
        balances = compute_balances(session, [get_item("IPE_08")], NO_CURRENCIES)
    assert lines(balances) == [("EC_NG", "IPE_08", "18412", "actual", D(-60), 1)]
    assert lines(balances, "out_of_scope") == [("AT_TN", "IPE_08", "18412", "actual", D(-5), 1)]


def test_scope_by_excluded_company_country_and_consolidation(tmp_path):
    ledger = """
        id_company | country_code | group_coa_account_no | balance_at_date
        EC_NG      | NG           | 18317                | 1
        EC_CM      | CM           | 18317                | 2
        EC_NG      | NG           | 13011                | 4
        AT_TN      | TN           | 13011                | 8
        ZZ_OUT     | XX           | 13011                | 16
        ZZ_OUT     | XX           | 13003                | 32
    """
    with session_of(tmp_path, {"CR_04": ledger, "CR_05": CR_05}) as session:
        found = compute_balances(session, [get_item(i) for i in ("IPE_34", "IPE_31", "IPE_07")], NO_CURRENCIES)
    assert [(b.company, b.component) for b in found.lines if b.kind == "component"] == [
        ("EC_NG", "IPE_31"),
        ("EC_NG", "IPE_34"),
    ]
    assert [(b.company, b.component, b.amount) for b in found.lines if b.kind == "out_of_scope"] == [
        ("AT_TN", "IPE_31", D(8)),
        ("EC_CM", "IPE_34", D(2)),
        ("ZZ_OUT", "IPE_07", D(32)),
        ("ZZ_OUT", "IPE_31", D(16)),
    ]


def test_what_is_missing_is_named(tmp_path):
    with session_of(tmp_path, {"CR_05": CR_05}) as session:
        balances = compute_balances(session, [get_item("IPE_10")], NO_CURRENCIES)
    assert set(balances.missing) == {"CR_04", "IPE_10"}
    assert balances.lines == ()
