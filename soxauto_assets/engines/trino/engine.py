"""The engine itself: what extraction asks, answered by a Trino cluster.

Here belongs the engine contract's face. What does not belong here: the life of a query, the shape of answers and the words
of failures, which have modules of their own.
"""

import logging
import threading
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import Any

from soxauto_assets.engines.contract import Answer, Errand, Execution, SourceFiles, TableDescription, Unloaded
from soxauto_assets.engines.journal import Journal
from soxauto_assets.engines.trino import scan
from soxauto_assets.engines.trino.connection import session_properties
from soxauto_assets.engines.trino.helpers import Helpers
from soxauto_assets.engines.trino.queries import Finished, Queries
from soxauto_assets.engines.trino.results import answered, copied, source_of
from soxauto_assets.engines.trino.source_files import files_of
from soxauto_assets.engines.trino.tables import Tables
from soxauto_assets.sources.bindings import TableName
from soxauto_assets.trino_settings import TrinoSettings

log = logging.getLogger(__name__)


class TrinoEngine:
    """Runs the catalog's SQL on a Trino cluster.

    Args:
        settings: Cluster, credentials, limits and the place of helper tables.
        work: Folder of the journal of helper tables; None = none is kept.
    """

    name = "trino"

    def __init__(self, settings: TrinoSettings, work: Path | None = None):
        self.settings = settings
        self._interrupt = threading.Event()
        self._queries = Queries(settings)
        self._helpers = Helpers(settings, self._queries, Journal(work / "inflight") if work else None)
        self._tables = Tables(self.ask, lambda: settings.require("catalog"), settings.schema)

    @property
    def version(self) -> str:
        """The coordinator's version, with the client's."""
        return f"{self._server[1]} (client {metadata.version('trino')})"

    def identity(self) -> dict[str, str]:
        """Say as whom the engine reads; see :class:`engines.contract.Engine`."""
        return {"trino_user": self._server[0], "trino_server": f"{self.settings.scheme}://{self.settings.server}"}

    def tables(self) -> list[TableName]:
        """List the tables of the default catalog."""
        return self._tables.names()

    def columns(self, table: TableName) -> Mapping[str, str]:
        """Return the columns of a table and their types; none when it does not exist."""
        return self._tables.columns(table)

    def describe(self, table: TableName) -> TableDescription | None:
        """Describe a table as its catalog declares it; its files are not told, because counting them reads them all."""
        columns = self._tables.columns(table)
        return TableDescription(columns) if columns else None

    def declare(self, tables: Mapping[TableName, Mapping[str, str]]) -> None:
        """Do nothing: the cluster's catalogs declare their tables."""

    def files(self, table: TableName) -> SourceFiles:
        """Return the files of a table; see :class:`engines.contract.Engine`."""
        return files_of(lambda text: self.ask(text, "list files"), self.settings, table)

    def explain(self, executed: str) -> None:
        """Have Trino plan a statement without running it."""
        self.ask(f"EXPLAIN\n{executed}", "explain")

    def query(self, executed: str, errand: Errand) -> Answer:
        """Run a statement whose answer is small; see :class:`engines.contract.Engine`."""
        interrupted = self._interrupt
        started = datetime.now(UTC)
        estimate = self._estimated(executed, errand, interrupted)
        finished = self._queries.run(lambda number: executed, errand, interrupted)
        table = answered(finished)
        return Answer(table, self._receipt(errand, executed, finished, started, table.num_rows, estimate))

    def unload(self, executed: str, errand: Errand, target: Path) -> Unloaded:
        """Have Trino write a statement's rows as a helper table and copy its files; see :class:`engines.contract.Engine`.

        Whatever happens, the helper table is dropped, and its files with it.
        """
        source_of(self.settings)
        interrupted = self._interrupt
        started = datetime.now(UTC)
        estimate = self._estimated(executed, errand, interrupted)
        helper = self._helpers.begin(errand)

        def text_of(number: int) -> str:
            return f"CREATE TABLE {helper.tables[number - 1]} WITH (format = 'PARQUET') AS\n{executed}"

        # The table of each try that was begun, in order.
        begun: dict[str, None] = {}

        def note(number: int, query: str) -> None:
            begun[helper.tables[number - 1]] = None
            self._helpers.started(helper, query)

        try:
            finished = self._queries.run(text_of, errand, interrupted, note)
            table = helper.tables[finished.tries - 1]
            # The table itself says which files it has; a folder may also hold what a failed writer left.
            listing = self._queries.run(
                lambda number: f'SELECT "$path", count(*) FROM {table} GROUP BY "$path"', errand, interrupted
            )
            files, facts = copied(self.settings, finished, listing.rows, target)
        except BaseException as error:
            if not self._helpers.end(helper, tuple(begun)):
                error.add_note("its helper table could not be dropped; the next run drops it")
            raise
        dropped = self._helpers.end(helper, tuple(begun))
        details = {
            "unload": "parquet",
            "helper_table": table,
            "helper_dropped": dropped,
            "manifest": {"files": facts},
            **estimate,
        }
        return Unloaded(files, self._receipt(errand, executed, finished, started, int(finished.written or 0), details))

    def ask(self, text: str, purpose: str = "describe") -> list[list[Any]]:
        """Run a statement about the cluster or its tables and return its rows.

        Raises:
            CredentialsError: The secret is missing, or Trino does not accept it.
            ExtractionError: Trino cannot be reached, or refused.
        """
        return self._queries.run(lambda number: text, Errand(purpose), self._interrupt).rows

    def stop(self) -> None:
        """Stop every query under way."""
        interrupted, self._interrupt = self._interrupt, threading.Event()
        interrupted.set()

    def close(self) -> None:
        """Stop what is still under way; connections are closed with their statement."""
        self.stop()

    @cached_property
    def _server(self) -> tuple[str, str]:
        """The user as the cluster knows it, and the cluster's version."""
        (row,) = self.ask("select current_user, version()", "identity")
        return str(row[0]), str(row[1])

    def _estimated(self, executed: str, errand: Errand, interrupted: threading.Event) -> dict[str, Any]:
        """Return the planner's estimate for the record, where a limit is set.

        Raises:
            ExtractionError: It exceeds the limit.
        """
        limit = self.settings.scan_limit_bytes
        if limit is None:
            return {}
        answer = self._queries.run(lambda number: scan.text_of(executed), errand, interrupted).rows
        estimate = scan.read(str(answer[0][0]))
        scan.require_within(estimate, errand, limit)
        if estimate.unknown:
            log.info(
                "%s: no estimate for %s; the limit is held while it runs", errand.purpose, ", ".join(estimate.unknown)
            )
        return {"scan_limit_bytes": limit, "scan_estimate": estimate.to_json()}

    def _receipt(
        self, errand: Errand, executed: str, finished: Finished, started: datetime, rows: int, details: dict[str, Any]
    ) -> Execution:
        statistics = finished.statistics
        return Execution(
            id=finished.id,
            purpose=errand.purpose,
            engine=self.name,
            version=self.version,
            executed=executed,
            submitted=finished.submitted,
            started=started,
            finished=datetime.now(UTC),
            state=str(statistics.get("state")),
            rows=rows,
            bytes_scanned=int(statistics.get("physicalInputBytes") or 0),
            details={
                "server": f"{self.settings.scheme}://{self.settings.server}",
                "user": self._server[0],
                "catalog": self.settings.catalog,
                "session": session_properties(self.settings),
                "states": [dict(change) for change in finished.changes],
                "tries": finished.tries,
                "nodes": finished.nodes,
                "splits": statistics.get("totalSplits"),
                "queue_ms": statistics.get("queuedTimeMillis"),
                "analysis_ms": statistics.get("analysisTimeMillis"),
                "planning_ms": statistics.get("planningTimeMillis"),
                "cpu_ms": statistics.get("cpuTimeMillis"),
                "total_ms": statistics.get("elapsedTimeMillis"),
                "processed_rows": statistics.get("processedRows"),
                "processed_bytes": statistics.get("processedBytes"),
                "written_bytes": statistics.get("physicalWrittenBytes"),
                "peak_memory_bytes": statistics.get("peakMemoryBytes"),
                "spilled_bytes": statistics.get("spilledBytes"),
                **details,
            },
        )
