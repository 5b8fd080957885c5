"""Keeping a trust file: making one, and adding, ending and revoking keys.

Here belongs writing the file that ``evidence.trust`` reads, every time through its strict reader. What does not belong here:
reading and judging (``evidence.trust``), and private keys (``evidence.signing``).

A key is never taken out: what it signed must stay verifiable, or stay refused with a reason.
"""

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding

from soxauto_assets.errors import SettingsError
from soxauto_assets.evidence.bag import write_file
from soxauto_assets.evidence.envelope import key_id_of
from soxauto_assets.evidence.form import Fault
from soxauto_assets.evidence.trust import (
    TRUST_FORMAT,
    Trust,
    TrustedKey,
    instant_text,
    parse_trust,
    pem_of,
    read_trust,
)

DEFAULT_REQUIRED = {"package": {"extractor": 1}, "period": {"period": 1}}


def open_trust(path: Path) -> Trust:
    """Read a trust file.

    Raises:
        SettingsError: It cannot be read, or is none.
    """
    try:
        return read_trust(path)
    except Fault as fault:
        raise SettingsError(
            f"{path}: {fault.text}", action="correct it, or make one with 'soxauto keys init'"
        ) from fault


def new_trust(production: bool) -> Trust:
    """Return a trust file without keys."""
    return Trust(production, DEFAULT_REQUIRED, {})


def add_key(
    trust: Trust,
    public_key: bytes,
    owner: str,
    roles: Sequence[str],
    environments: Sequence[str],
    not_before: datetime,
) -> Trust:
    """Return a trust file with one key more.

    Raises:
        SettingsError: The key stands in it already.
    """
    key_id = key_id_of(public_key)
    if key_id in trust.keys:
        raise SettingsError(f"key {key_id[:16]} stands in the trust file already", action="look at 'soxauto keys list'")
    key = TrustedKey(key_id, public_key, owner, tuple(roles), tuple(environments), not_before)
    return replace(trust, keys={**trust.keys, key_id: key})


def end_key(trust: Trust, prefix: str, at: datetime) -> Trust:
    """Return a trust file in which a key counts for nothing that is sealed from then on.

    Raises:
        SettingsError: There is no such key, or it ended before.
    """
    key = find_key(trust, prefix)
    if key.not_after is not None and key.not_after <= at:
        raise SettingsError(
            f"key {key.id[:16]} ended already at {instant_text(key.not_after)}", action="look at 'soxauto keys list'"
        )
    return replace(trust, keys={**trust.keys, key.id: replace(key, not_after=at)})


def revoke_key(trust: Trust, prefix: str, at: datetime, reason: str) -> Trust:
    """Return a trust file in which a key counts for nothing but what a trusted time shows to be older.

    Raises:
        SettingsError: There is no such key, or it was revoked before.
    """
    key = find_key(trust, prefix)
    if key.revoked_at is not None:
        raise SettingsError(
            f"key {key.id[:16]} was revoked already at {instant_text(key.revoked_at)}",
            action="look at 'soxauto keys list'",
        )
    return replace(trust, keys={**trust.keys, key.id: replace(key, revoked_at=at, revoked_reason=reason)})


def add_authorities(trust: Trust, certificates: Sequence[x509.Certificate], required: bool) -> Trust:
    """Return a trust file in which time tokens that lead to these root certificates count.

    Args:
        trust: The trust file as it is.
        certificates: The root certificates; those that it names already stay once.
        required: Whether a signature counts only with a time token from now on.
    """
    named = [certificate.public_bytes(Encoding.PEM).decode() for certificate in certificates]
    authorities = tuple(dict.fromkeys((*trust.time_authorities, *named)))
    return replace(trust, time_authorities=authorities, time_required=trust.time_required or required)


def find_key(trust: Trust, prefix: str) -> TrustedKey:
    """Return the one key whose id begins so.

    Raises:
        SettingsError: There is none, or more than one.
    """
    found = [key for key in trust.keys.values() if key.id.startswith(prefix.lower())] if len(prefix) >= 8 else []
    if len(found) != 1:
        raise SettingsError(
            f"{prefix!r} is the beginning of {len(found)} keys of the trust file",
            action="give at least 8 digits of an id that 'soxauto keys list' shows",
        )
    return found[0]


def write_trust(path: Path, trust: Trust) -> None:
    """Write a trust file, whole or not at all, after its own reader accepted it.

    Raises:
        SettingsError: It would not be accepted, or cannot be written.
    """
    text = trust_text(trust)
    try:
        parse_trust(text)
    except Fault as fault:
        raise SettingsError(fault.text, action="correct what was asked for; nothing was written") from fault
    staged = path.parent / f".{uuid4().hex}"
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            write_file(staged, text, mode=0o644)
            os.replace(staged, path)
        finally:
            staged.unlink(missing_ok=True)
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be written ({error.strerror})", action="correct the permissions, or name another file"
        ) from error


def trust_text(trust: Trust) -> bytes:
    """Return the text of a trust file: keys in order of their validity, two blanks, one line end at the end."""
    keys = sorted(trust.keys.values(), key=lambda key: (key.not_before, key.id))
    value = {
        "format": TRUST_FORMAT,
        "production": trust.production,
        "required": _plain(trust.required),
        "time_authorities": list(trust.time_authorities),
        "time_required": trust.time_required,
        "keys": [_entry(key) for key in keys],
    }
    return f"{json.dumps(value, indent=2, ensure_ascii=False)}\n".encode()


def _entry(key: TrustedKey) -> dict[str, Any]:
    return {
        "id": key.id,
        "owner": key.owner,
        "roles": list(key.roles),
        "environments": list(key.environments),
        "not_before": instant_text(key.not_before),
        "not_after": instant_text(key.not_after) if key.not_after else None,
        "revoked_at": instant_text(key.revoked_at) if key.revoked_at else None,
        "revoked_reason": key.revoked_reason,
        "public_key": pem_of(key.public_key),
    }


def _plain(required: Mapping[str, Mapping[str, int]]) -> dict[str, dict[str, int]]:
    return {kind: dict(counts) for kind, counts in required.items()}
