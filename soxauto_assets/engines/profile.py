"""The SQL profile: what catalog SQL may use, so that Athena, Trino and DuckDB give the same rows.

Here belongs the allow-list and the message for each construct that is refused, naming the safe form. What does not belong
here: binding, and the rules that look at operand types (``engines.profile_types``). The profile is checked by the static
suite over the catalog, not at run time. ``docs/trino.md`` lists what was measured behind each rule.
"""

import re
from collections.abc import Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from soxauto_assets.engines.profile_types import (
    COMPARISONS,
    DATES,
    INTEGERS,
    TIMESTAMPS,
    arithmetic,
    cast,
    comparison,
    concatenation,
    guarded,
    is_of,
)
from soxauto_assets.engines.sql import DIALECT, literal
from soxauto_assets.errors import SoxautoError
from soxauto_assets.period import Period
from soxauto_assets.sources.contracts import contract

ALLOWED_FUNCTIONS = {
    "AND", "CASE", "CAST", "COALESCE", "CONCAT", "COUNT", "COUNT_IF", "DATEDIFF", "DATE_ADD", "EXISTS", "GREATEST",
    "IF", "LAST_DAY", "LEAST", "LENGTH", "LOGICAL_AND", "LOWER", "MAX", "MIN", "MONTH", "NULLIF", "OR", "REGEXP_LIKE",
    "REGEXP_REPLACE", "REPLACE", "ROW_NUMBER", "SPLIT_PART", "STR_TO_TIME", "SUBSTRING", "SUM", "TIME_TO_STR", "YEAR",
}  # fmt: skip

# What date_format may hold, as the syntax tree spells it; Athena writes %i, %s, %c and %e.
_SPECIFIERS = re.compile(r"%-?.")
_FORMATS = {"%Y", "%m", "%d", "%H", "%M", "%S", "%f", "%j", "%y", "%-m", "%-d", "%-H", "%I", "%-I", "%p", "%%"}

_CLOCK = "a query must not read the clock: use a period parameter"
_ZONE = "time-zone types differ in DuckDB: the cut-off instant is a period parameter without a zone"
_FLOAT = "floating point loses cents and NaN compares otherwise in DuckDB: use decimal"
_TRUNCATED = "date_trunc of a date is a timestamp in DuckDB: use a period parameter, or year and month"
_HASH = "does not exist in DuckDB: use md5 or sha256 over to_utf8, once they are on the allow-list"
_INSTEAD = {
    "ISNULL": "isnull is T-SQL: use coalesce(a, b)",
    "GETDATE": "getdate reads the clock: use a period parameter",
    "CURRENT_DATE": _CLOCK,
    "CURRENT_TIMESTAMP": _CLOCK,
    "CURRENT_TIME": _CLOCK,
    "LOCALTIMESTAMP": _CLOCK,
    "NOW": _CLOCK,
    "AVG": "avg of decimals is a double in DuckDB: use sum and count",
    "TRIM": r"trim removes tabs in Trino and not in DuckDB: use regexp_replace(x, ' +\z', '')",
    "TRY_CAST": "try_cast reads '12.0' as an integer in DuckDB: test with regexp_like first",
    "GROUP_CONCAT": "string_agg does not exist in Trino: use listagg",
    "SIGN": "sign of a decimal has another type in DuckDB: use case",
    "UPPER": "upper('ß') differs in DuckDB: compare on lower(x)",
    "ROUND": "round keeps the scale in Trino and not in DuckDB: use cast(x as decimal(38,2)), which rounds half up in both",
    "TRUNC": "truncate keeps the scale in Trino and not in DuckDB: keep the scale",
    "DATE_TRUNC": _TRUNCATED,
    "TIMESTAMP_TRUNC": _TRUNCATED,
    "AT_TIMEZONE": _ZONE,
    "WITH_TIMEZONE": _ZONE,
    "NAN": _FLOAT,
    "IS_NAN": _FLOAT,
    "INFINITY": _FLOAT,
    "CHECKSUM": f"checksum {_HASH}",
    "XXHASH64": f"xxhash64 {_HASH}",
    "FORMAT": "format is another function in DuckDB: use concat of texts",
    "FORMAT_DATETIME": "format_datetime does not exist in DuckDB: use date_format",
    "TO_ISO8601": "to_iso8601 does not exist in DuckDB: use date_format",
    "FROM_BASE": "from_base reads base 16 alone in DuckDB: keep the text",
    "CODEPOINT": "codepoint does not exist in DuckDB: compare the text",
    "EVERY": "every does not exist in DuckDB: use bool_and",
    "JSON_EXTRACT_SCALAR": "json_extract_scalar writes the number 1.50 as 1.5 in DuckDB: have the source give a column",
    "NORMALIZE": "normalize has another name in DuckDB: compare the text as it is",
}


