"""Row proofs and samples, checked by whoever receives them: standard library only, one file that can be run alone.

    python proof.py DIGEST PROOF.json [PROOF.json ...]

Here belongs the part of ``docs/dataset-digest.md`` that needs no file of rows: cell, row, tree, digest, the check of an
inclusion proof, the draw of a sample. What does not belong here: reading rows (``evidence.reference_digest``), making
proofs (``evidence.proving``), and any import of the product.

Who holds the digest of a dataset (from the statement of a verified package, or written down when it was sealed) can check
with this file that a row is among its rows, without seeing another row. Nothing of the digest's other implementation
(``extraction.digest``) is used here.
"""

import hashlib
import json
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any

TAG = "soxauto-dataset-digest/v1"
PROOF_FORMAT = "soxauto-row-proof/v1"
SAMPLE_FORMAT = "soxauto-sample/v1"
LEAF = 1024
MAX_BYTES = 64 * 2**20

Cell = str | bool | None
Columns = Sequence[Sequence[str]]

_PROOF = {
    "format", "algorithm", "package", "key", "columns", "company_column", "rows", "row", "row_text", "row_hash",
    "in_company", "company_root", "in_dataset", "root", "digest",
}  # fmt: skip
_SAMPLE = {
    "format", "algorithm", "package", "key", "columns", "company_column", "rows", "root", "digest", "companies",
    "company", "nonce", "size", "selection",
}  # fmt: skip
_HEX = re.compile(r"[0-9a-f]{64}")
_INTEGER = re.compile(r"0|-?[1-9][0-9]*")
_NUMBER = re.compile(r"(-?)(0|[1-9][0-9]*)(?:\.([0-9]+))?")
_DECIMAL = re.compile(r"decimal\(([1-9][0-9]?),(0|[1-9][0-9]?)\)")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_TIMESTAMP = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2} [0-9]{2}:[0-9]{2}:[0-9]{2}\.[0-9]{3}")


class Fault(Exception):
    """A proof or sample does not show what it says.

    Args:
        code: Reason code, for machines.
        text: The reason in words.
    """

    def __init__(self, code: str, text: str):
        super().__init__(text)
        self.code, self.text = code, text


# Cell, row, tree and digest: sections 2 to 6 of the specification.


