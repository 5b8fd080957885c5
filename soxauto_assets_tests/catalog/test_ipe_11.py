"""IPE_11 on a lake that can be read as a table: revenue of the month that no statement has settled at the cut-off."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from soxauto_assets.catalog import get_item
from soxauto_assets_tests.catalog.judging import cells, judge
from soxauto_assets_tests.catalog.partner_tables import FIRST, LAST, NEXT, partner_table
from soxauto_assets_tests.catalog.running import run
from soxauto_assets_tests.lakes import write_lake

PERIOD = "2025-09"

TABLES = {
    # S listed, N not listed, D dropped because something is missing.
    "transactions_seller": partner_table("""
        company | created                 | id | kind         | vendor | held_by    | sold
        EC_NG   | 09-01                   | S1 | Commission   | 7      | -          | 10.125
        EC_NG   | last                    | S2 | COMMISSION·· | 7··    | st-next·   | 20
        EC_NG   | 09-10                   | S3 | Commission   | 99     | ST-UNKNOWN | 30
        EC_NG   | 09-10                   | S4 | Commission   | -      | -          | -5
        EC_NG   | next                    | N1 | Commission   | 7      | -          | 1000
        EC_NG   | 2025-08-31 23:59:59.999 | N2 | Commission   | 7      | -          | 2000
        EC_NG   | 09-10                   | N3 | Commission   | 7      | ST-LAST    | 4000
        EC_NG   | 09-10                   | N4 | Payout       | 7      | -          | 8000
        EC_NG   | 09-10                   | D1 | -            | 7      | -          | 100
        EC_NG   | 09-10                   | D2 | Unknown      | 7      | -          | 200
        EC_NG   | -                       | D3 | Commission   | 7      | -          | 300
        EC_NG   | 09-10                   | D4 | Gift         | 7      | -          | 400
        EC_NG   | 09-10                   | D5 | Commission   | 7      | ST-OPEN    | 500
        EC_NG   | 09-10                   | N5 | Payout       | 7      | ST-OPEN    | 16000
        JD_GH   | 09-02                   | S1 | Commission   | 7      | ST-LAST    | 7
        JD_GH   | 09-03                   | S2 | Payout       | 8      | -          | 8.5
        JD_GH   | 09-03                   | N1 | Fee          | 8      | -          | 32000
    """),
    # ST-NEXT ends with the first instant after the month; ST-LAST does so in the other company only; ST-OPEN has no end.
    "ring_account_statements": partner_table("""
        company | id_account_statement | transaction_statement_no | start_date | end_date | paid | paid_date
        EC_NG   | ST-NEXT              | NO-1                     | 09-24      | next     | 1    | 10-03
        EC_NG   | ST-NEXT              | NO-1                     | 09-24      | next     | 1    | 10-03
        EC_NG   | ST-LAST              | NO-2                     | 09-24      | last     | 0    | -
        EC_NG   | ST-OPEN              | NO-3                     | 09-24      | -        | 0    | -
        JD_GH   | ST-LAST              | NO-2                     | next       | 10-15    | 0    | -
        JD_GH   | ST-UNKNOWN           | NO-4                     | 08-01      | 08-15    | 0    | -
    """),
    "vendors": """
        id_company | bob_id_vendor | vendor_short_code | vendor_name | is_global
        EC_NG      | 7             | V007              | Café Ibadan | 0
        ec_ng·     | 7·            | V007              | Café Ibadan | 0
        EC_NG      | 8             | V008              | Vendor 8    | 1
        JD_GH      | 7             | V107              | Accra Shop  | 1
    """,
    "asg_dim": """
        id_company | sc_asg_name | asg_level_1 | asg_level_2 | asg_level_3 | asg_level_4
        EC_NG      | commission· | REVENUES·   | Marketplace | Fees        | Sale
        EC_NG      | commission· | REVENUES·   | Marketplace | Fees        | Sale
        EC_NG      | Payout      | Payments    | Bank        | -           | -
        EC_NG      | Gift        | -           | -           | -           | -
        EC_NG      | Fee         | Revenues    | -           | -           | -
        JD_GH      | Commission  | Revenues    | Marketplace | -           | -
        JD_GH      | Payout      | Revenues    | Other       | -           | -
        JD_GH      | Fee         | Costs       | -           | -           | -
    """,
    "ring_transactions": """
        id_company | id_transaction | transaction_type_name
        EC_NG      | S1             | Item commission
        ec_ng      | s1·            | Item commission
        JD_GH      | S1             | Commission credit
        JD_GH      | S3             | Item commission
    """,
}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lake(tmp_path_factory.mktemp("lake"), TABLES)


@pytest.fixture(scope="module")
def rows(lake: Path) -> dict[tuple[str, str], dict]:
    found = run(lake, "IPE_11", PERIOD)
    keyed = {(row["id_company"], row["sc_id_transaction"]): row for row in found}
    assert len(keyed) == len(found)
    return keyed


def test_lists_exactly_the_revenues_of_the_month_that_no_statement_has_settled(rows):
    assert {key: row["sc_transaction_amount"] for key, row in rows.items()} == {
        ("EC_NG", "S1"): Decimal("10.1250"),
        ("EC_NG", "S2"): Decimal("20.0000"),
        ("EC_NG", "S3"): Decimal("30.0000"),
        ("EC_NG", "S4"): Decimal("-5.0000"),
        ("JD_GH", "S1"): Decimal("7.0000"),
        ("JD_GH", "S2"): Decimal("8.5000"),
    }


def test_both_edges_of_the_month_belong_to_it(rows):
    assert rows[("EC_NG", "S1")]["sc_created_date"] == FIRST
    assert rows[("EC_NG", "S2")]["sc_created_date"] == LAST


def test_the_statement_is_the_one_of_the_company(rows):
    row = rows[("EC_NG", "S2")]
    assert (row["sc_id_account_statement"], row["sc_transaction_statement_no"]) == ("ST-NEXT", "NO-1")
    assert (row["sc_start_date"], row["sc_end_date"]) == (datetime(2025, 9, 24), NEXT)
    assert (row["sc_paid"], row["sc_paid_date"]) == (1, datetime(2025, 10, 3))
    assert rows[("JD_GH", "S1")]["sc_end_date"] == datetime(2025, 10, 15)
    assert rows[("EC_NG", "S3")]["sc_id_account_statement"] is None


@pytest.mark.parametrize(
    ("key", "vendor", "ring", "levels"),
    [
        (("EC_NG", "S1"), ("V007", "Café Ibadan", 0), "Item commission", ("REVENUES ", "Marketplace", "Fees", "Sale")),
        (("EC_NG", "S2"), ("V007", "Café Ibadan", 0), None, ("REVENUES ", "Marketplace", "Fees", "Sale")),
        (("EC_NG", "S3"), (None, None, None), None, ("REVENUES ", "Marketplace", "Fees", "Sale")),
        (("EC_NG", "S4"), (None, None, None), None, ("REVENUES ", "Marketplace", "Fees", "Sale")),
        (("JD_GH", "S1"), ("V107", "Accra Shop", 1), "Commission credit", ("Revenues", "Marketplace", None, None)),
        (("JD_GH", "S2"), (None, None, None), None, ("Revenues", "Other", None, None)),
    ],
)
def test_look_ups_stay_within_the_company_and_leave_gaps_empty(rows, key, vendor, ring, levels):
    row = rows[key]
    assert (row["sc_vendor_no"], row["sc_vendor_name"], row["is_global"]) == vendor
    assert row["sc_transaction_type"] == ring
    assert tuple(row[f"asg_level_{level}"] for level in (1, 2, 3, 4)) == levels


def test_output_keeps_the_raw_text(rows):
    assert (rows[("EC_NG", "S2")]["sc_asg_name"], rows[("EC_NG", "S2")]["bob_id_vendor"]) == ("COMMISSION  ", "7  ")


def test_control_totals_are_those_of_the_hand_made_rows(lake):
    found = run(lake, "IPE_11", PERIOD, "control_totals")
    assert sorted(found, key=lambda row: row["id_company"]) == [
        {
            "id_company": "EC_NG",
            "row_count": 4,
            "sum_sc_transaction_amount": Decimal("55.1250"),
            "min_sc_created_date": FIRST,
            "max_sc_created_date": LAST,
        },
        {
            "id_company": "JD_GH",
            "row_count": 2,
            "sum_sc_transaction_amount": Decimal("15.5000"),
            "min_sc_created_date": datetime(2025, 9, 2),
            "max_sc_created_date": datetime(2025, 9, 3),
        },
    ]


def test_every_transaction_is_listed_or_left_out_for_a_reason(lake):
    assert cells(run(lake, "IPE_11", PERIOD, "dropped_rows")) == {
        "listed": (6, Decimal("70.625")),
        "created at or after the cut-off": (1, Decimal(1000)),
        "created in an earlier month, not settled": (1, Decimal(2000)),
        "settled by a statement": (1, Decimal(4000)),
        "no revenue": (3, Decimal(8000 + 16000 + 32000)),
        "transaction name is null": (1, Decimal(100)),
        "transaction name is not grouped": (1, Decimal(200)),
        "created date is null": (1, Decimal(300)),
        "first ASG level is null": (1, Decimal(400)),
        "statement without an end date": (1, Decimal(500)),
    }
    outcome = judge(lake, "IPE_11", PERIOD, "dropped_rows")
    assert (outcome.held, outcome.expected) == (True, "17 candidates = 6 listed + 11 left out")


def test_a_lost_transaction_differs_from_the_population(lake):
    lost = "select * from landed where sc_id_transaction <> 'S4'"
    assert judge(lake, "IPE_11", PERIOD, "dropped_rows", lost).difference == (
        "listed by the source 6 rows, landed 5; listed by the source 70.6250, landed 75.6250"
    )


def test_both_sides_of_the_cutoff_are_seen_at_the_source(lake):
    edges = {row["id_company"]: row for row in run(lake, "IPE_11", PERIOD, "cutoff_edges")}
    assert edges["EC_NG"] == {"id_company": "EC_NG", "last_before": LAST, "first_after": NEXT, "rows_after": 1}
    assert edges["JD_GH"]["first_after"] is None


@pytest.mark.parametrize(("period", "fresh"), [("2025-09", True), ("2025-10", False)])
def test_the_newest_transaction_decides_the_freshness(lake, period, fresh):
    assert run(lake, "IPE_11", period, "freshness") == [{"newest": NEXT, "fresh": fresh}]


def test_another_month_lists_its_own_transactions_only(lake):
    assert [row["sc_id_transaction"] for row in run(lake, "IPE_11", "2025-08")] == ["N2"]
    assert [row["sc_id_transaction"] for row in run(lake, "IPE_11", "2025-10")] == ["N1"]


def test_a_line_of_its_own_that_the_close_needs():
    item = get_item("IPE_11")
    assert item.component is not None and not item.component.in_formula and item.required_for_close
