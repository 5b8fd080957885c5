"""Bindings: which physical table and columns a logical source is, in one environment, and whether somebody confirmed it.

Here belongs reading the bindings file and finding tables by name in a folder of exports. What does not belong here: the
logical columns (``sources.contracts``) and the check that the physical table fits (``sources.fitting``).
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, Protocol

import yaml

from soxauto_assets.errors import BindingError
from soxauto_assets.sources.contracts import CONTRACTS
from soxauto_assets.sources.model import SourceContract, by_name

Status = Literal["confirmed", "proposed", "unknown"]
_STATUS = ("confirmed", "proposed", "unknown")
_SNAPSHOT = ("current", "history", "append_only", "unknown")


@dataclass(frozen=True, order=True)
class TableName:
    """A physical table.

    Attributes:
        database: Database or schema.
        table: Table or view.
        catalog: Catalog, where the engine has several; None = the engine's default.
    """

    database: str
    table: str
    catalog: str | None = None

    def __str__(self) -> str:
        return ".".join(part for part in (self.catalog, self.database, self.table) if part)


@dataclass(frozen=True)
class Binding:
    """Where one logical source lives.

    Attributes:
        source: Logical source.
        table: The physical table.
        columns: Logical to physical column name, only where they differ.
        status: ``confirmed`` by a person, ``proposed``, or ``unknown``.
        snapshot: What a row's history is: ``current`` state, ``history``, ``append_only``.
        zone: ``local`` (naive timestamps) or ``utc``.
        confirmed_by: Who confirmed it.
        confirmed_on: When, as a date.
    """

    source: str
    table: TableName
    columns: Mapping[str, str] = field(default_factory=dict)
    status: Status = "unknown"
    snapshot: str = "unknown"
    zone: str = "local"
    confirmed_by: str | None = None
    confirmed_on: str | None = None

    def physical(self, column: str) -> str:
        """Return the physical name of a logical column."""
        return self.columns.get(column, column)

    def to_json(self) -> dict[str, Any]:
        """Return the binding for the record and the evidence."""
        return {
            "catalog": self.table.catalog,
            "database": self.table.database,
            "table": self.table.table,
            "columns": dict(sorted(self.columns.items())),
            "status": self.status,
            "snapshot": self.snapshot,
            "zone": self.zone,
            "confirmed_by": self.confirmed_by,
            "confirmed_on": self.confirmed_on,
        }


@dataclass(frozen=True)
class Bindings:
    """All bindings of an environment.

    Attributes:
        environment: ``demo``, ``lake``, ``aws`` or ``trino``.
        sources: By logical source.
        origin: The file they come from, for messages.
    """

    environment: str
    sources: Mapping[str, Binding]
    origin: str

    def confirmed(self, source: str) -> Binding:
        """Return the confirmed binding of a source.

        Raises:
            BindingError: There is none, or its status is not ``confirmed``.
        """
        binding = self.sources.get(source)
        contract = CONTRACTS[source]
        was = contract.sql_server or contract.system
        if binding is None:
            raise BindingError(
                f"logical source {source} ({was}) is not bound to a table in {self.origin}",
                action=(
                    f"export a table with {_names(contract)}, or find it with 'soxauto discover {source}' and run "
                    f"'soxauto bindings confirm {source} --by NAME --table DATABASE.TABLE'"
                ),
            )
        if binding.status != "confirmed":
            raise BindingError(
                f"the binding of {source} ({was}) to {binding.table} is {binding.status}, not confirmed",
                action=(
                    f"ask the data team whether {binding.table} holds it with columns {_names(contract, binding)}, "
                    f"then run 'soxauto bindings confirm {source} --by NAME'"
                ),
            )
        return binding


class Tables(Protocol):
    """What finding by name asks of a lake."""

    def tables(self) -> list[TableName]:
        """List the physical tables."""
        ...

    def columns(self, table: TableName) -> Mapping[str, str]:
        """Return the columns of a table and their types."""
        ...


def load_bindings(path: Path, lake: Tables | None = None) -> Bindings:
    """Read a bindings file.

    Args:
        path: YAML file with ``environment`` and ``sources``; ``by_name: true`` finds the sources it does not list among
            the tables of ``lake``.
        lake: The physical tables; needed only for ``by_name``.

    Raises:
        BindingError: The file is missing or malformed, or names an unknown source, column or status.
    """
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise BindingError(
            f"the bindings file {path.name} cannot be read ({type(error).__name__})",
            action="set SOXAUTO_BINDINGS to a readable bindings file",
        ) from error
    if not isinstance(content, dict) or not isinstance(content.get("sources"), dict):
        raise BindingError(f"{path.name} has no mapping 'sources'", action="compare it with bindings/demo.yaml")
    bound = {name: _binding(name, entry or {}, path.name) for name, entry in content["sources"].items()}
    if content.get("by_name") and lake is not None:
        bound = {**find_by_name(lake), **bound}
    return Bindings(str(content.get("environment", "")), bound, path.name)


def find_by_name(lake: Tables) -> dict[str, Binding]:
    """Bind logical sources to the tables that carry their name.

    A table matches when its name, in comparable form, is the source's logical name, its SQL Server object or its Athena
    candidate; a column likewise. Finding by name is how a folder of exports is meant to be read, so the binding counts as
    confirmed by its name.

    Raises:
        BindingError: Two tables match one source.
    """
    bound, tables = {}, lake.tables()
    for source, contract in CONTRACTS.items():
        matches = sorted((name for name in tables if by_name(name.table) in contract.names), key=str)
        if len(matches) > 1:
            raise BindingError(
                f"logical source {source} matches {len(matches)} tables: {', '.join(map(str, matches))}",
                action="name the right one in a bindings file and set SOXAUTO_BINDINGS",
            )
        if matches:
            columns = _columns_by_name(contract, lake.columns(matches[0]))
            bound[source] = Binding(source, matches[0], columns, "confirmed", "unknown", "local", "found by name")
    return bound


def _columns_by_name(contract: SourceContract, physical: Iterable[str]) -> dict[str, str]:
    comparable: dict[str, str] = {}
    for name in physical:
        comparable.setdefault(by_name(name), name)
    renamed = {}
    for column in contract.columns:
        for name in sorted(column.names):
            if name in comparable and comparable[name] != column.name:
                renamed[column.name] = comparable[name]
    return renamed


def _binding(name: str, entry: Mapping[str, Any], origin: str) -> Binding:
    def refuse(cause: str) -> BindingError:
        return BindingError(f"{origin}: source {name!r} {cause}", action="correct the entry")

    if name not in CONTRACTS:
        raise refuse(f"is no logical source; known are {', '.join(sorted(CONTRACTS))}")
    known = {column.name for column in CONTRACTS[name].columns}
    columns = entry.get("columns") or {}
    if unknown := sorted(str(column) for column in set(columns) - known):
        raise refuse(f"renames columns that its contract does not have: {', '.join(unknown)}")
    if not all(isinstance(physical, str) for physical in columns.values()):
        raise refuse("has a column name that YAML does not read as text: put it in quotes")
    if entry.get("status") not in _STATUS:
        raise refuse(f"has status {entry.get('status')!r}; use one of {', '.join(_STATUS)}")
    if entry.get("snapshot", "unknown") not in _SNAPSHOT:
        raise refuse(f"has snapshot {entry.get('snapshot')!r}; use one of {', '.join(_SNAPSHOT)}")
    if not entry.get("database") or not entry.get("table"):
        raise refuse("needs database and table")
    if extra := sorted(set(entry) - _ENTRY):
        raise refuse(f"has unknown fields: {', '.join(extra)}")
    return Binding(
        source=name,
        table=TableName(entry["database"], entry["table"], entry.get("catalog")),
        columns=dict(columns),
        status=entry["status"],
        snapshot=entry.get("snapshot", "unknown"),
        zone=entry.get("zone", "local"),
        confirmed_by=entry.get("confirmed_by"),
        confirmed_on=str(entry["confirmed_on"]) if entry.get("confirmed_on") else None,
    )


_ENTRY = {
    "catalog", "database", "table", "columns", "status", "snapshot", "zone", "confirmed_by", "confirmed_on",
}  # fmt: skip


def _names(contract: SourceContract, binding: Binding | None = None) -> str:
    return ", ".join(binding.physical(c.name) if binding else c.name for c in contract.columns)