def faults_of(text: str) -> list[str]:
    """Return what a catalog text must not contain, each with the safe form; empty when it keeps the profile.

    Args:
        text: Athena SQL over logical sources with named parameters.
    """
    if re.search(r"\[[^\]]*\]", re.sub(r"'[^']*'", "''", text)):
        return ["brackets quote a name in T-SQL and make an array in Trino: use the snake_case name"]
    if re.search(r"\bselect\s+top\b", text, re.IGNORECASE):
        return ["TOP is T-SQL: use order by with limit"]
    try:
        tree = sqlglot.parse_one(text, read=DIALECT)
        if tree.find(exp.WithTableHint):
            return ["a table hint such as NOLOCK does not parse in Trino: leave it out"]
        typed = _typed(tree)
    except (SqlglotError, SoxautoError) as error:
        return [f"the text does not parse: {str(error).splitlines()[0]}"]
    faults = {fault for node in typed.walk() for fault in _faults(node)}
    return sorted(faults | set(_wide_integers(typed)))


def _typed(tree: exp.Expr) -> exp.Expr:
    """Return the text with every column resolved and every operand typed; parameters stand as literals of their type."""
    named = {cte.alias for cte in tree.find_all(exp.CTE)}
    sources = {table.name for table in tree.find_all(exp.Table)} - named
    schema: dict[str, object] = {
        name: {column.name: column.type.trino for column in contract(name).columns} for name in sources
    }
    stars = any(select.is_star for select in tree.find_all(exp.Select))
    valued = tree.copy()
    for node in list(valued.find_all(exp.Placeholder)):
        # Configuration parameters are lists of texts, used as ``in (:name)``.
        node.replace(literal(Period(2000, 1).parameters().get(node.name, "")))
    qualified = qualify(valued, schema=schema, dialect=DIALECT, expand_stars=False, validate_qualify_columns=not stars)
    return annotate_types(qualified, schema=schema, dialect=DIALECT)


def _faults(node: exp.Expr) -> Iterator[str]:
    if isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count):
        yield "SELECT * hides which columns are read: name them"
    elif isinstance(node, exp.Literal) and not node.is_string:
        yield from _number(str(node.this))
    elif isinstance(node, exp.Interval):
        yield "a date and an interval make a timestamp in DuckDB: use cast(date_add('month', 1, d) as date)"
    elif isinstance(node, exp.AtTimeZone):
        yield _ZONE
    elif isinstance(node, (exp.Add, exp.Sub, exp.Mul, exp.Div)):
        yield from arithmetic(node)
    elif isinstance(node, exp.DPipe):
        yield from concatenation(node)
    elif isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast):
        yield from cast(node)
    elif isinstance(node, (*COMPARISONS, exp.In, exp.Between)):
        yield from comparison(node)
    elif isinstance(node, exp.Func):
        yield from _function(node)


def _number(written: str) -> Iterator[str]:
    if "e" in written.lower():
        yield f"{written} is floating point, which loses cents: write cast('1.005' as decimal(38,4))"
    elif "." in written:
        yield (
            f"decimal literal {written} has another size in DuckDB where it begins with zero: "
            f"write cast('{written}' as decimal(38,4))"
        )


