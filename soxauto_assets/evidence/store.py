"""The evidence store: packages in a local folder, written once.

Here belongs publishing a package so that a reader sees it whole or not at all. What does not belong here: what is in it
(``evidence.sealing``).

A package is staged in a hidden folder beside its place and published by one rename, which is the commit point. A crash
leaves a staging folder that no reader looks at.
"""

import hashlib
import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from soxauto_assets.canonical import canonical_json, read_json, sha256_hex
from soxauto_assets.errors import StorageError
from soxauto_assets.evidence.verify import (
    BAGIT_TEXT,
    TAG_FILES,
    FileFact,
    manifest_bytes,
    seal_bytes,
)
from soxauto_assets.records import item_folder

_ATTEMPT = re.compile(r"^attempt-(\d{4,})$")
_PAYLOAD = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$")


class AttemptExists(StorageError):
    """Another run sealed this attempt first."""


@dataclass(frozen=True)
class SealedPackage:
    """A package in the store.

    Attributes:
        path: Its folder.
        item: Item id.
        period: Period key.
        attempt: Attempt number, from 1.
        seal_sha256: SHA-256 of its seal.
    """

    path: Path
    item: str
    period: str
    attempt: int
    seal_sha256: str


class LocalEvidenceStore:
    """Evidence packages under ``<root>/<item>/<period>/attempt-0001``.

    Args:
        root: The folder.
    """

    def __init__(self, root: Path):
        self.root = root

    def write(
        self,
        item: str,
        period: str,
        attempt: int,
        payload: Mapping[str, bytes | Path],
        statement: Mapping[str, Any],
        bag_info: Mapping[str, str],
    ) -> SealedPackage:
        """Publish a package.

        Args:
            item: Item id.
            period: Period key.
            attempt: Attempt number.
            payload: Content by path below ``data/``; a path is copied.
            statement: in-toto statement; the manifest is added to its subjects.
            bag_info: Labels and values of ``bag-info.txt``.

        Raises:
            AttemptExists: The attempt is there already.
            StorageError: The disk refused, or an id or path has no valid form; nothing appears.
        """
        if bad := [name for name in payload if not _PAYLOAD.match(name)]:
            raise StorageError(f"{bad[0]!r} is no path a package may hold", action="correct the payload", item=item)
        folder = item_folder(self.root, item, period)
        target = folder / f"attempt-{attempt:04d}"
        with _staging(folder, item, period) as staged:
            facts = {f"data/{name}": _put(staged / "data" / name, content) for name, content in payload.items()}
            _put_tags(staged, facts, statement, bag_info)
            seal = seal_bytes(facts)
            _put(staged / "seal.json", seal)
            _sync_folders(staged)
            try:
                staged.rename(target)
            except OSError as error:
                if not target.exists():
                    raise
                raise AttemptExists(
                    f"attempt {attempt} was sealed by another run", action="compare with it", item=item, period=period
                ) from error
            _sync_folder(folder)
        return SealedPackage(target, item, period, attempt, sha256_hex(seal))

    def attempts(self, item: str, period: str) -> list[SealedPackage]:
        """Return the sealed packages of an item and period in order of attempt."""
        folder = item_folder(self.root, item, period)
        found = []
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            match = _ATTEMPT.match(path.name)
            if match and (path / "seal.json").is_file():
                seal = (path / "seal.json").read_bytes()
                found.append(SealedPackage(path, item, period, int(match.group(1)), sha256_hex(seal)))
        return sorted(found, key=lambda package: package.attempt)

    def newest(self, item: str, period: str) -> SealedPackage | None:
        """Return the newest sealed package, or None."""
        return next(reversed(self.attempts(item, period)), None)

    @staticmethod
    def read(package: SealedPackage, name: str) -> bytes:
        """Return the bytes of a file of a package, by its path within it."""
        return (package.path / name).read_bytes()

    def statement(self, package: SealedPackage) -> dict[str, Any]:
        """Return a package's statement."""
        value: dict[str, Any] = read_json(self.read(package, "statement.json"))
        return value


def _put_tags(
    staged: Path, facts: dict[str, FileFact], statement: Mapping[str, Any], bag_info: Mapping[str, str]
) -> None:
    """Write the tag files and add them to the facts."""
    manifest = manifest_bytes({path: fact.sha256 for path, fact in facts.items()})
    subject = {"name": "manifest-sha256.txt", "digest": {"sha256": sha256_hex(manifest)}}
    texts = {
        "bagit.txt": BAGIT_TEXT,
        "bag-info.txt": "".join(f"{label}: {value}\n" for label, value in bag_info.items()).encode(),
        "manifest-sha256.txt": manifest,
        "statement.json": canonical_json({**statement, "subject": [subject, *statement["subject"]]}),
    }
    for name in TAG_FILES:
        facts[name] = _put(staged / name, texts[name])
    tags = manifest_bytes({name: facts[name].sha256 for name in TAG_FILES})
    facts["tagmanifest-sha256.txt"] = _put(staged / "tagmanifest-sha256.txt", tags)


@contextmanager
def _staging(folder: Path, item: str, period: str) -> Iterator[Path]:
    staged = folder / f".staging-{uuid4().hex}"
    try:
        staged.mkdir(parents=True)
        yield staged
    except OSError as error:
        raise StorageError(
            f"the evidence package could not be written ({error.strerror})",
            action="free disk space or correct the permissions, then run the same command again",
            item=item,
            period=period,
        ) from error
    finally:
        shutil.rmtree(staged, ignore_errors=True)


def _put(path: Path, content: bytes | Path) -> FileFact:
    """Write a file, read-only and flushed to disk, and return what was written."""
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with open(path, "xb") as file:
        for block in [content] if isinstance(content, bytes) else _blocks(content):
            file.write(block)
            digest.update(block)
            size += len(block)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(0o444)
    return FileFact(size, digest.hexdigest())


def _blocks(path: Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while block := file.read(2**20):
            yield block


def _sync_folders(root: Path) -> None:
    for folder, _, _ in os.walk(root):
        _sync_folder(Path(folder))


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
