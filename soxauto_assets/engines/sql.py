"""Binding: from the catalog's SQL over logical sources to the text an engine runs.

Here belongs parsing, the parameters, the physical names, and the digests of the text, all through the syntax tree. What
does not belong here: what an engine's dialect needs (the engine) and lineage (``engines.lineage``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache, lru_cache

import sqlglot
from sqlglot import exp
from sqlglot.errors import SqlglotError
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import traverse_scope

from soxauto_assets.canonical import sha256_hex
from soxauto_assets.catalog.model import Item
from soxauto_assets.errors import CatalogError
from soxauto_assets.period import Period
from soxauto_assets.sources.bindings import Binding
from soxauto_assets.sources.contracts import contract

DIALECT = "athena"
PERIOD_PARAMETERS = tuple(Period(2000, 1).parameters())
ParameterValue = date | datetime | str | int | tuple[str, ...]


@dataclass(frozen=True)
class Statement:
    """One SQL text of an item, parsed.

    Attributes:
        item: Item id.
        purpose: ``extract``, ``control_totals`` or a probe's name.
        template: The text as written.
        parameters: Names of the parameters it uses.
        reads: Logical source to the columns read from it.
    """

    item: str
    purpose: str
    template: str
    parameters: tuple[str, ...]
    reads: Mapping[str, tuple[str, ...]]


@dataclass(frozen=True)
class BoundStatement:
    """A statement with physical names and literals.

    Attributes:
        statement: What was bound.
        executed: Athena SQL with typed literals: the same text for the same period, for ever.
        baseline: The same with the period left as parameters: the text that must not change between months.
    """

    statement: Statement
    executed: str
    baseline: str

    @property
    def digests(self) -> dict[str, str]:
        """SHA-256 of the template as written, of the normalised baseline and of the normalised executed text."""
        return {
            "template": sha256_hex(self.statement.template.encode()),
            "baseline": sha256_hex(normalised(self.baseline).encode()),
            "executed": sha256_hex(normalised(self.executed).encode()),
        }


@lru_cache(maxsize=1024)
def normalised(sql: str) -> str:
    """Return SQL in one spelling: no comments, one line, the dialect's own case and spacing."""
    return sqlglot.parse_one(sql, read=DIALECT).sql(DIALECT, comments=False, copy=False)


def statements(item: Item) -> dict[str, Statement]:
    """Return the parsed statements of an item by purpose.

    Raises:
        CatalogError: A text does not parse, reads an unknown table or column, or uses an unknown parameter.
    """
    return {purpose: parse(item.id, purpose, text, item.configuration) for purpose, text in item.statements().items()}


@cache
def parse(item: str, purpose: str, template: str, configuration: tuple[str, ...] = ()) -> Statement:
    """Parse one SQL text of an item.

    Args:
        item: Item id.
        purpose: Which of its texts.
        template: The text.
        configuration: Configuration keys it may use as parameters, beside the period parameters.

    Raises:
        CatalogError: See :func:`statements`.
    """
    tree = _tree(item, purpose, template)
    used = tuple(sorted({node.name for node in tree.find_all(exp.Placeholder)}))
    if unknown := sorted(set(used) - set(PERIOD_PARAMETERS) - set(configuration)):
        raise CatalogError(
            f"{purpose}.sql uses the unknown parameter {', '.join(unknown)}",
            action=f"use one of {', '.join((*PERIOD_PARAMETERS, *configuration))}",
            item=item,
        )
    return Statement(item, purpose, template, used, _reads(item, purpose, tree))


def bind(
    statement: Statement, period: Period, configuration: Mapping[str, tuple[str, ...]], bindings: Mapping[str, Binding]
) -> BoundStatement:
    """Put physical names and typed literals into a statement.

    Args:
        statement: The parsed statement.
        period: The period whose parameters are written as literals.
        configuration: Values of the configuration parameters.
        bindings: Binding of every source the statement reads.
    """
    baseline = _tree(statement.item, statement.purpose, statement.template)
    _put_tables(baseline, statement, bindings)
    _put_parameters(baseline, {name: value for name, value in configuration.items() if name in statement.parameters})
    text = baseline.sql(DIALECT, pretty=True)
    # From here on the tree is the executed text's; printing may take it apart.
    _put_parameters(baseline, period.parameters())
    return BoundStatement(statement, baseline.sql(DIALECT, pretty=True, copy=False), text)


