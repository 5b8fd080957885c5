"""Analysis: whether a query's names and types are known, and its text for DuckDB.

Here belongs what Trino's analyser refuses, and the translation. What does not belong here: grammar (``grammar``), types of
operands (``types``), execution.
"""

import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlglot import exp
from sqlglot.errors import ErrorLevel, OptimizeError, SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import Scope, traverse_scope

from soxauto_assets_tests.aws.endpoint.athena import catalog as glue
from soxauto_assets_tests.aws.endpoint.athena.annotation import annotated
from soxauto_assets_tests.aws.endpoint.athena.catalog import Catalog, Table
from soxauto_assets_tests.aws.endpoint.athena.failures import QueryFailure
from soxauto_assets_tests.aws.endpoint.athena.functions import FUNCTIONS
from soxauto_assets_tests.aws.endpoint.athena.grammar import at
from soxauto_assets_tests.aws.endpoint.athena.hive import PATH
from soxauto_assets_tests.aws.endpoint.athena.operands import check_operands
from soxauto_assets_tests.aws.endpoint.athena.statement import Statement

_COLUMN = re.compile(r"(?:Column '([^']+)' could not be resolved|Unknown column: (\w+))(?: for table: '([^']+)')?")


@dataclass(frozen=True)
class Analysis:
    """A query that Athena would run.

    Attributes:
        tables: View name to table.
        reads: View name to the columns that are read.
        columns: Names of the output columns.
        sql: DuckDB text over the views.
    """

    tables: dict[str, Table]
    reads: dict[str, frozenset[str]]
    columns: tuple[str, ...]
    sql: str


def analyse(statement: Statement, catalog: Catalog, database: str | None, parameters: list[str]) -> Analysis:
    """Check a statement against the catalog and translate it.

    Args:
        statement: The statement.
        catalog: The catalog.
        database: Database of names that give none.
        parameters: Values of its parameters.

    Raises:
        QueryFailure: Trino would refuse it, or this endpoint cannot give Trino's answer.
    """
    tree = statement.tree.copy()
    _put_parameters(tree, statement.parameters, parameters)
    for identifier in tree.find_all(exp.Identifier):
        identifier.set("this", identifier.name.lower())
    tables = _tables(tree, statement.text, catalog, database)
    _known_words(statement)
    _name_outputs(tree, statement)
    if _reads_path(tree) and any(select.is_star for select in tree.find_all(exp.Select)):
        raise QueryFailure("NOT_SUPPORTED", f'this endpoint does not read * beside "{PATH}"')
    schema: dict[str, object] = {}
    for table in tables.values():
        columns = schema.setdefault(table.database, {})
        assert isinstance(columns, dict)
        columns[table.name] = table.trino() | ({PATH: "varchar"} if _reads_path(tree) else {})
    try:
        tree = qualify(tree, schema=schema, dialect="athena", expand_alias_refs=False)
        _qualify_having(tree, schema)
        tree = annotated(tree, schema)
    except SqlglotError as error:
        raise _unresolved(statement, str(error), tables) from error
    check_operands(tree, statement)
    names = tuple(tree.named_selects)
    if statement.kind == "UNLOAD":
        _unloadable(tree, names)
    reads = _to_views(tree, tables)
    _rewrite(tree)
    try:
        sql = tree.sql("duckdb", unsupported_level=ErrorLevel.RAISE, comments=False)
    except SqlglotError as error:
        raise QueryFailure("NOT_SUPPORTED", f"this endpoint cannot run the text as Trino does: {error}") from error
    return Analysis({name: tables[name] for name in reads}, reads, names, sql)


def located(
    statement: Statement, catalog: Catalog, database: str | None, parameters: list[str]
) -> tuple[exp.Query, dict[str, Table]]:
    """Return a statement's query with its parameters put in and every table's database, and the tables by view name.

    Whether columns, functions and types are known is left to who runs it.

    Raises:
        QueryFailure: A table does not exist, or may not be read.
    """
    tree = statement.tree.copy()
    _put_parameters(tree, statement.parameters, parameters)
    # The parser has given unknown functions another last letter (``statement``), lest it reads them in its own way.
    unknown = {f"{f.name[:-1]}_": f.name for f in statement.words.functions if f.name not in FUNCTIONS}
    for function in tree.find_all(exp.Anonymous):
        function.set("this", unknown.get(function.name.lower(), function.name))
    for table in tree.find_all(exp.Table):
        for identifier in table.find_all(exp.Identifier):
            identifier.set("this", identifier.name.lower())
    return tree, _tables(tree, statement.text, catalog, database)


