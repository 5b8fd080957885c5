"""``soxauto reconcile`` and ``soxauto explain``: the month's reconciliation on a terminal.

Here belongs showing a sealed reconciliation. What does not belong here: computing it.
"""

from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any
from uuid import uuid4

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from soxauto_assets.canonical import read_json
from soxauto_assets.commands.lines import explain_checks, shown_uri, shown_verdict
from soxauto_assets.commands.running import run_job
from soxauto_assets.evidence.store import SealedPackage
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings

_COLOURS = {"reconciled": "green", "explained": "green", "unexplained above threshold": "red", "incomplete": "red"}


def reconcile_period(settings: Settings, period_key: str, reason: str | None, console: Console) -> int:
    """Reconcile a month from what is sealed, and show the result.

    Returns:
        0 when every line is reconciled or explained, 1 when something is unexplained above its threshold or a check failed,
        2 when the month is incomplete or could not be reconciled.

    Raises:
        SoxautoError: The period or a setting is wrong; nothing was run.
    """
    from soxauto_assets.defs.jobs import RECONCILE
    from soxauto_assets.defs.reconciliation import KEYS

    runtime = Runtime(settings)
    period = runtime.require_period(period_key)
    ops = {"reconciliation": {"config": {"reason": reason}}} if reason else None
    tags = {"soxauto/command": "reconcile"}
    ended = run_job(settings, RECONCILE, period.key, str(uuid4()), console, keys=KEYS, ops=ops, tags=tags)
    if ended.failures or ended.how != "done":
        for failure in ended.failures.values():
            console.print(f"[red]{escape(failure)}[/red]", highlight=False, soft_wrap=True)
        return 2
    return show_reconciliation(runtime, period, console)


def show_reconciliation(runtime: Runtime, period: Period, console: Console) -> int:
    """Print the current reconciliation of a month; see :func:`reconcile_period` for what it returns."""
    from soxauto_assets.reconciliation.package import ID

    package = runtime.evidence.newest(ID, period.key)
    if package is None:
        console.print(f"{period.key} is not reconciled")
        return 2
    document = read_json(runtime.evidence.read(package, "data/reconciliation.json"))
    predicate = runtime.evidence.statement(package)["predicate"]
    console.print(_table(document, period.key))
    _print_status(document, predicate, console)
    for line in document["lines"]:
        if line["reasons"]:
            where = f"{line['company']} {line['component']}"
            console.print(f"[red]{where}[/red]: {escape('; '.join(line['reasons']))}", highlight=False, soft_wrap=True)
    checks = read_json(runtime.evidence.read(package, "data/checks.json"))["results"]
    explain_checks(ID, period.key, checks, runtime.register, console)
    print_stale(runtime, package, console)
    console.print(f"Package: {shown_uri(package.uri)}", highlight=False, soft_wrap=True)
    if document["status"] == "incomplete":
        return 2
    return 0 if predicate["verdict"] != "failed" else 1


def print_stale(runtime: Runtime, package: SealedPackage, console: Console) -> bool:
    """Say which inputs of a sealed reconciliation moved since; return whether any did."""
    from soxauto_assets.reconciliation.staleness import moved_inputs

    moved = moved_inputs(runtime.evidence, package, runtime.configuration)
    if moved:
        console.print(f"[red]stale[/red]: reconcile {package.period} again", highlight=False)
        for change in moved:
            console.print(f"    {change.text()}", markup=False, highlight=False, soft_wrap=True)
    return bool(moved)


