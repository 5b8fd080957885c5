"""Does a physical table fit its source contract?

Here belongs the comparison of declared and found columns and types. What does not belong here: reading the table's
description (``engines``).
"""

import re
from collections.abc import Iterable, Mapping

from soxauto_assets.catalog.types import ContractType
from soxauto_assets.errors import SourceMismatch
from soxauto_assets.sources.bindings import Binding, TableName
from soxauto_assets.sources.contracts import contract
from soxauto_assets.sources.model import SourceContract

_INTEGERS = {"tinyint", "smallint", "integer", "int", "bigint"}
_DECIMAL = re.compile(r"^decimal\((\d+),\s*(\d+)\)$")


def declared_columns(bindings: Mapping[str, Binding]) -> dict[TableName, dict[str, str]]:
    """Return how the table of each bound source is to be declared: physical column and the contract's type.

    A folder of files declares nothing, and Glue's tables are declared so (``sources.ddl``).
    """
    return {
        binding.table: {binding.physical(column.name): column.type.trino for column in contract(binding.source).columns}
        for binding in bindings.values()
    }


def fits(declared: ContractType, found: str) -> bool:
    """Say whether a physical type holds no more than the contract type can.

    Args:
        declared: The contract type.
        found: The physical type in Trino's words, for example ``timestamp(6)``. Timestamps may be finer: the engine reads
            them as Athena does, rounded half up to the millisecond.
    """
    match declared.kind:
        case "string":
            # A char(n) is padded with blanks in Trino, also when it is cast to varchar.
            return found == "varchar" or found.startswith("varchar(")
        case "int64":
            return found in _INTEGERS
        case "bool":
            return found == "boolean"
        case "date":
            return found == "date"
        case "timestamp":
            return re.fullmatch(r"timestamp(\(\d+\))?", found) is not None
        case "decimal":
            size = _DECIMAL.match(found)
            if not size:
                return False
            precision, scale = int(size.group(1)), int(size.group(2))
            return scale <= declared.scale and precision - scale <= declared.precision - declared.scale


def require_fit(
    contract: SourceContract, binding: Binding, found: Mapping[str, str] | None, columns: Iterable[str]
) -> None:
    """Refuse a table that is missing, lacks a column, or has a column of another type.

    Args:
        contract: The source contract.
        binding: Its binding.
        found: Physical columns and types, or None when the table does not exist.
        columns: The logical columns that a query reads.

    Raises:
        SourceMismatch: Names table, columns, types and what to do.
    """
    where = f"table {binding.table} (logical source {contract.name})"
    if found is None:
        raise SourceMismatch(
            f"{where} does not exist", action="correct the binding, or export the table into the lake folder"
        )
    by_lower = {name.lower(): kind for name, kind in found.items()}
    wanted = {name: binding.physical(name) for name in columns}
    missing = [physical for physical in wanted.values() if physical.lower() not in by_lower]
    if missing:
        raise SourceMismatch(
            f"{where} has no column {', '.join(sorted(missing))}; it has {', '.join(sorted(found))}",
            action="export the column, or name its physical column in the binding",
        )
    padded = any(by_lower[physical.lower()].startswith("char(") for physical in wanted.values())
    wrong = [
        f"{physical} is {by_lower[physical.lower()]}, contract {contract.column(logical).type.trino}"
        for logical, physical in sorted(wanted.items())
        if not fits(contract.column(logical).type, by_lower[physical.lower()])
    ]
    if wrong:
        raise SourceMismatch(
            f"{where} differs from the source contract: {'; '.join(wrong)}",
            action="declare the column varchar, or bind a view with rtrim(cast(the column as varchar)): char pads with blanks"
            if padded
            else "export the column with the contract's type, or correct the contract with the data team",
        )
