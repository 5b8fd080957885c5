"""DDL: the Athena table over an export of a source that was never replicated.

Here belongs the text, made from the source contract, and what a person must know about the export. What does not belong
here: running it, and the binding to the table (``sources.confirmation``).

Athena reads ``CREATE EXTERNAL TABLE`` as Hive does (backticks, ``string``) and ``CREATE VIEW`` as Trino does (double
quotes, ``varchar``).
"""

import re
from dataclasses import dataclass
from typing import Literal

from soxauto_assets.catalog.types import ContractType
from soxauto_assets.errors import BindingError
from soxauto_assets.sources.model import SourceColumn, SourceContract

Format = Literal["parquet", "csv"]

_HIVE = {"string": "string", "bool": "boolean", "int64": "bigint", "date": "date", "timestamp": "timestamp"}
_IDENTIFIER = re.compile(r"[a-z_][a-z0-9_]{0,126}")
_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_ADDRESS = re.compile(r"\d{1,3}(\.\d{1,3}){3}")
_PREFIX = re.compile(r"([A-Za-z0-9!_.*()=-]+/)+")
# Athena's list of words reserved in DDL statements.
_RESERVED_DDL = {
    "all", "alter", "and", "array", "as", "authorization", "between", "bigint", "binary", "boolean", "both", "by",
    "case", "cashe", "cast", "char", "column", "conf", "constraint", "commit", "create", "cross", "cube", "current",
    "current_date", "current_timestamp", "cursor", "database", "date", "dayofweek", "decimal", "delete", "describe",
    "distinct", "div", "double", "drop", "else", "end", "exchange", "exists", "extended", "external", "extract",
    "false", "fetch", "float", "floor", "following", "for", "foreign", "from", "full", "function", "grant", "group",
    "grouping", "having", "if", "import", "in", "inner", "insert", "int", "integer", "intersect", "interval", "into",
    "is", "join", "lateral", "left", "less", "like", "local", "macro", "map", "more", "none", "not", "null",
    "numeric", "of", "on", "only", "or", "order", "out", "outer", "over", "partialscan", "partition", "percent",
    "preceding", "precision", "preserve", "primary", "procedure", "range", "reads", "reduce", "references", "regexp",
    "revoke", "right", "rlike", "rollback", "rollup", "row", "rows", "select", "set", "smallint", "start", "table",
    "tablesample", "then", "time", "timestamp", "to", "transform", "trigger", "true", "truncate", "unbounded",
    "union", "uniquejoin", "update", "user", "using", "utc_timestamp", "values", "varchar", "views", "when", "where",
    "window", "with",
}  # fmt: skip


@dataclass(frozen=True)
class Ddl:
    """The statements of an exported table.

    Attributes:
        statements: To be run one after the other: the table, and for CSV the view with the types.
        notes: What the export must keep to, for the person who makes it.
    """

    statements: tuple[str, ...]
    notes: tuple[str, ...]

    @property
    def text(self) -> str:
        """The statements as one text, each ended by a semicolon."""
        return "\n\n".join(f"{statement};" for statement in self.statements) + "\n"


def exported_table(contract: SourceContract, location: str, database: str, table: str, form: Format) -> Ddl:
    """Return the DDL of an export.

    Args:
        contract: The source's contract.
        location: The folder of the export, ``s3://bucket/prefix/``.
        database: Database of the table.
        table: The table that queries read; for CSV this is the view, and the table of texts is called ``<table>_csv``.
        form: Format of the export.

    Raises:
        BindingError: The location or a name is not valid.
    """
    _require_location(location)
    _require_name("database", database)
    _require_name("table", table)
    if form == "parquet":
        return Ddl((_parquet(contract, location, database, table),), (*_parquet_notes(contract), *_export(contract)))
    raw = f"{table}_csv"
    _require_name("table", raw)
    statements = (_csv(contract, location, database, raw), _view(contract, database, table, raw))
    return Ddl(statements, (*_csv_notes(contract, table, raw), *_export(contract)))


def _parquet(contract: SourceContract, location: str, database: str, table: str) -> str:
    columns = [(column, _hive(column.type)) for column in contract.columns]
    return "\n".join((_head(contract, database, table, columns), "STORED AS PARQUET", f"LOCATION '{location}'"))


def _csv(contract: SourceContract, location: str, database: str, table: str) -> str:
    columns = [(column, "string") for column in contract.columns]
    return "\n".join(
        (
            _head(contract, database, table, columns),
            "ROW FORMAT SERDE 'org.apache.hadoop.hive.serde2.OpenCSVSerde'",
            "WITH SERDEPROPERTIES ('separatorChar' = ',', 'quoteChar' = '\"', 'escapeChar' = '\\\\')",
            "STORED AS TEXTFILE",
            f"LOCATION '{location}'",
            "TBLPROPERTIES ('skip.header.line.count' = '1')",
        )
    )


