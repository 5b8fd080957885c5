"""The DuckDB engine: Athena SQL over a folder laid out as ``<database>/<table>/**/*.parquet``, and over attached databases.

Here belongs reading such a folder as Athena would, taking the first part of a name of three as an attached database, and
running Athena's text, translated. What does not belong here: another set of SQL. A text that does not translate is an error,
never an approximation.
"""

import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar
from uuid import uuid4

import sqlglot
from sqlglot.errors import ErrorLevel, SqlglotError

from soxauto_assets.engines.contract import (
    Answer,
    Errand,
    Execution,
    SourceFile,
    SourceFiles,
    TableDescription,
    Unloaded,
)
from soxauto_assets.engines.duckdb_files import Form, declared_columns, forms_of, quoted, view_of
from soxauto_assets.engines.sql import DIALECT
from soxauto_assets.errors import ExtractionError, StorageError
from soxauto_assets.sources.bindings import TableName

if TYPE_CHECKING:
    import duckdb

T = TypeVar("T")

_TRINO_NAMES = {
    "VARCHAR": "varchar",
    "BOOLEAN": "boolean",
    "TINYINT": "tinyint",
    "SMALLINT": "smallint",
    "INTEGER": "integer",
    "BIGINT": "bigint",
    "DATE": "date",
    "DOUBLE": "double",
    "FLOAT": "real",
    "BLOB": "varbinary",
    "TIMESTAMP": "timestamp(6)",
    "TIMESTAMP_S": "timestamp(0)",
    "TIMESTAMP_MS": "timestamp(3)",
    "TIMESTAMP_NS": "timestamp(9)",
    "TIMESTAMP WITH TIME ZONE": "timestamp(6) with time zone",
}


