"""``soxauto demo``: the generated lake, and the files that people would hand in."""

from rich.console import Console

from soxauto_assets.catalog import get_item
from soxauto_assets.demo.lake import UPLOADS, generate_lake
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings

_UPLOADER = "demo"


def prepare_lake(settings: Settings, scale: int, console: Console) -> None:
    """Generate the demo lake where it is not there yet, hand in its exports, and say what it holds."""
    with console.status("Generating the demo lake …"):
        summary = generate_lake(settings.lake, settings.bindings, scale=scale)
        handed_in = hand_in(Runtime(settings))
    console.print(f"Demo lake: {settings.lake} ({summary.rows:,} rows in {summary.tables} tables)", highlight=False)
    if handed_in:
        console.print(f"Handed in: the Jdash exports of {handed_in} months (uploader {_UPLOADER!r})", highlight=False)


def hand_in(runtime: Runtime) -> int:
    """Hand in the lake's Jdash exports of the months that have none yet; return how many."""
    item, count = get_item("JDASH"), 0
    for folder in sorted((runtime.settings.lake / UPLOADS).iterdir()):
        if not runtime.uploads.records.all(item.id, folder.name):
            runtime.uploads.ingest(item, Period.parse(folder.name), folder / "jdash.csv", _UPLOADER)
            count += 1
    return count
