"""The accounting period: half-open, closed months only."""

from datetime import date, datetime

import pytest

from soxauto_assets.errors import PeriodError
from soxauto_assets.period import Period


def test_september_2025():
    period = Period.parse("2025-09")
    assert period.period_start == datetime(2025, 9, 1)
    assert period.period_end == datetime(2025, 10, 1)
    assert period.last_day == date(2025, 9, 30)
    assert period.year_start == date(2025, 1, 1)
    assert period.key == str(period) == "2025-09"


@pytest.mark.parametrize(
    ("key", "last_day", "following", "before"),
    [
        ("2024-02", date(2024, 2, 29), "2024-03", "2024-01"),
        ("2025-02", date(2025, 2, 28), "2025-03", "2025-01"),
        ("2024-12", date(2024, 12, 31), "2025-01", "2024-11"),
        ("2025-01", date(2025, 1, 31), "2025-02", "2024-12"),
    ],
)
def test_leap_years_and_year_ends(key, last_day, following, before):
    period = Period.parse(key)
    assert (period.last_day, period.next().key, period.previous().key) == (last_day, following, before)


@pytest.mark.parametrize(
    "text", ["2025-13", "2025-00", "2025-9", "202509", "2025-09-30", "", "latest", "0000-01", "२०२५-०९"]
)
def test_other_texts_are_refused(text):
    with pytest.raises(PeriodError, match="YYYY-MM"):
        Period.parse(text)


def test_a_month_is_closed_from_the_first_day_of_the_next():
    period = Period.parse("2025-09")
    assert period.require_closed(date(2025, 10, 1)) is period
    with pytest.raises(PeriodError, match=r"2025-09: the period is still open.*from 2025-10-01 on"):
        period.require_closed(date(2025, 9, 30))
    with pytest.raises(PeriodError, match="lies in the future"):
        period.require_closed(date(2025, 8, 31))


def test_a_range_of_months_holds_both_ends():
    months = Period.parse("2024-11").through(Period.parse("2025-02"))
    assert [month.key for month in months] == ["2024-11", "2024-12", "2025-01", "2025-02"]
