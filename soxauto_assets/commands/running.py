"""Running a job in this process, with its progress on the terminal.

Here belongs what every command that runs a job needs: the run, interruption, progress, runs that went before. What does not
belong here: which job, and what its result means.
"""

import os
import signal
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from rich.console import Console

from soxauto_assets.catalog import Item
from soxauto_assets.commands.dagster_home import ensure_dagster_home
from soxauto_assets.errors import PeriodError
from soxauto_assets.settings import Settings

if TYPE_CHECKING:
    import dagster as dg

RESUMES = "soxauto/resumes"
PARTITION = "dagster/partition"


@dataclass(frozen=True)
class Ended:
    """A run that has ended.

    Attributes:
        how: ``crashed`` says that it ended in a way that left no record.
        evaluations: What its asset checks said.
        failures: What stopped a step, by the step's key.
    """

    how: Literal["done", "interrupted", "crashed"]
    evaluations: "tuple[dg.AssetCheckEvaluation, ...]"
    failures: Mapping[str, str]


def run_job(
    settings: Settings,
    job_name: str,
    period: str,
    run_id: str,
    console: Console,
    *,
    keys: "Sequence[dg.AssetKey] | None" = None,
    items: tuple[Item, ...] | None = None,
    ops: Mapping[str, Any] | None = None,
    tags: Mapping[str, str] | None = None,
) -> Ended:
    """Execute a job of one month.

    Args:
        settings: The settings in force.
        job_name: The job.
        period: The month.
        run_id: Id of the run.
        console: Where progress is shown.
        keys: The assets to materialise; None for a job of checks alone.
        items: The items that the definitions hold; None = the whole catalog.
        ops: Configuration by op.
        tags: Tags of the run.
    """
    os.environ.update(settings.variables())
    ensure_dagster_home(settings)
    import dagster as dg

    from soxauto_assets.defs.build import build_defs

    job = build_defs(settings, items).resolve_job_def(job_name)
    config: dict[str, Any] = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
    if ops:
        config["ops"] = dict(ops)
    # A job of checks alone has no partitions in Dagster, only its checks have: the month comes as a tag.
    month = {"partition_key": period, "asset_selection": list(keys)} if keys else {}
    with _ending(), dg.DagsterInstance.get() as instance, _progress(instance, run_id, console):
        result = job.execute_in_process(
            instance=instance,
            run_id=run_id,
            run_config=config,
            raise_on_error=False,
            tags={**(tags or {}), **({} if keys else {PARTITION: period})},
            **month,  # type: ignore[arg-type]
        )
        failed = [event for event in result.get_step_failure_events() if event.step_key]
        evaluations = tuple(result.get_asset_check_evaluations())
        return Ended(_how(result), evaluations, {str(event.step_key): _said(event) for event in failed})


def _how(result: "dg.ExecuteInProcessResult") -> Literal["done", "interrupted", "crashed"]:
    if result.success:
        return "done"
    errors = [event.step_failure_data.error for event in result.get_step_failure_events()]
    if any(error is not None and error.cls_name == "DagsterExecutionInterruptedError" for error in errors):
        return "interrupted"
    return "done" if errors else "crashed"


def _said(event: "dg.DagsterEvent") -> str:
    data = event.step_failure_data
    described = data.user_failure_data.description if data.user_failure_data else None
    return described or (data.error.message.strip() if data.error else "it failed")


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
            if run is None or run.tags.get(PARTITION) != period:
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
