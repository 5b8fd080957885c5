"""Asset checks: one multi-check per item on its extract, by month, not blocking.

The evidence asset evaluates the same rules and seals the verdict either way, so these checks inform and never skip it.
Every spec carries the partitions definition: without it Dagster stores the evaluation with no month. A run that extracts
nothing (the job ``checks``) evaluates what the current package was sealed from.
"""

from collections.abc import Iterator

import dagster as dg

from soxauto_assets.catalog.model import Item
from soxauto_assets.checks import check_plan
from soxauto_assets.defs.rendering import check_metadata, extract_key, severity
from soxauto_assets.defs.resources import PlatformResource
from soxauto_assets.errors import SoxautoError


def extract_checks(item: Item, partitions: dg.PartitionsDefinition) -> dg.AssetChecksDefinition:
    """Return the checks of an item's extract."""
    key = extract_key(item)
    specs = [
        dg.AssetCheckSpec(
            planned.name, asset=key, description=planned.method, blocking=False, partitions_def=partitions
        )
        for planned in check_plan(item)
    ]

    @dg.multi_asset_check(name=f"checks_{item.id}", specs=specs, can_subset=True, op_tags={"dagster/priority": "2"})
    def checks(context: dg.AssetCheckExecutionContext, platform: PlatformResource) -> Iterator[dg.AssetCheckResult]:
        names = tuple(check.name for check in context.selected_asset_check_keys)
        try:
            period = platform.period(context.partition_key)
            results = platform.runtime.check(item, period, context.run.run_id, names)
        except SoxautoError as error:
            raise dg.Failure(description=str(error), allow_retries=False) from error
        for result in results:
            yield dg.AssetCheckResult(
                passed=result.good,
                asset_key=key,
                check_name=result.name,
                severity=severity(result),
                metadata=check_metadata(result),
            )

    return checks
