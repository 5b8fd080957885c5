"""Lineage: from an extract's output columns to the source columns they come from.

Here belongs deriving lineage from the SQL itself. What does not belong here: how lineage is shown. It costs a fraction of
a second per wide item, so nothing asks for it at import.
"""

from functools import cache

import sqlglot
from sqlglot import exp
from sqlglot.lineage import Node, lineage
from sqlglot.optimizer.qualify import qualify
from sqlglot.optimizer.scope import build_scope

from soxauto_assets.catalog.registry import get_item
from soxauto_assets.engines.sql import DIALECT, parse
from soxauto_assets.sources.contracts import contract


@cache
def column_lineage(item_id: str) -> dict[str, tuple[tuple[str, str], ...]]:
    """Return, for each output column of an item, the ``(logical source, column)`` pairs its value is computed from.

    A column that only filters or joins is not a part of the value and does not appear.
    """
    item = get_item(item_id)
    statement = parse(item.id, "extract", item.statements()["extract"], item.configuration)
    schema: dict[str, object] = {
        source: {column.name: column.type.trino for column in contract(source).columns} for source in statement.reads
    }
    tree = sqlglot.parse_one(statement.template, read=DIALECT)
    resolved = qualify(tree, schema=schema, dialect=DIALECT, quote_identifiers=False)
    scope = build_scope(resolved)
    return {
        column.name: _leaves(lineage(column.name, resolved, schema=schema, scope=scope, dialect=DIALECT))
        for column in item.columns
    }


def _leaves(node: Node) -> tuple[tuple[str, str], ...]:
    found = set()
    for part in node.walk():
        if isinstance(part.expression, exp.Table) and not part.downstream:
            found.add((part.expression.name, part.name.split(".")[-1]))
    return tuple(sorted(found))
