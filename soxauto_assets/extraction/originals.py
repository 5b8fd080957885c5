"""Originals: the bytes of uploads, kept once under their SHA-256, in a folder or in S3.

Here belongs keeping and finding them. What does not belong here: who handed them in and what they say
(``extraction.uploads``).
"""

import os
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from soxauto_assets.aws.cache import Cache
from soxauto_assets.aws.objects import Bucket
from soxauto_assets.aws.versions import Lock
from soxauto_assets.canonical import sha256_hex
from soxauto_assets.errors import StorageError
from soxauto_assets.records import item_folder, item_path

ORIGINAL = "original.csv"


class Originals(Protocol):
    """Where the original bytes of uploads are kept."""

    def keep(self, item: str, period: str, digest: str, content: bytes) -> Mapping[str, Any]:
        """Store bytes under their SHA-256, once.

        Returns:
            What the custody record says of the place, for those who look for the bytes without this product.

        Raises:
            StorageError: The store refused; the bytes are there as a whole or not at all.
        """

    def open(self, item: str, period: str, digest: str) -> Path:
        """Return a local, read-only file with the bytes of that SHA-256.

        Raises:
            StorageError: They are missing or changed.
        """


class LocalOriginals:
    """Originals in a local folder.

    Args:
        root: ``<root>/<item>/<period>/<sha256>/original.csv``.
    """

    def __init__(self, root: Path):
        self.root = root

    def keep(self, item: str, period: str, digest: str, content: bytes) -> Mapping[str, Any]:
        """See :meth:`Originals.keep`."""
        folder = item_folder(self.root, item, period) / digest
        staged = folder.with_name(f".staging-{uuid4().hex}")
        if (folder / ORIGINAL).is_file():
            return {}
        try:
            staged.mkdir(parents=True)
            with open(staged / ORIGINAL, "xb") as kept:
                kept.write(content)
                kept.flush()
                os.fsync(kept.fileno())
            (staged / ORIGINAL).chmod(0o444)
            staged.rename(folder)
        except OSError as error:
            (staged / ORIGINAL).unlink(missing_ok=True)
            if staged.is_dir():
                staged.rmdir()
            if not (folder / ORIGINAL).is_file():
                raise StorageError(
                    f"the original could not be kept ({error.strerror})",
                    action="free disk space, then hand the file in again",
                    item=item,
                    period=period,
                ) from error
        return {}

    def open(self, item: str, period: str, digest: str) -> Path:
        """See :meth:`Originals.open`."""
        path = item_folder(self.root, item, period) / digest / ORIGINAL
        if not path.is_file() or sha256_hex(path.read_bytes()) != digest:
            raise _lost(item, period)
        return path


class S3Originals:
    """Originals in the evidence bucket, under lock like the packages that hold them.

    Args:
        bucket: The evidence bucket.
        prefix: ``<prefix>/<item>/<period>/<sha256>/original.csv``.
        lock_of: Gives the Object Lock of a period's originals.
        cache: Local copies.
    """

    def __init__(self, bucket: Bucket, prefix: str, lock_of: Callable[[str], Lock | None], cache: Cache):
        self.bucket = bucket
        self.prefix = prefix
        self._lock_of = lock_of
        self._cache = cache

    def keep(self, item: str, period: str, digest: str, content: bytes) -> Mapping[str, Any]:
        """See :meth:`Originals.keep`."""
        lock = self._lock_of(period)
        self.bucket.require(lock=lock is not None)
        stored = self.bucket.put(self._key(item, period, digest), content, lock)
        return {"object": {"uri": stored.uri, "version_id": stored.version_id}}

    def open(self, item: str, period: str, digest: str) -> Path:
        """See :meth:`Originals.open`."""
        stored = self.bucket.find(self._key(item, period, digest), digest)
        if stored is None:
            raise _lost(item, period)
        return self._cache.fetch(self.bucket, stored)

    def _key(self, item: str, period: str, digest: str) -> str:
        return f"{self.prefix}/{item_path(item, period)}/{digest}/{ORIGINAL}"


def _lost(item: str, period: str) -> StorageError:
    return StorageError(
        "the kept original is missing or was changed", action="hand the file in again", item=item, period=period
    )
