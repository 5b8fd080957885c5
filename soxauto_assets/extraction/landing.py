"""Landing: the engine's files become the dataset, in contract types and in a total order.

Here belongs the lossless rewrite, the contract of dataset stores and the one in a local folder. What does not belong here:
running the query, and the store in S3 (``extraction.landing_s3``).
"""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from soxauto_assets.catalog.model import Item
from soxauto_assets.catalog.types import ContractType
from soxauto_assets.errors import ExtractionError, StorageError
from soxauto_assets.extraction.digest import DatasetDigest, dataset_digest
from soxauto_assets.extraction.parquet import scan, session, text
from soxauto_assets.extraction.tables import arrow_type
from soxauto_assets.records import item_folder

PART = "part-00000.parquet"
_DECIMAL = re.compile(r"^DECIMAL\((\d+),(\d+)\)$")


@dataclass(frozen=True)
class Dataset:
    """The landed rows of an item for a period.

    Attributes:
        item: The catalog item.
        files: Parquet files on this machine, in order.
        digest: Digest of the rows.
        facts: Name, SHA-256 and size of each file.
        objects: Name, URI and version id of each file, where the store is S3.
    """

    item: Item
    files: tuple[Path, ...]
    digest: DatasetDigest
    facts: tuple[Mapping[str, Any], ...] = ()
    objects: tuple[Mapping[str, Any], ...] = ()

    @property
    def uri(self) -> str:
        """Where the rows are kept: the folder of the files, or the prefix of the objects."""
        if self.objects:
            return str(self.objects[0]["uri"]).rpartition("/")[0]
        return self.files[0].parent.as_uri()

    @contextmanager
    def query(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """Open DuckDB over the rows, as the view ``landed``."""
        with session() as connection:
            columns = ", ".join(f'CAST("{c.name}" AS {c.type.duckdb}) AS "{c.name}"' for c in self.item.columns)
            connection.execute(f"CREATE VIEW landed AS SELECT {columns} FROM {scan(self.files)}")
            yield connection

    @contextmanager
    def kept_open(self) -> Iterator["Dataset"]:
        """Give the same rows with one DuckDB for all queries within: opening one costs more than most queries do."""
        with ExitStack() as stack:
            yield _KeptOpen(self.item, self.files, self.digest, self.facts, self.objects, stack)


@dataclass(frozen=True)
class _KeptOpen(Dataset):
    """Rows whose DuckDB is opened by the first query and closed by whoever keeps them open."""

    stack: ExitStack = field(default_factory=ExitStack, compare=False, repr=False)
    opened: list[duckdb.DuckDBPyConnection] = field(default_factory=list, compare=False, repr=False)

    @contextmanager
    def query(self) -> Iterator[duckdb.DuckDBPyConnection]:
        """See :meth:`Dataset.query`; a file that cannot be read is an error of every query."""
        if not self.opened:
            self.opened.append(self.stack.enter_context(super().query()))
        yield self.opened[0]


class DatasetStore(Protocol):
    """Landed datasets, addressed by content, written once."""

    def staging(self, item: str, period: str) -> AbstractContextManager[Path]:
        """Give a local folder for unfinished files, removed at the end whatever happens.

        Raises:
            StorageError: The disk refused.
        """

    def land(self, item: Item, period: str, unloaded: Sequence[Path], staging: Path) -> Dataset:
        """Rewrite an engine's files as the dataset and keep it; see :func:`rewrite`.

        Args:
            item: The catalog item.
            period: Period key.
            unloaded: The engine's Parquet files.
            staging: The folder of :meth:`staging`.

        Raises:
            ExtractionError: See :func:`rewrite`.
            StorageError: The store refused; the dataset is there as a whole or not at all.
        """

    def open(
        self,
        item: Item,
        period: str,
        digest: DatasetDigest,
        facts: Sequence[Mapping[str, Any]],
        objects: Sequence[Mapping[str, Any]] = (),
    ) -> Dataset:
        """Return a landed dataset with its files on this machine, as its extraction record describes them.

        Raises:
            StorageError: A file is missing or differs from the record.
        """


class LocalDatasetStore:
    """Datasets in a local folder.

    Args:
        root: ``<root>/<item>/<period>/<digest>/part-00000.parquet``.
    """

    def __init__(self, root: Path):
        self.root = root

    def staging(self, item: str, period: str) -> AbstractContextManager[Path]:
        """See :meth:`DatasetStore.staging`."""
        return staging_folder(item_folder(self.root, item, period), item, period)

    def land(self, item: Item, period: str, unloaded: Sequence[Path], staging: Path) -> Dataset:
        """See :meth:`DatasetStore.land`."""
        part, digest = rewrite(item, period, unloaded, staging)
        kept = self._publish(item.id, period, digest.digest, part)
        return Dataset(item, (kept,), digest, file_facts([kept]))

    def _publish(self, item: str, period: str, digest: str, part: Path) -> Path:
        """Move a finished part to its content's address; equal content that is there already stays as it is."""
        folder = item_folder(self.root, item, period) / digest
        if not (folder / PART).exists():
            ready = part.parent / "ready"
            ready.mkdir()
            with open(part, "rb") as file:
                os.fsync(file.fileno())
            part.rename(ready / PART)
            try:
                ready.rename(folder)
            except OSError:
                if not (folder / PART).exists():
                    raise
        return folder / PART

    def open(
        self,
        item: Item,
        period: str,
        digest: DatasetDigest,
        facts: Sequence[Mapping[str, Any]],
        objects: Sequence[Mapping[str, Any]] = (),
    ) -> Dataset:
        """See :meth:`DatasetStore.open`."""
        folder = item_folder(self.root, item.id, period) / digest.digest
        for file in facts:
            path = folder / file["name"]
            if not path.is_file() or path.stat().st_size != file["bytes"] or file_sha256(path) != file["sha256"]:
                raise StorageError(
                    f"landed file {file['name']} is missing or differs from its extraction record",
                    action="extract the item again",
                    item=item.id,
                    period=period,
                )
        return Dataset(item, tuple(folder / file["name"] for file in facts), digest, tuple(facts))


def rewrite(item: Item, period: str, unloaded: Sequence[Path], staging: Path) -> tuple[Path, DatasetDigest]:
    """Rewrite an engine's files as one part, and return it with the digest of its rows.

    Rows are ordered by key and then by every other column, so that the same rows give the same file whatever the engine's
    threads did.

    Raises:
        ExtractionError: A column is missing, extra, or cannot be read without loss; or there is no row.
        StorageError: The disk refused.
    """
    part = staging / PART
    with session() as connection:
        # Athena leaves no file where no row was answered, so nothing but the contract says what the columns are.
        source = scan(unloaded or [_no_rows(item, staging)])
        described = connection.execute(f"DESCRIBE SELECT * FROM {source}").fetchall()
        _require_columns(item, {row[0]: row[1] for row in described})
        _require_exact_instants(connection, item, source)
        columns = ", ".join(f'CAST("{c.name}" AS {c.type.duckdb}) AS "{c.name}"' for c in item.columns)
        order = ", ".join(f'"{name}" NULLS FIRST' for name in total_order(item))
        try:
            connection.execute(
                f"COPY (SELECT {columns} FROM {source} ORDER BY {order}) "
                f"TO {text(part)} (FORMAT parquet, COMPRESSION zstd, ROW_GROUP_SIZE 122880)"
            )
        except duckdb.IOException as error:
            raise StorageError(
                "the landed rows could not be written",
                action="free disk space, then run the same command again",
                item=item.id,
                period=period,
            ) from error
    digest = digest_of_rows(item, [part])
    if not digest.rows and not item.allow_empty:
        raise ExtractionError(
            "the source answered no row",
            action="find out whether the source is loaded for the period; an empty extract is no evidence",
        )
    return part, digest


def _no_rows(item: Item, staging: Path) -> Path:
    empty = staging / "no-rows.parquet"
    pq.write_table(pa.schema([(column.name, arrow_type(column.type)) for column in item.columns]).empty_table(), empty)
    return empty


def digest_of_rows(item: Item, files: Sequence[Path]) -> DatasetDigest:
    """Return the digest of the rows in an item's files."""
    return dataset_digest(files, [(c.name, c.type) for c in item.columns], item.company_column)


@contextmanager
def staging_folder(parent: Path, item: str, period: str) -> Iterator[Path]:
    """Give a folder for unfinished files below a parent; see :meth:`DatasetStore.staging`."""
    folder = parent / f".staging-{uuid4().hex}"
    try:
        folder.mkdir(parents=True)
        yield folder
    except OSError as error:
        raise _refused(error, item, period) from error
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def total_order(item: Item) -> tuple[str, ...]:
    """Return the columns that order the landed rows: the key, then every other column."""
    return (*item.key, *(column.name for column in item.columns if column.name not in item.key))


def file_sha256(path: Path) -> str:
    """Return the SHA-256 of a file, read in blocks."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def file_facts(paths: Sequence[Path]) -> tuple[dict[str, Any], ...]:
    """Return name, SHA-256 and size of files."""
    return tuple({"name": path.name, "sha256": file_sha256(path), "bytes": path.stat().st_size} for path in paths)


def _require_columns(item: Item, found: Mapping[str, str]) -> None:
    declared = {column.name: column.type for column in item.columns}
    faults = [f"{name} is missing" for name in declared if name not in found]
    faults += [f"{name} is not declared" for name in found if name not in declared]
    faults += [
        f"{name} arrived as {found[name]}, declared {kind}"
        for name, kind in declared.items()
        if name in found and not _lossless(kind, found[name])
    ]
    if faults:
        raise ExtractionError(
            f"the extract's columns differ from the schema: {'; '.join(faults)}",
            action="correct the cast in extract.sql or the column in item.py",
            item=item.id,
        )


def _lossless(declared: ContractType, found: str) -> bool:
    if declared.kind == "timestamp":
        return found in {"TIMESTAMP", "TIMESTAMP_MS", "TIMESTAMP_NS", "TIMESTAMP_S"}
    if declared.kind == "decimal":
        size = _DECIMAL.match(found)
        return size is not None and (int(size.group(1)), int(size.group(2))) == (declared.precision, declared.scale)
    return found == declared.duckdb


def _require_exact_instants(connection: duckdb.DuckDBPyConnection, item: Item, source: str) -> None:
    """Refuse instants finer than a millisecond: the extract casts them, so one that is left was not cast."""
    for column in item.columns:
        if column.type.kind == "timestamp":
            finer = connection.execute(
                f'SELECT count(*) FROM {source} WHERE "{column.name}" <> CAST("{column.name}" AS TIMESTAMP_MS)'
            ).fetchone()
            if finer and finer[0]:
                raise ExtractionError(
                    f"{column.name} holds {finer[0]} instants finer than a millisecond",
                    action="cast the column to timestamp(3) in extract.sql",
                    item=item.id,
                )


def _refused(error: OSError, item: str, period: str) -> StorageError:
    return StorageError(
        f"the dataset could not be written ({error.strerror})",
        action="free disk space or correct the permissions, then run the same command again",
        item=item,
        period=period,
    )
