"""Source assets: one per logical source, external, so that lineage starts at the source table.

Keys are logical; the physical table is metadata, because bindings change and keys do not.
"""

import re

import dagster as dg

from soxauto_assets.catalog.model import Item
from soxauto_assets.defs.rendering import source_key, table_schema, upload_key
from soxauto_assets.sources.bindings import Bindings
from soxauto_assets.sources.contracts import contract


def source_specs(items: tuple[Item, ...], bindings: Bindings | None) -> list[dg.AssetSpec]:
    """Return the source assets that the items read.

    Args:
        items: The catalog items.
        bindings: The environment's bindings, for the physical table; None where they are found by name at run time.
    """
    names = sorted({name for item in items for name in item.sources})
    uploads = [_upload_spec(item) for item in items if item.upload]
    return [*(_spec(name, bindings) for name in names), *uploads]


def _upload_spec(item: Item) -> dg.AssetSpec:
    """Return the source asset of a file that people hand in."""
    assert item.upload is not None
    headers = "\n".join(f"- `{column}`: {', '.join(names)}" for column, names in item.upload.headers.items())
    return dg.AssetSpec(
        key=upload_key(item),
        group_name="source",
        description=(
            f"{item.title}: a CSV file exported from {item.upload.system} and handed in with\n\n"
            f"    soxauto ingest {item.id.lower()} FILE --period P --uploader NAME\n\nAccepted headers:\n\n{headers}"
        ),
        kinds={"csv"},
        tags={"sox/system": _tag(item.upload.system)},
    )


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
        tags={"sox/system": _tag(declared.system)},
        metadata=metadata,
    )


def _tag(text: str) -> str:
    """Return a text as a tag value, which knows letters, digits and a few marks only."""
    return re.sub(r"[^A-Za-z0-9_.-]+", "_", text).strip("_")
