"""The command line, ``soxauto``.

Exit codes: 0 done or verified, 1 a verdict failed or a package was not verified, 2 something could not be done.
"""

import os
import sys
import traceback
from pathlib import Path

import click
from dotenv import load_dotenv

from soxauto_assets.commands.decisions_cli import COMMANDS as DECISION_COMMANDS
from soxauto_assets.commands.keys_cli import COMMANDS as KEY_COMMANDS
from soxauto_assets.commands.options import LAKE
from soxauto_assets.commands.proofs_cli import COMMANDS as PROOF_COMMANDS
from soxauto_assets.commands.reconciliation_cli import COMMANDS as RECONCILIATION_COMMANDS
from soxauto_assets.commands.review_cli import COMMANDS as REVIEW_COMMANDS
from soxauto_assets.commands.sources_cli import COMMANDS as SOURCE_COMMANDS
from soxauto_assets.commands.terminal import console
from soxauto_assets.errors import SoxautoError
from soxauto_assets.settings import PROJECT, Settings


class _Commands(click.Group):
    """Shows the product's own errors as one line with exit code 2."""

    def invoke(self, ctx: click.Context) -> object:
        try:
            return super().invoke(ctx)
        except SoxautoError as error:
            click.secho(f"error: {error}", fg="red", err=True)
            ctx.exit(2)
        except (click.ClickException, click.exceptions.Exit, click.Abort):
            raise
        except Exception:
            # A fault of ours: the trace helps whoever mends it, and 1 would say that a verdict failed.
            traceback.print_exc()
            ctx.exit(2)


@click.group(cls=_Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(package_name="soxauto-assets")
def main() -> None:
    """Month-end audit evidence for control C-PG-1: extract, check, seal, verify."""
    load_dotenv(Path.cwd() / ".env")
    load_dotenv(PROJECT / ".env")


@main.command()
@click.option("--period", default="2025-09", show_default=True, help="Month to close.")
@click.option(
    "--scale", default=1, show_default=True, type=click.IntRange(1, 1000), help="Multiplies the ordinary rows."
)
def demo(period: str, scale: int) -> None:
    """Generate the demo lake and close one month on it."""
    from soxauto_assets.commands.close import close_period
    from soxauto_assets.commands.demo import prepare_lake

    settings = Settings.from_environment({**os.environ, "SOXAUTO_ENV": "demo"})
    prepare_lake(settings, scale, console)
    sys.exit(close_period(settings, period, (), None, console, hints=True))


@main.command()
@click.option("--json", "as_json", is_flag=True, help="Machine-readable, with columns.")
def items(as_json: bool) -> None:
    """List the items of the catalog: key, sources, accounts, sign."""
    from soxauto_assets.commands.items import show_items

    show_items(Settings.from_environment(), as_json, console)


@main.command()
@click.argument("item")
@click.option("--period", required=True, help="Month, YYYY-MM.")
@click.option("--engine", type=click.Choice(["athena", "duckdb"]), default="athena", show_default=True)
@click.option("--purpose", default="extract", show_default=True, help="extract, control_totals or a probe's name.")
@LAKE
def sql(item: str, period: str, engine: str, purpose: str, lake: Path | None) -> None:
    """Print the text that runs for ITEM, with literals and physical names."""
    from soxauto_assets.commands.items import executed_sql

    click.echo(executed_sql(Settings.from_environment(lake=lake), item, period, engine, purpose))


@main.command()
@click.argument("period")
@click.option("--item", "chosen", multiple=True, help="Only this item; may be repeated.")
@click.option("--reason", help="Why the month is closed again; recorded where a new attempt is sealed.")
@click.option("--resume", help="Run that stopped half-way: what it sealed is left as it is.")
@LAKE
def close(period: str, chosen: tuple[str, ...], reason: str | None, resume: str | None, lake: Path | None) -> None:
    """Extract, check and seal every item of PERIOD (YYYY-MM)."""
    from soxauto_assets.commands.close import close_period

    settings = Settings.from_environment(lake=lake)
    sys.exit(close_period(settings, period, chosen, reason, console, resume=resume))


@main.command()
@click.argument("item")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--period", required=True, help="Month the file is for, YYYY-MM.")
@click.option("--uploader", required=True, help="Who hands the file in.")
@click.option("--company", help="Company code, where the file is of one company.")
def ingest(item: str, file: Path, period: str, uploader: str, company: str | None) -> None:
    """Take FILE into custody as the upload of ITEM, for example jdash, and say which lines were not taken."""
    from soxauto_assets.commands.ingest import ingest_file

    sys.exit(ingest_file(Settings.from_environment(), item, file, period, uploader, company, console))


@main.command()
@click.argument("period", required=False)
def status(period: str | None) -> None:
    """Show what is sealed for PERIOD, or for every month."""
    from soxauto_assets.commands.status import show_status

    sys.exit(show_status(Settings.from_environment(), period, console))


@main.command()
@click.argument("places", nargs=-1, required=True)
@click.option("--trust", type=click.Path(path_type=Path, dir_okay=False), help="Trust file: whose keys count.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
@click.option("--explain", is_flag=True, help="Also print the commands that check the same with other tools.")
def verify(places: tuple[str, ...], trust: Path | None, as_json: bool, explain: bool) -> None:
    """Verify evidence packages: every byte, the seal, the signature, the digest of the rows, the control totals.

    A place is a package, a folder that holds packages at any depth, or s3://BUCKET/evidence/ITEM/PERIOD/attempt-0001.json.
    Without a trust file (--trust, or SOXAUTO_TRUST) the signature is checked, but not whose it is.
    """
    from soxauto_assets.commands.verify import verify_places

    sys.exit(verify_places(places, as_json, console, trust, explain))


@main.command()
@click.option("--period", help="Month that will be closed; default: the last one that has ended.")
@click.option("--item", "chosen", multiple=True, help="Only what this item needs; may be repeated.")
@LAKE
def doctor(period: str | None, chosen: tuple[str, ...], lake: Path | None) -> None:
    """Look at everything a close needs: identity, buckets, bindings, queries, freshness. Changes nothing."""
    from soxauto_assets.commands.doctor import show_findings

    sys.exit(show_findings(Settings.from_environment(lake=lake), period, chosen, console))


@main.command()
def config() -> None:
    """Show the effective settings and where each came from."""
    from soxauto_assets.commands.status import show_settings

    show_settings(Settings.from_environment(), console)


@main.command()
@click.option("--port", default=3000, show_default=True, type=click.IntRange(1, 65535))
@click.option("--host", default="127.0.0.1", show_default=True)
def ui(port: int, host: str) -> None:
    """Open Dagster's web interface on the same storage as this command line."""
    from soxauto_assets.commands.ui import serve

    serve(Settings.from_environment(), host, port)


for _command in (
    *SOURCE_COMMANDS,
    *DECISION_COMMANDS,
    *PROOF_COMMANDS,
    *KEY_COMMANDS,
    *RECONCILIATION_COMMANDS,
    *REVIEW_COMMANDS,
):
    main.add_command(_command)

if __name__ == "__main__":
    main()
