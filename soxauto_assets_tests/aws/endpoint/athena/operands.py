"""Types of operands: what Trino refuses and DuckDB would convert.

Here belongs TYPE_MISMATCH and its relatives. What does not belong here: unknown names (``analysis``).

Where Trino and DuckDB give another answer to the same text (division of decimals, ``avg`` of decimals, casts of floating
point to text), the endpoint refuses with NOT_SUPPORTED instead of answering as DuckDB does.
"""

from collections.abc import Iterator, Sequence

from sqlglot import exp

from soxauto_assets_tests.aws.endpoint.athena.failures import QueryFailure
from soxauto_assets_tests.aws.endpoint.athena.grammar import at
from soxauto_assets_tests.aws.endpoint.athena.statement import Statement

_FAMILIES = {
    "number": exp.DataType.NUMERIC_TYPES,
    "text": exp.DataType.TEXT_TYPES,
    "time": exp.DataType.TEMPORAL_TYPES,
    "boolean": {exp.DataType.Type.BOOLEAN},
}
_COMPARISONS: dict[type[exp.Expr], str] = {
    exp.EQ: "=", exp.NEQ: "<>", exp.LT: "<", exp.LTE: "<=", exp.GT: ">", exp.GTE: ">=",
    exp.NullSafeEQ: "IS DISTINCT FROM", exp.NullSafeNEQ: "IS DISTINCT FROM",
}  # fmt: skip
_ARITHMETIC: dict[type[exp.Expr], str] = {exp.Add: "+", exp.Sub: "-", exp.Mul: "*", exp.Div: "/", exp.Mod: "%"}
_ARGUMENTS: dict[type[exp.Expr], tuple[str, ...]] = {
    exp.Lower: ("text",), exp.Upper: ("text",), exp.Length: ("text",), exp.Trim: ("text",), exp.Substring: ("text",),
    exp.Replace: ("text",), exp.RegexpReplace: ("text",), exp.RegexpLike: ("text",), exp.RegexpExtract: ("text",),
    exp.StrPosition: ("text",), exp.Like: ("text",), exp.Sum: ("number",), exp.Avg: ("number",), exp.Abs: ("number",),
    exp.Round: ("number",), exp.Year: ("time",), exp.Month: ("time",), exp.Day: ("time",), exp.LastDay: ("time",),
    exp.TimeToStr: ("time",), exp.StrToTime: ("text",), exp.Upper: ("text",),
}  # fmt: skip
_INSTANTS = {exp.DataType.Type.TIMESTAMP, exp.DataType.Type.TIMESTAMPNTZ}
_FLOATS = {exp.DataType.Type.DOUBLE, exp.DataType.Type.FLOAT}


def check_operands(tree: exp.Expr, statement: Statement) -> None:
    """Refuse operands that Trino does not convert, and what DuckDB would answer otherwise.

    Raises:
        QueryFailure: See the module.
    """
    for node in tree.walk(bfs=False):
        if isinstance(node, (*_COMPARISONS, exp.Between, exp.In)):
            _require_known(node)
        for failure in _failures(node, statement):
            raise failure


def _require_known(node: exp.Expr) -> None:
    """Refuse a comparison with an operand whose type cannot be told: DuckDB might convert what Trino refuses."""
    members = [node.this, *node.expressions, *(node.args.get(name) for name in ("expression", "low", "high"))]
    for member in members:
        told = not isinstance(member, exp.Expr) or isinstance(member, (exp.Null, exp.Tuple, exp.Subquery, exp.Query))
        if not told and _kind(member) in (None, exp.DataType.Type.UNKNOWN):
            raise _cannot(f"a comparison with {member.sql('athena')}, whose type it cannot tell")


