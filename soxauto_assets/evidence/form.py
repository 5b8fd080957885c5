"""The form of an evidence package: what its files must be, byte for byte.

Here belongs reading a folder within bounds, the text of manifests and seal, canonical JSON, and the check of a bag. What does
not belong here: who signed (``evidence.envelope``, ``evidence.trust``), the report of all layers (``evidence.verify``),
writing (``evidence.bag``), what the rows say (``evidence.recompute``). It is part of the verifier that auditors run alone, so
it imports the standard library alone.

A package is a BagIt 1.0 bag (RFC 8493) with more tag files::

    bagit.txt  bag-info.txt  manifest-sha256.txt  tagmanifest-sha256.txt  data/...
    statement.json  signature.dsse.json  signature.tsr  seal.json

``seal.json`` is a function of all other files. It is created last, so a package exists if and only if it exists. Every
file but ``seal.json`` is listed in it with size and SHA-256; ``seal.json`` itself must be exactly the text that those files
give. So no bit of any file can change unseen by somebody who holds the digest of the seal. Signature and time token may be
absent; where they are there, they are covered like every other file.
"""

import hashlib
import json
import os
import re
import stat
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NoReturn

SEAL_FORMAT = "soxauto-seal/v1"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
BAGIT_TEXT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
BAGIT, INFO, MANIFEST, TAGMANIFEST = "bagit.txt", "bag-info.txt", "manifest-sha256.txt", "tagmanifest-sha256.txt"
STATEMENT, SIGNATURE, TOKEN, SEAL = "statement.json", "signature.dsse.json", "signature.tsr", "seal.json"
TAG_FILES = (INFO, BAGIT, MANIFEST, STATEMENT)
# Absent where nothing was signed, or no time authority is configured.
OPTIONAL_TAG_FILES = (SIGNATURE, TOKEN)
_DOCUMENTS = {*TAG_FILES, *OPTIONAL_TAG_FILES, TAGMANIFEST, SEAL}
# A hostile package costs no more than a large one.
MAX_FILES = 10_000
MAX_DEPTH = 32
MAX_SECONDS = 3600
MAX_DOCUMENT_BYTES = 16 * 2**20
MAX_PACKAGE_BYTES = 256 * 2**30

# Names that every file system, shell and manifest reads in one way only; every pattern is matched entirely.
PATH = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
_MANIFEST_LINE = re.compile(rf"([0-9a-f]{{64}})  ({PATH.pattern})")
_INFO_LINE = re.compile(r"([A-Z][A-Za-z0-9-]*): (\S(?:.*\S)?)")
SHA256 = re.compile(r"[0-9a-f]{64}")
_MAX_INTEGER = 2**53 - 1


class Fault(Exception):
    """A package or another document does not hold.

    Args:
        layer: The layer that says so: ``fixity``, ``seal``, ``statement``, ``signature``, ``trust`` or ``time``.
        code: Reason code, for machines.
        text: The reason in words.
    """

    def __init__(self, layer: str, code: str, text: str):
        super().__init__(text)
        self.layer, self.code, self.text = layer, code, text


@dataclass(frozen=True)
class FileFact:
    """Size and SHA-256 of a file."""

    bytes: int
    sha256: str


@dataclass(frozen=True)
class Contents:
    """Everything below a folder, read once.

    Attributes:
        facts: Size and SHA-256 of every file, by its path from the folder.
        documents: Content of the files that say what the others are.
    """

    facts: Mapping[str, FileFact]
    documents: Mapping[str, bytes]


@dataclass(frozen=True)
class Bag:
    """What a bag says of itself, after every line was checked against the files.

    Attributes:
        info: Labels and values of ``bag-info.txt``.
        payload: SHA-256 by path of the files below ``data/``.
        tags: SHA-256 by path of the files that the tag manifest lists.
    """

    info: Mapping[str, str]
    payload: Mapping[str, str]
    tags: Mapping[str, str]


def check_fixity(contents: Contents) -> dict[str, FileFact]:
    """Check that the files of a folder are exactly those that its seal lists, and a bag.

    Args:
        contents: Everything below the folder.

    Returns:
        Size and SHA-256 of every file but the seal, by its path.

    Raises:
        Fault: A file is missing, extra, strange or changed, or a line has another form.
    """
    if SEAL not in contents.facts:
        raise Fault("fixity", "no-seal", "seal.json is missing: this is no sealed package")
    if missing := [name for name in (*TAG_FILES, TAGMANIFEST) if name not in contents.facts]:
        raise Fault("fixity", "missing-file", f"{missing[0]} is missing")
    found = {path: fact for path, fact in contents.facts.items() if path != SEAL}
    _require_listed(found, _listed(parse_canonical(contents.documents[SEAL], SEAL)))
    tags = {path for path in found if not path.startswith("data/")}
    if strange := sorted(tags - {*TAG_FILES, *OPTIONAL_TAG_FILES, TAGMANIFEST}):
        raise Fault("fixity", "extra-file", f"{strange[0]} has no place in a package")
    check_bag(contents, unlisted=frozenset({SEAL}))
    return found


