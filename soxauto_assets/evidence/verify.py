"""The core verifier of evidence packages: standard library only, one file that can be read and run alone.

    python verify.py PACKAGE [PACKAGE ...]

Here belongs what the files of a package must be, byte for byte, and the check that they are. What does not belong here:
what the rows say (``evidence.recompute``), and any import of the product.

A package is a BagIt 1.0 bag with two more tag files::

    bagit.txt  bag-info.txt  manifest-sha256.txt  tagmanifest-sha256.txt  statement.json  seal.json  data/...

``seal.json`` is a function of all other files. It is created last, so a package exists if and only if it exists. Every
file but ``seal.json`` is listed in it with size and SHA-256; ``seal.json`` itself must be exactly the text that those files
give. So no bit of any file can change unseen by somebody who holds the digest of the seal.
"""

import hashlib
import json
import os
import re
import stat
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

SEAL_FORMAT = "soxauto-seal/v1"
STATEMENT_TYPE = "https://in-toto.io/Statement/v1"
BAGIT_TEXT = b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n"
TAG_FILES = ("bag-info.txt", "bagit.txt", "manifest-sha256.txt", "statement.json")
MAX_FILES = 10_000
MAX_DOCUMENT_BYTES = 16 * 2**20
_PATH = re.compile(r"^[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*$")
_INFO_LINE = re.compile(r"^[A-Za-z][A-Za-z-]*: \S.*$")

Status = Literal["pass", "fail", "not present"]


@dataclass(frozen=True)
class Layer:
    """What one layer says: its name, its status, a reason code and the reason in words."""

    name: str
    status: Status
    code: str
    text: str


@dataclass(frozen=True)
class Report:
    """What all layers say of a package."""

    layers: tuple[Layer, ...]

    @property
    def verified(self) -> bool:
        """Whether no layer failed."""
        return all(layer.status != "fail" for layer in self.layers)


