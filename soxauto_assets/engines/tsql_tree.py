"""T-SQL as it is meant: what tables, columns and types show, changed in the tree and said to a person.

Here belongs each rewriting that needs the source contracts. What does not belong here: what the words alone show
(``engines.tsql``), and parsing and printing (``engines.translate``).
"""

import re
from collections.abc import Callable

from sqlglot import exp

from soxauto_assets.catalog.types import Kind
from soxauto_assets.engines.sql import DIALECT
from soxauto_assets.engines.tsql import Construct
from soxauto_assets.engines.tsql_names import Names, contract_of, headers_like
from soxauto_assets.sources.model import SourceColumn, by_name

_DATED = re.compile(r"(\d{4})-?(\d{2})-?(\d{2})(?:[ T](\d{2}:\d{2}(?::\d{2}(?:\.\d{1,3})?)?))?")
_COMPARED = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between, exp.In, exp.Like)
_ORDERED = (exp.EQ, exp.NEQ, exp.LT, exp.LTE, exp.GT, exp.GTE, exp.Between)
_FOLD = r"lower(regexp_replace(x, ' +\z', ''))"


class Rewriter:
    """Rewrites one query.

    Args:
        derived: Names of common table expressions and temporary tables, in lower case.
    """

    def __init__(self, derived: set[str]):
        self.derived = derived
        self.names = Names()
        self.found: list[Construct] = []

    def rewrite(self, query: exp.Query) -> exp.Query:
        """Change the query in place and return it; what a person must look at is in ``found``."""
        self._aliases(query)
        self._tables(query)
        self._columns(query)
        steps: tuple[Callable[[exp.Expr], None], ...] = (
            self._clock_and_parameters,
            self._casts,
            self._joined_text,
            self._comparison,
            self._division,
            self._month_text,
            self._outputs,
            self._grouping,
        )
        for step in steps:
            # From the leaves up: what is replaced holds its parts as they are by then.
            for node in reversed(list(query.walk())):
                step(node)
        return query

    def _say(self, node: exp.Expr, name: str, message: str) -> None:
        self.found.append(Construct(line_of(node), name, message))

    def _aliases(self, query: exp.Query) -> None:
        """Give table aliases in brackets a name that needs none, at their definition and at each use."""
        for node in query.walk():
            identifier = node.args.get("table") if isinstance(node, exp.Column) else None
            if isinstance(node, exp.TableAlias) or (
                isinstance(node, exp.Table) and not node.db and node.name.lower() in self.derived
            ):
                identifier = node.this
            if isinstance(identifier, exp.Identifier) and identifier.quoted:
                self._rename(identifier, by_name(identifier.name))
        self.derived = {by_name(name) for name in self.derived} | self.derived

    def _tables(self, query: exp.Query) -> None:
        for table in list(query.find_all(exp.Table)):
            table.set("hints", None)
            if not table.name or (not table.db and table.name.lower() in self.derived):
                continue
            contract, exact = contract_of(table)
            written = ".".join(part for part in (table.catalog, table.db, table.name) if part)
            if contract is None:
                self._say(
                    table, f"table {written}", "is no logical source: declare a source contract, then use its name"
                )
                self._rename(table.this, by_name(table.name))
                continue
            if not exact:
                self._say(
                    table,
                    f"table {written}",
                    f"became {contract.name} by its name alone; the contract says {contract.sql_server}: check that it is it",
                )
            alias = table.alias or table.name
            self.names.by_alias[alias.lower()] = contract
            self.names.by_alias[contract.name] = contract
            self._rename(table.this, contract.name)
            table.set("db", None)
            table.set("catalog", None)

    def _columns(self, query: exp.Query) -> None:
        aliases = {table.alias.lower() for table in query.find_all(exp.Table)}
        columns = list(query.find_all(exp.Column))
        known = {id(column): self.names.column(column) for column in columns}
        # What an inner query hands out under its own name is known outside by that name.
        handed_out = {
            by_name(column.name): contract.name
            for column in columns
            if (contract := known[id(column)]) and isinstance(column.parent, exp.Select)
        }
        said: dict[tuple[str, str], int] = {}
        for column in columns:
            contract = known[id(column)]
            owner = self.names.by_alias.get(column.table.lower()) if column.table else None
            if owner and column.table.lower() not in aliases:
                # A table without alias was named by its object; its columns follow it to the logical name.
                column.set("table", exp.to_identifier(owner.name))
            bracketed = isinstance(column.this, exp.Identifier) and column.this.quoted
            outside = handed_out.get(by_name(column.name)) if contract is None else None
            if bracketed and outside is None:
                key = (f"[{column.name}]", self._proposed(column.name, contract))
                said[key] = min(said.get(key, line_of(column)), line_of(column))
            if contract is not None:
                column.meta["contract"] = contract
                self._rename(column.this, contract.name)
            elif outside is not None or bracketed:
                self._rename(column.this, outside or by_name(column.name))
        self.found += [Construct(line, name, message) for (name, message), line in said.items()]

    @staticmethod
    def _proposed(written: str, known: SourceColumn | None) -> str:
        if known is not None:
            return f"became the logical name {known.name} ({known.type.trino})"
        elsewhere = headers_like(written)
        hint = f"; contracts have it as {', '.join(elsewhere[:3])}" if elsewhere else "; no contract has this header"
        return f"became {by_name(written)}, a proposal{hint}"

    @staticmethod
    def _rename(identifier: exp.Expr, name: str) -> None:
        identifier.set("this", name)
        identifier.set("quoted", not name.isidentifier())

    def _clock_and_parameters(self, node: exp.Expr) -> None:
        if isinstance(node, (exp.CurrentTimestamp, exp.CurrentDatetime, exp.CurrentDate)):
            node.replace(exp.Placeholder(this="period_end"))
        elif isinstance(node, exp.Parameter):
            placeholder = exp.Placeholder(this=node.name)
            if isinstance(node.parent, exp.In) and node.arg_key == "field":
                membership = node.parent
                membership.set("field", None)
                membership.set("expressions", [placeholder])
            else:
                node.replace(placeholder)

    def _casts(self, node: exp.Expr) -> None:
        if isinstance(node, exp.DataType) and node.this in (exp.DType.MONEY, exp.DType.SMALLMONEY):
            node.replace(_type("decimal(18,4)"))
        elif isinstance(node, exp.Convert) and not node.args.get("style") and not node.args.get("safe"):
            # CONVERT fails on what it cannot read; a try_cast would make it null and lose the row's amount.
            node.replace(exp.Cast(this=node.expression.copy(), to=node.this.copy()))
        elif isinstance(node, exp.TsOrDsToDate) and self._kind(node.this) in ("date", "timestamp"):
            node.replace(node.this)
        elif isinstance(node, exp.National):
            node.replace(exp.Literal.string(node.name))
        elif isinstance(node, (exp.DateAdd, exp.TsOrDsAdd)) and (date := _dated_text(node.this)):
            node.set("this", _cast(exp.Literal.string(date), "timestamp(3)"))
        elif isinstance(node, exp.DateDiff) and node.text("unit").upper() == "DAY":
            # Boundaries crossed between days are the whole days between their dates.
            for side in ("this", "expression"):
                value = node.args[side]
                inner = value.this if isinstance(value, exp.TimeStrToTime) else value
                node.set(side, inner if self._kind(inner) == "date" else _cast(inner.copy(), "date"))

    def _joined_text(self, node: exp.Expr) -> None:
        if isinstance(node, exp.Add) and any(self._is_text(side) for side in (node.left, node.right)):
            joined = exp.DPipe(this=node.left.copy(), expression=node.right.copy())
            if not isinstance(node.parent, exp.Add):
                self._say(node, "+ between texts", "became ||; a number or date in it must be cast to varchar")
            node.replace(joined)

    def _comparison(self, node: exp.Expr) -> None:
        if not isinstance(node, _COMPARED):
            return
        sides: list[exp.Expr] = [node.args[key] for key in ("this", "expression", "low", "high") if key in node.args]
        sides += node.expressions if isinstance(node, exp.In) else []
        kinds = {self._kind(side) for side in sides}
        literals: list[exp.Literal] = [side for side in sides if isinstance(side, exp.Literal)]
        if isinstance(node, _ORDERED) and self._dated(node, sides, literals, kinds):
            return
        self._bit(node, sides, literals)
        texts = (any(side.is_string for side in literals) or "string" in kinds) and not kinds & {"int64", "decimal"}
        if texts and isinstance(node, (exp.EQ, exp.NEQ, exp.In, exp.Like)):
            self._say(
                node,
                f"text comparison {_short(node)}",
                f"SQL Server passes over case and trailing blanks: compare {_FOLD} on both sides, or show that it "
                "is not needed",
            )
        elif self._unknown_join(node, sides):
            self._say(node, f"join {_short(node)}", f"if these are texts, compare {_FOLD} on both sides")

    def _dated(
        self, node: exp.Expr, sides: list[exp.Expr], literals: list[exp.Literal], kinds: set[Kind | None]
    ) -> bool:
        """Give a date written as text its type; say so and return True where there is one."""
        dated = {id(side): date for side in literals if (date := _dated_text(side))}
        against = kinds & {"date", "timestamp"}
        if not dated or (not against and any(self._kind(s) for s in sides if s not in literals)):
            return False
        name, line = f"text {_short(node)}", line_of(node)
        hint = "better the half-open month: ts >= :period_start and ts < :period_end"
        for side in literals:
            if written := dated.get(id(side)):
                kind = "date" if against == {"date"} and ":" not in written else "timestamp(3)"
                side.replace(_cast(exp.Literal.string(written), kind))
        unknown = "" if against else "; the column's type is not known, check it in Glue"
        message = f"a text compared with a date fails in Trino; became a typed literal{unknown}; {hint}"
        self.found.append(Construct(line, name, message))
        return True

    def _bit(self, node: exp.Expr, sides: list[exp.Expr], literals: list[exp.Literal]) -> None:
        numbers = [side for side in literals if not side.is_string and side.this in ("0", "1")]
        columns = [side for side in sides if isinstance(side, exp.Column)]
        if not numbers or not columns or isinstance(node, exp.Like):
            return
        kind, name = self._kind(columns[0]), f"bit {_short(node)}"
        if kind == "bool":
            for number in numbers:
                number.replace(exp.Boolean(this=number.this == "1"))
            self._say(node, name, "the contract says boolean; became true or false, check the Glue type")
        elif kind is None:
            self._say(node, name, "a bit may be boolean or integer: check the Glue type")

    def _unknown_join(self, node: exp.Expr, sides: list[exp.Expr]) -> bool:
        columns = [side for side in sides if isinstance(side, exp.Column)]
        return isinstance(node, exp.EQ) and len(columns) == 2 and all(self._kind(side) is None for side in columns)

    def _division(self, node: exp.Expr) -> None:
        if isinstance(node, exp.Div):
            self._say(
                node,
                f"division {_short(node)}",
                "integers are cut off, decimals get another scale than in SQL Server: leave it out of SQL, or cast both sides",
            )

    def _month_text(self, node: exp.Expr) -> None:
        if not isinstance(node, (exp.Concat, exp.DPipe)) or isinstance(node.parent, (exp.Concat, exp.DPipe)):
            return
        if node.find(exp.Year) and node.find(exp.Month):
            self._say(
                node,
                "YEAR and MONTH joined",
                "the month has no leading zero; date_format(x, '%Y-%m') has one: keep the old text only for parity with an "
                "old file",
            )

    def _outputs(self, node: exp.Expr) -> None:
        if isinstance(node, exp.Alias) and isinstance(node.this, exp.Null):
            self._say(node, f"NULL as {node.alias}", "has no type; became cast(null as varchar), check the type")
            node.set("this", _cast(exp.null(), "varchar"))
        if isinstance(node, exp.Alias) and node.args["alias"].quoted:
            self._rename(node.args["alias"], by_name(node.alias))

    def _grouping(self, node: exp.Expr) -> None:
        if not isinstance(node, (exp.Group, exp.Distinct)):
            return
        columns = [c for c in node.find_all(exp.Column) if self._kind(c) == "string"]
        if columns:
            named = ", ".join(dict.fromkeys(column.name for column in columns))
            what = "GROUP BY" if isinstance(node, exp.Group) else "DISTINCT"
            self._say(
                columns[0],
                f"{what} of texts",
                f"SQL Server puts texts that differ in case or trailing blanks together: {named}; group by {_FOLD} where "
                "that matters",
            )

    def _kind(self, node: exp.Expr) -> Kind | None:
        if isinstance(node, exp.Column) and (known := node.meta.get("contract")):
            kind: Kind = known.type.kind
            return kind
        return None

    def _is_text(self, node: exp.Expr) -> bool:
        if isinstance(node, exp.Literal):
            return bool(node.is_string)
        if isinstance(node, exp.Cast):
            return bool(node.to.this in exp.DataType.TEXT_TYPES)
        if isinstance(node, (exp.Add, exp.DPipe)):
            return isinstance(node, exp.DPipe) or self._is_text(node.left) or self._is_text(node.right)
        return self._kind(node) == "string"


def line_of(node: exp.Expr) -> int:
    """Return the line of the original text that a node stands on; 0 where that is not known."""
    return min((part.meta["line"] for part in node.walk() if "line" in part.meta), default=0)


def _dated_text(node: exp.Expr) -> str | None:
    """Return the date that a text literal holds, with hyphens; None where it holds none."""
    found = _DATED.fullmatch(node.name) if isinstance(node, exp.Literal) and node.is_string else None
    if found is None:
        return None
    year, month, day, clock = found.groups()
    return f"{year}-{month}-{day}" + (f" {clock}" if clock else "")


def _cast(value: exp.Expr, kind: str) -> exp.Cast:
    return exp.Cast(this=value, to=_type(kind))


def _type(kind: str) -> exp.DataType:
    """Return a type that carries no line of its own: it stands nowhere in the original text."""
    made = exp.DataType.build(kind, dialect=DIALECT)
    for part in made.walk():
        part.meta.clear()
    return made


def _short(node: exp.Expr) -> str:
    text = node.sql("tsql", comments=False)
    return text if len(text) <= 60 else text[:59] + "…"
