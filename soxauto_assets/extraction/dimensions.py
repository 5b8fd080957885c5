"""Look-ups that must lead to one row: the statement that proves it, and what its answer means.

Here belongs the rule that duplicate dimension rows never multiply an amount: identical ones collapse with a warning, ones
that differ stop the item. What does not belong here: the joins themselves (``catalog/<item>/extract.sql``).
"""

from collections.abc import Mapping

from soxauto_assets.catalog.model import Dimension, Item
from soxauto_assets.catalog.types import INT64, STRING
from soxauto_assets.errors import ExtractionError
from soxauto_assets.extraction.tables import TypedTable

PREFIX = "dimension__"
_LOOKUPS = (
    ("lookup", STRING), ("conflicting_keys", INT64), ("repeated_keys", INT64), ("collapsed_rows", INT64)
)  # fmt: skip


def dimension_statements(item: Item) -> dict[str, str]:
    """Return one Athena text per look-up of the item, by purpose ``dimension__<source>``.

    Each answers the keys that occur more than once: ``key_1`` ..., ``variants`` (different rows), ``row_count``.
    """
    return {f"{PREFIX}{dimension.source}": _statement(dimension) for dimension in item.dimensions}


def judge(item: Item, answers: dict[str, TypedTable]) -> list[str]:
    """Read the answers of :func:`dimension_statements`.

    Returns:
        Warnings about identical rows that the extract collapses.

    Raises:
        ExtractionError: A key leads to rows that differ in a column the extract takes.
    """
    warnings = []
    for dimension in item.dimensions:
        answer = answers[f"{PREFIX}{dimension.source}"]
        conflicts = [row for row in answer.records() if int(str(row["variants"])) > 1]
        if conflicts:
            shown = "; ".join(_key(dimension, row) for row in conflicts[:3])
            raise ExtractionError(
                f"{dimension.source} has {len(conflicts)} key(s) that lead to different rows: {shown}",
                action=f"have the duplicate rows of {dimension.source} corrected at the source",
                item=item.id,
            )
        if answer.rows:
            surplus = sum(int(str(row["row_count"])) - 1 for row in answer.records())
            warnings.append(
                f"{dimension.source}: {surplus} identical duplicate row(s) of {len(answer.rows)} key(s) were collapsed"
            )
    return warnings


def lookups(item: Item, answers: Mapping[str, TypedTable]) -> TypedTable:
    """Return what was found behind the keys of each look-up, as numbers: the keys themselves may be a customer's.

    Returns:
        One row per look-up: ``lookup``, ``conflicting_keys`` (rows differ), ``repeated_keys`` (rows are equal) and
        ``collapsed_rows``.
    """
    rows = []
    for dimension in item.dimensions:
        found = answers[f"{PREFIX}{dimension.source}"].records()
        variants = [(int(str(row["variants"])), int(str(row["row_count"]))) for row in found]
        equal = [count for distinct, count in variants if distinct == 1]
        rows.append((dimension.source, len(variants) - len(equal), len(equal), sum(count - 1 for count in equal)))
    return TypedTable(_LOOKUPS, tuple(rows))


def _statement(dimension: Dimension) -> str:
    folded = [f"lower(regexp_replace(d.{name}, ' +\\z', ''))" for name in dimension.key]
    keys = [f"key_{number}" for number in range(1, len(folded) + 1)]
    selected = ", ".join(f"{text} as {key}" for text, key in zip(folded, keys, strict=True))
    present = " and ".join(f"d.{name} is not null" for name in dimension.key)
    restriction = f" and d.{dimension.where}" if dimension.where else ""
    columns = ", ".join(dimension.columns)
    return (
        f"with variant as (select {selected}, {', '.join('d.' + name for name in dimension.columns)} "
        f"from {dimension.source} as d where {present}{restriction}), "
        f"counted as (select {', '.join(keys)}, {columns}, count(*) as row_count from variant "
        f"group by {', '.join(keys)}, {columns}) "
        f"select {', '.join(keys)}, cast(count(*) as bigint) as variants, cast(sum(row_count) as bigint) as row_count "
        f"from counted group by {', '.join(keys)} having sum(row_count) > 1"
    )


def _key(dimension: Dimension, row: Mapping[str, object]) -> str:
    values = [str(row[f"key_{number}"]) for number in range(1, len(dimension.key) + 1)]
    if dimension.personal:
        values = [values[0], *(f"{value[:2]}…" for value in values[1:])]
    return "(" + ", ".join(values) + ")"
