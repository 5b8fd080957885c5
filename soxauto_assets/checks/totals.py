"""Control totals of landed rows.

Here belongs the one text that computes them, for the check, the package and the recomputation. What does not belong here:
the source's side, which is each item's ``control_totals.sql``.
"""

from collections.abc import Mapping

from soxauto_assets.catalog.model import ControlTotals, Item
from soxauto_assets.catalog.types import ContractType
from soxauto_assets.extraction.landing import Dataset
from soxauto_assets.extraction.tables import TypedTable


def totals_sql(totals: ControlTotals, kinds: Mapping[str, ContractType], view: str) -> str:
    """Return DuckDB SQL that computes control totals over a view of the rows.

    The columns are those of the independent query: groups, ``row_count``, ``sum_<column>`` as decimal(38, scale),
    ``min_<column>`` and ``max_<column>``.
    """
    groups = [f'"{name}"' for name in totals.group_by]
    selected = [*groups, "count(*) AS row_count"]
    for name in totals.sums:
        kind = f"DECIMAL(38,{kinds[name].scale})"
        selected.append(f'CAST(sum(CAST("{name}" AS {kind})) AS {kind}) AS "sum_{name}"')
    for name in totals.bounds:
        selected += [f'{edge}(CAST("{name}" AS {kinds[name].duckdb})) AS "{edge}_{name}"' for edge in ("min", "max")]
    grouping = f" GROUP BY {', '.join(groups)}" if groups else ""
    return f"SELECT {', '.join(selected)} FROM {view}{grouping}"


def landed_totals(item: Item, dataset: Dataset) -> TypedTable:
    """Compute the control totals of an item's landed rows."""
    text = totals_sql(item.control_totals, {column.name: column.type for column in item.columns}, "landed")
    with dataset.query() as connection:
        return TypedTable.from_arrow(connection.sql(text).to_arrow_table())
