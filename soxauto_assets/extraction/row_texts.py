"""The row digest of rows that no engine has read: what an upload says, before it is landed.

Here belongs the row text of ``docs/dataset-digest.md`` in plain Python, so that the rows of a file and the landed rows are
digested by two implementations. What does not belong here: the same in SQL (``extraction.generated``), reading a file
(``extraction.uploads``).
"""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any

from soxauto_assets.catalog.model import Item
from soxauto_assets.catalog.types import INT64, STRING, ContractType
from soxauto_assets.extraction.generated import SLICE_DIGITS, SLICES
from soxauto_assets.extraction.tables import TypedTable, Value

_EPOCH = datetime(1970, 1, 1)
_PART = ContractType("decimal", 38, 0)


def digest_of_values(item: Item, rows: Iterable[Mapping[str, Any]]) -> TypedTable:
    """Return the row digest of rows in contract types, with the columns that the source's statement answers.

    Args:
        item: The catalog item.
        rows: Values by output column.
    """
    sums: dict[tuple[str | None, ...], list[int]] = {} if item.company_column else {(): [0] * (1 + len(SLICES))}
    for row in rows:
        group = (row[item.company_column],) if item.company_column else ()
        text = ";".join(_cell(row[column.name], column.type) for column in item.columns)
        digits = hashlib.sha256(text.encode()).hexdigest()
        slices = (int(digits[start - 1 : start - 1 + SLICE_DIGITS], 16) for _, start in SLICES)
        kept = sums.get(group, [0] * (1 + len(SLICES)))
        sums[group] = [held + more for held, more in zip(kept, (1, *slices), strict=True)]
    company = ((item.company_column, STRING),) if item.company_column else ()
    columns = (*company, ("row_count", INT64), *((name, _PART) for name, _ in SLICES))
    return TypedTable(columns, tuple((*group, *_figures(figures)) for group, figures in sums.items()))


def _figures(figures: list[int]) -> tuple[Value, ...]:
    count, *parts = figures
    # SQL's sum of no rows is null.
    return (count, *(Decimal(part) if count else None for part in parts))


def _cell(value: Any, kind: ContractType) -> str:
    if value is None:
        return "~"
    match kind.kind:
        case "string":
            return f"{len(value)}:{value}"
        case "bool":
            return "true" if value else "false"
        case "decimal":
            return format(value.quantize(Decimal(1).scaleb(-kind.scale)), "f")
        case "timestamp":
            return str((value - _EPOCH) // timedelta(milliseconds=1))
        case _:
            return str(value)
