"""Reading a Hive table over Parquet files in S3, as Athena reads it.

Here belongs the files of a table, their copies on this machine, and the DuckDB text that gives a table its declared types.
What does not belong here: the query.

Columns are found by name, in any case. A point in time is rounded half up to the millisecond, a decimal to the declared
scale; a column that a file lacks is NULL; a type that the declaration does not fit is HIVE_BAD_DATA. Names that begin with
``_`` or ``.`` are passed over. The bytes scanned are those of the columns that the query reads.
"""

import hashlib
import os
import re
import threading
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pyarrow as pa
import pyarrow.parquet as pq
from botocore.exceptions import ClientError

from soxauto_assets_tests.aws.endpoint.athena.catalog import Table
from soxauto_assets_tests.aws.endpoint.athena.failures import QueryFailure
from soxauto_assets_tests.aws.endpoint.credentials import Credential
from soxauto_assets_tests.aws.endpoint.errors import AwsError
from soxauto_assets_tests.aws.endpoint.upstream import Upstream

PATH = "$path"
_DUCKDB = {
    "boolean": "BOOLEAN", "tinyint": "TINYINT", "smallint": "SMALLINT", "int": "INTEGER", "integer": "INTEGER",
    "bigint": "BIGINT", "float": "FLOAT", "double": "DOUBLE", "string": "VARCHAR", "date": "DATE",
    "timestamp": "TIMESTAMP_MS", "binary": "BLOB",
}  # fmt: skip
_SIZED = re.compile(r"(varchar|char|decimal)\((\d+)(?:,\s*(\d+))?\)")


@dataclass(frozen=True)
class File:
    """One object of a table, on this machine.

    Attributes:
        uri: Its S3 URI.
        path: The copy.
        schema: Its columns, in any case, and their types.
        sizes: Compressed bytes of each column, by name in lower case.
    """

    uri: str
    path: Path
    schema: pa.Schema
    sizes: dict[str, int]


class ObjectCache:
    """Copies of objects, by ETag.

    Args:
        upstream: Ministack.
        folder: Where the copies lie.
    """

    def __init__(self, upstream: Upstream, folder: Path):
        self._upstream = upstream
        self._folder = folder
        self._files: dict[tuple[str, str], File] = {}
        self._lock = threading.Lock()

    def files(self, location: str, credential: Credential, region: str) -> list[File]:
        """Return the files below a location.

        Raises:
            QueryFailure: The bucket does not exist, or may not be read.
        """
        parts = urlsplit(location)
        bucket, prefix = parts.netloc, parts.path.lstrip("/")
        prefix = prefix if not prefix or prefix.endswith("/") else f"{prefix}/"
        client = self._upstream.client("s3", credential.account, region)
        try:
            credential.require("s3:ListBucket", f"arn:aws:s3:::{bucket}")
            pages = client.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            found = [item for page in pages for item in page.get("Contents", [])]
            kept = [item for item in found if item["Size"] and not _hidden(item["Key"][len(prefix) :])]
            for item in kept:
                credential.require("s3:GetObject", f"arn:aws:s3:::{bucket}/{item['Key']}")
            return [self._file(client, bucket, item) for item in kept]
        except AwsError as error:
            raise access_denied(bucket) from error
        except ClientError as error:
            raise s3_failure(error, bucket) from error

    def _file(self, client: Any, bucket: str, item: dict[str, Any]) -> File:
        uri, etag = f"s3://{bucket}/{item['Key']}", item["ETag"]
        with self._lock:
            if (uri, etag) in self._files:
                return self._files[uri, etag]
            path = self._folder / f"{hashlib.sha256(f'{uri} {etag}'.encode()).hexdigest()}.parquet"
            if not path.exists():
                self._folder.mkdir(parents=True, exist_ok=True)
                partial = path.with_suffix(".partial")
                client.download_file(bucket, item["Key"], str(partial))
                os.replace(partial, path)
            self._files[uri, etag] = _opened(uri, path)
            return self._files[uri, etag]


def _opened(uri: str, path: Path) -> File:
    try:
        metadata = pq.read_metadata(path)
        schema = pq.read_schema(path)
    except (pa.ArrowInvalid, OSError) as error:
        raise QueryFailure("HIVE_BAD_DATA", f"Malformed Parquet file: {uri}") from error
    sizes: dict[str, int] = {}
    for group in range(metadata.num_row_groups):
        for number in range(metadata.num_columns):
            column = metadata.row_group(group).column(number)
            name = column.path_in_schema.split(".")[0].lower()
            sizes[name] = sizes.get(name, 0) + column.total_compressed_size
    return File(uri, path, schema, sizes)


def _hidden(key: str) -> bool:
    return any(part.startswith(("_", ".")) for part in key.split("/"))


@dataclass(frozen=True)
class Reading:
    """How a table is read.

    Attributes:
        sql: DuckDB text that gives its rows.
        scanned: Bytes of the columns that are read.
    """

    sql: str
    scanned: int


