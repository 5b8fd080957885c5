"""The commands about trust: ``keys …``, ``verifier``, ``manifest``, ``verify-period``.

Here belongs what a person types. What does not belong here: what happens then (``commands.keys``, ``commands.verify``,
``commands.manifest``).
"""

import sys
from pathlib import Path

import click

from soxauto_assets.commands.terminal import console
from soxauto_assets.evidence.trust import ROLES

_FILE = click.Path(path_type=Path, dir_okay=False)
_TRUST = click.option(
    "--trust", type=_FILE, help="Trust file; default: SOXAUTO_TRUST, or keys/trust.json below SOXAUTO_HOME."
)
_OWNER = click.option("--owner", required=True, help="Who signs with the key: a person, or a service.")


@click.group()
def keys() -> None:
    """The signing key, and the trust file that says whose keys count."""


@keys.command("init")
@_OWNER
@click.option(
    "--role", "roles", multiple=True, type=click.Choice(ROLES), default=("extractor", "period"), show_default=True
)
@click.option(
    "--since", metavar="INSTANT", help="From when on it counts; default: now, or since the first close made the key."
)
@click.option("--production", is_flag=True, help="A new trust file refuses evidence of demo and lake.")
@_TRUST
def init(owner: str, roles: tuple[str, ...], since: str | None, production: bool, trust: Path | None) -> None:
    """Make the signing key where there is none, and let it count in the trust file.

    The key is the one that SOXAUTO_SIGNING_KEY names, a file or a key of AWS KMS; outside AWS it may be left out.
    """
    from soxauto_assets.commands.keys import init_keys
    from soxauto_assets.runtime import Runtime

    init_keys(Runtime.from_environment(), owner, roles, since, trust, production, console)


@keys.command()
@click.argument("file", type=_FILE)
@_OWNER
@click.option("--role", "roles", multiple=True, type=click.Choice(ROLES), required=True)
@_TRUST
def add(file: Path, owner: str, roles: tuple[str, ...], trust: Path | None) -> None:
    """Let the public key in FILE (PEM) count, for example a reviewer's."""
    from soxauto_assets.commands.keys import add_public_key
    from soxauto_assets.runtime import Runtime

    add_public_key(Runtime.from_environment(), file, owner, roles, trust, console)


@keys.command("authority")
@click.argument("file", type=_FILE)
@click.option("--required", is_flag=True, help="From now on a signature counts only with a time token.")
@_TRUST
def authority(file: Path, required: bool, trust: Path | None) -> None:
    """Let the time tokens (RFC 3161) of an authority count, whose root certificate is in FILE (PEM)."""
    from soxauto_assets.commands.keys import add_time_authority
    from soxauto_assets.runtime import Runtime

    add_time_authority(Runtime.from_environment(), file, required, trust, console)


@keys.command("list")
@_TRUST
def list_(trust: Path | None) -> None:
    """Show the keys of the trust file: owner, roles, validity, revocation."""
    from soxauto_assets.commands.keys import list_keys
    from soxauto_assets.runtime import Runtime

    list_keys(Runtime.from_environment(), trust, console)


@keys.command()
@click.option(
    "--old", metavar="KEY", help="Id of the key that is replaced, where SOXAUTO_SIGNING_KEY names the new one."
)
@_TRUST
def rotate(old: str | None, trust: Path | None) -> None:
    """Replace the signing key: the old one counts until now, the new one from now on."""
    from soxauto_assets.commands.keys import rotate_key
    from soxauto_assets.runtime import Runtime

    rotate_key(Runtime.from_environment(), old, trust, console)


@keys.command()
@click.argument("key")
@click.option("--reason", required=True, help="Why, for the trust file.")
@click.option("--at", metavar="INSTANT", help="From when on, for example 2025-10-08T06:00:00Z; default: now.")
@_TRUST
def revoke(key: str, reason: str, at: str | None, trust: Path | None) -> None:
    """Revoke KEY (the beginning of its id): what it signed counts only where a time token shows that it is older."""
    from soxauto_assets.commands.keys import revoke as revoke_
    from soxauto_assets.runtime import Runtime

    revoke_(Runtime.from_environment(), key, reason, at, trust, console)


@click.command()
@click.argument("file", type=_FILE)
def verifier(file: Path) -> None:
    """Write the verifier to FILE: one file that needs Python and the package cryptography, and nothing of ours."""
    from soxauto_assets.commands.verify import write_verifier

    write_verifier(file, console)


@click.command()
@click.argument("period")
@click.option("--reason", default="by hand", show_default=True, help="Why it is written.")
def manifest(period: str, reason: str) -> None:
    """Write the signed manifest of PERIOD: every expected item as sealed, not applicable or missing.

    A close does it at its end. Exit code 2 when a required item is missing.
    """
    from soxauto_assets.commands.manifest import write_manifest
    from soxauto_assets.runtime import Runtime

    sys.exit(write_manifest(Runtime.from_environment(), period, reason, console))


@click.command("verify-period")
@click.argument("period")
@click.option("--trust", type=_FILE, help="Trust file: whose keys count; default: SOXAUTO_TRUST.")
@click.option("--head", metavar="NUMBER:SHA256", help="Head of the sequence of manifests that you saw before.")
@click.option("--json", "as_json", is_flag=True, help="Machine-readable.")
def verify_period(period: str, trust: Path | None, head: str | None, as_json: bool) -> None:
    """Verify PERIOD as a whole: nothing left out, taken away, put back, or put under another month."""
    from soxauto_assets.commands.manifest import show_period
    from soxauto_assets.runtime import Runtime

    sys.exit(show_period(Runtime.from_environment(), period, trust, head, as_json, console))


COMMANDS: tuple[click.Command, ...] = (keys, verifier, manifest, verify_period)
