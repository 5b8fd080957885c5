"""Making inclusion proofs and samples from a sealed package.

Here belongs finding rows of a package by key or position, and the documents that show them to somebody who does not get the
package. What does not belong here: checking such a document (``evidence.proof``, which every proof passes before it leaves
this module), and where packages come from (``commands``).

The rows stay in DuckDB: what Python holds are 32 bytes for every 1,024 rows, and the leaves and rows that are asked for.
"""

import re
from bisect import bisect_left
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal, InvalidOperation
from itertools import groupby
from operator import itemgetter
from pathlib import Path
from typing import Any

from soxauto_assets.canonical import read_json
from soxauto_assets.catalog.types import ContractType
from soxauto_assets.errors import NotVerified, RowError
from soxauto_assets.evidence import proof
from soxauto_assets.evidence.proof import LEAF, Cell
from soxauto_assets.evidence.reference_digest import typed_cells
from soxauto_assets.evidence.verify import verify_package
from soxauto_assets.extraction.digest import cell_sql, placed_row_sql, rows_of, sorted_hashes
from soxauto_assets.extraction.parquet import session

_HASH = 32
_MANY = 10


@dataclass(frozen=True)
class SealedRows:
    """The rows of a package whose bytes and seal were verified.

    Attributes:
        files: The files of the rows.
        columns: Names and contract types, in order.
        company_column: The column that holds the company, or None.
        key: The item's key columns.
        package: Which package it is: item, period, attempt, environment, SHA-256 of the seal.
        digest: The sealed dataset digest.
        rows: How many rows were sealed.
        root: The sealed root.
        trees: Company, number of rows and root of each tree; one, without a company, where the item has none.
    """

    files: tuple[Path, ...]
    columns: tuple[tuple[str, str], ...]
    company_column: str | None
    key: tuple[str, ...]
    package: Mapping[str, Any]
    digest: str
    rows: int
    root: str
    trees: tuple[tuple[str | None, int, str], ...]

    @classmethod
    def open(cls, package: Path) -> "SealedRows":
        """Verify a package's bytes and seal and read what it says of its rows.

        Raises:
            NotVerified: The package does not verify, or does not say it.
        """
        report = verify_package(package)
        if broken := [layer for layer in report.layers if layer.status == "fail"]:
            raise NotVerified(f"{package.name} does not verify: {broken[0].text}", action=_RESTORE)
        try:
            contract, sealed = (read_json((package / "data" / name).read_bytes()) for name in _DOCUMENTS)
            statement = read_json((package / "statement.json").read_bytes())
            predicate, digest = statement["predicate"], sealed["digest"]
            companies = [(tree["company"], tree["rows"], tree["root"]) for tree in digest["companies"]]
            if contract["company_column"] is None:
                companies = [(None, digest["rows"], digest["root"])]
            if predicate["dataset_digest"] != digest["digest"]:
                raise NotVerified("the statement names another digest than the package", action=_RESTORE)
            return cls(
                files=tuple(sorted((package / "data" / "rows").glob("*.parquet"))),
                columns=tuple((name, kind) for name, kind in contract["columns"]),
                company_column=contract["company_column"],
                key=tuple(contract["key"]),
                package={
                    **{name: predicate[name] for name in ("environment", "item", "period", "attempt")},
                    "seal_sha256": report.seal_sha256,
                },
                digest=digest["digest"],
                rows=digest["rows"],
                root=digest["root"],
                trees=tuple(companies),
            )
        except (KeyError, TypeError, ValueError, OSError) as error:
            raise NotVerified(
                f"{package.name} does not say what its rows are ({type(error).__name__})", action=_RESTORE
            ) from error

    @property
    def declared(self) -> list[tuple[str, ContractType]]:
        """Names and contract types, as the digest wants them."""
        return [(name, ContractType.parse(kind)) for name, kind in self.columns]

    def describe(self, form: str) -> dict[str, Any]:
        """Return what every document on these rows says first."""
        return {
            "format": form,
            "algorithm": proof.TAG,
            "package": dict(self.package),
            "key": list(self.key),
            "columns": [list(column) for column in self.columns],
            "company_column": self.company_column,
            "rows": self.rows,
            "root": self.root,
            "digest": self.digest,
        }

    def tree_of(self, company: str) -> tuple[int, int, str]:
        """Return where a company's rows begin, how many there are, and the root of their tree.

        Raises:
            RowError: The item has no companies, or the company has no rows here.
        """
        first = 0
        for code, rows, root in self.trees if self.company_column else ():
            if code == company:
                return first, rows, root
            first += rows
        what = "the company has no rows here" if self.company_column else "the item has no company column"
        raise RowError(what, action="give a company that dataset.json of the package lists, or none")

    def cell(self, column: str, value: str | None) -> Cell:
        """Return a person's text as a cell of a column, in the one form that cells have.

        Raises:
            RowError: There is no such column, or its type has no such value.
        """
        kind = dict(self.columns).get(column)
        if kind is None:
            raise RowError(f"there is no column {column}", action=f"name the key columns: {', '.join(self.key)}")
        cell: Cell = value
        if value is not None and kind == "bool":
            cell = {"true": True, "false": False}.get(value, value)
        if value is not None and re.fullmatch(r"-?[0-9]{1,40}(\.[0-9]{1,40})?", value):
            cell = _number(value, kind)
        try:
            proof.cell_text(cell, kind)
        except ValueError as error:
            raise RowError(
                f"column {column} is {kind}, and the given text is none",
                action="write numbers without grouping, dates as 2025-09-30, instants as 2025-09-30 23:59:59.999",
            ) from error
        return cell


