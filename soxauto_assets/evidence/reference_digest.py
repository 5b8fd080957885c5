"""The dataset digest a second time, plainly: Arrow reads the rows, Python hashes them.

    python -m soxauto_assets.evidence.reference_digest PACKAGE

Here belongs reading Parquet files as the specification (``docs/dataset-digest.md``, section 1) wants them read, for people
who want to see that the digest is not what one engine happens to say. What does not belong here: anything of the first
implementation (``extraction.digest``, DuckDB), which every vector compares with this one; cell, row, tree and digest
(``evidence.proof``), which check proofs without Arrow.

It holds 32 bytes a row and is slow: the close uses the other one.
"""

import json
import re
import sys
from collections.abc import Iterator, Sequence
from datetime import date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from soxauto_assets.errors import ExtractionError
from soxauto_assets.evidence import proof
from soxauto_assets.evidence.proof import Cell, Columns

_BATCH_ROWS = 8_192
_DECIMAL = re.compile(r"decimal\((\d+),(\d+)\)")
_EPOCH = datetime(1970, 1, 1)
_FIRST_DAY, _LAST_DAY = (date(1, 1, 1) - _EPOCH.date()).days, (date(9999, 12, 31) - _EPOCH.date()).days
_DAY_MS = 86_400_000
_INTEGERS = {pa.int8(), pa.int16(), pa.int32(), pa.int64(), pa.uint8(), pa.uint16(), pa.uint32()}
# Nanoseconds of one count of each unit.
_UNITS = {"s": 10**9, "ms": 10**6, "us": 10**3, "ns": 1}


def reference_digest(files: Sequence[Path], columns: Columns, company_column: str | None) -> dict[str, Any]:
    """Return the digest of the rows in Parquet files with its parts, as the record of a digest holds them.

    Args:
        files: The files; how rows are spread over them does not matter.
        columns: Names and contract types, in order.
        company_column: The string column that holds the company, or None.

    Raises:
        ExtractionError: A file's columns are not these, or a column would lose information; the column is named.
    """
    names = [name for name, _ in columns]
    if company_column is not None and [company_column, "string"] not in [list(column) for column in columns]:
        raise _refused(f"company column {company_column} is not declared as a string")
    trees: dict[str | None, list[bytes]] = {}
    for path in files:
        for row in _rows(path, columns):
            company = None if company_column is None else row[names.index(company_column)]
            assert company is None or isinstance(company, str)
            trees.setdefault(company, []).append(proof.text_hash(proof.row_text(row, columns)))
    ordered = sorted(trees, key=lambda company: (company is not None, (company or "").encode()))
    companies = [(company, len(trees[company]), proof.tree_root(sorted(trees[company]))) for company in ordered]
    rows = sum(count for _, count, _ in companies)
    if company_column is None:
        root = companies[0][2] if companies else proof.tree_root([])
        companies = []
    else:
        root = proof.tree_root([proof.company_hash(*company) for company in companies])
    return {
        "algorithm": proof.TAG,
        "digest": proof.dataset_digest(columns, rows, root),
        "rows": rows,
        "root": root,
        "companies": [{"company": company, "rows": count, "root": tree} for company, count, tree in companies],
        "columns": [list(column) for column in columns],
    }


def _rows(path: Path, columns: Columns) -> Iterator[tuple[Cell, ...]]:
    with pq.ParquetFile(path) as file:
        found = file.schema_arrow
        if found.names != [name for name, _ in columns]:
            raise _refused(_named(found.names, [name for name, _ in columns]))
        for place, (name, kind) in enumerate(columns):
            arrived = found.field(place).type
            if not _accepted(arrived, kind) or file.schema.column(place).physical_type == "INT96":
                raise _refused(f"column {name} is {arrived}, declared {kind}: its digest would lose information")
        for batch in file.iter_batches(_BATCH_ROWS):
            yield from zip(*(typed_cells(batch.column(i), *column) for i, column in enumerate(columns)), strict=True)


def _named(found: Sequence[str], declared: Sequence[str]) -> str:
    """Name the columns that are missing, not declared, or elsewhere."""
    faults = [f"column {name} is missing" for name in declared if name not in found]
    faults += [f"column {name} is not declared" for name in found if name not in declared]
    moved = [(name, other) for name, other in zip(found, declared, strict=False) if name != other]
    faults = faults or [f"column {name} stands where {other} is declared" for name, other in moved]
    return "; ".join(faults or ["a column occurs twice"])