def _head(contract: SourceContract, database: str, table: str, columns: list[tuple[SourceColumn, str]]) -> str:
    lines = [f"  {_hive_name(column.name)} {kind} COMMENT {_text(column.meaning)}" for column, kind in columns]
    name = f"{_hive_name(database)}.{_hive_name(table)}"
    return f"CREATE EXTERNAL TABLE {name} (\n" + ",\n".join(lines) + f"\n)\nCOMMENT {_text(contract.meaning)}"


def _view(contract: SourceContract, database: str, view: str, raw: str) -> str:
    lines = [f"  {_cast(column)} AS {_trino_name(column.name)}" for column in contract.columns]
    where = f"{_trino_name(database)}.{_trino_name(raw)}"
    return (
        f"CREATE OR REPLACE VIEW {_trino_name(database)}.{_trino_name(view)} AS\nSELECT\n"
        + ",\n".join(lines)
        + f"\nFROM {where}"
    )


def _cast(column: SourceColumn) -> str:
    value = f"nullif({_trino_name(column.name)}, '')"
    if column.type.kind == "string":
        return value
    # A view of Athena knows timestamps of three digits by this name alone.
    kind = "timestamp" if column.type.kind == "timestamp" else column.type.trino
    return f"cast({value} AS {kind})"


def _parquet_notes(contract: SourceContract) -> tuple[str, ...]:
    notes = [
        "Parquet columns are found by name: a column that the files lack, or name otherwise, reads as NULL, silently."
    ]
    if any(column.type.kind == "decimal" for column in contract.columns):
        notes.append("Write decimals with the precision and scale above: another scale is rounded silently.")
    if any(column.type.kind == "timestamp" for column in contract.columns):
        notes.append("Instants finer than a millisecond are rounded half up, which can move one into the next month.")
    return tuple(notes)


def _csv_notes(contract: SourceContract, view: str, raw: str) -> tuple[str, ...]:
    casts = [f"{c.name} ({c.type.trino})" for c in contract.columns if c.type.kind != "string"]
    return (
        f"OpenCSVSerde reads every column as text, so {raw} holds texts and the view {view} casts: {', '.join(casts)}.",
        "CSV does not tell NULL from an empty text: the view reads both as NULL. Parquet keeps them apart.",
        "A line break inside a field breaks the row. Dates must be YYYY-MM-DD, instants YYYY-MM-DD HH:MM:SS.fff, amounts with "
        "a point and no thousands mark; anything else makes the query fail, never a silent NULL.",
        "An amount with more decimals than the contract is rounded half up by the cast: export it as it is in the source.",
        "Run the statements one after the other; bind the source to the view.",
    )


def _export(contract: SourceContract) -> tuple[str, ...]:
    """Return the query that an export from SQL Server runs, with the names that the table expects."""
    if contract.sql_server is None:
        return ()
    columns = ", ".join(
        f"[{column.header}] AS {column.name}" if column.header else f"[{column.name}]" for column in contract.columns
    )
    return (f"Export with: SELECT {columns} FROM {contract.sql_server}",)


def _hive(kind: ContractType) -> str:
    return kind.name if kind.kind == "decimal" else _HIVE[kind.kind]


def _hive_name(name: str) -> str:
    return f"`{name}`" if name in _RESERVED_DDL or name.startswith("_") else name


def _trino_name(name: str) -> str:
    return f'"{name}"'


def _text(text: str) -> str:
    return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'"


def _require_name(what: str, name: str) -> None:
    if not _IDENTIFIER.fullmatch(name):
        raise BindingError(
            f"{name!r} is no name for a {what} in Athena",
            action=f"give --{what} in lower case letters, digits and underscores, not beginning with a digit",
        )


def _require_location(location: str) -> None:
    def refuse(cause: str, action: str) -> BindingError:
        return BindingError(f"location {location!r} {cause}", action=action)

    example = "give --location as s3://bucket/prefix/"
    if not location.startswith("s3://"):
        raise refuse("is not on S3", example)
    bucket, slash, prefix = location.removeprefix("s3://").partition("/")
    if not _BUCKET.fullmatch(bucket) or ".." in bucket or _ADDRESS.fullmatch(bucket):
        raise refuse(
            f"has the bucket name {bucket!r}, which S3 does not allow",
            "use 3 to 63 lower case letters, digits, dots and hyphens, with a letter or digit at both ends",
        )
    if bucket.startswith(("xn--", "sthree-")) or bucket.endswith(("-s3alias", "--ol-s3")):
        raise refuse(f"has the bucket name {bucket!r}, which S3 keeps for itself", "give the name of a bucket")
    if not slash or not prefix:
        raise refuse("names a whole bucket, so that every file in it would be read as a row", example)
    if not prefix.endswith("/"):
        raise refuse("does not end in a slash", "end it with / : Athena reads a folder, never one file")
    if not _PREFIX.fullmatch(prefix):
        raise refuse("has an empty part or a character that Athena does not read safely", "rename the folder")
