"""BagIt 1.0 bags: writing one durably, and reading one strictly.

Here belongs putting files into a bag and taking what it says of itself out again. What does not belong here: the form of the
tag files, which is told once, in ``evidence.verify``, so that an auditor can check it with that file alone; and where bags
are kept (``evidence.store``).

The form is narrower than BagIt allows: one algorithm, lower-case digests, sorted lines, LF, names that every file system
reads alike, and no date but one that the caller hands in. So equal content gives an equal bag.
"""

import hashlib
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from soxauto_assets.errors import NotVerified, StorageError
from soxauto_assets.evidence.form import (
    BAGIT,
    BAGIT_TEXT,
    INFO,
    MANIFEST,
    PATH,
    SEAL,
    TAGMANIFEST,
    Bag,
    Fault,
    FileFact,
    check_bag,
    info_bytes,
    manifest_bytes,
    parse_info,
    read_contents,
)

MoreTags = Callable[[FileFact], Mapping[str, bytes]]


def write_bag(
    folder: Path,
    payload: Mapping[str, bytes | Path],
    info: Mapping[str, str],
    more_tags: MoreTags = lambda manifest: {},
) -> dict[str, FileFact]:
    """Write a bag into an empty folder, every file flushed to the disk and read-only.

    Args:
        folder: The folder; it exists.
        payload: Content by POSIX path below ``data/``; a path is copied.
        info: Labels and values of ``bag-info.txt``.
        more_tags: Called with the facts of the payload manifest; gives further tag files by name.

    Returns:
        Size and SHA-256 of every file by its path from the folder.

    Raises:
        StorageError: A payload path or a line of ``bag-info.txt`` has no valid form; nothing was written.
        OSError: The disk refused.
    """
    _require_paths(payload)
    _require_info(info)
    facts = {f"data/{name}": write_file(folder / "data" / name, content) for name, content in payload.items()}
    manifest = manifest_bytes({path: fact.sha256 for path, fact in facts.items()})
    tags = {MANIFEST: write_file(folder / MANIFEST, manifest)}
    texts = {BAGIT: BAGIT_TEXT, INFO: info_bytes(info), **more_tags(tags[MANIFEST])}
    tags |= {name: write_file(folder / name, text) for name, text in texts.items()}
    listed = manifest_bytes({name: fact.sha256 for name, fact in tags.items()})
    return {**facts, **tags, TAGMANIFEST: write_file(folder / TAGMANIFEST, listed)}


def read_bag(folder: Path) -> Bag:
    """Read a bag and check every file and line of it; a seal beside the bag is left to the verifier.

    Raises:
        NotVerified: The folder is no bag, or not one in this form, or cannot be read.
    """
    try:
        return check_bag(read_contents(folder), unlisted=frozenset({SEAL}))
    except (Fault, OSError) as error:
        reason = error.text if isinstance(error, Fault) else f"it cannot be read ({error.strerror})"
        raise NotVerified(f"{folder.name} is no intact bag: {reason}", action="restore it from its store") from error


def write_file(path: Path, content: bytes | Path, mode: int = 0o444) -> FileFact:
    """Write a new file, flushed to the disk and by default read-only, and return what was written.

    Raises:
        OSError: The disk refused, or the file is there already.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    digest, size = hashlib.sha256(), 0
    with open(path, "xb") as file:
        for block in [content] if isinstance(content, bytes) else _blocks(content):
            file.write(block)
            digest.update(block)
            size += len(block)
        file.flush()
        os.fsync(file.fileno())
    path.chmod(mode)
    return FileFact(size, digest.hexdigest())


def _blocks(path: Path) -> Iterator[bytes]:
    with open(path, "rb") as file:
        while block := file.read(2**20):
            yield block


def _require_paths(payload: Mapping[str, bytes | Path]) -> None:
    if not payload:
        raise StorageError("there is no payload", action="give at least one file")
    for name in payload:
        folders = ["/".join(name.split("/")[:depth]) for depth in range(1, name.count("/") + 1)]
        if not PATH.fullmatch(name) or any(folder in payload for folder in folders):
            raise StorageError(f"{name!r} is no path a package may hold", action="correct the payload")


def _require_info(info: Mapping[str, str]) -> None:
    try:
        same = parse_info(info_bytes(info)) == info
    except (Fault, UnicodeEncodeError):
        same = False
    if not same:
        raise StorageError(f"a label or value of {INFO} has no valid form", action="give one line of text per label")
