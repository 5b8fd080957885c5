"""The dataset digest: one value for the rows, whatever the files, the order or the engine.

Here belongs the digest of ``docs/dataset-digest.md``: DuckDB makes and sorts the row hashes, which are hashed on as they
stream. What does not belong here: digests of files (``extraction.landing``), and rewriting rows so that they fit.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from soxauto_assets.canonical import canonical_json, sha256_hex
from soxauto_assets.catalog.types import ContractType
from soxauto_assets.errors import ExtractionError, StorageError
from soxauto_assets.extraction.parquet import scan, session

TAG = "soxauto-dataset-digest/v1"
LEAF_ROWS = 1024
_HASH = 32
_LEAF = LEAF_ROWS * _HASH
_BATCH_ROWS = 65_536

Columns = Sequence[tuple[str, ContractType]]


@dataclass(frozen=True)
class CompanyRoot:
    """The tree of one company's rows.

    Attributes:
        company: Company code as it stands in the rows; None for rows without one, or where the item has no company.
        rows: Number of rows.
        root: Merkle root, hex.
    """

    company: str | None
    rows: int
    root: str


@dataclass(frozen=True)
class DatasetDigest:
    """The digest of a dataset.

    Attributes:
        digest: SHA-256 over tag, schema, row count and root, hex.
        rows: Number of rows.
        root: Root over the companies, or over all rows where the item has no company.
        companies: The companies' trees, in order; empty where the item has no company.
        columns: Name and contract type, in order.
    """

    digest: str
    rows: int
    root: str
    companies: tuple[CompanyRoot, ...]
    columns: tuple[tuple[str, str], ...]

    def to_json(self) -> dict[str, Any]:
        """Return the digest and its parts for a record."""
        return {
            "algorithm": TAG,
            "digest": self.digest,
            "rows": self.rows,
            "root": self.root,
            "companies": [{"company": c.company, "rows": c.rows, "root": c.root} for c in self.companies],
            "columns": [[name, kind] for name, kind in self.columns],
        }


def dataset_digest(files: Sequence[Path], columns: Columns, company_column: str | None) -> DatasetDigest:
    """Compute the digest of the rows in Parquet files.

    Memory stays flat as rows grow: DuckDB sorts within its limit and spills to a temporary folder outside the files' own.

    Args:
        files: The files, each with exactly the declared columns in their order; how rows are spread over the files does
            not matter, and no file means no rows.
        columns: Declared columns and contract types, in order.
        company_column: The declared string column that holds the company, or None.

    Raises:
        ExtractionError: A column is missing, extra, in another place, of a type that would lose information, or holds
            values that have no exact text; the message names it.
        StorageError: A file cannot be read, or the rows cannot be sorted.
    """
    with sorted_hashes(files, columns, company_column) as runs:
        trees = tuple(
            CompanyRoot(company, *_tree(hashes for _, hashes in blocks))
            for company, blocks in groupby(runs, key=itemgetter(0))
        )
    rows = sum(tree.rows for tree in trees)
    if company_column is None:
        root = trees[0].root if trees else _root([])
    else:
        _, root = _tree(hashlib.sha256(f"{_text(t.company)};{t.rows};{t.root}".encode()).digest() for t in trees)
    schema = tuple((name, kind.name) for name, kind in columns)
    header = f"{TAG}\n{canonical_json(schema).decode()}\n{rows}\n{root}"
    return DatasetDigest(sha256_hex(header.encode()), rows, root, trees if company_column is not None else (), schema)


@contextmanager
def sorted_hashes(
    files: Sequence[Path], columns: Columns, company_column: str | None
) -> Iterator[Iterator[tuple[str | None, bytes]]]:
    """Stream the row hashes in the order of the trees: by company, null first, then ascending.

    Args:
        files: As in :func:`dataset_digest`.
        columns: As in :func:`dataset_digest`.
        company_column: As in :func:`dataset_digest`.

    Yields:
        Runs of one company: the company, and any number of its hashes joined.

    Raises:
        ExtractionError: As :func:`dataset_digest`.
        StorageError: As :func:`dataset_digest`.
    """
    _require_company(columns, company_column)
    with _database() as connection:
        for path in files:
            _require_columns(connection, path, columns)
        yield _runs(connection, files, columns, company_column)


def placed_row_sql(columns: Columns) -> str:
    """Return the DuckDB expression of a row's text, over columns named ``c0``, ``c1`` and so on by place."""
    return row_sql([cell_sql(f"c{place}", kind) for place, (_, kind) in enumerate(columns)])


