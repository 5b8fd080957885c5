"""Places in S3 that Athena reads and writes: listing, fetching, reading the end of a file, removing leavings.

Here belongs the engine's own use of S3. What does not belong here: objects that are kept (``aws.objects``).
"""

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from soxauto_assets.aws.session import AwsSession
from soxauto_assets.errors import ExtractionError

_URI = re.compile(r"^s3[an]?://([^/]+)/(.*)$")
_BLOCK = 2**20
MAX_LISTED = 20_000


@dataclass(frozen=True)
class Found:
    """An object as a listing shows it."""

    bucket: str
    key: str
    bytes: int
    etag: str
    written: datetime

    @property
    def uri(self) -> str:
        """Its address."""
        return f"s3://{self.bucket}/{self.key}"


def split(uri: str) -> tuple[str, str]:
    """Return bucket and key of an ``s3://`` address.

    Raises:
        ExtractionError: It is none.
    """
    match = _URI.match(uri)
    if not match:
        raise ExtractionError(f"{uri!r} is no S3 address", action="correct the location in Glue or the settings")
    return match.group(1), match.group(2)


class Places:
    """The engine's reading and cleaning in S3.

    Args:
        session: Credentials and clients.
    """

    def __init__(self, session: AwsSession):
        self._session = session

    def listed(self, uri: str, limit: int = MAX_LISTED) -> list[Found]:
        """Return the objects below an address, at most ``limit`` and one more, so that the caller sees that there are more."""
        bucket, prefix = split(uri)
        found: list[Found] = []
        with self._session.asking(f"list {uri}"):
            pages = self._session.client("s3").get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
            for page in pages:
                for entry in page.get("Contents", []):
                    found.append(
                        Found(bucket, entry["Key"], entry["Size"], entry["ETag"].strip('"'), entry["LastModified"])
                    )
                if len(found) > limit:
                    return found[: limit + 1]
        return found

    def read(self, uri: str) -> bytes:
        """Return a small object: a manifest."""
        bucket, key = split(uri)
        with self._session.asking(f"read {uri}"):
            content: bytes = self._session.client("s3").get_object(Bucket=bucket, Key=key)["Body"].read()
        return content

    def fetch(self, found: Found, target: Path) -> dict[str, Any]:
        """Copy an object to disk, in blocks, if it is still the one that was listed; return its facts.

        Raises:
            ExtractionError: It is gone, was replaced, or arrived short.
        """
        with self._session.asking(f"fetch {found.uri}"):
            answer = self._session.client("s3").get_object(
                Bucket=found.bucket, Key=found.key, IfMatch=f'"{found.etag}"'
            )
            with open(target, "xb") as file:
                for block in answer["Body"].iter_chunks(_BLOCK):
                    file.write(block)
        if target.stat().st_size != found.bytes:
            raise ExtractionError(f"{found.uri} arrived short", action="start again")
        version = answer.get("VersionId")
        return {
            "uri": found.uri,
            "bytes": found.bytes,
            "etag": found.etag,
            **({"version_id": version} if version else {}),
        }

    def remove(self, uri: str) -> int:
        """Delete what lies below an address; return how many objects that were."""
        bucket, _ = split(uri)
        keys = [{"Key": found.key} for found in self.listed(uri)]
        with self._session.asking(f"clean {uri}"):
            for start in range(0, len(keys), 1000):
                self._session.client("s3").delete_objects(
                    Bucket=bucket, Delete={"Objects": keys[start : start + 1000], "Quiet": True}
                )
        return len(keys)

    def ranged(self, found: Found) -> "RangedFile":
        """Return an object as a file that fetches only the parts that are read: for the footer of a Parquet file."""
        return RangedFile(self._session, found)


class RangedFile(io.RawIOBase):
    """An S3 object as a seekable file; each read is one ranged request."""

    def __init__(self, session: AwsSession, found: Found):
        self._session = session
        self._found = found
        self._at = 0

    def readable(self) -> bool:
        """It can be read."""
        return True

    def seekable(self) -> bool:
        """It can be positioned."""
        return True

    def tell(self) -> int:
        """Return the position."""
        return self._at

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Set the position."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._found.bytes}[whence]
        self._at = base + offset
        return self._at

    def read(self, size: int = -1) -> bytes:
        """Return the next bytes."""
        end = self._found.bytes if size < 0 else min(self._at + size, self._found.bytes)
        if end <= self._at:
            return b""
        with self._session.asking(f"read a part of {self._found.uri}"):
            answer = self._session.client("s3").get_object(
                Bucket=self._found.bucket, Key=self._found.key, Range=f"bytes={self._at}-{end - 1}"
            )
            content: bytes = answer["Body"].read()
        self._at += len(content)
        return content


def visible(found: list[Found]) -> Iterator[Found]:
    """Yield the objects that Athena reads: it passes over names that begin with ``_`` or ``.``, and folders' markers."""
    for entry in found:
        if entry.bytes and not entry.key.rsplit("/", 1)[-1].startswith(("_", ".")):
            yield entry