_RESTORE = "restore the package from its store and run the same command again"
_DOCUMENTS = ("contract.json", "dataset.json")


def _number(value: str, kind: str) -> str:
    """Write a number with as many digits after the point as its column has; a value that does not fit stays as it is."""
    declared = ContractType.parse(kind)
    try:
        if declared.kind == "int64":
            return str(int(value))
        if declared.kind == "decimal":
            number = Decimal(value)
            padded = f"{number:.{declared.scale}f}"
            return (padded.removeprefix("-") if number == 0 else padded) if Decimal(padded) == number else value
    except (InvalidOperation, ValueError):
        pass
    return value


def position_of(sealed: SealedRows, key: Mapping[str, str | None]) -> int:
    """Return the position of the row with these values in the key columns; of rows that are all equal, the first.

    Args:
        sealed: The rows.
        key: Text, or None for a cell without value, by column; all key columns of the item.

    Raises:
        RowError: The columns are not the key, or a value has no form, or no row or more than one has them.
        StorageError: The rows cannot be read.
    """
    if key.keys() != set(sealed.key):
        raise RowError("the named columns are not the key of the item", action=f"name {', '.join(sealed.key)}")
    kinds = dict(sealed.columns)
    texts = {name: proof.cell_text(sealed.cell(name, value), kinds[name]) for name, value in key.items()}
    places = [name for name, _ in sealed.columns]
    conditions = [f"{cell_sql(f'c{places.index(name)}', ContractType.parse(kinds[name]))} = ?" for name in texts]
    with session() as connection:
        query = f"SELECT DISTINCT company, hash FROM ({_hashed(sealed)}) WHERE {' AND '.join(conditions)} ORDER BY ALL"
        found = connection.execute(f"{query} LIMIT {_MANY}", list(texts.values())).fetchall()
        below = f"SELECT count(*) FROM ({_hashed(sealed)}) WHERE company IS NOT DISTINCT FROM ? AND hash < ?"
        ranks = [connection.execute(below, [company, digest]).fetchall()[0][0] for company, digest in found]
    first = _firsts(sealed)
    # A company that the package does not list is noticed when its rows are proven.
    positions = [first.get(company, 0) + int(rank) for (company, _), rank in zip(found, ranks, strict=True)]
    if not positions:
        raise RowError("no sealed row has this key", action="look the key up in the rows of the package")
    if len(positions) > 1:
        numbers = ", ".join(map(str, sorted(positions)))
        raise RowError(
            "different rows have this key", action=f"name one by --position instead: {numbers}", **_where(sealed)
        )
    return positions[0]


def _firsts(sealed: SealedRows) -> dict[str | None, int]:
    """Return at which position each company's rows begin."""
    firsts, first = {}, 0
    for company, rows, _ in sealed.trees:
        firsts[company] = first
        first += rows
    return firsts


