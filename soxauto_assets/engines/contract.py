"""The engine contract: the few things that extraction asks of an engine.

Here belongs the protocol and the plain records that cross it. What does not belong here: any engine.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

from soxauto_assets.sources.bindings import TableName

if TYPE_CHECKING:
    import pyarrow as pa


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
        files: Number of files.
        bytes: Bytes in all.
    """

    columns: Mapping[str, str]
    files: int | None = None
    bytes: int | None = None


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

    def column_names(self, table: TableName) -> tuple[str, ...]:
        """Return the columns of a table; none when it does not exist."""
        ...

    def describe(self, table: TableName) -> TableDescription | None:
        """Describe a table, or return None when it does not exist."""
        ...

    def query(self, executed: str, purpose: str) -> Answer:
        """Run a statement whose answer is small.

        Raises:
            ExtractionError: The engine refused or failed.
        """
        ...

    def unload(self, executed: str, purpose: str, target: Path) -> Unloaded:
        """Run a statement and write its rows as Parquet files into the empty folder ``target``.

        Raises:
            ExtractionError: The engine refused or failed.
            StorageError: The folder cannot be written.
        """
        ...

    def close(self) -> None:
        """Release what the engine holds."""
        ...