def _failures(node: exp.Expr, statement: Statement) -> Iterator[QueryFailure]:
    position = _position(node, statement)
    if isinstance(node, tuple(_COMPARISONS)):
        left, right = node.left, node.right
        if not _agree((left, right)):
            yield _mismatch(
                position, f"Cannot apply operator: {_shown(left)} {_COMPARISONS[type(node)]} {_shown(right)}"
            )
    elif isinstance(node, exp.Between):
        low, high = node.args["low"], node.args["high"]
        if not _agree((node.this, low, high)):
            yield _mismatch(
                position, f"Cannot check if {_shown(node.this)} is BETWEEN {_shown(low)} and {_shown(high)}"
            )
    elif isinstance(node, exp.In):
        yield from _membership(node, position)
    elif isinstance(node, tuple(_ARITHMETIC)):
        yield from _arithmetic(node, position)
    elif isinstance(node, (exp.Coalesce, exp.Greatest, exp.Least)):
        members = [node.this, *node.expressions]
        if not _agree(members):
            yield _mismatch(position, f"All {node.sql_name()} operands must be the same type: {_shown(members[0])}")
    elif isinstance(node, exp.Case):
        members = [branch.args["true"] for branch in node.args["ifs"]]
        members += [node.args["default"]] if node.args.get("default") else []
        if not _agree(members):
            yield _mismatch(
                position, f"All CASE results must be the same type or coercible to a common type: {_shown(members[0])}"
            )
    elif isinstance(node, (exp.Concat, exp.DPipe)):
        members = node.expressions if isinstance(node, exp.Concat) else [node.left, node.right]
        shown = ", ".join(_shown(member) for member in members)
        if any(_family(member) not in (None, "text") for member in members):
            yield QueryFailure("FUNCTION_NOT_FOUND", f"{position}: Unexpected parameters ({shown}) for function concat")
    elif isinstance(node, (exp.Where, exp.Having)) and _family(node.this) not in (None, "boolean"):
        clause = "WHERE" if isinstance(node, exp.Where) else "HAVING"
        yield _mismatch(position, f"{clause} clause must evaluate to a boolean: actual type {_shown(node.this)}")
    elif isinstance(node, exp.SetOperation):
        yield from _columns_of_union(node, position)
    elif type(node) in _ARGUMENTS and _family(node.this) not in (None, *_ARGUMENTS[type(node)]):
        name = node.sql_name().lower() if isinstance(node, exp.Func) else "like"
        yield QueryFailure(
            "FUNCTION_NOT_FOUND", f"{position}: Unexpected parameters ({_shown(node.this)}) for function {name}"
        )
    yield from _other_answers(node)


def _membership(node: exp.In, position: str) -> Iterator[QueryFailure]:
    query = node.args.get("query")
    members = list(node.expressions)
    if query is not None:
        inner = query.this if isinstance(query, exp.Subquery) else query
        members = [item.unalias() for item in inner.selects[:1]]
    if not isinstance(node.this, exp.Tuple) and not _agree((node.this, *members)):
        other = next(member for member in members if _family(member) not in (None, _family(node.this)))
        text = f"IN value and list items must be the same type: {_shown(node.this)} and {_shown(other)}"
        if query is not None:
            text = (
                "value and result of subquery must be of the same type for IN expression: "
                f"{_shown(node.this)} vs {_shown(other)}"
            )
        yield _mismatch(position, text)


def _arithmetic(node: exp.Expr, position: str) -> Iterator[QueryFailure]:
    assert isinstance(node, exp.Binary)
    families = {_family(node.left), _family(node.right)}
    if "text" in families or "boolean" in families or (families == {"time", "number"}):
        yield _mismatch(
            position, f"Cannot apply operator: {_shown(node.left)} {_ARITHMETIC[type(node)]} {_shown(node.right)}"
        )


def _columns_of_union(node: exp.SetOperation, position: str) -> Iterator[QueryFailure]:
    left, right = node.left.selects, node.right.selects
    if len(left) != len(right):
        yield _mismatch(
            position, f"{type(node).__name__.upper()} query has different number of fields: {len(left)}, {len(right)}"
        )
    for number, pair in enumerate(zip(left, right, strict=False)):
        if not _agree([item.unalias() for item in pair]):
            yield _mismatch(
                position,
                f"column {number + 1} in {type(node).__name__.upper()} query has incompatible types: "
                f"{_shown(pair[0].unalias())}, {_shown(pair[1].unalias())}",
            )


