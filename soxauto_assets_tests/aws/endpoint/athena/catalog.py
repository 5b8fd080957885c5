"""The Glue data catalog, as Athena reads it.

Here belongs databases, tables, columns and types. What does not belong here: the files of a table (``hive``).
"""

from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from soxauto_assets_tests.aws.endpoint.athena.failures import QueryFailure
from soxauto_assets_tests.aws.endpoint.credentials import Credential
from soxauto_assets_tests.aws.endpoint.errors import AwsError
from soxauto_assets_tests.aws.endpoint.upstream import Upstream

NAME = "AwsDataCatalog"
_TRINO = {"string": "varchar", "int": "integer", "float": "real", "binary": "varbinary", "timestamp": "timestamp(3)"}


@dataclass(frozen=True)
class Partition:
    """A partition: its values, in the order of the keys, and its location."""

    values: tuple[str, ...]
    location: str


@dataclass(frozen=True)
class Table:
    """A table of the catalog.

    Attributes:
        database: Database.
        name: Table.
        location: S3 location.
        columns: Column to Hive type, in order, without partition keys.
        keys: Partition key to Hive type.
        partitions: Its partitions; only those that the catalog holds are read.
    """

    database: str
    name: str
    location: str
    columns: dict[str, str]
    keys: dict[str, str] = field(default_factory=dict)
    partitions: tuple[Partition, ...] = ()

    def trino(self) -> dict[str, str]:
        """Return every column with its type in Trino's words."""
        return {name: trino_type(kind) for name, kind in {**self.columns, **self.keys}.items()}


def trino_type(hive: str) -> str:
    """Return a Hive type in Trino's words."""
    return _TRINO.get(hive.strip().lower(), hive.strip().lower())


class Catalog:
    """The catalog of one account and region, on behalf of one caller.

    Args:
        upstream: Ministack.
        credential: The caller.
        region: The region.
    """

    def __init__(self, upstream: Upstream, credential: Credential, region: str):
        self._glue = upstream.client("glue", credential.account, region)
        self._credential = credential

    def table(self, database: str, name: str, position: str) -> Table:
        """Return a table.

        Args:
            database: Database.
            name: Table.
            position: Where the text names it.

        Raises:
            QueryFailure: The database or the table does not exist, may not be read, or is no Parquet table.
        """
        try:
            self._credential.require("glue:GetTable")
            found = self._glue.get_table(DatabaseName=database, Name=name)["Table"]
        except AwsError as error:
            raise QueryFailure("", f"Insufficient permissions to execute the query. {error.message}") from error
        except ClientError as error:
            if error.response["Error"]["Code"] != "EntityNotFoundException":
                raise
            if not self._exists(database):
                raise QueryFailure("SCHEMA_NOT_FOUND", f"{position}: Schema '{database}' does not exist") from error
            raise QueryFailure(
                "TABLE_NOT_FOUND", f"{position}: Table 'awsdatacatalog.{database}.{name}' does not exist"
            ) from error
        return self._described(database, name, found)

    def _exists(self, database: str) -> bool:
        try:
            self._glue.get_database(Name=database)
        except ClientError:
            return False
        return True

    def _described(self, database: str, name: str, found: dict[str, Any]) -> Table:
        storage = found.get("StorageDescriptor", {})
        serde = storage.get("SerdeInfo", {}).get("SerializationLibrary", "")
        if found.get("TableType") == "VIRTUAL_VIEW":
            raise QueryFailure("NOT_SUPPORTED", f"{database}.{name} is a view, which this endpoint does not read")
        if "parquet" not in serde.lower():
            raise QueryFailure(
                "HIVE_UNSUPPORTED_FORMAT", f"Unable to create input format {storage.get('InputFormat', '')} ({serde})"
            )
        keys = {column["Name"].lower(): column["Type"] for column in found.get("PartitionKeys", [])}
        partitions: list[Partition] = []
        if keys:
            for page in self._glue.get_paginator("get_partitions").paginate(DatabaseName=database, TableName=name):
                partitions += [
                    Partition(tuple(part["Values"]), part["StorageDescriptor"]["Location"])
                    for part in page["Partitions"]
                ]
        columns = {column["Name"].lower(): column["Type"] for column in storage.get("Columns", [])}
        return Table(database, name, storage.get("Location", ""), columns, keys, tuple(partitions))
