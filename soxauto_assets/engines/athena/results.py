"""What a query answered: rows of a small one, files of an unload, the CSV of the fallback.

Here belongs fetching answers without loss. What does not belong here: running the query (``engines.athena.queries``).

Small answers come from ``GetQueryResults``, which says each column's type and tells NULL (no value) from '' (an empty one).
An unload is read by its manifest, and nothing but what the manifest lists may lie at its place. Where the role may not
UNLOAD, the CSV that a SELECT leaves is read: Athena quotes every value that is not NULL, so ``""`` is '' and nothing is NULL.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soxauto_assets.aws.session import AwsSession
from soxauto_assets.canonical import sha256_hex
from soxauto_assets.engines.athena.places import Found, Places, split
from soxauto_assets.engines.athena.queries import Finished
from soxauto_assets.errors import ExtractionError

if TYPE_CHECKING:
    import pyarrow as pa

_MAX_SMALL = 1_000_000


def answered(session: AwsSession, finished: Finished) -> "pa.Table":
    """Return the rows of a small answer in the types that Athena declares.

    Raises:
        ExtractionError: A column has a type that no answer may have, or there are more rows than a small answer has.
    """
    import pyarrow as pa

    rows: list[list[str | None]] = []
    columns: list[Mapping[str, Any]] = []
    with session.asking(f"fetch the answer of query {finished.id}"):
        pages = session.client("athena").get_paginator("get_query_results").paginate(QueryExecutionId=finished.id)
        for page in pages:
            columns = columns or page["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
            rows.extend([datum.get("VarCharValue") for datum in row["Data"]] for row in page["ResultSet"]["Rows"])
            if len(rows) > _MAX_SMALL:
                raise ExtractionError(
                    f"query {finished.id} answered more than {_MAX_SMALL:,} rows, which is no small answer",
                    action="aggregate in the probe, or make it an extract",
                )
    names = [column["Name"] for column in columns]
    if not rows or rows[0] != names:
        raise ExtractionError(f"the answer of query {finished.id} does not begin with its header", action="start again")
    kinds = [_arrow(column) for column in columns]
    cells = zip(*rows[1:], strict=True) if len(rows) > 1 else [() for _ in names]
    arrays = [
        pa.array([None if cell is None else _value(cell, kind) for cell in column], kind)
        for column, kind in zip(cells, kinds, strict=True)
    ]
    return pa.table(arrays, names=names)


def unloaded(
    places: Places, finished: Finished, location: str, target: Path
) -> tuple[tuple[Path, ...], dict[str, Any]]:
    """Fetch the files of an unload into a folder.

    Args:
        places: S3.
        finished: The query.
        location: Where it was told to write.
        target: The empty folder.

    Returns:
        The files in order, and the manifest for the record.

    Raises:
        ExtractionError: The manifest and the objects at the place are not the same.
    """
    address = finished.statistics.get("DataManifestLocation")
    content = places.read(address) if address else b""
    listed = sorted(line for line in content.decode("utf-8").splitlines() if line)
    present = {found.uri: found for found in places.listed(location)}
    if listed != sorted(present):
        missing, extra = set(listed) - set(present), set(present) - set(listed)
        raise ExtractionError(
            f"the unload of query {finished.id} is not whole: {len(missing)} of {len(listed)} files of its manifest are "
            f"missing, {len(extra)} files are not in it",
            action="start again; the place of each try is its own",
        )
    files, facts = [], []
    for number, uri in enumerate(listed):
        path = target / f"unload-{number:05d}.parquet"
        facts.append(places.fetch(present[uri], path))
        files.append(path)
    return tuple(files), {"location": address or "", "sha256": sha256_hex(content), "files": facts}


def from_csv(session: AwsSession, places: Places, finished: Finished, target: Path) -> tuple[tuple[Path, ...], int]:
    """Read the CSV that a SELECT has left, into one Parquet file; return it and the number of rows.

    Raises:
        ExtractionError: The file differs from the query's columns or cannot be read as their types.
    """
    import pyarrow as pa
    import pyarrow.csv as pa_csv
    import pyarrow.parquet as pq

    with session.asking(f"read the columns of query {finished.id}"):
        answer = session.client("athena").get_query_results(QueryExecutionId=finished.id, MaxResults=1)
    kinds = {c["Name"]: _arrow(c) for c in answer["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]}
    uri = finished.execution["ResultConfiguration"]["OutputLocation"]
    bucket, key = split(uri)
    (found,) = [entry for entry in places.listed(uri) if entry.key == key] or [
        Found(bucket, key, 0, "", datetime.now(UTC))
    ]
    text, part = target / "result.csv", target / "unload-00000.parquet"
    places.fetch(found, text)
    options = pa_csv.ConvertOptions(
        column_types=kinds,
        include_columns=list(kinds),
        null_values=[""],
        strings_can_be_null=True,
        quoted_strings_can_be_null=False,
        true_values=["true"],
        false_values=["false"],
        timestamp_parsers=[pa_csv.ISO8601],
    )
    rows = 0
    try:
        with (
            pa_csv.open_csv(
                text, parse_options=pa_csv.ParseOptions(newlines_in_values=True), convert_options=options
            ) as reader,
            pq.ParquetWriter(part, reader.schema, compression="zstd") as writer,
        ):
            for batch in reader:
                rows += batch.num_rows
                writer.write_batch(batch)
    except (pa.ArrowInvalid, pa.ArrowKeyError) as error:
        # Arrow quotes the cell that it could not read, which is a customer's.
        raise ExtractionError(
            f"the CSV of query {finished.id} cannot be read in the types of its columns ({type(error).__name__})",
            action="allow the role to UNLOAD (deploy/aws/policies.yaml), or cast the column in the extract",
        ) from None
    text.unlink()
    return (part,), rows


def _arrow(column: Mapping[str, Any]) -> "pa.DataType":
    import pyarrow as pa

    kind = str(column["Type"]).lower()
    if kind == "decimal":
        return pa.decimal128(column["Precision"], column["Scale"])
    known = {
        "varchar": pa.string(), "char": pa.string(), "string": pa.string(), "boolean": pa.bool_(), "tinyint": pa.int64(),
        "smallint": pa.int64(), "integer": pa.int64(), "bigint": pa.int64(), "date": pa.date32(),
        "timestamp": pa.timestamp("ms"),
    }  # fmt: skip
    if kind not in known:
        raise ExtractionError(
            f"column {column['Name']} of the answer is {kind}, which is no contract type",
            action="cast the column in the statement",
        )
    return known[kind]


def _value(cell: str, kind: "pa.DataType") -> Any:
    import pyarrow as pa

    if pa.types.is_decimal(kind):
        return Decimal(cell)
    if pa.types.is_boolean(kind):
        return {"true": True, "false": False}[cell]
    if pa.types.is_integer(kind):
        return int(cell)
    if pa.types.is_date(kind):
        return date.fromisoformat(cell)
    if pa.types.is_timestamp(kind):
        return datetime.fromisoformat(cell)
    return cell


def total_rows(files: Sequence[Path]) -> int:
    """Return the rows of Parquet files, from their footers."""
    import pyarrow.parquet as pq

    return sum(pq.read_metadata(path).num_rows for path in files)
