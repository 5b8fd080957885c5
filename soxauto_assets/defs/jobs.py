"""Jobs and schedules: closing a month, and checking one again."""

from typing import TYPE_CHECKING

import dagster as dg

from soxauto_assets.catalog.model import Item
from soxauto_assets.defs.reconciliation import KEYS
from soxauto_assets.defs.rendering import evidence_key, extract_key

if TYPE_CHECKING:
    # Dagster exports what define_asset_job returns under no public name.
    from dagster._core.definitions.partitions.partitioned_schedule import (
        UnresolvedPartitionedAssetScheduleDefinition as PartitionedSchedule,
    )
    from dagster._core.definitions.unresolved_asset_job_definition import UnresolvedAssetJobDefinition as AssetJob

CLOSE = "close_month"
CHECKS = "checks"
RECONCILE = "reconcile_month"


def close_job(items: tuple[Item, ...]) -> "AssetJob":
    """Return the job that extracts, checks and seals every item of a month."""
    keys = [key(item) for item in items for key in (extract_key, evidence_key)]
    return dg.define_asset_job(
        CLOSE,
        selection=dg.AssetSelection.assets(*keys),
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


def reconcile_job() -> "AssetJob":
    """Return the job that reconciles a month from what is sealed.

    It holds none of the items, so that a failed item above cannot keep it from saying what is incomplete.
    """
    return dg.define_asset_job(
        RECONCILE,
        selection=dg.AssetSelection.assets(*KEYS),
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


def close_schedule(job: "AssetJob") -> "dg.ScheduleDefinition | PartitionedSchedule":
    """Return the schedule of the close.

    Postings settle around the 8th of the following month, so a close on the 1st would seal data that still moves (domain
    1.4). It is stopped until an operator turns it on.
    """
    return dg.build_schedule_from_partitioned_job(
        job, name=f"{CLOSE}_schedule", day_of_month=8, hour_of_day=6, default_status=dg.DefaultScheduleStatus.STOPPED
    )
