"""Commands of the reconciliation; each imports what it does when it runs.

Here belongs options and help. What does not belong here: what a command does (``commands.reconcile``).
"""

import sys
from pathlib import Path

import click

from soxauto_assets.commands.terminal import console
from soxauto_assets.settings import Settings


@click.command()
@click.argument("period")
@click.option("--reason", help="Why it is reconciled again; recorded where a new attempt is sealed.")
def reconcile(period: str, reason: str | None) -> None:
    """Reconcile PERIOD (YYYY-MM) from what is sealed: actuals, target values, bridges, what is unexplained."""
    from soxauto_assets.commands.reconcile import reconcile_period

    sys.exit(reconcile_period(Settings.from_environment(), period, reason, console))


@click.command()
@click.argument("period")
@click.option("--company", required=True, help="Company code, for example EC_NG.")
@click.option("--component", required=True, help="Item id of the component, for example IPE_10.")
@click.option(
    "--rows", "limit", default=20, show_default=True, type=click.IntRange(0, 10_000), help="Rows of each part."
)
@click.option(
    "--out", type=click.Path(path_type=Path, file_okay=False), help="Folder for all rows of each part, as CSV."
)
def explain(period: str, company: str, component: str, limit: int, out: Path | None) -> None:
    """Go from a variance of PERIOD to its rows: balances, target rows, proof rows of each bridge."""
    from soxauto_assets.commands.reconcile import explain_line

    explain_line(Settings.from_environment(), period, company, component, limit, out, console)


COMMANDS = (reconcile, explain)
