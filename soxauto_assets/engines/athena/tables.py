"""Tables as Glue knows them: databases, columns, types, files.

Here belongs describing physical tables. What does not belong here: whether they fit a contract (``sources.fitting``).
"""

import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

from soxauto_assets.aws.refusals import code_of
from soxauto_assets.aws.session import AwsSession
from soxauto_assets.engines.athena.places import MAX_LISTED, Found, Places, visible
from soxauto_assets.engines.contract import SourceFile, SourceFiles, TableDescription
from soxauto_assets.errors import ExtractionError
from soxauto_assets.sources.bindings import TableName

GLUE_CATALOG = "AwsDataCatalog"
_TRINO = {
    "string": "varchar", "int": "integer", "integer": "integer", "tinyint": "tinyint", "smallint": "smallint",
    "bigint": "bigint", "float": "real", "double": "double", "boolean": "boolean", "binary": "varbinary", "date": "date",
    # Hive's timestamps have three digits in Athena, whatever the file holds (trino reference, section 2).
    "timestamp": "timestamp(3)",
}  # fmt: skip


def trino_type(hive: str) -> str:
    """Return a Hive type in Trino's words; complex types stay as Glue spells them."""
    text = hive.strip().lower()
    if text == "decimal":
        return "decimal(10,0)"
    return _TRINO.get(text, re.sub(r"\s+", "", text))


@dataclass(frozen=True)
class GlueTable:
    """One table of the catalog.

    Attributes:
        columns: Column and type in Trino's words, partition keys last.
        location: Where its files lie; None for a view.
        updated: When Glue's entry was changed last, as ISO text; None where it is not told.
        keys: Partition keys, which are among the columns.
    """

    columns: Mapping[str, str]
    location: str | None
    updated: str | None
    keys: tuple[str, ...] = ()


class Tables:
    """Descriptions of tables, each asked for once.

    Args:
        session: Credentials and clients.
        places: Listing of files.
    """

    def __init__(self, session: AwsSession, places: Places):
        self._session = session
        self._places = places
        self._found: dict[TableName, GlueTable | None] = {}
        self._files: dict[str, list[Found] | None] = {}
        self._lock = threading.RLock()

    def names(self) -> list[TableName]:
        """List all tables of the Glue catalog.

        Raises:
            ExtractionError: The role may not list them.
        """
        with self._session.asking("list databases and tables in Glue"):
            glue = self._session.client("glue")
            databases = [
                entry["Name"]
                for page in glue.get_paginator("get_databases").paginate()
                for entry in page["DatabaseList"]
            ]
            # A page describes its tables as a question for each would, so none is asked for again.
            listed = {
                TableName(database, entry["Name"]): _described(entry)
                for database in databases
                for page in glue.get_paginator("get_tables").paginate(DatabaseName=database)
                for entry in page["TableList"]
            }
        with self._lock:
            self._found.update(listed)
        return sorted(listed)

    def get(self, table: TableName) -> GlueTable | None:
        """Return a table, or None when it does not exist.

        Raises:
            ExtractionError: The role may not read its description.
        """
        catalog = table.catalog or self._session.settings.catalog
        with self._lock:
            key = TableName(table.database, table.table) if catalog == GLUE_CATALOG else table
            if key not in self._found:
                self._found[key] = self._glue(table) if catalog == GLUE_CATALOG else self._federated(table, catalog)
            return self._found[key]

    def files(self, table: GlueTable) -> list[Found] | None:
        """Return the files of a table; None where there are none to see: a view, no right to list, too many."""
        if table.location is None:
            return None
        with self._lock:
            if table.location not in self._files:
                self._files[table.location] = self._listed(table.location)
            return self._files[table.location]

    def describe(self, table: TableName) -> TableDescription | None:
        """Describe a table; see :class:`engines.contract.Engine`."""
        found = self.get(table)
        if found is None:
            return None
        files = self.files(found)
        if files is None:
            return TableDescription(found.columns)
        return TableDescription(found.columns, len(files), sum(file.bytes for file in files))

    def source_files(self, table: TableName) -> SourceFiles:
        """Return the files of a table as they are listed in S3; each is read in parts, with our own credentials."""
        found = self.get(table)
        if found is None or found.location is None:
            return SourceFiles(None, "a view, or a table of a federated source: it has no files to see", needed=False)
        files = self.files(found)
        if files is None:
            return SourceFiles(None, f"its files cannot be listed, or are more than {MAX_LISTED:,}")
        return SourceFiles(
            tuple(SourceFile(f.uri, f.bytes, f.written, partial(self._places.ranged, f)) for f in files),
            keys=frozenset(key.lower() for key in found.keys),
        )

    def _listed(self, location: str) -> list[Found] | None:
        try:
            found = self._places.listed(location if location.endswith("/") else f"{location}/")
        except ExtractionError:
            return None  # Athena may read what the role may not list; the count of files is then unknown, not zero
        return list(visible(found)) if len(found) <= MAX_LISTED else None

    def _glue(self, table: TableName) -> GlueTable | None:
        def ask() -> Mapping[str, Any]:
            answer: Mapping[str, Any] = self._session.client("glue").get_table(
                DatabaseName=table.database, Name=table.table
            )["Table"]
            return answer

        entry = self._asked(table, ask, "EntityNotFoundException")
        return _described(entry) if entry is not None else None

    def _federated(self, table: TableName, catalog: str) -> GlueTable | None:
        """Ask Athena, which knows the tables of a federated source; Glue does not."""

        def ask() -> Mapping[str, Any]:
            answer: Mapping[str, Any] = self._session.client("athena").get_table_metadata(
                CatalogName=catalog, DatabaseName=table.database, TableName=table.table
            )["TableMetadata"]
            return answer

        entry = self._asked(table, ask, "MetadataException")
        if entry is None:
            return None
        columns = [*entry.get("Columns", []), *entry.get("PartitionKeys", [])]
        return GlueTable({c["Name"]: trino_type(c["Type"]) for c in columns}, None, None)

    def _asked(self, table: TableName, ask: Any, absent: str) -> Mapping[str, Any] | None:
        from botocore.exceptions import ClientError

        with self._session.asking(f"describe table {table}"):
            try:
                answer: Mapping[str, Any] = ask()
                return answer
            except ClientError as error:
                if code_of(error) == absent:
                    return None
                raise


def _described(entry: Mapping[str, Any]) -> GlueTable:
    """Return a table from Glue's entry."""
    storage = entry.get("StorageDescriptor") or {}
    columns = [*storage.get("Columns", []), *entry.get("PartitionKeys", [])]
    updated = entry.get("UpdateTime") or entry.get("CreateTime")
    view = entry.get("TableType") == "VIRTUAL_VIEW"
    return GlueTable(
        {column["Name"]: trino_type(column["Type"]) for column in columns},
        None if view else storage.get("Location") or None,
        updated.isoformat() if updated else None,
        tuple(key["Name"] for key in entry.get("PartitionKeys", [])),
    )
