"""Confirming a binding: a person says that a physical table is the logical source.

Here belongs what is confirmed and what must hold first. What does not belong here: the file (``sources.bindings_file``)
and the log of acts, to which the act made here is written (``records``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from soxauto_assets.acts import Act
from soxauto_assets.canonical import digest_of
from soxauto_assets.errors import BindingError
from soxauto_assets.sources.bindings import Binding, TableName
from soxauto_assets.sources.contracts import CONTRACTS
from soxauto_assets.sources.discovery import match
from soxauto_assets.sources.fitting import require_fit
from soxauto_assets.sources.model import SourceContract

ACT = "confirm_binding"
SNAPSHOTS = ("current", "history", "append_only", "unknown")
ZONES = ("local", "utc")


@dataclass(frozen=True)
class Wish:
    """What a person asks to have confirmed.

    Attributes:
        source: Logical source.
        by: The person.
        table: Another table than the one in the file, ``database.table`` or ``catalog.database.table``.
        columns: Logical to physical names, beside those of the file.
        snapshot: What a row's history is; None = as in the file.
        zone: ``local`` or ``utc``; None = as in the file.
        reason: Why, in the person's words.
    """

    source: str
    by: str
    table: str | None = None
    columns: Mapping[str, str] = field(default_factory=dict)
    snapshot: str | None = None
    zone: str | None = None
    reason: str | None = None


def wished_table(wish: Wish, bound: Binding | None) -> TableName:
    """Return the table that is to be confirmed.

    Raises:
        BindingError: The source is unknown, the name is empty, or there is no table.
    """
    if wish.source not in CONTRACTS:
        raise BindingError(
            f"{wish.source!r} is no logical source; known are {', '.join(sorted(CONTRACTS))}",
            action="correct the name; 'soxauto items' lists the sources of each item",
        )
    if not wish.by.strip() or not wish.by.isprintable():
        raise BindingError(
            f"nobody is named who confirms {wish.source}",
            action="give --by with the name of the person who answers for it",
        )
    if wish.table is None:
        if bound is None:
            raise BindingError(f"{wish.source} has no table in the bindings file", action="give --table DATABASE.TABLE")
        return bound.table
    parts = wish.table.split(".")
    if len(parts) not in (2, 3) or not all(part.strip() for part in parts):
        raise BindingError(
            f"{wish.table!r} is no table name", action="give --table DATABASE.TABLE or CATALOG.DATABASE.TABLE"
        )
    catalog = parts[0] if len(parts) == 3 else (bound.table.catalog if bound else None)
    return TableName(parts[-2], parts[-1], catalog)


def confirmed_binding(
    wish: Wish,
    bound: Binding | None,
    found: Mapping[str, str] | None,
    read: Iterable[str],
    now: datetime,
) -> Binding:
    """Return the binding as confirmed.

    Args:
        wish: What is asked.
        bound: The entry in the file, or None.
        found: Columns and types of the table, or None when it does not exist.
        read: The logical columns that the catalog's items read.
        now: When.

    Raises:
        BindingError: The wish is not complete or names an unknown column.
        SourceMismatch: The table does not exist or does not fit.
    """
    table = wished_table(wish, bound)
    contract = CONTRACTS[wish.source]
    columns = _columns(wish, contract, bound if bound and bound.table == table else None, found or {})
    binding = Binding(
        source=wish.source,
        table=table,
        columns=columns,
        status="confirmed",
        snapshot=wish.snapshot or (bound.snapshot if bound else "unknown"),
        zone=wish.zone or (bound.zone if bound else "local"),
        confirmed_by=wish.by.strip(),
        confirmed_on=now.date().isoformat(),
    )
    require_fit(contract, binding, found, read)
    present = {name.lower() for name in found or {}}
    if absent := sorted(physical for physical in columns.values() if physical.lower() not in present):
        raise BindingError(
            f"table {table} has no column {', '.join(absent)}; it has {', '.join(sorted(found or {}))}",
            action="correct the name in --column logical=physical, or in the bindings file",
        )
    return binding


def confirmation_act(
    binding: Binding, bound: Binding | None, reason: str | None, now: datetime, performed_by: Mapping[str, str]
) -> Act:
    """Return the record of a confirmation: the binding as it is now, by digest, and as it was before."""
    subject: dict[str, Any] = {"source": binding.source, **binding.to_json()}
    return Act(
        act=ACT,
        subject_kind="binding",
        subject=binding.source,
        digest=digest_of(subject),
        person=str(binding.confirmed_by),
        reason=reason,
        time=now,
        performed_by=performed_by,
        details={"binding": subject, "before": bound.to_json() if bound else None},
    )


def _columns(wish: Wish, contract: SourceContract, bound: Binding | None, found: Mapping[str, str]) -> dict[str, str]:
    """Return the renamed columns: by name, then as the file says for the same table, then as the person says."""
    known = {column.name for column in contract.columns}
    if unknown := sorted(set(wish.columns) - known):
        raise BindingError(
            f"{contract.name} has no column {', '.join(unknown)}; its contract has {', '.join(sorted(known))}",
            action="correct the logical name in --column logical=physical",
        )
    stated = {**(bound.columns if bound else {}), **wish.columns}
    by_name = match(contract, TableName("", ""), found).renames
    return {name: physical for name, physical in {**by_name, **stated}.items() if physical != name}
