"""``soxauto ddl``: the Athena table over an export.

Here belongs which names are the default and where the text goes. What does not belong here: the text (``sources.ddl``).
"""

import click

from soxauto_assets.errors import BindingError
from soxauto_assets.settings import Settings
from soxauto_assets.sources.bindings import load_bindings
from soxauto_assets.sources.contracts import CONTRACTS
from soxauto_assets.sources.ddl import Format, exported_table


def show_ddl(
    settings: Settings, source: str, location: str, database: str | None, table: str | None, form: Format
) -> None:
    """Print the statements, and the notes to standard error.

    Raises:
        BindingError: The source is unknown, or the location or a name is not valid.
    """
    if source not in CONTRACTS:
        raise BindingError(
            f"{source!r} is no logical source; known are {', '.join(sorted(CONTRACTS))}",
            action="correct the name; 'soxauto items' lists the sources of each item",
        )
    contract = CONTRACTS[source]
    bound = load_bindings(settings.bindings).sources.get(source)
    guess = (contract.athena_candidate or f"exports.{source}").split(".")
    made = exported_table(
        contract,
        location,
        database or (bound.table.database if bound else guess[0]),
        table or (bound.table.table if bound else guess[-1]),
        form,
    )
    click.echo(made.text, nl=False)
    for note in made.notes:
        click.echo(f"note: {note}", err=True)
