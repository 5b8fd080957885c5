"""``soxauto prove-row``, ``check-row``, ``sample``: single rows of a package, on files and on the terminal.

Here belongs what these commands read, write and show; the terminal shows keys, never other cells. What does not belong
here: making (``evidence.proving``) and checking (``evidence.proof``).
"""

import json
import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from soxauto_assets.commands.verify import packages_at
from soxauto_assets.errors import RowError, StorageError
from soxauto_assets.evidence.proof import Cell, Fault, Proven, check_proof, check_sample, read_document
from soxauto_assets.evidence.proving import SealedRows, position_of, prove
from soxauto_assets.evidence.proving import sample as draw_rows

SAMPLE_FILE = "sample.json"


def write_proof(
    place: str, key: Mapping[str, str | None], position: int | None, out: Path | None, console: Console
) -> int:
    """Write the proof of one row.

    Args:
        place: The package.
        key: Text, or None for a cell without value, by key column; empty where a position is given.
        position: The row's position, or None.
        out: File to write; None = a name of its own in the current folder.
        console: Where to print.

    Returns:
        0.

    Raises:
        RowError: No row, or more than one, is named.
        StorageError: A file cannot be read or written; none is overwritten.
        NotVerified: The package does not verify.
    """
    sealed = _sealed(place)
    position = position_of(sealed, key) if position is None else position
    [document] = prove(sealed, [position])
    path = out or Path(f"proof-{sealed.package['item']}-{sealed.package['period']}-{position}.json")
    _write(path, document)
    _say(console, f"proved row {position} ({_key(document)}) of {sealed.rows}: {path}")
    _say(console, f"  check it with: soxauto check-row {path} --digest {sealed.digest}")
    return 0


def check_proofs(
    paths: Sequence[Path], digest: str | None, package: str | None, sample: Path | None, console: Console
) -> int:
    """Check proofs and print what each shows, or why it does not hold.

    Args:
        paths: The proofs.
        digest: The digest to check against, or None.
        package: The package to check against, verified first; or None.
        sample: A sample that the proofs must be of, or None.
        console: Where to print.

    Returns:
        0 when all hold, 1 when one does not.

    Raises:
        RowError: The digest has no valid form.
        StorageError: A file cannot be read.
        NotVerified: The package does not verify.
    """
    sealed = _sealed(package) if package is not None else None
    against = sealed.digest if sealed else str(digest).lower()
    if not re.fullmatch(r"[0-9a-f]{64}", against):
        raise RowError("the digest is not 64 hexadecimal digits", action="copy it from where it was kept")
    drawn: dict[tuple[str | None, int], int] | None = None
    if sample is not None:
        try:
            drawn = check_sample(_read(sample), against)
        except Fault as fault:
            _say(console, f"NOT THE SAMPLE {sample}: {fault.text} ({fault.code})")
            return 1
    failed, numbers = 0, set()
    for path in paths:
        try:
            document = _read(path)
            proven = check_proof(document, against)
            if sealed:
                _require_of_package(document, sealed)
            number = _number(proven, drawn)
        except Fault as fault:
            failed += 1
            _say(console, f"NOT PROVEN {path}: {fault.text} ({fault.code})")
            continue
        numbers.add(number)
        row = f"row {proven.position} of {proven.company_rows}" + (f" of {proven.company}" if proven.company else "")
        _say(
            console,
            f"PROVEN {path}: {row}, {proven.rows} in all: {_key(document)}{f', number {number}' if number else ''}",
        )
    _say(console, f"digest {against}")
    if sealed:
        _say(console, f"of {_name(sealed.package)}, SHA-256 of the seal {sealed.package['seal_sha256']}")
    else:
        _say(console, "which item and month that is, says whoever gave you the digest, not the proof")
    if drawn is not None and (missing := sorted(set(drawn.values()) - numbers)):
        _say(console, f"not shown of the sample of {len(drawn)}: number {', '.join(map(str, missing))}")
        return 1
    return 1 if failed else 0


