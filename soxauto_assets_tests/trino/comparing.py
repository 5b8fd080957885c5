"""The same text on both engines, and whether the answers are the same.

Here belongs reading an answer of either engine into columns of contract types and rows, and the comparison. What does not
belong here: which texts are compared (the tests).
"""

import re
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pyarrow as pa
import trino

from soxauto_assets.catalog.types import ContractType
from soxauto_assets.extraction.tables import contract_type

_DECIMAL = re.compile(r"^decimal\((\d+),\s*(\d+)\)$")
_INTEGERS = {"tinyint", "smallint", "integer", "bigint"}


@dataclass(frozen=True)
class Rows:
    """An answer: columns with contract types, and rows whose order says nothing."""

    columns: tuple[tuple[str, ContractType], ...]
    rows: "Counter[tuple[Any, ...]]"


@dataclass(frozen=True)
class Address:
    """What ``TRINO_URL`` says.

    Attributes:
        host: Host of the coordinator.
        port: Its port.
        catalog: The hive catalog.
        files: The folder that the hive catalog reads as ``local:///``; the lake is ``files/lake``.
    """

    host: str
    port: int
    catalog: str
    files: Path

    @classmethod
    def parse(cls, url: str) -> "Address":
        """Read the variable's value.

        Raises:
            ValueError: It is no such address.
        """
        parts = urlsplit(url)
        files = parse_qs(parts.query).get("files", [""])[0]
        if parts.scheme != "http" or not parts.hostname or not parts.port or not files:
            raise ValueError(
                f"TRINO_URL is {url!r}; give http://HOST:PORT/hive?files=FOLDER, FOLDER being what the hive catalog reads as "
                "local:///, with the lake (or nothing yet) at FOLDER/lake. soxauto_assets_tests.trino.server prints one"
            )
        return cls(parts.hostname, parts.port, parts.path.strip("/") or "hive", Path(files))

    def connect(self) -> Any:
        """Open a connection; the caller closes it."""
        return trino.dbapi.connect(
            host=self.host, port=self.port, user="soxauto", catalog=self.catalog, schema="default", source="conformance"
        )


def ask_trino(connection: Any, sql: str) -> Rows:
    """Run a text on Trino.

    Raises:
        trino.exceptions.TrinoQueryError: Trino refuses it, or it failed.
        ValueError: A column has a type that is no contract type.
    """
    cursor = connection.cursor()
    try:
        cursor.execute(sql)
        rows = cursor.fetchall()
        columns = tuple((column.name, trino_type(column.type_code)) for column in cursor.description)
    finally:
        cursor.close()
    return Rows(columns, counted(rows))


def from_arrow(table: pa.Table) -> Rows:
    """Read an answer of DuckDB.

    Raises:
        ValueError: A column has a type that is no contract type.
    """
    columns = tuple((field.name, contract_type(field.type)) for field in table.schema)
    return Rows(columns, counted(zip(*(column.to_pylist() for column in table.columns), strict=True)))


def trino_type(name: str) -> ContractType:
    """Return the contract type of a column that Trino answered.

    Raises:
        ValueError: It is none of the contract's: a float, a padded ``char``, an instant with a zone.
    """
    if size := _DECIMAL.match(name):
        return ContractType("decimal", int(size.group(1)), int(size.group(2)))
    if name in _INTEGERS:
        return ContractType("int64")
    if name.startswith("varchar"):
        return ContractType("string")
    if re.fullmatch(r"timestamp(\(\d+\))?", name):
        return ContractType("timestamp")
    return ContractType.parse({"boolean": "bool"}.get(name, name))


def counted(rows: Iterable[Iterable[Any]]) -> "Counter[tuple[Any, ...]]":
    """Count equal rows."""
    return Counter(tuple(row) for row in rows)


def differences(trino_rows: Rows, duckdb_rows: Rows, shown: int = 3) -> list[str]:
    """Say how two answers differ; empty when they are the same."""
    found = []
    if trino_rows.columns != duckdb_rows.columns:
        ours, theirs = dict(trino_rows.columns), dict(duckdb_rows.columns)
        if list(ours) != list(theirs):
            found.append(f"columns: Trino {list(ours)}, DuckDB {list(theirs)}")
        found += [
            f"{name}: {ours[name]} in Trino, {theirs[name]} in DuckDB"
            for name in ours
            if name in theirs and ours[name] != theirs[name]
        ]
    for engine, more, less in (("Trino", trino_rows, duckdb_rows), ("DuckDB", duckdb_rows, trino_rows)):
        only = more.rows - less.rows
        if only:
            examples = "; ".join(str(row) for row in list(only)[:shown])
            found.append(f"{only.total()} rows in {engine} only: {examples}")
    return found
