"""Objects in S3: created once, checked by the server, read by version.

Here belongs what every store over S3 needs of a bucket. What does not belong here: names of objects and what is in them
(the stores), and copies on this machine (``aws.cache``).

Three rules hold for every object:

- It is written with ``If-None-Match: *`` and its SHA-256, so it is created once and the server refuses damaged bytes. That it
  is there already with the same SHA-256 is success: a lost answer that is asked again, or the leavings of a crashed run.
- It is read by version id, and its SHA-256 is verified while it streams.
- Where only the key is known, its *oldest* version is the object. S3's condition looks at the current version alone, so after
  a delete marker a key can be "created" again; neither the marker nor the newer version changes what is read here.
"""

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from uuid import uuid4

from soxauto_assets.aws import fitness
from soxauto_assets.aws.refusals import code_of
from soxauto_assets.aws.session import AwsSession
from soxauto_assets.aws.versions import Lock, StoredObject, Version, facts_of, sha256_of
from soxauto_assets.aws.writing import PART_BYTES, SINGLE_PUT_BYTES, Writer
from soxauto_assets.errors import StorageError

MAX_READ_BYTES = 16 * 2**20
_BLOCK = 2**20
_TRIES = 5
# There already; being written or deleted at this moment; completed by an attempt whose answer was lost.
_THERE = {"PreconditionFailed", "412", "ConditionalRequestConflict", "409", "NoSuchUpload"}
_GONE = {"NoSuchKey", "NoSuchVersion", "404", "MethodNotAllowed", "405"}


class ObjectExists(StorageError):
    """The key is taken by other content."""


