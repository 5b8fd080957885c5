"""The files behind a table, as its catalog lists them and as this machine reads them.

Here belongs asking a table for its files. What does not belong here: helper tables' files (``engines.trino.results``) and
looking into files (``extraction.fidelity``).

A Hive table says itself which files it reads, in the hidden columns ``"$path"``, ``"$file_size"`` and
``"$file_modified_time"``; other connectors and views have no such columns.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from pathlib import Path, PurePosixPath
from typing import Any

from soxauto_assets.engines.contract import SourceFile, SourceFiles
from soxauto_assets.engines.trino.failures import QueryFailed
from soxauto_assets.engines.trino.tables import quoted
from soxauto_assets.sources.bindings import TableName
from soxauto_assets.trino_settings import TrinoSettings


def files_of(ask: Callable[[str], list[list[Any]]], settings: TrinoSettings, table: TableName) -> SourceFiles:
    """Return the files of a table.

    Args:
        ask: Runs a statement and returns its rows.
        settings: Where this machine reads what Trino calls by an address.
        table: The table.

    Raises:
        ExtractionError: Trino cannot be reached, or refuses.
    """
    name = quoted(table.catalog or settings.require("catalog"), table.database.lower(), table.table.lower())
    try:
        rows = ask(
            f'select "$path", max("$file_size"), to_unixtime(max("$file_modified_time")) from {name} group by "$path"'
        )
    except QueryFailed as error:
        if "COLUMN_NOT_FOUND" in error.cause:
            return SourceFiles(None, "a view, or a table of a database: it has no files to see", needed=False)
        raise
    location, folder = settings.sources_location, settings.sources_path
    if not location or not folder:
        return SourceFiles(
            None, "TRINO_SOURCES_LOCATION and TRINO_SOURCES_PATH do not say where this machine reads its files"
        )
    found = []
    for address, size, written in sorted(rows):
        path = _seen(location.rstrip("/") + "/", Path(folder).expanduser(), str(address))
        if path is None:
            return SourceFiles(
                None, f"its file {address} is not in TRINO_SOURCES_LOCATION, or is not seen at TRINO_SOURCES_PATH"
            )
        found.append(
            SourceFile(str(address), int(size), datetime.fromtimestamp(written, UTC), partial(open, path, "rb"))
        )
    return SourceFiles(tuple(found))


def _seen(location: str, folder: Path, address: str) -> Path | None:
    inner = PurePosixPath(address.removeprefix(location))
    if not address.startswith(location) or inner.is_absolute() or ".." in inner.parts:
        return None
    path = folder / inner
    return path if path.is_file() else None
