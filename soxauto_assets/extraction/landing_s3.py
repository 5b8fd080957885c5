"""The dataset store in S3: rows are rewritten here, kept in the data bucket, and read from a verified copy.

Here belongs what differs from the local folder. What does not belong here: the rewrite itself (``extraction.landing``) and how
an object is written and read (``aws.objects``).
"""

from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any

from soxauto_assets.aws.cache import Cache
from soxauto_assets.aws.objects import Bucket, ObjectExists
from soxauto_assets.aws.versions import StoredObject
from soxauto_assets.catalog.model import Item
from soxauto_assets.errors import StorageError
from soxauto_assets.extraction.digest import DatasetDigest
from soxauto_assets.extraction.landing import PART, Dataset, digest_of_rows, rewrite, staging_folder
from soxauto_assets.records import item_folder, item_path


class S3DatasetStore:
    """Datasets in a bucket.

    Args:
        bucket: The data bucket.
        prefix: ``<prefix>/<item>/<period>/<digest>/part-00000.parquet``.
        work: Local folder for unfinished files.
        cache: Local copies.
    """

    def __init__(self, bucket: Bucket, prefix: str, work: Path, cache: Cache):
        self.bucket = bucket
        self.prefix = prefix
        self._work = work
        self._cache = cache

    def staging(self, item: str, period: str) -> AbstractContextManager[Path]:
        """See :meth:`DatasetStore.staging`."""
        return staging_folder(item_folder(self._work, item, period), item, period)

    def land(self, item: Item, period: str, unloaded: Sequence[Path], staging: Path) -> Dataset:
        """See :meth:`DatasetStore.land`.

        The rows decide the key, so what is there holds the same rows, perhaps in other bytes (another writer version); then
        the file that is there is the dataset.
        """
        self.bucket.require(lock=False)
        part, digest = rewrite(item, period, unloaded, staging)
        key = f"{self.prefix}/{item_path(item.id, period)}/{digest.digest}/{PART}"
        stored = self._there(key)
        if stored is None:
            try:
                stored = self.bucket.put(key, part)
                return _dataset(item, digest, stored, self._cache.adopt(stored, part))
            except ObjectExists:
                # Another run landed the same rows meanwhile.
                stored = self._there(key)
                if stored is None:
                    raise
        path = self._cache.fetch(self.bucket, stored)
        if not _holds(item, path, digest):
            raise StorageError(
                f"{stored.uri} holds other rows than its name says",
                action="find out who wrote it and delete it, then extract the item again",
                item=item.id,
                period=period,
            )
        return _dataset(item, digest, stored, path)

    def _there(self, key: str) -> StoredObject | None:
        first = self.bucket.first(key)
        return self.bucket.facts(first) if first else None

    def open(
        self,
        item: Item,
        period: str,
        digest: DatasetDigest,
        facts: Sequence[Mapping[str, Any]],
        objects: Sequence[Mapping[str, Any]] = (),
    ) -> Dataset:
        """See :meth:`DatasetStore.open`."""
        versions = {entry["name"]: str(entry["version_id"]) for entry in objects}
        if versions.keys() != {file["name"] for file in facts}:
            raise StorageError(
                "the extraction record names no S3 objects, so its rows were landed elsewhere",
                action="extract the item again",
                item=item.id,
                period=period,
            )
        folder = f"{self.prefix}/{item_path(item.id, period)}/{digest.digest}"
        files = tuple(
            self._cache.fetch(
                self.bucket,
                StoredObject(
                    self.bucket.name, f"{folder}/{file['name']}", versions[file["name"]], file["bytes"], file["sha256"]
                ),
            )
            for file in facts
        )
        return Dataset(item, files, digest, tuple(facts), tuple(objects))


def _dataset(item: Item, digest: DatasetDigest, stored: StoredObject, path: Path) -> Dataset:
    fact = {"name": path.name, "sha256": stored.sha256, "bytes": stored.bytes}
    return Dataset(
        item, (path,), digest, (fact,), ({"name": path.name, "uri": stored.uri, "version_id": stored.version_id},)
    )


def _holds(item: Item, path: Path, digest: DatasetDigest) -> bool:
    """Return whether a file holds the rows of a digest; one that cannot be read holds others."""
    try:
        return digest_of_rows(item, [path]) == digest
    except Exception:
        return False