def explain_line(
    settings: Settings, period_key: str, company: str, component: str, limit: int, out: Path | None, console: Console
) -> None:
    """Print a line of a month's reconciliation with the rows behind it.

    Raises:
        SoxautoError: The month is not reconciled, or has no such line.
    """
    from soxauto_assets.reconciliation.explain import explain

    runtime = Runtime(settings)
    period = Period.parse(period_key)
    found = explain(runtime.evidence, period, company, component, runtime.configuration, limit, out)
    line = found.line
    table = Table(title=f"{line['company']} {line['component']}, {period.key}", box=box.SIMPLE_HEAD)
    table.add_column("", no_wrap=True)
    for name in ("LCY", "USD"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_row("actuals", _money(line["actual_lcy"]), _money(line["actual_usd"]))
    table.add_row("target value", _money(line["target_lcy"]), _money(line["target_usd"]))
    table.add_row("[bold]variance[/bold]", _money(line["variance_lcy"]), _money(line["variance_usd"]))
    for name, amount in line["explained_lcy"].items():
        table.add_row(f"explained by {name}", _money(amount), _money(line["explained_usd"].get(name)))
    table.add_row("[bold]unexplained[/bold]", _money(line["unexplained_lcy"]), _money(line["unexplained_usd"]))
    console.print(table)
    threshold = line["threshold"]
    console.print(
        f"{shown_status(line['status'])}; threshold {threshold['usd']} USD ({escape(threshold['contract'])}, "
        f"{escape(threshold['rule'])}); rate {line['rate']['rate'] or escape(line['rate']['fault'] or 'none')}",
        highlight=False,
    )
    for reason in line["reasons"]:
        console.print(f"  {reason}", markup=False, highlight=False)
    for part in found.parts:
        total = "" if part.amount is None else f", {part.amount:,.4f} LCY"
        rows = Table(title=f"{part.title}: {part.count:,} rows{total}", box=box.SIMPLE_HEAD)
        for column in part.columns:
            rows.add_column(column, overflow="fold", justify="right" if column == "amount_lcy" else "left")
        for row in part.rows:
            rows.add_row(*(escape("–" if cell is None else str(cell)) for cell in row))
        console.print(rows)
    for remark in found.remarks:
        amount = f", {remark['amount']} LCY" if remark["amount"] is not None else ""
        console.print(f"{remark['text']}: {remark['rows']} rows{amount}", markup=False, highlight=False)
    print_stale(runtime, found.package, console)
    if out:
        console.print(f"All rows: {out}", markup=False, highlight=False)


def _table(document: Mapping[str, Any], period: str) -> Table:
    table = Table(title=f"Reconciliation of {period}", box=box.SIMPLE_HEAD)
    table.add_column("company", no_wrap=True)
    table.add_column("component", no_wrap=True)
    for name in ("variance LCY", "explained LCY", "unexplained LCY", "USD"):
        table.add_column(name, justify="right", no_wrap=True)
    table.add_column("status", no_wrap=True)
    quiet: list[Mapping[str, Any]] = []
    for line in document["lines"]:
        if line["status"] == "reconciled" and Decimal(line["variance_lcy"]) == 0:
            quiet.append(line)
            continue
        explained = sum((Decimal(amount) for amount in line["explained_lcy"].values()), Decimal(0))
        table.add_row(
            line["company"],
            line["component"],
            _money(line["variance_lcy"]),
            _money(str(explained)),
            _money(line["unexplained_lcy"]),
            _money(line["unexplained_usd"]),
            shown_status(line["status"]),
        )
    if quiet:
        table.caption = f"and {len(quiet)} lines without any variance"
    return table


def _print_status(document: Mapping[str, Any], predicate: Mapping[str, Any], console: Console) -> None:
    group = document["totals"][-1]
    provisional = f", provisional: {len(document['assumed'])} assumptions" if document["assumed"] else ""
    console.print(
        f"{shown_status(document['status'])}{provisional}; verdict {shown_verdict(predicate['verdict'])}, attempt "
        f"{predicate['attempt']}; variance {_money(group['variance_usd'])} USD, explained {_money(group['explained_usd'])}, "
        f"unexplained {_money(group['unexplained_usd'])} (without signs {_money(group['gross_unexplained_usd'])})",
        highlight=False,
        soft_wrap=True,
    )


def shown_status(status: str) -> str:
    """Return the status of a line or a close in its colour."""
    return f"[{_COLOURS[status]}]{status}[/{_COLOURS[status]}]"


def _money(amount: str | None) -> str:
    return "–" if amount is None else f"{Decimal(amount):,.2f}"
