"""What is landed is what the source holds: digest, population, look-ups, sequences, other ways to the figures."""

from dataclasses import replace
from decimal import Decimal

from soxauto_assets.catalog import get_item
from soxauto_assets.catalog.model import Population, Tie
from soxauto_assets.catalog.types import INT64, STRING, SUM
from soxauto_assets.extraction.tables import TypedTable
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings
from soxauto_assets_tests.checks.conftest import DIGESTS, IPE_07, Checking, failed
from soxauto_assets_tests.conftest import HAND_MADE
from soxauto_assets_tests.lakes import write_lake

CELLS = (("reason", STRING), ("row_count", INT64), ("amount", SUM))
POPULATED = replace(IPE_07, population=Population("open entries (a test)", amount="sum(rem_amt_lcy)"))


def cells(checked, *rows: tuple[str, int, str]) -> dict[str, TypedTable]:
    table = TypedTable(CELLS, tuple((reason, count, Decimal(amount)) for reason, count, amount in rows))
    return {**checked.record.answers, "dropped_rows": table}


def test_the_row_digest_sees_one_changed_letter_that_no_total_sees(checked):
    results = checked(
        "select * replace (case when entry_no = 1 then 'x' else document_no end as document_no) from landed"
    )
    assert failed(results) == {*DIGESTS}
    assert results["row_digest"].rows == 7  # both companies have an entry 1
    assert results["row_digest"].difference == "2"


def test_the_row_digest_names_a_company_that_is_missing(checked):
    results = checked("select * from landed where id_company <> 'JD_GH'")
    assert failed(results) == {"control_totals", "dropped_rows", *DIGESTS}
    (line,) = results["row_digest"].details
    assert line.startswith("JD_GH: source 1 rows, ") and line.endswith(", landed no rows")


def test_candidates_are_listed_or_left_out(checked):
    answers = cells(checked, ("listed", 7, "2737.625"), ("posting group not in scope", 1, "12"))
    result = checked(item=POPULATED, answers=answers)["dropped_rows"]
    assert result.good
    assert result.expected == "8 candidates = 7 listed + 1 left out"
    assert result.details == ("posting group not in scope: 1 rows, 12",)


def test_a_candidate_that_is_neither_landed_nor_left_out_fails(checked):
    answers = cells(checked, ("listed", 8, "2749.625"))
    result = checked(item=POPULATED, answers=answers)["dropped_rows"]
    assert (result.status, result.rows) == ("failed", 1)
    assert result.details == (
        "listed by the source 8 rows, landed 7",
        "listed by the source 2749.625, landed 2737.6250",
    )


def test_look_ups_that_were_not_asked_for_fail(checked):
    assert checked()["fan_out"].actual == "0 keys lead to different rows"
    lookups = checked.record.answers["lookups"]
    fewer = {**checked.record.answers, "lookups": replace(lookups, rows=lookups.rows[1:])}
    result = checked(answers=fewer)["fan_out"]
    assert (result.status, result.actual) == ("failed", "0 keys lead to different rows; not asked: dim_company")


def test_equal_rows_of_a_look_up_are_counted(checked):
    assert checked()["fan_out"].details == ("dim_busline: 1 keys repeated with equal rows, 1 rows collapsed",)


def test_numbers_that_are_missing_are_counted_by_company(checked):
    columns = (("id_company", STRING), ("first_no", INT64), ("last_no", INT64), ("row_count", INT64))
    numbered = replace(IPE_07, sequence="NAV numbers its entries (a test)")
    counted = TypedTable(columns, (("EC_NG", 1, 12, 12), ("JD_GH", 5, 9, 3)))
    result = checked(item=numbered, answers={**checked.record.answers, "sequence": counted})["sequence"]
    assert (result.status, result.severity) == ("failed", "warn")
    assert (result.actual, result.details) == ("2 numbers missing in 1 of 2 companies", ("JD_GH: 2 missing",))


def test_another_way_to_the_figures_is_compared_line_by_line(checked):
    landed = "select id_company, sum(rem_amt_lcy) as amount from landed where posting_date <= $last_day group by 1"
    tied = replace(IPE_07, ties=(Tie("other_way", landed, "the same sum (a test)"),))
    columns = (("id_company", STRING), ("amount", SUM))
    sums = (("EC_NG", Decimal("737.125")), ("JD_GH", Decimal("2000.5")))
    answers = {**checked.record.answers, "tie__other_way": TypedTable(columns, sums)}
    assert checked(item=tied, answers=answers)["other_way"].good
    answers["tie__other_way"] = TypedTable(columns, (sums[0], ("JD_GH", Decimal("2000.51"))))
    result = checked(item=tied, answers=answers)["other_way"]
    assert (result.status, result.actual) == ("failed", "2 lines, 1 equal")
    assert result.details == (
        "other way: id_company JD_GH, amount 2000.51",
        "landed: id_company JD_GH, amount 2000.5000",
    )


def test_a_tie_that_only_warns_does_not_stop_an_item_whose_own_sources_are_there(tmp_path):
    """CR_04 reads the balances; the ledger that it is tied to was never exported here."""
    lake = write_lake(tmp_path / "lake", {"bs_balances_view": HAND_MADE["bs_balances_view"]})
    runtime = Runtime(Settings.from_environment({"SOXAUTO_HOME": str(tmp_path / "home")}, lake=lake))
    results = Checking(runtime, tmp_path, get_item("CR_04"))()
    runtime.close()
    assert results["control_totals"].good and results["query_hash"].good
    tie = results["ledger_balance"]
    assert (tie.status, tie.severity) == ("failed", "warn")
    assert tie.actual == "it was not asked: a source of its own is not confirmed"