def view_name(database: str, table: str) -> str:
    """Return the name of a table among those of a statement."""
    return _view(database, table)


def _qualify_having(tree: exp.Expr, schema: dict[str, object]) -> None:
    """Give the columns of HAVING their table, which the parser's own step leaves to aliases; Trino knows no alias there.

    Raises:
        OptimizeError: No table has the column, or several have.
    """
    for scope in traverse_scope(tree):
        having = scope.expression.args.get("having")
        for column in having.find_all(exp.Column) if having else ():
            if column.table or column.find_ancestor(exp.Select) is not scope.expression:
                continue
            homes = [name for name, source in scope.sources.items() if column.name in _columns_of(source, schema)]
            if len(homes) != 1:
                raise OptimizeError(f"Column '{column.name}' could not be resolved")
            column.set("table", exp.to_identifier(homes[0], quoted=True))


def _columns_of(source: exp.Expr | Scope, schema: dict[str, object]) -> Collection[str]:
    if isinstance(source, Scope):
        return source.expression.named_selects
    tables = schema.get(source.args["db"].name if source.args.get("db") else "")
    return tables.get(source.name, ()) if isinstance(tables, dict) else ()


def _put_parameters(tree: exp.Expr, expected: int, values: list[str]) -> None:
    """Put values in; one that is no expression, or names a column, is a string."""
    if not expected:
        return
    if expected != len(values):
        raise QueryFailure(
            "INVALID_PARAMETER_USAGE",
            f"line 1:1: Incorrect number of parameters: expected {expected} but found {len(values)}",
        )
    for node, value in zip(list(tree.find_all(exp.Placeholder, bfs=False)), values, strict=True):
        node.replace(_parameter(value))


def _parameter(value: str) -> exp.Expr:
    try:
        found = exp.maybe_parse(value, dialect="athena")
    except SqlglotError:
        return exp.Literal.string(value)
    if found.find(exp.Column, exp.Identifier, exp.Query, exp.Command):
        return exp.Literal.string(value)
    return found


def _tables(tree: exp.Expr, text: str, catalog: Catalog, database: str | None) -> dict[str, Table]:
    """Return the tables by view name, and give every reference its database."""
    named = {cte.alias for cte in tree.find_all(exp.CTE)}
    found: dict[str, Table] = {}
    for reference in list(tree.find_all(exp.Table)):
        if not isinstance(reference.this, exp.Identifier):
            raise QueryFailure(
                "NOT_SUPPORTED", f"table functions are not run by this endpoint: {reference.sql('athena')}"
            )
        position = at(text, reference.this.meta.get("start", 0))
        if not reference.db and reference.name in named:
            continue
        if reference.catalog and reference.catalog != glue.NAME.lower():
            raise QueryFailure("CATALOG_NOT_FOUND", f"{position}: Catalog '{reference.catalog}' not found")
        if not reference.db and not database:
            raise QueryFailure(
                "MISSING_SCHEMA_NAME", f"{position}: Schema must be specified when session schema is not set"
            )
        home = reference.db or str(database).lower()
        reference.set("db", exp.to_identifier(home, quoted=True))
        reference.set("catalog", None)
        name = _view(home, reference.name)
        if name not in found:
            found[name] = catalog.table(home, reference.name, position)
    return found


def _view(database: str, table: str) -> str:
    return f"{database}.{table}"


def _known_words(statement: Statement) -> None:
    for function in statement.words.functions:
        if function.name not in FUNCTIONS:
            raise QueryFailure(
                "FUNCTION_NOT_FOUND",
                f"{at(statement.text, function.offset)}: Function '{function.name}' not registered",
            )
    for kind in statement.words.types:
        raise QueryFailure("TYPE_NOT_FOUND", f"{at(statement.text, kind.offset)}: Unknown type: {kind.name}")


def _name_outputs(tree: exp.Query, statement: Statement) -> None:
    """Name the outputs that have no name as Athena names them, by position.

    An UNLOAD of such an output is refused, as CREATE TABLE AS is; Athena's guide does not say, so this is the stricter reading.
    """
    for select in _outermost(tree):
        for number, item in enumerate(list(select.expressions)):
            if isinstance(item, (exp.Alias, exp.Column, exp.Star)) or item.is_star:
                continue
            if statement.kind == "UNLOAD" and select is next(_outermost(tree)):
                raise QueryFailure(
                    "MISSING_COLUMN_NAME", f"line 1:1: Column name not specified at position {number + 1}"
                )
            select.expressions[number].replace(exp.alias_(item.copy(), f"_col{number}", quoted=True))


