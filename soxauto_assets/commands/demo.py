"""``soxauto demo``: the generated lake."""

from rich.console import Console

from soxauto_assets.demo.lake import generate_lake
from soxauto_assets.settings import Settings


def prepare_lake(settings: Settings, scale: int, console: Console) -> None:
    """Generate the demo lake where it is not there yet, and say what it holds."""
    with console.status("Generating the demo lake …"):
        summary = generate_lake(settings.lake, settings.bindings, scale=scale)
    console.print(f"Demo lake: {settings.lake} ({summary.rows:,} rows in {summary.tables} tables)")
