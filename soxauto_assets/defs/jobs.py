"""Jobs, schedules and sensors: closing a month, checking one again, and writing its manifest."""

from typing import TYPE_CHECKING

import dagster as dg

from soxauto_assets.catalog.model import Item
from soxauto_assets.defs.packages import PACKAGE_VERIFIES
from soxauto_assets.defs.reconciliation import EVIDENCE, KEYS
from soxauto_assets.defs.rendering import evidence_key, extract_key
from soxauto_assets.defs.resources import PlatformResource
from soxauto_assets.errors import SoxautoError
from soxauto_assets.evidence.period_manifest import missing_of

if TYPE_CHECKING:
    # Dagster exports what define_asset_job returns under no public name.
    from dagster._core.definitions.partitions.partitioned_schedule import (
        UnresolvedPartitionedAssetScheduleDefinition as PartitionedSchedule,
    )
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as AssetJob

CLOSE = "close_month"
CHECKS = "checks"
RECONCILE = "reconcile_month"
MANIFEST = "period_manifest"
PACKAGES = "verify_packages"


def close_job(items: tuple[Item, ...]) -> "AssetJob":
    """Return the job that extracts, checks and seals every item of a month."""
    keys = [key(item) for item in items for key in (extract_key, evidence_key)]
    return dg.define_asset_job(
        CLOSE,
        selection=dg.AssetSelection.assets(*keys) - package_selection(items),
        description="Close a month: every item is extracted, checked and sealed.",
        tags={"sox/control": "C-PG-1"},
    )


def checks_job(items: tuple[Item, ...]) -> "AssetJob":
    """Return the job that evaluates every check of a month again, on what was landed, without the source.

    Dagster gives a job of checks no partitions, though each check has some: the month is the run's tag
    ``dagster/partition``. ``soxauto revalidate`` sets it.
    """
    return dg.define_asset_job(
        CHECKS,
        selection=dg.AssetSelection.checks_for_assets(*(extract_key(item) for item in items)),
        description=(
            "Evaluate every check again on the landed rows of the current packages, without the source. Start it with the "
            "tag dagster/partition = YYYY-MM, or with 'soxauto revalidate'."
        ),
        tags={"sox/control": "C-PG-1"},
    )


def package_selection(items: tuple[Item, ...]) -> dg.AssetSelection:
    """Return the checks ``package_verifies`` of the items and of the reconciliation."""
    keys = [dg.AssetCheckKey(key, PACKAGE_VERIFIES) for key in (*map(evidence_key, items), EVIDENCE)]
    return dg.AssetSelection.checks(*keys)


def packages_job(items: tuple[Item, ...]) -> "AssetJob":
    """Return the job that verifies every sealed package of a month again. Its month is a tag, as in :func:`checks_job`."""
    return dg.define_asset_job(
        PACKAGES,
        selection=package_selection(items),
        description=(
            "Verify every sealed package of a month again: bytes, seal, signature, digest, totals, verdict. Start it with the "
            "tag dagster/partition = YYYY-MM."
        ),
        tags={"sox/control": "C-PG-1"},
    )


def reconcile_job() -> "AssetJob":
    """Return the job that reconciles a month from what is sealed.

    It holds none of the items, so that a failed item above cannot keep it from saying what is incomplete.
    """
    return dg.define_asset_job(
        RECONCILE,
        selection=dg.AssetSelection.assets(*KEYS) - package_selection(()),
        description="Reconcile a month: actuals against target values, from the sealed packages alone.",
        tags={"sox/control": "C-PG-1"},
    )


def reconcile_after_close(close: "AssetJob", reconcile: "AssetJob") -> list[dg.SensorDefinition]:
    """Return the sensors that reconcile a month when its close has ended, whether it succeeded or not.

    ``soxauto close`` reconciles by itself; its runs carry a tag and are passed over. Stopped until an operator turns them on.
    """

    def request(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
        tags = context.dagster_run.tags
        if "soxauto/command" in tags or "dagster/partition" not in tags:
            return dg.SkipReason("the command that started the run reconciles the month, or the run is of no month")
        return dg.RunRequest(run_key=context.dagster_run.run_id, partition_key=tags["dagster/partition"])

    return [
        dg.run_status_sensor(
            run_status=status,
            name=f"reconcile_after_{CLOSE}_{status.value.lower()}",
            monitored_jobs=[close],
            request_job=reconcile,
            default_status=dg.DefaultSensorStatus.STOPPED,
        )(request)
        for status in (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE)
    ]


def manifest_job(partitions: dg.PartitionsDefinition) -> dg.JobDefinition:
    """Return the job that writes the signed manifest of a month, from the stores alone (DECISIONS A3).

    It is a job of its own, and not a step below the evidence: Dagster skips what stands below a failed step, and a month in
    which something failed needs its manifest most.
    """

    @dg.op
    def write_manifest(context: dg.OpExecutionContext, platform: PlatformResource) -> None:
        try:
            manifest = platform.runtime.write_manifest(platform.period(context.partition_key), f"run {context.run_id}")
        except SoxautoError as error:
            raise dg.Failure(description=str(error), allow_retries=False) from error
        missing = missing_of(manifest.items)
        context.log.info(f"manifest {manifest.sequence:04d} of {manifest.period}: {manifest.predicate['status']}")
        for item in missing:
            context.log.warning(f"{item} is missing: {manifest.items[item]['reason']}")

    @dg.job(
        name=MANIFEST,
        partitions_def=partitions,
        description="Write the signed manifest of a month: every expected item as sealed, not applicable or missing.",
        tags={"sox/control": "C-PG-1"},
    )
    def job() -> None:
        write_manifest()

    return job


def manifest_sensors(job: dg.JobDefinition) -> list[dg.SensorDefinition]:
    """Return the sensors that start the manifest's job after every run of a month, however it ended.

    ``soxauto close`` writes the manifest itself, and its runs say so in a tag.
    """

    def sensor(status: dg.DagsterRunStatus) -> dg.SensorDefinition:
        @dg.run_status_sensor(
            name=f"{MANIFEST}_after_{status.value.lower()}",
            run_status=status,
            request_job=job,
            default_status=dg.DefaultSensorStatus.RUNNING,
            description="Write the manifest of a month after a run that sealed it, or failed to.",
        )
        def after(context: dg.RunStatusSensorContext) -> dg.RunRequest | dg.SkipReason:
            run = context.dagster_run
            period = run.tags.get("dagster/partition")
            if (
                period is None
                or run.job_name in (MANIFEST, CHECKS, PACKAGES)
                or run.tags.get("soxauto/command") == "close"
            ):
                return dg.SkipReason("it seals nothing of a month, or its command wrote the manifest")
            return dg.RunRequest(run_key=run.run_id, partition_key=period)

        return after

    return [sensor(s) for s in (dg.DagsterRunStatus.SUCCESS, dg.DagsterRunStatus.FAILURE, dg.DagsterRunStatus.CANCELED)]


def close_schedule(job: "AssetJob") -> "dg.ScheduleDefinition | PartitionedSchedule":
    """Return the schedule of the close.

    Postings settle around the 8th of the following month, so a close on the 1st would seal data that still moves (domain
    1.4). It is stopped until an operator turns it on.
    """
    return dg.build_schedule_from_partitioned_job(
        job, name=f"{CLOSE}_schedule", day_of_month=8, hour_of_day=6, default_status=dg.DefaultScheduleStatus.STOPPED
    )
