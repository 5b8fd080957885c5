"""The fault classes: what can go wrong with landed rows, each as SQL over ``landed`` or as a change of the file's bytes.

Here belongs what each class means, how it is seeded, and why it cannot exist in an item. What does not belong here: writing
the copy (``landed``) and evaluating checks on it (``measurement``).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import combinations

from soxauto_assets.catalog.model import OutputColumn
from soxauto_assets_tests.effectiveness.landed import Bytes, Impossible, Landed, Rows, Seeded


@dataclass(frozen=True)
class Fault:
    """A class of faults.

    Attributes:
        name: Name in the report.
        meaning: What happened to the rows, in words.
        seed: Seeds it.
    """

    name: str
    meaning: str
    seed: Callable[[Landed], Seeded]


FAULTS: list[Fault] = []


def fault(meaning: str) -> Callable[[Callable[[Landed], Seeded]], Callable[[Landed], Seeded]]:
    """Register a function as a fault class of its name."""

    def register(seed: Callable[[Landed], Seeded]) -> Callable[[Landed], Seeded]:
        FAULTS.append(Fault(seed.__name__, meaning, seed))
        return seed

    return register


def changed(row: int | None, *cells: tuple[str, str]) -> Rows:
    """Return the rows with new values in some cells of one row; None = in every row."""
    hit = "true" if row is None else f"row_no = {row}"
    parts = ", ".join(f'CASE WHEN {hit} THEN {value} ELSE "{name}" END AS "{name}"' for name, value in cells)
    return Rows(f"SELECT * REPLACE ({parts}) FROM landed")


# Rows


@fault("one row is missing")
def dropped_row(landed: Landed) -> Seeded:
    return Rows(f"SELECT * FROM landed WHERE row_no <> {landed.pick()}")


@fault("one row is there twice")
def duplicated_row(landed: Landed) -> Seeded:
    return Rows(f"SELECT * FROM landed UNION ALL SELECT * FROM landed WHERE row_no = {landed.pick()}")


@fault("one row is missing and its neighbour is there twice, so that the number of rows is right")
def replaced_row(landed: Landed) -> Seeded:
    found = landed.pair("true")
    if found is None:
        return Impossible("there is one row")
    return Rows(
        f"SELECT * FROM landed WHERE row_no <> {found[0]} UNION ALL SELECT * FROM landed WHERE row_no = {found[1]}"
    )


@fault("every row is there twice")
def landed_twice(landed: Landed) -> Seeded:
    return Rows("SELECT * FROM landed UNION ALL SELECT * FROM landed")


@fault("no row is left, the columns are right")
def emptied(landed: Landed) -> Seeded:
    return Rows("SELECT * FROM landed WHERE false")


@fault("the second half of the Parquet file is missing")
def truncated_file(landed: Landed) -> Seeded:
    return Bytes(lambda content: content[: len(content) // 2])


@fault("the company with the fewest rows is missing as a whole")
def company_missing(landed: Landed) -> Seeded:
    if landed.company is None:
        return Impossible("no company column")
    code = landed.one(
        f'SELECT "{landed.company}" FROM landed WHERE "{landed.company}" IS NOT NULL GROUP BY 1 ORDER BY count(*), 1'
    )
    if code is None:
        return Impossible("no row names a company")
    return Rows(f"SELECT * FROM landed WHERE \"{landed.company}\" IS DISTINCT FROM '{code}'")


# Period


@fault("the cut-off column of one row is a day earlier, within the same month where there is such a row")
def shifted_day(landed: Landed) -> Seeded:
    if not _dated(landed):
        return Impossible(_undated(landed))
    name = landed.item.cutoff.column
    row = landed.pick(f'day("{name}") > 1') or landed.pick(f'"{name}" IS NOT NULL')
    return changed(row, (name, f'"{name}" - INTERVAL 1 DAY'))


@fault("the cut-off column of one row is a month earlier")
def shifted_month(landed: Landed) -> Seeded:
    cutoff = landed.item.cutoff
    if cutoff.rule == "month":
        return changed(landed.pick(f'"{cutoff.column}" IS NOT NULL'), *_month(landed, -1))
    if not _dated(landed):
        return Impossible(_undated(landed))
    return changed(
        landed.pick(f'"{cutoff.column}" IS NOT NULL'), (cutoff.column, f'"{cutoff.column}" - INTERVAL 1 MONTH')
    )


@fault("every instant of the cut-off column is an hour earlier, as when a time zone is applied twice")
def time_zone(landed: Landed) -> Seeded:
    name = landed.item.cutoff.column
    if not name or landed.item.column(name).type.kind != "timestamp":
        return Impossible("the cut-off column has no time of day" if name else _undated(landed))
    return changed(None, (name, f'"{name}" - INTERVAL 1 HOUR'))


@fault("a date that is not the cut-off's is a day later in one row")
def other_date(landed: Landed) -> Seeded:
    for column in landed.columns("date", "timestamp"):
        if column.name != landed.item.cutoff.column and (row := landed.pick(f'"{column.name}" IS NOT NULL')):
            return changed(row, (column.name, f'"{column.name}" + INTERVAL 1 DAY'))
    return Impossible("no date beside the cut-off's")


@fault("a row of the first instant after the period is there, under a key of its own where the key has room for one")
def late_row(landed: Landed) -> Seeded:
    cutoff, after = landed.item.cutoff, landed.period.next()
    if cutoff.rule == "none":
        return Impossible(_undated(landed))
    row = landed.pick(f'"{cutoff.column}" IS NOT NULL')
    if cutoff.rule == "month":
        cells = _month(landed, 1)
    elif cutoff.rule == "snapshot":
        cells = [(cutoff.column, f"DATE '{after.last_day}'")]
    else:
        cells = [(cutoff.column, f"TIMESTAMP '{landed.period.period_end}'"), *_new_key(landed)]
    late = changed(None, *cells).sql
    return Rows(f"SELECT * FROM landed UNION ALL SELECT * FROM ({late}) WHERE row_no = {row}")


@fault(
    "the extract is the one of the month before: rows of the period's own month are missing, or carry the month before"
)
def stale_extract(landed: Landed) -> Seeded:
    cutoff = landed.item.cutoff
    if cutoff.rule == "none":
        return Impossible(_undated(landed))
    if cutoff.rule == "month":
        return changed(None, *_month(landed, -1))
    if cutoff.rule == "snapshot":
        return changed(None, (cutoff.column, f"DATE '{landed.period.previous().last_day}'"))
    own = f"\"{cutoff.column}\" >= TIMESTAMP '{landed.period.period_start}'"
    if landed.pick(own) is None:
        return Impossible("no row is of the period's own month")
    return Rows(f"SELECT * FROM landed WHERE ({own}) IS NOT TRUE")


# Values


@fault("the totalled amount of one row is larger by the smallest unit of its type")
def changed_amount(landed: Landed) -> Seeded:
    name = _amount(landed)
    return changed(landed.pick(f'"{name}" IS NOT NULL'), (name, f'"{name}" + {_unit(landed.item.column(name))}'))


@fault("the totalled amount of one row has the other sign")
def swapped_sign(landed: Landed) -> Seeded:
    name = _amount(landed)
    return changed(landed.pick(f'"{name}" <> 0'), (name, f'-"{name}"'))


@fault("two amounts of one group of the control totals are changed by +1 and -1")
def cancelling(landed: Landed) -> Seeded:
    name = _amount(landed)
    found = landed.pair(f'"{name}" IS NOT NULL', landed.item.control_totals.group_by, name)
    if found is None:
        return Impossible("every group of the control totals is one row")
    first, second = found
    return Rows(
        f'SELECT * REPLACE ("{name}" + CASE row_no WHEN {first} THEN 1 WHEN {second} THEN -1 ELSE 0 END AS "{name}") '
        "FROM landed"
    )


@fault("an amount that no control total adds up is larger by the smallest unit of its type in one row")
def other_amount(landed: Landed) -> Seeded:
    for column in landed.columns("decimal"):
        if column.name not in landed.item.control_totals.sums and (row := landed.pick(f'"{column.name}" IS NOT NULL')):
            return changed(row, (column.name, f'"{column.name}" + {_unit(column)}'))
    return Impossible("the control totals add up every amount")


@fault("a flag or whole number outside the key is another in one row")
def changed_number(landed: Landed) -> Seeded:
    for column in landed.columns("bool", "int64"):
        if column.name not in landed.item.key and (row := landed.pick(f'"{column.name}" IS NOT NULL')):
            name = f'"{column.name}"'
            return changed(row, (column.name, f"NOT {name}" if column.type.kind == "bool" else f"{name} + 1"))
    return Impossible("no flag and no whole number outside the key")


@fault("a text that no control total sees has one more character in one row")
def changed_text(landed: Landed) -> Seeded:
    for name in _texts(landed):
        if row := landed.pick(f'"{name}" IS NOT NULL'):
            return changed(row, (name, f"\"{name}\" || 'x'"))
    return Impossible("no text")


@fault("the texts of two rows are exchanged, so that each occurs as often as before")
def exchanged_texts(landed: Landed) -> Seeded:
    for name in _texts(landed):
        first = landed.pick(f'"{name}" IS NOT NULL')
        value = f'(SELECT "{name}" FROM landed WHERE row_no = {first})'
        second = landed.pick(f'"{name}" <> {value}') if first else None
        if first and second:
            other = f'(SELECT "{name}" FROM landed WHERE row_no = {second})'
            return Rows(
                f'SELECT * REPLACE (CASE row_no WHEN {first} THEN {other} WHEN {second} THEN {value} ELSE "{name}" END '
                f'AS "{name}") FROM landed'
            )
    return Impossible("no text with two values")


@fault("nulls of a text column became empty texts, as after a detour through CSV")
def null_to_empty(landed: Landed) -> Seeded:
    for name in (*_texts(landed), *(column.name for column in landed.columns("string"))):
        if landed.pick(f'"{name}" IS NULL'):
            return changed(None, (name, f"coalesce(\"{name}\", '')"))
    return Impossible("no text column holds a null")


@fault("one row carries the code of another known company")
def wrong_company(landed: Landed) -> Seeded:
    if landed.company is None:
        return Impossible("no company column")
    row = landed.pick()
    assert row is not None
    return changed(row, (landed.company, f"'{landed.another_company(row)}'"))


@fault("a key column of one row is null, not the company's where there is another")
def null_key(landed: Landed) -> Seeded:
    for name in sorted(landed.item.key, key=lambda name: name == landed.company):
        if row := landed.pick(f'"{name}" IS NOT NULL'):
            return changed(row, (name, "NULL"))
    return Impossible("every key column is null in every row")


# Form


@fault("two columns of one type have exchanged their values in every row")
def exchanged_columns(landed: Landed) -> Seeded:
    for kinds in (("decimal",), ("date",), ("timestamp",), ("string",)):
        for one, other in combinations(landed.columns(*kinds), 2):
            if one.type == other.type and landed.pick(f'"{one.name}" IS DISTINCT FROM "{other.name}"'):
                return changed(None, (one.name, f'"{other.name}"'), (other.name, f'"{one.name}"'))
    return Impossible("no two columns of one type")


@fault("the last column outside the key is missing")
def missing_column(landed: Landed) -> Seeded:
    names = [column.name for column in landed.item.columns]
    outside = [name for name in names if name not in landed.item.key]
    return Rows(without=((outside or names)[-1],))


@fault("the totalled amount is a binary floating-point number")
def decimal_to_double(landed: Landed) -> Seeded:
    return Rows(types={_amount(landed): "DOUBLE"})


@fault("a key column has another type: a text became an integer, an integer a text")
def retyped_key(landed: Landed) -> Seeded:
    for column in landed.columns("int64", "string"):
        name = f'"{column.name}"'
        if column.name not in landed.item.key or column.name == landed.company:
            continue
        if column.type.kind == "int64":
            return Rows(types={column.name: "VARCHAR"})
        if landed.pick(f"TRY_CAST({name} AS BIGINT) IS NOT NULL"):
            return Rows(f"SELECT * REPLACE (TRY_CAST({name} AS BIGINT) AS {name}) FROM landed", {column.name: "BIGINT"})
    return Impossible("no key column looks like a number")


def _dated(landed: Landed) -> bool:
    return landed.item.cutoff.rule in ("up_to", "snapshot")


def _undated(landed: Landed) -> str:
    return "the cut-off is a year and a month" if landed.item.cutoff.rule == "month" else "the rows have no date"


def _month(landed: Landed, step: int) -> list[tuple[str, str]]:
    other = landed.period.next() if step > 0 else landed.period.previous()
    assert landed.item.cutoff.month_column is not None
    return [(landed.item.cutoff.column, str(other.year)), (landed.item.cutoff.month_column, str(other.month))]


def _new_key(landed: Landed) -> Iterator[tuple[str, str]]:
    """Yield a value that makes the key new: of the first key column that is no company and no date."""
    for name in landed.item.key:
        kind = landed.item.column(name).type.kind
        if name != landed.company and kind in ("string", "int64"):
            yield name, f"\"{name}\" || '9'" if kind == "string" else f'(SELECT max("{name}") + 1 FROM landed)'
            return


def _amount(landed: Landed) -> str:
    return landed.item.control_totals.sums[0]


def _unit(column: OutputColumn) -> str:
    return f"CAST(1e-{column.type.scale} AS {column.type.duckdb})"


def _texts(landed: Landed) -> list[str]:
    """Return the text columns: first those that no key, total or closed list sees."""
    item = landed.item
    seen = {*item.key, *item.control_totals.group_by, item.company_column}
    free = [c.name for c in landed.columns("string") if c.name not in seen and not c.allowed and not c.pattern]
    return free or [c.name for c in landed.columns("string") if c.name != landed.company]
