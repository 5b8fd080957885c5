"""The commands by which people decide, and check again: ``baseline``, ``override``, ``not-applicable``, ``revalidate``.

Here belongs what a person types. What does not belong here: what happens then (the modules beside this one).
"""

import sys
from pathlib import Path

import click

from soxauto_assets.commands.options import LAKE
from soxauto_assets.commands.terminal import console
from soxauto_assets.settings import Settings

_PERIOD = click.option("--period", required=True, help="Month, YYYY-MM.")
_BY = click.option("--by", required=True, help="The person who answers for it.")
_REASON = click.option("--reason", required=True, help="Why, for the record and the evidence.")


@click.group()
def baseline() -> None:
    """What an item is made from: shown, compared with what was approved, approved."""


@baseline.command()
@click.argument("item")
@click.option("--texts/--no-texts", default=True, show_default=True, help="Also print the text of each part.")
@LAKE
def show(item: str, texts: bool, lake: Path | None) -> None:
    """Print the parts of ITEM as they are, each with its SHA-256 and text, and who approved them."""
    from soxauto_assets.commands.baseline import show_baseline

    show_baseline(Settings.from_environment(lake=lake), item, texts, console)


@baseline.command()
@click.argument("item")
@LAKE
def diff(item: str, lake: Path | None) -> None:
    """Print what differs between the approved baseline of ITEM and the item as it is.

    Exit code 1 when something differs, or when no approval counts.
    """
    from soxauto_assets.commands.baseline import diff_baseline

    sys.exit(diff_baseline(Settings.from_environment(lake=lake), item, console))


@baseline.command()
@click.argument("item")
@_BY
@_REASON
@LAKE
def approve(item: str, by: str, reason: str, lake: Path | None) -> None:
    """Record that a person approves ITEM as it is; 'all' = every item with a query."""
    from soxauto_assets.commands.baseline import approve_baseline

    sys.exit(approve_baseline(Settings.from_environment(lake=lake), item, by, reason, console))


@click.command()
@click.argument("item")
@_PERIOD
@click.option("--check", required=True, help="The check that failed in the current attempt.")
@_BY
@_REASON
@click.option(
    "--until", metavar="YYYY-MM-DD", help="Last day on which it counts; default: as long as the result is the same."
)
@LAKE
def override(item: str, period: str, check: str, by: str, reason: str, until: str | None, lake: Path | None) -> None:
    """Accept one failed check of ITEM for one month, and seal a new attempt from the same rows.

    It counts for exactly that result: other rows, or another failure of the same check, need another decision. Exit code 1
    when other failures remain.
    """
    from soxauto_assets.commands.override import override_check
    from soxauto_assets.decisions.overrides import OverrideWish

    wish = OverrideWish(check, by, reason, until)
    sys.exit(override_check(Settings.from_environment(lake=lake), item, period, wish, console))


@click.command("not-applicable")
@click.argument("item")
@_PERIOD
@_BY
@_REASON
@click.option("--revoke", is_flag=True, help="Take it back: the item applies again.")
@LAKE
def not_applicable(item: str, period: str, by: str, reason: str, revoke: bool, lake: Path | None) -> None:
    """Record that ITEM does not apply to a month, so that its close leaves it out. Refused for components."""
    from soxauto_assets.commands.override import declare_not_applicable

    declare_not_applicable(Settings.from_environment(lake=lake), item, period, by, reason, revoke, console)


@click.command()
@click.argument("period")
@click.option("--item", "chosen", multiple=True, help="Only this item; may be repeated.")
@LAKE
def revalidate(period: str, chosen: tuple[str, ...], lake: Path | None) -> None:
    """Evaluate every check of PERIOD again on what was landed, without the source; seals nothing.

    Exit code 1 when a verdict differs from the sealed one or is failed, 2 when checks could not be evaluated.
    """
    from soxauto_assets.commands.revalidate import revalidate_period

    sys.exit(revalidate_period(Settings.from_environment(lake=lake), period, chosen, console))


COMMANDS: tuple[click.Command, ...] = (baseline, override, not_applicable, revalidate)
