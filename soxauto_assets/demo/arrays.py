"""Columns of the demo lake: exact decimals, dates, texts, as Arrow arrays.

Here belongs building arrays quickly and without floating point. What does not belong here: what the values mean.
"""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from soxauto_assets.extraction.tables import arrow_type
from soxauto_assets.sources.model import SourceContract

Integers = npt.NDArray[np.int64]
EPOCH = date(1970, 1, 1)
# Amounts are integers of 0.0001, the scale of the contract's money.
UNIT = 10_000


class Draws:
    """A stream of integers that is the same on every machine and under every version of numpy.

    numpy promises that for the raw stream of a bit generator, not for the methods of ``Generator``.

    Args:
        key: Integers that name the stream.
    """

    def __init__(self, *key: int):
        self._bits = np.random.PCG64(list(key))

    def integers(self, low: int, high: int, rows: int) -> Integers:
        """Return integers from ``low`` to ``high``, the latter excluded."""
        raw = np.asarray(self._bits.random_raw(rows), dtype=np.uint64)
        return low + (raw % np.uint64(high - low)).astype(np.int64)


def units(amount: str) -> int:
    """Return an amount in units of 0.0001."""
    scaled = Decimal(amount) * UNIT
    if scaled != int(scaled):
        raise ValueError(f"{amount} has more than four decimal places")
    return int(scaled)


def amount_text(amount: int) -> str:
    """Return an amount given in units as text with four decimal places."""
    return format(Decimal(int(amount)).scaleb(-4), "f")


def day_number(day: date) -> int:
    """Return the days since 1970-01-01."""
    return (day - EPOCH).days


def decimals(values: Integers, precision: int = 18, scale: int = 4) -> pa.Array:
    """Return decimals from integers of the last digit, through the 16-byte layout: exact and without Python objects."""
    lanes = np.empty((len(values), 2), dtype=np.int64)
    lanes[:, 0] = values
    lanes[:, 1] = values >> 63
    return pa.Array.from_buffers(pa.decimal128(precision, scale), len(values), [None, pa.py_buffer(lanes)])


def days(values: Integers) -> pa.Array:
    """Return dates from days since 1970-01-01."""
    return pa.array(values.astype(np.int32), pa.int32()).cast(pa.date32())


def instants(milliseconds: Integers) -> pa.Array:
    """Return instants from milliseconds since 1970-01-01."""
    return pa.array(milliseconds, pa.int64()).cast(pa.timestamp("ms"))


def choose(values: Sequence[str | None], positions: Integers) -> pa.Array:
    """Return texts by position in a list."""
    return pa.array(values, pa.string()).take(pa.array(positions))


def repeated(value: str, rows: int) -> pa.Array:
    """Return the same text for every row."""
    return choose([value], np.zeros(rows, dtype=np.int64))


def instants_or_null(milliseconds: Integers) -> pa.Array:
    """Return instants from milliseconds since 1970-01-01; 0 stands for what never happened."""
    return pa.array(milliseconds, pa.int64(), mask=milliseconds == 0).cast(pa.timestamp("ms"))


def numbered(prefix: str, numbers: Integers, width: int = 6) -> pa.Array:
    """Return texts such as ``INV000123``."""
    digits = pc.utf8_lpad(pa.array(numbers).cast(pa.string()), width, "0")
    return pc.binary_join_element_wise(pa.scalar(prefix), digits, "")


def table(contract: SourceContract, columns: Mapping[str, pa.Array], rows: int) -> pa.Table:
    """Return a table with every column of a contract; columns that are not given are null."""
    unknown = columns.keys() - {column.name for column in contract.columns}
    if unknown:
        raise ValueError(f"{contract.name} has no column {sorted(unknown)}")
    return pa.table(
        {
            column.name: columns[column.name].cast(arrow_type(column.type))
            if column.name in columns
            else pa.nulls(rows, arrow_type(column.type))
            for column in contract.columns
        }
    )


def records(contract: SourceContract, rows: Sequence[Mapping[str, object]]) -> pa.Table:
    """Return a table from a few rows written by hand."""
    names = [column.name for column in contract.columns]
    unknown = {name for row in rows for name in row} - set(names)
    if unknown:
        raise ValueError(f"{contract.name} has no column {sorted(unknown)}")
    return pa.table(
        {
            column.name: pa.array([_cell(row.get(column.name)) for row in rows], arrow_type(column.type))
            for column in contract.columns
        }
    )


def _cell(value: object) -> object:
    """Leave a value as it is, but refuse floats: money is decimal from the first byte."""
    if isinstance(value, float):
        raise TypeError("a float reached the demo lake")
    return value


def month_milliseconds(start: datetime) -> int:
    """Return milliseconds since 1970-01-01 of an instant."""
    return int((start - datetime(1970, 1, 1)).total_seconds()) * 1000
