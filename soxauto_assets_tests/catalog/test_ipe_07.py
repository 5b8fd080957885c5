"""IPE_07 on a lake that can be read as a table: what is open at the cut-off, and what is not."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from soxauto_assets_tests.catalog.judging import cells, judge
from soxauto_assets_tests.catalog.running import run
from soxauto_assets_tests.lakes import write_lake

PERIOD = "2025-09"

TABLES = {
    "dim_company": """
        company_code | company_country | opco_central | flg_in_conso_scope
        EC_NG        | NG              | Opco         | 1
        JD_GH        | GH              | Opco         | 1
        ZZ_OUT       | XX              | Central      | 0
    """,
    "dim_busline": """
        company_code | busline_code | busline_vertical_name_1 | busline_vertical_name_2 | busline_vertical_name_3
        EC_NG        | BL1          | Retail                  | Phones                  | -
        EC_NG        | BL1          | Retail                  | Phones                  | -
    """,
    "customers": """
        id_company | customer_no | name          | customer_posting_group | customer_busline | stream
        EC_NG      | C001 | Café Ibadan   | NATIONAL               | BL1              | B2C
        EC_NG      | C002 | Customer 2    | EXPORT                 | BL1              | B2B
        JD_GH      | C001 | Customer Accra| NATIONAL               | -                | -
        ZZ_OUT     | C001 | Out of scope  | NATIONAL               | -                | -
    """,
    "customer_posting_group": """
        id_company | code     | receivables_account
        EC_NG      | NATIONAL | 130030
        EC_NG      | EXPORT   | 130040
        EC_NG      | EMP-NAT  | 130100
        JD_GH      | national | 130030
        ZZ_OUT     | NATIONAL | 130030
    """,
    "dim_chart_of_accounts": """
        company_code | chart_of_accounts_no | group_coa_account_no | group_coa_account_name
        EC_NG        | 130030               | 13003                | Customer AR trade
        EC_NG        | 130040               | 13004                | Customer AR other
        EC_NG        | 130100               | 13010                | Employees
        JD_GH        | 130030               | 13003                | Customer AR trade
    """,
    # entry 1 open; 2 paid on the last day; 3 paid on the first day after; 4 posted after; 5 + 6 net to zero over the
    # customer; 7 and 8 null and foreign posting group; 9 other case and blanks; 10 resolves outside the component
    "customer_ledger_entries": """
        id_company | entry_no | posting_date | customer_no | customer_posting_group | due_date   | busline_code | currency
        EC_NG      | 1        | 2025-09-30   | C001        | NATIONAL               | 2025-09-30 | BL1          | NGN
        EC_NG      | 2        | 2025-08-01   | C001        | NATIONAL               | 2025-08-31 | BL1          | NGN
        EC_NG      | 3        | 2025-08-01   | C001        | NATIONAL               | 2025-08-31 | BL1          | NGN
        EC_NG      | 4        | 2025-10-01   | C001        | NATIONAL               | 2025-10-31 | BL1          | NGN
        EC_NG      | 5        | 2024-09-01   | C002        | NATIONAL               | 2024-09-29 | BL1          | NGN
        EC_NG      | 6        | 2025-09-01   | C002        | EXPORT                 | -          | BL1          | NGN
        EC_NG      | 7        | 2025-09-01   | C001        | -                      | 2025-10-31 | BL1          | NGN
        EC_NG      | 8        | 2025-09-01   | C001        | VENDORS                | 2025-10-31 | BL1          | NGN
        EC_NG      | 9        | 2025-09-01   | C001        | national··             | 2025-10-31 | bl1·         | NGN
        EC_NG      | 10       | 2025-09-01   | C001        | EMP-NAT                | 2025-06-30 | NONE         | NGN
        JD_GH      | 1        | 2025-09-01   | C001        | NATIONAL               | 2025-10-31 | -            | GHS
        ZZ_OUT     | 1        | 2025-09-01   | C001        | NATIONAL               | 2025-10-31 | -            | USD
    """,
    "detailed_customer_ledger_entry": """
        id_company | entry_no | cust_ledger_entry_no | customer_no | posting_date | amount_lcy
        EC_NG      | 1        | 1                    | C001        | 2025-09-30   | 10.125
        EC_NG      | 2        | 2                    | C001        | 2025-08-01   | 500
        EC_NG      | 3        | 2                    | C001        | 2025-09-30   | -500
        EC_NG      | 4        | 3                    | C001        | 2025-08-01   | 700
        EC_NG      | 5        | 3                    | C001        | 2025-10-01   | -700
        EC_NG      | 6        | 4                    | C001        | 2025-10-01   | 1
        EC_NG      | 7        | 5                    | C002        | 2024-09-01   | 100
        EC_NG      | 8        | 6                    | C002        | 2025-09-01   | -100
        EC_NG      | 9        | 7                    | C001        | 2025-09-01   | 11
        EC_NG      | 10       | 8                    | C001        | 2025-09-01   | 12
        EC_NG      | 11       | 9                    | C001        | 2025-09-01   | 13
        EC_NG      | 12       | 10                   | C001        | 2025-09-01   | 14
        JD_GH      | 1        | 1                    | C001        | 2025-09-01   | 2000.5
        ZZ_OUT     | 1        | 1                    | C001        | 2025-09-01   | 9
    """,
}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lake(tmp_path_factory.mktemp("lake"), TABLES)


@pytest.fixture(scope="module")
def rows(lake: Path) -> dict[tuple[str, int], dict]:
    return {(row["id_company"], row["entry_no"]): row for row in run(lake, "IPE_07", PERIOD)}


def test_lists_exactly_the_entries_that_are_open_at_the_cutoff(rows):
    assert {key: row["rem_amt_lcy"] for key, row in rows.items()} == {
        ("EC_NG", 1): Decimal("10.1250"),
        ("EC_NG", 3): Decimal("700.0000"),
        ("EC_NG", 5): Decimal("100.0000"),
        ("EC_NG", 6): Decimal("-100.0000"),
        ("EC_NG", 9): Decimal("13.0000"),
        ("EC_NG", 10): Decimal("14.0000"),
        ("JD_GH", 1): Decimal("2000.5000"),
    }


def test_account_comes_from_the_entrys_posting_group(rows):
    assert {key: row["group_coa_account_no"] for key, row in rows.items()} == {
        ("EC_NG", 1): "13003",
        ("EC_NG", 3): "13003",
        ("EC_NG", 5): "13003",
        ("EC_NG", 6): "13004",
        ("EC_NG", 9): "13003",
        ("EC_NG", 10): "13010",
        ("JD_GH", 1): "13003",
    }


def test_a_customer_whose_total_is_zero_is_kept_and_flagged(rows):
    flags = {key: row["customer_has_balance"] for key, row in rows.items()}
    assert flags[("EC_NG", 5)] is False and flags[("EC_NG", 6)] is False
    assert flags[("EC_NG", 1)] is True and flags[("JD_GH", 1)] is True


def test_output_keeps_the_raw_text_and_identical_look_up_rows_do_not_multiply(rows):
    row = rows[("EC_NG", 9)]
    assert row["customer_posting_group"] == "national  "
    assert row["busline_code"] == "bl1 "
    assert row["busline_vertical_name_1"] == "Retail"
    assert rows[("EC_NG", 1)]["customer_name"] == "Café Ibadan"


def test_same_codes_in_two_companies_do_not_mix(rows):
    assert rows[("JD_GH", 1)]["customer_name"] == "Customer Accra"
    assert rows[("JD_GH", 1)]["company_country"] == "GH"


@pytest.mark.parametrize(
    ("entry", "due", "legacy", "bucket"),
    [
        (1, date(2025, 9, 30), "Due Month", "0"),
        (3, date(2025, 8, 31), "Credit", "1-30"),
        (5, date(2024, 9, 29), "Credit", "over 365"),
        (6, None, None, "no due date"),
        (9, date(2025, 10, 31), "Debit", "0"),
        (10, date(2025, 6, 30), "Credit", "91-180"),
    ],
)
def test_due_month_and_ageing_are_measured_at_the_last_day(rows, entry, due, legacy, bucket):
    row = rows[("EC_NG", entry)]
    assert (row["due_date"], row["debit_credit_duemonth"], row["ageing_bucket"]) == (due, legacy, bucket)


def test_control_totals_are_those_of_the_hand_made_rows(lake):
    assert run(lake, "IPE_07", PERIOD, "control_totals") == [
        {
            "id_company": "EC_NG",
            "group_coa_account_no": "13003",
            "row_count": 4,
            "sum_rem_amt_lcy": Decimal("823.1250"),
            "min_posting_date": date(2024, 9, 1),
            "max_posting_date": date(2025, 9, 30),
        },
        {
            "id_company": "EC_NG",
            "group_coa_account_no": "13004",
            "row_count": 1,
            "sum_rem_amt_lcy": Decimal("-100.0000"),
            "min_posting_date": date(2025, 9, 1),
            "max_posting_date": date(2025, 9, 1),
        },
        {
            "id_company": "EC_NG",
            "group_coa_account_no": "13010",
            "row_count": 1,
            "sum_rem_amt_lcy": Decimal("14.0000"),
            "min_posting_date": date(2025, 9, 1),
            "max_posting_date": date(2025, 9, 1),
        },
        {
            "id_company": "JD_GH",
            "group_coa_account_no": "13003",
            "row_count": 1,
            "sum_rem_amt_lcy": Decimal("2000.5000"),
            "min_posting_date": date(2025, 9, 1),
            "max_posting_date": date(2025, 9, 1),
        },
    ]


def test_every_open_entry_is_listed_or_left_out_for_a_reason(lake):
    found = cells(run(lake, "IPE_07", PERIOD, "dropped_rows"))
    assert found == {
        "company outside the consolidation scope": (1, Decimal(9)),
        "posting group is null": (1, Decimal(11)),
        "posting group not in scope": (1, Decimal(12)),
        "listed": (7, Decimal("2737.625")),
    }
    assert sum(amount for _, amount in found.values()) == Decimal("2769.625"), "the open detailed ledger"
    outcome = judge(lake, "IPE_07", PERIOD, "dropped_rows")
    assert (outcome.held, outcome.expected) == (True, "10 candidates = 7 listed + 3 left out")


def test_movements_without_an_entry_and_an_entry_posted_after_its_movement_have_a_cell(tmp_path):
    entries = """
        id_company | entry_no | posting_date | customer_no | customer_posting_group
        EC_NG      | 1        | 2025-10-01   | C001        | NATIONAL
    """
    movements = """
        id_company | entry_no | cust_ledger_entry_no | customer_no | posting_date | amount_lcy
        EC_NG      | 1        | 1                    | C001        | 2025-09-30   | 5
        EC_NG      | 2        | 2                    | C001        | 2025-09-30   | 6
    """
    tables = {**TABLES, "customer_ledger_entries": entries, "detailed_customer_ledger_entry": movements}
    assert cells(run(write_lake(tmp_path, tables), "IPE_07", PERIOD, "dropped_rows")) == {
        "entry posted after the cut-off": (1, Decimal(5)),
        "movements without a ledger entry": (1, Decimal(6)),
    }


@pytest.mark.parametrize(
    ("changed", "difference"),
    [
        (
            "select * from landed where entry_no <> 9",
            "listed by the source 7 rows, landed 6; listed by the source 2737.6250, landed 2724.6250",
        ),
        (
            "select * replace (rem_amt_lcy + (entry_no = 9)::decimal(18,4) as rem_amt_lcy) from landed",
            "listed by the source 2737.6250, landed 2738.6250",
        ),
    ],
)
def test_a_lost_row_and_a_changed_amount_differ_from_the_population(lake, changed, difference):
    outcome = judge(lake, "IPE_07", PERIOD, "dropped_rows", changed)
    assert (outcome.held, outcome.difference) == (False, difference)


def test_both_sides_of_the_cutoff_are_seen_at_the_source(lake):
    edges = {row["id_company"]: row for row in run(lake, "IPE_07", PERIOD, "cutoff_edges")}
    assert edges["EC_NG"] == {
        "id_company": "EC_NG",
        "last_before": date(2025, 9, 30),
        "first_after": date(2025, 10, 1),
        "rows_after": 1,
    }
    assert edges["JD_GH"]["first_after"] is None
    assert "ZZ_OUT" not in edges


def test_the_month_before_sees_what_was_open_then(lake):
    august = {(r["id_company"], r["entry_no"]): r["rem_amt_lcy"] for r in run(lake, "IPE_07", "2025-08")}
    assert august == {("EC_NG", 2): Decimal(500), ("EC_NG", 3): Decimal(700), ("EC_NG", 5): Decimal(100)}
