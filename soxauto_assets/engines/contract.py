"""The engine contract: the few things that extraction asks of an engine.

Here belongs the protocol and the plain records that cross it. What does not belong here: any engine.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from soxauto_assets.sources.bindings import TableName

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True)
class Errand:
    """What a statement is run for. A remote engine derives its idempotency token and its file names from it.

    Attributes:
        purpose: ``extract``, ``control_totals`` or a probe's name.
        item: Item id; empty outside an extraction.
        period: Period key; empty outside an extraction.
        run_id: The run that asks; empty outside a run.
    """

    purpose: str
    item: str = ""
    period: str = ""
    run_id: str = ""


@dataclass(frozen=True)
class Execution:
    """The receipt of one statement.

    Attributes:
        id: The engine's id of the execution.
        purpose: ``extract``, ``control_totals`` or a probe's name.
        engine: Engine name.
        version: Engine version.
        executed: The statement in Athena SQL, as bound.
        submitted: The text that the engine ran, where it differs from ``executed``.
        started: Claimed start, UTC.
        finished: Claimed end, UTC.
        state: Final state.
        rows: Rows answered or written.
        bytes_scanned: Bytes read, where the engine says so.
        details: What only this engine says: workgroup, state changes, times, cost, output manifest.
    """

    id: str
    purpose: str
    engine: str
    version: str
    executed: str
    submitted: str
    started: datetime
    finished: datetime
    state: str
    rows: int
    bytes_scanned: int | None = None
    details: Mapping[str, Any] = field(default_factory=dict)

    def to_json(self) -> dict[str, Any]:
        """Return the receipt for the record; texts are kept once, in the record's statements."""
        return {
            "id": self.id,
            "engine": self.engine,
            "version": self.version,
            "submitted": self.submitted,
            "started": self.started.astimezone(UTC).isoformat(timespec="milliseconds"),
            "finished": self.finished.astimezone(UTC).isoformat(timespec="milliseconds"),
            "state": self.state,
            "rows": self.rows,
            "bytes_scanned": self.bytes_scanned,
            **self.details,
        }


@dataclass(frozen=True)
class Answer:
    """A small answer, in memory, with its receipt."""

    table: "pa.Table"
    execution: Execution


@dataclass(frozen=True)
class Unloaded:
    """A large answer, written by the engine as Parquet files, with its receipt."""

    files: tuple[Path, ...]
    execution: Execution


@dataclass(frozen=True)
class TableDescription:
    """What the engine knows of a physical table.

    Attributes:
        columns: Physical column and type, in Trino's words.
        files: Number of files; None where it cannot be told.
        bytes: Bytes in all; None where it cannot be told.
    """

    columns: Mapping[str, str]
    files: int | None = None
    bytes: int | None = None


@dataclass(frozen=True)
class SourceFile:
    """One file of a table.

    Attributes:
        name: Its address, or its path in the lake.
        bytes: Its size.
        written: When it was written.
        open: Opens it to read; the caller closes it. Only the parts that are read are fetched.
    """

    name: str
    bytes: int
    written: datetime
    open: Callable[[], Any] = field(compare=False, repr=False)


@dataclass(frozen=True)
class SourceFiles:
    """The files of a table.

    Attributes:
        files: The files that a query reads; None where they cannot be seen.
        reason: Why not.
        needed: Whether somebody should be told: a view or a database has no files to see.
        keys: Partition keys, in lower case: columns that no file has. Those that a file's path names need not be given.
    """

    files: tuple[SourceFile, ...] | None
    reason: str = ""
    needed: bool = True
    keys: frozenset[str] = frozenset()


class Engine(Protocol):
    """One way to run Athena SQL. Implementations may be called from several threads."""

    name: str

    @property
    def version(self) -> str:
        """Engine version."""
        ...

    def tables(self) -> list[TableName]:
        """List the physical tables."""
        ...

    def columns(self, table: TableName) -> Mapping[str, str]:
        """Return the columns of a table and their types in Trino's words; none when it does not exist."""
        ...

    def describe(self, table: TableName) -> TableDescription | None:
        """Describe a table, or return None when it does not exist."""
        ...

    def declare(self, tables: Mapping[TableName, Mapping[str, str]]) -> None:
        """Say how tables are declared, column and type; an engine that has a catalog knows better and does nothing."""
        ...

    def files(self, table: TableName) -> SourceFiles:
        """Return the files of a table.

        Raises:
            ExtractionError: The engine cannot be asked.
        """
        ...

    def identity(self) -> Mapping[str, str]:
        """Say as whom the engine reads; empty where the operating system's user is all there is.

        Raises:
            ExtractionError: There are no credentials, or they have expired.
        """
        ...

    def explain(self, executed: str) -> None:
        """Have the engine plan a statement without running it.

        Raises:
            ExtractionError: The engine refuses the statement.
        """
        ...

    def query(self, executed: str, errand: Errand) -> Answer:
        """Run a statement whose answer is small.

        Raises:
            ExtractionError: The engine refused or failed.
        """
        ...

    def unload(self, executed: str, errand: Errand, target: Path) -> Unloaded:
        """Run a statement and write its rows as Parquet files into the empty folder ``target``.

        A statement that answers no row may leave no file.

        Raises:
            ExtractionError: The engine refused or failed.
            StorageError: The folder cannot be written.
        """
        ...

    def stop(self) -> None:
        """Stop every statement that is under way; their callers get an error. Called when a run is interrupted."""
        ...

    def close(self) -> None:
        """Release what the engine holds."""
        ...