def _other_answers(node: exp.Expr) -> Iterator[QueryFailure]:
    """Yield what DuckDB would answer otherwise than Trino."""
    if isinstance(node, exp.Div) and exp.DataType.Type.DECIMAL in (_kind(node.left), _kind(node.right)):
        yield _cannot("division of decimals")
    elif isinstance(node, exp.Avg) and _kind(node.this) is exp.DataType.Type.DECIMAL:
        yield _cannot("avg of decimals")
    elif isinstance(node, exp.Cast) and _kind(node.this) in _FLOATS and node.to.this not in _FLOATS:
        yield _cannot(f"a cast of floating point to {node.to.sql('athena').lower()}")
    elif isinstance(node, exp.TryCast):
        yield _cannot("try_cast")
    elif isinstance(node, exp.Cast) and node.to.this in exp.DataType.TEXT_TYPES and _kind(node.this) in _INSTANTS:
        yield _cannot("a cast of a timestamp to text")
    elif isinstance(node, (exp.DateDiff, exp.TimestampDiff)) and _INSTANTS & {_kind(node.this), _kind(node.expression)}:
        # Whole milliseconds are counted alike; any coarser unit is cut in Trino and counted by its boundaries in DuckDB.
        if node.text("unit").upper() != "MILLISECOND":
            yield _cannot("date_diff of timestamps")
    elif isinstance(node, exp.Sub) and _family(node.left) == _family(node.right) == "time":
        yield _cannot("a difference of two dates")
    elif (
        isinstance(node, exp.Substring)
        and isinstance(node.args.get("start"), exp.Literal)
        and node.args["start"].this == "0"
    ):
        yield _cannot("substr from position 0")
    elif isinstance(node, (exp.Round, exp.Trunc)) and _kind(node.this) is exp.DataType.Type.DECIMAL:
        if not isinstance(node.parent, exp.Cast):
            yield _cannot(f"{node.sql_name().lower()} of decimals without a cast around it")
    elif isinstance(node, (exp.Trim, exp.SplitPart, exp.Sign, exp.Typeof)):
        yield _cannot(f"{node.sql_name().lower()}")
    elif isinstance(node, (exp.AtTimeZone, exp.CurrentTimestamp, exp.CurrentTime)):
        yield _cannot("a point in time with a zone")


def _cannot(what: str) -> QueryFailure:
    return QueryFailure("NOT_SUPPORTED", f"this endpoint refuses {what}: DuckDB's answer differs from Trino's")


def _agree(members: Sequence[exp.Expr]) -> bool:
    return len({_family(member) for member in members} - {None}) <= 1


def _kind(node: exp.Expr) -> object:
    return node.type.this if node.type is not None else None


def _family(node: exp.Expr) -> str | None:
    kind = _kind(node)
    if isinstance(node, exp.Interval) or kind is exp.DataType.Type.INTERVAL:
        return None
    return next((name for name, kinds in _FAMILIES.items() if kind in kinds), None)


def _shown(node: exp.Expr) -> str:
    """Return an operand's type in Trino's words."""
    if isinstance(node, exp.Literal) and node.is_string:
        return f"varchar({len(str(node.this))})"
    text = node.type.sql("athena").lower() if node.type is not None else "unknown"
    return {"int": "integer", "string": "varchar", "float": "real"}.get(text, text).replace(", ", ",")


def _position(node: exp.Expr, statement: Statement) -> str:
    starts = [found.meta["start"] for found in node.find_all(exp.Identifier) if "start" in found.meta]
    return at(statement.text, min(starts)) if starts else "line 1:1"


def _mismatch(position: str, message: str) -> QueryFailure:
    return QueryFailure("TYPE_MISMATCH", f"{position}: {message}")