def reading(table: Table, columns: Collection[str], cache: ObjectCache, credential: Credential, region: str) -> Reading:
    """Return how a table is read.

    Args:
        table: The table.
        columns: The columns that the query reads.
        cache: Copies of objects.
        credential: The caller.
        region: The region.

    Raises:
        QueryFailure: The files cannot be read, or do not fit their declaration.
    """
    parts = [(part.values, part.location) for part in table.partitions] if table.keys else [((), table.location)]
    selects: list[str] = []
    scanned = 0
    for values, location in parts:
        files = cache.files(location, credential, region)
        scanned += sum(size for file in files for name, size in file.sizes.items() if name in columns)
        keys = {
            name: f"CAST({_literal(value)} AS {duckdb_type(kind)})"
            for (name, kind), value in zip(table.keys.items(), values, strict=True)
        }
        selects += [_select(table, group, keys) for group in _groups(files, PATH in columns)]
    if not selects:
        nulls = ", ".join(
            f"CAST(NULL AS {duckdb_type(kind)}) AS {_quoted(name)}"
            for name, kind in {**table.columns, **table.keys, PATH: "string"}.items()
        )
        return Reading(f"SELECT {nulls} WHERE false", 0)
    return Reading(" UNION ALL ".join(selects), scanned)


def _groups(files: list[File], apart: bool) -> Iterator[list[File]]:
    """Yield the files that are read in one go: those of equal columns, or each for itself."""
    groups: dict[object, list[File]] = {}
    for file in files:
        key = file.uri if apart else tuple((field.name, str(field.type)) for field in file.schema)
        groups.setdefault(key, []).append(file)
    yield from groups.values()


def _select(table: Table, files: list[File], keys: dict[str, str]) -> str:
    found = {field.name.lower(): field for field in files[0].schema}
    expressions = {name: _expression(name, kind, found.get(name), files[0]) for name, kind in table.columns.items()}
    expressions.update(keys)
    expressions[PATH] = _literal(files[0].uri)
    columns = ", ".join(f"{text} AS {_quoted(name)}" for name, text in expressions.items())
    paths = ", ".join(_literal(str(file.path)) for file in files)
    return f"SELECT {columns} FROM read_parquet([{paths}], hive_partitioning = false)"


def _expression(name: str, hive: str, field: Any, file: File) -> str:
    target = duckdb_type(hive)
    if field is None or pa.types.is_null(field.type):
        return f"CAST(NULL AS {target})"
    if not _fits(field.type, hive):
        raise QueryFailure(
            "HIVE_BAD_DATA",
            f"Field {name}'s type {str(field.type).upper()} in parquet file {file.uri} is incompatible with type {hive} "
            "defined in table schema",
        )
    column = _quoted(field.name)
    sized = _SIZED.fullmatch(hive.lower())
    if sized and sized[1] == "char":
        return f"rpad(left(CAST({column} AS VARCHAR), {sized[2]}), {sized[2]}, ' ')"
    if sized and sized[1] == "varchar":
        return f"left(CAST({column} AS VARCHAR), {sized[2]})"
    return f"CAST({column} AS {target})"


def _fits(found: pa.DataType, hive: str) -> bool:
    """Say whether Athena reads a file's type under a declaration. What is not known to be read is refused."""
    declared = hive.lower().split("(")[0]
    types = pa.types
    if types.is_integer(found):
        return declared in ("tinyint", "smallint", "int", "integer", "bigint", "string", "varchar")
    if types.is_floating(found):
        return declared == "double" or (declared == "float" and types.is_float32(found))
    if types.is_string(found) or types.is_large_string(found):
        return declared in ("string", "varchar", "char")
    fitting: list[tuple[bool, str]] = [
        (types.is_decimal(found), "decimal"),
        (types.is_timestamp(found), "timestamp"),
        (types.is_date32(found), "date"),
        (types.is_boolean(found), "boolean"),
        (types.is_binary(found), "binary"),
    ]
    return any(is_it and declared == name for is_it, name in fitting)


def duckdb_type(hive: str) -> str:
    """Return a Hive type in DuckDB's words.

    Raises:
        QueryFailure: It is none that this endpoint reads.
    """
    kind = hive.lower().strip()
    sized = _SIZED.fullmatch(kind)
    if kind in _DUCKDB:
        return _DUCKDB[kind]
    if sized and sized[1] == "decimal":
        return f"DECIMAL({sized[2]}, {sized[3] or 0})"
    if sized or kind in ("varchar", "char"):
        return "VARCHAR"
    if kind == "decimal":
        return "DECIMAL(10, 0)"
    raise QueryFailure("NOT_SUPPORTED", f"columns of type {hive} are not read by this endpoint")


def access_denied(bucket: str) -> QueryFailure:
    """Return how a query fails whose caller may not read or write in a bucket."""
    return QueryFailure(
        "PERMISSION_DENIED",
        f"Access Denied (Service: Amazon S3; Status Code: 403; Error Code: AccessDenied; Bucket: {bucket})",
    )


def s3_failure(error: ClientError, bucket: str) -> QueryFailure:
    """Return how a query fails on an answer of S3."""
    found = error.response["Error"]
    code = found.get("Code", "")
    name = {"AccessDenied": "PERMISSION_DENIED", "403": "PERMISSION_DENIED"}.get(code, "HIVE_CURSOR_ERROR")
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode")
    return QueryFailure(
        name,
        f"{found.get('Message', '')} (Service: Amazon S3; Status Code: {status}; Error Code: {code}; Bucket: {bucket})",
    )


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _literal(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
