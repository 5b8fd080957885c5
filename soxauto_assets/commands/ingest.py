"""``soxauto ingest``: files that people hand in."""

from pathlib import Path

from rich.console import Console

from soxauto_assets.catalog import get_item
from soxauto_assets.errors import CatalogError
from soxauto_assets.extraction.uploads import AFTER_PERIOD
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings

_SHOWN = 20


def ingest_file(
    settings: Settings, item_id: str, file: Path, period: str, uploader: str, company: str | None, console: Console
) -> int:
    """Take a file into custody and say what it holds.

    Returns:
        0 when every line was taken or lies after the period, 1 when a line could not be read.

    Raises:
        CatalogError: The item is no upload.
        ExtractionError: The file as a whole cannot be read.
    """
    runtime = Runtime(settings)
    item = get_item(item_id.upper())
    if item.upload is None:
        raise CatalogError("the item is extracted with SQL, not handed in", action="soxauto close", item=item.id)
    record, parsed = runtime.uploads.ingest(item, runtime.require_period(period), file, uploader.strip(), company)
    console.print(f"{item.id} {period}: {record['bytes']:,} bytes kept, sha256 {record['sha256']}", highlight=False)
    console.print(
        f"{parsed.lines:,} lines taken, {len(parsed.rows):,} vouchers, total {parsed.total}; "
        f"{len(parsed.rejected):,} lines not taken",
        highlight=False,
    )
    for rejected in parsed.rejected[:_SHOWN]:
        console.print(f"  line {rejected.line}: {rejected.reason}", highlight=False)
    if len(parsed.rejected) > _SHOWN:
        console.print(f"  and {len(parsed.rejected) - _SHOWN:,} more, in the custody record")
    return 1 if any(rejected.reason != AFTER_PERIOD for rejected in parsed.rejected) else 0
