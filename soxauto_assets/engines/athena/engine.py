"""The engine itself: what extraction asks, answered by Athena, Glue and S3.

Here belongs the engine contract's face. What does not belong here: the life of a query, the shape of answers and the words
of failures, which have modules of their own.
"""

import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime
from functools import cached_property
from pathlib import Path
from typing import Any
from uuid import uuid4

from soxauto_assets.aws.session import AwsSession
from soxauto_assets.engines.athena.places import Places
from soxauto_assets.engines.athena.queries import Finished, Queries, cost_usd
from soxauto_assets.engines.athena.results import answered, from_csv, total_rows, unloaded
from soxauto_assets.engines.athena.scan import require_within_limit
from soxauto_assets.engines.athena.tables import Tables
from soxauto_assets.engines.contract import Answer, Errand, Execution, SourceFiles, TableDescription, Unloaded
from soxauto_assets.engines.journal import Journal
from soxauto_assets.errors import ExtractionError
from soxauto_assets.sources.bindings import TableName

ENGINE_VERSION = "Athena engine version 3"


class AthenaEngine:
    """Runs the catalog's SQL on Amazon Athena.

    Args:
        session: Credentials, clients and settings.
        work: Folder of the journal of running queries.
    """

    name = "athena"

    def __init__(self, session: AwsSession, work: Path):
        self.session = session
        self.settings = session.settings
        self.places = Places(self.session)
        self.glue = Tables(self.session, self.places)
        self._interrupt = threading.Event()
        self._queries = Queries(self.session, Journal(work / "inflight"), lambda: self._interrupt)

    @property
    def version(self) -> str:
        """The engine version of the workgroup."""
        return self._ready

    def identity(self) -> dict[str, str]:
        """Say as whom the engine reads; see :class:`engines.contract.Engine`."""
        return self.session.identity

    def tables(self) -> list[TableName]:
        """List the tables of the Glue catalog."""
        return self.glue.names()

    def columns(self, table: TableName) -> Mapping[str, str]:
        """Return the columns of a table and their types, without looking at its files; none when it does not exist."""
        found = self.glue.get(table)
        return found.columns if found else {}

    def describe(self, table: TableName) -> TableDescription | None:
        """Describe a table as Glue declares it."""
        return self.glue.describe(table)

    def declare(self, tables: Mapping[TableName, Mapping[str, str]]) -> None:
        """Do nothing: Glue declares the tables."""

    def files(self, table: TableName) -> SourceFiles:
        """Return the files of a table; see :class:`engines.contract.Engine`."""
        return self.glue.source_files(table)

    def explain(self, executed: str) -> None:
        """Have Athena plan a statement without running it; it scans nothing."""
        _ = self._ready
        self._queries.run(lambda number: f"EXPLAIN {executed}", Errand("explain"))

    def query(self, executed: str, errand: Errand) -> Answer:
        """Run a statement whose answer is small; see :class:`engines.contract.Engine`."""
        started = self._begin(executed, errand)
        finished = self._queries.run(lambda number: executed, errand)
        table = answered(self.session, finished)
        return Answer(table, self._receipt(errand, executed, finished, started, table.num_rows, {}))

    def unload(self, executed: str, errand: Errand, target: Path) -> Unloaded:
        """Have Athena write a statement's rows to S3 and fetch the files; see :class:`engines.contract.Engine`."""
        # Outside a run, too, each unload has a place of its own.
        errand = errand if errand.run_id else replace(errand, run_id=str(uuid4()))
        started = self._begin(executed, errand)
        if not self.settings.unload:
            finished = self._queries.run(lambda number: executed, errand)
            files, rows = from_csv(self.session, self.places, finished, target)
            return Unloaded(files, self._receipt(errand, executed, finished, started, rows, {"unload": "csv"}))

        def text_of(number: int) -> str:
            return (
                f"UNLOAD (\n{executed}\n) TO '{self._place(errand, number)}' "
                "WITH (format = 'PARQUET', compression = 'ZSTD')"
            )

        finished = self._queries.run(text_of, errand, lambda number: self._clean(errand, number))
        place = self._place(errand, finished.tries)
        files, manifest = unloaded(self.places, finished, place, target)
        details = {"unload": "parquet", "manifest": manifest}
        return Unloaded(files, self._receipt(errand, executed, finished, started, total_rows(files), details))

    def stop(self) -> None:
        """Stop every query under way."""
        interrupted, self._interrupt = self._interrupt, threading.Event()
        interrupted.set()

    def close(self) -> None:
        """Stop what is still under way; clients need no closing."""
        self.stop()

    @cached_property
    def _ready(self) -> str:
        """Look at the workgroup once, stop what a killed process left running, and return the engine version.

        Raises:
            ExtractionError: The workgroup does not exist, is disabled, or runs another engine.
        """
        workgroup = self.workgroup()
        if workgroup.get("State") == "DISABLED":
            raise ExtractionError(
                f"workgroup {self.settings.workgroup} is disabled", action="have it enabled, or set ATHENA_WORKGROUP"
            )
        selected = (workgroup.get("Configuration") or {}).get("EngineVersion") or {}
        version = str(selected.get("EffectiveEngineVersion") or ENGINE_VERSION)
        if version != ENGINE_VERSION:
            raise ExtractionError(
                f"workgroup {self.settings.workgroup} runs {version}; the catalog's SQL is for {ENGINE_VERSION}",
                action="have the workgroup moved to it",
            )
        self._queries.stop_orphans()
        return version

    def workgroup(self) -> Mapping[str, Any]:
        """Return the workgroup as Athena describes it.

        Raises:
            ExtractionError: It does not exist in the region, or the role may not look at it.
        """
        name, region = self.settings.workgroup, self.settings.region
        with self.session.asking(f"look at workgroup {name} in {region}"):
            found: Mapping[str, Any] = self.session.client("athena").get_work_group(WorkGroup=name)["WorkGroup"]
        return found

    def _begin(self, executed: str, errand: Errand) -> datetime:
        _ = self._ready
        require_within_limit(executed, errand, self.settings.scan_limit_gb, self.glue, self.places)
        return datetime.now(UTC)

    def _place(self, errand: Errand, number: int) -> str:
        """Return where a try of an unload writes: a place of its own, so that it is empty and says whose it is."""
        path = "/".join(part for part in (errand.item, errand.period, errand.run_id) if part)
        return f"s3://{self.settings.require('data_bucket')}/unload/{path}/{errand.purpose}-{number}/"

    def _clean(self, errand: Errand, number: int) -> None:
        """Remove what a failed unload has left; what cannot be removed expires by the bucket's lifecycle rule."""
        try:
            self.places.remove(self._place(errand, number))
        except ExtractionError as error:
            error.add_note("its leavings could not be removed")

    def _receipt(
        self, errand: Errand, executed: str, finished: Finished, started: datetime, rows: int, details: dict[str, Any]
    ) -> Execution:
        execution, statistics = finished.execution, finished.statistics
        scanned = int(statistics.get("DataScannedInBytes") or 0)
        return Execution(
            id=finished.id,
            purpose=errand.purpose,
            engine=self.name,
            version=str((execution.get("EngineVersion") or {}).get("EffectiveEngineVersion") or self.version),
            executed=executed,
            submitted=finished.submitted,
            started=started,
            finished=datetime.now(UTC),
            state=execution["Status"]["State"],
            rows=rows,
            bytes_scanned=scanned,
            details={
                "workgroup": execution.get("WorkGroup"),
                "catalog": (execution.get("QueryExecutionContext") or {}).get("Catalog"),
                "database": (execution.get("QueryExecutionContext") or {}).get("Database"),
                "region": self.settings.region,
                "submitted_at": _moment(execution["Status"].get("SubmissionDateTime")),
                "completed_at": _moment(execution["Status"].get("CompletionDateTime")),
                "states": [dict(change) for change in finished.changes],
                "tries": finished.tries,
                "queue_ms": statistics.get("QueryQueueTimeInMillis"),
                "planning_ms": statistics.get("QueryPlanningTimeInMillis"),
                "execution_ms": statistics.get("EngineExecutionTimeInMillis"),
                "total_ms": statistics.get("TotalExecutionTimeInMillis"),
                "cost_usd": str(cost_usd(scanned, self.settings.price_per_tb)),
                "result_reused": False,
                "output_location": (execution.get("ResultConfiguration") or {}).get("OutputLocation"),
                **details,
            },
        )


def _moment(value: Any) -> str | None:
    return value.astimezone(UTC).isoformat(timespec="milliseconds") if isinstance(value, datetime) else None
