"""CR_03_MOV on a lake that can be read as a table: all entries of twelve months, cleared ones too."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from soxauto_assets.catalog import get_item
from soxauto_assets_tests.catalog.judging import cells, judge
from soxauto_assets_tests.catalog.ledger_tables import TABLES
from soxauto_assets_tests.catalog.running import run
from soxauto_assets_tests.lakes import write_lake

PERIOD = "2025-09"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lake(tmp_path_factory.mktemp("lake"), TABLES)


@pytest.fixture(scope="module")
def rows(lake: Path) -> dict[tuple[str, int], dict]:
    listed = run(lake, "CR_03_MOV", PERIOD)
    keyed = {(row["id_company"], row["entry_no"]): row for row in listed}
    assert len(keyed) == len(listed), "the key holds"
    return keyed


def test_every_entry_of_twelve_months_cleared_and_reversed_ones_too(rows):
    assert {key: row["amount"] for key, row in rows.items()} == {
        ("EC_NG", 1): Decimal(-100),
        ("EC_NG", 2): Decimal("-10.125"),
        ("EC_NG", 4): Decimal(-11),
        ("EC_NG", 5): Decimal(-500),
        ("EC_NG", 6): Decimal(-600),
        ("EC_NG", 7): Decimal(-12),
        ("EC_NG", 12): Decimal(17),
        ("JD_GH", 1): Decimal("-2000.5"),
    }
    assert rows[("EC_NG", 12)]["reversed"] is True


def test_accounts_are_those_of_the_entrys_own_company(rows):
    assert ("JD_GH", 2) not in rows, "184120A is another account in JD_GH"
    ghana = rows[("JD_GH", 1)]
    assert (ghana["chart_of_accounts_no"], ghana["account_name"], ghana["group_coa_account_no"]) == (
        "999",
        "Vouchers GH",
        "18412",
    )
    assert (ghana["company_country"], ghana["opco_central"]) == ("GH", "Opco")
    assert rows[("EC_NG", 2)]["chart_of_accounts_no"] == "184120a  "


def test_columns_are_those_of_cr_03_without_what_other_tables_add():
    left_out = {"flg_in_conso_scope", "remaining_amount", "level_1_name", "level_2_name", "level_3_name", "entrytype"}
    names = [column.name for column in get_item("CR_03").columns if column.name not in left_out]
    assert [column.name for column in get_item("CR_03_MOV").columns] == names


@pytest.mark.parametrize(
    ("period", "first", "entries"),
    [
        ("2025-08", date(2024, 9, 30), {1, 4, 5, 6, 7, 8}),
        ("2025-09", date(2024, 10, 1), {1, 2, 4, 5, 6, 7, 12}),
        ("2025-10", date(2024, 12, 31), {1, 2, 3, 4, 5, 6, 12}),
        ("2025-12", date(2025, 1, 1), {1, 2, 3, 5, 6, 12}),
        ("2024-12", date(2024, 9, 30), {4, 7, 8}),
    ],
)
def test_the_window_rolls_by_whole_months(lake, period, first, entries):
    listed = [row for row in run(lake, "CR_03_MOV", period) if row["id_company"] == "EC_NG"]
    assert {row["entry_no"] for row in listed} == entries
    assert min(row["posting_date"] for row in listed) == first


def test_a_leap_day_is_inside_the_window_that_ends_a_year_later(tmp_path):
    tables = {
        **TABLES,
        "gl_entries": """
            id_company | entry_no | posting_date | gl_account_no | amount
            EC_NG      | 1        | 2024-02-29   | 184120A       | 1
            EC_NG      | 2        | 2024-03-01   | 184120A       | 2
            EC_NG      | 3        | 2025-02-28   | 184120A       | 4
            EC_NG      | 4        | 2025-03-01   | 184120A       | 8
        """,
    }
    lake = write_lake(tmp_path, tables)
    assert [row["entry_no"] for row in run(lake, "CR_03_MOV", "2025-02")] == [2, 3]
    assert [row["entry_no"] for row in run(lake, "CR_03_MOV", "2025-01")] == [1, 2]
    assert [row["entry_no"] for row in run(lake, "CR_03_MOV", "2024-02")] == [1]


def test_control_totals_are_those_of_the_hand_made_rows(lake):
    totals = run(lake, "CR_03_MOV", PERIOD, "control_totals")
    assert {tuple(row.values()) for row in totals} == {
        ("EC_NG", "18412", 6, Decimal("-616.125"), date(2024, 10, 1), date(2025, 9, 30)),
        ("EC_NG", "18412 ", 1, Decimal(-600), date(2025, 8, 1), date(2025, 8, 1)),
        ("JD_GH", "18412", 1, Decimal("-2000.5"), date(2025, 9, 10), date(2025, 9, 10)),
    }
    assert tuple(totals[0]) == get_item("CR_03_MOV").control_totals.columns


def test_every_entry_of_the_account_is_listed_or_left_out_for_a_reason(lake):
    assert cells(run(lake, "CR_03_MOV", PERIOD, "dropped_rows")) == {
        "account without a group account": (2, Decimal(31)),
        "company outside the consolidation scope": (1, Decimal(-40)),
        "posted after the cut-off": (1, Decimal(-7)),
        "posted before the twelve months": (1, Decimal(-13)),
        "listed": (8, Decimal("-3216.625")),
    }
    outcome = judge(lake, "CR_03_MOV", PERIOD, "dropped_rows")
    assert (outcome.held, outcome.expected) == (True, "13 candidates = 8 listed + 5 left out")
    assert not judge(lake, "CR_03_MOV", PERIOD, "dropped_rows", "select * from landed where entry_no <> 4").held


# Balances that the ledger of the tests makes: month ends from the one before the twelve months on. JD_GH's first balance is of
# its first entry; ZZ_OUT is outside the scope; a balance within a month and one of another account say nothing.
BALANCES = """
    id_company | closing_date | group_coa_account_no | balance_at_date
    EC_NG      | 2024-09-30   | 18412                | -13
    EC_NG      | 2024-10-31   | 18412                | -25
    EC_NG      | 2024-11-30   | 18412                | -25
    EC_NG      | 2024-12-31   | 18412                | -36
    EC_NG      | 2025-01-31   | 18412                | -136
    EC_NG      | 2025-02-28   | 18412                | -636
    EC_NG      | 2025-03-31   | 18412                | -636
    EC_NG      | 2025-04-30   | 18412                | -636
    EC_NG      | 2025-05-31   | 18412                | -636
    EC_NG      | 2025-06-30   | 18412                | -636
    EC_NG      | 2025-07-31   | 18412                | -636
    EC_NG      | 2025-08-31   | 18412                | -1200
    EC_NG      | 2025-08-31   | 18412·               | -36
    EC_NG      | 2025-09-15   | 18412                | -9999
    EC_NG      | 2025-09-30   | 18412                | -1229.125
    EC_NG      | 2025-09-30   | 13003                | 5
    EC_NG      | 2025-10-31   | 18412                | -7
    JD_GH      | 2025-09-30   | 18412                | -2000.5
    ZZ_OUT     | 2025-09-30   | 18412                | -40
