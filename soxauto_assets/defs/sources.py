"""Source assets: one per logical source, external, so that lineage starts at the source table.

Keys are logical; the physical table is metadata, because bindings change and keys do not.
"""

import dagster as dg

from soxauto_assets.catalog.model import Item
from soxauto_assets.defs.rendering import source_key, table_schema
from soxauto_assets.sources.bindings import Bindings
from soxauto_assets.sources.contracts import contract


def source_specs(items: tuple[Item, ...], bindings: Bindings | None) -> list[dg.AssetSpec]:
    """Return the source assets that the items read.

    Args:
        items: The catalog items.
        bindings: The environment's bindings, for the physical table; None where they are found by name at run time.
    """
    names = sorted({name for item in items for name in item.sources})
    return [_spec(name, bindings) for name in names]


def _spec(name: str, bindings: Bindings | None) -> dg.AssetSpec:
    declared = contract(name)
    binding = bindings.sources.get(name) if bindings else None
    origin = declared.sql_server or declared.system
    metadata: dict[str, object] = {
        "dagster/column_schema": table_schema(declared.columns),
        "system": declared.system,
        "sql_server_object": declared.sql_server or "none",
        "binding_status": binding.status if binding else "found by name",
    }
    if binding:
        metadata["dagster/table_name"] = str(binding.table)
    return dg.AssetSpec(
        key=source_key(name),
        group_name="source",
        description=f"{declared.meaning}\n\nSystem: {declared.system}. Known there as `{origin}`.",
        kinds={"parquet"},
        tags={"sox/system": declared.system.replace(" ", "_")},
        metadata=metadata,
    )
