"""UNLOAD: rows to Parquet files in S3.

Here belongs the files, their names and the manifest. What does not belong here: the query.

Files are written as Trino writes them: points in time as INT96, names without an extension, several files per statement,
none for no rows. Files that were uploaded before a statement fails or is stopped stay where they are.
"""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pyarrow as pa
import pyarrow.parquet as pq

from soxauto_assets_tests.aws.endpoint.athena.statement import UnloadTarget

BATCH = 65_536


def write_files(
    batches: Iterator[pa.RecordBatch], folder: Path, target: UnloadTarget, files: int, watch: Callable[[], None]
) -> tuple[list[Path], int]:
    """Write rows to local files and return them with the number of rows.

    Args:
        batches: The rows.
        folder: An empty folder.
        target: Codec of the files.
        files: How many files, where there are that many rows.
        watch: Called between batches; raises when the query was stopped.
    """
    writers: dict[int, pq.ParquetWriter] = {}
    paths: list[Path] = []
    rows = 0
    stamp = datetime.now(UTC).strftime("%Y%m%d_%H%M%S_%f")[:21]
    with ExitStack() as stack:
        for batch in batches:
            watch()
            rows += batch.num_rows
            for number, part in enumerate(_parts(batch, files)):
                if not part.num_rows:
                    continue
                if number not in writers:
                    paths.append(folder / f"{stamp}_{number:05d}_{uuid4()}")
                    writers[number] = stack.enter_context(
                        pq.ParquetWriter(
                            paths[-1],
                            batch.schema,
                            compression=target.compression,
                            use_deprecated_int96_timestamps=True,
                            store_schema=False,
                        )
                    )
                writers[number].write_batch(part)
    return paths, rows


def _parts(batch: pa.RecordBatch, files: int) -> Iterator[pa.RecordBatch]:
    """Yield a batch in as many parts as there are files."""
    size = -(-batch.num_rows // files)
    for number in range(files):
        yield batch.slice(number * size, size) if size else batch.slice(0, 0)


def upload(
    client: Any, paths: list[Path], target: UnloadTarget, extra: dict[str, str], watch: Callable[[], None]
) -> list[str]:
    """Upload files and return their URIs."""
    found = []
    for path in paths:
        watch()
        client.upload_file(str(path), target.bucket, f"{target.prefix}{path.name}", ExtraArgs=extra)
        found.append(f"s3://{target.bucket}/{target.prefix}{path.name}")
    return found
