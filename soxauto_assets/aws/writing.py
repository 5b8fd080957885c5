"""Writing one version of an object in S3: in one put, or in parts.

Here belongs how bytes, checksum, encryption and lock reach S3. What does not belong here: what it means that the key is there
already (``aws.objects``).
"""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from soxauto_assets.aws.versions import Lock, base64_of
from soxauto_assets.errors import StorageError

# S3 takes 5 GB in one put; above this size a broken connection costs more than the composite checksum of parts.
SINGLE_PUT_BYTES = 2**30
# At most 10,000 parts, so 640 GB; one part is held in memory.
PART_BYTES = 64 * 2**20
_STRENGTH = {None: 0, "GOVERNANCE": 1, "COMPLIANCE": 2}


class Writer:
    """Writes versions into a bucket; its methods raise what botocore raises.

    Args:
        client: Gives the S3 client.
        place: Arguments that name the bucket and, where asked, its owner.
        kms_key: Key that new objects are encrypted with; None = the bucket's default.
        single_put_bytes: Largest file that is written in one put.
        part_bytes: Size of the parts of larger files.
    """

    def __init__(
        self,
        client: Callable[[], Any],
        place: dict[str, str],
        kms_key: str | None,
        single_put_bytes: int = SINGLE_PUT_BYTES,
        part_bytes: int = PART_BYTES,
    ):
        self._client, self._place, self._kms_key = client, place, kms_key
        self._single_put_bytes, self._part_bytes = single_put_bytes, part_bytes

    @property
    def _s3(self) -> Any:
        return self._client()

    def create(self, key: str, content: bytes | Path, sha256: str, lock: Lock | None, token: str | None) -> str:
        """Write one version in one step, if there is none; return its id."""
        options = self._options(lock, {"token": token} if token else {})
        if isinstance(content, bytes):
            return self._single(key, content, sha256, options)
        with open(content, "rb") as file:
            if content.stat().st_size <= self._single_put_bytes:
                return self._single(key, file, sha256, options)
            return self._multipart(key, file, sha256, lock, token)

    def _options(self, lock: Lock | None, metadata: dict[str, str]) -> dict[str, Any]:
        options: dict[str, Any] = {**self._place, "Metadata": metadata}
        if self._kms_key:
            options |= {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": self._kms_key}
        if lock:
            options |= {"ObjectLockMode": lock.mode, "ObjectLockRetainUntilDate": lock.until}
        return options

    def _single(self, key: str, body: bytes | BinaryIO, sha256: str, options: dict[str, Any]) -> str:
        answer = self._s3.put_object(**options, Key=key, Body=body, IfNoneMatch="*", ChecksumSHA256=base64_of(sha256))
        return str(answer["VersionId"])

    def _multipart(self, key: str, file: BinaryIO, sha256: str, lock: Lock | None, token: str | None) -> str:
        """Write a large file in parts. S3 then keeps a checksum of checksums, so the SHA-256 goes into the metadata."""
        options = self._options(lock, {"sha256": sha256, **({"token": token} if token else {})})
        upload = self._s3.create_multipart_upload(**options, Key=key, ChecksumAlgorithm="SHA256")["UploadId"]
        place = {**self._place, "Key": key, "UploadId": upload}
        try:
            parts: list[dict[str, Any]] = []
            whole = hashlib.sha256()
            while block := file.read(self._part_bytes):
                whole.update(block)
                part = {"PartNumber": len(parts) + 1, "ChecksumSHA256": base64_of(hashlib.sha256(block).hexdigest())}
                parts.append({**part, "ETag": self._s3.upload_part(**place, **part, Body=block)["ETag"]})
            if whole.hexdigest() != sha256:
                raise StorageError(f"the file of {key} changed while it was written", action="start again")
            answer = self._s3.complete_multipart_upload(**place, MultipartUpload={"Parts": parts}, IfNoneMatch="*")
        except BaseException:
            self._abort(place)
            raise
        version = str(answer["VersionId"])
        self.strengthen(key, version, lock)
        return version

    def _abort(self, place: dict[str, Any]) -> None:
        """Take back what was uploaded; where that fails, the bucket's lifecycle rule does it later."""
        from botocore.exceptions import BotoCoreError, ClientError

        try:
            self._s3.abort_multipart_upload(**place)
        except (BotoCoreError, ClientError):
            return

    def strengthen(self, key: str, version_id: str, lock: Lock | None) -> None:
        """Lock a version that is there at least as strongly as asked."""
        if lock is None:
            return
        answer = self._s3.head_object(**self._place, Key=key, VersionId=version_id)
        mode, until = answer.get("ObjectLockMode"), answer.get("ObjectLockRetainUntilDate")
        if _STRENGTH[mode] < _STRENGTH[lock.mode] or until is None or until < lock.until:
            stronger = max((mode, lock.mode), key=lambda name: _STRENGTH[name])
            retention = {"Mode": stronger, "RetainUntilDate": max(until or lock.until, lock.until)}
            self._s3.put_object_retention(**self._place, Key=key, VersionId=version_id, Retention=retention)
