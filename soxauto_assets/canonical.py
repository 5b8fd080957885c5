"""Canonical JSON: one value, one text, one digest.

Here belongs the canonical form (RFC 8785) of what is hashed or sealed. Money and 64-bit integers are strings there,
because JSON numbers are binary doubles; what does not belong here: the content of any record.
"""

import hashlib
import json
from datetime import date, datetime
from decimal import Decimal
from typing import Any

import rfc8785

_SAFE = 2**53 - 1


def plain(value: Any) -> Any:
    """Return a value in the types that canonical JSON may hold.

    Decimals become text at their own scale, dates and instants ISO text (milliseconds), integers beyond 53 bits text.

    Raises:
        TypeError: A float, bytes or another type that would lose information.
    """
    if value is None or isinstance(value, (str, bool)):
        return value
    if isinstance(value, int):
        return value if abs(value) <= _SAFE else str(value)
    if isinstance(value, Decimal):
        return format(value, "f")
    if isinstance(value, datetime):
        return value.isoformat(sep="T", timespec="milliseconds")
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, dict):
        return {str(key): plain(member) for key, member in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(member) for member in value]
    raise TypeError(f"{type(value).__name__} has no canonical JSON form here")


def canonical_json(value: Any) -> bytes:
    """Return the RFC 8785 bytes of a value."""
    return rfc8785.dumps(plain(value))


def read_json(data: bytes) -> Any:
    """Read JSON text written by :func:`canonical_json`."""
    return json.loads(data)


def sha256_hex(data: bytes) -> str:
    """Return the SHA-256 of bytes in lower-case hex."""
    return hashlib.sha256(data).hexdigest()


def digest_of(value: Any) -> str:
    """Return the SHA-256 of a value's canonical JSON."""
    return sha256_hex(canonical_json(value))
