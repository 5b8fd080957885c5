"""The commands of a reviewer: ``recompute``, ``diff``, ``reperform``; each imports what it does when it runs.

Here belongs options and help. What does not belong here: what a command does (``commands.recompute``, ``commands.diff``,
``commands.reperform``).
"""

import sys
from pathlib import Path

import click

from soxauto_assets.commands.options import LAKE
from soxauto_assets.commands.terminal import console
from soxauto_assets.settings import Settings

_JSON = click.option("--json", "as_json", is_flag=True, help="Machine-readable.")


@click.command()
@click.argument("package")
@_JSON
def recompute(package: str, as_json: bool) -> None:
    """Compute PACKAGE again from what it holds: digest, totals, checks, verdict; a reconciliation from its inputs.

    Exit code 1: something differs. 2: it could not be computed again, since rules or definition in force are others, or an
    input is not in the store.
    """
    from soxauto_assets.commands.recompute import recompute_place

    sys.exit(recompute_place(Settings.from_environment(), package, as_json, console))


@click.command()
@click.argument("first")
@click.argument("second")
@click.option("--rows", "limit", default=5, show_default=True, type=click.IntRange(0, 1000), help="Rows of each kind.")
@_JSON
def diff(first: str, second: str, limit: int, as_json: bool) -> None:
    """Show what differs between two packages of one item: queries, parameters, totals, rows by key, checks, lines.

    What identifies a customer is shown as its shape. Exit code 1: the content differs.
    """
    from soxauto_assets.commands.diff import diff_places

    sys.exit(diff_places(first, second, as_json, limit, console))


@click.command()
@click.argument("package")
@click.option("--rows", "limit", default=5, show_default=True, type=click.IntRange(0, 1000), help="Rows of each kind.")
@_JSON
@LAKE
def reperform(package: str, limit: int, as_json: bool, lake: Path | None) -> None:
    """Run the SQL that is sealed in PACKAGE at the source again and compare rows, digests and totals. Seals nothing.

    Exit code 1: the source answers something else by now. 2: it cannot be asked, for example since it shows only its current
    state.
    """
    from soxauto_assets.commands.reperform import reperform_place

    sys.exit(reperform_place(Settings.from_environment(lake=lake), package, as_json, limit, console))


COMMANDS = (recompute, diff, reperform)