def literal(value: ParameterValue) -> exp.Expr:
    """Return a typed literal: a date, an instant with milliseconds, a text or an integer."""
    if isinstance(value, datetime):
        return exp.cast(
            exp.Literal.string(value.isoformat(sep=" ", timespec="milliseconds")), "timestamp(3)", dialect=DIALECT
        )
    if isinstance(value, date):
        return exp.cast(exp.Literal.string(value.isoformat()), "date", dialect=DIALECT)
    if isinstance(value, int):
        return exp.Literal.number(value)
    if isinstance(value, str):
        return exp.Literal.string(value)
    raise TypeError(f"{type(value).__name__} is no single parameter value")


def _tree(item: str, purpose: str, template: str) -> exp.Query:
    try:
        trees = sqlglot.parse(template, read=DIALECT)
    except SqlglotError as error:
        raise CatalogError(f"{purpose}.sql does not parse: {error}", action="correct the SQL", item=item) from error
    if len(trees) != 1 or not isinstance(trees[0], exp.Query):
        raise CatalogError(f"{purpose}.sql is not one query", action="leave one SELECT in the file", item=item)
    return trees[0]


def _reads(item: str, purpose: str, tree: exp.Expr) -> dict[str, tuple[str, ...]]:
    """Return what is read from each logical source, after resolving every column against the contracts."""
    schema: dict[str, object] = {
        name: {column.name: column.type.trino for column in contract(name).columns} for name in _logical_sources(tree)
    }
    try:
        resolved = qualify(tree.copy(), schema=schema, dialect=DIALECT, quote_identifiers=False, expand_stars=False)
    except SqlglotError as error:
        raise CatalogError(
            f"{purpose}.sql reads a column that no source contract has: {error}",
            action="correct the column or the source contract",
            item=item,
        ) from error
    reads: dict[str, set[str]] = {name: set() for name in schema}
    for scope in traverse_scope(resolved):
        for column in scope.columns:
            source = scope.sources.get(column.table)
            if isinstance(source, exp.Table):
                reads[source.name].add(column.name)
    return {name: tuple(sorted(columns)) for name, columns in sorted(reads.items())}


def _logical_sources(tree: exp.Expr) -> list[str]:
    """Return the tables that are not common table expressions.

    Raises:
        CatalogError: A table is no logical source.
    """
    return sorted({table.name for table in _source_tables(tree) if contract(table.name)})


def _source_tables(tree: exp.Expr) -> list[exp.Table]:
    named = {cte.alias for cte in tree.find_all(exp.CTE)}
    return [table for table in tree.find_all(exp.Table) if table.name not in named]


def _put_tables(tree: exp.Expr, statement: Statement, bindings: Mapping[str, Binding]) -> None:
    for table in _source_tables(tree):
        binding = bindings[table.name]
        physical = exp.table_(binding.table.table, db=binding.table.database, catalog=binding.table.catalog)
        for identifier in physical.find_all(exp.Identifier):
            identifier.set("quoted", not identifier.name.replace("_", "a").isalnum() or not identifier.name.islower())
        columns = statement.reads[table.name]
        alias = table.alias or table.name
        if not any(name in binding.columns for name in columns):
            table.replace(exp.alias_(physical, alias, table=True))
            continue
        # The logical names are restored at the table, so that the rest of the text stays the catalog's own.
        renamed = [
            exp.alias_(exp.column(exp.to_identifier(binding.physical(name), quoted=True)), name)
            if name in binding.columns
            else exp.column(name)
            for name in columns
        ]
        table.replace(exp.select(*renamed).from_(physical).subquery(alias))


def _put_parameters(tree: exp.Expr, values: Mapping[str, ParameterValue]) -> None:
    for node in list(tree.find_all(exp.Placeholder)):
        if node.name not in values:
            continue
        value = values[node.name]
        if not isinstance(value, tuple):
            node.replace(literal(value))
            continue
        membership = node.parent
        if not isinstance(membership, exp.In) or len(membership.expressions) != 1:
            raise CatalogError(
                f"list parameter :{node.name} is used outside 'in (:{node.name})'", action="write it as an IN list"
            )
        membership.set("expressions", [literal(member) for member in value])
