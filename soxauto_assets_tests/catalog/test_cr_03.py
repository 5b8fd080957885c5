"""CR_03 on a lake that can be read as a table: what is open in the year so far, and on which account."""

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
    listed = run(lake, "CR_03", PERIOD)
    keyed = {(row["id_company"], row["entry_no"]): row for row in listed}
    assert len(keyed) == len(listed), "the key holds"
    return keyed


def test_entries_whose_movements_of_the_year_do_not_add_up_to_zero(rows):
    assert {key: (row["amount"], row["remaining_amount"]) for key, row in rows.items()} == {
        ("EC_NG", 1): (Decimal(-100), Decimal(-60)),
        ("EC_NG", 2): (Decimal("-10.125"), Decimal("-10.125")),
        ("EC_NG", 6): (Decimal(-600), Decimal(-600)),
        ("EC_NG", 8): (Decimal(-13), Decimal(3)),
        ("EC_NG", 12): (Decimal(17), Decimal(17)),
        ("EC_NG", 13): (Decimal(18), Decimal(18)),
        ("JD_GH", 1): (Decimal("-2000.5"), Decimal("-2000.5")),
    }


def test_accounts_are_chosen_by_group_account_and_the_local_one_is_kept_raw(rows):
    assert {key: (row["chart_of_accounts_no"], row["group_coa_account_no"]) for key, row in rows.items()} == {
        ("EC_NG", 1): ("184120A", "18412"),
        ("EC_NG", 2): ("184120a  ", "18412"),
        ("EC_NG", 6): ("184121", "18412 "),
        ("EC_NG", 8): ("184120A", "18412"),
        ("EC_NG", 12): ("184120A", "18412"),
        ("EC_NG", 13): ("150100", "15010"),
        ("JD_GH", 1): ("999", "18412"),
    }
    assert rows[("JD_GH", 1)]["account_name"] == "Vouchers GH"


@pytest.mark.parametrize(
    ("key", "text", "kind"),
    [
        (("EC_NG", 1), "RF_317489956_0925", "Other"),
        (("EC_NG", 2), "Refund Bm 09", "BackMargin"),
        (("EC_NG", 6), "BackMargin of August", "BackMargin"),
        (("EC_NG", 8), "B M", "Other"),
        (("EC_NG", 12), None, "Other"),
        (("JD_GH", 1), "Crédit Ñandú BM", "BackMargin"),
    ],
)
def test_entry_type_is_read_from_the_text_in_any_case(rows, key, text, kind):
    assert (rows[key]["document_description"], rows[key]["entrytype"]) == (text, kind)


def test_look_ups_add_texts_and_never_rows(rows):
    row = rows[("EC_NG", 6)]
    assert (row["company_country"], row["opco_central"], row["flg_in_conso_scope"]) == ("NG", "Opco", 1)
    assert (row["level_1_name"], row["level_2_name"], row["level_3_name"]) == ("Liabilities", "Current", "Vouchers")
    assert rows[("EC_NG", 13)]["level_1_name"] is None, "an account outside the mapping keeps its row"
    assert (row["reversed"], rows[("EC_NG", 12)]["reversed"]) == (None, True)
    assert rows[("EC_NG", 12)]["document_date"] == date(2025, 10, 5), "the document date is no cut-off"


def test_control_totals_are_those_of_the_hand_made_rows(lake):
    last, tenth = date(2025, 9, 30), date(2025, 9, 10)
    totals = run(lake, "CR_03", PERIOD, "control_totals")
    assert {tuple(row.values()) for row in totals} == {
        ("EC_NG", "15010", 1, Decimal(18), Decimal(18), tenth, tenth),
        ("EC_NG", "18412", 4, Decimal("-106.125"), Decimal("-50.125"), date(2024, 9, 30), last),
        ("EC_NG", "18412 ", 1, Decimal(-600), Decimal(-600), date(2025, 8, 1), date(2025, 8, 1)),
        ("JD_GH", "18412", 1, Decimal("-2000.5"), Decimal("-2000.5"), tenth, tenth),
    }
    assert tuple(totals[0]) == get_item("CR_03").control_totals.columns


def test_every_entry_with_movements_of_the_year_is_listed_or_left_out_for_a_reason(lake):
    assert cells(run(lake, "CR_03", PERIOD, "dropped_rows")) == {
        "account without a group account": (2, Decimal(31)),
        "cleared in the year": (1, Decimal(0)),
        "company outside the consolidation scope": (1, Decimal(-40)),
        "movements without a ledger entry": (1, Decimal(19)),
        "listed": (7, Decimal("-2632.625")),
    }
    outcome = judge(lake, "CR_03", PERIOD, "dropped_rows")
    assert (outcome.held, outcome.expected) == (True, "12 candidates = 7 listed + 5 left out")


@pytest.mark.parametrize(
    "changed",
    [
        "select * from landed where entry_no <> 12",
        "select * replace (remaining_amount + 1 as remaining_amount) from landed",
    ],
)
def test_a_lost_entry_and_a_changed_amount_differ_from_the_population(lake, changed):
    assert not judge(lake, "CR_03", PERIOD, "dropped_rows", changed).held


def test_both_sides_of_the_cutoff_are_seen_at_the_source(lake):
    edges = {row["id_company"]: tuple(row.values())[1:] for row in run(lake, "CR_03", PERIOD, "cutoff_edges")}
    assert edges == {
        "EC_NG": (date(2025, 9, 30), date(2025, 10, 1), 1),
        "JD_GH": (date(2025, 9, 10), None, 0),
    }


def test_the_ledger_is_fresh_with_a_posting_of_the_last_week(lake):
    assert run(lake, "CR_03", PERIOD, "freshness") == [{"newest": date(2025, 10, 1), "fresh": True}]
    assert run(lake, "CR_03", "2025-10", "freshness") == [{"newest": date(2025, 10, 1), "fresh": False}]


def test_the_year_starts_anew_in_january(lake):
    december = {(r["id_company"], r["entry_no"]): r["remaining_amount"] for r in run(lake, "CR_03", "2024-12")}
    assert december == {("EC_NG", 4): Decimal(-11), ("EC_NG", 7): Decimal(-12), ("EC_NG", 8): Decimal(-13)}
    january = {(r["id_company"], r["entry_no"]): r["remaining_amount"] for r in run(lake, "CR_03", "2025-01")}
    assert january == {("EC_NG", 1): Decimal(-100), ("EC_NG", 8): Decimal(3)}


@pytest.mark.parametrize(
    ("name", "changed"),
    [
        ("remaining_not_zero", {"remaining_amount": "0"}),
        ("entry_type_recomputed", {"entrytype": "'Other'"}),
        ("entry_type_recomputed", {"document_description": "'no margin'"}),
        ("account_in_scope", {"group_coa_account_no": "'15010'"}),
        ("account_in_scope", {"group_coa_account_no": "null"}),
    ],
)
def test_expectations_see_a_wrong_row(name, changed):
    good = {
        "remaining_amount": "1",
        "entrytype": "'BackMargin'",
        "document_description": "'x backMargin'",
        "group_coa_account_no": "'18412 '",
    }
    rule = next(rule for rule in get_item("CR_03").expectations if rule.name == name)
    found = []
    for row in (good, {**good, **changed}):
        columns = ", ".join(f"{value} as {column}" for column, value in row.items())
        found += duckdb.sql(f"select count(*) from (select {columns}) where {rule.violation}").fetchall()
    assert found == [(0,), (1,)]
