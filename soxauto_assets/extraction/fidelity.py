"""Source fidelity: the declared tables against the files that they point to.

Here belongs looking into the footers of a table's Parquet files and, where one differs from its declaration, into the columns
that differ. What does not belong here: listing files (``engines``), and judging what was found (``checks.fidelity``).

A Hive table, and so Athena, reads a column that a file lacks as null, rounds a decimal to the declared scale and an instant
to the millisecond, and turns an integer into a text, all without a word. A total that is computed through the engine agrees
with itself and can never show it; only the files can.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

from soxauto_assets.catalog.types import INT64, STRING
from soxauto_assets.engines.contract import Engine, SourceFile, SourceFiles
from soxauto_assets.engines.sql import Statement
from soxauto_assets.errors import SoxautoError
from soxauto_assets.extraction.fidelity_values import Change, changes_of
from soxauto_assets.extraction.tables import TypedTable
from soxauto_assets.period import Period
from soxauto_assets.sources.bindings import Binding
from soxauto_assets.sources.contracts import contract

FIDELITY = "source_fidelity"
# Footers beyond these are not read: the first, the last and evenly between them are.
MAX_FILES = 500
# Values of columns that differ from their declaration are read up to this many in a table.
MAX_VALUES = 50_000_000
_COLUMNS = (
    ("source", STRING), ("table_name", STRING), ("file", STRING), ("column_name", STRING), ("fault", STRING),
    ("weight", STRING), ("declared", STRING), ("found", STRING), ("file_rows", INT64), ("changed_rows", INT64),
    ("as_stored", STRING), ("as_read", STRING),
)  # fmt: skip
_MOST_SHOWN = 200


@dataclass(frozen=True)
class Difference:
    """One file, or one column of one file, that is not as its table is declared.

    Attributes:
        source: Logical source.
        table: The table.
        file: The file; empty where it is the table as a whole.
        column: Physical column; empty where it is the file as a whole.
        fault: ``absent``, ``scale``, ``instant``, ``length``, ``type``, ``mixed``, ``unreadable``, ``older``, ``newer``, or
            ``not_seen``.
        weight: ``error``: a figure is not what the file holds; ``warn``: it may be; ``note``: it is not.
        declared: What the table, or the freshness, says.
        found: What the file says.
        rows: Rows of the file.
        changed: Rows that are read otherwise than they are stored.
        stored: What the file holds: a total, an instant.
        read: The same, as the engine reads it.
    """

    source: str
    table: str
    file: str
    column: str
    fault: str
    weight: str
    declared: str = ""
    found: str = ""
    rows: int | None = None
    changed: int | None = None
    stored: str | None = None
    read: str | None = None

    def cells(self) -> tuple[Any, ...]:
        """Return the row of the answer."""
        return (
            self.source, self.table, self.file, self.column, self.fault, self.weight, self.declared, self.found,
            self.rows, self.changed, self.stored, self.read,
        )  # fmt: skip


@dataclass(frozen=True)
class Looked:
    """What was looked at in one table.

    Attributes:
        files: Files whose footers were read.
        of: Files that the table has; None where they cannot be seen.
        oldest: When the oldest was written.
        newest: When the newest was written.
        differences: What was found.
    """

    files: int
    of: int | None
    oldest: datetime | None = None
    newest: datetime | None = None
    differences: tuple[Difference, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return what was looked at for the record's ``sources``."""
        return {
            "files_looked_at": self.files,
            "oldest_file": self.oldest.isoformat(timespec="seconds") if self.oldest else None,
            "newest_file": self.newest.isoformat(timespec="seconds") if self.newest else None,
        }


@dataclass(frozen=True)
class Freshness:
    """What an item's freshness says, for comparison with the times of files.

    Attributes:
        sources: The logical sources whose newest value it looks at.
        fresh: Whether it says that they are loaded for the period.
        asked: When it was asked.
    """

    sources: frozenset[str] = field(default_factory=frozenset)
    fresh: bool = False
    asked: datetime | None = None


def look(
    engine: Engine, binding: Binding, columns: Sequence[str], period: Period, freshness: Freshness | None = None
) -> Looked:
    """Compare a bound table with its files.

    Args:
        engine: Lists the files and says how the table is declared.
        binding: The table.
        columns: Logical columns that are read from it; others may be as they like.
        period: The month whose end an instant must not cross by rounding.
        freshness: What the item's freshness says; None = the times of files are not compared.
    """
    try:
        listed = engine.files(binding.table)
    except SoxautoError as error:
        listed = SourceFiles(None, error.cause)
    if listed.files is None:
        weight = "warn" if listed.needed else "note"
        return Looked(0, None, differences=(_of_table(binding, "not_seen", weight, found=listed.reason),))
    files = sorted(listed.files, key=lambda file: file.name)
    held = [name for name in columns if binding.physical(name).lower() not in listed.keys]
    looked = _Table(engine, binding, held, period)
    chosen = _chosen(files)
    for file in chosen:
        looked.read(file)
    written = [file.written for file in files]
    return Looked(
        files=len(chosen),
        of=len(files),
        oldest=min(written, default=None),
        newest=max(written, default=None),
        differences=(*looked.differences(), *times(binding, files, period, freshness)),
    )


