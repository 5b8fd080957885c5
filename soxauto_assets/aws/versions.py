"""What an object in S3 is: a version of a key, its lock, its checksum.

Here belong the records that stores exchange with a bucket. What does not belong here: asking S3 (``aws.objects``).
"""

import hashlib
from base64 import b64decode, b64encode
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Lock:
    """Object Lock of an object.

    Attributes:
        mode: ``COMPLIANCE`` or ``GOVERNANCE``.
        until: First instant at which it may be deleted.
    """

    mode: str
    until: datetime


@dataclass(frozen=True)
class Version:
    """One version of a key, as the bucket lists it."""

    key: str
    version_id: str
    bytes: int


@dataclass(frozen=True)
class StoredObject:
    """One version of a key whose content is known.

    Attributes:
        bucket: The bucket.
        key: The key.
        version_id: The version.
        bytes: Its size.
        sha256: SHA-256 of its content, lower-case hex.
    """

    bucket: str
    key: str
    version_id: str
    bytes: int
    sha256: str

    @property
    def uri(self) -> str:
        """``s3://bucket/key``."""
        return f"s3://{self.bucket}/{self.key}"


def facts_of(content: bytes | Path) -> tuple[str, int]:
    """Return SHA-256 and size of what is to be written."""
    if isinstance(content, bytes):
        return hashlib.sha256(content).hexdigest(), len(content)
    with open(content, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest(), file.tell()


def sha256_of(answer: dict[str, Any]) -> str | None:
    """Return the SHA-256 of the content as S3 keeps it; that of an object in parts is in its metadata."""
    checksum = answer.get("ChecksumSHA256")
    if checksum is None or "-" in checksum:
        kept = answer.get("Metadata", {}).get("sha256")
        return str(kept) if kept else None
    return b64decode(checksum).hex()


def base64_of(sha256: str) -> str:
    """Return a SHA-256 as S3 writes it."""
    return b64encode(bytes.fromhex(sha256)).decode()
