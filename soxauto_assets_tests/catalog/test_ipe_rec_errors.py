"""IPE_REC_ERRORS on a lake that can be read as a table: fifteen views in one shape, and no row lost."""

from decimal import Decimal
from pathlib import Path

import pytest

from soxauto_assets.catalog import get_item
from soxauto_assets.sources.contracts.rec_errors import VIEWS
from soxauto_assets_tests.catalog.running import run
from soxauto_assets_tests.lakes import write_lake

PERIOD = "2025-09"
NULL = None

VIEW_TABLES = {
    # the same row three times, and one that differs in the amount only
    "rec_3pl_manual_transactions_errors": """
        country | lpmt_code | lpmt_amount | nav_error_message
        Nigeria | L1        | 10.125      | Account missing
        Nigeria | L1        | 10.125      | Account missing
        Nigeria | L1        | 10.125      | Account missing
        Nigeria | L1        | 10.126      | Account missing
    """,
    # everything null, twice
    "rec_cashdeposit_errors": """
        country | oms_payment_no | oms_payment_amount | nav_error_message
        -       | -              | -                  | -
        -       | -              | -                  | -
    """,
    "rec_collectionadj_errors": """
        id_company | number | amount | nav_error_message
        EC_NG·     | A1     | -5     | Posted twice
    """,
    "rec_international_delivery_fees_errors": """
        country | transaction_no | oms_amount | nav_error_message
        Kenya   | T1             | 4          | e4
    """,
    "rec_exc_account_statements_errors": """
        country | ring_transaction_statement_no | ring_closing_balance | nav_error_message
        Kenya   | S1                            | 5                    | e5
    """,
    "rec_jforce_payouts_errors": """
        country | payout_number | payout_amount | nav_error_message
        Kenya   | P1            | 6             | e6
    """,
    "rec_jpayapp_transactions_errors": """
        country | ring_transaction_number | ring_amount | nav_error_message
        Kenya   | R1                      | 7           | e7
    """,
    # one transaction number in two views
    "rec_sc_transactions_customer_errors": """
        country | transaction_number | amount_after_discount | nav_error_message
        Kenya   | X1                 | 8                     | e8
    """,
    "rec_payment_reconciles_errors": """
        country | oms_payment_reconciliation_number | oms_reconciled_amount | nav_error_message
        Kenya   | PR1                               | 9                     | e9
    """,
    "rec_prepaid_deliveries_errors": """
        country | oms_package_number | ar | nav_error_message
        Kenya   | K1                 | 10 | e10
    """,
    "rec_customer_pre_payments_errors": """
        country | oms_order_no | oms_pre_payment_amount | nav_error_message
        Kenya   | O1           | 11                     | e11
    """,
    "rec_customer_refunds_errors": """
        country       | oms_refund_no | oms_refund_amount | nav_error_message
        Côte d'Ivoire | RF1           | -12               | Écriture refusée
    """,
    "rec_sc_transactions_errors": """
        country | transaction_number | amount_after_discount | nav_error_message
        Kenya   | X1                 | 13                    | e13
    """,
    "rec_sc_accountstatements_errors": """
        country | statement_number | total_amount | nav_error_message
        Kenya   | ST1              | 14           | e14
    """,
    # status words of an earlier version are no filter; one row without a number, one of another country
    "rec_vendor_payments_errors": """
        country | payout_number | payout_amount | nav_error_message
        Kenya   | V1            | 15            | Posted
        Kenya   | -             | 16            | Integrated
        Uganda  | V1            | 15            | Posted
    """,
}

