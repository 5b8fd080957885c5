"""Data catalogs, databases and tables, from Glue.

Here belongs the metadata actions. What does not belong here: what a query reads of the catalog (``catalog``).
"""

from typing import Any

from botocore.exceptions import ClientError

from soxauto_assets_tests.aws.endpoint.athena.catalog import NAME
from soxauto_assets_tests.aws.endpoint.athena.failures import invalid_request
from soxauto_assets_tests.aws.endpoint.credentials import Credential
from soxauto_assets_tests.aws.endpoint.errors import AwsError
from soxauto_assets_tests.aws.endpoint.upstream import Upstream


class Metadata:
    """The metadata actions for one caller.

    Args:
        upstream: Ministack.
        credential: The caller.
        region: The region.
    """

    def __init__(self, upstream: Upstream, credential: Credential, region: str):
        self._glue = upstream.client("glue", credential.account, region)
        self._credential = credential

    def answer(self, action: str, parameters: dict[str, Any]) -> dict[str, Any]:
        """Answer an action.

        Raises:
            AwsError: It is refused, or is none of those that this endpoint answers.
        """
        if action == "GetDataCatalog":
            _require_known(parameters["Name"])
            return {"DataCatalog": {"Name": NAME, "Type": "GLUE", "Description": "", "Parameters": {}}}
        if action == "ListDataCatalogs":
            return {"DataCatalogsSummary": [{"CatalogName": NAME, "Type": "GLUE"}]}
        _require_known(parameters.get("CatalogName", NAME))
        try:
            if action == "GetDatabase":
                self._credential.require("glue:GetDatabase")
                found = self._glue.get_database(Name=parameters["DatabaseName"])["Database"]
                return {"Database": {"Name": found["Name"], "Description": found.get("Description", "")}}
            if action == "ListDatabases":
                self._credential.require("glue:GetDatabases")
                pages = self._glue.get_paginator("get_databases").paginate()
                return {"DatabaseList": [{"Name": item["Name"]} for page in pages for item in page["DatabaseList"]]}
            if action == "ListTableMetadata":
                self._credential.require("glue:GetTables")
                pages = self._glue.get_paginator("get_tables").paginate(DatabaseName=parameters["DatabaseName"])
                return {"TableMetadataList": [_table(item) for page in pages for item in page["TableList"]]}
            if action == "GetTableMetadata":
                self._credential.require("glue:GetTable")
                found = self._glue.get_table(DatabaseName=parameters["DatabaseName"], Name=parameters["TableName"])
                return {"TableMetadata": _table(found["Table"])}
        except AwsError as error:
            raise AwsError("MetadataException", error.message) from error
        except ClientError as error:
            code, message = error.response["Error"]["Code"], error.response["Error"]["Message"]
            raise AwsError(
                "MetadataException", f"{message} (Service: AmazonDataCatalog; Status Code: 400; Error Code: {code})"
            ) from error
        raise AwsError("UnknownOperationException", f"this endpoint does not answer athena:{action}")


def _require_known(name: str) -> None:
    if name.lower() != NAME.lower():
        raise invalid_request(f"Data catalog {name} was not found")


def _table(found: dict[str, Any]) -> dict[str, Any]:
    storage = found.get("StorageDescriptor", {})
    return {
        "Name": found["Name"],
        "CreateTime": found["CreateTime"].timestamp() if found.get("CreateTime") else 0,
        "TableType": found.get("TableType", ""),
        "Columns": [_column(column) for column in storage.get("Columns", [])],
        "PartitionKeys": [_column(column) for column in found.get("PartitionKeys", [])],
        "Parameters": {
            "location": storage.get("Location", ""),
            "inputformat": storage.get("InputFormat", ""),
            "outputformat": storage.get("OutputFormat", ""),
            "serde.serialization.lib": storage.get("SerdeInfo", {}).get("SerializationLibrary", ""),
            **found.get("Parameters", {}),
        },
    }


def _column(column: dict[str, Any]) -> dict[str, str]:
    return {name: column[name] for name in ("Name", "Type", "Comment") if name in column}
