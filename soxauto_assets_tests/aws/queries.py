"""Asking the endpoint's Athena, for tests.

Here belongs submitting a statement and waiting for its end with a plain boto3 client. What does not belong here: the engine
under test.
"""

import io
import time
from collections.abc import Iterator
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
from botocore.exceptions import ClientError

from soxauto_assets_tests.aws.endpoint import Endpoint

WORKGROUP = "sox-automation"
ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")


def submit(endpoint: Endpoint, sql: str, *, client: Any = None, **parameters: Any) -> str:
    """Submit a statement and return its id."""
    athena = client or endpoint.client("athena")
    given = {"WorkGroup": WORKGROUP, "QueryExecutionContext": {"Database": "nav"}, **parameters}
    return athena.start_query_execution(QueryString=sql, **given)["QueryExecutionId"]


def ended(endpoint: Endpoint, execution_id: str, *, client: Any = None) -> dict[str, Any]:
    """Wait for the end of an execution and return its description."""
    athena = client or endpoint.client("athena")
    for _ in range(3000):
        found = athena.get_query_execution(QueryExecutionId=execution_id)["QueryExecution"]
        if found["Status"]["State"] in ENDED:
            return found
        time.sleep(0.01)
    raise AssertionError(f"{execution_id} did not end")


def run(endpoint: Endpoint, sql: str, *, client: Any = None, **parameters: Any) -> dict[str, Any]:
    """Run a statement to its end."""
    return ended(endpoint, submit(endpoint, sql, client=client, **parameters), client=client)


def succeeded(endpoint: Endpoint, sql: str, **parameters: Any) -> dict[str, Any]:
    """Run a statement that must succeed."""
    found = run(endpoint, sql, **parameters)
    assert found["Status"]["State"] == "SUCCEEDED", found["Status"]
    return found


def failure(endpoint: Endpoint, sql: str, **parameters: Any) -> str:
    """Run a statement that must fail for the user's fault, and return the reason."""
    status = run(endpoint, sql, **parameters)["Status"]
    assert status["State"] == "FAILED", status
    assert status["AthenaError"]["ErrorCategory"] == 2, status
    assert status["AthenaError"]["Retryable"] is False, status
    assert status["AthenaError"]["ErrorMessage"] == status["StateChangeReason"]
    return str(status["StateChangeReason"])


def refusal(endpoint: Endpoint, sql: str, **parameters: Any) -> str:
    """Submit a statement that must be refused at once, and return the message."""
    before = len(endpoint.athena.executions())
    try:
        submit(endpoint, sql, **parameters)
    except ClientError as error:
        assert error.response["Error"]["Code"] == "InvalidRequestException", error
        assert len(endpoint.athena.executions()) == before, "it was refused, and yet there is an execution"
        return str(error.response["Error"]["Message"])
    raise AssertionError(f"accepted: {sql}")


def rows(endpoint: Endpoint, sql: str, **parameters: Any) -> list[list[str | None]]:
    """Run a query and return its rows as text, without the header; None is NULL."""
    execution = succeeded(endpoint, sql, **parameters)
    pages = (
        endpoint.client("athena")
        .get_paginator("get_query_results")
        .paginate(QueryExecutionId=execution["QueryExecutionId"])
    )
    found = [
        [datum.get("VarCharValue") for datum in row["Data"]] for page in pages for row in page["ResultSet"]["Rows"]
    ]
    return found[1:]


def unload(endpoint: Endpoint, query: str, target: str, *, compression: str = "SNAPPY") -> dict[str, Any]:
    """Unload a query to Parquet."""
    return succeeded(endpoint, unload_text(query, target, compression=compression))


def unload_text(query: str, target: str, *, compression: str = "SNAPPY") -> str:
    """Return the UNLOAD of a query."""
    return f"UNLOAD ({query}) TO '{target}' WITH (format = 'PARQUET', compression = '{compression}')"


def read_object(endpoint: Endpoint, uri: str) -> bytes:
    """Return an object."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    with endpoint.client("s3").get_object(Bucket=bucket, Key=key)["Body"] as body:
        return bytes(body.read())


def keys(endpoint: Endpoint, uri: str) -> list[str]:
    """Return the URIs below a prefix."""
    bucket, _, prefix = uri.removeprefix("s3://").partition("/")
    found = endpoint.client("s3").list_objects_v2(Bucket=bucket, Prefix=prefix).get("Contents", [])
    return [f"s3://{bucket}/{item['Key']}" for item in found]


def manifest(endpoint: Endpoint, execution: dict[str, Any]) -> list[str]:
    """Return the files that an UNLOAD says it wrote."""
    return read_object(endpoint, execution["Statistics"]["DataManifestLocation"]).decode().split()


def tables(endpoint: Endpoint, uris: list[str]) -> Iterator[pa.Table]:
    """Yield the Parquet files."""
    for uri in uris:
        yield pq.read_table(io.BytesIO(read_object(endpoint, uri)))