def cell_text(value: Cell, kind: str) -> str:
    """Return a cell's text (section 2).

    Args:
        value: The cell as typed JSON: null, a string as it is, true or false, and every number, date or instant as text in
            the one form that section 8 gives it.
        kind: Contract type.

    Raises:
        ValueError: The value has another form, or there is no such type.
    """
    if value is None:
        return "~"
    if kind == "bool" and isinstance(value, bool):
        return "true" if value else "false"
    if not isinstance(value, str):
        raise ValueError(f"it is no text, as {kind} is")
    if kind == "string":
        return f"{len(value)}:{value}"
    if kind == "int64" and _INTEGER.fullmatch(value) and -(2**63) <= int(value) < 2**63:
        return value
    if kind == "date" and _DATE.fullmatch(value):
        return date.fromisoformat(value).isoformat()
    if kind == "timestamp" and _TIMESTAMP.fullmatch(value):
        return str((datetime.fromisoformat(value) - datetime(1970, 1, 1)) // timedelta(milliseconds=1))
    if _is_decimal(value, kind):
        return value
    raise ValueError(f"it has no form that {kind} has")


def _is_decimal(value: str, kind: str) -> bool:
    declared, number = _DECIMAL.fullmatch(kind), _NUMBER.fullmatch(value)
    if not declared or not number:
        return False
    precision, scale = int(declared.group(1)), int(declared.group(2))
    minus, whole, fraction = number.group(1), number.group(2), number.group(3) or ""
    negative_zero = bool(minus) and not (whole + fraction).strip("0")
    fits = len(whole.strip("0") and whole) <= precision - scale
    return scale <= precision <= 38 and len(fraction) == scale and fits and not negative_zero


def row_text(row: Sequence[Cell], columns: Columns) -> str:
    """Return a row's text (section 3).

    Raises:
        Fault: A cell has no exact text in its column's type; the column is named, the value is not.
    """
    texts = []
    for value, (name, kind) in zip(row, columns, strict=True):
        try:
            texts.append(cell_text(value, kind))
        except ValueError as error:
            raise Fault("cell", f"column {name!r}: {error}") from error
    return ";".join(texts)


def sha256(data: bytes) -> bytes:
    """Return the 32 bytes of a SHA-256."""
    return hashlib.sha256(data).digest()


def text_hash(text: str) -> bytes:
    """Return the hash of a text in UTF-8.

    Raises:
        Fault: The text is no Unicode text (half of a surrogate pair).
    """
    try:
        return sha256(text.encode("utf-8", "strict"))
    except UnicodeEncodeError as error:
        raise Fault("cell", "a text is not Unicode: it holds half of a surrogate pair") from error


def leaf_hash(hashes: bytes) -> bytes:
    """Return the leaf over up to 1,024 hashes, joined."""
    return sha256(b"\x00" + hashes)


def node_hash(left: bytes, right: bytes) -> bytes:
    """Return the node over two others."""
    return sha256(b"\x01" + left + right)


def levels(leaves: Sequence[bytes]) -> list[list[bytes]]:
    """Return all levels of the tree over leaves (section 4): the leaves first, the root alone last."""
    found = [list(leaves) or [leaf_hash(b"")]]
    while len(below := found[-1]) > 1:
        pairs = [below[start : start + 2] for start in range(0, len(below), 2)]
        found.append([node_hash(*pair) if len(pair) == 2 else pair[0] for pair in pairs])
    return found


def tree_root(hashes: Sequence[bytes]) -> str:
    """Return the root over hashes in the given order, hex."""
    leaves = [leaf_hash(b"".join(hashes[start : start + LEAF])) for start in range(0, len(hashes), LEAF)]
    return levels(leaves)[-1][0].hex()


def company_hash(company: str | None, rows: int, root: str) -> bytes:
    """Return the hash of a company's tree (section 5)."""
    return text_hash(f"{cell_text(company, 'string')};{rows};{root}")


def dataset_digest(columns: Columns, rows: int, root: str) -> str:
    """Return the digest (section 6), hex."""
    schema = json.dumps([[name, kind] for name, kind in columns], ensure_ascii=False, separators=(",", ":"))
    return text_hash(f"{TAG}\n{schema}\n{rows}\n{root}").hex()


# Inclusion proofs: section 8.


@dataclass(frozen=True)
class Proven:
    """What a proof that holds has shown.

    Attributes:
        row: Cells by column name.
        company: The row's company; None where it has none.
        position: Its position among the rows of its company, or of the dataset where the item has no company, from 0.
        company_rows: How many rows that company has.
        rows: How many rows the dataset has.
        digest: The digest under which the row is.
    """

    row: Mapping[str, Cell]
    company: str | None
    position: int
    company_rows: int
    rows: int
    digest: str


def check_proof(proof: Any, digest: str) -> Proven:
    """Check that the row of a proof is among the rows of a digest.

    Args:
        proof: The proof, as JSON was read.
        digest: The digest, hex, from a source that the proof's maker does not control.

    Raises:
        Fault: It is not, or the proof is no proof.
    """
    _require_form(proof, PROOF_FORMAT, _PROOF)
    columns, row, rows = proof["columns"], proof["row"], proof["rows"]
    if not isinstance(row, list) or len(row) != len(columns):
        raise Fault("form", "the row has another number of cells than there are columns")
    text = row_text(row, columns)
    _require_same(proof["row_text"], text, "row-text", "the cells give another row text than the stated one")
    own = text_hash(text)
    _require_same(proof["row_hash"], own.hex(), "row-hash", "the row text gives another hash than the stated one")
    root = _climb(own, proof["in_company"], "row", ordered=True)
    inner = "the row, the hashes of its leaf and the path give another root of the company than the stated one"
    _require_same(proof["company_root"], root, "company-root", inner)
    count, company = proof["in_company"]["count"], None
    if proof["company_column"] is None:
        if proof["in_dataset"] is not None or count != rows:
            raise Fault("count", "without companies the row's tree is that of all rows")
    else:
        company = row[[name for name, _ in columns].index(proof["company_column"])]
        if count > rows:
            raise Fault("count", "the company has more rows than the dataset")
        root = _climb(company_hash(company, count, root), proof["in_dataset"], "company", ordered=False)
    outer = "company, number of its rows and its root do not lead to the stated root of the dataset"
    _require_same(proof["root"], root, "root", outer)
    found = dataset_digest(columns, rows, root)
    _require_same(proof["digest"], found, "digest", "columns, number of rows and root give another digest than stated")
    _require_same(digest, found, "other-digest", "the proof is for a dataset of another digest than the one asked for")
    cells = {name: value for (name, _), value in zip(columns, row, strict=True)}
    return Proven(cells, company, proof["in_company"]["position"], count, rows, found)


def _climb(own: bytes, place: Any, what: str, ordered: bool) -> str:
    """Return the root that a hash, the others of its leaf and the path give; the shape follows from count and position."""
    if not isinstance(place, dict) or place.keys() != {"count", "position", "leaf", "path"}:
        raise Fault("form", f"the place of the {what} in its tree is not count, position, leaf and path")
    count, position = place["count"], place["position"]
    if not _is_count(count) or not _is_count(position) or position >= count:
        raise Fault("position", f"the position of the {what} is not one of the counted ones")
    others, path = _hashes(place["leaf"]), _hashes(place["path"])
    index, at = divmod(position, LEAF)
    if len(others) != min(LEAF, count - index * LEAF) - 1:
        raise Fault("leaf", f"the leaf of the {what} holds another number of hashes than count and position give")
    hashes = [*others[:at], own, *others[at:]]
    if ordered and hashes != sorted(hashes):
        raise Fault("order", f"the hashes of the leaf of the {what} are not in ascending order")
    node, width = leaf_hash(b"".join(hashes)), -(-count // LEAF)
    while width > 1:
        if index % 2 or index + 1 < width:  # else there is no sibling, and the node is promoted
            if not path:
                raise Fault("path", f"the path of the {what} is too short for its count")
            sibling = path.pop(0)
            node = node_hash(sibling, node) if index % 2 else node_hash(node, sibling)
        index, width = index // 2, -(-width // 2)
    if path:
        raise Fault("path", f"the path of the {what} is too long for its count")
    return node.hex()


# Samples: section 9.


def draw(root: str, nonce: str, rows: int, size: int) -> list[int]:
    """Return the positions that a root and an auditor's nonce draw, in the order of the draw.

    Args:
        root: Root of the tree whose rows are drawn from, hex.
        nonce: The auditor's own text, chosen after the rows were sealed.
        rows: How many rows the tree has.
        size: How many positions; all of them where there are fewer.
    """
    fair = 2**64 - 2**64 % rows if rows else 0
    chosen: dict[int, None] = {}
    counter = 0
    while len(chosen) < min(size, rows):
        value = int.from_bytes(text_hash(f"{SAMPLE_FORMAT}\n{root}\n{nonce}\n{counter}")[:8], "big")
        counter += 1
        if value < fair:
            chosen.setdefault(value % rows)
    return list(chosen)


def check_sample(sample: Any, digest: str) -> dict[tuple[str | None, int], int]:
    """Check that a sample is what digest and nonce draw.

    Returns:
        The number of each drawn row, from 1, by its company and its position among that company's rows.

    Raises:
        Fault: It is not, or the sample is no sample.
    """
    _require_form(sample, SAMPLE_FORMAT, _SAMPLE)
    trees = _trees(sample)
    rows, root = sample["rows"], sample["root"]
    if sample["company_column"] is not None:
        root = tree_root([company_hash(*tree) for tree in trees])
    if sum(count for _, count, _ in trees) != rows:
        raise Fault("count", "the companies' rows do not add up to the rows of the dataset")
    _require_same(sample["root"], root, "root", "the companies' roots give another root than the stated one")
    found = dataset_digest(sample["columns"], rows, root)
    _require_same(sample["digest"], found, "digest", "columns, number of rows and root give another digest than stated")
    _require_same(digest, found, "other-digest", "the sample is of a dataset of another digest than the one asked for")
    if sample["company"] is not None:
        trees = [tree for tree in trees if tree[0] == sample["company"]]
        if len(trees) != 1:
            raise Fault("company", "the company that was drawn from is not one of the dataset's")
        _, rows, root = trees[0]
    if len(sample["selection"]) != min(sample["size"], rows):
        raise Fault("selection", "the selection has another length than size and rows give")
    drawn = draw(root, sample["nonce"], rows, sample["size"])
    if [chosen.get("position") for chosen in sample["selection"]] != drawn:
        raise Fault("selection", "root and nonce draw other positions than the selected ones")
    return {place_of(trees, position): number for number, position in enumerate(drawn, 1)}


def place_of(trees: Sequence[tuple[str | None, int, str]], position: int) -> tuple[str | None, int]:
    """Return company and position within it of a position that counts through companies in their order."""
    for company, rows, _ in trees:
        if position < rows:
            return company, position
        position -= rows
    raise Fault("position", "the position is beyond the last row")


def _trees(sample: Mapping[str, Any]) -> list[tuple[str | None, int, str]]:
    """Return company, rows and root of each tree; one without a company where the item has none."""
    companies, selection = sample["companies"], sample["selection"]
    well = (
        isinstance(companies, list)
        and all(isinstance(tree, list) and len(tree) == 3 for tree in companies)
        and all(name is None or isinstance(name, str) for name, _, _ in companies)
        and all(_is_count(rows) and _is_hex(root) for _, rows, root in companies)
        and isinstance(selection, list)
        and all(isinstance(chosen, dict) for chosen in selection)
        and _is_count(sample["size"])
        and isinstance(sample["nonce"], str)
        and isinstance(sample["company"], str | None)
    )
    if not well:
        raise Fault("form", "companies, nonce, size or selection have another form")
    if sample["company_column"] is None:
        return [(None, sample["rows"], sample["root"])]
    return [(name, rows, root) for name, rows, root in companies]


# Form.


def read_document(path: Path) -> Any:
    """Read a proof or sample.

    Raises:
        Fault: It is no JSON, holds a key twice or a number that is no integer, or is too long.
        OSError: The file cannot be read.
    """
    if path.stat().st_size > MAX_BYTES:
        raise Fault("form", f"the file is longer than {MAX_BYTES} bytes")
    try:
        return json.loads(
            path.read_bytes().decode("utf-8", "strict"),
            parse_float=_refuse,
            parse_constant=_refuse,
            object_pairs_hook=_members,
        )
    except (ValueError, RecursionError) as error:
        raise Fault("form", "the file is no JSON of the kind that proofs and samples are") from error


def _members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key occurs twice")
    return members


def _refuse(text: str) -> Any:
    raise ValueError("a number is no integer")


def _require_form(document: Any, form: str, members: set[str]) -> None:
    if not isinstance(document, dict) or document.get("format") != form:
        raise Fault("form", f"this is no document of the format {form}")
    if document.keys() != members or document["algorithm"] != TAG:
        raise Fault("form", f"its members are not those of {form} with {TAG}")
    columns, company = document["columns"], document["company_column"]
    pairs = isinstance(columns, list) and all(
        isinstance(column, list) and len(column) == 2 and all(isinstance(part, str) for part in column)
        for column in columns
    )
    if not pairs or len({name for name, _ in columns}) != len(columns):
        raise Fault("form", "the columns are no list of different names with their types")
    if company is not None and [company, "string"] not in columns:
        raise Fault("form", "the company column is not one of the string columns")
    names = [name for name, _ in columns]
    if not isinstance(document["key"], list) or not all(name in names for name in document["key"]):
        raise Fault("form", "the key is no list of columns")
    if not _is_count(document["rows"]) or not all(_is_hex(document[name]) for name in ("root", "digest")):
        raise Fault("form", "rows is no count, or root or digest is no lower-case SHA-256")


def _require_same(stated: Any, found: str, code: str, text: str) -> None:
    if stated != found:
        raise Fault(code, text)


def _hashes(values: Any) -> list[bytes]:
    if not isinstance(values, list) or not all(map(_is_hex, values)):
        raise Fault("form", "a list of hashes holds something else than lower-case SHA-256")
    return [bytes.fromhex(value) for value in values]


def _is_hex(value: Any) -> bool:
    return isinstance(value, str) and bool(_HEX.fullmatch(value))


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**53


def main(arguments: list[str]) -> int:
    """Check proofs against a digest; 0 = all hold, 1 = one does not, 2 = nothing to check."""
    if len(arguments) < 2 or not _is_hex(arguments[0]):
        print("usage: python proof.py DIGEST PROOF.json [PROOF.json ...]")
        return 2
    failed = 0
    for name in arguments[1:]:
        try:
            proven = check_proof(read_document(Path(name)), arguments[0])
            print(
                f"PROVEN {name}: row {proven.position + 1} of {proven.company_rows} of its company, {proven.rows} in all"
            )
        except (Fault, OSError) as error:
            failed += 1
            print(f"NOT PROVEN {name}: {error}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
