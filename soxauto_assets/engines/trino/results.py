"""What a query answered or wrote: rows of a small one, the files of a helper table.

Here belongs fetching answers without loss. What does not belong here: running the query (``engines.trino.queries``).

Trino has no UNLOAD; its nearest form is a table that is created from a query. The table itself says which files it has and how
many rows each holds; they are copied from the folder in which this machine sees them, and counted again.
"""

import re
import shutil
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from soxauto_assets.engines.trino.queries import Finished
from soxauto_assets.errors import ExtractionError, StorageError
from soxauto_assets.trino_settings import TrinoSettings

if TYPE_CHECKING:
    import pyarrow as pa

_DECIMAL = re.compile(r"^decimal\((\d+),\s*(\d+)\)$")
_VARCHAR = re.compile(r"^varchar(\(\d+\))?$")
_INSTANT = re.compile(r"^timestamp(?:\((\d+)\))?$")


def answered(finished: Finished) -> "pa.Table":
    """Return the rows of a small answer in the types that Trino declares.

    Raises:
        ExtractionError: A column has a type that no answer may have.
    """
    import pyarrow as pa

    names = [name for name, _ in finished.columns]
    kinds = [arrow_type(name, kind) for name, kind in finished.columns]
    cells = zip(*finished.rows, strict=True) if finished.rows else [() for _ in names]
    arrays = [pa.array(list(column), kind) for column, kind in zip(cells, kinds, strict=True)]
    return pa.table(arrays, names=names)


def arrow_type(name: str, kind: str) -> "pa.DataType":
    """Return the Arrow type of an answered column.

    Raises:
        ExtractionError: It is no contract type: a float, a padded ``char``, an instant with a zone or finer than microseconds.
    """
    import pyarrow as pa

    if size := _DECIMAL.match(kind):
        return pa.decimal128(int(size.group(1)), int(size.group(2)))
    if _VARCHAR.match(kind):
        return pa.string()
    digits = int(instant.group(1) or 3) if (instant := _INSTANT.match(kind)) else None
    if digits is not None and digits <= 6:
        return pa.timestamp("ms" if digits <= 3 else "us")
    known = {
        "boolean": pa.bool_(), "tinyint": pa.int64(), "smallint": pa.int64(), "integer": pa.int64(), "bigint": pa.int64(),
        "date": pa.date32(),
    }  # fmt: skip
    if kind not in known:
        raise ExtractionError(
            f"column {name} of the answer is {kind}, which is no contract type",
            action="cast the column in the statement",
        )
    return known[kind]


def source_of(settings: TrinoSettings) -> Path:
    """Return the folder in which this machine sees what helper tables write.

    Raises:
        ExtractionError: It does not exist.
    """
    folder = Path(settings.require("unload_path")).expanduser()
    if not folder.is_dir():
        raise ExtractionError(
            f"TRINO_UNLOAD_PATH is no folder on this machine: {folder}",
            action="mount the folder that Trino calls TRINO_UNLOAD_LOCATION, and name where",
        )
    return folder


def copied(
    settings: TrinoSettings, finished: Finished, listing: list[list[Any]], target: Path
) -> tuple[tuple[Path, ...], list[dict[str, Any]]]:
    """Copy the files of a helper table into a folder.

    Args:
        settings: Where the files lie, as Trino names it and as this machine reads it.
        finished: The query that wrote them.
        listing: Address and number of rows of each file, as the table says.
        target: The empty folder.

    Returns:
        The files in order, and for the record where each came from.

    Raises:
        ExtractionError: A file is not where the settings say, or the rows are not those that Trino counted.
        StorageError: A file cannot be copied.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    files, facts, total = [], [], 0
    for number, (address, rows) in enumerate(sorted(listing)):
        source = _seen(settings, str(address))
        path = target / f"unload-{number:05d}.parquet"
        try:
            shutil.copyfile(source, path)
        except OSError as error:
            raise StorageError(
                f"the file {source} of query {finished.id} could not be copied ({error.strerror})",
                action="give this user the right to read TRINO_UNLOAD_PATH and free disk space, then start again",
            ) from error
        try:
            counted = pq.read_metadata(path).num_rows
        except pa.ArrowInvalid:
            counted = None
        if counted != rows:
            raise ExtractionError(
                f"the unload of query {finished.id} is not whole: {source.name} holds {counted} of {rows} rows",
                action="start again; the place of each try is its own",
            )
        total += counted
        files.append(path)
        facts.append({"uri": str(address), "bytes": path.stat().st_size, "rows": counted})
    if total != finished.written:
        raise ExtractionError(
            f"the unload of query {finished.id} is not whole: Trino wrote {finished.written} rows, its files hold {total}",
            action="start again; the place of each try is its own",
        )
    return tuple(files), facts


def _seen(settings: TrinoSettings, address: str) -> Path:
    """Return where this machine sees a file that Trino wrote.

    Raises:
        ExtractionError: It lies elsewhere, or cannot be seen.
    """
    location = settings.require("unload_location").rstrip("/") + "/"
    inner = PurePosixPath(address.removeprefix(location))
    if not address.startswith(location) or inner.is_absolute() or ".." in inner.parts:
        raise ExtractionError(
            f"Trino wrote {address}, which is not in TRINO_UNLOAD_LOCATION {location}",
            action="set TRINO_UNLOAD_LOCATION to the location of schema TRINO_SCHEMA ('show create schema' says it)",
        )
    path = source_of(settings) / inner
    if not path.is_file():
        raise ExtractionError(
            f"Trino wrote {address}, which this machine does not see as {path}",
            action="set TRINO_UNLOAD_PATH to the folder that Trino calls TRINO_UNLOAD_LOCATION",
        )
    return path