class DuckDBEngine:
    """Runs the catalog's SQL in process, over Parquet files.

    Args:
        lake: The folder.
        memory_limit: What DuckDB may hold before it writes to disk.
        threads: Threads of one statement.
        spill: Folder for what does not fit in memory; created when needed. None = beside the lake.
        attached: Database files by the catalog that bindings name: the first of a name's three parts. They are only read.
    """

    name = "duckdb"

    def __init__(
        self,
        lake: Path,
        *,
        memory_limit: str = "512MB",
        threads: int = 2,
        spill: Path | None = None,
        attached: Mapping[str, Path] | None = None,
    ):
        if not lake.is_dir():
            raise ExtractionError(
                f"the lake folder {lake} does not exist",
                action="give --lake (or SOXAUTO_LAKE) a folder laid out as <database>/<table>/**/*.parquet, "
                "or run 'soxauto demo' to make one",
            )
        self.lake = lake
        self._settings: dict[str, str | bool | int | float | list[str]] = {
            "memory_limit": memory_limit,
            "threads": threads,
        }
        if spill:
            self._settings["temp_directory"] = str(spill)
        self._attached = dict(attached or {})
        for name, path in self._attached.items():
            if not path.is_file():
                raise ExtractionError(
                    f"the database file {path} of catalog {name} does not exist", action="correct SOXAUTO_ATTACH"
                )
        self._declared: dict[TableName, Mapping[str, str]] = {}
        self._forms: dict[TableName, tuple[Form, ...]] = {}
        self._descriptions: dict[TableName, TableDescription | None] = {}
        self._ready: set[TableName] = set()
        self._active: set[duckdb.DuckDBPyConnection] = set()
        self._lock = threading.Lock()

    @property
    def version(self) -> str:
        """DuckDB's version, with sqlglot's, which translated the text."""
        return f"{metadata.version('duckdb')} (sqlglot {metadata.version('sqlglot')})"

    def declare(self, tables: Mapping[TableName, Mapping[str, str]]) -> None:
        """Say how tables are declared: a folder of files declares nothing; see :class:`engines.contract.Engine`.

        Tables that are not declared are read with their files' own types, which must then agree.
        """
        with self._lock:
            self._declared.update(tables)
            for table in tables:
                self._descriptions.pop(table, None)
                self._ready.discard(table)

    def files(self, table: TableName) -> SourceFiles:
        """Return the files of a table, with the time of their last change; see :class:`engines.contract.Engine`."""
        if table.catalog:
            return SourceFiles(None, "a table of an attached database: it has no files to see", needed=False)
        paths = self._paths(table)
        return SourceFiles(tuple(_source_file(path, self.lake) for path in paths))

    def tables(self) -> list[TableName]:
        """List the tables: every folder two levels down that holds a Parquet file, and those of attached databases.

        Names that begin with ``_`` or ``.`` are passed over, as Athena passes over them.
        """
        folders = [
            TableName(folder.parent.name, folder.name)
            for folder in self.lake.glob("[!_.]*/[!_.]*")
            if folder.is_dir() and next(folder.rglob("*.parquet"), None)
        ]
        return sorted(folders, key=str) + (sorted(self._databases(), key=str) if self._attached else [])

    def columns(self, table: TableName) -> Mapping[str, str]:
        """Return the columns of a table and their types; none when it does not exist."""
        found = self.describe(table)
        return found.columns if found else {}

    def describe(self, table: TableName) -> TableDescription | None:
        """Describe a table from its files' footers.

        Raises:
            ExtractionError: The files cannot be read.
        """
        with self._lock:
            if table not in self._descriptions:
                self._descriptions[table] = self._describe(table)
            return self._descriptions[table]

    def identity(self) -> dict[str, str]:
        """DuckDB reads as the user of the operating system."""
        return {}

    def explain(self, executed: str) -> None:
        """Plan a statement; see :class:`engines.contract.Engine`."""
        submitted = self.translate(executed)
        self._run(executed, "explain", lambda cursor: cursor.execute(f"EXPLAIN {submitted}").fetchall())

    def query(self, executed: str, errand: Errand) -> Answer:
        """Run a statement and return its rows in memory; see :class:`engines.contract.Engine`."""
        submitted = self.translate(executed)
        started = datetime.now(UTC)
        table = self._run(executed, errand.purpose, lambda cursor: cursor.sql(submitted).to_arrow_table())
        return Answer(table, self._receipt(errand.purpose, executed, submitted, started, table.num_rows))

    def unload(self, executed: str, errand: Errand, target: Path) -> Unloaded:
        """Run a statement and write its rows as one Parquet file; see :class:`engines.contract.Engine`."""
        submitted = self.translate(executed)
        path = target / "unload-00000.parquet"
        started = datetime.now(UTC)
        copy = f"COPY ({submitted}) TO '{quoted(path)}' (FORMAT parquet, COMPRESSION zstd)"

        def run(cursor: "duckdb.DuckDBPyConnection") -> int:
            counted = cursor.execute(copy).fetchone()
            return int(counted[0]) if counted else 0

        rows = self._run(executed, errand.purpose, run)
        return Unloaded((path,), self._receipt(errand.purpose, executed, submitted, started, rows))

    def stop(self) -> None:
        """Interrupt every statement under way; each runs on a cursor of its own."""
        with self._lock:
            for cursor in self._active:
                cursor.interrupt()

    def close(self) -> None:
        """Close the connection."""
        if "_connection" in self.__dict__:
            self._connection.close()

    @staticmethod
    def translate(executed: str) -> str:
        """Return Athena SQL in DuckDB's dialect.

        Raises:
            ExtractionError: A construct has no translation.
        """
        try:
            (text,) = sqlglot.transpile(
                executed, read=DIALECT, write="duckdb", pretty=True, comments=False, unsupported_level=ErrorLevel.RAISE
            )
        except SqlglotError as error:
            raise ExtractionError(
                f"the Athena text does not translate to DuckDB: {error}", action="use a construct of the SQL profile"
            ) from error
        return text

    @cached_property
    def _connection(self) -> "duckdb.DuckDBPyConnection":
        import duckdb

        connection = duckdb.connect(config=self._settings)
        for name, path in self._attached.items():
            try:
                connection.execute(f"ATTACH '{quoted(path)}' AS \"{name}\" (READ_ONLY, TYPE duckdb)")
            except duckdb.Error as error:
                raise ExtractionError(
                    f"the file {path} of catalog {name} is no database that DuckDB can read ({type(error).__name__})",
                    action="correct SOXAUTO_ATTACH",
                ) from error
        # Trino's from_base, which DuckDB lacks, for the hexadecimal digits of the row digest.
        connection.execute("CREATE MACRO from_base(digits, base) AS CAST('0x' || digits AS BIGINT)")
        return connection

    def _databases(self) -> list[TableName]:
        rows = self._connection.execute(
            "SELECT database_name, schema_name, table_name FROM duckdb_tables() WHERE NOT internal AND NOT temporary "
            "UNION ALL SELECT database_name, schema_name, view_name FROM duckdb_views() WHERE NOT internal"
        ).fetchall()
        return [TableName(schema, table, catalog) for catalog, schema, table in rows if catalog in self._attached]

    def _describe_attached(self, table: TableName) -> TableDescription | None:
        if table.catalog not in self._attached:
            raise ExtractionError(
                f"table {table} is in catalog {table.catalog}, which is not attached",
                action="name its database file in SOXAUTO_ATTACH, or leave the catalog out of the binding",
            )
        rows = self._connection.execute(
            "SELECT column_name, data_type FROM duckdb_columns() WHERE database_name = ? AND schema_name = ? "
            "AND table_name = ? ORDER BY column_index",
            [table.catalog, table.database, table.table],
        ).fetchall()
        return TableDescription({name: _trino_name(kind) for name, kind in rows}) if rows else None

    def _describe(self, table: TableName) -> TableDescription | None:
        if table.catalog:
            return self._describe_attached(table)
        paths = self._paths(table)
        if not paths:
            return None
        forms = self._forms[table] = forms_of((path, self._columns(path)) for path in paths)
        columns = declared_columns(forms, self._declared.get(table, {}))
        return TableDescription(columns, len(paths), sum(path.stat().st_size for path in paths))

    def _paths(self, table: TableName) -> list[Path]:
        return sorted((self.lake / table.database / table.table).rglob("*.parquet"))

    def _columns(self, path: Path) -> dict[str, str]:
        try:
            rows = self._connection.execute(f"DESCRIBE SELECT * FROM read_parquet('{quoted(path)}')").fetchall()
        except Exception as error:
            raise ExtractionError(
                f"{path.relative_to(self.lake)} is no readable Parquet file", action="export the table again"
            ) from error
        return {row[0]: _trino_name(row[1]) for row in rows}

    def _run(self, executed: str, purpose: str, work: Callable[["duckdb.DuckDBPyConnection"], T]) -> T:
        import duckdb

        with self._lock:
            for table in _tables_of(executed):
                self._make_view(table)
            cursor = self._connection.cursor()
            self._active.add(cursor)
        try:
            return work(cursor)
        except duckdb.IOException as error:
            raise StorageError(
                f"{purpose} could not read or write its files ({_first_line(error)})",
                action="free disk space or correct the permissions, then run the same command again",
            ) from error
        except duckdb.Error as error:
            # Conversion errors quote the value they met, which is a customer's; the kind of error is enough.
            detail = _first_line(error) if isinstance(error, (duckdb.BinderException, duckdb.CatalogException)) else ""
            raise ExtractionError(
                f"DuckDB refused {purpose} ({type(error).__name__}{': ' + detail if detail else ''})",
                action="run 'soxauto sql ITEM --period P --engine duckdb' and try the text on the lake",
            ) from error
        finally:
            with self._lock:
                self._active.discard(cursor)
            cursor.close()

    def _make_view(self, table: TableName) -> None:
        """Make a physical table visible, reading its files as Athena does."""
        if table in self._ready or (table.catalog and self._describe_attached(table)):
            return
        if table not in self._descriptions:
            self._descriptions[table] = self._describe(table)
        description = self._descriptions[table]
        if description is None:
            return
        forms, declared = self._forms[table], self._declared.get(table)
        if declared is None and len(forms) > 1:
            first, other = forms[:2]
            raise ExtractionError(
                f"table {table}: {other.files[0].relative_to(self.lake)} has other columns or types than "
                f"{first.files[0].relative_to(self.lake)} ({_difference(first.columns, other.columns)})",
                action="export all files of a table with the same columns and types",
            )
        query = view_of(forms, declared or {}, description.columns)
        self._connection.execute(f'CREATE SCHEMA IF NOT EXISTS "{table.database}"')
        self._connection.execute(f'CREATE OR REPLACE VIEW "{table.database}"."{table.table}" AS {query}')
        self._ready.add(table)

    def _receipt(self, purpose: str, executed: str, submitted: str, started: datetime, rows: int) -> Execution:
        return Execution(
            id=str(uuid4()),
            purpose=purpose,
            engine=self.name,
            version=self.version,
            executed=executed,
            submitted=submitted,
            started=started,
            finished=datetime.now(UTC),
            state="SUCCEEDED",
            rows=rows,
        )


def _tables_of(executed: str) -> list[TableName]:
    tree = sqlglot.parse_one(executed, read=DIALECT)
    return [
        TableName(table.db, table.name, table.catalog or None) for table in tree.find_all(sqlglot.exp.Table) if table.db
    ]


def _trino_name(kind: str) -> str:
    return _TRINO_NAMES.get(kind, kind.lower().replace(" ", ""))


def _source_file(path: Path, lake: Path) -> SourceFile:
    found = path.stat()
    return SourceFile(
        name=str(path.relative_to(lake)),
        bytes=found.st_size,
        written=datetime.fromtimestamp(found.st_mtime, UTC),
        open=lambda: open(path, "rb"),
    )


def _difference(first: Mapping[str, str], other: Mapping[str, str]) -> str:
    names = sorted(name for name in first.keys() | other.keys() if first.get(name) != other.get(name))
    return ", ".join(f"{name}: {first.get(name, 'absent')} / {other.get(name, 'absent')}" for name in names[:5])


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0]
