"""Copies of S3 objects on this machine, by version.

Here belongs keeping a download and proving that it is still what was downloaded. What does not belong here: anything that
exists only here: the folder may be deleted at any time.
"""

import hashlib
import os
from pathlib import Path
from uuid import uuid4

from soxauto_assets.aws.objects import Bucket
from soxauto_assets.aws.versions import StoredObject
from soxauto_assets.errors import StorageError


class Cache:
    """Files by bucket, key and version.

    Args:
        root: The folder of the copies.
    """

    def __init__(self, root: Path):
        self.root = root

    def fetch(self, bucket: Bucket, stored: StoredObject) -> Path:
        """Return a local copy of a version, hashed whether it was there or is fetched now.

        Raises:
            StorageError: The version is gone or differs, or the disk refused.
        """
        path = self._path(stored)
        if holds(path, stored):
            return path
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            staged = path.with_name(f".{uuid4().hex}")
            try:
                bucket.download(stored, staged)
                staged.replace(path)
            finally:
                staged.unlink(missing_ok=True)
        except OSError as error:
            raise _refused(error) from error
        return path

    def adopt(self, stored: StoredObject, file: Path) -> Path:
        """Make a file that was uploaded from here the local copy of its version; the file is moved.

        Raises:
            StorageError: The disk refused.
        """
        path = self._path(stored)
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            file.chmod(0o444)
            os.replace(file, path)
        except OSError as error:
            raise _refused(error) from error
        return path

    def _path(self, stored: StoredObject) -> Path:
        # A version id may hold characters that no file name can, and be too long for one.
        name = hashlib.sha256(f"{stored.uri}\n{stored.version_id}".encode()).hexdigest()
        return self.root / name[:2] / name / stored.key.rpartition("/")[2]


def holds(path: Path, stored: StoredObject) -> bool:
    """Return whether a file has the size and SHA-256 of a version."""
    if path.is_symlink() or not path.is_file() or path.stat().st_size != stored.bytes:
        return False
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest() == stored.sha256


def _refused(error: OSError) -> StorageError:
    return StorageError(
        f"a copy of an S3 object could not be kept ({error.strerror})",
        action="free disk space or correct the permissions of SOXAUTO_HOME, then run the same command again",
    )
