"""The estimate of what a query will scan, made before it runs.

Here belongs the estimate from the files' sizes and footers. What does not belong here: what it did scan, which Athena says.

Parquet is read by column, so the estimate is, for each table, the bytes of its files times the share of the columns that the
text names. It leaves out partitions that the query may skip: it errs on the high side.
"""

from collections.abc import Iterable
from decimal import Decimal

import sqlglot
from sqlglot import exp

from soxauto_assets.engines.athena.places import Found, Places
from soxauto_assets.engines.athena.queries import GIGABYTE
from soxauto_assets.engines.athena.tables import Tables
from soxauto_assets.engines.contract import Errand
from soxauto_assets.engines.sql import DIALECT
from soxauto_assets.errors import ExtractionError
from soxauto_assets.sources.bindings import TableName


def require_within_limit(text: str, errand: Errand, limit_gb: Decimal | None, tables: Tables, places: Places) -> None:
    """Refuse a query whose estimate exceeds the limit.

    Raises:
        ExtractionError: Names the estimate, the limit and the largest table.
    """
    if limit_gb is None:
        return
    sizes = estimate(text, tables, places)
    total = sum(sizes.values())
    if total > limit_gb * GIGABYTE:
        largest = max(sizes, key=lambda table: sizes[table])
        raise ExtractionError(
            f"{errand.purpose} would scan about {total / GIGABYTE:,.2f} GB, more than the limit of {limit_gb} GB; "
            f"most of it is {largest} with {sizes[largest] / GIGABYTE:,.2f} GB. It was not run",
            action="narrow the query, or raise SOXAUTO_ATHENA_SCAN_LIMIT_GB with the agreement of the workgroup's owner",
        )


def estimate(text: str, tables: Tables, places: Places) -> dict[TableName, int]:
    """Return the bytes that a text will scan, by table; a table whose files cannot be seen counts as nothing."""
    tree = sqlglot.parse_one(text, read=DIALECT)
    named = {column.name.lower() for column in tree.find_all(exp.Column)}
    sizes = {}
    for table in {TableName(t.db, t.name, t.catalog or None) for t in tree.find_all(exp.Table) if t.db}:
        found = tables.get(table)
        files = tables.files(found) if found else None
        if files:
            sizes[table] = int(sum(file.bytes for file in files) * _share(files[0], named, places))
    return sizes


def _share(file: Found, named: Iterable[str], places: Places) -> Decimal:
    """Return the named columns' share of a Parquet file's bytes; 1 for a file that is none."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        with places.ranged(file) as opened, pq.ParquetFile(pa.PythonFile(opened, mode="r")) as parquet:
            metadata = parquet.metadata
            chunks = [
                metadata.row_group(group).column(column)
                for group in range(metadata.num_row_groups)
                for column in range(metadata.num_columns)
            ]
    except (pa.ArrowInvalid, ExtractionError):
        return Decimal(1)
    sizes = [(chunk.path_in_schema.split(".")[0].lower() in named, chunk.total_compressed_size) for chunk in chunks]
    total = sum(size for _, size in sizes)
    return Decimal(sum(size for read, size in sizes if read)) / total if total else Decimal(1)
