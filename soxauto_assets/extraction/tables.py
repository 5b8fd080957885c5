"""Typed tables and columns: Arrow at the edge, contract types inside.

Here belongs the translation between Arrow and contract types, and small answers as typed values. What does not belong
here: large data, which stays in Parquet files.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from soxauto_assets.catalog.types import ContractType

Value = str | bool | int | Decimal | date | datetime | None


def arrow_type(kind: ContractType) -> pa.DataType:
    """Return the Arrow type of a contract type."""
    if kind.kind == "decimal":
        return pa.decimal128(kind.precision, kind.scale)
    return {
        "string": pa.string(),
        "bool": pa.bool_(),
        "int64": pa.int64(),
        "date": pa.date32(),
        "timestamp": pa.timestamp("ms"),
    }[kind.kind]


def contract_type(kind: pa.DataType) -> ContractType:
    """Return the contract type of what an engine answered.

    Raises:
        ValueError: The Arrow type is none of the contract's (a float, for example).
    """
    if pa.types.is_decimal(kind):
        return ContractType("decimal", kind.precision, kind.scale)
    if pa.types.is_string(kind) or pa.types.is_large_string(kind):
        return ContractType("string")
    if pa.types.is_boolean(kind):
        return ContractType("bool")
    if pa.types.is_integer(kind):
        return ContractType("int64")
    if pa.types.is_date32(kind):
        return ContractType("date")
    if pa.types.is_timestamp(kind) and kind.tz is None:
        return ContractType("timestamp")
    raise ValueError(f"{kind} is no contract type")


@dataclass(frozen=True)
class TypedTable:
    """A small table of typed values: control totals, probe answers.

    Attributes:
        columns: Name and contract type, in order.
        rows: Rows in order; decimals are ``Decimal``.
    """

    columns: tuple[tuple[str, ContractType], ...]
    rows: tuple[tuple[Value, ...], ...]

    @classmethod
    def from_arrow(cls, table: pa.Table) -> "TypedTable":
        """Read an Arrow table, ordered by its columns so that the order of an engine's answer does not matter.

        Raises:
            ValueError: A column has no contract type.
        """
        columns = tuple((field.name, contract_type(field.type)) for field in table.schema)
        values = [column.to_pylist() for column in table.columns]
        rows = sorted(zip(*values, strict=True), key=lambda row: [(v is not None, str(v)) for v in row])
        return cls(columns, tuple(tuple(row) for row in rows))

    @property
    def names(self) -> tuple[str, ...]:
        """The column names."""
        return tuple(name for name, _ in self.columns)

    def records(self) -> list[dict[str, Value]]:
        """Return the rows as mappings."""
        return [dict(zip(self.names, row, strict=True)) for row in self.rows]

    def to_json(self) -> dict[str, Any]:
        """Return types and values for a record; integers and decimals as text, so that no reader rounds them."""
        return {
            "columns": [[name, kind.name] for name, kind in self.columns],
            "rows": [[_text(value) for value in row] for row in self.rows],
        }

    @classmethod
    def from_json(cls, value: dict[str, Any]) -> "TypedTable":
        """Read what :meth:`to_json` wrote."""
        columns = tuple((name, ContractType.parse(kind)) for name, kind in value["columns"])
        kinds = [kind for _, kind in columns]
        return cls(columns, tuple(_parsed(row, kinds) for row in value["rows"]))


def _text(value: Value) -> str | bool | None:
    if value is None or isinstance(value, (bool, str)):
        return value
    if isinstance(value, datetime):
        return value.isoformat(sep=" ", timespec="milliseconds")
    return format(value, "f") if isinstance(value, Decimal) else str(value)


def _parsed(row: Sequence[Any], kinds: Sequence[ContractType]) -> tuple[Value, ...]:
    return tuple(None if cell is None else _value(cell, kind) for cell, kind in zip(row, kinds, strict=True))


def _value(cell: Any, kind: ContractType) -> Value:
    match kind.kind:
        case "int64":
            return int(cell)
        case "decimal":
            return Decimal(cell)
        case "date":
            return date.fromisoformat(cell)
        case "timestamp":
            return datetime.fromisoformat(cell)
        case _:
            return cell  # type: ignore[no-any-return]
