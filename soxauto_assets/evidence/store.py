"""The evidence store: packages in a local folder, written once.

Here belongs publishing a package so that a reader sees it whole or not at all. What does not belong here: what is in it
(``evidence.sealing``), and the form of its files (``evidence.bag``, ``evidence.verify``).

A package is staged in a hidden folder beside its place and published by one rename, which is the commit point. A crash
leaves a staging folder that no reader looks at.
"""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

from soxauto_assets.canonical import canonical_json, sha256_hex
from soxauto_assets.catalog.model import ITEM_ID
from soxauto_assets.errors import NotVerified, StorageError
from soxauto_assets.evidence.bag import write_bag, write_file
from soxauto_assets.evidence.verify import (
    MANIFEST,
    PATH,
    SEAL,
    STATEMENT,
    Fault,
    FileFact,
    parse_canonical,
    seal_bytes,
    verify_package,
)
from soxauto_assets.records import sync_folder

_PERIOD = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_ATTEMPT = re.compile(r"attempt-(0{0,3}[1-9][0-9]*)")


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
        root: The folder of the packages.
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
            statement: in-toto statement; the manifest is put before its subjects.
            bag_info: Labels and values of ``bag-info.txt``.

        Raises:
            AttemptExists: The attempt is there already.
            StorageError: The disk refused, an id, path or label has no valid form, or the package would not verify; nothing
                half written remains. Where only the last flush failed, the next call finds the attempt.
        """
        folder = self._folder(item, period)
        if attempt < 1:
            raise StorageError(
                f"{attempt} is no attempt number", action="count attempts from 1", item=item, period=period
            )
        target = folder / _attempt_name(attempt)
        with _naming(item, period):
            _require_free(target)
            with _staging(folder) as staged:
                facts = write_bag(
                    staged, payload, bag_info, lambda manifest: {STATEMENT: _statement_bytes(statement, manifest)}
                )
                seal = write_file(staged / SEAL, seal_bytes(facts))
                _require_verified(staged)
                _publish(staged, target)
                for parent in (folder, folder.parent, self.root, self.root.parent):
                    sync_folder(parent)
        return SealedPackage(target, item, period, attempt, seal.sha256)

    def attempts(self, item: str, period: str) -> list[SealedPackage]:
        """Return the sealed packages of an item and period in order of attempt.

        Raises:
            StorageError: An id has no valid form, or the store cannot be read.
        """
        folder = self._folder(item, period)
        found = []
        with _naming(item, period, "read"):
            for path in folder.iterdir() if folder.is_dir() else []:
                match = _ATTEMPT.fullmatch(path.name)
                if match and path.name == _attempt_name(int(match.group(1))) and (path / SEAL).is_file():
                    seal = sha256_hex((path / SEAL).read_bytes())
                    found.append(SealedPackage(path, item, period, int(match.group(1)), seal))
        return sorted(found, key=lambda package: package.attempt)

    def newest(self, item: str, period: str) -> SealedPackage | None:
        """Return the newest sealed package, or None."""
        return next(reversed(self.attempts(item, period)), None)

    @staticmethod
    def read(package: SealedPackage, name: str) -> bytes:
        """Return the bytes of a file of a package, by its path within it.

        Raises:
            StorageError: The path has no valid form, or the file cannot be read.
        """
        if not PATH.fullmatch(name):
            raise StorageError(f"{name!r} is no path a package may hold", action="give a path of its manifest")
        with _naming(package.item, package.period, "read"):
            return (package.path / name).read_bytes()

    def statement(self, package: SealedPackage) -> dict[str, Any]:
        """Return a package's statement.

        Raises:
            NotVerified: It is no JSON object in canonical form.
            StorageError: It cannot be read.
        """
        try:
            value = parse_canonical(self.read(package, STATEMENT), STATEMENT)
            if isinstance(value, dict):
                return value
        except Fault:
            pass
        raise NotVerified(
            f"the statement of attempt {package.attempt} is damaged",
            action="restore the package from its store",
            item=package.item,
            period=package.period,
        )

    def _folder(self, item: str, period: str) -> Path:
        if not ITEM_ID.fullmatch(item) or not _PERIOD.fullmatch(period):
            raise StorageError(
                "the item or period id has no valid form", action="use the ids that 'soxauto items' lists"
            )
        return self.root / item / period


def _attempt_name(attempt: int) -> str:
    return f"attempt-{attempt:04d}"


def _statement_bytes(statement: Mapping[str, Any], manifest: FileFact) -> bytes:
    subject = {"name": MANIFEST, "digest": {"sha256": manifest.sha256}}
    return canonical_json({**statement, "subject": [subject, *statement["subject"]]})


def _require_free(target: Path) -> None:
    """Refuse a place that is taken; one without a seal is no attempt, so comparing with it would lead nowhere."""
    if (target / SEAL).is_file():
        number = int(target.name.removeprefix("attempt-"))
        raise AttemptExists(f"attempt {number} was sealed by another run", action="compare with it")
    if target.is_symlink() or target.exists():
        raise StorageError(
            f"{target.name} is in the way: it holds no seal, so it is no package",
            action="find out who made it and move it elsewhere, then run the same command again",
        )


def _require_verified(staged: Path) -> None:
    """Refuse to publish what the verifier would reject; it also reads back what was written."""
    faults = [layer.text for layer in verify_package(staged).layers if layer.status == "fail"]
    if faults:
        raise StorageError(f"the package would not verify: {faults[0]}", action="correct what is sealed")


def _publish(staged: Path, target: Path) -> None:
    for folder, _, _ in os.walk(staged):
        sync_folder(Path(folder))
    try:
        staged.rename(target)
    except OSError:
        _require_free(target)
        raise


@contextmanager
def _staging(folder: Path) -> Iterator[Path]:
    staged = folder / f".staging-{uuid4().hex}"
    try:
        staged.mkdir(parents=True)
        yield staged
    finally:
        shutil.rmtree(staged, ignore_errors=True)


@contextmanager
def _naming(item: str, period: str, act: str = "written") -> Iterator[None]:
    """Give every refusal its item and period, and turn the operating system's into one of ours."""
    try:
        yield
    except StorageError as error:
        raise error.for_item(item, period) from error.__cause__
    except OSError as error:
        raise StorageError(
            f"the evidence package could not be {act} ({error.strerror})",
            action="free disk space or correct the permissions, then run the same command again",
            item=item,
            period=period,
        ) from error
