"""CR_05a on a lake that can be read as a table: the rate that was valid at the month end."""

from datetime import date
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from soxauto_assets.catalog import get_item
from soxauto_assets_tests.catalog.judging import cells, judge
from soxauto_assets_tests.catalog.running import run
from soxauto_assets_tests.lakes import write_lake

PERIOD = "2025-09"

# USD: on the last day, and one on the day after; EUR: an old one, still valid; NGN: only next month; GBP: not needed;
# MAD: the same row twice, and other case and blanks
RATES = {
    "currency_exchange_rate": """
        currency_code | starting_date | relational_exch_rate_amount
        USD           | 2025-09-01    | 133
        USD           | 2025-09-30    | 133.12345678
        USD           | 2025-10-01    | 134
        EUR           | 2024-12-31    | 150.125
        NGN           | 2025-10-01    | 0.09
        GBP           | 2025-08-01    | 168
        GBP           | 2025-09-01    | 170
        MAD           | 2025-01-01    | 13.5
        mad··         | 2025-09-02    | 13.6
        mad··         | 2025-09-02    | 13.6
    """
}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lake(tmp_path_factory.mktemp("lake"), RATES)


def test_one_rate_per_currency_the_latest_on_or_before_the_last_day(lake):
    assert {tuple(row.values()) for row in run(lake, "CR_05a", PERIOD)} == {
        ("USD", 2025, 9, Decimal("133.12345678"), date(2025, 9, 30)),
        ("EUR", 2024, 12, Decimal("150.125"), date(2024, 12, 31)),
        ("mad  ", 2025, 9, Decimal("13.6"), date(2025, 9, 2)),
    }
    assert len(run(lake, "CR_05a", PERIOD)) == 3


def test_the_month_after_and_the_month_before(lake):
    october = {row["currency_code"]: row["relational_exch_rate_amount"] for row in run(lake, "CR_05a", "2025-10")}
    assert october == {
        "USD": Decimal(134),
        "EUR": Decimal("150.125"),
        "NGN": Decimal("0.09"),
        "mad  ": Decimal("13.6"),
    }
    august = {row["currency_code"]: row["starting_date"] for row in run(lake, "CR_05a", "2025-08")}
    assert august == {"EUR": date(2024, 12, 31), "MAD": date(2025, 1, 1)}, "no rate of USD yet, and none is invented"


def test_control_totals_are_those_of_the_hand_made_rows(lake):
    totals = run(lake, "CR_05a", PERIOD, "control_totals")
    assert {tuple(row.values()) for row in totals} == {
        ("USD", 1, Decimal("133.12345678"), date(2025, 9, 30), date(2025, 9, 30)),
        ("EUR", 1, Decimal("150.125"), date(2024, 12, 31), date(2024, 12, 31)),
        ("mad  ", 1, Decimal("13.6"), date(2025, 9, 2), date(2025, 9, 2)),
    }
    assert tuple(totals[0]) == get_item("CR_05a").control_totals.columns


def test_two_different_rates_of_one_day_do_not_tie_out(tmp_path):
    lake = write_lake(
        tmp_path,
        {
            "currency_exchange_rate": """
                currency_code | starting_date | relational_exch_rate_amount
                USD           | 2025-09-30    | 133
                USD           | 2025-09-30    | 133.5
            """
        },
    )
    assert [row["relational_exch_rate_amount"] for row in run(lake, "CR_05a", PERIOD)] == [Decimal(133)]
    assert [row["row_count"] for row in run(lake, "CR_05a", PERIOD, "control_totals")] == [2]
    assert judge(lake, "CR_05a", PERIOD, "dropped_rows").difference == (
        "listed by the source 2 rows, landed 1; listed by the source 266.5000, landed 133.0000"
    )


def test_every_rate_is_listed_or_left_out_for_a_reason(lake):
    assert cells(run(lake, "CR_05a", PERIOD, "dropped_rows")) == {
        "listed": (3, Decimal("296.8485")),
        "currency not in the list": (2, Decimal(168 + 170)),
        "starts after the cut-off": (2, Decimal("134.09")),
        "replaced by a later rate": (2, Decimal("146.5")),
        "equal row, listed once": (1, Decimal("13.6")),
    }
    assert judge(lake, "CR_05a", PERIOD, "dropped_rows").held
    lost = "select * from landed where currency_code <> 'EUR'"
    assert not judge(lake, "CR_05a", PERIOD, "dropped_rows", lost).held


def test_both_sides_of_the_cutoff_are_seen_at_the_source(lake):
    assert run(lake, "CR_05a", PERIOD, "cutoff_edges") == [
        {"last_before": date(2025, 9, 30), "first_after": date(2025, 10, 1), "rows_after": 2}
    ]


def test_an_empty_source_is_a_good_answer(tmp_path):
    lake = write_lake(tmp_path, {"currency_exchange_rate": "currency_code | starting_date"})
    assert run(lake, "CR_05a", PERIOD) == run(lake, "CR_05a", PERIOD, "control_totals") == []
    item = get_item("CR_05a")
    assert (item.allow_empty, item.required_for_close, item.control) == (True, False, "C-FA-12")


@pytest.mark.parametrize(
    ("year", "month", "broken"), [("2025", "9", 0), ("2025", "8", 1), ("2024", "9", 1), ("null", "9", 1)]
)
def test_the_expectation_recomputes_year_and_month(year, month, broken):
    (rule,) = get_item("CR_05a").expectations
    row = f"select {year}::bigint as year, {month}::bigint as month, date '2025-09-30' as starting_date"
    assert duckdb.sql(f"select count(*) from ({row}) where {rule.violation}").fetchall() == [(broken,)]