class Fault(Exception):
    """A package is not what its seal says.

    Args:
        layer: ``bytes`` or ``seal``.
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


def verify_package(package: Path) -> Report:
    """Verify bytes and seal of a package; a damaged or hostile one gives a failed layer, never an exception."""
    order = ("bytes", "seal")
    try:
        _verify(package)
    except Fault as fault:
        passed = order[: order.index(fault.layer)]
        layers = [Layer(name, "pass", "ok", _GOOD[name]) for name in passed]
        return Report((*layers, Layer(fault.layer, "fail", fault.code, fault.text)))
    layers = [Layer(name, "pass", "ok", _GOOD[name]) for name in order]
    return Report((*layers, Layer("signature", "not present", "unsigned", "the statement carries no signature")))


_GOOD = {
    "bytes": "the file list is closed, every size and SHA-256 agrees",
    "seal": "the seal is the one that these files give",
}


def _verify(package: Path) -> None:
    facts = _facts(package)
    if "seal.json" not in facts:
        raise Fault("bytes", "no-seal", "seal.json is missing: this is no sealed package")
    if missing := [name for name in (*TAG_FILES, "tagmanifest-sha256.txt") if name not in facts]:
        raise Fault("bytes", "missing-file", f"{missing[0]} is missing")
    sealed = parse_canonical(_read(package, "seal.json"), "seal.json")
    listed = _listed(sealed)
    found = {path: fact for path, fact in facts.items() if path != "seal.json"}
    for path in sorted(listed.keys() | found.keys()):
        if path not in found:
            raise Fault("bytes", "missing-file", f"{path} is sealed but missing")
        if path not in listed:
            raise Fault("bytes", "extra-file", f"{path} is not in the seal")
        if found[path] != listed[path]:
            raise Fault("bytes", "changed-file", f"{path} differs from the seal")
    _verify_bag(package, found)
    statement = parse_canonical(_read(package, "statement.json"), "statement.json")
    _verify_statement(statement, found)
    if _read(package, "seal.json") != seal_bytes(found):
        raise Fault("seal", "other-seal", "seal.json is not the text that the files give")


def _verify_bag(package: Path, found: Mapping[str, FileFact]) -> None:
    payload = {path: fact.sha256 for path, fact in found.items() if path.startswith("data/")}
    tags = {path: found[path].sha256 for path in TAG_FILES}
    if strange := sorted(found.keys() - payload.keys() - tags.keys() - {"tagmanifest-sha256.txt"}):
        raise Fault("bytes", "extra-file", f"{strange[0]} has no place in a package")
    if _read(package, "bagit.txt") != BAGIT_TEXT:
        raise Fault("bytes", "bag", "bagit.txt has another text")
    if _read(package, "manifest-sha256.txt") != manifest_bytes(payload):
        raise Fault("bytes", "bag", "manifest-sha256.txt is not the list of the payload")
    if _read(package, "tagmanifest-sha256.txt") != manifest_bytes(tags):
        raise Fault("bytes", "bag", "tagmanifest-sha256.txt is not the list of the tag files")
    info = _read(package, "bag-info.txt").decode("utf-8", "strict")
    if not info.endswith("\n") or any(not _INFO_LINE.match(line) for line in info[:-1].split("\n")):
        raise Fault("bytes", "bag", "bag-info.txt has a line of another form")


def _verify_statement(statement: Any, found: Mapping[str, FileFact]) -> None:
    try:
        subjects = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
        kind = statement["_type"]
    except (KeyError, TypeError) as error:
        raise Fault("seal", "statement", "statement.json is no in-toto statement") from error
    if kind != STATEMENT_TYPE or subjects.get("manifest-sha256.txt") != found["manifest-sha256.txt"].sha256:
        raise Fault("seal", "statement", "the statement does not name this package's manifest")


def manifest_bytes(digests: Mapping[str, str]) -> bytes:
    """Return a BagIt manifest: one line per file, ordered by path, two blanks between digest and path."""
    return "".join(f"{digests[path]}  {path}\n" for path in sorted(digests)).encode()


def seal_bytes(files: Mapping[str, FileFact]) -> bytes:
    """Return the seal of a package from the facts of all its other files."""
    return canonical(
        {
            "format": SEAL_FORMAT,
            "manifest_sha256": files["manifest-sha256.txt"].sha256,
            "tagmanifest_sha256": files["tagmanifest-sha256.txt"].sha256,
            "statement_sha256": files["statement.json"].sha256,
            "files": [{"path": p, "bytes": files[p].bytes, "sha256": files[p].sha256} for p in sorted(files)],
        }
    )


def canonical(value: Any) -> bytes:
    """Return canonical JSON (RFC 8785) of a value whose keys are ASCII and whose numbers are integers."""
    return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()


def parse_canonical(data: bytes, name: str) -> Any:
    """Parse JSON that must be in canonical form.

    Raises:
        Fault: The text is too long, no JSON, or another spelling of its value (blanks, key order, duplicate keys, a byte
            order mark).
    """
    if len(data) > MAX_DOCUMENT_BYTES:
        raise Fault("bytes", "too-large", f"{name} is longer than a package may have it")
    try:
        value = json.loads(data.decode("utf-8", "strict"), parse_float=_refuse, parse_constant=_refuse)
        same = canonical(value) == data
    except (ValueError, RecursionError) as error:
        raise Fault("bytes", "not-canonical", f"{name} is no canonical JSON") from error
    if not same:
        raise Fault("bytes", "not-canonical", f"{name} is not in canonical form")
    return value


def _refuse(text: str) -> Any:
    raise ValueError(f"{text[:20]} is no integer")


def _listed(sealed: Any) -> dict[str, FileFact]:
    try:
        entries = sealed["files"]
        listed = {entry["path"]: FileFact(entry["bytes"], entry["sha256"]) for entry in entries}
    except (KeyError, TypeError) as error:
        raise Fault("bytes", "no-seal", "seal.json has another shape") from error
    if len(listed) != len(entries):
        raise Fault("bytes", "no-seal", "seal.json lists a file twice")
    return listed


def _facts(package: Path) -> dict[str, FileFact]:
    """Read every file below a package, refusing what no package holds."""
    if package.is_symlink() or not package.is_dir():
        raise Fault("bytes", "no-package", "this is no folder")
    facts: dict[str, FileFact] = {}
    for folder, folders, files in os.walk(package, followlinks=False):
        base = Path(folder)
        if not folders and not files:
            raise Fault("bytes", "empty-folder", f"{base.relative_to(package).as_posix()} is an empty folder")
        for name in (*folders, *files):
            path = base / name
            relative = path.relative_to(package).as_posix()
            mode = path.lstat().st_mode
            if not _PATH.match(relative) or not (stat.S_ISREG(mode) or stat.S_ISDIR(mode)):
                raise Fault("bytes", "strange-file", f"{relative!r} is no file that a package may hold")
        for name in files:
            facts[(base / name).relative_to(package).as_posix()] = file_fact(base / name)
            if len(facts) > MAX_FILES:
                raise Fault("bytes", "too-many-files", f"more than {MAX_FILES} files")
    return facts


def file_fact(path: Path) -> FileFact:
    """Return size and SHA-256 of a file, read in blocks."""
    digest, size = hashlib.sha256(), 0
    with open(path, "rb") as file:
        while block := file.read(2**20):
            digest.update(block)
            size += len(block)
    return FileFact(size, digest.hexdigest())


def _read(package: Path, name: str) -> bytes:
    with open(package / name, "rb") as file:
        return file.read(MAX_DOCUMENT_BYTES + 1)


def main(arguments: list[str]) -> int:
    """Verify the packages named on the command line; 0 = all verified, 1 = one is not, 2 = nothing to verify."""
    if not arguments:
        print("usage: python verify.py PACKAGE [PACKAGE ...]")
        return 2
    verified = True
    for name in arguments:
        report = verify_package(Path(name))
        verified = verified and report.verified
        print(f"{'VERIFIED' if report.verified else 'NOT VERIFIED'} {name}")
        for layer in report.layers:
            print(f"  {layer.name}: {layer.status} ({layer.code}) {layer.text}")
    return 0 if verified else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
