"""Sampling: what a look at a candidate table may show: how many rows, how new, and the shape of a few values.

Here belongs the two statements of such a look. Values are masked by the engine, before they leave the lake (a query's
answer is a file in a results bucket), and once more here. What does not belong here: which tables are looked at
(``sources.discovery``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from sqlglot import exp

from soxauto_assets.engines.contract import Engine, Errand
from soxauto_assets.engines.sql import DIALECT
from soxauto_assets.errors import SoxautoError
from soxauto_assets.sources.bindings import TableName
from soxauto_assets.sources.discovery import Candidate, FoundColumn
from soxauto_assets.sources.masking import LONGEST, mask

ERRAND = Errand("discover")
_ROWS, _SHAPES = 50, 3
_NOT_TEXT = ("array", "map", "row", "varbinary", "struct", "list", "blob")
# Unicode classes, because a name in Arabic or Cyrillic is a name. Capitals come last, or they would be lowered.
_STEPS = ((r"[\p{Ll}\p{Lt}\p{Lm}\p{Lo}\p{M}]", "x"), (r"\p{Lu}", "X"), (r"\p{N}", "9"))


@dataclass(frozen=True)
class Facts:
    """What a look at one table showed.

    Attributes:
        rows: Number of rows; None when it could not be read.
        newest: Logical column and its newest value, newest first; columns that hold nulls only are left out.
        shapes: Logical column to a few different masked values.
        failure: Why the table could not be read, or None.
    """

    rows: int | None
    newest: tuple[tuple[str, date | datetime], ...] = ()
    shapes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    failure: str | None = None


def look(engine: Engine, candidate: Candidate) -> Facts:
    """Count the rows of a candidate, find its newest dates, and take the shape of a few values of each column.

    A table that cannot be read is a fact, too: the reason stands in ``failure``.
    """
    legible = [c for c in candidate.found if not c.type.startswith(_NOT_TEXT)]
    dated = [c for c in candidate.found if c.fits and c.logical.type.kind in ("date", "timestamp")]
    try:
        counted = engine.query(_counting(candidate.table, dated), ERRAND).table.to_pylist()[0]
        sampled = engine.query(_sampling(candidate.table, legible), ERRAND).table.to_pydict() if legible else {}
    except SoxautoError as error:
        return Facts(None, failure=error.cause)
    newest = [(c.logical.name, value) for n, c in enumerate(dated) if (value := counted[f"newest_{n}"]) is not None]
    newest.sort(key=lambda pair: (_instant(pair[1]), pair[0]), reverse=True)
    shapes = {
        column.logical.name: tuple(list(dict.fromkeys(mask(value) for value in sampled[f"c_{n}"]))[:_SHAPES])
        for n, column in enumerate(legible)
    }
    return Facts(int(counted["row_count"]), tuple(newest), shapes)


def _counting(table: TableName, dated: list[FoundColumn]) -> str:
    newest = [exp.alias_(exp.Max(this=_column(c)), f"newest_{n}") for n, c in enumerate(dated)]
    return exp.select(exp.alias_(exp.Count(this=exp.Star()), "row_count"), *newest).from_(_table(table)).sql(DIALECT)


def _sampling(table: TableName, legible: list[FoundColumn]) -> str:
    masked = [exp.alias_(_masked(column), f"c_{n}") for n, column in enumerate(legible)]
    return exp.select(*masked).from_(_table(table)).limit(_ROWS).sql(DIALECT)


def _masked(column: FoundColumn) -> exp.Expr:
    if column.type == "boolean":
        # Of a yes or no, only whether it is there may be shown.
        return exp.case().when(_column(column).is_(exp.null()), exp.null()).else_(exp.true())
    text: exp.Expr
    if column.type.startswith("timestamp"):
        # A cast to text writes the milliseconds in one engine and not in the other.
        text = exp.func("date_format", _column(column), exp.Literal.string("%Y-%m-%d %H:%i:%s"), dialect=DIALECT)
    else:
        text = exp.cast(_column(column), "varchar", dialect=DIALECT)
    # One character more than is shown, so that the cut shows.
    text = exp.func("substr", text, exp.Literal.number(1), exp.Literal.number(LONGEST + 1), dialect=DIALECT)
    for pattern, shape in _STEPS:
        text = exp.func("regexp_replace", text, exp.Literal.string(pattern), exp.Literal.string(shape), dialect=DIALECT)
    return text


def _column(column: FoundColumn) -> exp.Column:
    return exp.column(_name(column.physical))


def _name(text: str) -> exp.Identifier:
    return exp.to_identifier(text, quoted=True)


def _table(table: TableName) -> exp.Table:
    return exp.table_(
        _name(table.table), db=_name(table.database), catalog=_name(table.catalog) if table.catalog else None
    )


def _instant(value: date | datetime) -> datetime:
    return value if isinstance(value, datetime) else datetime(value.year, value.month, value.day)
