"""Assembling the definitions: wiring only, so that tests and deployments can make variants."""

import warnings

import dagster as dg

from soxauto_assets.catalog import Item, all_items
from soxauto_assets.catalog.configuration import load_configuration
from soxauto_assets.defs.checks import extract_checks
from soxauto_assets.defs.evidence import evidence_asset
from soxauto_assets.defs.extracts import extract_asset
from soxauto_assets.defs.jobs import (
    checks_job,
    close_job,
    close_schedule,
    manifest_job,
    manifest_sensors,
    packages_job,
    reconcile_after_close,
    reconcile_job,
)
from soxauto_assets.defs.packages import package_check
from soxauto_assets.defs.partitions import monthly_partitions
from soxauto_assets.defs.reconciliation import EVIDENCE, reconciliation_assets
from soxauto_assets.defs.rendering import evidence_key
from soxauto_assets.defs.resources import PlatformResource, platform_resource
from soxauto_assets.defs.sources import source_specs
from soxauto_assets.extraction.extract import definition_digest
from soxauto_assets.settings import Settings
from soxauto_assets.sources.bindings import load_bindings


def build_defs(
    settings: Settings, items: tuple[Item, ...] | None = None, platform: PlatformResource | None = None
) -> dg.Definitions:
    """Assemble the definitions.

    Args:
        settings: The settings in force.
        items: The items; None = the whole catalog.
        platform: The platform resource; None = the one the settings describe.
    """
    chosen = all_items() if items is None else items
    configuration = load_configuration(settings.configuration)
    partitions = monthly_partitions(settings.first_period)
    versions = {item.id: definition_digest(item, configuration) for item in chosen}
    bindings = None if settings.environment == "lake" else load_bindings(settings.bindings)
    job, reconcile, manifest = close_job(chosen), reconcile_job(), manifest_job(partitions)
    with warnings.catch_warnings():
        # Checks by month are a preview in Dagster; the patch version is pinned and a test characterises what we rely on.
        warnings.simplefilter("ignore", dg.PreviewWarning)
        assets: list[dg.AssetsDefinition | dg.AssetSpec] = [
            *source_specs(chosen, bindings),
            *(extract_asset(item, partitions, versions[item.id]) for item in chosen),
            *(evidence_asset(item, partitions, versions[item.id]) for item in chosen),
            reconciliation_assets(partitions),
        ]
        evidence = (*map(evidence_key, chosen), EVIDENCE)
        checks = [
            *(extract_checks(item, partitions) for item in chosen),
            *(package_check(key, partitions) for key in evidence),
        ]
    return dg.Definitions(
        assets=assets,
        asset_checks=checks,
        jobs=[job, checks_job(chosen), packages_job(chosen), reconcile, manifest],
        schedules=[close_schedule(job)],
        sensors=[*reconcile_after_close(job, reconcile), *manifest_sensors(manifest)],
        resources={"platform": platform or platform_resource(settings)},
        # One process: a process per step costs about two seconds each. It governs the UI's Materialize, too.
        executor=dg.in_process_executor,
    )