def rows_of(path: Path, columns: Columns) -> str:
    """Return the FROM item of one file, its columns named ``c0``, ``c1`` and so on by place."""
    names = ", ".join(f"c{place}" for place in range(len(columns)))
    return f"{scan([path])} AS part({names})"


def cell_sql(column: str, kind: ContractType) -> str:
    """Return the DuckDB expression of a cell's text; see the specification for the forms.

    Args:
        column: An SQL expression for the column.
        kind: Its contract type.
    """
    match kind.kind:
        case "string":
            text = f"length({column}) || ':' || {column}"
        case "bool":
            text = f"CASE WHEN {column} THEN 'true' WHEN NOT {column} THEN 'false' END"
        case "timestamp":
            text = f"CAST(epoch_ms({column}) AS VARCHAR)"
        case _:
            text = f"CAST(CAST({column} AS {kind.duckdb}) AS VARCHAR)"
    if kind.kind == "decimal" and kind.precision == kind.scale:
        # DuckDB leaves out the zero before the point where the type has no digit for it.
        text = f"replace({text}, '.', '0.')"
    return f"coalesce({text}, '~')"


def row_sql(cells: Sequence[str]) -> str:
    """Return the DuckDB expression of a row's text from its cells' expressions, none of which is null.

    A chain of ``||`` copies the text once per cell, which takes twice as long for forty columns.
    """
    return f"concat_ws(';', {', '.join(cells)})"


@contextmanager
def _database() -> Iterator[duckdb.DuckDBPyConnection]:
    """Open DuckDB with bounded memory; what it or Arrow cannot read or sort becomes one error of ours."""
    try:
        with session() as connection:
            yield connection
    except (duckdb.Error, pa.ArrowException, OSError) as error:
        # The engine's own message may quote a value of a row.
        raise StorageError(
            f"the rows could not be read and sorted for their digest ({type(error).__name__})",
            action="check that the files are there and whole and that the temporary folder has space, then run again",
        ) from error


def _runs(
    connection: duckdb.DuckDBPyConnection, files: Sequence[Path], columns: Columns, company_column: str | None
) -> Iterator[tuple[str | None, bytes]]:
    """Return the sorted hashes in runs of one company, cut from Arrow's own buffers."""
    if not files:
        return
    names = [name for name, _ in columns]
    code = "CAST(NULL AS VARCHAR)" if company_column is None else f"c{names.index(company_column)}"
    # One branch per file, columns by place: a scan of several files would cast all to the types of the first.
    parts = " UNION ALL ".join(
        f"SELECT {code} AS company, unhex(sha256({placed_row_sql(columns)})) AS hash FROM {rows_of(path, columns)}"
        for path in files
    )
    for batch in connection.sql(f"{parts} ORDER BY company NULLS FIRST, hash").to_arrow_reader(_BATCH_ROWS):
        hashes = batch.column("hash").cast(pa.binary(_HASH))
        data = hashes.buffers()[1].to_pybytes()[hashes.offset * _HASH :]
        companies = pc.run_end_encode(batch.column("company"))
        start = 0
        for end, company in zip(companies.run_ends.to_pylist(), companies.values.to_pylist(), strict=True):
            yield company, data[start * _HASH : end * _HASH]
            start = end


def _tree(blocks: Iterable[bytes]) -> tuple[int, str]:
    """Return row count and root of hashes that arrive in order, in blocks of any size."""
    rows, rest, leaves = 0, b"", []
    for block in blocks:
        rows += len(block) // _HASH
        data = rest + block
        whole = len(data) - len(data) % _LEAF
        leaves += [_leaf(data[start : start + _LEAF]) for start in range(0, whole, _LEAF)]
        rest = data[whole:]
    return rows, _root([*leaves, _leaf(rest)] if rest else leaves)


def _leaf(hashes: bytes) -> bytes:
    return hashlib.sha256(b"\x00" + hashes).digest()