def freshness_of(parsed: Mapping[str, Statement], answer: TypedTable | None, asked: datetime) -> Freshness:
    """Return what an item's freshness says of its sources.

    Args:
        parsed: The item's statements.
        answer: The answer of its freshness; None when it has none.
        asked: When the extraction began.
    """
    if answer is None or "freshness" not in parsed:
        return Freshness(asked=asked)
    dated = frozenset(
        source
        for source, names in parsed["freshness"].reads.items()
        if any(contract(source).column(name).type.kind in ("date", "timestamp") for name in names)
    )
    return Freshness(dated, answer.records()[0]["fresh"] is True, asked)


def answer_of(looked: Mapping[str, Looked]) -> TypedTable:
    """Return everything that was found as an answer for the record, the worst first."""
    found = [difference for source in sorted(looked) for difference in looked[source].differences]
    order = {"error": 0, "warn": 1, "note": 2}
    ranked = sorted(found, key=lambda d: (order[d.weight], d.source, d.file, d.column, d.fault))
    return TypedTable(_COLUMNS, tuple(difference.cells() for difference in ranked[:_MOST_SHOWN]))


class _Table:
    """One table while its files are read, one after the other."""

    def __init__(self, engine: Engine, binding: Binding, columns: Sequence[str], period: Period):
        described = {name.lower(): kind for name, kind in engine.columns(binding.table).items()}
        self._binding = binding
        self._period = period
        self._types = contract(binding.source)
        self._columns = {binding.physical(name).lower(): name for name in columns}
        # What Glue or Trino declares; a folder of files declares nothing and is read by the contract.
        self._declared = {
            physical: described.get(physical, self._types.column(logical).type.trino)
            for physical, logical in self._columns.items()
        }
        self._found: list[Difference] = []
        self._kinds: dict[str, dict[str, str]] = {}
        self._left = MAX_VALUES

    def read(self, file: SourceFile) -> None:
        """Compare the footer of one file, and the values of the columns that differ."""
        try:
            with (
                file.open() as opened,
                # In nanoseconds, INT96 would have no room for the years 1 and 9999.
                pq.ParquetFile(opened, coerce_int96_timestamp_unit="us") as parquet,
            ):
                self._compare(file, parquet)
        except (pa.ArrowException, OSError, SoxautoError) as error:
            self._found.append(
                _of_table(self._binding, "unreadable", "error", file=file.name, found=type(error).__name__)
            )

    def differences(self) -> Iterator[Difference]:
        """Yield what was found in the files, and the columns whose files differ among themselves."""
        yield from self._found
        for physical, kinds in sorted(self._kinds.items()):
            if len(set(kinds.values())) > 1:
                yield self._mixed(physical, kinds)

    def _compare(self, file: SourceFile, parquet: pq.ParquetFile) -> None:
        own = {name.lower(): name for name in parquet.schema_arrow.names}
        rows = parquet.metadata.num_rows
        for physical, declared in self._declared.items():
            if f"/{physical}=" in file.name.lower():
                # A partition key: the folder says it, and no file has it.
                continue
            if physical not in own:
                weight = "error" if rows else "note"
                self._add(
                    file, physical, "absent", weight, declared, "no such column", rows, rows, None, f"{rows} nulls"
                )
                continue
            column = own[physical]
            kind = parquet.schema_arrow.field(column).type
            spelt = kind_name(kind)
            self._kinds.setdefault(physical, {}).setdefault(file.name, spelt)
            if spelt == declared or not rows:
                continue
            if self._left < rows:
                self._add(file, physical, "type", "warn", declared, f"{spelt}; its values were not looked at", rows)
                continue
            self._left -= rows
            amounts = [own[n] for n in self._amounts() if n in own and n != physical]
            change = changes_of(parquet, column, kind, declared, self._period, amounts)
            if change is not None:
                self._add_change(file, physical, declared, spelt, rows, change)

    def _amounts(self) -> list[str]:
        """Return the physical columns that hold money, whose totals tell what a moved row is worth."""
        return [n for n, logical in self._columns.items() if self._types.column(logical).type.kind == "decimal"]

    def _add_change(
        self, file: SourceFile, physical: str, declared: str, spelt: str, rows: int, change: Change
    ) -> None:
        self._add(
            file, physical, change.fault, change.weight, declared, spelt, rows, change.rows, change.stored, change.read
        )

    def _add(
        self, file: SourceFile, column: str, fault: str, weight: str, declared: str, found: str, rows: int,
        changed: int | None = None, stored: str | None = None, read: str | None = None,
    ) -> None:  # fmt: skip
        self._found.append(
            Difference(
                self._binding.source,
                str(self._binding.table),
                file.name,
                column,
                fault,
                weight,
                declared,
                found,
                rows,
                changed,
                stored,
                read,
            )
        )

    def _mixed(self, physical: str, kinds: Mapping[str, str]) -> Difference:
        """Return the difference among files; its weight is the worst that one of them does to a figure."""
        first: dict[str, str] = {}
        for name, kind in kinds.items():
            first.setdefault(kind, name)
        changed = [
            d
            for d in self._found
            if d.column == physical and d.fault in ("scale", "instant", "length", "type") and d.changed
        ]
        families = {_family(kind) for kind in first}
        # A code that one writer keeps as a number has lost its leading zeros there, and equals no other.
        weight = "note" if len(families) == 1 else "error" if "varchar" in families else "warn"
        if any(d.weight == "error" for d in changed):
            weight = "error"
        worst = max(changed, key=lambda d: d.changed or 0, default=None)
        return Difference(
            self._binding.source,
            str(self._binding.table),
            list(first.values())[1],
            physical,
            "mixed",
            weight,
            self._declared[physical],
            "; ".join(f"{kind} in {name}" for kind, name in first.items()),
            changed=sum(d.changed or 0 for d in changed) or None,
            stored=worst.stored if worst else None,
            read=worst.read if worst else None,
        )


