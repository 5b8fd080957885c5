"""The commands that bring sources in: ``discover``, ``bindings``, ``ddl``, ``translate``.

Here belongs what a person types. What does not belong here: what happens then (the modules beside this one).
"""

import sys
from pathlib import Path
from typing import Literal

import click

from soxauto_assets.commands.options import LAKE
from soxauto_assets.commands.terminal import console
from soxauto_assets.settings import Settings


@click.command()
@click.argument("sources", nargs=-1)
@click.option("--database", "databases", multiple=True, help="Look in this database only; may be repeated.")
@click.option("--write", is_flag=True, help="Write the best candidates into the bindings file, as proposed.")
@click.option(
    "--facts/--no-facts",
    default=True,
    show_default=True,
    help="Query the best candidates for rows, newest dates and masked values; off, nothing is scanned.",
)
@LAKE
def discover(sources: tuple[str, ...], databases: tuple[str, ...], write: bool, facts: bool, lake: Path | None) -> None:
    """Propose tables for the logical SOURCES that nobody has confirmed (all, when none is named).

    Exit code 1 when a source has neither a confirmed table nor a candidate.
    """
    from soxauto_assets.commands.discover import discover_sources

    settings = Settings.from_environment(lake=lake)
    sys.exit(discover_sources(settings, sources, databases, write, facts, console))


@click.group()
def bindings() -> None:
    """Where the logical sources live, and who confirmed it."""


@bindings.command("list")
@LAKE
def list_(lake: Path | None) -> None:
    """List every logical source with its table and status. Exit code 1 when one is not confirmed."""
    from soxauto_assets.commands.bindings import list_bindings

    sys.exit(list_bindings(Settings.from_environment(lake=lake), console))


@bindings.command()
@click.argument("source")
@click.option("--by", required=True, help="The person who answers for it.")
@click.option("--table", help="DATABASE.TABLE, where the bindings file names another one or none.")
@click.option(
    "--column", "columns", multiple=True, metavar="LOGICAL=PHYSICAL", help="A renamed column; may be repeated."
)
@click.option("--snapshot", type=click.Choice(["current", "history", "append_only", "unknown"]), help="What rows are.")
@click.option("--zone", type=click.Choice(["local", "utc"]), help="What its timestamps are in.")
@click.option("--reason", help="Why, for the record.")
@LAKE
def confirm(
    source: str,
    by: str,
    table: str | None,
    columns: tuple[str, ...],
    snapshot: str | None,
    zone: str | None,
    reason: str | None,
    lake: Path | None,
) -> None:
    """Confirm that SOURCE is the table of the bindings file (or --table), after checking that it fits."""
    from soxauto_assets.commands.bindings import confirm_binding
    from soxauto_assets.sources.confirmation import Wish

    named = dict(pair.split("=", 1) for pair in columns if _is_pair(pair))
    wish = Wish(source, by, table, named, snapshot, zone, reason)
    confirm_binding(Settings.from_environment(lake=lake), wish, console)


def _is_pair(text: str) -> bool:
    logical, equals, physical = text.partition("=")
    if not (logical and equals and physical):
        raise click.BadParameter(f"{text!r} is not LOGICAL=PHYSICAL", param_hint="--column")
    return True


@click.command()
@click.argument("source")
@click.option("--location", required=True, help="Where the export lies, s3://bucket/prefix/.")
@click.option("--database", help="Database; default as in the bindings file.")
@click.option("--table", help="Table; default as in the bindings file.")
@click.option("--format", "form", type=click.Choice(["parquet", "csv"]), default="parquet", show_default=True)
def ddl(source: str, location: str, database: str | None, table: str | None, form: Literal["parquet", "csv"]) -> None:
    """Print the Athena DDL of an exported table for SOURCE; notes go to standard error."""
    from soxauto_assets.commands.ddl import show_ddl

    show_ddl(Settings.from_environment(), source, location, database, table, form)


@click.command()
@click.argument("file", type=click.Path(path_type=Path))
def translate(file: Path) -> None:
    """Translate FILE (T-SQL) to Athena SQL over logical sources; what needs a person goes to standard error.

    Exit code 0 when nothing needs a person, 1 when something does, 2 when the text cannot be parsed.
    """
    from soxauto_assets.commands.translate import translate_file

    sys.exit(translate_file(file))


COMMANDS: tuple[click.Command, ...] = (discover, bindings, ddl, translate)