def _function(node: exp.Func) -> Iterator[str]:
    name = (node.name if isinstance(node, exp.Anonymous) else node.sql_names()[0]).upper()
    if name in _INSTEAD:
        yield _INSTEAD[name]
    elif name not in ALLOWED_FUNCTIONS:
        yield f"function {name} is not on the allow-list: show that all engines agree on it, then add it"
    elif isinstance(node, (exp.RegexpLike, exp.RegexpReplace)):
        yield from _pattern(node)
    elif isinstance(node, exp.DateDiff):
        if node.text("unit").upper() != "DAY" or not all(is_of(side, DATES) for side in (node.this, node.expression)):
            yield (
                "date_diff counts whole elapsed units in Trino and boundaries crossed in DuckDB: use "
                "date_diff('day', a, b) with both sides cast to date"
            )
    elif isinstance(node, exp.DateAdd):
        if not is_of(node.this, TIMESTAMPS) and not isinstance(node.parent, (exp.Cast, *COMPARISONS)):
            yield "date_add to a date is a timestamp in DuckDB: write cast(date_add('day', 1, d) as date)"
    elif isinstance(node, exp.Substring):
        start = node.args.get("start")
        if not isinstance(start, exp.Literal) or start.is_string or int(start.this) < 1:
            yield "substr from position 0 is empty in Trino and not in DuckDB: give a literal position, 1 or more"
        length = node.args.get("length")
        if length is not None and not (isinstance(length, exp.Literal) and not length.is_string):
            yield "substr of a negative length is empty in Trino and not in DuckDB: give a literal length"
    elif isinstance(node, exp.Replace):
        if not (isinstance(node.expression, exp.Literal) and node.expression.name):
            yield "replace of '' inserts between the letters in Trino and not in DuckDB: give a literal text to replace"
    elif isinstance(node, exp.SplitPart):
        if not isinstance(node.parent, exp.Nullif) or node.parent.expression.name:
            yield "split_part beyond the end is NULL in Trino and '' in DuckDB: write nullif(split_part(x, ',', 2), '')"
        index = node.args.get("part_index")
        if not isinstance(index, exp.Literal) or index.is_string or int(index.name) < 1:
            yield "split_part at 0 or less is an error in Trino and not in DuckDB: give a literal index, 1 or more"
    elif isinstance(node, exp.TimeToStr):
        if left := set(_SPECIFIERS.findall(node.text("format"))) - _FORMATS:
            yield (
                f"date_format with {', '.join(sorted(left))} differs in DuckDB, or was not measured: use numbers, "
                "of year, month, day, hour, minute, second"
            )
    elif isinstance(node, exp.StrToTime):
        if not guarded(node):
            yield "date_parse passes over blanks in DuckDB: test the text with regexp_like in a case first"
    elif isinstance(node, exp.Concat):
        yield from concatenation(node)
    elif isinstance(node, exp.Nullif):
        yield from comparison(node)


def _pattern(node: exp.RegexpLike | exp.RegexpReplace) -> Iterator[str]:
    pattern, replacement = node.expression, node.args.get("replacement")
    if not (isinstance(pattern, exp.Literal) and pattern.is_string):
        yield "a regular expression that is no literal cannot be looked at: write it into the text"
        return
    bare = re.sub(r"\\.", "", pattern.name)
    if "$" in bare:
        yield r"$ also matches before a last line break in Trino and not in DuckDB: write \z"
    if re.search(r"\(\?[a-z]*i", bare):
        yield "(?i) takes ß for ss in Trino and not in DuckDB: match on lower(x)"
    if re.search(r"\[[^\]]*\[(?!:)", bare):
        yield "a bracket within brackets is an error in Trino and a character in DuckDB: write \\["
    if isinstance(node, exp.RegexpReplace) and _matches_nothing(pattern.name):
        yield "a pattern that matches the empty text is replaced once more in Trino than in DuckDB: use + instead of *"
    if re.search(r"\(\?[=!<]|\[\[:|[*+?}]\+", bare):
        yield "look-around, [[:classes:]] and possessive repeats differ in DuckDB: use plain characters and ranges"
    if replacement is not None and not re.fullmatch(r"[^$\\]*", replacement.name if replacement.is_string else "$"):
        yield "a replacement with $1 inserts the group in Trino and is plain text in DuckDB: use plain text"


def _matches_nothing(pattern: str) -> bool:
    """Say whether a pattern matches the empty text; one that Python does not read is refused for another reason."""
    try:
        return re.compile(pattern.replace(r"\z", r"\Z")).match("") is not None
    except re.error:
        return False


def _wide_integers(tree: exp.Expr) -> Iterator[str]:
    """Refuse an answered column that is a sum of integers as the engine makes it: 128 bits in DuckDB, 64 in Trino."""
    for selected in tree.selects if isinstance(tree, exp.Query) else ():
        for node in selected.find_all(exp.Sum, exp.CountIf):
            whole = isinstance(node, exp.CountIf) or is_of(node.this, INTEGERS)
            inside = node.parent_select is selected.parent_select and not node.find_ancestor(exp.Cast, *COMPARISONS)
            if whole and inside:
                yield "a sum of integers has 128 bits in DuckDB: write cast(sum(x) as bigint), or sum decimal(38,0)"
