"""Partitions: the accounting month, closed months only.

Company is a column, never a partition: a package must hold the whole population.
"""

import dagster as dg

from soxauto_assets.period import Period
from soxauto_assets.settings import FIRST_PERIOD

_FORMAT = "%Y-%m"


def monthly_partitions(first: Period | None = None) -> dg.MonthlyPartitionsDefinition:
    """Return the months from the first period to the last closed one; keys are ``YYYY-MM``."""
    return dg.MonthlyPartitionsDefinition(start_date=first.key if first else FIRST_PERIOD, fmt=_FORMAT)
