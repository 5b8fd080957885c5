"""soxauto_assets: month-end audit evidence for SOX control C-PG-1, as Dagster assets.

In a notebook::

    import soxauto_assets
    balances = soxauto_assets.load("IPE_07", "2025-09")

Importing the package does no I/O and loads neither Dagster nor pandas.
"""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

__version__ = "0.1.0"


def load(item: str, period: str, attempt: int | None = None, allow_failed: bool = False) -> "pd.DataFrame":
    """Return the sealed rows of an item for a period, after verifying their package.

    Args:
        item: Item id, for example ``IPE_07``.
        period: Period key, ``YYYY-MM``.
        attempt: Attempt number; None = the newest sealed one.
        allow_failed: Also return rows whose verdict is failed.

    Returns:
        One row per row of the extract, columns as the item declares them, Arrow dtypes (money stays decimal). ``attrs``
        holds ``item``, ``period``, ``attempt``, ``digest``, ``verdict`` and ``environment``.

    Raises:
        NotSealed: There is no such package.
        FailedVerdict: Its verdict is failed and ``allow_failed`` is not set.
        NotVerified: The package does not match its seal, or its rows do not match its digest.
    """
    from contextlib import closing

    from soxauto_assets.runtime import Runtime

    with closing(Runtime.from_environment()) as runtime:
        return runtime.load(item, period, attempt, allow_failed)
