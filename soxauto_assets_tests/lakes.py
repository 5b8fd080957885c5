"""Small lakes, written by hand in a test: a table is a header and a few rows.

Cells are text: ``-`` is null, everything else is read by the source contract's type. Trailing blanks are written ``·``.
"""

from collections.abc import Mapping
from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from soxauto_assets.catalog.types import ContractType
from soxauto_assets.extraction.tables import arrow_type
from soxauto_assets.sources.contracts import contract

DATABASE = "exports"


def write_lake(folder: Path, tables: Mapping[str, str]) -> Path:
    """Write one Parquet file per logical source.

    Columns that a table leaves out are null; sources that are not given get an empty table where a test asks for them.

    Args:
        folder: The lake folder.
        tables: Logical source to a text table: the first line names columns, the others hold cells separated by ``|``.
    """
    for source, text in tables.items():
        write_table(folder, source, text)
    return folder


def write_table(folder: Path, source: str, text: str, file: str = "rows.parquet") -> Path:
    """Write one table; a second file of the same table may be added under another name."""
    lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    header, rows = lines[0], lines[1:]
    columns = {}
    for column in contract(source).columns:
        cells = [row[header.index(column.name)] if column.name in header else "-" for row in rows]
        columns[column.name] = pa.array([cell_value(cell, column.type) for cell in cells], arrow_type(column.type))
    unknown = set(header) - columns.keys()
    assert not unknown, f"{source} has no column {unknown}"
    path = folder / DATABASE / source / file
    path.parent.mkdir(parents=True, exist_ok=True)
    pq.write_table(pa.table(columns), path)
    return path


def cell_value(cell: str, kind: ContractType) -> object:
    """Read one cell."""
    if cell == "-":
        return None
    match kind.kind:
        case "string":
            return cell.replace("·", " ")
        case "bool":
            return cell == "true"
        case "int64":
            return int(cell)
        case "decimal":
            return Decimal(cell)
        case "date":
            return date.fromisoformat(cell)
        case "timestamp":
            return datetime.fromisoformat(cell)
