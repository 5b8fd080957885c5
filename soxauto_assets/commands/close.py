"""``soxauto close``: the month's job, and the table at the end."""

from typing import Literal
from uuid import uuid4

from rich.console import Console
from rich.markup import escape

from soxauto_assets.canonical import read_json
from soxauto_assets.catalog import Item, all_items, get_item
from soxauto_assets.commands.lines import (
    Line,
    exempted_by,
    explain_checks,
    explain_failures,
    explain_register,
    explain_unapproved,
    lines_table,
    sealed_line,
    shown_uri,
)
from soxauto_assets.commands.manifest import say_manifest
from soxauto_assets.commands.reconcile import reconcile_period
from soxauto_assets.commands.running import RESUMES, resumed_runs, run_job
from soxauto_assets.errors import CredentialsError, SoxautoError
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings

_RESUME = "To go on where it stopped: soxauto close {} --resume {}"
_UNSEALED = {
    "done": "the run did not seal it; see the run's log in the UI",
    "crashed": "the run ended without a record; see its log in the UI",
    "interrupted": "the close was interrupted before it was sealed",
}


def close_period(
    settings: Settings,
    period_key: str,
    chosen: tuple[str, ...],
    reason: str | None,
    console: Console,
    hints: bool = False,
    resume: str | None = None,
) -> int:
    """Run the month's job and show the result.

    Args:
        settings: The settings in force.
        period_key: The month.
        chosen: Item ids; empty = all.
        reason: Why it is closed again.
        console: Where to print.
        hints: Also print the next two commands to try.
        resume: A run that stopped half-way; what it sealed is left as it is.

    Returns:
        0 when every verdict passed or every failure was accepted by a person, 1 when one failed, 2 when an item could not be
        extracted, the manifest of the month could not be written, or the reconciliation is incomplete. An item that a person
        declared not applicable counts for neither. Without chosen items the month is reconciled, too, and its status counts in
        the same way.

    Raises:
        SoxautoError: The period, an item or a setting is wrong; nothing was run.
    """
    runtime = Runtime(settings)
    period = runtime.require_period(period_key)
    items = tuple(get_item(name) for name in chosen) or all_items()
    # A lake or bindings file that is not there, credentials that have expired, or a key that cannot sign, stop the close before
    # a run exists.
    runtime.extractor.engine.identity()
    runtime.require_signer()
    run_id = str(uuid4())
    done = {
        item.id: Line(item, exemption=found)
        for item in items
        if (found := runtime.register.exemption(item.id, period.key))
    }
    console.print(f"Closing [bold]{period.key}[/bold] in environment [bold]{settings.environment}[/bold], run {run_id}")
    if resume:
        runs = resumed_runs(settings, resume, period.key)
        sealed = {item.id: line for item in items if (line := _sealed_by(runtime, item, period.key, runs))}
        done = {**sealed, **done}
        console.print(f"  {len(sealed)} items were sealed by run {resume} and are left as they are")
    left = tuple(item for item in items if item.id not in done)
    end = _run(settings, period.key, left, reason, run_id, resume, console) if left else "done"
    try:
        lines = [done.get(item.id) or _line(runtime, item, period.key, run_id, _UNSEALED[end]) for item in items]
    except CredentialsError as error:
        # They expired in mid-run: what the run sealed is in the store, which cannot be asked now, nor take the manifest. The
        # close that goes on writes it.
        console.print(f"[red]{escape(str(error))}[/red]", highlight=False, soft_wrap=True)
        console.print(_RESUME.format(period.key, run_id), soft_wrap=True)
        return 2
    _show(runtime, lines, period.key, console)
    stopped = end == "crashed" or any(line.package is None and line.exemption is None for line in lines)
    if stopped:
        console.print(_RESUME.format(period.key, run_id), soft_wrap=True)
    # Whatever the items gave: the reconciliation says itself what is missing (DECISIONS A3).
    reconciled = 0 if chosen else reconcile_period(settings, period.key, reason, console)
    recorded = _record(runtime, period, run_id, console)
    if hints:
        _print_hints(lines, console)
    if stopped or not recorded:
        return 2
    failed = any(line.statement and line.statement["verdict"] == "failed" for line in lines)
    return max(1 if failed else 0, reconciled)


def _show(runtime: Runtime, lines: list[Line], period: str, console: Console) -> None:
    console.print(lines_table(lines, period))
    console.print(f"Packages: {shown_uri(runtime.evidence.uri)}/<item>/{period}/", highlight=False, soft_wrap=True)
    explain_failures(lines, console)
    for line in lines:
        if line.exemption:
            console.print(f"{line.item.id}: {exempted_by(line.exemption)}", markup=False, highlight=False)
        explain_checks(line.item.id, period, line.checks, runtime.register, console)
    explain_unapproved({line.item.id: line.checks for line in lines}, console)
    explain_register(runtime.register, console)


def _record(runtime: Runtime, period: Period, run_id: str, console: Console) -> bool:
    """Write the manifest of the month, whatever the close came to (DECISIONS A3); return whether it could be written."""
    try:
        say_manifest(runtime.write_manifest(period, f"close, run {run_id}"), console)
    except SoxautoError as error:
        console.print(f"[red]The manifest of the month: {escape(str(error))}[/red]", highlight=False, soft_wrap=True)
        return False
    return True


def _run(
    settings: Settings,
    period: str,
    items: tuple[Item, ...],
    reason: str | None,
    run_id: str,
    resume: str | None,
    console: Console,
) -> Literal["done", "interrupted", "crashed"]:
    from soxauto_assets.defs.jobs import CLOSE
    from soxauto_assets.defs.rendering import evidence_key, extract_key

    keys = [key(item) for item in items for key in (extract_key, evidence_key)]
    ops = {f"evidence__{item.id}": {"config": {"reason": reason}} for item in items} if reason else None
    tags = {"soxauto/command": "close", **({RESUMES: resume} if resume else {})}
    return run_job(settings, CLOSE, period, run_id, console, keys=keys, ops=ops, tags=tags).how


def _line(runtime: Runtime, item: Item, period: str, run_id: str, unsealed: str) -> Line:
    failures = [record for record in runtime.failures.all(item.id, period) if record["run_id"] == run_id]
    if failures:
        return Line(item, failure=f"{failures[-1]['cause']}. Next: {failures[-1]['action']}.")
    return _sealed_by(runtime, item, period, {run_id}) or Line(item, failure=unsealed)


def _sealed_by(runtime: Runtime, item: Item, period: str, runs: set[str]) -> Line | None:
    """Return the line of an item whose current package one of the runs sealed or confirmed; None for any other."""
    package = runtime.evidence.newest(item.id, period)
    if package is None:
        return None
    beats = [record for record in runtime.heartbeats.all(item.id, period) if record["run_id"] in runs]
    execution = read_json(runtime.evidence.read(package, "data/execution.json"))
    if not beats and execution["run_id"] not in runs:
        return None
    return sealed_line(runtime, item, package, "unchanged" if beats else "sealed")


def _print_hints(lines: list[Line], console: Console) -> None:
    console.print("\nNext, try:")
    console.print("  make ui                          lineage, partitions and checks in the browser")
    sealed = next((line.package for line in lines if line.package), None)
    if sealed:
        console.print(f"  .venv/bin/soxauto verify {shown_uri(sealed)}", highlight=False, soft_wrap=True)
