"""``soxauto status`` and ``soxauto config``: what is sealed, and with which settings."""

import os
from datetime import date

from rich import box
from rich.console import Console
from rich.table import Table

from soxauto_assets.catalog import all_items
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings


def show_status(settings: Settings, period_key: str | None, console: Console) -> int:
    """Print the state of a month or of every offered month, read from the stores alone.

    Returns:
        0 when every item of the month is sealed and passed, 1 when a verdict failed, 2 when an item is missing; 0 for
        the overview of all months.
    """
    runtime = Runtime(settings)
    if period_key is None:
        console.print(_overview(runtime))
        return 0
    period = Period.parse(period_key)
    table = Table("item", "state", "attempt", "rows", "last performed", title=f"Status of {period.key}")
    codes = [_add_item(table, runtime, item_id, period) for item_id in (item.id for item in all_items())]
    console.print(table)
    return max(codes, default=0)


def _overview(runtime: Runtime) -> Table:
    """Return one line per month that holds anything: how many items passed, and the names of the others."""
    last = Period.of(date.today()).previous()
    table = Table(title=f"Sealed evidence ({runtime.settings.environment})", box=box.SIMPLE_HEAD)
    table.add_column("period", no_wrap=True)
    table.add_column("passed", justify="right", no_wrap=True)
    for name in ("failed", "not extracted"):
        table.add_column(name)
    for period in reversed(runtime.settings.first_period.through(last)):
        codes = {item.id: _state(runtime, item.id, period)[1] for item in all_items()}
        named = [", ".join(item for item, code in codes.items() if code == wanted) for wanted in (1, 2)]
        if set(codes.values()) != {2}:
            passed = sum(code == 0 for code in codes.values())
            table.add_row(period.key, f"{passed} of {len(codes)}", *(text or "–" for text in named))
    return table


def _add_item(table: Table, runtime: Runtime, item: str, period: Period) -> int:
    state, code = _state(runtime, item, period)
    package = runtime.evidence.newest(item, period.key)
    if package is None:
        failures = runtime.failures.all(item, period.key)
        table.add_row(item, state, "–", "–", failures[-1]["cause"] if failures else "–")
        return code
    predicate = runtime.evidence.statement(package)["predicate"]
    beats = runtime.heartbeats.all(item, period.key)
    when = beats[-1]["finished"] if beats and beats[-1]["attempt"] == package.attempt else "when sealed"
    table.add_row(item, state, str(package.attempt), f"{predicate['rows']:,}", when)
    return code


def _state(runtime: Runtime, item: str, period: Period) -> tuple[str, int]:
    package = runtime.evidence.newest(item, period.key)
    if package is None:
        return ("[red]not extracted[/red]" if runtime.failures.all(item, period.key) else "–"), 2
    verdict = runtime.evidence.statement(package)["predicate"]["verdict"]
    return ("[green]✓ passed[/green]", 0) if verdict == "passed" else ("[red]✗ failed[/red]", 1)


def show_settings(settings: Settings, console: Console) -> None:
    """Print the effective settings and where each came from; none of them is a secret."""
    table = Table("setting", "value", "from")
    for name, value in settings.variables().items():
        table.add_row(name, value, "environment or .env" if os.environ.get(name) else "default")
    console.print(table)