def _where(sealed: SealedRows) -> dict[str, str]:
    return {name: str(sealed.package[name]) for name in ("item", "period")}


def _hashed(sealed: SealedRows) -> str:
    """Return a query for all rows: company, hash in hex, and every column by place."""
    names = [name for name, _ in sealed.columns]
    company = f"c{names.index(sealed.company_column)}" if sealed.company_column else "CAST(NULL AS VARCHAR)"
    row = placed_row_sql(sealed.declared)
    return " UNION ALL ".join(
        f"SELECT {company} AS company, sha256({row}) AS hash, * FROM {rows_of(path, sealed.declared)}"
        for path in sealed.files
    )


def prove(sealed: SealedRows, positions: Sequence[int]) -> list[dict[str, Any]]:
    """Return a proof for each position, in the given order; the rows are sorted once for all of them.

    Args:
        sealed: The rows.
        positions: Positions in the order of the trees: companies in their order, row hashes ascending; from 0.

    Raises:
        RowError: There is no such position.
        NotVerified: The rows do not give the sealed digest.
        StorageError: The rows cannot be read or sorted.
    """
    if beyond := [position for position in positions if not 0 <= position < sealed.rows]:
        raise RowError(
            f"there is no row at position {beyond[0]}",
            action=f"give one below {sealed.rows}; positions count from 0",
            **_where(sealed),
        )
    trees = _grow(sealed, sorted(set(positions)))
    outer = [proof.company_hash(*tree.facts) for tree in trees]
    root = proof.tree_root(outer) if sealed.company_column else (trees[0].root if trees else proof.tree_root([]))
    rows = sum(tree.rows for tree in trees)
    found = (proof.dataset_digest(sealed.columns, rows, root), rows, root)
    if found != (sealed.digest, sealed.rows, sealed.root) or [tree.facts for tree in trees] != [*sealed.trees]:
        raise NotVerified("the rows give another digest than the sealed one", action=_RESTORE, **_where(sealed))
    places = [_place(trees, position) for position in positions]
    cells = _cells(sealed, {tree.hash_at(place) for tree, place in places})
    proofs = []
    for tree, place in places:
        own = tree.hash_at(place)
        row = cells[own.hex()]
        document = {
            **sealed.describe(proof.PROOF_FORMAT),
            "row": row,
            "row_text": proof.row_text(row, sealed.columns),
            "row_hash": own.hex(),
            "in_company": tree.membership(place),
            "company_root": tree.root,
            "in_dataset": _in_dataset(outer, trees.index(tree)) if sealed.company_column else None,
        }
        # Made with DuckDB, checked with the other implementation.
        proof.check_proof(document, sealed.digest)
        proofs.append(document)
    return proofs


