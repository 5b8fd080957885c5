"""Results as Athena writes and pages them.

Here belongs the text of a value, the CSV file and the columns of a result. What does not belong here: UNLOAD (``unload``).
"""

import io
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from soxauto_assets_tests.aws.endpoint.athena.failures import QueryFailure

_TYPES = {
    "VARCHAR": ("varchar", 2147483647), "BOOLEAN": ("boolean", 0), "TINYINT": ("tinyint", 3), "SMALLINT": ("smallint", 5),
    "INTEGER": ("integer", 10), "BIGINT": ("bigint", 19), "DATE": ("date", 0), "DOUBLE": ("double", 17),
    "FLOAT": ("float", 17), "BLOB": ("varbinary", 1073741824), "TIMESTAMP": ("timestamp", 3),
    "TIMESTAMP_MS": ("timestamp", 3), "TIMESTAMP_S": ("timestamp", 3), "TIMESTAMP_NS": ("timestamp", 3), "NULL": ("unknown", 0),
    '"NULL"': ("unknown", 0),
}  # fmt: skip
# What the engine holds otherwise than Athena declares it: these are cast at the end of a query.
CASTS = {
    "HUGEINT": "BIGINT", "UHUGEINT": "BIGINT", "UBIGINT": "BIGINT", "TIMESTAMP": "TIMESTAMP_MS",
    "TIMESTAMP_S": "TIMESTAMP_MS", "TIMESTAMP_NS": "TIMESTAMP_MS",
}  # fmt: skip


@dataclass(frozen=True)
class Column:
    """A column of a result.

    Attributes:
        name: Its name.
        type: Base name of its type.
        precision: As Athena states it.
        scale: As Athena states it.
    """

    name: str
    type: str
    precision: int
    scale: int = 0

    def to_json(self) -> dict[str, Any]:
        """Return the ColumnInfo."""
        return {
            "CatalogName": "hive",
            "SchemaName": "",
            "TableName": "",
            "Name": self.name,
            "Label": self.name,
            "Type": self.type,
            "Precision": self.precision,
            "Scale": self.scale,
            "Nullable": "UNKNOWN",
            "CaseSensitive": self.type in ("varchar", "char"),
        }


def columns_of(names: Sequence[str], kinds: Sequence[str]) -> list[Column]:
    """Return the columns of a result from DuckDB's types.

    Raises:
        QueryFailure: A type that this endpoint does not write.
    """
    return [_column(name, CASTS.get(kind, kind)) for name, kind in zip(names, kinds, strict=True)]


def _column(name: str, kind: str) -> Column:
    if kind.startswith("DECIMAL("):
        precision, scale = kind[8:-1].split(",")
        return Column(name, "decimal", int(precision), int(scale))
    if kind not in _TYPES:
        raise QueryFailure("NOT_SUPPORTED", f"this endpoint does not write column {name} of type {kind.lower()}")
    return Column(name, *_TYPES[kind])


def text_of(value: Any) -> str | None:
    """Return a value as Athena writes it; None for NULL."""
    if value is None:
        return None
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="milliseconds")
    if isinstance(value, Decimal):
        return f"{value:f}"
    if isinstance(value, float):
        return _double(value)
    if isinstance(value, bytes):
        return value.hex(" ")
    return str(value)


def _double(value: float) -> str:
    """Return a double in Java's notation."""
    if value != value:
        return "NaN"
    if value in (float("inf"), float("-inf")):
        return "Infinity" if value > 0 else "-Infinity"
    if value == 0 or 1e-3 <= abs(value) < 1e7:
        return repr(value) if "e" not in repr(value) else f"{value:f}"
    digits = repr(value).lower()
    mantissa, _, exponent = digits.partition("e") if "e" in digits else f"{Decimal(digits):e}".lower().partition("e")
    mantissa = mantissa.rstrip("0") if "." in mantissa else mantissa
    mantissa = f"{mantissa}0" if mantissa.endswith(".") else mantissa
    return f"{mantissa if '.' in mantissa else mantissa + '.0'}E{int(exponent)}"


def csv_of(columns: Sequence[Column], rows: Iterable[Sequence[str | None]]) -> bytes:
    """Return the CSV file: every value quoted, NULL nothing, a header."""
    out = io.StringIO()
    for row in ([column.name for column in columns], *rows):
        out.write(",".join("" if value is None else '"' + value.replace('"', '""') + '"' for value in row) + "\n")
    return out.getvalue().encode("utf-8")


def row_json(row: Sequence[str | None]) -> dict[str, Any]:
    """Return a row of GetQueryResults: NULL is a datum without a value."""
    return {"Data": [{} if value is None else {"VarCharValue": value} for value in row]}
