"""Statements made from an item rather than written in its folder: row digest, look-ups, witnesses.

Here belongs their Athena text; like every text of the catalog it reads logical sources and named parameters. What does not
belong here: statements that a person writes (``catalog/<item>``), and judging answers (``checks``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from typing import TypeVar

import sqlglot
from sqlglot import exp

from soxauto_assets.catalog.model import Item
from soxauto_assets.catalog.types import ContractType
from soxauto_assets.catalog.witnesses import Witness
from soxauto_assets.engines.sql import DIALECT, Statement, parse
from soxauto_assets.errors import CatalogError
from soxauto_assets.extraction.digest import cell_sql, row_sql
from soxauto_assets.extraction.dimensions import dimension_statements
from soxauto_assets.sources.contracts import contract

S = TypeVar("S")

ROW_DIGEST = "row_digest"
ABSENT = "witness_absent__"
MUTATION = "mutation__"
TIE = "tie__"
# Sixteen hexadecimal digits would not fit a signed integer; four times fifteen of the hash's 64 are added up.
SLICE_DIGITS = 15
SLICES = tuple((f"part_{number + 1}", 1 + SLICE_DIGITS * number) for number in range(4))


def statements_of(item: Item, witnesses: Sequence[Witness]) -> dict[str, Statement]:
    """Return every statement that an extraction of an item runs, parsed, by purpose.

    Raises:
        CatalogError: A text is not sound, or a witness names a column or condition that does not exist.
    """
    written = {**item.statements(), **dimension_statements(item)}
    parsed = {purpose: parse(item.id, purpose, text, item.configuration) for purpose, text in written.items()}
    if item.upload:
        return parsed
    extract = parsed["extract"]
    for purpose, text in _made(item, extract, witnesses):
        if purpose.startswith(ABSENT):
            parsed[purpose] = parse(item.id, purpose, text, item.configuration)
        else:
            # The extract itself, wrapped: it reads what the extract reads, so its columns need not be resolved again.
            parsed[purpose] = replace(extract, purpose=purpose, template=text)
    return parsed


def _made(item: Item, extract: Statement, witnesses: Sequence[Witness]) -> Iterator[tuple[str, str]]:
    yield ROW_DIGEST, row_digest_text(item, extract.template)
    for witness in witnesses:
        if witness.kind == "absent":
            yield f"{ABSENT}{witness.name}", _in_source(witness)
            yield f"{MUTATION}{witness.name}", _mutated(item, extract.template, witness)


def row_digest_text(item: Item, extract: str) -> str:
    """Return the statement that adds up the hashes of the extract's rows at the source.

    It answers one row per company (one in all where the item has none): the company, ``row_count`` and ``part_1`` to
    ``part_4``, each the sum over the rows of 15 hexadecimal digits of the SHA-256 of the row's text, as decimal(38,0). The
    row's text is that of the dataset digest (``docs/dataset-digest.md``).
    """
    cells = [_cell(f"r.{column.name}", column.type) for column in item.columns]
    row = f"concat({', '.join(_joined(cells))})"
    company = f"r.{item.company_column}" if item.company_column else ""
    hashed = f"select {company + ' as company, ' if company else ''}to_hex(sha256(to_utf8({row}))) as hash"
    parts = ", ".join(
        f"cast(sum(cast(from_base(substr(h.hash, {start}, {SLICE_DIGITS}), 16) as decimal(38,0))) as decimal(38,0)) as {name}"
        for name, start in SLICES
    )
    chosen = f"cast(h.company as varchar) as {item.company_column}, " if company else ""
    grouped = " group by h.company" if company else ""
    return (
        f"select {chosen}cast(count(*) as bigint) as row_count, {parts}\n"
        f"from ({hashed} from (\n{_bare(extract)}\n) as r) as h{grouped}"
    )


def landed_digest_sql(item: Item) -> str:
    """Return DuckDB SQL over ``landed`` with the columns of :func:`row_digest_text`."""
    row = row_sql([cell_sql(f'"{column.name}"', column.type) for column in item.columns])
    parts = ", ".join(
        f"CAST(sum(CAST(CAST('0x' || substr(hash, {start}, {SLICE_DIGITS}) AS BIGINT) AS DECIMAL(38,0))) "
        f"AS DECIMAL(38,0)) AS {name}"
        for name, start in SLICES
    )
    company = f'"{item.company_column}", ' if item.company_column else ""
    grouped = f' GROUP BY "{item.company_column}"' if item.company_column else ""
    return f"SELECT {company}count(*) AS row_count, {parts} FROM (SELECT {company}sha256({row}) AS hash FROM landed){grouped}"


def _cell(column: str, kind: ContractType) -> str:
    """Return the Athena expression of a cell's text; :func:`soxauto_assets.extraction.digest.cell_sql` is DuckDB's."""
    match kind.kind:
        case "string":
            text = f"concat(cast(length({column}) as varchar), ':', {column})"
        case "bool":
            text = f"case when {column} then 'true' when not {column} then 'false' end"
        case "timestamp":
            since = "timestamp '1970-01-01 00:00:00.000'"
            text = f"cast(date_diff('millisecond', {since}, {column}) as varchar)"
        case _:
            text = f"cast({column} as varchar)"
    return f"coalesce({text}, '~')"


def _joined(cells: Sequence[str]) -> Iterator[str]:
    """Put the separator between the cells; Trino's concat takes two texts or more."""
    for number, cell in enumerate(cells):
        if number:
            yield "';'"
        yield cell
    if len(cells) == 1:
        yield "''"


