"""Discovery: which physical tables could be a logical source.

Here belongs the judgement over names, columns and types, from descriptions alone. What does not belong here: reading
tables (``engines.sampling``), the file of bindings (``sources.bindings_file``), and any confirmation: a candidate is a
proposal until a person confirms it.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from functools import cache, lru_cache

from soxauto_assets.sources.bindings import Binding, TableName
from soxauto_assets.sources.fitting import fits
from soxauto_assets.sources.model import SourceColumn, SourceContract, by_name
from soxauto_assets.sources.naming import compact, similarity

# Columns and types say more than a name; of equals, the table that the reference names comes first.
_NAME, _COLUMNS, _NAMED = 0.39, 0.59, 0.02
# A proposal needs the columns first of all. Without a name that resembles, nearly all of them, and not just two or three.
_ENOUGH_COLUMNS, _ENOUGH_NAME = 0.5, 0.5
_ALL_BUT, _NOT_JUST = 0.8, 5
_SHOWN = 0.35
_AS_GOOD = 0.03


@dataclass(frozen=True)
class FoundColumn:
    """One contract column in a physical table.

    Attributes:
        logical: Contract column.
        physical: Its name in the table.
        type: Its type there, in Trino's words.
        fits: Whether that type holds no more than the contract's.
    """

    logical: SourceColumn
    physical: str
    type: str
    fits: bool

    @property
    def renamed(self) -> bool:
        """Whether the binding must name it."""
        return self.physical.lower() != self.logical.name


@dataclass(frozen=True)
class Candidate:
    """One table that could be a logical source.

    Attributes:
        contract: The source's contract.
        table: The table.
        found: The contract columns it has.
        missing: The contract columns it has not.
        width: Number of columns of the table.
        name: How alike the names are, 0 to 1.
    """

    contract: SourceContract
    table: TableName
    found: tuple[FoundColumn, ...]
    missing: tuple[str, ...]
    width: int
    name: float

    @property
    def share(self) -> float:
        """Share of the contract's columns that the table has under a comparable name."""
        return len(self.found) / len(self.contract.columns)

    @property
    def fitting(self) -> float:
        """The same share, a column of another type counted half."""
        return sum(1.0 if column.fits else 0.5 for column in self.found) / len(self.contract.columns)

    @property
    def score(self) -> float:
        """Rank, 0 to 1: columns and types before the name, and a little for the table that the reference names."""
        guess = f"{self.table.database}.{self.table.table}" == self.contract.athena_candidate
        return _NAME * self.name + _COLUMNS * self.fitting + (_NAMED if guess else 0.0)

    @property
    def proposable(self) -> bool:
        """Whether it is good enough to be written down as a proposal."""
        by_both = self.fitting >= _ENOUGH_COLUMNS and self.name >= _ENOUGH_NAME
        return by_both or (self.fitting >= _ALL_BUT and len(self.found) >= _NOT_JUST)

    @property
    def renames(self) -> dict[str, str]:
        """Logical to physical name, only where they differ."""
        return {column.logical.name: column.physical for column in self.found if column.renamed}


@dataclass(frozen=True)
class Finding:
    """What was found for one logical source.

    Attributes:
        contract: The source's contract.
        binding: Its binding in force, or None.
        candidates: Best first; of a confirmed source, its own table alone.
        taken: Tables that another source has a better claim to, with that source.
    """

    contract: SourceContract
    binding: Binding | None
    candidates: tuple[Candidate, ...]
    taken: Mapping[TableName, str] = field(default_factory=dict)

    @property
    def confirmed(self) -> bool:
        """Whether somebody confirmed the binding, so that nothing is proposed."""
        return self.binding is not None and self.binding.status == "confirmed"

    @property
    def best(self) -> Candidate | None:
        """The table to go by: the confirmed one, or the best that is good enough to propose."""
        if self.confirmed:
            return self.candidates[0] if self.candidates else None
        return next((c for c in self.candidates if c.proposable and c.table not in self.taken), None)

    @property
    def ties(self) -> tuple[Candidate, ...]:
        """The candidates that are as good as the best one."""
        best = self.best
        if best is None or self.confirmed:
            return ()
        rivals = [c for c in self.candidates if c is not best and c.proposable and c.table not in self.taken]
        return tuple(c for c in rivals if best.score - c.score < _AS_GOOD)


