"""Faults planted into the files of a small lake: what a table's declaration hides.

Here belongs one function per class of source fidelity, over the orders of ``HAND_MADE``. What does not belong here: who finds
them (``checks/test_fidelity`` on DuckDB, ``trino/test_fidelity`` on Trino and DuckDB, ``aws/test_fidelity`` on Athena's
endpoint).
"""

from collections.abc import Callable
from decimal import Decimal
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq

from soxauto_assets_tests.lakes import DATABASE, write_table

# In September, and a second file beside the first one.
MORE = """
    order_id | order_date              | customer_id | total_amount | order_status
    X1       | 2025-09-15 12:00:00     | 7           | 20           | completed
    X2       | 2025-09-30 23:59:59.999 | 7           | 30           | completed
"""


def absent(lake: Path) -> Path:
    """Leave a column out of the second file."""
    return _second(lake, lambda rows: rows.drop_columns(["total_amount"]))


def scale(lake: Path) -> Path:
    """Give the amounts of the second file six decimal places: 1.00005 is read as 1.0001, 2.00004 as 2.0000."""
    finer = pa.array([Decimal("1.000050"), Decimal("2.000040")], pa.decimal128(20, 6))
    return _second(lake, lambda rows: _replaced(rows, "total_amount", finer))


def instant(lake: Path) -> Path:
    """Put the second row of the second file half a millisecond before October."""
    finer = np.array(["2025-09-15T12:00:00.000000", "2025-09-30T23:59:59.999500"], dtype="datetime64[us]")
    return _second(lake, lambda rows: _replaced(rows, "order_date", pa.array(finer)))


def mixed(lake: Path) -> Path:
    """Keep the customer of the second file as a number, which has lost the zeros before it."""
    return _second(lake, lambda rows: _replaced(rows, "customer_id", pa.array([7, 7], pa.int64())))


PLANTED: dict[str, tuple[Callable[[Path], Path], str]] = {
    "absent": (absent, "total_amount"),
    "scale": (scale, "total_amount"),
    "instant": (instant, "order_date"),
    "mixed": (mixed, "customer_id"),
}
# What became of the total, as the check says it.
TOLD = {
    "absent": "absent, declared decimal(18,4), found no such column, 2 rows are read otherwise, read 2 nulls",
    "scale": "scale, declared decimal(18,4), found decimal(20,6), 2 rows are read otherwise, stored total 3.000090, "
    "read total 3.0001",
    "instant": "instant, declared timestamp(3), found timestamp(6), 1 rows are read otherwise, "
    "stored 1 row of 2025-09, total_amount 30.0000, read 1 row of 2025-10, total_amount 30.0000",
    "mixed": "mixed, declared varchar, found varchar in {first}; bigint in {second}",
}


def _second(lake: Path, change: Callable[[pa.Table], pa.Table]) -> Path:
    path = write_table(lake, "bob_sales_order", MORE, "second.parquet")
    pq.write_table(change(pq.read_table(path)), path)
    assert path == lake / DATABASE / "bob_sales_order" / "second.parquet"
    return path


def _replaced(rows: pa.Table, column: str, values: pa.Array) -> pa.Table:
    return rows.set_column(rows.column_names.index(column), column, values)
