"""Evidence stores: their contract, and the one in a local folder; packages are written once.

Here belongs publishing a package so that a reader sees it whole or not at all. What does not belong here: what is in it
(``evidence.sealing``), the form of its files (``evidence.bag``, ``evidence.verify``), and S3 (``evidence.store_s3``).

A package is staged in a hidden folder beside its place and published by one rename, which is the commit point. A crash
leaves a staging folder that no reader looks at.
"""

import os
import re
import shutil
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import unquote, urlsplit
from uuid import uuid4

from soxauto_assets.canonical import canonical_json, sha256_hex
from soxauto_assets.catalog.model import ITEM_ID
from soxauto_assets.errors import NotVerified, SoxautoError, StorageError
from soxauto_assets.evidence.bag import write_bag, write_file
from soxauto_assets.evidence.envelope import parse_envelope
from soxauto_assets.evidence.form import (
    INFO,
    MANIFEST,
    PATH,
    SEAL,
    SIGNATURE,
    STATEMENT,
    TAGMANIFEST,
    Fault,
    FileFact,
    info_bytes,
    parse_canonical,
    seal_bytes,
)
from soxauto_assets.evidence.verify import verify_package
from soxauto_assets.numbered import sync_folder

# Gives the tag files that a signed statement adds to its package, by name.
Sign = Callable[[bytes], Mapping[str, bytes]]

_PERIOD = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])")
_ATTEMPT = re.compile(r"attempt-(0{0,3}[1-9][0-9]*)")


class AttemptExists(StorageError):
    """Another run sealed this attempt first."""


@dataclass(frozen=True)
class SealedPackage:
    """A package in a store.

    Attributes:
        uri: Where it is: its folder (``file:``), or the object that commits it (``s3:``).
        item: Item id.
        period: Period key.
        attempt: Attempt number, from 1.
        seal_sha256: SHA-256 of its seal.
        version_id: Version of the object that commits it, in S3.
    """

    uri: str
    item: str
    period: str
    attempt: int
    seal_sha256: str
    version_id: str | None = None


class EvidenceStore(Protocol):
    """Evidence packages: each is there as a whole or not at all, and never changes."""

    @property
    def uri(self) -> str:
        """What every package's URI begins with."""

    def write(
        self,
        item: str,
        period: str,
        attempt: int,
        payload: Mapping[str, bytes | Path],
        statement: Mapping[str, Any],
        bag_info: Mapping[str, str],
        sign: Sign | None = None,
    ) -> SealedPackage:
        """Publish a package.

        Args:
            item: Item id.
            period: Period key.
            attempt: Attempt number.
            payload: Content by path below ``data/``; a path is copied.
            statement: in-toto statement; manifest and ``bag-info.txt`` are put before its subjects.
            bag_info: Labels and values of ``bag-info.txt``.
            sign: Signs the statement; None = the package is not signed.

        Raises:
            AttemptExists: The attempt is there already.
            SigningError: The key refused.
            StorageError: The store refused, an id, path or label has no valid form, or the package would not verify; no
                reader sees a part of it. Where only the last answer was lost, the next call finds the attempt.
        """

    def attempts(self, item: str, period: str) -> list[SealedPackage]:
        """Return the sealed packages of an item and period in order of attempt.

        Raises:
            StorageError: An id has no valid form, or the store cannot be read.
        """

    def newest(self, item: str, period: str) -> SealedPackage | None:
        """Return the newest sealed package, or None."""

    def read(self, package: SealedPackage, name: str) -> bytes:
        """Return the bytes of a file of a package, by its path within it.

        Raises:
            StorageError: The path has no valid form, or the file cannot be read.
        """

    def statement(self, package: SealedPackage) -> dict[str, Any]:
        """Return a package's statement.

        Raises:
            NotVerified: It is no JSON object in canonical form.
            StorageError: It cannot be read.
        """

    def folder(self, package: SealedPackage) -> Path:
        """Return a local folder with the package's files, to be read only.

        Raises:
            StorageError: The files cannot be fetched.
        """


class LocalEvidenceStore:
    """Evidence packages under ``<root>/<item>/<period>/attempt-0001``.

    Args:
        root: The folder of the packages.
    """

    def __init__(self, root: Path):
        self.root = root

    @property
    def uri(self) -> str:
        """See :attr:`EvidenceStore.uri`."""
        return self.root.absolute().as_uri()

    def write(
        self,
        item: str,
        period: str,
        attempt: int,
        payload: Mapping[str, bytes | Path],
        statement: Mapping[str, Any],
        bag_info: Mapping[str, str],
        sign: Sign | None = None,
    ) -> SealedPackage:
        """See :meth:`EvidenceStore.write`; nothing half written remains."""
        folder = self.root / package_path(item, period, attempt).rpartition("/")[0]
        target = folder / attempt_name(attempt)
        with naming(item, period):
            _require_free(target)
            with staging(folder) as staged:
                facts = stage(staged, payload, statement, bag_info, sign)
                _publish(staged, target)
                for parent in (folder, folder.parent, self.root, self.root.parent):
                    sync_folder(parent)
        return SealedPackage(target.absolute().as_uri(), item, period, attempt, facts[SEAL].sha256)

    def attempts(self, item: str, period: str) -> list[SealedPackage]:
        """See :meth:`EvidenceStore.attempts`."""
        folder = self.root / period_path(item, period)
        found = []
        with naming(item, period, "read"):
            for path in folder.iterdir() if folder.is_dir() else []:
                attempt = attempt_of(path.name)
                if attempt and (path / SEAL).is_file():
                    seal = sha256_hex((path / SEAL).read_bytes())
                    found.append(SealedPackage(path.absolute().as_uri(), item, period, attempt, seal))
        return sorted(found, key=lambda package: package.attempt)

    def newest(self, item: str, period: str) -> SealedPackage | None:
        """See :meth:`EvidenceStore.newest`."""
        return next(reversed(self.attempts(item, period)), None)

    def read(self, package: SealedPackage, name: str) -> bytes:
        """See :meth:`EvidenceStore.read`."""
        require_path(name)
        with naming(package.item, package.period, "read"):
            return (self.folder(package) / name).read_bytes()

    def statement(self, package: SealedPackage) -> dict[str, Any]:
        """See :meth:`EvidenceStore.statement`."""
        return parse_statement(package, self.read(package, STATEMENT))

    def folder(self, package: SealedPackage) -> Path:
        """See :meth:`EvidenceStore.folder`; it is the package itself."""
        path = local_path(package.uri)
        if path is None:
            raise StorageError(
                f"{package.uri} is not in this store", action="use the settings of the environment that sealed it"
            )
        return path