def _require_listed(found: Mapping[str, FileFact], listed: Mapping[str, FileFact]) -> None:
    for path in sorted(listed.keys() | found.keys()):
        if path not in found:
            raise Fault("fixity", "missing-file", f"{path} is sealed but missing")
        if path not in listed:
            raise Fault("fixity", "extra-file", f"{path} is not in the seal")
        if found[path] != listed[path]:
            raise Fault("fixity", "changed-file", f"{path} differs from the seal")


def _listed(sealed: Any) -> dict[str, FileFact]:
    """Return the files that a seal lists; whether the rest of it is right is asked by rebuilding it."""
    entries = sealed.get("files") if isinstance(sealed, dict) else None
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise Fault("fixity", "no-seal", "seal.json holds no list of files")
    listed: dict[str, FileFact] = {}
    for entry in entries:
        path = entry.get("path")
        if not isinstance(path, str) or not PATH.fullmatch(path) or path in listed:
            raise Fault("fixity", "no-seal", "seal.json lists a file twice or without a valid path")
        listed[path] = FileFact(entry.get("bytes"), entry.get("sha256"))
    return listed


def check_bag(contents: Contents, unlisted: frozenset[str] = frozenset()) -> Bag:
    """Check that the files of a folder are a BagIt 1.0 bag in the one form that this product writes.

    Args:
        contents: Everything below the folder.
        unlisted: Tag files that the tag manifest does not list.

    Raises:
        Fault: A file is missing, extra or changed, or a line has another form.
    """
    facts = contents.facts
    payload = {path: fact.sha256 for path, fact in facts.items() if path.startswith("data/")}
    tags = {path: fact.sha256 for path, fact in facts.items() if path not in {*payload, *unlisted, TAGMANIFEST}}
    if missing := [name for name in (BAGIT, INFO, MANIFEST, TAGMANIFEST) if name not in facts]:
        raise Fault("fixity", "missing-file", f"{missing[0]} is missing")
    if not payload:
        raise Fault("fixity", "bag", "there is no file below data/")
    if contents.documents[BAGIT] != BAGIT_TEXT:
        raise Fault("fixity", "bag", "bagit.txt has another text")
    for name, digests in ((MANIFEST, payload), (TAGMANIFEST, tags)):
        _require_same(name, parse_manifest(contents.documents[name], name), digests)
    return Bag(parse_info(contents.documents[INFO]), payload, tags)


def _require_same(name: str, listed: Mapping[str, str], digests: Mapping[str, str]) -> None:
    for path in sorted(listed.keys() | digests.keys()):
        if path not in digests:
            raise Fault("fixity", "missing-file", f"{path} is listed in {name} but missing")
        if path not in listed:
            raise Fault("fixity", "extra-file", f"{path} is not listed in {name}")
        if listed[path] != digests[path]:
            raise Fault("fixity", "changed-file", f"{path} differs from {name}")


def manifest_bytes(digests: Mapping[str, str]) -> bytes:
    """Return a BagIt manifest: one line per file, ordered by path, two blanks between digest and path."""
    return "".join(f"{digests[path]}  {path}\n" for path in sorted(digests)).encode()


def parse_manifest(data: bytes, name: str) -> dict[str, str]:
    """Return SHA-256 by path; the inverse of :func:`manifest_bytes`.

    Raises:
        Fault: A line has another form, or the lines another order.
    """
    listed: dict[str, str] = {}
    for number, line in enumerate(_lines(data, name), 1):
        if not (match := _MANIFEST_LINE.fullmatch(line)):
            raise Fault("fixity", "bag", f"{name} line {number} is not a lower-case SHA-256, two blanks and a path")
        listed[match.group(2)] = match.group(1)
    if manifest_bytes(listed) != data:
        raise Fault("fixity", "bag", f"{name} lists a path twice or out of order")
    return listed


def info_bytes(info: Mapping[str, str]) -> bytes:
    """Return ``bag-info.txt``: one line per label, ordered by label."""
    return "".join(f"{label}: {info[label]}\n" for label in sorted(info)).encode()


def parse_info(data: bytes) -> dict[str, str]:
    """Return labels and values; the inverse of :func:`info_bytes`.

    Raises:
        Fault: A line has another form (a carriage return and any other control character included), or the labels another
            order.
    """
    info: dict[str, str] = {}
    for number, line in enumerate(_lines(data, INFO), 1):
        if not (match := _INFO_LINE.fullmatch(line)) or not line.isprintable():
            raise Fault("fixity", "bag", f"{INFO} line {number} is not a label, a colon, one blank and a value")
        info[match.group(1)] = match.group(2)
    if info_bytes(info) != data:
        raise Fault("fixity", "bag", f"{INFO} holds a label twice or out of order")
    return info


def _lines(data: bytes, name: str) -> list[str]:
    try:
        text = data.decode("utf-8", "strict")
    except UnicodeDecodeError as error:
        raise Fault("fixity", "bag", f"{name} is no UTF-8 text") from error
    if text and not text.endswith("\n"):
        raise Fault("fixity", "bag", f"the last line of {name} does not end")
    return text.split("\n")[:-1]


