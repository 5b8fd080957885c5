"""``soxauto close``: the month's job, its progress, and the table at the end."""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal
from uuid import uuid4

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from soxauto_assets.canonical import read_json
from soxauto_assets.catalog import Item, all_items, get_item
from soxauto_assets.commands.dagster_home import ensure_dagster_home
from soxauto_assets.errors import CredentialsError, PeriodError
from soxauto_assets.evidence.store import local_path
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings

if TYPE_CHECKING:
    import dagster as dg


RESUMES = "soxauto/resumes"
_RESUME = "To go on where it stopped: soxauto close {} --resume {}"


@dataclass(frozen=True)
class Line:
    """One item of a close, as the table shows it.

    Attributes:
        item: The item.
        package: URI of its current package, when it could be extracted.
        outcome: ``sealed``, ``unchanged`` or ``not extracted``.
        statement: The package's predicate.
        checks: Check results of the package.
        totals: Control totals of the landed rows.
        failure: Cause and action, when it could not be extracted.
    """

    item: Item
    package: str | None = None
    outcome: str = "not extracted"
    statement: dict[str, Any] | None = None
    checks: tuple[dict[str, Any], ...] = ()
    totals: dict[str, Any] | None = None
    failure: str | None = None


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
        0 when every verdict passed, 1 when one failed, 2 when an item could not be extracted.

    Raises:
        SoxautoError: The period, an item or a setting is wrong; nothing was run.
    """
    runtime = Runtime(settings)
    period = runtime.require_period(period_key)
    items = tuple(get_item(name) for name in chosen) or all_items()
    # A lake or bindings file that is not there, or credentials that have expired, stop the close before a run exists.
    runtime.extractor.engine.identity()
    run_id = str(uuid4())
    done = {}
    if resume:
        runs = resumed_runs(settings, resume, period.key)
        done = {item.id: line for item in items if (line := _sealed_by(runtime, item, period.key, runs))}
    console.print(f"Closing [bold]{period.key}[/bold] in environment [bold]{settings.environment}[/bold], run {run_id}")
    if done:
        console.print(f"  {len(done)} items were sealed by run {resume} and are left as they are")
    left = tuple(item for item in items if item.id not in done)
    end = _run(settings, period.key, left, reason, run_id, resume, console) if left else "done"
    try:
        lines = [done.get(item.id) or _line(runtime, item, period.key, run_id, _UNSEALED[end]) for item in items]
    except CredentialsError as error:
        # They expired in mid-run: what the run sealed is in the store, which cannot be asked now.
        console.print(f"[red]{escape(str(error))}[/red]", highlight=False, soft_wrap=True)
        console.print(_RESUME.format(period.key, run_id), soft_wrap=True)
        return 2
    console.print(_table(lines, period.key))
    console.print(f"Packages: {_shown(runtime.evidence.uri)}/<item>/{period.key}/", highlight=False, soft_wrap=True)
    _explain_failures(lines, console)
    for line in lines:
        _explain(line, console)
    stopped = end == "crashed" or any(line.package is None for line in lines)
    if stopped:
        console.print(_RESUME.format(period.key, run_id), soft_wrap=True)
    if hints:
        _print_hints(settings, lines, console)
    if stopped:
        return 2
    return 1 if any(line.statement and line.statement["verdict"] == "failed" for line in lines) else 0


def _run(
    settings: Settings,
    period: str,
    items: tuple[Item, ...],
    reason: str | None,
    run_id: str,
    resume: str | None,
    console: Console,
) -> Literal["done", "interrupted", "crashed"]:
    """Execute the job; ``crashed`` says that it ended in a way that left no record."""
    os.environ.update(settings.variables())
    ensure_dagster_home(settings)
    import dagster as dg

    from soxauto_assets.defs.build import build_defs
    from soxauto_assets.defs.jobs import CLOSE
    from soxauto_assets.defs.rendering import evidence_key, extract_key

    definitions = build_defs(settings)
    job = definitions.resolve_job_def(CLOSE)
    keys = [key(item) for item in items for key in (extract_key, evidence_key)]
    config: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    if reason:
        config["ops"] = {f"evidence__{item.id}": {"config": {"reason": reason}} for item in items}
    with _ending(), dg.DagsterInstance.get() as instance, _progress(instance, run_id, console):
        result = job.execute_in_process(
            partition_key=period,
            instance=instance,
            run_id=run_id,
            asset_selection=keys,
            run_config=config,
            raise_on_error=False,
            tags={"soxauto/command": "close", **({RESUMES: resume} if resume else {})},
        )
        if result.success:
            return "done"
        errors = [event.step_failure_data.error for event in result.get_step_failure_events()]
        if any(error is not None and error.cls_name == "DagsterExecutionInterruptedError" for error in errors):
            return "interrupted"
        return "done" if errors else "crashed"


@contextmanager
def _ending() -> Iterator[None]:
    """Let a request to end (SIGTERM) stop the queries under way, as Ctrl-C does."""

    def interrupt(signum: int, frame: object) -> None:
        raise KeyboardInterrupt

    before = signal.signal(signal.SIGTERM, interrupt)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def resumed_runs(settings: Settings, run_id: str, period: str) -> set[str]:
    """Return a run and the runs that it went on from.

    Raises:
        PeriodError: The run is not known, or closed another month.
    """
    os.environ.update(settings.variables())
    ensure_dagster_home(settings)
    import dagster as dg

    runs: set[str] = set()
    with dg.DagsterInstance.get() as instance:
        current: str | None = run_id
        while current and current not in runs:
            run = instance.get_run_by_id(current)
            if run is None or run.tags.get("dagster/partition") != period:
                raise PeriodError(
                    f"run {current} {'is not known' if run is None else 'closed another month'}",
                    action="give the run that the interrupted close has printed",
                    period=period,
                )
            runs.add(current)
            current = run.tags.get(RESUMES)
    return runs


@contextmanager
def _progress(instance: "dg.DagsterInstance", run_id: str, console: Console) -> Iterator[None]:
    """Show each step as it starts and ends, read from the run's own event log."""
    import dagster as dg

    stop = threading.Event()
    with console.status("Starting …") as status:

        def follow() -> None:
            cursor: str | None = None
            done = False
            while not done:
                done = stop.wait(0.25)
                connection = instance.get_records_for_run(run_id, cursor=cursor)
                cursor = connection.cursor
                for record in connection.records:
                    event = record.event_log_entry.dagster_event
                    if event is None or event.step_key is None:
                        continue
                    step = event.step_key.replace("__", " ", 1)
                    if event.event_type == dg.DagsterEventType.STEP_START:
                        status.update(f"Running {step} …")
                    elif event.event_type == dg.DagsterEventType.STEP_SUCCESS:
                        duration = event.step_success_data.duration_ms / 1000
                        console.print(f"  [green]✓[/green] {step} [dim]{duration:.1f} s[/dim]")
                    elif event.event_type == dg.DagsterEventType.STEP_FAILURE:
                        console.print(f"  [red]✗[/red] {step}")

        thread = threading.Thread(target=follow, name="progress", daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()


_UNSEALED = {
    "done": "the run did not seal it; see the run's log in the UI",
    "crashed": "the run ended without a record; see its log in the UI",
    "interrupted": "the close was interrupted before it was sealed",
}


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
    return Line(
        item,
        package.uri,
        "unchanged" if beats else "sealed",
        runtime.evidence.statement(package)["predicate"],
        tuple(read_json(runtime.evidence.read(package, "data/checks.json"))["results"]),
        read_json(runtime.evidence.read(package, "data/control_totals.json"))["landed"],
    )


def _table(lines: list[Line], period: str) -> Table:
    table = Table(title=f"Close of {period}", box=box.SIMPLE_HEAD)
    table.add_column("item", no_wrap=True)
    table.add_column("rows", justify="right", no_wrap=True)
    table.add_column("control total", justify="right", no_wrap=True)
    table.add_column("checks", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("package", no_wrap=True)
    for line in lines:
        if line.statement is None or line.package is None:
            table.add_row(line.item.id, "–", "–", "–", "[red]not extracted[/red]", "none")
            continue
        colour = "green" if line.statement["verdict"] == "passed" else "red"
        table.add_row(
            line.item.id,
            f"{line.statement['rows']:,}",
            _control_total(line),
            _counted(line.checks),
            f"[{colour}]{line.statement['verdict']}[/{colour}]",
            f"attempt-{line.statement['attempt']:04d}, {'new' if line.outcome == 'sealed' else line.outcome}",
        )
    return table


def _counted(checks: tuple[dict[str, Any], ...]) -> str:
    """Count passed and failed checks; a failed check of severity warn is named as what it is."""
    bad = [check for check in checks if check["status"] not in ("passed", "not_applicable")]
    failed = sum(1 for check in bad if check["severity"] == "error")
    warned = f", {len(bad) - failed} warned" if len(bad) > failed else ""
    return f"{len(checks) - len(bad)} passed, {failed} failed{warned}"


def _control_total(line: Line) -> str:
    """Return the control total that fits on a line.

    Amounts of several companies are in several currencies, so the sum over companies is never shown; the number of groups
    whose totals agree is.
    """
    assert line.totals is not None
    if any(check["name"] == "control_totals" and check["status"] != "passed" for check in line.checks):
        return "[red]differs[/red]"
    names = [name for name, _ in line.totals["columns"]]
    groups = line.totals["rows"]
    if line.item.control_totals.group_by:
        return f"{len(groups)} groups tied"
    (row,) = groups
    return str(row[names.index(f"sum_{line.item.control_totals.sums[0]}")])


def _explain_failures(lines: list[Line], console: Console) -> None:
    """Print each cause once, with the items it stopped: an expired credential stops all of them in the same words."""
    stopped: dict[str, list[str]] = {}
    for line in lines:
        if line.failure:
            stopped.setdefault(line.failure, []).append(line.item.id)
    for failure, items in stopped.items():
        console.print(f"[red]{', '.join(items)}[/red]: {escape(failure)}", highlight=False, soft_wrap=True)


def _explain(line: Line, console: Console) -> None:
    for check in line.checks:
        if check["status"] in ("passed", "not_applicable"):
            continue
        colour = "red" if check["severity"] == "error" else "yellow"
        console.print(
            f"[{colour}]{line.item.id} {check['name']}[/{colour}] ({check['severity']}): "
            f"expected {check['expected']}; is {check['actual']}",
            highlight=False,
        )
        for detail in check["details"][:5]:
            console.print(f"    {detail}", markup=False, highlight=False)


def _print_hints(settings: Settings, lines: list[Line], console: Console) -> None:
    console.print("\nNext, try:")
    console.print("  make ui                          lineage, partitions and checks in the browser")
    sealed = next((line.package for line in lines if line.package), None)
    if sealed:
        console.print(f"  .venv/bin/soxauto verify {_shown(sealed)}", highlight=False, soft_wrap=True)


def _shown(uri: str) -> str:
    """Return a path relative to the working folder where it lies below it; an S3 URI as it is."""
    path = local_path(uri)
    if path is None:
        return uri
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)
