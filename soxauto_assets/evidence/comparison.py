"""Two packages side by side: what differs, section by section.

Here belongs which documents of a package are compared and how. What does not belong here: the comparison of rows
(``evidence.difference``) and of plain documents (``evidence.documents``), verification, and any judgement.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import unified_diff
from pathlib import Path
from typing import Any

from soxauto_assets.catalog import all_items
from soxauto_assets.evidence.difference import RowDifference, compare_rows, compare_totals
from soxauto_assets.evidence.documents import entries, members, words
from soxauto_assets.evidence.sealed import document, predicate_of, rows_of, texts_of
from soxauto_assets.extraction.tables import TypedTable

# What two closes with equal content say differently; DECISIONS A4 keeps it out of the content id.
CIRCUMSTANCES = ("attempt", "sealed_at", "reason", "supersedes")
# Lists of a statement that sections of their own show.
_ELSEWHERE = ("checks", "inputs")
_CHECK = ("status", "severity", "expected", "actual", "difference", "rows", "details", "reason", "override", "method")
RECONCILIATION = {
    "lines": ("company", "component"),
    "bridges": ("name",),
    "totals": ("name",),
    "rates": ("company",),
    "balances": ("company", "component", "side", "kind", "account", "name"),
}


@dataclass(frozen=True)
class Comparison:
    """What differs between two packages.

    Attributes:
        circumstances: Attempt, times and reason: what differs between any two attempts.
        statement: By path, both values.
        query: Unified diffs of SQL texts, by purpose and kind.
        parameters: By path, both values; period parameters and bindings.
        configuration: By path, both values.
        control_totals: Groups whose figures differ.
        rows: Rows by key.
        checks: By check, in words.
        inputs: Of a reconciliation, in words.
        reconciliation: Parts of a reconciliation, in words.
        environment: By path, both values; code and libraries, no content.
    """

    circumstances: Mapping[str, Any]
    statement: Mapping[str, Any]
    query: Mapping[str, str]
    parameters: Mapping[str, Any]
    configuration: Mapping[str, Any]
    control_totals: Sequence[Mapping[str, Any]]
    rows: RowDifference
    checks: Mapping[str, Sequence[str]]
    environment: Mapping[str, Any]
    inputs: Sequence[str] = ()
    reconciliation: Mapping[str, Sequence[str]] = field(default_factory=dict)

    @property
    def equal(self) -> bool:
        """Whether the content is the same; circumstances and environment are none."""
        sections = (self.statement, self.query, self.parameters, self.configuration, self.control_totals, self.checks)
        return self.rows.equal and not any((*sections, self.inputs, self.reconciliation))

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as plain values."""
        return {
            "equal": self.equal,
            "circumstances": dict(self.circumstances),
            "statement": dict(self.statement),
            "query": dict(self.query),
            "parameters": dict(self.parameters),
            "configuration": dict(self.configuration),
            "control_totals": [dict(group) for group in self.control_totals],
            "rows": self.rows.to_json(),
            "checks": {name: list(said) for name, said in self.checks.items()},
            "inputs": list(self.inputs),
            "reconciliation": {name: list(said) for name, said in self.reconciliation.items()},
            "environment": dict(self.environment),
        }


def compare_packages(first: Path, second: Path, limit: int) -> Comparison:
    """Compare two packages of one item, or two reconciliations.

    Args:
        first: Folder of a package that was verified.
        second: Folder of another one.
        limit: How many rows the sample shows of each kind.
    """
    said = [predicate_of(package) for package in (first, second)]
    contracts = [document(package, "contract.json") for package in (first, second)]
    one, other = ({n: v for n, v in side.items() if n not in _ELSEWHERE} for side in said)
    statement = _both(one, other)
    circumstances = {n: statement.pop(n) for n in list(statement) if n.split(".")[0] in CIRCUMSTANCES}
    parameters = _both(*(_parameters(package) for package in (first, second)))
    return Comparison(
        circumstances=circumstances,
        statement=statement,
        query=_queries(first, second),
        parameters=parameters,
        configuration=_both(*(_configuration(package) for package in (first, second))),
        control_totals=_totals(first, second, contracts),
        rows=compare_rows(
            rows_of(first), rows_of(second), contracts[0], personal_columns(contracts), limit, contracts[1]
        ),
        checks=_checks(first, second),
        environment=_both(*(document(package, "environment.json", {}) for package in (first, second))),
        inputs=entries(said[0]["inputs"], said[1]["inputs"], ("item",)),
        reconciliation=_reconciliation(first, second),
    )


def personal_columns(contracts: Sequence[Mapping[str, Any]]) -> set[str]:
    """Return the columns that identify a customer; of an item that this code does not know, every text column."""
    columns = {(name, kind) for contract in contracts for name, kind in contract["columns"]}
    item = next((item for item in all_items() if item.id == contracts[0]["item"]), None)
    if contracts[0]["item"] == "RECONCILIATION":
        return set()
    known = {column.name for column in item.columns} if item else set()
    personal = {column.name for column in item.columns if column.personal} if item else set()
    return personal | {name for name, kind in columns if kind == "string" and name not in known}


def _both(first: Any, second: Any) -> dict[str, Any]:
    return {path: [one, other] for path, one, other in members(first, second)}


def _queries(first: Path, second: Path) -> dict[str, str]:
    before, after = texts_of(first), texts_of(second)
    found = {}
    for purpose in sorted(before.keys() | after.keys()):
        for kind in ("template", "baseline", "executed"):
            texts = [side.get(purpose, {}).get(kind, "").splitlines() for side in (before, after)]
            if texts[0] != texts[1]:
                name = f"{purpose}.{kind}"
                found[name] = "\n".join(
                    unified_diff(texts[0], texts[1], f"first/{name}.sql", f"second/{name}.sql", lineterm="")
                )
    return found


def _parameters(package: Path) -> dict[str, Any]:
    rendered = document(package, "query/parameters.json", {})
    return {
        "parameters": rendered.get("parameters", {}),
        "bindings": document(package, "bindings.json", {}),
        "custody": document(package, "custody.json", {}),
    }


def _configuration(package: Path) -> dict[str, Any]:
    rendered = document(package, "query/parameters.json", {})
    keys = rendered.get("configuration") or document(package, "configuration.json", {})
    return {**keys, **{f"rules/{name}": rule for name, rule in document(package, "rules.json", {}).items()}}


def _totals(first: Path, second: Path, contracts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    groups = [contract["control_totals"]["group_by"] for contract in contracts]
    tables = [TypedTable.from_json(document(package, "control_totals.json")["landed"]) for package in (first, second)]
    if groups[0] != groups[1]:
        return [{"group": {}, "grouped_by": groups}]
    return compare_totals(tables[0], tables[1], groups[0])


def _checks(first: Path, second: Path) -> dict[str, list[str]]:
    sides = [{one["name"]: one for one in document(p, "checks.json")["results"]} for p in (first, second)]
    found = {}
    for name in dict.fromkeys((*sides[0], *sides[1])):
        one, other = (side.get(name) for side in sides)
        if one is None or other is None:
            found[name] = [f"only in the {'second' if one is None else 'first'}"]
        elif said := words({n: one[n] for n in _CHECK}, {n: other[n] for n in _CHECK}):
            found[name] = said
    return found


def _reconciliation(first: Path, second: Path) -> dict[str, list[str]]:
    sides = [document(package, "reconciliation.json") for package in (first, second)]
    if None in sides:
        return {}
    parts = {name: entries(sides[0][name], sides[1][name], key) for name, key in RECONCILIATION.items()}
    return {name: said for name, said in parts.items() if said}
