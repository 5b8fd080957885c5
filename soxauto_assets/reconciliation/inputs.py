"""The sealed packages that a reconciliation is made from, opened for queries.

Here belongs choosing and verifying the inputs, and the one DuckDB that every part of a reconciliation uses. What does not
belong here: what is computed from them.
"""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from soxauto_assets.canonical import read_json
from soxauto_assets.catalog.configuration import Configuration
from soxauto_assets.catalog.model import Item
from soxauto_assets.errors import NotVerified
from soxauto_assets.evidence.store import EvidenceStore, SealedPackage
from soxauto_assets.evidence.verify import verify_package
from soxauto_assets.extraction.parquet import scan, session
from soxauto_assets.period import Period

MEMORY_LIMIT = "768MB"
# How a company is compared and shown: case and trailing blanks do not count (DECISIONS B21).
COMPANY = "upper(rtrim(\"{}\", ' '))"


@dataclass(frozen=True)
class SealedInput:
    """One sealed package as an input.

    Attributes:
        item: The catalog item.
        attempt: Attempt number.
        verdict: ``passed`` or ``passed_with_override``.
        seal_sha256: SHA-256 of its seal.
        content_id: Content id of the attempt.
        dataset_digest: Digest of its rows.
        environment: Environment it was sealed in.
        folder: Local folder of the package.
    """

    item: Item
    attempt: int
    verdict: str
    seal_sha256: str
    content_id: str
    dataset_digest: str
    environment: str
    folder: Path = field(compare=False)

    @property
    def files(self) -> list[Path]:
        """The Parquet files of its rows."""
        return sorted((self.folder / "data" / "rows").glob("*.parquet"))

    def to_json(self) -> dict[str, Any]:
        """Return what a reconciliation's evidence lists of an input."""
        return {
            "item": self.item.id,
            "attempt": self.attempt,
            "verdict": self.verdict,
            "seal_sha256": self.seal_sha256,
            "content_id": self.content_id,
            "dataset_digest": self.dataset_digest,
        }


@dataclass(frozen=True)
class Inputs:
    """The inputs of a period.

    Attributes:
        period: The month.
        sealed: Usable packages by item id.
        missing: Why an item cannot be used, in words, by item id.
    """

    period: Period
    sealed: Mapping[str, SealedInput]
    missing: Mapping[str, str]


@dataclass(frozen=True)
class Session:
    """Queries over the inputs of a period.

    Every usable item is a view by its id in lower case (``ipe_08``), with the columns of its contract in contract types and
    ``company``: the company code as it is compared. An item that is missing has no view: ask :meth:`has` first.

    Attributes:
        period: The month.
        inputs: The sealed inputs.
        configuration: Configuration parameters in force.
        connection: DuckDB over the views.
        kept: Names of the tables that become part of the evidence, in the order they were made.
    """

    period: Period
    inputs: Inputs
    configuration: Configuration
    connection: duckdb.DuckDBPyConnection
    kept: list[str] = field(default_factory=list)

    def has(self, *items: str) -> bool:
        """Say whether all of these items can be queried."""
        return all(item in self.inputs.sealed for item in items)

    def without(self, *items: str) -> tuple[str, ...]:
        """Return those of these items that cannot be queried."""
        return tuple(item for item in items if item not in self.inputs.sealed)

    def setting(self, name: str) -> tuple[str, ...]:
        """Return the values of a configuration key as they are compared."""
        return self.configuration[name].parameter

    def keep(self, name: str, sql: str, parameters: Mapping[str, Any] | None = None) -> str:
        """Make a table that becomes part of the evidence (``tables/<name>.parquet``); return its name.

        Args:
            name: Table name, snake_case.
            sql: A query; the table holds its rows, and the evidence holds them ordered by every column.
            parameters: Its named parameters.
        """
        self.connection.execute(f"CREATE OR REPLACE TABLE {name} AS {sql}", dict(parameters) if parameters else None)
        if name not in self.kept:
            self.kept.append(name)
        return name

    def rows(self, sql: str, parameters: Mapping[str, Any] | None = None) -> list[tuple[Any, ...]]:
        """Return the rows of a small query."""
        return self.connection.execute(sql, dict(parameters) if parameters else None).fetchall()


def collect(store: EvidenceStore, period: Period, items: tuple[Item, ...]) -> Inputs:
    """Choose the current package of every item and verify its bytes.

    A package whose verdict is failed, and one that does not verify, are missing: nothing is computed from them.

    Args:
        store: The evidence store.
        period: The month.
        items: The items a reconciliation may read.

    Raises:
        StorageError: The store cannot be read.
    """
    sealed, missing = {}, {}
    for item in items:
        package = store.newest(item.id, period.key)
        found = input_of(store, package, item) if package else "nothing is sealed"
        if isinstance(found, SealedInput):
            sealed[item.id] = found
        else:
            missing[item.id] = found
    return Inputs(period, sealed, missing)


def input_of(store: EvidenceStore, package: SealedPackage, item: Item) -> SealedInput | str:
    """Return a package as an input, after its bytes were verified; or why it is none, in words.

    Args:
        store: The evidence store.
        package: The package.
        item: The catalog item.

    Raises:
        StorageError: The store cannot be read.
    """
    folder = store.folder(package)
    report = verify_package(folder)
    if not report.verified or report.seal_sha256 != package.seal_sha256:
        fault = next((layer.text for layer in report.layers if layer.status == "fail"), "its seal is another one")
        return f"attempt {package.attempt} does not verify: {fault}"
    try:
        predicate = store.statement(package)["predicate"]
    except NotVerified as error:
        return error.cause
    if predicate["verdict"] == "failed":
        names = [check[0] for check in predicate["checks"] if check[1] == "error" and check[2] in ("failed", "error")]
        return f"the verdict of attempt {package.attempt} is failed ({', '.join(names)})"
    sealed_columns = read_json((folder / "data" / "contract.json").read_bytes())["columns"]
    if sealed_columns != [[column.name, column.type.name] for column in item.columns]:
        return f"attempt {package.attempt} has other columns than the item has now; close it again"
    return SealedInput(
        item=item,
        attempt=package.attempt,
        verdict=predicate["verdict"],
        seal_sha256=package.seal_sha256,
        content_id=predicate["content_id"],
        dataset_digest=predicate["dataset_digest"],
        environment=predicate["environment"],
        folder=folder,
    )


@contextmanager
def open_session(inputs: Inputs, configuration: Configuration, memory_limit: str = MEMORY_LIMIT) -> Iterator[Session]:
    """Open DuckDB over the inputs.

    Args:
        inputs: The sealed inputs.
        configuration: Configuration parameters in force.
        memory_limit: What DuckDB may take before it spills.
    """
    with session(memory_limit) as connection:
        for name, sealed in inputs.sealed.items():
            item = sealed.item
            columns = [f'CAST("{c.name}" AS {c.type.duckdb}) AS "{c.name}"' for c in item.columns]
            if item.company_column:
                columns.append(f"{COMPANY.format(item.company_column)} AS company")
            connection.execute(f"CREATE VIEW {name.lower()} AS SELECT {', '.join(columns)} FROM {scan(sealed.files)}")
        yield Session(inputs.period, inputs, configuration, connection)


def decimal_sum(expression: str) -> str:
    """Return the SQL that sums money exactly, and gives 0 where there is nothing to sum."""
    return f"coalesce(sum(CAST({expression} AS DECIMAL(38,4))), 0)"
