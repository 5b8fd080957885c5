"""``soxauto keys``: the signing key, and the trust file that says whose keys count.

Here belongs what the commands do to both. What does not belong here: making a signature (``evidence.signing``) and judging one
(``evidence.trust``).
"""

import os
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key
from rich.console import Console
from rich.table import Table

from soxauto_assets.errors import SettingsError, SigningError
from soxauto_assets.evidence.envelope import key_id_of, load_public_key
from soxauto_assets.evidence.signing import LocalSigner, describe
from soxauto_assets.evidence.time_authority import read_certificates
from soxauto_assets.evidence.trust import Trust, instant_text, parse_instant
from soxauto_assets.evidence.trust_edit import (
    add_authorities,
    add_key,
    end_key,
    find_key,
    new_trust,
    open_trust,
    revoke_key,
    write_trust,
)
from soxauto_assets.runtime import Runtime

_TRUST = "trust.json"


def trust_path(runtime: Runtime, given: Path | None) -> Path:
    """Return the trust file that a command is about: the one given, the setting's, or the one beside the local key."""
    return given or runtime.settings.trust or runtime.settings.keys / _TRUST


def init_keys(
    runtime: Runtime,
    owner: str,
    roles: tuple[str, ...],
    since: str | None,
    trust_file: Path | None,
    production: bool,
    console: Console,
) -> None:
    """Make the signing key where there is none, and let it count in the trust file, which is made where there is none.

    Args:
        runtime: The product as the settings compose it.
        owner: Who signs with the key.
        roles: What a signature by it says.
        since: From when on it counts; None = from now on, or for a key that the product made itself, since it was made.
        trust_file: The trust file; None = the default one.
        production: Whether a new trust file refuses demo and lake.
        console: Where to print.

    Raises:
        SettingsError: The key stands in the trust file already, or the file cannot be used.
        SigningError: The key cannot be used.
    """
    path = trust_path(runtime, trust_file)
    trust = open_trust(path) if path.exists() else new_trust(production)
    signer = runtime.signer
    begins = _instant(since, _made(runtime))
    trust = add_key(trust, signer.public_key, owner, roles, [runtime.settings.environment], begins)
    write_trust(path, trust)
    _say(console, f"Signing key: {describe(signer)}")
    _say(console, f"It counts as {', '.join(roles)} of {owner} from {instant_text(begins)} on, in {path}")
    _say(console, f"Hand that file to those who verify: soxauto verify PACKAGE --trust {path}")


def add_public_key(
    runtime: Runtime, file: Path, owner: str, roles: tuple[str, ...], trust_file: Path | None, console: Console
) -> None:
    """Let another key count, from its public key in PEM.

    Raises:
        SettingsError: The file holds no P-256 key, or the trust file cannot be used.
    """
    path = trust_path(runtime, trust_file)
    trust = open_trust(path)
    public_key = _public_key(file)
    write_trust(
        path, add_key(trust, public_key, owner, roles, [runtime.settings.environment], runtime.clock())
    )  # fmt: skip
    _say(console, f"Key {key_id_of(public_key)} counts as {', '.join(roles)} of {owner} in {path}")


def add_time_authority(runtime: Runtime, file: Path, required: bool, trust_file: Path | None, console: Console) -> None:
    """Let the time tokens of an authority count, from its root certificate in PEM.

    Raises:
        SettingsError: The file holds no certificate, or the trust file cannot be used.
    """
    path = trust_path(runtime, trust_file)
    certificates = read_certificates(file)
    trust = add_authorities(open_trust(path), certificates, required)
    write_trust(path, trust)
    for certificate in certificates:
        _say(console, f"Time tokens that lead to {certificate.subject.rfc4514_string()} count, by {path}")


def list_keys(runtime: Runtime, trust_file: Path | None, console: Console) -> None:
    """Print the keys of the trust file, and which of them signs here."""
    path = trust_path(runtime, trust_file)
    trust = open_trust(path)
    table = Table("key", "owner", "roles", "environments", "from", "until", "revoked")
    for key in trust.keys.values():
        table.add_row(
            key.id[:16],
            key.owner,
            ", ".join(key.roles),
            ", ".join(key.environments),
            *(_day(instant) for instant in (key.not_before, key.not_after, key.revoked_at)),
        )
    console.print(table)
    _say(
        console, f"{path}, {'of production' if trust.production else 'not of production'}; required: {_required(trust)}"
    )
    for key in trust.keys.values():
        _say(console, f"{key.id}  {key.owner}{f', revoked: {key.revoked_reason}' if key.revoked_at else ''}")