def seal_bytes(files: Mapping[str, FileFact]) -> bytes:
    """Return the seal of a package from the facts of all its other files."""
    return canonical(
        {
            "format": SEAL_FORMAT,
            "manifest_sha256": files[MANIFEST].sha256,
            "tagmanifest_sha256": files[TAGMANIFEST].sha256,
            "statement_sha256": files[STATEMENT].sha256,
            "files": [{"path": p, "bytes": files[p].bytes, "sha256": files[p].sha256} for p in sorted(files)],
        }
    )


def canonical(value: Any) -> bytes:
    """Return canonical JSON (RFC 8785) of a value whose keys are ASCII and whose numbers are integers of 53 bits."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def parse_canonical(data: bytes, name: str) -> Any:
    """Parse JSON that must be in canonical form.

    Raises:
        Fault: The text is no JSON, or another spelling of its value (blanks, key order, duplicate keys, a byte order mark),
            or holds what :func:`canonical` has no form for.
    """
    try:
        value = json.loads(
            data.decode("utf-8", "strict"),
            parse_int=_integer,
            parse_float=_refuse,
            parse_constant=_refuse,
            object_pairs_hook=_members,
        )
        same = canonical(value) == data
    except (ValueError, RecursionError) as error:
        raise Fault("fixity", "not-canonical", f"{name} is no canonical JSON") from error
    if not same:
        raise Fault("fixity", "not-canonical", f"{name} is not in canonical form")
    return value


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs) or not all(key.isascii() for key in members):
        raise ValueError("a key occurs twice or is not ASCII")
    return members


def _integer(text: str) -> int:
    if len(text) > 17 or abs(int(text)) > _MAX_INTEGER:
        raise ValueError("an integer has more than 53 bits")
    return int(text)


def _refuse(text: str) -> NoReturn:
    raise ValueError("a number is no integer")


def read_contents(folder: Path) -> Contents:
    """Read every file below a folder once, and keep the text of those that say what the others are.

    Raises:
        Fault: There is no folder, or it holds what no package may hold: links, pipes, hidden or strange names, empty
            folders, too many files, too many bytes, or folders too deep.
        OSError: A file or folder cannot be read.
    """
    if folder.is_symlink() or not folder.is_dir():
        raise Fault("fixity", "no-package", "this is no folder")
    facts, documents = {}, {}
    deadline = time.monotonic() + MAX_SECONDS
    for path, size in _scan(folder).items():
        if path not in _DOCUMENTS:
            facts[path] = file_fact(folder / path, deadline)
        elif size > MAX_DOCUMENT_BYTES:
            raise Fault("fixity", "too-large", f"{path} is longer than {MAX_DOCUMENT_BYTES} bytes")
        else:
            documents[path] = data = (folder / path).read_bytes()
            facts[path] = FileFact(len(data), hashlib.sha256(data).hexdigest())
    return Contents(facts, documents)


def _scan(package: Path) -> dict[str, int]:
    """Return the size of every file below a package by its path; bounds are kept before any content is read."""
    sizes: dict[str, int] = {}
    pending, seen = [""], 0
    while pending:
        folder, before = pending.pop(), seen
        if folder.count("/") > MAX_DEPTH:
            raise Fault("fixity", "too-deep", f"more than {MAX_DEPTH} folders lie within one another")
        with os.scandir(package / folder) as entries:
            for entry in entries:
                seen += 1
                if seen > MAX_FILES:
                    raise Fault("fixity", "too-many-files", f"more than {MAX_FILES} files and folders")
                path, facts = folder + entry.name, entry.stat(follow_symlinks=False)
                if not PATH.fullmatch(path) or not (stat.S_ISREG(facts.st_mode) or stat.S_ISDIR(facts.st_mode)):
                    raise Fault("fixity", "strange-file", f"{path!r} is no file that a package may hold")
                if stat.S_ISDIR(facts.st_mode):
                    pending.append(f"{path}/")
                else:
                    sizes[path] = facts.st_size
        if folder and seen == before:
            raise Fault("fixity", "empty-folder", f"{folder.rstrip('/')} is an empty folder")
    if sum(sizes.values()) > MAX_PACKAGE_BYTES:
        raise Fault("fixity", "too-large", f"the files hold more than {MAX_PACKAGE_BYTES} bytes")
    return sizes


def file_fact(path: Path, deadline: float | None = None) -> FileFact:
    """Return size and SHA-256 of a file, read in blocks.

    Raises:
        Fault: The monotonic clock passed the deadline.
        OSError: The file cannot be read.
    """
    digest, size = hashlib.sha256(), 0
    with open(path, "rb") as file:
        while block := file.read(2**20):
            if deadline is not None and time.monotonic() > deadline:
                raise Fault("fixity", "too-slow", f"reading the files takes more than {MAX_SECONDS} seconds")
            digest.update(block)
            size += len(block)
    return FileFact(size, digest.hexdigest())
