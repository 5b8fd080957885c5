"""Numbered logs: small canonical JSON files, numbered, written once, in a folder or in S3.

Here belongs writing the next one so that two writers never meet, and reading all in order. What does not belong here: what a
log is of (``records``, ``acts``).
"""

import os
import re
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Protocol
from uuid import uuid4

from soxauto_assets.aws.objects import Bucket
from soxauto_assets.aws.versions import Lock, Version
from soxauto_assets.canonical import canonical_json, read_json
from soxauto_assets.errors import StorageError

_NAME = re.compile(r"^(\d{4,})\.json$", re.ASCII)
# S3 answers in tens of milliseconds; a log is read side by side.
_PARALLEL = 8


class NumberedLog(Protocol):
    """An append-only log: ``0001.json`` and so on."""

    def append(self, value: Mapping[str, Any]) -> int:
        """Write the next entry and return its ordinal; an existing entry is never touched.

        Raises:
            StorageError: The store refused; nothing half written remains.
        """

    def all(self) -> list[dict[str, Any]]:
        """Return the entries in order; each carries its ``ordinal``.

        Raises:
            StorageError: The store cannot be read, or an entry differs from what was written.
        """

    def claim(self, ordinal: int, text: bytes) -> bool:
        """Write an entry under a number of its own, as it is, so that exactly one writer succeeds.

        Returns:
            False when the number is taken.

        Raises:
            StorageError: The store refused; nothing half written remains.
        """

    def texts(self) -> dict[int, bytes]:
        """Return the bytes of the entries by their ordinals, in order.

        Raises:
            StorageError: The store cannot be read.
        """


class LocalNumberedLog:
    """A log in a folder.

    Args:
        folder: The folder; created when needed.
    """

    def __init__(self, folder: Path):
        self.folder = folder

    def append(self, value: Mapping[str, Any]) -> int:
        """See :meth:`NumberedLog.append`."""
        with self._staged(canonical_json(dict(value))) as staged:
            ordinal = len(self._ordinals()) + 1
            while not self._publish(staged, ordinal):
                ordinal += 1
            return ordinal

    def claim(self, ordinal: int, text: bytes) -> bool:
        """See :meth:`NumberedLog.claim`."""
        with self._staged(text) as staged:
            return self._publish(staged, ordinal)

    def texts(self) -> dict[int, bytes]:
        """See :meth:`NumberedLog.texts`."""
        try:
            return {ordinal: (self.folder / f"{ordinal:04d}.json").read_bytes() for ordinal in self._ordinals()}
        except OSError as error:
            raise StorageError(
                f"a record cannot be read ({error.strerror})", action="restore it, or correct the permissions"
            ) from error

    def all(self) -> list[dict[str, Any]]:
        """See :meth:`NumberedLog.all`."""
        return [
            {**read_json((self.folder / f"{ordinal:04d}.json").read_bytes()), "ordinal": ordinal}
            for ordinal in self._ordinals()
        ]

    @contextmanager
    def _staged(self, text: bytes) -> Iterator[Path]:
        """Give a file with a text, flushed to the disk, that no reader sees."""
        staged = self.folder / f".{uuid4().hex}"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            try:
                with open(staged, "xb") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                yield staged
            finally:
                staged.unlink(missing_ok=True)
        except OSError as error:
            raise StorageError(
                f"a record could not be written ({error.strerror})",
                action="free disk space or correct the permissions, then run the same command again",
            ) from error

    def _publish(self, staged: Path, ordinal: int) -> bool:
        try:
            os.link(staged, self.folder / f"{ordinal:04d}.json")
        except FileExistsError:
            return False
        sync_folder(self.folder)
        return True

    def _ordinals(self) -> list[int]:
        if not self.folder.is_dir():
            return []
        return sorted(int(match.group(1)) for path in self.folder.iterdir() if (match := _NAME.match(path.name)))


class S3NumberedLog:
    """A log under a prefix; of each key, the oldest version counts.

    Args:
        bucket: The bucket.
        prefix: The prefix, without a slash at the end.
        lock: Object Lock of the entries; None = they are not locked.
    """

    def __init__(self, bucket: Bucket, prefix: str, lock: Lock | None = None):
        self.bucket = bucket
        self.folder = f"{prefix}/"
        self.lock = lock

    def append(self, value: Mapping[str, Any]) -> int:
        """See :meth:`NumberedLog.append`."""
        content = canonical_json(dict(value))
        self.bucket.require(lock=self.lock is not None)
        ordinal = max(self._versions(), default=0) + 1
        while self.bucket.claim(f"{self.folder}{ordinal:04d}.json", content, self.lock) is None:
            ordinal += 1
        return ordinal

    def all(self) -> list[dict[str, Any]]:
        """See :meth:`NumberedLog.all`."""
        return [{**read_json(text), "ordinal": ordinal} for ordinal, text in self.texts().items()]

    def claim(self, ordinal: int, text: bytes) -> bool:
        """See :meth:`NumberedLog.claim`."""
        self.bucket.require(lock=self.lock is not None)
        return self.bucket.claim(f"{self.folder}{ordinal:04d}.json", text, self.lock) is not None

    def texts(self) -> dict[int, bytes]:
        """See :meth:`NumberedLog.texts`."""
        versions = self._versions()
        with ThreadPoolExecutor(_PARALLEL) as pool:
            contents = pool.map(lambda found: self.bucket.get(found.key, found.version_id), versions.values())
            return dict(zip(versions, contents, strict=True))

    def _versions(self) -> dict[int, Version]:
        """Return the oldest version of each entry by its ordinal, in order."""
        found = self.bucket.firsts(self.folder).items()
        named = ((_NAME.match(key.removeprefix(self.folder)), version) for key, version in found)
        return dict(sorted((int(match.group(1)), version) for match, version in named if match))


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk, so that a new name survives a crash."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
