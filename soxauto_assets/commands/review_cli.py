"""The commands of a reviewer: ``recompute``, ``diff``, ``reperform``; each imports what it does when it runs.

Here belongs options and help. What does not belong here: what a command does (``commands.recompute``, ``commands.diff``,
``commands.reperform``).
"""

import sys

import click

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


COMMANDS = (recompute,)
