"""The commands that show single rows of a package: ``prove-row``, ``check-row``, ``sample``.

Here belongs what a person types. What does not belong here: what happens then (``commands.proofs``).
"""

import sys
from pathlib import Path

import click

from soxauto_assets.commands.terminal import console

_FILE = click.Path(path_type=Path, dir_okay=False)
_PLACE_HELP = "PLACE is a package, or s3://BUCKET/evidence/ITEM/PERIOD/attempt-0001.json."


@click.command("prove-row", epilog=_PLACE_HELP)
@click.argument("place")
@click.option(
    "--key", "pairs", multiple=True, metavar="COLUMN=VALUE", help="A key column; COLUMN alone is a cell without value."
)
@click.option("--position", type=click.IntRange(min=0), help="The row's position, instead of its key.")
@click.option("--out", type=_FILE, help="File to write; default: proof-ITEM-PERIOD-POSITION.json here.")
def prove_row(place: str, pairs: tuple[str, ...], position: int | None, out: Path | None) -> None:
    """Write a proof that one row is among the sealed rows at PLACE, which shows no other row.

    The proof holds the row in clear.
    """
    from soxauto_assets.commands.proofs import write_proof

    if bool(pairs) == (position is not None):
        raise click.UsageError("give the row's key columns with --key, or its --position")
    sys.exit(write_proof(place, _pairs(pairs), position, out, console))


@click.command("check-row")
@click.argument("proofs", nargs=-1, required=True, type=_FILE)
@click.option("--digest", help="Digest of the dataset, 64 hexadecimal digits, from a source you trust.")
@click.option("--package", help="The package itself, verified first; a folder or an s3:// address.")
@click.option("--sample", type=_FILE, help="The sample that the proofs must be of.")
def check_row(proofs: tuple[Path, ...], digest: str | None, package: str | None, sample: Path | None) -> None:
    """Check PROOFS of rows against a digest or a package; exit code 1 when one does not hold.

    Needs no package: 'python proof.py DIGEST PROOFS' does the same with Python alone.
    """
    from soxauto_assets.commands.proofs import check_proofs

    if (digest is None) == (package is None):
        raise click.UsageError("give what to check against: either --digest or --package")
    sys.exit(check_proofs(proofs, digest, package, sample, console))


@click.command(epilog=_PLACE_HELP)
@click.argument("place")
@click.option("--size", default=25, show_default=True, type=click.IntRange(1, 10_000), help="How many rows.")
@click.option("--nonce", required=True, help="The auditor's own text, chosen after the rows were sealed.")
@click.option("--company", help="Draw among this company's rows only.")
@click.option("--out", type=_FILE, help="Write the sample (positions, keys, how it was drawn) to this file.")
@click.option(
    "--proofs", type=click.Path(path_type=Path, file_okay=False), help="Write the sample and a proof of each row here."
)
def sample(place: str, size: int, nonce: str, company: str | None, out: Path | None, proofs: Path | None) -> None:
    """Draw rows at PLACE from the sealed root and the auditor's nonce: the same two give the same rows for ever."""
    from soxauto_assets.commands.proofs import draw_sample

    sys.exit(draw_sample(place, size, nonce, company, out, proofs, console))


def _pairs(texts: tuple[str, ...]) -> dict[str, str | None]:
    pairs: dict[str, str | None] = {}
    for text in texts:
        column, equals, value = text.partition("=")
        if not column or column in pairs:
            raise click.BadParameter(f"{column or text!r} is named twice or not at all", param_hint="--key")
        pairs[column] = value if equals else None
    return pairs


COMMANDS: tuple[click.Command, ...] = (prove_row, check_row, sample)
