"""Putting a lake into the endpoint: objects in S3, tables in Glue.

Here belongs the upload of Parquet files and the declaration of their table. What does not belong here: what the rows are.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from botocore.exceptions import ClientError

from soxauto_assets_tests.aws.endpoint.gateway import Endpoint

_SERDE = "org.apache.hadoop.hive.ql.io.parquet.serde.ParquetHiveSerDe"
_INPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetInputFormat"
_OUTPUT = "org.apache.hadoop.hive.ql.io.parquet.MapredParquetOutputFormat"


def upload_lake(endpoint: Endpoint, lake: Path, bucket: str, prefix: str = "lake") -> list[str]:
    """Upload a folder laid out as ``<database>/<table>/**/*.parquet`` and register its tables.

    Args:
        endpoint: The endpoint.
        lake: The folder.
        bucket: An existing bucket.
        prefix: Key prefix of the lake.

    Returns:
        The tables, as ``database.table``.
    """
    found = []
    for folder in sorted(lake.glob("[!_.]*/[!_.]*")):
        files = sorted(folder.rglob("*.parquet")) if folder.is_dir() else []
        if not files:
            continue
        database, table = folder.parent.name, folder.name
        location = f"s3://{bucket}/{prefix}/{database}/{table}/"
        s3 = endpoint.upstream.client("s3", endpoint.account, endpoint.region)
        for path in files:
            s3.upload_file(str(path), bucket, f"{prefix}/{database}/{table}/{path.relative_to(folder).as_posix()}")
        columns = {field.name: hive_type(field.type) for field in pq.read_schema(files[0])}
        register_table(endpoint, database, table, location, columns)
        found.append(f"{database}.{table}")
    return found


def register_table(
    endpoint: Endpoint,
    database: str,
    table: str,
    location: str,
    columns: Mapping[str, str],
    *,
    keys: Mapping[str, str] | None = None,
    region: str | None = None,
) -> None:
    """Declare a table over Parquet files, as ``CREATE EXTERNAL TABLE`` does; one of that name is replaced.

    Args:
        endpoint: The endpoint.
        database: Database; made when it does not exist.
        table: Table.
        location: S3 location.
        columns: Column to Hive type, in order.
        keys: Partition key to Hive type.
        region: Region; None = the endpoint's.
    """
    glue = endpoint.upstream.client("glue", endpoint.account, region or endpoint.region)
    try:
        glue.get_database(Name=database)
    except ClientError:
        glue.create_database(DatabaseInput={"Name": database})
    declared: dict[str, Any] = {
        "Name": table,
        "TableType": "EXTERNAL_TABLE",
        "Parameters": {"EXTERNAL": "TRUE", "classification": "parquet"},
        "PartitionKeys": _columns(keys or {}),
        "StorageDescriptor": {
            "Columns": _columns(columns),
            "Location": location,
            "InputFormat": _INPUT,
            "OutputFormat": _OUTPUT,
            "SerdeInfo": {"SerializationLibrary": _SERDE, "Parameters": {"serialization.format": "1"}},
        },
    }
    try:
        glue.create_table(DatabaseName=database, TableInput=declared)
    except ClientError as error:
        if error.response["Error"]["Code"] != "AlreadyExistsException":
            raise
        glue.update_table(DatabaseName=database, TableInput=declared)


def put_rows(endpoint: Endpoint, uri: str, rows: pa.Table) -> None:
    """Write rows as one Parquet object.

    Args:
        endpoint: The endpoint.
        uri: Its S3 URI.
        rows: The rows; their types are those of the file.
    """
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    sink = pa.BufferOutputStream()
    pq.write_table(rows, sink)
    body = sink.getvalue().to_pybytes()
    endpoint.upstream.client("s3", endpoint.account, endpoint.region).put_object(Bucket=bucket, Key=key, Body=body)


def hive_type(kind: pa.DataType) -> str:
    """Return an Arrow type in Hive's words.

    Raises:
        ValueError: Hive has no such type.
    """
    if pa.types.is_decimal(kind):
        return f"decimal({kind.precision},{kind.scale})"
    if pa.types.is_timestamp(kind):
        return "timestamp"
    simple = {
        pa.string(): "string",
        pa.large_string(): "string",
        pa.bool_(): "boolean",
        pa.int8(): "tinyint",
        pa.int16(): "smallint",
        pa.int32(): "int",
        pa.int64(): "bigint",
        pa.float32(): "float",
        pa.float64(): "double",
        pa.date32(): "date",
        pa.binary(): "binary",
    }
    if kind not in simple:
        raise ValueError(f"Hive has no type for {kind}")
    return simple[kind]


def _columns(columns: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"Name": name, "Type": kind} for name, kind in columns.items()]