class Bucket:
    """A versioned bucket.

    Args:
        session: Credentials and clients.
        name: The bucket's name.
        kms_key: Key that new objects are encrypted with; None = the bucket's default.
        owner: Account that must own the bucket; None = not asked.
        single_put_bytes: Largest file that is written in one put.
        part_bytes: Size of the parts of larger files.
    """

    def __init__(
        self,
        session: AwsSession,
        name: str,
        kms_key: str | None = None,
        owner: str | None = None,
        single_put_bytes: int = SINGLE_PUT_BYTES,
        part_bytes: int = PART_BYTES,
    ):
        self.session = session
        self.name = name
        self._place = {"Bucket": name, **({"ExpectedBucketOwner": owner} if owner else {})}
        self._writer = Writer(lambda: self._s3, self._place, kms_key, single_put_bytes, part_bytes)
        self._fit: set[bool] = set()

    @property
    def uri(self) -> str:
        """``s3://name``."""
        return f"s3://{self.name}"

    def require(self, lock: bool) -> None:
        """Refuse a bucket that cannot keep what is written; asked once per process.

        Args:
            lock: Whether Object Lock is needed, too.

        Raises:
            StorageError: It is not there, not versioned, or has no Object Lock; with the commands that put it right.
        """
        if lock in self._fit:
            return
        missing = self.missing(lock)
        if missing:
            raise StorageError(
                f"bucket {self.name} has no {' and no '.join(missing)}",
                action=" && ".join(fitness.REMEDIES[lacking].format(bucket=self.name) for lacking in missing),
            )
        self._fit.add(lock)

    def missing(self, lock: bool) -> tuple[str, ...]:
        """Return which of ``versioning`` and ``Object Lock`` the bucket lacks.

        Raises:
            StorageError: The bucket is not there, or the role may not ask.
        """
        with self._asking(f"read the settings of bucket {self.name}"):
            return fitness.missing(self._s3, self._place, lock)

    def put(self, key: str, content: bytes | Path, lock: Lock | None = None, token: str | None = None) -> StoredObject:
        """Create an object whose key its content decides; that it is there already is success.

        Args:
            key: The key.
            content: Its bytes, or the file that holds them, which is streamed.
            lock: Object Lock of the new version; an equal object that is there is locked at least as strongly.
            token: Makes only an object that carries the same token an equal one: see :meth:`claim`.

        Raises:
            ObjectExists: The key holds other content.
            StorageError: S3 refused or did not answer; there is either the whole object or none.
        """
        from botocore.exceptions import ClientError, HTTPClientError

        sha256, size = facts_of(content)
        with self._asking(f"write {self.uri}/{key}"):
            for _ in range(_TRIES):
                try:
                    stored = StoredObject(
                        self.name, key, self._writer.create(key, content, sha256, lock, token), size, sha256
                    )
                    break
                except (ClientError, HTTPClientError) as refusal:
                    if isinstance(refusal, ClientError) and code_of(refusal) not in _THERE:
                        raise
                    found, versions = self._equal(key, sha256, token)
                    if found:
                        stored = found
                        self._writer.strengthen(key, stored.version_id, lock)
                        break
                    if versions:
                        raise ObjectExists(
                            f"{self.uri}/{key} is there already, with other content",
                            action="find out who wrote it; nothing was overwritten",
                        ) from refusal
                    if not isinstance(refusal, ClientError) or code_of(refusal) == "NoSuchUpload":
                        raise
                    # 409, or the other one was deleted meanwhile: the key is free.
            else:
                raise StorageError(
                    f"{self.uri}/{key} is being written and deleted by somebody else", action="start again"
                )
        return stored

    def claim(self, key: str, content: bytes, lock: Lock | None = None) -> StoredObject | None:
        """Create an object that is found by its key alone, so that exactly one writer succeeds.

        Returns:
            The object; None when the key is taken, also by equal content of another writer.

        Raises:
            StorageError: S3 refused or did not answer.
        """
        if self.first(key):
            return None
        try:
            stored = self.put(key, content, lock, token=uuid4().hex)
        except ObjectExists:
            return None
        first = self.first(key)
        return stored if first and first.version_id == stored.version_id else None

    def first(self, key: str) -> Version | None:
        """Return the oldest version of a key, or None."""
        return self.firsts(key).get(key)

    def firsts(self, prefix: str, delimiter: str = "/") -> dict[str, Version]:
        """Return the oldest version of each key with a prefix, without those behind a further delimiter."""
        with self._asking(f"list {self.uri}/{prefix}"):
            # S3 lists the versions of a key newest first, so the last one stays.
            return {version.key: version for version in self._versions(prefix, delimiter)}

    def find(self, key: str, sha256: str) -> StoredObject | None:
        """Return the oldest version of a key that has this content, or None."""
        with self._asking(f"read {self.uri}/{key}"):
            return self._equal(key, sha256, None)[0]

    def facts(self, version: Version) -> StoredObject:
        """Return a version with the SHA-256 that S3 keeps of it.

        Raises:
            StorageError: It is gone, or was written without a SHA-256.
        """
        with self._asking(f"read {self.uri}/{version.key}"):
            answer = self._head(version.key, version.version_id)
        return self._described(version, answer)

    def get(self, key: str, version_id: str, sha256: str | None = None, limit: int = MAX_READ_BYTES) -> bytes:
        """Return the content of a version, verified.

        Args:
            key: The key.
            version_id: The version.
            sha256: What its SHA-256 must be; None = what S3 keeps of it.
            limit: Most bytes that are read.

        Raises:
            StorageError: It is gone, longer than the limit, or differs.
        """
        blocks: list[bytes] = []
        self._read(key, version_id, sha256, limit, blocks.append, blocks.clear)
        return b"".join(blocks)

    def download(self, stored: StoredObject, target: Path) -> None:
        """Write the content of a version to a new file, verified and read-only.

        Raises:
            StorageError: It is gone or differs; the file is not there.
            OSError: The disk refused; the file is not there.
        """
        with open(target, "xb") as file:
            try:

                def again() -> None:
                    file.seek(0)
                    file.truncate()

                self._read(stored.key, stored.version_id, stored.sha256, stored.bytes, file.write, again)
            except BaseException:
                target.unlink()
                raise
        target.chmod(0o444)

    def delete(self, key: str, version_id: str) -> None:
        """Delete a version of something unfinished, which nothing refers to.

        Raises:
            StorageError: It is locked, or the role may not.
        """
        with self._asking(f"delete {self.uri}/{key}"):
            self._s3.delete_object(**self._place, Key=key, VersionId=version_id)

    @property
    def _s3(self) -> Any:
        return self.session.client("s3")

    @contextmanager
    def _asking(self, act: str) -> Iterator[None]:
        from botocore.exceptions import ClientError

        with self.session.asking(act, StorageError):
            try:
                yield
            except ClientError as refusal:
                if code_of(refusal) == "NoSuchBucket":
                    raise StorageError(
                        f"bucket {self.name} does not exist", action="create it, or correct its name in .env"
                    ) from refusal
                if code_of(refusal) in _GONE:
                    raise StorageError(
                        f"could not {act}: the object is gone", action="restore it, or find out who deleted it"
                    ) from refusal
                raise

    def _versions(self, prefix: str, delimiter: str) -> Iterator[Version]:
        pages = self._s3.get_paginator("list_object_versions")
        for page in pages.paginate(**self._place, Prefix=prefix, Delimiter=delimiter):
            for entry in page.get("Versions", []):
                yield Version(entry["Key"], entry["VersionId"], entry["Size"])

    def _equal(self, key: str, sha256: str, token: str | None) -> tuple[StoredObject | None, int]:
        """Return the oldest version with that content (and token), and how many versions there are."""
        versions = [version for version in self._versions(key, "/") if version.key == key]
        for version in reversed(versions):
            answer = self._head(key, version.version_id)
            same_writer = token is None or answer.get("Metadata", {}).get("token") == token
            if sha256_of(answer) == sha256 and same_writer:
                return self._described(version, answer), len(versions)
        return None, len(versions)

    def _head(self, key: str, version_id: str) -> dict[str, Any]:
        answer: dict[str, Any] = self._s3.head_object(
            **self._place, Key=key, VersionId=version_id, ChecksumMode="ENABLED"
        )
        return answer

    def _described(self, version: Version, answer: dict[str, Any]) -> StoredObject:
        sha256 = sha256_of(answer)
        if sha256 is None:
            raise StorageError(
                f"{self.uri}/{version.key} was written without a SHA-256, so not by this product",
                action="find out who wrote it",
            )
        return StoredObject(self.name, version.key, version.version_id, answer["ContentLength"], sha256)

    def _read(self, key: str, version_id: str, sha256: str | None, limit: int, take: Any, again: Any) -> None:
        """Stream a version through its SHA-256; a connection that breaks half-way is opened again."""
        from botocore.exceptions import HTTPClientError, IncompleteReadError

        with self._asking(f"read {self.uri}/{key}"):
            for number in range(_TRIES):
                try:
                    self._read_once(key, version_id, sha256, limit, take)
                    return
                except (HTTPClientError, IncompleteReadError):
                    if number == _TRIES - 1:
                        raise
                    again()

    def _read_once(self, key: str, version_id: str, sha256: str | None, limit: int, take: Any) -> None:
        from botocore.exceptions import FlexibleChecksumError

        answer = self._s3.get_object(**self._place, Key=key, VersionId=version_id, ChecksumMode="ENABLED")
        digest, size, expected = hashlib.sha256(), 0, sha256 or sha256_of(answer)
        with answer["Body"] as body:
            try:
                while answer["ContentLength"] <= limit and (block := body.read(_BLOCK)):
                    digest.update(block)
                    size += len(block)
                    take(block)
            except FlexibleChecksumError:
                expected = None
        if expected is None or digest.hexdigest() != expected or size != answer["ContentLength"]:
            raise StorageError(
                f"{self.uri}/{key} (version {version_id}) differs from its record",
                action="do not use it; find out who wrote it",
            )