def _accepted(arrived: pa.DataType, kind: str) -> bool:
    """Return whether a column of a file may hold a contract type (section 1)."""
    if decimal := _DECIMAL.fullmatch(kind):
        precision, scale = int(decimal.group(1)), int(decimal.group(2))
        if not pa.types.is_decimal(arrived):
            return False
        return bool(arrived.scale <= scale and arrived.precision - arrived.scale <= precision - scale)
    if kind == "timestamp":
        return bool(pa.types.is_timestamp(arrived) and arrived.tz is None)
    accepted = {
        "string": {pa.string(), pa.large_string()},
        "bool": {pa.bool_()},
        "int64": _INTEGERS,
        "date": {pa.date32()},
    }
    return arrived in accepted[kind]


def typed_cells(column: pa.Array, name: str, kind: str) -> list[Cell]:
    """Return a column's cells as typed JSON (section 8).

    Args:
        column: The column, of a type that section 1 accepts.
        name: Its name, for refusals.
        kind: Its contract type.

    Raises:
        ExtractionError: A value has no exact text: it is finer than a millisecond or outside the years 1 to 9999.
    """
    try:
        if kind == "date":
            days = column.cast(pa.int32()).to_pylist()
            return [None if value is None else _date(value) for value in days]
        if kind == "timestamp":
            unit = _UNITS[column.type.unit]
            counts = column.cast(pa.int64()).to_pylist()
            return [None if value is None else _timestamp(value * unit) for value in counts]
        if decimal := _DECIMAL.fullmatch(kind):
            scale = int(decimal.group(2))
            return [None if value is None else _decimal(value, scale) for value in column.to_pylist()]
        cells = column.to_pylist()
        return [None if value is None else str(value) for value in cells] if kind == "int64" else cells
    except UnicodeDecodeError:
        raise _refused(f"column {name} holds text that is no UTF-8") from None
    except ValueError as error:
        raise _refused(f"column {name} holds values {error}") from None


def _date(days: int) -> str:
    if not _FIRST_DAY <= days <= _LAST_DAY:
        raise ValueError("outside the years 1 to 9999")
    return (_EPOCH.date() + timedelta(days=days)).isoformat()


def _timestamp(nanoseconds: int) -> str:
    milliseconds, finer = divmod(nanoseconds, 10**6)
    if finer or not _FIRST_DAY * _DAY_MS <= milliseconds < (_LAST_DAY + 1) * _DAY_MS:
        raise ValueError("finer than a millisecond or outside the years 1 to 9999")
    return (_EPOCH + timedelta(milliseconds=milliseconds)).isoformat(sep=" ", timespec="milliseconds")


def _decimal(value: Decimal, scale: int) -> str:
    """Write a decimal with exactly ``scale`` digits after the point; Python's contexts would round 38 digits."""
    sign, digits, exponent = value.as_tuple()
    assert isinstance(exponent, int)
    unscaled = "".join(map(str, digits)) + "0" * (scale + exponent)
    text = unscaled.lstrip("0").rjust(scale + 1, "0")
    number = f"{text[: len(text) - scale]}.{text[len(text) - scale :]}" if scale else text
    return f"-{number}" if sign and unscaled.strip("0") else number


def _refused(cause: str) -> ExtractionError:
    return ExtractionError(cause, action="cast the column in extract.sql and land the extract again")


def main(arguments: list[str]) -> int:
    """Print the digest of a package's rows and of what it sealed; 0 = equal, 1 = not, 2 = no package named."""
    if len(arguments) != 1:
        print("usage: python -m soxauto_assets.evidence.reference_digest PACKAGE")
        return 2
    data = Path(arguments[0]) / "data"
    contract = json.loads((data / "contract.json").read_bytes())
    sealed = json.loads((data / "dataset.json").read_bytes())["digest"]
    found = reference_digest(sorted((data / "rows").glob("*.parquet")), contract["columns"], contract["company_column"])
    print(f"rows     {found['rows']}\nfound    {found['digest']}\nsealed   {sealed['digest']}")
    return 0 if found == sealed else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
