"""``soxauto doctor``: what a close needs, line by line, green or red, with the remedy."""

from datetime import date

from rich.console import Console
from rich.markup import escape

from soxauto_assets.catalog import all_items, get_item
from soxauto_assets.doctor import Finding, examine
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings

_SIGNS = {
    "good": "[green]✓[/green]",
    "warning": "[yellow]![/yellow]",
    "fault": "[red]✗[/red]",
    "not looked at": "[dim]–[/dim]",
}


def show_findings(settings: Settings, period_key: str | None, chosen: tuple[str, ...], console: Console) -> int:
    """Look at everything a close needs and print it.

    Returns:
        0 when a close can run, 1 when there is a fault.
    """
    runtime = Runtime(settings)
    period = runtime.require_period(period_key or Period.of(date.today()).previous().key)
    items = tuple(get_item(name) for name in chosen) or all_items()
    console.print(f"What a close of [bold]{period.key}[/bold] needs, environment [bold]{settings.environment}[/bold]")
    findings = []
    for finding in examine(runtime, items, period):
        _show(finding, console)
        findings.append(finding)
    runtime.close()
    counted = {status: sum(finding.status == status for finding in findings) for status in _SIGNS}
    console.print(", ".join(f"{number} {status}" for status, number in counted.items() if number))
    return 1 if counted["fault"] else 0


def _show(finding: Finding, console: Console) -> None:
    console.print(
        f"{_SIGNS[finding.status]} {finding.area:<10} [bold]{escape(finding.subject)}[/bold]: {escape(finding.text)}",
        highlight=False,
        soft_wrap=True,
    )
    if finding.remedy:
        console.print(f"             Next: {escape(finding.remedy)}", highlight=False, soft_wrap=True)
