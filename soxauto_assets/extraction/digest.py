"""The dataset digest: one value for the rows, whatever the files, the order or the engine.

Here belongs the digest of ``docs/dataset-digest.md``, computed by DuckDB and hashed as it streams. What does not belong
here: digests of files (``extraction.landing``).
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from soxauto_assets.canonical import canonical_json
from soxauto_assets.catalog.types import ContractType
from soxauto_assets.errors import ExtractionError
from soxauto_assets.extraction.tables import contract_type

TAG = "soxauto-dataset-digest/v1"
LEAF_ROWS = 1024
_HASH = 32


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


def dataset_digest(
    files: Sequence[Path], columns: Sequence[tuple[str, ContractType]], company_column: str | None
) -> DatasetDigest:
    """Compute the digest of the rows in Parquet files.

    Args:
        files: The files; how rows are spread over them does not matter.
        columns: Declared columns and contract types, in order.
        company_column: The column that holds the company, or None.

    Raises:
        ExtractionError: A file has other columns than declared, or a type that would lose information.
    """
    for path in files:
        _require_columns(pq.read_schema(path), columns)
    with duckdb.connect(config={"memory_limit": "512MB", "threads": 2}) as connection:
        sorted_rows = _sorted_hashes(connection, files, columns, company_column)
        trees = tuple(CompanyRoot(company, *_tree(hashes)) for company, hashes in _by_company(sorted_rows))
    rows = sum(tree.rows for tree in trees)
    if company_column:
        outer = [hashlib.sha256(f"{_text(t.company)};{t.rows};{t.root}".encode()).digest() for t in trees]
        root = merkle_root(outer)
    else:
        root = trees[0].root if trees else merkle_root([])
    schema = tuple((name, kind.name) for name, kind in columns)
    header = [TAG, canonical_json([list(column) for column in schema]).decode(), str(rows), root]
    return DatasetDigest(
        digest=hashlib.sha256("\n".join(header).encode()).hexdigest(),
        rows=rows,
        root=root,
        companies=trees if company_column else (),
        columns=schema,
    )


def merkle_root(row_hashes: Iterable[bytes]) -> str:
    """Return the root over sorted row hashes: leaves of up to 1,024 rows, an odd node promoted; hex."""
    joined = b"".join(row_hashes)
    size = LEAF_ROWS * _HASH
    leaves = [hashlib.sha256(b"\x00" + joined[at : at + size]).digest() for at in range(0, len(joined), size)]
    return _root(leaves)


def cell_sql(name: str, kind: ContractType) -> str:
    """Return the DuckDB expression of a cell's text; see the specification for the forms."""
    column = f'"{name}"'
    match kind.kind:
        case "string":
            text = f"length({column}) || ':' || {column}"
        case "bool":
            text = f"CASE WHEN {column} THEN 'true' WHEN NOT {column} THEN 'false' END"
        case "timestamp":
            text = f"CAST(epoch_ms(CAST({column} AS TIMESTAMP_MS)) AS VARCHAR)"
        case _:
            text = f"CAST(CAST({column} AS {kind.duckdb}) AS VARCHAR)"
    return f"coalesce({text}, '~')"


def _sorted_hashes(
    connection: duckdb.DuckDBPyConnection,
    files: Sequence[Path],
    columns: Sequence[tuple[str, ContractType]],
    company_column: str | None,
) -> pa.RecordBatchReader:
    """Return company and row hash in order: the company's text (null first), then the hash."""
    company = f'"{company_column}"' if company_column else "CAST(NULL AS VARCHAR)"
    row = " || ';' || ".join(cell_sql(name, kind) for name, kind in columns)
    connection.read_parquet([str(path) for path in files]).create_view("rows_of_dataset")
    return connection.sql(
        f"SELECT {company} AS company, unhex(sha256({row})) AS hash FROM rows_of_dataset "
        "ORDER BY company NULLS FIRST, hash"
    ).to_arrow_reader(65_536)


def _by_company(reader: pa.RecordBatchReader) -> Iterator[tuple[str | None, Iterator[bytes]]]:
    """Group consecutive hashes by company, as blocks of concatenated bytes."""
    blocks = _Blocks(reader)
    while blocks.has_rows():
        company = blocks.company()
        yield company, blocks.of(company)


class _Blocks:
    """Hashes in runs of one company, taken from Arrow's own buffers."""

    def __init__(self, reader: pa.RecordBatchReader):
        self._runs = self._read(reader)
        self._next: tuple[str | None, bytes] | None = next(self._runs, None)

    def has_rows(self) -> bool:
        return self._next is not None

    def company(self) -> str | None:
        assert self._next is not None
        return self._next[0]

    def of(self, company: str | None) -> Iterator[bytes]:
        while self._next is not None and self._next[0] == company:
            yield self._next[1]
            self._next = next(self._runs, None)

    @staticmethod
    def _read(reader: pa.RecordBatchReader) -> Iterator[tuple[str | None, bytes]]:
        for batch in reader:
            if not batch.num_rows:
                continue
            hashes = batch.column("hash").cast(pa.binary(_HASH))
            data = hashes.buffers()[1].to_pybytes()[hashes.offset * _HASH : (hashes.offset + batch.num_rows) * _HASH]
            runs = pc.run_end_encode(batch.column("company"))
            start = 0
            for end, company in zip(runs.run_ends.to_pylist(), runs.values.to_pylist(), strict=True):
                yield company, data[start * _HASH : end * _HASH]
                start = end


def _tree(blocks: Iterator[bytes]) -> tuple[int, str]:
    """Return row count and root of hashes that arrive in blocks of any size; holds one leaf at a time."""
    rows, rest, size = 0, b"", LEAF_ROWS * _HASH
    leaves = []
    for block in blocks:
        rows += len(block) // _HASH
        rest += block
        while len(rest) >= size:
            leaves.append(hashlib.sha256(b"\x00" + rest[:size]).digest())
            rest = rest[size:]
    if rest:
        leaves.append(hashlib.sha256(b"\x00" + rest).digest())
    return rows, _root(leaves)


def _root(nodes: list[bytes]) -> str:
    if not nodes:
        return hashlib.sha256(b"\x00").hexdigest()
    while len(nodes) > 1:
        paired = [
            hashlib.sha256(b"\x01" + left + right).digest()
            for left, right in zip(nodes[::2], nodes[1::2], strict=False)
        ]
        nodes = paired + ([nodes[-1]] if len(nodes) % 2 else [])
    return nodes[0].hex()


def _text(company: str | None) -> str:
    return "~" if company is None else f"{len(company)}:{company}"


def _require_columns(found: pa.Schema, columns: Sequence[tuple[str, ContractType]]) -> None:
    if found.names != [name for name, _ in columns]:
        raise ExtractionError(
            f"the file has columns {', '.join(found.names)}, declared are {', '.join(name for name, _ in columns)}",
            action="land the extract again",
        )
    for name, kind in columns:
        try:
            arrived = contract_type(found.field(name).type)
        except ValueError:
            arrived = None
        exact = found.field(name).type not in (pa.timestamp("us"), pa.timestamp("ns"))
        if arrived != kind or not exact:
            raise ExtractionError(
                f"column {name} is {found.field(name).type}, declared {kind}: its digest would lose information",
                action="cast the column in extract.sql and land the extract again",
            )
