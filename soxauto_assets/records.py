"""Records: small canonical JSON files, numbered, written once.

Here belongs the append-only log of an item and a period: extraction records, failures, heartbeats, custody records; in a
folder or in S3. What does not belong here: datasets and evidence packages, which have stores of their own.
"""

import os
import re
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from soxauto_assets.aws.objects import Bucket
from soxauto_assets.aws.versions import Lock, Version
from soxauto_assets.canonical import canonical_json, read_json
from soxauto_assets.catalog.model import ITEM_ID
from soxauto_assets.errors import StorageError

_PERIOD = re.compile(r"^\d{4}-(0[1-9]|1[0-2])$", re.ASCII)
_NAME = re.compile(r"^(\d{4,})\.json$", re.ASCII)
# S3 answers in tens of milliseconds; records of a month are asked for side by side.
_PARALLEL = 8


def item_path(item: str, period: str) -> str:
    """Return ``<item>/<period>`` for valid ids.

    Raises:
        StorageError: An id has another form, so that it could lead elsewhere.
    """
    if not ITEM_ID.fullmatch(item) or not _PERIOD.fullmatch(period):
        raise StorageError("the item or period id has no valid form", action="use the ids that 'soxauto items' lists")
    return f"{item}/{period}"


def item_folder(root: Path, item: str, period: str) -> Path:
    """Return ``<root>/<item>/<period>`` for valid ids.

    Raises:
        StorageError: An id has another form, so that it could lead out of the root.
    """
    return root / item_path(item, period)


class RecordLog(Protocol):
    """One kind of record: an append-only, numbered log per item and period."""

    def append(self, item: str, period: str, value: Mapping[str, Any]) -> int:
        """Write the next record and return its ordinal; an existing record is never touched.

        Raises:
            StorageError: The store refused; nothing half written remains.
        """

    def all(self, item: str, period: str) -> list[dict[str, Any]]:
        """Return the records in order; each carries its ``ordinal``.

        Raises:
            StorageError: The store cannot be read, or a record differs from what was written.
        """


class LocalRecordLog:
    """One kind of record under a folder of its own.

    Args:
        root: The folder; ``<root>/<item>/<period>/0001.json`` and so on.
    """

    def __init__(self, root: Path):
        self.root = root

    def append(self, item: str, period: str, value: Mapping[str, Any]) -> int:
        """Write the next record and return its ordinal; an existing record is never touched.

        Raises:
            StorageError: The disk refused; nothing half written remains.
        """
        folder = item_folder(self.root, item, period)
        try:
            folder.mkdir(parents=True, exist_ok=True)
            staged = folder / f".{uuid4().hex}"
            try:
                with open(staged, "xb") as file:
                    file.write(canonical_json(dict(value)))
                    file.flush()
                    os.fsync(file.fileno())
                return self._publish(staged, folder)
            finally:
                staged.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(
                f"a record could not be written ({error.strerror})",
                action="free disk space or correct the permissions, then run the same command again",
                item=item,
                period=period,
            ) from error

    def _publish(self, staged: Path, folder: Path) -> int:
        ordinal = len(self._ordinals(folder)) + 1
        while True:
            try:
                os.link(staged, folder / f"{ordinal:04d}.json")
                sync_folder(folder)
                return ordinal
            except FileExistsError:
                ordinal += 1

    def all(self, item: str, period: str) -> list[dict[str, Any]]:
        """Return the records in order; each carries its ``ordinal``."""
        folder = item_folder(self.root, item, period)
        return [
            {**read_json((folder / f"{ordinal:04d}.json").read_bytes()), "ordinal": ordinal}
            for ordinal in self._ordinals(folder)
        ]

    @staticmethod
    def _ordinals(folder: Path) -> list[int]:
        if not folder.is_dir():
            return []
        return sorted(int(match.group(1)) for path in folder.iterdir() if (match := _NAME.match(path.name)))


class S3RecordLog:
    """One kind of record under a prefix of its own; of each key, the oldest version counts.

    Args:
        bucket: The bucket.
        prefix: ``<prefix>/<item>/<period>/0001.json`` and so on.
        lock_of: Gives the Object Lock of a period's records; None = they are not locked.
    """

    def __init__(self, bucket: Bucket, prefix: str, lock_of: Callable[[str], Lock | None] = lambda period: None):
        self.bucket = bucket
        self.prefix = prefix
        self._lock_of = lock_of

    def append(self, item: str, period: str, value: Mapping[str, Any]) -> int:
        """Write the next record and return its ordinal; an existing record is never touched.

        Raises:
            StorageError: S3 refused or did not answer; nothing half written remains.
        """
        folder = f"{self.prefix}/{item_path(item, period)}/"
        content, lock = canonical_json(dict(value)), self._lock_of(period)
        self.bucket.require(lock=lock is not None)
        ordinal = max(self._versions(folder), default=0) + 1
        while self.bucket.claim(f"{folder}{ordinal:04d}.json", content, lock) is None:
            ordinal += 1
        return ordinal

    def all(self, item: str, period: str) -> list[dict[str, Any]]:
        """Return the records in order; each carries its ``ordinal``.

        Raises:
            StorageError: S3 refused, or a record differs from the SHA-256 that S3 keeps of it.
        """
        versions = self._versions(f"{self.prefix}/{item_path(item, period)}/")
        with ThreadPoolExecutor(_PARALLEL) as pool:
            contents = pool.map(lambda found: self.bucket.get(found.key, found.version_id), versions.values())
            return [{**read_json(text), "ordinal": ordinal} for ordinal, text in zip(versions, contents, strict=True)]

    def _versions(self, folder: str) -> dict[int, Version]:
        """Return the oldest version of each record by its ordinal, in order."""
        found = self.bucket.firsts(folder).items()
        named = ((_NAME.match(key.removeprefix(folder)), version) for key, version in found)
        return dict(sorted((int(match.group(1)), version) for match, version in named if match))


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk, so that a new name survives a crash."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
