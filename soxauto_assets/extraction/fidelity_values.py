"""What a column's values become when they are read under another type, and what that does to a total.

Here belongs rounding as Athena and Trino round on reading, exactly, in decimal and in whole units of time. What does not belong
here: which columns are looked at (``extraction.fidelity``).
"""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from soxauto_assets.period import Period

Weight = Literal["error", "warn", "note"]
BATCH_ROWS = 65_536
# Units of a timestamp in a millisecond.
_IN_MILLISECOND = {"us": 1_000, "ns": 1_000_000}
# A row that changes its month changes a figure where a close of the period still reads by that month.
_MONTHS_BACK = 12
_SHOWN = 5


@dataclass(frozen=True)
class Change:
    """What reading a column under its declared type does to its values.

    Attributes:
        fault: ``scale``, ``instant``, ``length`` or ``type``.
        weight: ``error`` where a figure changes, ``warn`` where one may, ``note`` where none does.
        rows: Rows whose value is another; None where that was not counted.
        stored: What the file holds.
        read: What is read.
    """

    fault: str
    weight: Weight
    rows: int | None = None
    stored: str | None = None
    read: str | None = None


def changes_of(
    file: pq.ParquetFile, column: str, kind: pa.DataType, declared: str, period: Period, amounts: Sequence[str] = ()
) -> Change | None:
    """Return what a column's declared type does to the values of a file; None when they are read as they are.

    Args:
        file: The opened file.
        column: The column's name in it.
        kind: The column's type in it.
        declared: The declared type in Trino's words.
        period: The month that is closed.
        amounts: Columns of money in the file, to tell what a row is worth that changes its month.
    """
    whole = pa.types.is_integer(kind)
    if declared.startswith("decimal(") and pa.types.is_decimal(kind):
        return _rounded(file, column, kind, int(declared.rstrip(")").split(",")[1]))
    if declared.startswith("timestamp") and pa.types.is_timestamp(kind):
        return _instants(file, column, kind, period, amounts)
    if declared.startswith("varchar") and (pa.types.is_string(kind) or pa.types.is_large_string(kind)):
        return _cut(file, column, int(declared[8:-1])) if declared != "varchar" else None
    if whole and declared in ("bigint", "integer", "smallint", "tinyint"):
        return None
    if declared == "varchar" and (whole or pa.types.is_decimal(kind)):
        return Change("type", "note")
    if whole and declared.startswith("decimal("):
        return Change("type", "note")
    # Refused by the engine, or read as a number of days or milliseconds without a word.
    return Change("type", "error", file.metadata.num_rows)


def rounded_instants(values: "np.ndarray[Any, np.dtype[np.int64]]", unit: str) -> "np.ndarray[Any, np.dtype[np.int64]]":
    """Return instants, counted in a unit since 1970, in milliseconds: rounded half up, also before 1970."""
    size = _IN_MILLISECOND.get(unit, 1)
    rounded: np.ndarray[Any, np.dtype[np.int64]] = np.floor_divide(values + size // 2, size)
    return rounded


def _rounded(file: pq.ParquetFile, column: str, kind: pa.DataType, scale: int) -> Change | None:
    if kind.scale <= scale:
        return None
    stored, read, changed = Decimal(0), Decimal(0), 0
    wide = pa.decimal256(76, kind.scale)
    for batch in _batches(file, [column]):
        values = batch.column(0).cast(wide)
        rounded = pc.round(values, ndigits=scale, round_mode="half_towards_infinity")
        changed += pc.sum(pc.not_equal(values, rounded.cast(wide))).as_py() or 0
        stored += pc.sum(values).as_py() or 0
        read += pc.sum(rounded).as_py() or 0
    exact = f"total {stored:f}"
    return Change("scale", "error" if changed else "note", changed, exact, f"total {_at(read, scale):f}")


def _cut(file: pq.ParquetFile, column: str, length: int) -> Change | None:
    longest = changed = 0
    for batch in _batches(file, [column]):
        lengths = pc.utf8_length(batch.column(0))
        changed += pc.sum(pc.greater(lengths, length)).as_py() or 0
        longest = max(longest, pc.max(lengths).as_py() or 0)
    if not changed:
        return None
    return Change("length", "error", changed, f"texts of up to {longest} characters", f"texts of up to {length}")


def _at(value: Decimal, scale: int) -> Decimal:
    return value.quantize(Decimal(1).scaleb(-scale)) if value else Decimal(0).scaleb(-scale)


def _instants(
    file: pq.ParquetFile, column: str, kind: pa.DataType, period: Period, amounts: Sequence[str]
) -> Change | None:
    unit = str(kind.unit)
    if unit not in _IN_MILLISECOND:
        return None
    size, changed = _IN_MILLISECOND[unit], 0
    moved: Counter[tuple[str, str]] = Counter()
    worth: dict[tuple[str, str], dict[str, Decimal]] = defaultdict(lambda: dict.fromkeys(amounts, Decimal(0)))
    for batch in _batches(file, [column, *amounts]):
        table = pa.table(batch).filter(pc.is_valid(batch.column(0)))
        raw = table.column(0).cast(pa.int64()).to_numpy()
        changed += int(np.count_nonzero(raw % size))
        before = np.floor_divide(raw, size).astype("datetime64[ms]").astype("datetime64[M]")
        after = rounded_instants(raw, unit).astype("datetime64[ms]").astype("datetime64[M]")
        for number in np.flatnonzero(before != after):
            key = (str(before[number]), str(after[number]))
            moved[key] += 1
            for name in amounts:
                worth[key][name] += table.column(name)[int(number)].as_py() or Decimal(0)
    if not moved:
        return Change("instant", "warn" if changed else "note", changed)
    near = set(_months(period))
    shown = sorted(moved, key=lambda key: (key[0] not in near, key))[:_SHOWN]
    weight: Weight = "error" if any(key[0] in near or key[1] in near for key in moved) else "warn"
    return Change(
        "instant",
        weight,
        changed,
        "; ".join(_said(key[0], moved[key], worth[key]) for key in shown),
        "; ".join(_said(key[1], moved[key], worth[key]) for key in shown),
    )


def _said(month: str, rows: int, worth: dict[str, Decimal]) -> str:
    totals = "".join(f", {name} {total:f}" for name, total in worth.items())
    return f"{rows} row{'s' * (rows != 1)} of {month}{totals}"


def _months(period: Period) -> Iterator[str]:
    yield period.next().key
    for _ in range(_MONTHS_BACK + 1):
        yield period.key
        period = period.previous()


def _batches(file: pq.ParquetFile, columns: list[str]) -> Iterator[pa.RecordBatch]:
    for batch in file.iter_batches(BATCH_ROWS, columns=columns):
        # The file's own order of columns may be another.
        yield batch.select(columns)
