"""The Library of Congress' BagIt conformance suite through our reader, and the score.

    python -m soxauto_assets_tests.evidence.bagit_conformance CHECKOUT

Here belongs running bags that lie outside this repository (https://github.com/LibraryOfCongress/bagit-conformance-suite), those
of BagIt 1.0. What does not belong here: the bags themselves. Exit code 1 when an invalid bag is accepted, a valid one is
refused for another reason than our narrower form, or a recreated case is answered wrongly.

Our form is narrower than BagIt: SHA-256 alone, one spelling, no ``fetch.txt``. So a bag of the suite may be refused before its
own fault is reached, which shows nothing. Each case is therefore recreated in our form, with nothing wrong but that fault.
"""

import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from soxauto_assets.evidence.bag import write_bag
from soxauto_assets.evidence.form import (
    BAGIT,
    INFO,
    MANIFEST,
    TAGMANIFEST,
    Fault,
    check_bag,
    file_fact,
    manifest_bytes,
    read_contents,
)

VERSION = "v1.0"
# What a valid bag may hold and ours does not.
_NARROWER = {
    "fetch.txt": lambda bag: (bag / "fetch.txt").exists(),
    "no SHA-256 manifest": lambda bag: not (bag / MANIFEST).exists(),
    "another algorithm beside SHA-256": lambda bag: len(list(bag.glob("manifest-*.txt"))) > 1,
    "no bag-info.txt": lambda bag: not (bag / INFO).exists(),
    "no SHA-256 tag manifest": lambda bag: not (bag / TAGMANIFEST).exists(),
}


@dataclass(frozen=True)
class Case:
    """A documented case in our form.

    Attributes:
        name: Its name, that of the suite's bag where there is one.
        valid: Whether the reader must accept it.
        text: The case in a line.
        change: Makes it from a sound bag; tag manifests are fitted afterwards.
    """

    name: str
    valid: bool
    text: str
    change: Callable[[Path], None]


def refusal(bag: Path) -> str | None:
    """Return why our reader refuses a bag; None when it accepts it."""
    try:
        check_bag(read_contents(bag))
    except Fault as fault:
        return fault.text
    return None


def narrower(bag: Path) -> list[str]:
    """Return what a bag holds, or lacks, that our form does not allow and BagIt does."""
    return [name for name, found in _NARROWER.items() if found(bag)]


def score(checkout: Path) -> tuple[list[str], int]:
    """Return a line for each bag of the suite, and how many were answered wrongly."""
    lines, wrong, right, total = [], 0, {"valid": 0, "invalid": 0}, {"valid": 0, "invalid": 0}
    for kind in ("valid", "invalid"):
        for bag in sorted(path for path in (checkout / VERSION / kind).iterdir() if path.is_dir()):
            said, reasons = refusal(bag), narrower(bag)
            total[kind] += 1
            good = (said is None) == (kind == "valid")
            right[kind] += good
            wrong += not good and (kind == "invalid" or not reasons)
            because = f" (our form: {', '.join(reasons)})" if said and reasons else ""
            lines.append(f"{kind:8}{'accepted' if said is None else 'refused: ' + said}{because}  {bag.name}")
    for kind, answer in (("valid", "accepted"), ("invalid", "refused")):
        lines.append(f"{kind}: {right[kind]} of {total[kind]} {answer}")
    return lines, wrong


def _edit(name: str, change: Callable[[bytes], bytes]) -> Callable[[Path], None]:
    def edit(bag: Path) -> None:
        path = bag / name
        content = path.read_bytes()
        path.chmod(0o644)
        path.write_bytes(change(content))

    return edit


def _unlisted(bag: Path) -> None:
    (bag / "data" / "unlisted.txt").write_text("in no manifest")


def _removed(bag: Path) -> None:
    (bag / "data" / "hello.txt").unlink()


def _changed(bag: Path) -> None:
    _edit("data/hello.txt", lambda content: content + b"!")(bag)