"""


@pytest.fixture(scope="module")
def balanced(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lake(tmp_path_factory.mktemp("lake"), {**TABLES, "bs_balances_view": BALANCES})


def test_the_entries_of_each_month_are_what_the_balance_moved(balanced):
    moved = {(row["id_company"], row["month_end"]): row["amount"] for row in _roll_forward(balanced)}
    assert moved == {
        ("EC_NG", date(2024, 10, 31)): Decimal(-12),
        ("EC_NG", date(2024, 12, 31)): Decimal(-11),
        ("EC_NG", date(2025, 1, 31)): Decimal(-100),
        ("EC_NG", date(2025, 2, 28)): Decimal(-500),
        ("EC_NG", date(2025, 8, 31)): Decimal(-600),
        ("EC_NG", date(2025, 9, 30)): Decimal("6.875"),
        ("JD_GH", date(2025, 9, 30)): Decimal("-2000.5"),
    }
    assert judge(balanced, "CR_03_MOV", PERIOD, "roll_forward").held


def test_a_lost_entry_breaks_the_roll_forward_of_its_month_alone(balanced):
    outcome = judge(balanced, "CR_03_MOV", PERIOD, "roll_forward", "select * from landed where entry_no <> 12")
    assert (outcome.held, outcome.details) == (
        False,
        (
            "other way: id_company EC_NG, group_account 18412, month_end 2025-09-30, amount 6.8750",
            "landed: id_company EC_NG, group_account 18412, month_end 2025-09-30, amount -10.1250",
        ),
    )


def test_a_month_end_that_the_view_does_not_hold_counts_as_nothing(tmp_path):
    later = "\n".join(line for line in BALANCES.splitlines() if "2024-09-30" not in line)
    lake = write_lake(tmp_path, {**TABLES, "bs_balances_view": later})
    assert judge(lake, "CR_03_MOV", PERIOD, "roll_forward").details == (
        "other way: id_company EC_NG, group_account 18412, month_end 2024-10-31, amount -25.0000",
        "landed: id_company EC_NG, group_account 18412, month_end 2024-10-31, amount -12.0000",
    )
    (tie,) = get_item("CR_03_MOV").ties
    assert tie.severity == "warn"


def _roll_forward(lake: Path) -> list[dict]:
    return run(lake, "CR_03_MOV", PERIOD, "tie__roll_forward")


def test_both_sides_of_the_cutoff_are_seen_at_the_source(lake):
    edges = {row["id_company"]: tuple(row.values())[1:] for row in run(lake, "CR_03_MOV", PERIOD, "cutoff_edges")}
    assert edges == {
        "EC_NG": (date(2025, 9, 30), date(2025, 10, 1), 1),
        "JD_GH": (date(2025, 9, 10), None, 0),
    }


def test_the_ledger_is_fresh_with_a_posting_of_the_last_week(lake):
    assert run(lake, "CR_03_MOV", PERIOD, "freshness") == [{"newest": date(2025, 10, 1), "fresh": True}]
    assert run(lake, "CR_03_MOV", "2025-10", "freshness") == [{"newest": date(2025, 10, 1), "fresh": False}]


@pytest.mark.parametrize(("day", "broken"), [("2024-09-30", 1), ("2024-10-01", 0), ("2025-09-30", 0)])
def test_the_expectation_holds_the_window_to_twelve_months(day, broken):
    (rule,) = get_item("CR_03_MOV").expectations
    sql = f"select count(*) from (select date '{day}' as posting_date) where {rule.violation}"
    assert duckdb.execute(sql, {"last_day": date(2025, 9, 30)}).fetchall() == [(broken,)]
