"""The rows of two packages, compared by key.

Here belongs the comparison of rows and of control totals, in DuckDB, which spills what does not fit. What does not belong
here: the other documents of a package (``evidence.comparison``), and any judgement.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import duckdb

from soxauto_assets.canonical import plain
from soxauto_assets.catalog.types import ContractType
from soxauto_assets.extraction.parquet import scan, session
from soxauto_assets.extraction.tables import TypedTable
from soxauto_assets.sources.masking import mask

SIDES = ("a", "b")


@dataclass(frozen=True)
class RowDifference:
    """What differs between two sets of rows.

    Attributes:
        rows: Number of rows on each side.
        only_first: Rows whose key only the first side has.
        only_second: Rows whose key only the second side has.
        changed: Keys that both have with other values.
        columns: By column, how many of the changed keys differ in it.
        by_company: By company, the rows concerned and what each summed column moved by (second minus first).
        sample: The first rows concerned, in words; what identifies a customer is shown as its shape.
        note: What could not be compared, in words.
    """

    rows: tuple[int, int]
    only_first: int
    only_second: int
    changed: int
    columns: Mapping[str, int] = field(default_factory=dict)
    by_company: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    sample: tuple[str, ...] = ()
    note: str | None = None

    @property
    def equal(self) -> bool:
        """Whether nothing that was compared differs."""
        return not (self.only_first or self.only_second or self.changed or self.note)

    def lines(self) -> Iterator[str]:
        """Yield what differs, in words."""
        if self.note:
            yield self.note
        if self.only_first or self.only_second or self.changed:
            yield (
                f"{self.only_first} rows only in the first, {self.only_second} only in the second, {self.changed} changed"
            )
        if self.columns:
            yield "changed columns: " + ", ".join(f"{name} ({rows})" for name, rows in self.columns.items())
        for company, moved in self.by_company.items():
            yield f"{company}: " + ", ".join(f"{name} {amount}" for name, amount in moved.items())
        yield from self.sample

    def to_json(self) -> dict[str, Any]:
        """Return the difference as plain values."""
        return {
            "first": self.rows[0],
            "second": self.rows[1],
            "only_first": self.only_first,
            "only_second": self.only_second,
            "changed": self.changed,
            "columns": dict(self.columns),
            "by_company": {company: dict(moved) for company, moved in self.by_company.items()},
            "sample": list(self.sample),
            "note": self.note,
        }


def compare_rows(
    first: Sequence[Path],
    second: Sequence[Path],
    contract: Mapping[str, Any],
    personal: Collection[str],
    limit: int,
    second_contract: Mapping[str, Any] | None = None,
) -> RowDifference:
    """Compare the rows of two sides by key.

    Args:
        first: Parquet files of the first side.
        second: Parquet files of the second side.
        contract: The first side's ``contract.json``.
        personal: Columns whose values identify a customer.
        limit: How many rows the sample shows of each kind.
        second_contract: The second side's, where it is another one; only columns with the same name and type are compared.
    """
    columns = [(name, kind) for name, kind in contract["columns"]]
    other = columns if second_contract is None else [(name, kind) for name, kind in second_contract["columns"]]
    common = [column for column in columns if column in other]
    apart = sorted({name for name, _ in set(columns) ^ set(other)})
    note = f"not compared, since only one side has them or their type differs: {', '.join(apart)}" if apart else None
    with session() as connection:
        for side, files in zip(SIDES, (first, second), strict=True):
            selected = ", ".join(f'CAST("{n}" AS {ContractType.parse(k).duckdb}) AS "{n}"' for n, k in common)
            connection.execute(f"CREATE VIEW {side} AS SELECT {selected} FROM {scan(files)}")
        names = [name for name, _ in common]
        comparison = _Comparison(connection, contract, names, personal, limit, note)
        keyed = set(contract["key"]) <= set(names) and (second_contract or contract)["key"] == contract["key"]
        return comparison.by_key() if keyed and comparison.unique() else comparison.whole()


@dataclass(frozen=True)
class _Comparison:
    connection: duckdb.DuckDBPyConnection
    contract: Mapping[str, Any]
    names: Sequence[str]
    personal: Collection[str]
    limit: int
    note: str | None

    def unique(self) -> bool:
        """Whether the key names one row on each side."""
        key = ", ".join(map(_quoted, self.contract["key"]))
        repeated = [f"SELECT 1 FROM {side} GROUP BY {key} HAVING count(*) > 1 LIMIT 1" for side in SIDES]
        return not any(self.connection.execute(query).fetchone() for query in repeated)

    def by_key(self) -> RowDifference:
        """Compare row by row."""
        key = self.contract["key"]
        same = " AND ".join(f"a.{_quoted(name)} IS NOT DISTINCT FROM b.{_quoted(name)}" for name in key)
        values = [name for name in self.names if name not in key]
        differs = {name: f"a.{_quoted(name)} IS DISTINCT FROM b.{_quoted(name)}" for name in values}
        changed = " OR ".join(differs.values()) or "false"
        counts = ", ".join(f"count(*) FILTER (WHERE {test})" for test in (changed, *differs.values()))
        found = self._one(f"SELECT {counts} FROM a JOIN b ON {same}")
        only = [f"SELECT {x}.* FROM {x} ANTI JOIN {y} ON {same}" for x, y in (("a", "b"), ("b", "a"))]
        both = ", ".join(f"{x}.{_quoted(name)}" for x in SIDES for name in self.names)
        pairs = f"SELECT {both} FROM a JOIN b ON {same} WHERE {changed}"
        sides = [
            f"SELECT {', '.join(f'{x}.{_quoted(name)}' for name in self.names)} FROM a JOIN b ON {same} WHERE {changed}"
            for x in SIDES
        ]
        return RowDifference(
            rows=self._rows(),
            only_first=self._count(only[0]),
            only_second=self._count(only[1]),
            changed=found[0],
            columns={name: rows for name, rows in zip(values, found[1:], strict=True) if rows},
            by_company=self._moved([f"{only[0]} UNION ALL {sides[0]}", f"{only[1]} UNION ALL {sides[1]}"]),
            sample=(*self._changed(pairs), *self._keys(only[0], "first"), *self._keys(only[1], "second")),
            note=self.note,
        )

    def whole(self) -> RowDifference:
        """Compare whole rows, where no key names one."""
        shown = ", ".join(map(_quoted, self.names))
        only = [f"(SELECT {shown} FROM {x} EXCEPT ALL SELECT {shown} FROM {y})" for x, y in (("a", "b"), ("b", "a"))]
        without = "no key names one row on both sides, so whole rows are compared"
        first, second = self._count(f"SELECT * FROM {only[0]}"), self._count(f"SELECT * FROM {only[1]}")
        return RowDifference(
            rows=self._rows(),
            only_first=first,
            only_second=second,
            changed=0,
            by_company=self._moved([f"SELECT * FROM {query}" for query in only]),
            sample=(
                *self._keys(f"SELECT * FROM {only[0]}", "first"),
                *self._keys(f"SELECT * FROM {only[1]}", "second"),
            ),
            note="; ".join(filter(None, (self.note, without if first or second else None))) or None,
        )

    def _moved(self, concerned: Sequence[str]) -> dict[str, dict[str, str]]:
        """Add up by company what the rows concerned moved by."""
        company = self.contract["company_column"]
        kinds = {name: ContractType.parse(kind) for name, kind in self.contract["columns"]}
        sums = [name for name in self.contract["control_totals"]["sums"] if name in self.names]
        group = f"coalesce({_quoted(company)}, '(none)')" if company in self.names else "'all'"
        wide = {name: f"CAST({_quoted(name)} AS DECIMAL(38,{kinds[name].scale or 0}))" for name in sums}
        parts = [
            f"SELECT {group} AS company, {sign}1 AS row_count"
            + "".join(f", {sign}coalesce({cast}, 0) AS {_quoted(name)}" for name, cast in wide.items())
            + f" FROM ({query})"
            for sign, query in zip(("-", ""), concerned, strict=True)
        ]
        added = "".join(f", sum({_quoted(name)}) AS {_quoted(name)}" for name in sums)
        query = (
            f"SELECT company, CAST(sum(row_count) AS BIGINT) AS rows{added} FROM ({' UNION ALL '.join(parts)}) "
            "GROUP BY company ORDER BY company"
        )
        rows = self.connection.execute(query).fetchall()
        return {row[0]: {n: f"{value:+}" for n, value in zip(("rows", *sums), row[1:], strict=True)} for row in rows}

    def _changed(self, pairs: str) -> Iterator[str]:
        order = ", ".join(f"a.{_quoted(name)}" for name in self.contract["key"])
        for row in self.connection.execute(f"{pairs} ORDER BY {order} LIMIT {self.limit}").fetchall():
            first, second = (
                dict(zip(self.names, half, strict=True)) for half in (row[: len(self.names)], row[len(self.names) :])
            )
            moved = [
                f"{name} {self._shown(name, first[name])} -> {self._shown(name, second[name])}"
                for name in self.names
                if first[name] != second[name]
            ]
            yield f"{self._place(first)}: {', '.join(moved)}"

    def _keys(self, only: str, side: str) -> Iterator[str]:
        key = [name for name in self.contract["key"] if name in self.names] or list(self.names)
        selected = ", ".join(map(_quoted, key))
        query = f"SELECT {selected} FROM ({only}) ORDER BY ALL LIMIT {self.limit}"
        for row in self.connection.execute(query).fetchall():
            yield f"{self._place(dict(zip(key, row, strict=True)))}: only in the {side}"

    def _place(self, row: Mapping[str, Any]) -> str:
        key = [name for name in self.contract["key"] if name in row] or list(row)
        return ", ".join(f"{name} {self._shown(name, row[name])}" for name in key)

    def _shown(self, name: str, value: Any) -> str:
        return mask(value) if name in self.personal else str(plain(value))

    def _rows(self) -> tuple[int, int]:
        first, second = (self._count(f"SELECT * FROM {side}") for side in SIDES)
        return first, second

    def _count(self, query: str) -> int:
        return int(self._one(f"SELECT count(*) FROM ({query})")[0])

    def _one(self, query: str) -> tuple[Any, ...]:
        row = self.connection.execute(query).fetchone()
        assert row is not None
        return tuple(row)


def compare_totals(first: TypedTable, second: TypedTable, group_by: Sequence[str]) -> list[dict[str, Any]]:
    """Return the groups of two control totals that differ: the group, and each figure of both sides."""
    sides = [{tuple(row[name] for name in group_by): row for row in table.records()} for table in (first, second)]
    groups = sorted(sides[0].keys() | sides[1].keys(), key=str)
    found = []
    for group in groups:
        one, other = (side.get(group, {}) for side in sides)
        if one != other:
            figures = [name for name in dict.fromkeys((*one, *other)) if name not in group_by]
            moved = {
                name: [plain(one.get(name)), plain(other.get(name))]
                for name in figures
                if one.get(name) != other.get(name)
            }
            found.append({"group": {name: plain(value) for name, value in zip(group_by, group, strict=True)}, **moved})
    return found


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'
