"""The landed rows that faults are seeded into.

Here belongs reading them, picking a row, and writing a faulty copy. What does not belong here: the faults (``faults``).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import duckdb

from soxauto_assets.catalog.companies import known_companies
from soxauto_assets.catalog.model import Item, OutputColumn
from soxauto_assets.extraction.landing import Dataset, total_order
from soxauto_assets.period import Period


@dataclass(frozen=True)
class Rows:
    """A faulty copy as rows.

    Attributes:
        sql: DuckDB SQL over ``landed``, which has a column ``row_no`` beside the item's own.
        types: Columns that get another type than the contract's.
        without: Columns that the copy lacks.
    """

    sql: str = "SELECT * FROM landed"
    types: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ()


@dataclass(frozen=True)
class Bytes:
    """A faulty copy as bytes of the Parquet file."""

    change: Callable[[bytes], bytes]


@dataclass(frozen=True)
class Impossible:
    """Why a fault cannot exist in an item's rows: a reasoned exception, which no score counts."""

    reason: str


Seeded = Rows | Bytes | Impossible


class Landed:
    """The landed rows of an item, as the view ``landed`` with ``row_no`` in their total order.

    Args:
        item: The catalog item.
        period: The period.
        dataset: The landed rows.
        connection: DuckDB with the view.
    """

    def __init__(self, item: Item, period: Period, dataset: Dataset, connection: duckdb.DuckDBPyConnection):
        self.item = item
        self.period = period
        self.dataset = dataset
        self._connection = connection

    @property
    def company(self) -> str | None:
        """The column with the company, also where the item declares none because it may be empty."""
        return self.item.company_column or next((c.name for c in self.item.columns if c.name == "id_company"), None)

    def columns(self, *kinds: str) -> tuple[OutputColumn, ...]:
        """Return the columns of some kinds, in order."""
        return tuple(column for column in self.item.columns if column.type.kind in kinds)

    def one(self, sql: str) -> object:
        """Return the first value of a query's answer; None where it has no row."""
        found = self._connection.execute(sql).fetchone()
        return found[0] if found else None

    def pick(self, condition: str = "true") -> int | None:
        """Return the number of the middle one of the rows that meet a condition."""
        found = self.one(f"SELECT quantile_disc(row_no, 0.5) FROM landed WHERE {condition}")
        return None if found is None else int(str(found))

    def pair(self, condition: str, group_by: Sequence[str] = (), largest: str | None = None) -> tuple[int, int] | None:
        """Return the numbers of two rows of one group that meet a condition: those with the largest values of a column."""
        group = ", ".join(f'"{name}"' for name in group_by) or "true"
        order = f'"{largest}" DESC, row_no' if largest else "row_no"
        found = self._connection.execute(
            f"SELECT list(row_no ORDER BY {order})[:2] FROM landed WHERE {condition} GROUP BY {group} "
            f"HAVING count(*) > 1 ORDER BY count(*) DESC, min(row_no) LIMIT 1"
        ).fetchone()
        return (found[0][0], found[0][1]) if found else None

    def another_company(self, row: int) -> str:
        """Return another known company than a row's, one that has rows where there is one."""
        known = sorted(known_companies("demo").currencies)
        own = self.one(f'SELECT lower(rtrim("{self.company}")) FROM landed WHERE row_no = {row}')
        present = {
            str(code)
            for (code,) in self._connection.execute(
                f'SELECT DISTINCT lower(rtrim("{self.company}")) FROM landed'
            ).fetchall()
        }
        others = [code for code in known if code.lower() != own]
        return next((code for code in others if code.lower() in present), others[0])

    def write(self, seeded: Rows | Bytes, path: Path) -> Dataset:
        """Write a faulty copy.

        Raises:
            AssertionError: The copy holds the same rows as before, so that nothing was seeded.
        """
        if isinstance(seeded, Bytes):
            before = self.dataset.files[0].read_bytes()
            path.write_bytes(after := seeded.change(before))
            assert after != before, "nothing was seeded"
            return Dataset(self.item, (path,), self.dataset.digest)
        kept = [column for column in self.item.columns if column.name not in seeded.without]
        cells = ", ".join(f'CAST("{c.name}" AS {seeded.types.get(c.name, c.type.duckdb)}) AS "{c.name}"' for c in kept)
        self._connection.execute(f"COPY (SELECT {cells} FROM ({seeded.sql})) TO '{path}' (FORMAT parquet)")
        if not seeded.types and not seeded.without and seeded != Rows():
            names = ", ".join(f'"{column.name}"' for column in kept)
            ours, theirs = f"SELECT {names} FROM landed", f"SELECT {names} FROM read_parquet('{path}')"
            changed = self.one(
                f"SELECT count(*) FROM (({ours} EXCEPT ALL {theirs}) UNION ALL ({theirs} EXCEPT ALL {ours}))"
            )
            assert changed, "nothing was seeded"
        return Dataset(self.item, (path,), self.dataset.digest)


@contextmanager
def opened(item: Item, period: Period, dataset: Dataset) -> Iterator[Landed]:
    """Open the landed rows of an item."""
    with dataset.query() as connection:
        order = ", ".join(f'"{name}" NULLS FIRST' for name in total_order(item))
        connection.execute(
            f"CREATE TABLE numbered AS SELECT *, row_number() OVER (ORDER BY {order}) AS row_no FROM landed"
        )
        connection.execute("CREATE OR REPLACE VIEW landed AS SELECT * FROM numbered")
        yield Landed(item, period, dataset, connection)
