"""Translation of T-SQL to Athena SQL over logical sources, with everything that needs a person.

Here belongs parsing, folding a script into one query, and printing. What does not belong here: the constructs
(``engines.tsql``, ``engines.tsql_tree``). A translation is a draft: it goes into an item only after a person has decided
each construct, and the item's tests and static suite hold it then.
"""

from dataclasses import dataclass

import sqlglot
from sqlglot import exp
from sqlglot.errors import ErrorLevel, SqlglotError, UnsupportedError

from soxauto_assets.engines.profile import faults_of
from soxauto_assets.engines.sql import DIALECT
from soxauto_assets.engines.tsql import Construct, constructs_of, prepared, queries_only, tokens_of
from soxauto_assets.engines.tsql_tree import Rewriter, line_of
from soxauto_assets.errors import SoxautoError
from soxauto_assets.sources.contracts import CONTRACTS

# Statements that go without a trace in the result; their tokens have said so already.
_DROPPED = (exp.Set, exp.Drop, exp.Declare, exp.Use, exp.IfBlock, exp.Semicolon)


class TranslationError(SoxautoError):
    """The text is no T-SQL that can be translated."""


@dataclass(frozen=True)
class Translation:
    """A translated text.

    Attributes:
        text: Athena SQL.
        constructs: What needs a person, by line of the original; none = nothing does.
    """

    text: str
    constructs: tuple[Construct, ...]


def translate(original: str) -> Translation:
    """Translate a T-SQL query or script.

    A ``SELECT … INTO #temp`` becomes a common table expression of the queries that read it.

    Raises:
        TranslationError: The text does not parse, or holds no query.
    """
    text = prepared(original)
    try:
        tokens = tokens_of(text)
        statements = [
            statement for statement in sqlglot.parse(queries_only(text), read="tsql") if statement is not None
        ]
    except SqlglotError as error:
        first = str(error).splitlines()[0]
        raise TranslationError(
            f"the text does not parse as T-SQL: {first}",
            action="end each statement with a semicolon, or give the SELECT alone",
        ) from error
    found = constructs_of(original, tokens)
    queries, others = _folded(statements)
    if not queries:
        raise TranslationError("the text holds no query", action="give a file with a SELECT")
    found += [
        Construct(line_of(other), f"statement {other.key.upper()}", "is not translated: bring its SELECT over")
        for other in others
    ]
    if len(queries) > 1:
        found.append(
            Construct(0, f"{len(queries)} queries", "an item has one extract: choose, or make an item of each")
        )
    printed = []
    for query in queries:
        rewriter = Rewriter({cte.alias.lower() for cte in query.find_all(exp.CTE)})
        sql, unsupported = _printed(rewriter.rewrite(query))
        found += rewriter.found
        found += [Construct(0, "not supported", message) for message in unsupported]
        found += [Construct(0, "in the translated text", fault) for fault in _faults(sql)]
        printed.append(sql)
    return Translation(";\n\n".join(printed) + "\n", tuple(sorted(set(found))))


def _faults(sql: str) -> list[str]:
    """Return what the SQL profile refuses; an unknown table was named with its line already."""
    return [fault for fault in faults_of(sql) if "is no logical source" not in fault]


def _folded(statements: list[exp.Expr]) -> tuple[list[exp.Query], list[exp.Expr]]:
    """Return the queries with their temporary tables as common table expressions, and what is neither."""
    temporary: dict[str, exp.Query] = {}
    queries: list[exp.Query] = []
    others: list[exp.Expr] = []
    for statement in statements:
        if isinstance(statement, exp.Query):
            into = statement.args.get("into")
            if into is not None:
                statement.set("into", None)
                temporary[into.this.name.lower()] = statement
            else:
                queries.append(_with_temporary(statement, temporary))
        elif isinstance(statement, exp.Create) and statement.kind == "INDEX":
            continue
        elif not isinstance(statement, _DROPPED):
            others.append(statement)
    if not queries and temporary:
        # A script that ends in SELECT … INTO: the last table is the result.
        name, last = list(temporary.items())[-1]
        del temporary[name]
        queries.append(_with_temporary(last, temporary))
    return queries, others


def _with_temporary(query: exp.Query, temporary: dict[str, exp.Query]) -> exp.Query:
    needed = _needed(query, temporary)
    for table in query.find_all(exp.Table):
        _as_ordinary(table)
    made = []
    for name in needed:
        body = temporary[name].copy()
        for table in body.find_all(exp.Table):
            _as_ordinary(table)
        made.append(exp.CTE(this=body, alias=exp.TableAlias(this=exp.to_identifier(_free(name)))))
    if made:
        existing = query.args.get("with_")
        query.set("with_", exp.With(expressions=[*made, *(existing.expressions if existing else [])]))
    return query


def _needed(query: exp.Expr, temporary: dict[str, exp.Query]) -> list[str]:
    """Return the temporary tables that a query reads, itself or through another, in the order they were filled."""
    wanted: set[str] = set()
    waiting = [query]
    while waiting:
        for table in waiting.pop().find_all(exp.Table):
            name = table.name.lower()
            if name in temporary and not table.db and name not in wanted:
                wanted.add(name)
                waiting.append(temporary[name])
    return [name for name in temporary if name in wanted]


def _free(name: str) -> str:
    """Return the name of a temporary table as a common table expression: never that of a logical source."""
    return f"temp_{name}" if name in CONTRACTS else name


def _as_ordinary(table: exp.Table) -> None:
    if isinstance(table.this, exp.Identifier):
        if table.this.args.get("global_") or table.this.args.get("temporary"):
            table.this.set("this", _free(table.name.lower()))
        table.this.set("global_", None)
        table.this.set("temporary", None)


def _printed(query: exp.Query) -> tuple[str, list[str]]:
    try:
        return query.sql(DIALECT, pretty=True, unsupported_level=ErrorLevel.RAISE), []
    except UnsupportedError as error:
        return query.sql(DIALECT, pretty=True, unsupported_level=ErrorLevel.IGNORE), str(error).splitlines()