def sample(
    sealed: SealedRows, nonce: str, size: int, company: str | None
) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Draw rows; return the sample and a proof for each row, in the order of the draw.

    Args:
        sealed: The rows.
        nonce: The auditor's own text.
        size: How many rows; all of them where there are fewer.
        company: Draw among this company's rows only.

    Raises:
        RowError: There is nothing to draw from, or the nonce is empty, or the company has no rows.
        NotVerified: The rows do not give the sealed digest.
        StorageError: The rows cannot be read or sorted.
    """
    first, rows, root = (0, sealed.rows, sealed.root) if company is None else sealed.tree_of(company)
    if not nonce.strip() or not rows:
        raise RowError(
            "the nonce is empty" if rows else "there are no rows to draw from",
            action="let the auditor choose a text after the sealing" if rows else "read the package's checks instead",
            **_where(sealed),
        )
    drawn = proof.draw(root, nonce, rows, size)
    proofs = prove(sealed, [first + position for position in drawn])
    keys = [name for name, _ in sealed.columns]
    selection = [
        {
            "position": position,
            "row_hash": found["row_hash"],
            "key": [found["row"][keys.index(name)] for name in sealed.key],
        }
        for position, found in zip(drawn, proofs, strict=True)
    ]
    document = {
        **sealed.describe(proof.SAMPLE_FORMAT),
        "companies": [list(tree) for tree in sealed.trees] if sealed.company_column else [],
        "company": company,
        "nonce": nonce,
        "size": size,
        "selection": selection,
    }
    proof.check_sample(document, sealed.digest)
    return document, proofs


@dataclass(eq=False)
class _Tree:
    """The tree of one company's rows while it grows; of its hashes only the leaves that are asked for are kept."""

    company: str | None
    first: int
    rows: int = 0
    leaves: list[bytes] = field(default_factory=list)
    kept: dict[int, bytes] = field(default_factory=dict)
    levels: list[list[bytes]] = field(default_factory=list)

    @property
    def root(self) -> str:
        return self.levels[-1][0].hex()

    @property
    def facts(self) -> tuple[str | None, int, str]:
        return self.company, self.rows, self.root

    def add(self, block: bytes, wanted: Sequence[int]) -> None:
        start, end = self.first + self.rows, self.first + self.rows + len(block) // _HASH
        at = bisect_left(wanted, start)
        if at < len(wanted) and wanted[at] < end:
            self.kept[len(self.leaves)] = block
        self.leaves.append(proof.leaf_hash(block))
        self.rows = end - self.first

    def hash_at(self, place: int) -> bytes:
        start = place % LEAF * _HASH
        return self.kept[place // LEAF][start : start + _HASH]

    def membership(self, place: int) -> dict[str, Any]:
        block = self.kept[place // LEAF]
        hashes = [block[start : start + _HASH] for start in range(0, len(block), _HASH)]
        return _membership(self.rows, place, hashes, self.levels)


def _grow(sealed: SealedRows, wanted: Sequence[int]) -> list[_Tree]:
    trees: list[_Tree] = []
    first = 0
    with sorted_hashes(sealed.files, sealed.declared, sealed.company_column) as runs:
        for company, blocks in groupby(runs, key=itemgetter(0)):
            tree = _Tree(company, first)
            for block in _leaf_blocks(hashes for _, hashes in blocks):
                tree.add(block, wanted)
            tree.levels = proof.levels(tree.leaves)
            first += tree.rows
            trees.append(tree)
    return trees


def _leaf_blocks(blocks: Iterable[bytes]) -> Iterator[bytes]:
    """Cut joined hashes of any length into leaves."""
    rest, size = b"", LEAF * _HASH
    for block in blocks:
        rest += block
        whole = len(rest) - len(rest) % size
        yield from (rest[start : start + size] for start in range(0, whole, size))
        rest = rest[whole:]
    if rest:
        yield rest


def _place(trees: Sequence[_Tree], position: int) -> tuple[_Tree, int]:
    tree = next(tree for tree in trees if tree.first <= position < tree.first + tree.rows)
    return tree, position - tree.first


def _in_dataset(outer: Sequence[bytes], place: int) -> dict[str, Any]:
    leaves = [proof.leaf_hash(b"".join(outer[start : start + LEAF])) for start in range(0, len(outer), LEAF)]
    start = place - place % LEAF
    return _membership(len(outer), place, outer[start : start + LEAF], proof.levels(leaves))


def _membership(count: int, place: int, leaf: Sequence[bytes], levels: Sequence[Sequence[bytes]]) -> dict[str, Any]:
    """Return a hash's place in its tree: the others of its leaf, and the siblings on the way up."""
    index, at = divmod(place, LEAF)
    others = [*leaf[:at], *leaf[at + 1 :]]
    path = []
    for level in levels[:-1]:
        if index ^ 1 < len(level):
            path.append(level[index ^ 1])
        index //= 2
    return {
        "count": count,
        "position": place,
        "leaf": [value.hex() for value in others],
        "path": [value.hex() for value in path],
    }


def _cells(sealed: SealedRows, hashes: Iterable[bytes]) -> dict[str, list[Cell]]:
    """Return the cells of rows by their hash in hex."""
    wanted, found = [value.hex() for value in hashes], {}
    with session() as connection:
        for path in sealed.files:
            query = f"SELECT sha256({placed_row_sql(sealed.declared)}) AS hash, * FROM {rows_of(path, sealed.declared)}"
            reader = connection.sql(
                f"SELECT * FROM ({query}) WHERE hash IN (SELECT unnest($wanted))", params={"wanted": wanted}
            ).to_arrow_reader()
            for batch in reader:
                columns = [typed_cells(batch.column(i + 1), *column) for i, column in enumerate(sealed.columns)]
                for digest, *row in zip(batch.column(0).to_pylist(), *columns, strict=True):
                    found[digest] = row
    return found
