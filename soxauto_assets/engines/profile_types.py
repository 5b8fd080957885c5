"""The SQL profile's rules about types: casts, comparisons, arithmetic.

Here belongs every rule that needs the types of operands. What does not belong here: functions and the allow-list
(``engines.profile``).
"""

import re
from collections.abc import Collection, Iterator

from sqlglot import exp

from soxauto_assets.engines.sql import DIALECT

_Type = exp.DataType.Type
COMPARISONS = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.NullSafeEQ, exp.NullSafeNEQ)
INTEGERS = exp.DataType.INTEGER_TYPES
DATES = {_Type.DATE}
TIMESTAMPS = {_Type.TIMESTAMP, _Type.TIMESTAMP_MS, _Type.TIMESTAMP_NS, _Type.TIMESTAMP_S, _Type.TIMESTAMPNTZ}
_TEXTS = exp.DataType.TEXT_TYPES
_NUMBERS = exp.DataType.NUMERIC_TYPES
_TIMES = exp.DataType.TEMPORAL_TYPES
_FLOATS = {_Type.FLOAT, _Type.DOUBLE}
_DECIMALS = {_Type.DECIMAL}
_PADDED = {_Type.CHAR, _Type.NCHAR, _Type.BPCHAR}
_ZONED = {_Type.TIMESTAMPTZ, _Type.TIMESTAMPLTZ, _Type.TIMETZ}
_FAMILIES = {"text": _TEXTS, "number": _NUMBERS, "date or time": _TIMES, "boolean": {_Type.BOOLEAN}}
_WIDEST = 38
# The forms of a text literal that both engines read, by what it is cast to.
_WRITTEN = (
    (DATES, re.compile(r"\d{4}-\d{2}-\d{2}")),
    (TIMESTAMPS, re.compile(r"\d{4}-\d{2}-\d{2}( \d{2}:\d{2}:\d{2}(\.\d{1,3})?)?")),
    (INTEGERS, re.compile(r"-?\d+")),
    (_DECIMALS, re.compile(r"-?\d+(\.\d+)?")),
)


def is_of(node: exp.Expr, kinds: Collection[object]) -> bool:
    """Say whether an expression is known to have one of these types."""
    return node.type is not None and node.type.this in kinds


def cast(node: exp.Cast) -> Iterator[str]:
    """Yield what is wrong with a cast."""
    target, sized = node.to.this, bool(node.to.expressions)
    if target in _FLOATS:
        yield "floating point loses cents: use decimal"
    elif target in _ZONED:
        yield "time-zone types differ in DuckDB: the cut-off instant is a period parameter without a zone"
    elif target in _PADDED:
        yield "char(n) is padded with blanks in Trino and not in DuckDB: cast to varchar"
    elif target in _TEXTS and sized:
        yield "varchar(n) cuts the text in Trino and not in DuckDB: cast to varchar, then substr(x, 1, n)"
    elif target in _DECIMALS and not sized:
        yield "a decimal without size has another scale in DuckDB: write cast('1.23456' as decimal(38,6))"
    elif target in _TEXTS and is_of(node.this, TIMESTAMPS):
        yield "a timestamp cast to text loses .000 in DuckDB: use date_format(x, '%Y-%m-%d %H:%i:%s')"
    elif target not in _TEXTS and is_of(node.this, _TEXTS):
        yield from _read_text(node)


def _read_text(node: exp.Cast) -> Iterator[str]:
    """DuckDB reads more forms of a text than Trino, which stops the query."""
    text, kind = node.this, node.to.sql(DIALECT).lower()
    if node.to.this == _Type.BOOLEAN:
        yield "'yes' is true in DuckDB and an error in Trino: use case x when 'true' then true end"
    elif isinstance(text, exp.Literal):
        form = next((form for kinds, form in _WRITTEN if node.to.this in kinds), None)
        if form and not form.fullmatch(text.name):
            yield f"'{text.name}' as {kind} is read in DuckDB only: write digits, YYYY-MM-DD or YYYY-MM-DD HH:MM:SS"
    elif not isinstance(text, exp.TimeToStr) and not guarded(node):
        yield (
            f"a text cast to {kind} is read more freely in DuckDB ('1_000', '12.0', blanks, 'T' in an instant): test it first, "
            rf"case when regexp_like(x, '^[0-9]+\z') then cast(x as {kind}) end"
        )


def guarded(node: exp.Expr) -> bool:
    """Say whether an expression stands in a case whose condition tests its text with ``regexp_like``."""
    tested = node.this.sql(DIALECT)
    branch = node.find_ancestor(exp.If)
    while branch is not None:
        if any(test.this.sql(DIALECT) == tested for test in branch.this.find_all(exp.RegexpLike)):
            return True
        branch = branch.find_ancestor(exp.If)
    return False


def comparison(node: exp.Expr) -> Iterator[str]:
    """Yield implicit comparisons: DuckDB converts one side, Trino refuses."""
    others = (
        node.expressions
        if isinstance(node, exp.In)
        else [node.args["low"], node.args["high"]]
        if isinstance(node, exp.Between)
        else [node.expression]
    )
    first = _family(node.this)
    for other in others:
        second = _family(other)
        if first and second and first != second:
            yield (
                f"implicit comparison of {first} with {second} ({node.sql(DIALECT)}) passes in DuckDB and fails in "
                "Trino: cast one side"
            )
            return


def concatenation(node: exp.Expr) -> Iterator[str]:
    """Yield operands of ``||`` and ``concat`` that are no text: DuckDB converts them, Trino refuses."""
    sides = node.expressions if isinstance(node, exp.Concat) else [node.this, node.expression]
    for side in sides:
        if isinstance(side, exp.Null):
            yield "null beside || makes an array in Trino and null in DuckDB: write cast(null as varchar)"
            return
        if (family := _family(side)) not in (None, "text"):
            yield f"a {family} beside || or in concat passes in DuckDB and fails in Trino: cast it to varchar"
            return


def arithmetic(node: exp.Binary) -> Iterator[str]:
    """Yield what is wrong with a sum, difference, product or quotient."""
    sides = (node.left, node.right)
    if isinstance(node, exp.Div):
        yield "division gives another type in DuckDB: convert amounts once, outside SQL"
    elif isinstance(node, exp.Add) and any(is_of(side, _TEXTS) for side in sides):
        yield "+ on text is T-SQL: use concat or ||"
    elif isinstance(node, exp.Sub) and all(is_of(side, _TIMES) for side in sides):
        yield "date - date is an interval in Trino and a number in DuckDB: use date_diff('day', a, b)"
    elif isinstance(node, exp.Mul) and any(is_of(side, _DECIMALS) for side in sides) and not any(map(_widest, sides)):
        yield "a product of decimals stops at 18 digits in DuckDB and at 38 in Trino: cast one factor to decimal(38,s)"


def _family(node: exp.Expr) -> str | None:
    return next((name for name, kinds in _FAMILIES.items() if is_of(node, kinds)), None)


def _widest(node: exp.Expr) -> bool:
    """Say whether a decimal has all 38 digits; True for what is no decimal of a known size."""
    if not is_of(node, _DECIMALS) or node.type is None or not node.type.expressions:
        return is_of(node, _DECIMALS)
    return int(node.type.expressions[0].name) == _WIDEST
