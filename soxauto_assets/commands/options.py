"""Options that several commands have in common."""

from pathlib import Path

import click

LAKE = click.option(
    "--lake",
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder laid out as <database>/<table>/**/*.parquet (environment 'lake').",
)
