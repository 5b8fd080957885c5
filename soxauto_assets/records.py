"""Records: small canonical JSON files, numbered, written once.

Here belongs the append-only log of an item and a period (extraction records, failures, heartbeats) and the log of human
acts. What does not belong here: datasets and evidence packages, which have stores of their own, and what an act changes.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

from soxauto_assets.canonical import canonical_json, read_json
from soxauto_assets.catalog.model import ITEM_ID
from soxauto_assets.errors import StorageError

_PERIOD = re.compile(r"^\d{4}-(0[1-9]|1[0-2])$")
_NAME = re.compile(r"^(\d{4,})\.json$")


def item_folder(root: Path, item: str, period: str) -> Path:
    """Return ``<root>/<item>/<period>`` for valid ids.

    Raises:
        StorageError: An id has another form, so that it could lead out of the root.
    """
    if not ITEM_ID.fullmatch(item) or not _PERIOD.fullmatch(period):
        raise StorageError("the item or period id has no valid form", action="use the ids that 'soxauto items' lists")
    return root / item / period


class RecordLog:
    """One kind of record under a folder of its own.

    Args:
        root: The folder; ``<root>/<item>/<period>/0001.json`` and so on.
    """

    def __init__(self, root: Path):
        self.root = root

    def append(self, item: str, period: str, value: Mapping[str, Any]) -> int:
        """Write the next record and return its ordinal; an existing record is never touched.

        Raises:
            StorageError: The disk refused; nothing half written remains.
        """
        try:
            return _append(item_folder(self.root, item, period), value)
        except StorageError as error:
            raise error.for_item(item, period) from error.__cause__

    def all(self, item: str, period: str) -> list[dict[str, Any]]:
        """Return the records in order; each carries its ``ordinal``."""
        return _read_all(item_folder(self.root, item, period))


@dataclass(frozen=True)
class Act:
    """What a person decided, and about what.

    Attributes:
        act: What was done, for example ``confirm_binding``.
        subject_kind: What it was done to, for example ``binding``.
        subject: Its name.
        digest: SHA-256 of the subject as it is after the act, so that a later change shows.
        person: Who says so.
        reason: Why, in the person's words; None where the act asks for none.
        time: When, UTC.
        performed_by: The operating system's user and, in AWS, the caller that STS names.
        details: What the digest is of, and what else a reader needs.
    """

    act: str
    subject_kind: str
    subject: str
    digest: str
    person: str
    reason: str | None
    time: datetime
    performed_by: Mapping[str, str]
    details: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return the act for its record. No key signs it yet, and the record says so."""
        return {
            "act": self.act,
            "subject": {"kind": self.subject_kind, "name": self.subject, "sha256": self.digest},
            "person": self.person,
            "reason": self.reason,
            "time": self.time.astimezone(UTC).isoformat(timespec="milliseconds"),
            "performed_by": dict(self.performed_by),
            "key": None,
            "signature": "unsigned",
            "details": dict(self.details),
        }


class ActLog:
    """The human acts of a deployment, in order: ``<root>/0001.json`` and so on.

    Args:
        root: The folder.
    """

    def __init__(self, root: Path):
        self.root = root

    def append(self, act: Act) -> int:
        """Write the next act and return its ordinal; an existing record is never touched.

        Raises:
            StorageError: The disk refused; nothing half written remains.
        """
        return _append(self.root, act.to_json())

    def all(self) -> list[dict[str, Any]]:
        """Return the acts in order; each carries its ``ordinal``."""
        return _read_all(self.root)


def _append(folder: Path, value: Mapping[str, Any]) -> int:
    try:
        folder.mkdir(parents=True, exist_ok=True)
        staged = folder / f".{uuid4().hex}"
        try:
            with open(staged, "xb") as file:
                file.write(canonical_json(dict(value)))
                file.flush()
                os.fsync(file.fileno())
            return _publish(staged, folder)
        finally:
            staged.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(
            f"a record could not be written ({error.strerror})",
            action="free disk space or correct the permissions, then run the same command again",
        ) from error


def _publish(staged: Path, folder: Path) -> int:
    ordinal = len(_ordinals(folder)) + 1
    while True:
        try:
            os.link(staged, folder / f"{ordinal:04d}.json")
            sync_folder(folder)
            return ordinal
        except FileExistsError:
            ordinal += 1


def _read_all(folder: Path) -> list[dict[str, Any]]:
    return [
        {**read_json((folder / f"{ordinal:04d}.json").read_bytes()), "ordinal": ordinal}
        for ordinal in _ordinals(folder)
    ]


def _ordinals(folder: Path) -> list[int]:
    if not folder.is_dir():
        return []
    return sorted(int(match.group(1)) for path in folder.iterdir() if (match := _NAME.match(path.name)))


def sync_folder(folder: Path) -> None:
    """Flush a folder's entries to the disk, so that a new name survives a crash."""
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
