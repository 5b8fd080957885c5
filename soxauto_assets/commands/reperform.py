"""``soxauto reperform``: the sealed SQL once more at the source, on the terminal.

Here belongs finding package, item and engine, and showing what moved. What does not belong here: running and comparing
(``evidence.reperform``).
"""

import json
from contextlib import closing

from rich.console import Console

from soxauto_assets.catalog import get_item
from soxauto_assets.commands.recompute import one_package
from soxauto_assets.errors import NotVerified, StorageError
from soxauto_assets.evidence.reperform import Reperformance, item_of, reperform
from soxauto_assets.evidence.verify import verify_package
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings

_SIGNS = {"pass": "✓", "fail": "✗", "not present": "–"}


def reperform_place(settings: Settings, place: str, machine: bool, limit: int, console: Console) -> int:
    """Run the sealed statements of a package at the source and print what moved since.

    Args:
        settings: The settings in force, of the environment that sealed the package.
        place: A package, or ``s3://…/attempt-0001.json``.
        machine: Print JSON.
        limit: How many rows are shown of each kind.
        console: Where to print.

    Returns:
        0 when the source answers what is sealed, 1 when it does not, 2 when the source cannot be asked.

    Raises:
        NotVerified: The package does not verify.
        StorageError: It is a reconciliation, which no source is asked for.
        ExtractionError: The engine refused or failed.
    """
    package = one_package(place)
    trust = Runtime(settings).trust
    if fault := verify_package(package, trust).fault:
        raise NotVerified(
            f"{place} does not verify: {fault.name}: {fault.text}",
            action="run 'soxauto verify' on it; its SQL is not run",
        )
    item = item_of(package)
    if item == "RECONCILIATION":
        raise StorageError(
            f"{place} is a reconciliation, which is made from sealed packages alone",
            action="run 'soxauto recompute' on it, and 'soxauto reperform' on its inputs",
        )
    runtime = Runtime(settings)
    with closing(runtime):
        found = reperform(package, get_item(item), runtime.engine, runtime.bindings, limit)
    if machine:
        print(json.dumps({"package": place, **found.to_json()}, indent=2))
    else:
        _show(place, found, console)
    return 2 if not found.possible else 0 if found.equal else 1


def _show(place: str, found: Reperformance, console: Console) -> None:
    word = (
        "[green]EQUAL[/green]"
        if found.equal
        else "[red]MOVED[/red]"
        if found.possible
        else "[yellow]NOT POSSIBLE[/yellow]"
    )
    console.print(f"{word} {place}", highlight=False, soft_wrap=True)
    lines = [
        f"{_SIGNS[layer.status]} {layer.name}: {layer.status} ({layer.code}). {layer.text}" for layer in found.layers
    ]
    for group in found.totals:
        name = ", ".join(f"{column} {value}" for column, value in group["group"].items()) or "all"
        moved = ", ".join(f"{column} {pair[0]} -> {pair[1]}" for column, pair in group.items() if column != "group")
        lines.append(f"  source totals of {name}: {moved}")
    for line in lines:
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