def local_path(uri: str) -> Path | None:
    """Return the path of a ``file:`` URI; None for another one."""
    parts = urlsplit(uri)
    return Path(unquote(parts.path)) if parts.scheme == "file" else None


def period_path(item: str, period: str) -> str:
    """Return ``<item>/<period>`` for valid ids.

    Raises:
        StorageError: An id has another form, so that it could lead out of the store.
    """
    if not ITEM_ID.fullmatch(item) or not _PERIOD.fullmatch(period):
        raise StorageError("the item or period id has no valid form", action="use the ids that 'soxauto items' lists")
    return f"{item}/{period}"


def package_path(item: str, period: str, attempt: int) -> str:
    """Return ``<item>/<period>/attempt-0001`` for valid ids and an attempt from 1 on.

    Raises:
        StorageError: An id has another form, or the number is none.
    """
    folder = period_path(item, period)
    if attempt < 1:
        raise StorageError(f"{attempt} is no attempt number", action="count attempts from 1", item=item, period=period)
    return f"{folder}/{attempt_name(attempt)}"


def attempt_name(attempt: int) -> str:
    """Return ``attempt-0001``."""
    return f"attempt-{attempt:04d}"


def attempt_of(name: str) -> int | None:
    """Return the number of an attempt by its name; None for a name of another form."""
    match = _ATTEMPT.fullmatch(name)
    return int(match.group(1)) if match and name == attempt_name(int(match.group(1))) else None


def require_path(name: str) -> None:
    """Refuse a path that no package may hold.

    Raises:
        StorageError: It has no valid form.
    """
    if not PATH.fullmatch(name):
        raise StorageError(f"{name!r} is no path a package may hold", action="give a path of its manifest")


def parse_statement(package: SealedPackage, text: bytes) -> dict[str, Any]:
    """Return the statement of a package; see :meth:`EvidenceStore.statement`."""
    try:
        value = parse_canonical(text, STATEMENT)
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


def signers_of(store: EvidenceStore, package: SealedPackage) -> list[str]:
    """Return the ids of the keys that signed a package; none where it is not signed.

    Raises:
        NotVerified: The signature has no valid form.
        StorageError: It cannot be read.
    """
    if f"  {SIGNATURE}\n" not in store.read(package, TAGMANIFEST).decode("utf-8", "replace"):
        return []
    try:
        return [signature.key_id for signature in parse_envelope(store.read(package, SIGNATURE))[1]]
    except Fault as error:
        raise NotVerified(
            f"the signature of attempt {package.attempt} does not hold: {error.text}",
            action="restore the package from its store",
            item=package.item,
            period=package.period,
        ) from error


def stage(
    folder: Path,
    payload: Mapping[str, bytes | Path],
    statement: Mapping[str, Any],
    bag_info: Mapping[str, str],
    sign: Sign | None = None,
) -> dict[str, FileFact]:
    """Write a whole package into an empty folder and verify it.

    Returns:
        Size and SHA-256 of every file by its path from the folder; ``seal.json`` is the last.

    Raises:
        StorageError: A path or label has no valid form, or the package would not verify.
        SigningError: The key refused.
        OSError: The disk refused.
    """

    def tags(manifest: FileFact) -> Mapping[str, bytes]:
        named = {MANIFEST: manifest.sha256, INFO: sha256_hex(info_bytes(bag_info))}
        subjects = [{"name": name, "digest": {"sha256": sha256}} for name, sha256 in named.items()]
        text = canonical_json({**statement, "subject": [*subjects, *statement["subject"]]})
        return {STATEMENT: text, **(sign(text) if sign else {})}

    facts = write_bag(folder, payload, bag_info, tags)
    seal = write_file(folder / SEAL, seal_bytes(facts))
    _require_verified(folder)
    return {**facts, SEAL: seal}


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
def staging(folder: Path) -> Iterator[Path]:
    """Give a hidden folder below a folder, removed at the end whatever happens."""
    staged = folder / f".staging-{uuid4().hex}"
    try:
        staged.mkdir(parents=True)
        yield staged
    finally:
        shutil.rmtree(staged, ignore_errors=True)


@contextmanager
def naming(item: str, period: str, act: str = "written") -> Iterator[None]:
    """Give every refusal its item and period, and turn the operating system's into one of ours."""
    try:
        yield
    except SoxautoError as error:
        raise error.for_item(item, period) from error.__cause__
    except OSError as error:
        raise StorageError(
            f"the evidence package could not be {act} ({error.strerror})",
            action="free disk space or correct the permissions, then run the same command again",
            item=item,
            period=period,
        ) from error