def kind_name(kind: pa.DataType) -> str:
    """Return the name of a file's type in Trino's words."""
    if pa.types.is_timestamp(kind):
        digits = {"s": 0, "ms": 3, "us": 6, "ns": 9}[kind.unit]
        return f"timestamp({digits})" + (" with time zone" if kind.tz else "")
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if pa.types.is_string(kind) or pa.types.is_large_string(kind) or pa.types.is_string_view(kind):
        return "varchar"
    if pa.types.is_dictionary(kind):
        return kind_name(kind.value_type)
    known = {
        pa.bool_(): "boolean", pa.int8(): "tinyint", pa.int16(): "smallint", pa.int32(): "integer", pa.int64(): "bigint",
        pa.date32(): "date", pa.float32(): "real", pa.float64(): "double", pa.binary(): "varbinary",
    }  # fmt: skip
    return known.get(kind, str(kind))


def _family(kind: str) -> str:
    plain = kind.split("(", 1)[0]
    return "integer" if plain in ("tinyint", "smallint", "integer", "bigint") else plain


def _chosen(files: Sequence[SourceFile]) -> list[SourceFile]:
    if len(files) <= MAX_FILES:
        return list(files)
    step = (len(files) - 1) / (MAX_FILES - 1)
    return [files[round(number * step)] for number in range(MAX_FILES)]


def times(
    binding: Binding, files: Sequence[SourceFile], period: Period, freshness: Freshness | None
) -> Iterator[Difference]:
    """Yield files whose time contradicts what the freshness says.

    Args:
        binding: The table.
        files: Its files.
        period: The month.
        freshness: What the item's freshness says; None = nothing to contradict.
    """
    if freshness is None or not files:
        return
    newest = max(files, key=lambda file: file.written)
    if binding.source in freshness.sources and freshness.fresh:
        ends = period.period_end.replace(tzinfo=UTC)
        # A zone ahead of UTC ends its month earlier.
        if (ends - newest.written).total_seconds() > 14 * 3600:
            yield _of_table(
                binding, "older", "error", file=newest.name, declared=f"loaded for {period.key}",
                found=f"the newest file is of {newest.written.isoformat(timespec='seconds')}, before the month's end",
            )  # fmt: skip
    for file in files:
        if freshness.asked is not None and file.written > freshness.asked:
            yield _of_table(
                binding, "newer", "error", file=file.name,
                declared=f"as it was at {freshness.asked.isoformat(timespec='seconds')}, when the extraction began",
                found=f"written at {file.written.isoformat(timespec='seconds')}, while the statements ran",
            )  # fmt: skip


def _of_table(
    binding: Binding, fault: str, weight: str, *, file: str = "", declared: str = "", found: str = ""
) -> Difference:
    return Difference(binding.source, str(binding.table), file, "", fault, weight, declared, found)
