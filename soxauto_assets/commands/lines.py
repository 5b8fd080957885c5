"""One line per item of a month: what a close or a revalidation shows.

Here belongs reading a line from the stores, and how it is printed. What does not belong here: running anything.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from rich import box
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from soxauto_assets.canonical import read_json
from soxauto_assets.catalog import Item
from soxauto_assets.decisions.register import Decision, Register
from soxauto_assets.evidence.store import SealedPackage, local_path
from soxauto_assets.runtime import Runtime

_COLOURS = {"passed": "green", "passed_with_override": "yellow", "failed": "red"}
_GOOD = ("passed", "not_applicable")


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
        exemption: Who decided that it does not apply to the month.
    """

    item: Item
    package: str | None = None
    outcome: str = "not extracted"
    statement: dict[str, Any] | None = None
    checks: tuple[dict[str, Any], ...] = ()
    totals: dict[str, Any] | None = None
    failure: str | None = None
    exemption: Decision | None = None


def sealed_line(runtime: Runtime, item: Item, package: SealedPackage, outcome: str) -> Line:
    """Return the line of an item's package."""
    return Line(
        item,
        package.uri,
        outcome,
        runtime.evidence.statement(package)["predicate"],
        tuple(read_json(runtime.evidence.read(package, "data/checks.json"))["results"]),
        read_json(runtime.evidence.read(package, "data/control_totals.json"))["landed"],
    )


def lines_table(lines: Sequence[Line], period: str) -> Table:
    """Return the table at the end of a close."""
    table = Table(title=f"Close of {period}", box=box.SIMPLE_HEAD)
    table.add_column("item", no_wrap=True)
    table.add_column("rows", justify="right", no_wrap=True)
    table.add_column("control total", justify="right", no_wrap=True)
    table.add_column("checks", no_wrap=True)
    table.add_column("verdict", no_wrap=True)
    table.add_column("package", no_wrap=True)
    for line in lines:
        if line.exemption:
            table.add_row(line.item.id, "–", "–", "–", "[yellow]not applicable[/yellow]", "none")
            continue
        if line.statement is None or line.package is None:
            table.add_row(line.item.id, "–", "–", "–", "[red]not extracted[/red]", "none")
            continue
        table.add_row(
            line.item.id,
            f"{line.statement['rows']:,}",
            _control_total(line),
            counted(line.checks),
            shown_verdict(line.statement["verdict"]),
            f"attempt-{line.statement['attempt']:04d}, {'new' if line.outcome == 'sealed' else line.outcome}",
        )
    return table


def shown_verdict(verdict: str) -> str:
    """Return a verdict in its colour: amber where a person accepted a failure."""
    return f"[{_COLOURS[verdict]}]{verdict.replace('_', ' ')}[/{_COLOURS[verdict]}]"


def counted(checks: Sequence[Mapping[str, Any]]) -> str:
    """Count passed and failed checks; one of severity warn and one that a person accepted are named as what they are."""
    bad = [check for check in checks if check["status"] not in _GOOD]
    accepted = sum(1 for check in bad if check["override"])
    warned = sum(1 for check in bad if not check["override"] and check["severity"] == "warn")
    words = [f"{len(checks) - len(bad)} passed", f"{len(bad) - accepted - warned} failed"]
    words += [f"{accepted} accepted"] if accepted else []
    words += [f"{warned} warned"] if warned else []
    return ", ".join(words)


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


def explain_failures(lines: Sequence[Line], console: Console) -> None:
    """Print each cause once, with the items it stopped: an expired credential stops all of them in the same words."""
    stopped: dict[str, list[str]] = {}
    for line in lines:
        if line.failure:
            stopped.setdefault(line.failure, []).append(line.item.id)
    for failure, items in stopped.items():
        console.print(f"[red]{', '.join(items)}[/red]: {escape(failure)}", highlight=False, soft_wrap=True)


def explain_checks(
    item: str, period: str, checks: Sequence[Mapping[str, Any]], register: Register, console: Console
) -> None:
    """Print each check that did not hold: what was expected, what is, and who accepted it.

    That nobody has approved a baseline yet is true of all items at once, so :func:`explain_unapproved` says it once.
    """
    for check in checks:
        if check["status"] in _GOOD or _unapproved(check):
            continue
        colour = "yellow" if check["override"] or check["severity"] == "warn" else "red"
        console.print(
            f"[{colour}]{item} {check['name']}[/{colour}] ({check['severity']}): "
            f"expected {escape(check['expected'])}; is {escape(check['actual'])}",
            highlight=False,
        )
        if check["override"]:
            _print_plain(f"    {accepted_by(check['override'])}", console)
        elif given := register.override_given(item, period, check["name"]):
            _print_plain(f"    {_lost(given)}", console)
        for detail in check["details"][:5]:
            _print_plain(f"    {detail}", console)


def explain_unapproved(checks: Mapping[str, Sequence[Mapping[str, Any]]], console: Console) -> None:
    """Say once of which items nobody has approved a baseline.

    Args:
        checks: Check results by item id.
        console: Where to print.
    """
    items = [item for item, results in checks.items() if any(_unapproved(check) for check in results)]
    if items:
        console.print(
            f"[yellow]baseline[/yellow] (warn) of {', '.join(items)}: nobody has approved one. Next: soxauto baseline "
            "show ITEM, then soxauto baseline approve ITEM|all --by … --reason …",
            highlight=False,
        )


def _unapproved(check: Mapping[str, Any]) -> bool:
    return bool(check["name"] == "baseline" and check["severity"] == "warn" and check["status"] not in _GOOD)


def _lost(given: Decision) -> str:
    """Say why an override does not accept a failure."""
    who = f"the override by {given.person} on {given.decided_on}"
    if given.details["until"] and date.fromisoformat(given.details["until"]) < date.today():
        return f"{who} ended with {given.details['until']}"
    return f"{who} accepted another result and does not count for this one"


def accepted_by(override: Mapping[str, Any]) -> str:
    """Return who accepted a failure, why and until when."""
    until = f" (until {override['until']})" if override["until"] else ""
    return f"accepted by {override['person']}{until}: {override['reason']}"


def exempted_by(exemption: Decision) -> str:
    """Return who decided that an item does not apply, and why."""
    return f"not applicable, by {exemption.person} on {exemption.decided_on}: {exemption.reason}"


def explain_register(register: Register, console: Console) -> None:
    """Name each act that does not count because it does not say what its digest says."""
    for line in register.ignored:
        console.print(line, style="red", markup=False, highlight=False, soft_wrap=True)


def shown_uri(uri: str) -> str:
    """Return a path relative to the working folder where it lies below it; an S3 URI as it is."""
    path = local_path(uri)
    if path is None:
        return uri
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


def _print_plain(text: str, console: Console) -> None:
    console.print(text, markup=False, highlight=False)
