"""``soxauto revalidate``: every check again, on what was landed, without the source.

Here belongs running the job of checks and comparing its verdicts with the sealed ones. What does not belong here: sealing;
nothing is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from soxauto_assets.catalog import Item, all_items, get_item
from soxauto_assets.checks.model import Verdict, verdict_from
from soxauto_assets.commands.lines import counted, explain_checks, explain_register, explain_unapproved, shown_verdict
from soxauto_assets.commands.running import Ended, run_job
from soxauto_assets.errors import NotSealed
from soxauto_assets.evidence.store import SealedPackage
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings


@dataclass(frozen=True)
class _Line:
    """One item of a revalidation.

    Attributes:
        item: The item.
        predicate: Predicate of its current package.
        checks: The results now; empty when they could not be evaluated.
        failure: Why they could not.
    """

    item: Item
    predicate: Mapping[str, Any]
    checks: Sequence[Mapping[str, Any]]
    failure: str | None = None

    @property
    def verdict(self) -> Verdict:
        """The verdict now."""
        return verdict_from((check["severity"], check["status"], bool(check["override"])) for check in self.checks)

    @property
    def holds(self) -> bool:
        """Whether the verdict is the sealed one, and not failed."""
        return self.verdict != "failed" and self.verdict == str(self.predicate["verdict"])


def revalidate_period(settings: Settings, period_key: str, chosen: tuple[str, ...], console: Console) -> int:
    """Evaluate all checks of a month again, on the landed rows of the current packages; Dagster keeps the results.

    Args:
        settings: The settings in force.
        period_key: The month.
        chosen: Item ids; empty = every item that is sealed.
        console: Where to print.

    Returns:
        0 when every verdict is the sealed one and not failed, 1 when one differs or is failed, 2 when checks could not be
        evaluated.

    Raises:
        NotSealed: A chosen item, or every item, has no package.
    """
    runtime = Runtime(settings)
    period = runtime.require_period(period_key)
    sealed = _sealed(runtime, period, chosen)
    run_id = str(uuid4())
    console.print(f"Checking [bold]{period}[/bold] again without the source, run {run_id}")
    from soxauto_assets.defs.jobs import CHECKS

    items = tuple(item for item, _ in sealed)
    ended = run_job(settings, CHECKS, period.key, run_id, console, items=items, tags={"soxauto/command": "revalidate"})
    lines = [_line(runtime, item, package, ended) for item, package in sealed]
    console.print(_table(lines, period))
    for line in lines:
        if line.failure:
            console.print(f"[red]{line.item.id}[/red]: {escape(line.failure)}", highlight=False, soft_wrap=True)
        explain_checks(line.item.id, period.key, line.checks, runtime.register, console)
    explain_unapproved({line.item.id: line.checks for line in lines}, console)
    explain_register(runtime.register, console)
    if any(line.failure for line in lines):
        return 2
    return 0 if all(line.holds for line in lines) else 1


def _sealed(runtime: Runtime, period: Period, chosen: tuple[str, ...]) -> list[tuple[Item, SealedPackage]]:
    if chosen:
        return [(item, runtime.current(item, period)) for item in map(get_item, dict.fromkeys(chosen))]
    found = [(item, runtime.evidence.newest(item.id, period.key)) for item in all_items()]
    sealed = [(item, package) for item, package in found if package]
    if not sealed:
        raise NotSealed("nothing is sealed", action=f"run 'soxauto close {period}'", period=period.key)
    return sealed


def _line(runtime: Runtime, item: Item, package: SealedPackage, ended: Ended) -> _Line:
    from soxauto_assets.defs.rendering import evaluated, extract_key

    predicate = runtime.evidence.statement(package)["predicate"]
    key = extract_key(item)
    checks = [evaluated(evaluation) for evaluation in ended.evaluations if evaluation.asset_key == key]
    failure = next((said for step, said in ended.failures.items() if step == f"checks_{item.id}"), None)
    if not checks and failure is None:
        failure = "the run ended before its checks; see its log in the UI"
    return _Line(item, predicate, checks, failure)


def _table(lines: Sequence[_Line], period: Period) -> Table:
    table = Table(title=f"Checks of {period} again", box=box.SIMPLE_HEAD)
    table.add_column("item", no_wrap=True)
    table.add_column("rows", justify="right", no_wrap=True)
    for name in ("checks", "sealed verdict", "verdict now", "package"):
        table.add_column(name, no_wrap=True)
    for line in lines:
        now = shown_verdict(line.verdict) if line.checks else "[red]not evaluated[/red]"
        table.add_row(
            line.item.id,
            f"{line.predicate['rows']:,}",
            counted(line.checks) if line.checks else "–",
            shown_verdict(line.predicate["verdict"]),
            now if line.verdict == line.predicate["verdict"] else f"{now} [red](differs)[/red]",
            f"attempt-{line.predicate['attempt']:04d}",
        )
    return table
