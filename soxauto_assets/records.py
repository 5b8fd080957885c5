"""Records: the append-only log of an item and a period.

Here belongs one kind of record by item and period: extraction records, failures, heartbeats, custody records; in a folder or in
S3. What does not belong here: how a log is written (``numbered``); datasets and evidence packages have stores of their own.
"""

import re
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Protocol

from soxauto_assets.aws.objects import Bucket
from soxauto_assets.aws.versions import Lock
from soxauto_assets.catalog.model import ITEM_ID
from soxauto_assets.errors import StorageError
from soxauto_assets.numbered import LocalNumberedLog, S3NumberedLog

_PERIOD = re.compile(r"^\d{4}-(0[1-9]|1[0-2])$", re.ASCII)


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
        """See :meth:`RecordLog.append`."""
        log = LocalNumberedLog(item_folder(self.root, item, period))
        try:
            return log.append(value)
        except StorageError as error:
            raise error.for_item(item, period) from error.__cause__

    def all(self, item: str, period: str) -> list[dict[str, Any]]:
        """See :meth:`RecordLog.all`."""
        return LocalNumberedLog(item_folder(self.root, item, period)).all()


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
        """See :meth:`RecordLog.append`."""
        return self._log(item, period).append(value)

    def all(self, item: str, period: str) -> list[dict[str, Any]]:
        """See :meth:`RecordLog.all`."""
        return self._log(item, period).all()

    def _log(self, item: str, period: str) -> S3NumberedLog:
        return S3NumberedLog(self.bucket, f"{self.prefix}/{item_path(item, period)}", self._lock_of(period))
