"""``soxauto status`` and ``soxauto config``: what is sealed, and with which settings."""

import os
from dataclasses import dataclass
from datetime import date

from rich import box
from rich.console import Console
from rich.table import Table

from soxauto_assets.canonical import read_json
from soxauto_assets.catalog import all_items
from soxauto_assets.commands.lines import accepted_by, exempted_by, explain_register
from soxauto_assets.decisions.register import Decision
from soxauto_assets.evidence.store import SealedPackage
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings

_CODES = {"passed": 0, "passed_with_override": 0, "not applicable": 0, "failed": 1, "not extracted": 2, "open": 2}
_SHOWN = {
    "passed": "[green]✓ passed[/green]",
    "passed_with_override": "[yellow]✓ passed with override[/yellow]",
    "not applicable": "[yellow]– not applicable[/yellow]",
    "failed": "[red]✗ failed[/red]",
    "not extracted": "[red]not extracted[/red]",
    "open": "–",
}


@dataclass(frozen=True)
class _State:
    """The state of an item in a month.

    Attributes:
        word: One of :data:`_CODES`.
        package: The current package.
        exemption: Who decided that it does not apply.
    """

    word: str
    package: SealedPackage | None = None
    exemption: Decision | None = None


def show_status(settings: Settings, period_key: str | None, console: Console) -> int:
    """Print the state of a month or of every offered month, read from the stores alone.

    Returns:
        0 when every item of the month passed, was accepted or does not apply, 1 when a verdict failed, 2 when an item is
        missing; 0 for the overview of all months.
    """
    runtime = Runtime(settings)
    if period_key is None:
        console.print(_overview(runtime))
        explain_register(runtime.register, console)
        return 0
    period = Period.parse(period_key)
    states = {item.id: _state(runtime, item.id, period) for item in all_items()}
    table = Table("item", "state", "attempt", "rows", "last performed", title=f"Status of {period.key}")
    for item, state in states.items():
        table.add_row(item, _SHOWN[state.word], *_columns(runtime, item, period, state))
    console.print(table)
    for item, state in states.items():
        for line in _decisions(runtime, state):
            console.print(f"{item}: {line}", markup=False, highlight=False)
    explain_register(runtime.register, console)
    _show_reconciliation(runtime, period, console)
    return max((_CODES[state.word] for state in states.values()), default=0)


def _show_reconciliation(runtime: Runtime, period: Period, console: Console) -> None:
    """Print whether the month is reconciled, and from what; a stale one says which input moved."""
    from soxauto_assets.commands.reconcile import print_stale, shown_status
    from soxauto_assets.reconciliation.package import ID

    package = runtime.evidence.newest(ID, period.key)
    if package is None:
        console.print(f"Reconciliation: none; run 'soxauto reconcile {period}'", highlight=False)
        return
    predicate = runtime.evidence.statement(package)["predicate"]
    provisional = ", provisional" if predicate["provisional"] else ""
    console.print(
        f"Reconciliation: {shown_status(predicate['status'])}{provisional}, attempt {predicate['attempt']}",
        highlight=False,
    )
    print_stale(runtime, package, console)


def _overview(runtime: Runtime) -> Table:
    """Return one line per month that holds anything: how many items passed, and the names of the others."""
    last = Period.of(date.today()).previous()
    table = Table(title=f"Sealed evidence ({runtime.settings.environment})", box=box.SIMPLE_HEAD)
    table.add_column("period", no_wrap=True)
    table.add_column("passed", justify="right", no_wrap=True)
    shown = {
        "failed": ("failed",),
        "not extracted": ("not extracted", "open"),
        "with override": ("passed_with_override",),
        "not applicable": ("not applicable",),
    }
    for name in shown:
        table.add_column(name)
    for period in reversed(runtime.settings.first_period.through(last)):
        words = {item.id: _state(runtime, item.id, period).word for item in all_items()}
        named = [", ".join(item for item, word in words.items() if word in wanted) for wanted in shown.values()]
        if set(words.values()) - {"open", "not extracted"}:
            passed = sum(word in ("passed", "passed_with_override") for word in words.values())
            table.add_row(period.key, f"{passed} of {len(words)}", *(text or "–" for text in named))
    return table


def _columns(runtime: Runtime, item: str, period: Period, state: _State) -> tuple[str, str, str]:
    """Return attempt, rows and when the control was last performed."""
    if state.package is None:
        failures = [] if state.exemption else runtime.failures.all(item, period.key)
        return "–", "–", failures[-1]["cause"] if failures else "–"
    predicate = runtime.evidence.statement(state.package)["predicate"]
    beats = runtime.heartbeats.all(item, period.key)
    performed = beats and beats[-1]["attempt"] == state.package.attempt
    return str(state.package.attempt), f"{predicate['rows']:,}", beats[-1]["finished"] if performed else "when sealed"


def _decisions(runtime: Runtime, state: _State) -> list[str]:
    """Return who decided what about an item, and why."""
    if state.exemption:
        return [exempted_by(state.exemption)]
    if state.word != "passed_with_override" or state.package is None:
        return []
    checks = read_json(runtime.evidence.read(state.package, "data/checks.json"))["results"]
    return [f"{check['name']} {accepted_by(check['override'])}" for check in checks if check["override"]]


def _state(runtime: Runtime, item: str, period: Period) -> _State:
    package = runtime.evidence.newest(item, period.key)
    if exemption := runtime.register.exemption(item, period.key):
        return _State("not applicable", package, exemption)
    if package is None:
        return _State("not extracted" if runtime.failures.all(item, period.key) else "open")
    return _State(runtime.evidence.statement(package)["predicate"]["verdict"], package)


def show_settings(settings: Settings, console: Console) -> None:
    """Print the effective settings and where each came from; none of them is a secret."""
    table = Table("setting", "value", "from")
    for name, value in settings.variables().items():
        table.add_row(name, value, "environment or .env" if os.environ.get(name) else "default")
    console.print(table)
