"""Extract assets: one per item, by month. Each runs one extraction and says what it landed."""

import dagster as dg

from soxauto_assets.catalog.model import Item
from soxauto_assets.defs.rendering import column_lineage, extract_key, source_key, table_schema, upload_key
from soxauto_assets.defs.resources import PlatformResource
from soxauto_assets.errors import SoxautoError
from soxauto_assets.extraction.record import ExtractionRecord


def extract_asset(item: Item, partitions: dg.PartitionsDefinition, code_version: str) -> dg.AssetsDefinition:
    """Return the extract asset of an item."""

    @dg.asset(
        key=extract_key(item),
        deps=[upload_key(item)] if item.upload else [source_key(name) for name in item.sources],
        partitions_def=partitions,
        group_name="extract",
        description=_description(item),
        owners=[item.owner],
        kinds={"csv" if item.upload else "sql", "parquet"},
        tags={"sox/control": item.control, "sox/item": item.id, "sox/kind": item.kind},
        code_version=code_version,
        metadata={"dagster/column_schema": table_schema(item.columns), **item.metadata},
    )
    def extract(context: dg.AssetExecutionContext, platform: PlatformResource) -> dg.MaterializeResult:  # type: ignore[type-arg]
        try:
            period = platform.period(context.partition_key)
            record, dataset = platform.runtime.extractor.extract(item, period, context.run.run_id)
        except SoxautoError as error:
            raise dg.Failure(description=str(error), allow_retries=False) from error
        for warning in record.warnings:
            context.log.warning(warning)
        return dg.MaterializeResult(
            data_version=dg.DataVersion(f"sha256:{record.dataset.digest}"),
            metadata={
                "dagster/partition_row_count": record.dataset.rows,
                "dagster/column_lineage": column_lineage(item),
                "dagster/uri": dataset.uri,
                "dataset_digest": record.dataset.digest,
                "extraction_record": record.ordinal,
                "environment": record.environment,
                **_origin(record),
            },
        )

    return extract


def _origin(record: ExtractionRecord) -> dict[str, dg.MetadataValue]:
    """Return what the rows were made from: the query and engine, or the file and who handed it in."""
    if record.custody:
        return {
            "original_sha256": dg.MetadataValue.text(record.custody["sha256"]),
            "handed_in_by": dg.MetadataValue.text(record.custody["uploader"]),
            "received": dg.MetadataValue.text(record.custody["received"]),
        }
    statement = record.statements["extract"]
    return {
        "query": dg.MetadataValue.md(f"```sql\n{statement.executed}\n```"),
        "query_digest": dg.MetadataValue.text(record.executed_digest),
        "baseline_digest": dg.MetadataValue.text(record.baseline_digest),
        "engine": dg.MetadataValue.text(f"{statement.execution['engine']} {statement.execution['version']}"),
    }


def _description(item: Item) -> str:
    columns = ", ".join(f"`{name}`" for name in item.key)
    accounts = f"\n\nGL accounts: {', '.join(item.gl_accounts)}." if item.gl_accounts else ""
    cutoff = f"cut-off by `{item.cutoff.column}`" if item.cutoff.column else "no cut-off: the source has no date"
    return f"**{item.title}**\n\n{item.purpose}\n\nOne row per {columns}; {cutoff}.{accounts}"