def rotate_key(runtime: Runtime, old: str | None, trust_file: Path | None, console: Console) -> None:
    """Replace the signing key: the old one counts until now, the new one from now on.

    A key that the product made itself is replaced by a new file. A key that ``SOXAUTO_SIGNING_KEY`` names is made
    elsewhere and named there first; then ``old`` says which one it replaces.

    Raises:
        SettingsError: The old key is not in the trust file, or the new one is.
        SigningError: A key cannot be used.
    """
    path = trust_path(runtime, trust_file)
    trust, now = open_trust(path), runtime.clock()
    made_here = runtime.settings.signing_key is None
    if made_here:
        current = key_id_of(runtime.signer.public_key)
        if old is not None and not current.startswith(old.lower()):
            raise SettingsError(f"the signing key is {current[:16]}, not {old}", action="leave the old key out")
        place = runtime.settings.keys / "signing-key.pem"
        staged = LocalSigner.create(place.with_name(f"new-{uuid4().hex}.pem"))
    else:
        if old is None:
            raise SettingsError("which key is replaced was not said", action="give its id, see 'soxauto keys list'")
        current, staged, place = old, None, None
    replaced, signer = find_key(trust, current), staged or runtime.signer
    trust = end_key(trust, replaced.id, now)
    write_trust(path, add_key(trust, signer.public_key, replaced.owner, replaced.roles, replaced.environments, now))
    if staged is not None and place is not None:
        _swap(Path(staged.place), place, replaced.id)
        _say(
            console,
            f"The old key is now {place.with_name(f'retired-{replaced.id[:16]}.pem')}; nothing needs it any more",
        )
    _say(console, f"Key {replaced.id[:16]} of {replaced.owner} counted until {instant_text(now)}")
    _say(console, f"Key {key_id_of(signer.public_key)} counts from then on, in {path}")


def revoke(runtime: Runtime, key: str, reason: str, at: str | None, trust_file: Path | None, console: Console) -> None:
    """Let a key count for nothing but what a trusted time token shows to be older than the revocation.

    Raises:
        SettingsError: There is no such key, the instant is none, or the trust file cannot be used.
    """
    path = trust_path(runtime, trust_file)
    instant = _instant(at, runtime.clock())
    trust = revoke_key(open_trust(path), key, instant, reason)
    write_trust(path, trust)
    _say(console, f"Key {find_key(trust, key).id} is revoked from {instant_text(instant)} on, in {path}")
    _say(console, "Packages that it signed are refused from now on, unless a time token shows that they are older.")


def _made(runtime: Runtime) -> datetime:
    """Return when the signing key was made, where the product made it; otherwise now."""
    if runtime.settings.signing_key is not None:
        return runtime.clock()
    seconds = int((runtime.settings.keys / "signing-key.pem").stat().st_mtime)
    return min(runtime.clock(), datetime.fromtimestamp(seconds, UTC))


def _swap(new: Path, place: Path, old_id: str) -> None:
    try:
        os.replace(place, place.with_name(f"retired-{old_id[:16]}.pem"))
        os.replace(new, place)
    except OSError as error:
        raise SigningError(
            f"the new key {new} could not be put in its place ({error.strerror})",
            action=f"move it to {place}; the trust file names it already",
        ) from error


def _public_key(file: Path) -> bytes:
    try:
        text = file.read_bytes()
        key = load_pem_public_key(text)
        public_key = key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
        load_public_key(public_key)
        return public_key
    except OSError as error:
        raise SettingsError(f"{file} cannot be read ({error.strerror})", action="name another file") from error
    except Exception as error:
        raise SettingsError(
            f"{file} holds no P-256 public key in PEM", action="give the public key, not the private one"
        ) from error


def _instant(text: str | None, default: datetime) -> datetime:
    if text is None:
        return default
    instant = parse_instant(text)
    if instant is None:
        raise SettingsError(f"{text!r} is no instant", action="write it as 2025-10-08T06:00:00Z")
    return instant


def _day(instant: datetime | None) -> str:
    return instant_text(instant)[:16].replace("T", " ") if instant else "–"


def _required(trust: Trust) -> str:
    parts = [f"{number} {role} per {kind}" for kind, roles in trust.required.items() for role, number in roles.items()]
    return ", ".join(parts) or "nothing"


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
