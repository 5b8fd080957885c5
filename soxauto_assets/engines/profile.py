"""The SQL profile: what catalog SQL may use, so that Athena, Trino and DuckDB give the same rows.

Here belongs the allow-list and the message for each construct that is refused, naming the safe form. What does not belong
here: binding. The profile is checked by the static suite over the catalog, not at run time.
"""

import re
from collections.abc import Collection, Iterator

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.annotate_types import annotate_types
from sqlglot.optimizer.qualify import qualify

from soxauto_assets.engines.sql import DIALECT
from soxauto_assets.errors import SoxautoError
from soxauto_assets.sources.contracts import contract

ALLOWED_FUNCTIONS = {
    "AND", "CASE", "CAST", "COALESCE", "CONCAT", "COUNT", "COUNT_IF", "DATEDIFF", "DATE_ADD", "EXISTS", "GREATEST", "IF",
    "LAST_DAY", "LEAST", "LENGTH", "LOWER", "MAX", "MIN", "MONTH", "NULLIF", "OR", "REGEXP_LIKE", "REGEXP_REPLACE", "REPLACE",
    "ROW_NUMBER", "SUBSTRING", "SUM", "TIME_TO_STR", "UPPER", "XOR", "YEAR",
}  # fmt: skip

_INSTEAD = {
    "ISNULL": "isnull is T-SQL: use coalesce(a, b)",
    "GETDATE": "getdate reads the clock: use a period parameter",
    "CURRENT_DATE": "a query must not read the clock: use a period parameter",
    "CURRENT_TIMESTAMP": "a query must not read the clock: use a period parameter",
    "CURRENT_TIME": "a query must not read the clock: use a period parameter",
    "NOW": "a query must not read the clock: use a period parameter",
    "AVG": "avg of decimals is a double in DuckDB: use sum and count",
    "TRIM": "trim removes tabs in Trino and not in DuckDB: use regexp_replace(x, ' +$', '')",
    "TRY_CAST": "try_cast reads '12.0' as an integer in DuckDB: test with regexp_like first",
    "GROUP_CONCAT": "string_agg does not exist in Trino: use listagg",
    "SIGN": "sign of a decimal has another type in DuckDB: use case",
}
_NUMBERS = exp.DataType.NUMERIC_TYPES
_TEXTS = exp.DataType.TEXT_TYPES
_TIMES = exp.DataType.TEMPORAL_TYPES
_FLOATS = {exp.DataType.Type.FLOAT, exp.DataType.Type.DOUBLE}


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
    return sorted({fault for node in typed.walk() for fault in _faults(node)})


def _typed(tree: exp.Expr) -> exp.Expr:
    named = {cte.alias for cte in tree.find_all(exp.CTE)}
    sources = {table.name for table in tree.find_all(exp.Table)} - named
    schema: dict[str, object] = {
        name: {column.name: column.type.trino for column in contract(name).columns} for name in sources
    }
    stars = any(select.is_star for select in tree.find_all(exp.Select))
    qualified = qualify(
        tree.copy(), schema=schema, dialect=DIALECT, expand_stars=False, validate_qualify_columns=not stars
    )
    return annotate_types(qualified, schema=schema, dialect=DIALECT)


def _faults(node: exp.Expr) -> Iterator[str]:
    if isinstance(node, exp.Star) and not isinstance(node.parent, exp.Count):
        yield "SELECT * hides which columns are read: name them"
    elif isinstance(node, exp.Div):
        yield "division gives another type in DuckDB: convert amounts once, outside SQL"
    elif isinstance(node, exp.Literal) and not node.is_string and "." in str(node.this):
        yield f"decimal literal {node.this} has another scale in DuckDB: write cast('{node.this}' as decimal(38,4))"
    elif isinstance(node, exp.Add) and any(_is(side, _TEXTS) for side in (node.left, node.right)):
        yield "+ on text is T-SQL: use concat or ||"
    elif isinstance(node, exp.Cast) and not isinstance(node, exp.TryCast) and node.to.this in _FLOATS:
        yield "floating point loses cents: use decimal"
    elif isinstance(node, (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE)):
        yield from _comparison(node)
    elif isinstance(node, exp.Func):
        yield from _function(node)


def _comparison(node: exp.Binary) -> Iterator[str]:
    families = [
        next((name for name, kinds in _FAMILIES.items() if _is(side, kinds)), None) for side in (node.left, node.right)
    ]
    if None not in families and families[0] != families[1]:
        yield (
            f"implicit comparison of {families[0]} with {families[1]} ({node.sql(DIALECT)}) passes in DuckDB and fails in "
            "Trino: cast one side"
        )


_FAMILIES = {"text": _TEXTS, "number": _NUMBERS, "date or time": _TIMES}


def _function(node: exp.Func) -> Iterator[str]:
    name = (node.name if isinstance(node, exp.Anonymous) else node.sql_names()[0]).upper()
    if name in _INSTEAD:
        yield _INSTEAD[name]
    elif name not in ALLOWED_FUNCTIONS:
        yield f"function {name} is not on the allow-list: show that all engines agree on it, then add it"


def _is(node: exp.Expr, kinds: Collection[object]) -> bool:
    return node.type is not None and node.type.this in kinds