@cache
def _bare(text: str) -> str:
    """Return a text without its comments, so that it can stand within another."""
    return sqlglot.parse_one(text, read=DIALECT).sql(DIALECT, pretty=True, comments=False)


def _in_source(witness: Witness) -> str:
    """Return the statement that counts a witness where it must be: in the source."""
    assert witness.table is not None
    kinds = {column.name: column.type for column in contract(witness.table).columns}
    # In order of names, which a record keeps; as written in the register, the text would be another one when read back.
    where = " and ".join(
        _equal(witness, f"t.{name}", kinds.get(name), value) for name, value in sorted(witness.key.items())
    )
    return f"select cast(count(*) as bigint) as row_count from {witness.table} as t where {where}"


def _mutated(item: Item, extract: str, witness: Witness) -> str:
    """Return the statement that counts a witness among the rows of the extract without the conditions that keep it out."""
    kinds = {column.name: column.type for column in item.columns}
    where = " and ".join(
        _equal(witness, f"r.{name}", kinds.get(name), value) for name, value in sorted(witness.in_extract.items())
    )
    relaxed = without(extract, witness.without or "", item.id)
    return f"select cast(count(*) as bigint) as row_count\nfrom (\n{relaxed}\n) as r\nwhere {where}"


def _equal(witness: Witness, column: str, kind: ContractType | None, value: str) -> str:
    if kind is None:
        raise CatalogError(
            f"witness {witness.name!r} names the column {column[2:]}, which does not exist",
            action="correct the register of witnesses",
            item=witness.item,
        )
    quoted = exp.Literal.string(value).sql(DIALECT)
    return f"{column} = {quoted}" if kind.kind == "string" else f"{column} = cast({quoted} as {kind.trino})"


@cache
def without(extract: str, text: str, item: str) -> str:
    """Return an extract without each condition that contains a text, blanks and case apart.

    Args:
        extract: The extract's text.
        text: The text.
        item: Item id, for the message.

    Raises:
        CatalogError: No condition contains the text, so that nothing would be relaxed.
    """
    tree = sqlglot.parse_one(extract, read=DIALECT)
    wanted, dropped = _squeezed(text), 0
    for holder in list(tree.find_all(exp.Where, exp.Having, exp.Join)):
        slot = "on" if isinstance(holder, exp.Join) else "this"
        condition = holder.args.get(slot)
        if not isinstance(condition, exp.Expr) or isinstance(condition, exp.Table):
            continue
        parts = list(condition.flatten()) if isinstance(condition, exp.And) else [condition]
        kept = [part for part in parts if wanted not in _squeezed(part.sql(DIALECT, comments=False))]
        if len(kept) < len(parts):
            dropped += len(parts) - len(kept)
            holder.set(slot, exp.and_(*kept) if kept else exp.true())
    if not dropped:
        raise CatalogError(
            f"no condition of extract.sql contains {text!r}", action="correct the register of witnesses", item=item
        )
    return tree.sql(DIALECT, pretty=True, comments=False)


def _squeezed(text: str) -> str:
    return "".join(text.lower().split())


def advisory(item: Item) -> set[str]:
    """Return the statements that an extraction may leave out where a source is not confirmed: ties that only warn.

    What a close needs must not wait for a table that only a warning reads.
    """
    return {f"{TIE}{tie.name}" for tie in item.ties if tie.severity == "warn"}


def without_witnesses(statements: Mapping[str, S]) -> dict[str, S]:
    """Return the statements that belong to an item's definition, by purpose: all but those of single witnesses."""
    return {purpose: s for purpose, s in statements.items() if not purpose.startswith((ABSENT, MUTATION))}