def discover(
    contracts: Iterable[SourceContract],
    bindings: Mapping[str, Binding],
    described: Mapping[TableName, Mapping[str, str]],
    keep: int = 3,
) -> list[Finding]:
    """Rank the tables for each logical source; a table goes to one source, the one whose name is nearest to its own.

    Args:
        contracts: The sources. All of them, also where only some are shown: they compete for the tables.
        bindings: Bindings in force.
        described: Physical tables with their columns and types, in Trino's words.
        keep: Candidates kept per source.
    """
    findings = [_find(contract, bindings.get(contract.name), described, keep) for contract in contracts]
    while contested := _contested(findings):
        table, owner = contested
        findings = [
            finding
            if finding.contract.name == owner or finding.best is None or finding.best.table != table
            else replace(finding, taken={**finding.taken, table: owner})
            for finding in findings
        ]
    return findings


def match(
    contract: SourceContract, table: TableName, columns: Mapping[str, str], known: Mapping[str, str] | None = None
) -> Candidate:
    """Compare one table with one contract.

    Args:
        contract: The source's contract.
        table: The table.
        columns: Its columns and types.
        known: Logical to physical names that a binding already states; they win over the comparison of names.
    """
    exact, joined, lower = _index(tuple(columns))
    found, missing = [], []
    for column in contract.columns:
        stated = lower.get((known or {}).get(column.name, "").lower())
        physical = stated or _physical(column, exact, joined)
        if physical is None:
            missing.append(column.name)
        else:
            kind = columns[physical]
            found.append(FoundColumn(column, physical, kind, fits(column.type, kind)))
    return Candidate(contract, table, tuple(found), tuple(missing), len(columns), _name_of(contract, table))


def _contested(findings: Iterable[Finding]) -> tuple[TableName, str] | None:
    """Return a table that is the best of several sources, and the source with the best claim to it."""
    claims: dict[TableName, list[tuple[bool, float, float, str]]] = {}
    for finding in findings:
        if best := finding.best:
            claim = (finding.confirmed, best.name, best.score, finding.contract.name)
            claims.setdefault(best.table, []).append(claim)
    for table, claimants in claims.items():
        # Two confirmed bindings of one table are a person's word, and stay.
        if len(claimants) > 1 and not all(confirmed for confirmed, *_ in claimants):
            return table, max(claimants)[-1]
    return None


def _find(
    contract: SourceContract, binding: Binding | None, described: Mapping[TableName, Mapping[str, str]], keep: int
) -> Finding:
    if binding is not None and binding.status == "confirmed":
        table = _same(binding.table, described)
        own = () if table is None else (match(contract, table, described[table], binding.columns),)
        return Finding(contract, binding, own)
    candidates = [
        match(contract, table, columns, binding.columns if binding and _is(binding.table, table) else None)
        for table, columns in described.items()
    ]
    worth = [c for c in candidates if c.score >= _SHOWN and (c.name >= _ENOUGH_NAME or len(c.found) > 1)]
    worth.sort(key=lambda c: (-c.score, -len(c.found) / max(c.width, 1), c.table.database, c.table.table))
    return Finding(contract, binding, tuple(worth[:keep]))


@lru_cache(1 << 14)
def _index(columns: tuple[str, ...]) -> tuple[dict[str, str], dict[str, str], dict[str, str]]:
    """Return a table's columns by comparable form, by that form without word limits, and by lower case."""
    exact: dict[str, str] = {}
    joined: dict[str, str] = {}
    for name in columns:
        exact.setdefault(by_name(name), name)
        joined.setdefault(compact(name), name)
    return exact, joined, {name.lower(): name for name in columns}


@cache
def _forms(column: SourceColumn) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Return the comparable forms of a contract column, its logical name first, and the same without word limits."""
    names = tuple(dict.fromkeys((by_name(column.name), *sorted(column.names))))
    return names, tuple(compact(name) for name in names)


@cache
def _table_names(contract: SourceContract) -> frozenset[str]:
    return contract.names


def _physical(column: SourceColumn, exact: Mapping[str, str], joined: Mapping[str, str]) -> str | None:
    names, without_limits = _forms(column)
    by_form = next((exact[name] for name in names if name in exact), None)
    return by_form or next((joined[name] for name in without_limits if name in joined), None)


def _name_of(contract: SourceContract, table: TableName) -> float:
    """Return how alike the names are; a system that only the database names (``process_pg_bob``) counts as said."""
    names = _table_names(contract)
    alone = max(similarity(name, table.table) for name in names)
    whole = max(similarity(name, f"{table.database}_{table.table}") for name in names)
    return max(alone, min(whole, 0.95))


def _same(table: TableName, described: Mapping[TableName, Mapping[str, str]]) -> TableName | None:
    return next((found for found in described if _is(table, found)), None)


def _is(bound: TableName, found: TableName) -> bool:
    """Say whether a binding's table is the one found; an engine of one catalog does not name it."""
    same = (bound.database.lower(), bound.table.lower()) == (found.database.lower(), found.table.lower())
    return same and (bound.catalog is None or found.catalog is None or bound.catalog == found.catalog)