def _root(nodes: list[bytes]) -> str:
    if not nodes:
        return _leaf(b"").hex()
    while len(nodes) > 1:
        pairs = zip(nodes[::2], nodes[1::2], strict=False)
        promoted = nodes[-1:] if len(nodes) % 2 else []
        nodes = [hashlib.sha256(b"\x01" + left + right).digest() for left, right in pairs] + promoted
    return nodes[0].hex()


def _text(company: str | None) -> str:
    return "~" if company is None else f"{len(company)}:{company}"


def _require_company(columns: Columns, company_column: str | None) -> None:
    if company_column is not None and dict(columns).get(company_column) != ContractType("string"):
        raise ExtractionError(
            f"company column {company_column} is not declared as a string",
            action="correct company_column or the column's type in item.py",
        )


def _require_columns(connection: duckdb.DuckDBPyConnection, path: Path, columns: Columns) -> None:
    """Refuse a file whose columns are not the declared ones, or whose values would lose information as text."""
    with pq.ParquetFile(path) as file:
        found, physical = file.schema_arrow, file.schema
    _require_names(found.names, [name for name, _ in columns])
    for place, (name, kind) in enumerate(columns):
        arrived = found.field(place).type
        # The old 96-bit instants count nanoseconds, which the reader drops without a word.
        if not _lossless(arrived, kind) or physical.column(place).physical_type == "INT96":
            raise ExtractionError(
                f"column {name} is {arrived}, declared {kind}: its digest would lose information",
                action="cast the column in extract.sql and land the extract again",
            )
    kinds = [kind for _, kind in columns]
    guards = {place: guard for place, kind in enumerate(kinds) if (guard := _guard(place, kind, found.field(place)))}
    if not guards:
        return
    counts = ", ".join(f"count(*) FILTER (WHERE {guard})" for guard in guards.values())
    [faults] = connection.execute(f"SELECT {counts} FROM {rows_of(path, columns)}").fetchall()
    for place, count in zip(guards, faults, strict=True):
        if count:
            raise ExtractionError(
                f"column {columns[place][0]} holds {count} values finer than a millisecond or outside the years 1 to 9999",
                action="cast or filter the column in extract.sql and land the extract again",
            )


def _require_names(found: Sequence[str], declared: Sequence[str]) -> None:
    faults = [f"column {name} is missing" for name in declared if name not in found]
    faults += [f"column {name} is not declared" for name in found if name not in declared]
    if not faults and list(found) != list(declared):
        faults = [
            f"column {name} stands where {other} is declared"
            for name, other in zip(found, declared, strict=False)
            if name != other
        ] or ["a column occurs twice"]
    if faults:
        raise ExtractionError(
            f"the file's columns are not the declared ones: {'; '.join(faults)}", action="land the extract again"
        )


def _lossless(arrived: pa.DataType, declared: ContractType) -> bool:
    """Return whether every value of an Arrow type has an exact text in a contract type.

    An instant may arrive finer than a millisecond: whether its values are exact is asked of the rows.
    """
    match declared.kind:
        case "string":
            return bool(pa.types.is_string(arrived) or pa.types.is_large_string(arrived))
        case "bool":
            return bool(pa.types.is_boolean(arrived))
        case "int64":
            return bool(pa.types.is_integer(arrived) and arrived != pa.uint64())
        case "date":
            return bool(pa.types.is_date32(arrived))
        case "timestamp":
            return bool(pa.types.is_timestamp(arrived) and arrived.tz is None)
        case "decimal":
            fraction, whole = declared.scale, declared.precision - declared.scale
            return bool(
                pa.types.is_decimal(arrived)
                and arrived.scale <= fraction
                and arrived.precision - arrived.scale <= whole
            )


def _guard(place: int, kind: ContractType, field: pa.Field) -> str | None:
    """Return the SQL condition under which a cell has no exact text, or None where every cell has one."""
    column = f"c{place}"
    if kind.kind == "date":
        return f"{column} NOT BETWEEN DATE '0001-01-01' AND DATE '9999-12-31'"
    if kind.kind != "timestamp":
        return None
    if field.type.unit == "ns":
        return f"epoch_ns({column}) % 1000000 <> 0"
    years = f"{column} NOT BETWEEN TIMESTAMP '0001-01-01' AND TIMESTAMP '9999-12-31 23:59:59.999'"
    return f"{years} OR epoch_us({column}) % 1000 <> 0"