def draw_sample(
    place: str, size: int, nonce: str, company: str | None, out: Path | None, proofs: Path | None, console: Console
) -> int:
    """Draw rows, print their positions and keys, and write sample and proofs where asked for.

    Args:
        place: The package.
        size: How many rows.
        nonce: The auditor's own text.
        company: Draw among this company's rows only.
        out: File for the sample, or None.
        proofs: Folder for the sample and its proofs, or None.
        console: Where to print.

    Returns:
        0.

    Raises:
        RowError: There is nothing to draw from.
        StorageError: A file cannot be read or written; none is overwritten.
        NotVerified: The package does not verify.
    """
    if proofs is not None and proofs.is_dir() and any(proofs.iterdir()):
        raise StorageError(f"{proofs} is not empty", action="give a new folder for sample and proofs")
    sealed = _sealed(place)
    document, made = draw_rows(sealed, nonce, size, company)
    of = f"the rows of {company}" if company is not None else "all rows"
    _say(console, f"{len(made)} of {of} of {_name(sealed.package)}, by root and nonce")
    for number, (chosen, proof) in enumerate(zip(document["selection"], made, strict=True), 1):
        _say(console, f"  {number:>3}  position {chosen['position']}  {_key(proof)}")
    if proofs is not None:
        for number, proof in enumerate(made, 1):
            _write(proofs / f"proof-{number:04d}.json", proof)
        _write(proofs / SAMPLE_FILE, document)
        _say(console, f"{len(made)} proofs and {SAMPLE_FILE} in {proofs}, digest {sealed.digest}")
    if out is not None:
        _write(out, document)
    return 0


def _sealed(place: str) -> SealedRows:
    packages = packages_at(place)
    if len(packages) != 1:
        raise StorageError(
            f"{place} holds {len(packages)} packages", action="name one of them, for example …/attempt-0001"
        )
    [folder] = packages.values()
    return SealedRows.open(folder)


def _require_of_package(document: Mapping[str, Any], sealed: SealedRows) -> None:
    """Require what the digest does not cover: which package it is, and which columns are company and key."""
    stated = {name: document[name] for name in ("package", "company_column", "key")}
    if stated != {"package": dict(sealed.package), "company_column": sealed.company_column, "key": list(sealed.key)}:
        raise Fault("other-package", "the proof names another package, company column or key than this package has")


def _number(proven: Proven, drawn: Mapping[tuple[str | None, int], int] | None) -> int | None:
    """Return the row's number in the sample; None without a sample."""
    if drawn is None:
        return None
    number = drawn.get((proven.company, proven.position))
    if number is None:
        raise Fault("not-drawn", "the row is among the sealed ones, but the sample did not draw it")
    return number


def _key(document: Mapping[str, Any]) -> str:
    """Return the key of a document's row for the terminal; other cells stay in the file."""
    names = [name for name, _ in document["columns"]]
    return ", ".join(f"{name} {_shown(document['row'][names.index(name)])}" for name in document["key"])


def _shown(cell: Cell) -> str:
    return "without value" if cell is None else json.dumps(cell, ensure_ascii=False)


def _name(package: Mapping[str, Any]) -> str:
    return f"{package['item']} {package['period']} attempt {package['attempt']} ({package['environment']})"


def _read(path: Path) -> Any:
    try:
        return read_document(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be read ({error.strerror})", action="give the file's path") from error


def _write(path: Path, document: Mapping[str, Any]) -> None:
    """Write a document of its own; an older one stays as it is."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with open(path, "x", encoding="utf-8") as file:
            file.write(json.dumps(document, ensure_ascii=False, indent=1) + "\n")
    except FileExistsError as error:
        raise StorageError(f"{path} is there already", action="give another name") from error
    except OSError as error:
        raise StorageError(f"{path} could not be written ({error.strerror})", action="give another place") from error


def _say(console: Console, text: str) -> None:
    """Print a line; a proof may come from anybody, so what could steer a terminal is shown as an escape."""
    text = "".join(sign if sign.isprintable() else ascii(sign)[1:-1] for sign in text)
    console.print(text, markup=False, highlight=False, soft_wrap=True)