EXPECTED = [
    ("3PL Manual Transactions", "Nigeria", "L1", "10.125", "Account missing", 1),
    ("3PL Manual Transactions", "Nigeria", "L1", "10.125", "Account missing", 2),
    ("3PL Manual Transactions", "Nigeria", "L1", "10.125", "Account missing", 3),
    ("3PL Manual Transactions", "Nigeria", "L1", "10.126", "Account missing", 1),
    ("Cash Deposits", NULL, NULL, NULL, NULL, 1),
    ("Cash Deposits", NULL, NULL, NULL, NULL, 2),
    ("Collection Adjustments", "EC_NG ", "A1", "-5", "Posted twice", 1),
    ("Delivery Fees", "Kenya", "T1", "4", "e4", 1),
    ("Exception Account Statements", "Kenya", "S1", "5", "e5", 1),
    ("JForce Payouts", "Kenya", "P1", "6", "e6", 1),
    ("JPay App Transactions", "Kenya", "R1", "7", "e7", 1),
    ("Marketplace Shipping Fees", "Kenya", "X1", "8", "e8", 1),
    ("Packlist Payments", "Kenya", "PR1", "9", "e9", 1),
    ("Prepaid Deliveries", "Kenya", "K1", "10", "e10", 1),
    ("SOI Prepayments", "Kenya", "O1", "11", "e11", 1),
    ("Refunds", "Côte d'Ivoire", "RF1", "-12", "Écriture refusée", 1),
    ("Seller Transactions", "Kenya", "X1", "13", "e13", 1),
    ("Ring Account Statements", "Kenya", "ST1", "14", "e14", 1),
    ("Vendor Payments", "Kenya", "V1", "15", "Posted", 1),
    ("Vendor Payments", "Kenya", NULL, "16", "Integrated", 1),
    ("Vendor Payments", "Uganda", "V1", "15", "Posted", 1),
]


def _exact(text: str | None) -> Decimal | None:
    return None if text is None else Decimal(text)


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lake(tmp_path_factory.mktemp("lake"), VIEW_TABLES)


def test_every_row_of_every_view_comes_once(lake):
    found = [tuple(row.values()) for row in run(lake, "IPE_REC_ERRORS", PERIOD)]
    expected = [(*row[:3], _exact(row[3]), *row[4:]) for row in EXPECTED]
    assert sorted(found, key=str) == sorted(expected, key=str)


def test_the_key_names_one_row_even_among_equal_rows(lake):
    item = get_item("IPE_REC_ERRORS")
    keys = [tuple(row[name] for name in item.key) for row in run(lake, "IPE_REC_ERRORS", PERIOD)]
    assert len(set(keys)) == len(keys) == len(EXPECTED)


def test_labels_and_views_are_those_of_the_source_contracts():
    item = get_item("IPE_REC_ERRORS")
    assert item.sources == tuple(view[0] for view in VIEWS)
    assert item.column("source_system").allowed == tuple(view[2] for view in VIEWS)


def test_control_totals_are_those_of_the_hand_made_rows(lake):
    totals = run(lake, "IPE_REC_ERRORS", PERIOD, "control_totals")
    assert {tuple(row.values()) for row in totals} == {
        ("3PL Manual Transactions", "Nigeria", 4, Decimal("40.501")),
        ("Cash Deposits", NULL, 2, NULL),
        ("Collection Adjustments", "EC_NG ", 1, Decimal(-5)),
        ("Delivery Fees", "Kenya", 1, Decimal(4)),
        ("Exception Account Statements", "Kenya", 1, Decimal(5)),
        ("JForce Payouts", "Kenya", 1, Decimal(6)),
        ("JPay App Transactions", "Kenya", 1, Decimal(7)),
        ("Marketplace Shipping Fees", "Kenya", 1, Decimal(8)),
        ("Packlist Payments", "Kenya", 1, Decimal(9)),
        ("Prepaid Deliveries", "Kenya", 1, Decimal(10)),
        ("SOI Prepayments", "Kenya", 1, Decimal(11)),
        ("Refunds", "Côte d'Ivoire", 1, Decimal(-12)),
        ("Seller Transactions", "Kenya", 1, Decimal(13)),
        ("Ring Account Statements", "Kenya", 1, Decimal(14)),
        ("Vendor Payments", "Kenya", 2, Decimal(31)),
        ("Vendor Payments", "Uganda", 1, Decimal(15)),
    }
    assert tuple(totals[0]) == get_item("IPE_REC_ERRORS").control_totals.columns


def test_no_errors_at_all_is_a_good_answer(tmp_path):
    headers = {name: table.strip().splitlines()[0] for name, table in VIEW_TABLES.items()}
    lake = write_lake(tmp_path, headers)
    assert run(lake, "IPE_REC_ERRORS", PERIOD) == run(lake, "IPE_REC_ERRORS", PERIOD, "control_totals") == []
    item = get_item("IPE_REC_ERRORS")
    assert (item.allow_empty, item.required_for_close, item.cutoff.rule) == (True, False, "none")


def test_the_period_changes_nothing_since_the_views_have_no_date(lake):
    assert run(lake, "IPE_REC_ERRORS", "2024-08") == run(lake, "IPE_REC_ERRORS", PERIOD)
