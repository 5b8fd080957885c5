"""The accounting period: one calendar month, half-open.

Here belongs the translation between a period key (``2025-09``) and the instants a query needs. What does not belong
here: partitions of the orchestrator (``defs``), and the question which periods an environment offers (``settings``).

The rule (domain 2.5): ``period_start <= ts < period_end``; "still open at cut-off" is ``ts is null or ts >= period_end``;
date-only columns use ``date <= last_day``.
"""

import re
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from soxauto_assets.errors import PeriodError

_KEY = re.compile(r"^(\d{4})-(0[1-9]|1[0-2])$", re.ASCII)


@dataclass(frozen=True, order=True)
class Period:
    """One accounting month.

    Attributes:
        year: Calendar year, four digits.
        month: Calendar month, 1 to 12.
    """

    year: int
    month: int

    @classmethod
    def parse(cls, key: str) -> "Period":
        """Read a period key.

        Args:
            key: ``YYYY-MM``.

        Raises:
            PeriodError: The text has another form.
        """
        match = _KEY.fullmatch(key)
        if not match or match.group(1) == "0000":
            raise PeriodError(f"{key!r} is no accounting period", action="give a month as YYYY-MM, for example 2025-09")
        return cls(int(match.group(1)), int(match.group(2)))

    @classmethod
    def of(cls, day: date) -> "Period":
        """Return the period that a calendar day belongs to."""
        return cls(day.year, day.month)

    @property
    def key(self) -> str:
        """The partition key, ``YYYY-MM``."""
        return f"{self.year:04d}-{self.month:02d}"

    @property
    def period_start(self) -> datetime:
        """First instant of the period (naive, local to the source)."""
        return datetime(self.year, self.month, 1)

    @property
    def period_end(self) -> datetime:
        """First instant after the period: exclusive, the cut-off instant."""
        return self.next().period_start

    @property
    def last_day(self) -> date:
        """Last calendar day of the period, for date-only columns."""
        return self.period_end.date() - timedelta(days=1)

    @property
    def year_start(self) -> date:
        """First day of the calendar year of the period."""
        return date(self.year, 1, 1)

    def next(self) -> "Period":
        """Return the following month."""
        return Period(self.year + 1, 1) if self.month == 12 else Period(self.year, self.month + 1)

    def previous(self) -> "Period":
        """Return the month before."""
        return Period(self.year - 1, 12) if self.month == 1 else Period(self.year, self.month - 1)

    def through(self, last: "Period") -> list["Period"]:
        """Return the periods from this one to ``last``, both included."""
        periods, current = [], self
        while current <= last:
            periods.append(current)
            current = current.next()
        return periods

    def parameters(self) -> dict[str, date | datetime]:
        """Return the period parameters every query may use.

        Returns:
            ``period_start``, ``period_end`` (datetimes), ``last_day``, ``year_start`` (dates).
        """
        return {
            "period_start": self.period_start,
            "period_end": self.period_end,
            "last_day": self.last_day,
            "year_start": self.year_start,
        }

    def require_closed(self, today: date) -> "Period":
        """Return the period when it has ended.

        Args:
            today: The calendar day on which the question is asked.

        Raises:
            PeriodError: The period is running or lies in the future.
        """
        if self.period_end.date() > today:
            state = "is still open" if self.period_start.date() <= today else "lies in the future"
            raise PeriodError(
                f"the period {state}: it ends with {self.last_day.isoformat()}",
                action=f"extract it from {self.period_end.date().isoformat()} on, or give a closed month",
                period=self.key,
            )
        return self

    def __str__(self) -> str:
        return self.key