def _twice(digest: bytes | None) -> Callable[[bytes], bytes]:
    def twice(content: bytes) -> bytes:
        line = content.splitlines(keepends=True)[0]
        return line + (digest + line[8:] if digest else line) + content[len(line) :]

    return twice


CASES = (
    Case("basicBag", True, "a payload of two files, every file listed", lambda bag: None),
    Case(
        "bagit-with-invalid-whitespace",
        False,
        "blanks before the colons of bagit.txt",
        _edit(BAGIT, lambda content: content.replace(b":", b" :")),
    ),
    Case("notAllManifestsListAllFiles", False, "a payload file that no manifest lists", _unlisted),
    Case(
        "same-filename-listed-twice-with-different-hashes",
        False,
        "a path twice in the manifest, with two digests",
        _edit(MANIFEST, _twice(b"deadbeef")),
    ),
    Case(
        "same-filename-listed-twice-with-the-same-hash",
        False,
        "a path twice in the manifest, with one digest",
        _edit(MANIFEST, _twice(None)),
    ),
    Case("missing-payload-file", False, "a listed payload file is not there", _removed),
    Case("changed-payload-file", False, "a payload file has another digest", _changed),
    Case("no-bagit-txt", False, "bagit.txt is not there", lambda bag: (bag / BAGIT).unlink()),
    Case("no-manifest", False, "there is no payload manifest", lambda bag: (bag / MANIFEST).unlink()),
    Case(
        "byte-order-mark",
        False,
        "bagit.txt begins with a byte order mark",
        _edit(BAGIT, lambda content: b"\xef\xbb\xbf" + content),
    ),
    Case(
        "path-out-of-the-bag",
        False,
        "the manifest lists a path above the bag",
        _edit(MANIFEST, lambda content: content.replace(b"data/hello", b"data/../../hello")),
    ),
    Case(
        "absolute-path",
        False,
        "the manifest lists an absolute path",
        _edit(MANIFEST, lambda content: content.replace(b"data/hello", b"/data/hello")),
    ),
    Case(
        "short-digest",
        False,
        "a digest of the manifest has a digit too few",
        _edit(MANIFEST, lambda content: content[1:]),
    ),
)


def recreated(folder: Path) -> Iterator[tuple[Case, str | None]]:
    """Make every case below a folder; yield it with why the reader refuses it."""
    for case in CASES:
        bag = folder / case.name
        bag.mkdir()
        payload = {"hello.txt": b"hello", "more/world.txt": b"world"}
        write_bag(bag, payload, {"Bag-Software-Agent": "conformance"}, lambda manifest: {})
        case.change(bag)
        _fit_tags(bag)
        yield case, refusal(bag)


def _fit_tags(bag: Path) -> None:
    """Fit the tag manifest to the tag files as they are, so that it is not what gives the fault away."""
    tags = {path.name: file_fact(path).sha256 for path in bag.glob("*.txt") if path.name != TAGMANIFEST}
    (bag / TAGMANIFEST).chmod(0o644)
    (bag / TAGMANIFEST).write_bytes(manifest_bytes(tags))


def main(arguments: list[str]) -> int:
    """Print the score of the suite and of the recreated cases."""
    if len(arguments) != 1 or not (Path(arguments[0]) / VERSION / "valid").is_dir():
        print(f"give a checkout of the conformance suite (a folder with {VERSION}/valid)", file=sys.stderr)
        return 2
    lines, wrong = score(Path(arguments[0]))
    print(f"The suite's bags of {VERSION}, as they are")
    print("\n".join(f"  {line}" for line in lines))
    print("The cases in our form, with nothing wrong but what they are about")
    with tempfile.TemporaryDirectory() as name:
        for case, said in recreated(Path(name)):
            good = (said is None) == case.valid
            wrong += not good
            answer = "accepted" if said is None else f"refused: {said}"
            print(f"  {'right' if good else 'WRONG'}  {case.name}: {case.text}. {answer}")
    print(f"{len(CASES)} cases; {wrong} answered wrongly")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
