"""``soxauto bindings``: what each logical source is bound to, and the confirmation by a person.

Here belongs the order of a confirmation: check, record the act, change the file. What does not belong here: what must hold
(``sources.confirmation``) and the edit (``sources.bindings_file``).
"""

import getpass
from collections.abc import Callable
from datetime import UTC, datetime

from rich import box
from rich.console import Console
from rich.table import Table

from soxauto_assets.extraction.reads import columns_read
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings
from soxauto_assets.sources.bindings import load_bindings
from soxauto_assets.sources.bindings_file import write_confirmed
from soxauto_assets.sources.confirmation import Wish, confirmation_act, confirmed_binding, wished_table
from soxauto_assets.sources.contracts import CONTRACTS

_STYLE = {"confirmed": "green", "proposed": "yellow", "unknown": "red"}


def list_bindings(settings: Settings, console: Console) -> int:
    """Print every logical source with its table and status.

    Returns:
        0 when every source is confirmed, 1 otherwise.

    Raises:
        BindingError: The bindings file cannot be read.
    """
    runtime = Runtime(settings)
    try:
        bindings = runtime.bindings
    finally:
        runtime.close()
    table = Table(title=f"Bindings of {bindings.environment} ({bindings.origin})", box=box.SIMPLE_HEAD)
    for name in ("source", "table", "status", "renamed", "rows are", "zone", "confirmed"):
        table.add_column(name, overflow="fold")
    statuses: list[str] = []
    for source in CONTRACTS:
        binding = bindings.sources.get(source)
        statuses.append(binding.status if binding else "unknown")
        if binding is None:
            table.add_row(source, "–", "[red]not bound[/red]", "", "", "", "")
            continue
        style = _STYLE[binding.status]
        table.add_row(
            source,
            str(binding.table),
            f"[{style}]{binding.status}[/{style}]",
            str(len(binding.columns)) if binding.columns else "–",
            binding.snapshot,
            binding.zone,
            " ".join(part for part in (binding.confirmed_by, binding.confirmed_on) if part) or "–",
        )
    console.print(table)
    counted = {status: statuses.count(status) for status in _STYLE}
    console.print(", ".join(f"{count} {status}" for status, count in counted.items()), highlight=False)
    return 0 if counted["confirmed"] == len(CONTRACTS) else 1


def confirm_binding(
    settings: Settings, wish: Wish, console: Console, clock: Callable[[], datetime] = lambda: datetime.now(UTC)
) -> None:
    """Record that a person confirms a binding.

    The act is recorded before the file changes: a record of an act without effect explains itself, a confirmed entry
    without a record does not.

    Args:
        settings: The settings in force.
        wish: What is asked.
        console: Where to print.
        clock: Says what time it is.

    Raises:
        BindingError: The wish is not complete, or names something unknown.
        SourceMismatch: The table does not exist or does not fit its contract.
        StorageError: The act or the file cannot be written.
    """
    runtime = Runtime(settings)
    try:
        bound = load_bindings(settings.bindings).sources.get(wish.source)
        table = wished_table(wish, bound)
        found = runtime.engine.describe(table)
        now = clock()
        binding = confirmed_binding(wish, bound, found.columns if found else None, columns_read(wish.source), now)
        performed_by = {"os_user": getpass.getuser(), **runtime.engine.identity()}
        ordinal = runtime.acts.append(confirmation_act(binding, bound, wish.reason, now, performed_by))
        write_confirmed(settings.bindings, binding)
    finally:
        runtime.close()
    console.print(
        f"{binding.source} is {binding.table}, confirmed by {binding.confirmed_by} on {binding.confirmed_on}",
        markup=False,
        highlight=False,
    )
    for logical, physical in sorted(binding.columns.items()):
        console.print(f"  {logical} is {physical}", markup=False, highlight=False)
    console.print(f"act {ordinal:04d} recorded, unsigned; {settings.bindings.name} written", highlight=False)
