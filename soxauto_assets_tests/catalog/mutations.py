"""Breaking an extract on purpose: one filter, join condition, boundary or branch at a time.

Each mutant is a tree of the bound Athena text. What does not belong here: what must see the difference (``test_mutations``).
"""

from collections.abc import Iterator
from dataclasses import dataclass

import sqlglot
from sqlglot import exp

from soxauto_assets.engines.sql import DIALECT

_BOUNDARIES = {exp.LT: exp.LTE, exp.LTE: exp.LT, exp.GT: exp.GTE, exp.GTE: exp.GT}


@dataclass(frozen=True)
class Mutant:
    """One broken extract.

    Attributes:
        what: What was broken, as a person reads it; unique within the item.
        sql: The broken text.
    """

    what: str
    sql: str


def mutants(executed: str) -> list[Mutant]:
    """Return every mutant of a bound extract, each with one change."""
    tree = sqlglot.parse_one(executed, read=DIALECT)
    found: dict[str, Mutant] = {}
    for number, _ in enumerate(tree.walk()):
        for what, sql in _changes(tree, number):
            name = what if what not in found else f"{what} #{sum(k.startswith(what) for k in found) + 1}"
            found[name] = Mutant(name, sql)
    return list(found.values())


def _changes(tree: exp.Expr, number: int) -> Iterator[tuple[str, str]]:
    """Yield the changes of one node, each on a copy of the whole tree."""
    node = _at(tree, number)
    if isinstance(node, (exp.Where, exp.Having)) or (isinstance(node, exp.Join) and node.args.get("on")):
        condition = node.args["on"] if isinstance(node, exp.Join) else node.this
        for position, part in enumerate(condition.flatten() if isinstance(condition, exp.And) else [condition]):
            yield f"drop {_text(part)}", _without(tree, number, position)
    if isinstance(node, exp.Join):
        yield f"{_side(node)} join of {node.this.alias_or_name} turned", _turned(tree, number)
    if type(node) in _BOUNDARIES:
        yield f"boundary of {_text(node)}", _moved(tree, number)
    if isinstance(node, exp.Union):
        for side in ("this", "expression"):
            yield f"drop branch {_text(node.args[side])[:60]}", _branch(tree, number, side)


def _at(tree: exp.Expr, number: int) -> exp.Expr:
    for position, node in enumerate(tree.walk()):
        if position == number:
            return node
    raise IndexError(number)


def _without(tree: exp.Expr, number: int, position: int) -> str:
    copy = tree.copy()
    node = _at(copy, number)
    condition = node.args["on"] if isinstance(node, exp.Join) else node.this
    parts = list(condition.flatten()) if isinstance(condition, exp.And) else [condition]
    rest = [part.copy() for at, part in enumerate(parts) if at != position]
    replacement = exp.and_(*rest) if rest else exp.true()
    node.set("on" if isinstance(node, exp.Join) else "this", replacement)
    return copy.sql(DIALECT)


def _turned(tree: exp.Expr, number: int) -> str:
    copy = tree.copy()
    node = _at(copy, number)
    left = node.side == "LEFT"
    node.set("side", None if left else "LEFT")
    node.set("kind", "INNER" if left else None)
    return copy.sql(DIALECT)


def _moved(tree: exp.Expr, number: int) -> str:
    copy = tree.copy()
    node = _at(copy, number)
    node.replace(_BOUNDARIES[type(node)](this=node.this.copy(), expression=node.expression.copy()))
    return copy.sql(DIALECT)


def _branch(tree: exp.Expr, number: int, dropped: str) -> str:
    copy = tree.copy()
    node = _at(copy, number)
    kept = node.args["expression" if dropped == "this" else "this"].copy()
    if node.args.get("with_") is not None:
        kept.set("with_", node.args["with_"].copy())
    if node is copy:
        return kept.sql(DIALECT)
    node.replace(kept)
    return copy.sql(DIALECT)


def _side(join: exp.Expr) -> str:
    return "left" if join.side == "LEFT" else "inner"


def _text(node: exp.Expr) -> str:
    return " ".join(node.sql(DIALECT, comments=False).split())[:110]