def _outermost(tree: exp.Expr) -> Iterator[exp.Select]:
    if isinstance(tree, exp.SetOperation):
        yield from _outermost(tree.left)
        yield from _outermost(tree.right)
    elif isinstance(tree, (exp.Subquery, exp.Paren)):
        yield from _outermost(tree.this)
    elif isinstance(tree, exp.Select):
        yield tree


def _reads_path(tree: exp.Expr) -> bool:
    return any(column.name == PATH for column in tree.find_all(exp.Column))


def _unresolved(statement: Statement, message: str, tables: dict[str, Table]) -> QueryFailure:
    """Return the failure of a name that no table has, or that several have, at its place in the text."""
    found = _COLUMN.match(message)
    if not found:
        return QueryFailure("SYNTAX_ERROR", f"line 1:1: {message}")
    name = (found[1] or found[2]).lower()
    candidates = [
        column
        for column in statement.tree.find_all(exp.Column)
        if column.name.lower() == name and found[3] in (None, column.table.lower())
    ]
    position, shown = "line 1:1", name
    if candidates:
        first = min(candidates, key=_start)
        position = at(statement.text, _start(first))
        shown = ".".join(part.name.lower() for part in first.parts)
    if "." not in shown and sum(name in table.trino() for table in _sources(statement, tables)) > 1:
        return QueryFailure("AMBIGUOUS_NAME", f"{position}: Column '{shown}' is ambiguous")
    return QueryFailure(
        "COLUMN_NOT_FOUND",
        f"{position}: Column '{shown}' cannot be resolved or requester is not authorized to access requested resources",
    )


def _sources(statement: Statement, tables: dict[str, Table]) -> Iterator[Table]:
    """Yield the table of every reference in the text, so that one that is joined to itself counts twice."""
    for reference in statement.tree.find_all(exp.Table):
        yield from (table for table in tables.values() if table.name == reference.name.lower())


def _start(column: exp.Column) -> int:
    return int(column.parts[0].meta.get("start", 0))


def _unloadable(tree: exp.Query, names: tuple[str, ...]) -> None:
    for number, name in enumerate(names):
        if name in names[:number]:
            raise QueryFailure("DUPLICATE_COLUMN_NAME", f"line 1:1: Column name '{name}' specified more than once")
    for item in tree.selects:
        if isinstance(item.unalias(), exp.Null):
            raise QueryFailure("NOT_SUPPORTED", "Unsupported Hive type: unknown")


def _to_views(tree: exp.Expr, tables: dict[str, Table]) -> dict[str, frozenset[str]]:
    """Point every reference at its view, and return the columns that are read."""
    reads: dict[str, set[str]] = {name: set() for name in tables}
    for scope in traverse_scope(tree):
        for column in scope.columns:
            source = scope.sources.get(column.table)
            if isinstance(source, exp.Table) and source.db:
                reads[_view(source.db, source.name)].add(column.name)
    for reference in list(tree.find_all(exp.Table)):
        if reference.db:
            reference.set("this", exp.to_identifier(_view(reference.db, reference.name), quoted=True))
            reference.set("db", None)
    return {name: frozenset(columns) for name, columns in reads.items()}


def _rewrite(tree: exp.Expr) -> None:
    """Give results the types that Trino gives them, where DuckDB gives others: a date that is moved stays a date."""
    for node in [*tree.find_all(exp.TimestampTrunc, exp.DateTrunc, exp.DateAdd, exp.DateSub, exp.Add, exp.Sub)]:
        if node.type is not None and node.type.this is exp.DataType.Type.DATE:
            node.replace(exp.cast(node.copy(), "date"))
    _rewrite_literals(tree)


def _rewrite_literals(tree: exp.Expr) -> None:
    """Give literals the types that Athena gives them: ``1.5`` is a double, ``decimal '1.50'`` a decimal(3,2)."""
    for node in list(tree.find_all(exp.Literal)):
        if not node.is_string and not str(node.this).isdigit() and not isinstance(node.parent, exp.DataTypeParam):
            node.replace(exp.cast(exp.Literal.string(str(node.this)), "double"))
    for cast in list(tree.find_all(exp.Cast)):
        if cast.to.this is not exp.DataType.Type.DECIMAL or cast.to.expressions:
            continue
        size = "38, 0"
        if isinstance(cast.this, exp.Literal) and cast.this.is_string:
            whole, _, fraction = str(cast.this.this).lstrip("+-").partition(".")
            size = f"{max(1, len(whole.lstrip('0')) + len(fraction))}, {len(fraction)}"
        cast.set("to", exp.DataType.build(f"decimal({size})"))
