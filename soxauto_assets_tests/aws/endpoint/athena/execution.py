"""One query execution: its states, and its run in a thread of its own.

Here belongs running an accepted statement and what GetQueryExecution says of it. What does not belong here: whether it is
accepted (``service``).
"""

import shutil
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

import duckdb
from botocore.exceptions import ClientError
from sqlglot import exp

from soxauto_assets_tests.aws.endpoint.athena import unload
from soxauto_assets_tests.aws.endpoint.athena.analysis import Analysis, analyse, located, view_name
from soxauto_assets_tests.aws.endpoint.athena.catalog import Catalog
from soxauto_assets_tests.aws.endpoint.athena.failures import (
    SYSTEM,
    QueryCancelled,
    QueryFailure,
    QueryStopped,
    engine_failure,
)
from soxauto_assets_tests.aws.endpoint.athena.hive import ObjectCache, access_denied, reading, s3_failure
from soxauto_assets_tests.aws.endpoint.athena.results import CASTS, Column, columns_of, csv_of, text_of
from soxauto_assets_tests.aws.endpoint.athena.settings import ENGINE, AthenaSettings, QueryFault, WorkGroup
from soxauto_assets_tests.aws.endpoint.athena.statement import Statement, UnloadTarget
from soxauto_assets_tests.aws.endpoint.credentials import Credential
from soxauto_assets_tests.aws.endpoint.errors import AwsError
from soxauto_assets_tests.aws.endpoint.upstream import Upstream

if TYPE_CHECKING:
    from soxauto_assets_tests.aws.endpoint.athena.on_trino import TrinoExecutor

_ENDED = ("SUCCEEDED", "FAILED", "CANCELLED")


@dataclass
class Submission:
    """What was asked for.

    Attributes:
        id: Query execution id.
        statement: The statement.
        database: Database of the context.
        catalog: Catalog of the context, as given.
        workgroup: The workgroup.
        results: ResultConfiguration in force; its location is a folder.
        parameters: Execution parameters.
        reuse: ResultReuseConfiguration as given.
        credential: The caller.
        region: The region.
    """

    id: str
    statement: Statement
    database: str | None
    catalog: str | None
    workgroup: WorkGroup
    results: dict[str, Any]
    parameters: list[str]
    reuse: dict[str, Any]
    credential: Credential
    region: str


@dataclass
class Outcome:
    """What a run left.

    Attributes:
        columns: Columns of the result.
        rows: Rows as text; none for UNLOAD.
        header: Whether the result starts with the column names.
        updated: Rows written.
        scanned: Bytes.
        manifest: Location of the manifest of an UNLOAD.
    """

    columns: list[Column] = field(default_factory=list)
    rows: list[list[str | None]] = field(default_factory=list)
    header: bool = True
    updated: int = 0
    scanned: int = 0
    manifest: str | None = None


class Execution:
    """A query execution.

    Args:
        submission: What was asked for.
        upstream: Ministack.
        cache: Copies of objects.
        settings: Delays and sizes in force.
        fault: Failure that it meets.
        folder: Folder for its files; removed at the end.
        trino: Runs it in place of DuckDB.
    """

    def __init__(
        self,
        submission: Submission,
        upstream: Upstream,
        cache: ObjectCache,
        settings: AthenaSettings,
        fault: QueryFault | None,
        folder: Path,
        trino: "TrinoExecutor | None" = None,
    ):
        self.submission = submission
        self.state = "QUEUED"
        self.reason: str | None = None
        self.error: dict[str, object] | None = None
        self.states = ["QUEUED"]
        self.outcome = Outcome()
        self.reused = False
        self._upstream = upstream
        self._cache = cache
        self._settings = settings
        self._fault = fault
        self._folder = folder
        self._trino = trino
        self._submitted = datetime.now(UTC)
        self._completed: datetime | None = None
        self._clock = {"queued": time.monotonic(), "started": 0.0, "planned": 0.0, "ended": 0.0}
        self._stopped = threading.Event()
        self._lock = threading.Lock()
        self._interrupt: Callable[[], None] | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name=f"query {submission.id}")

    @property
    def active(self) -> bool:
        """Whether it is queued or running."""
        return self.state not in _ENDED

    @property
    def executing(self) -> bool:
        """Whether the engine is at work."""
        return self._interrupt is not None

    def start(self) -> None:
        """Begin."""
        self._thread.start()

    def wait(self, seconds: float = 60) -> None:
        """Wait until its thread has ended."""
        self._thread.join(seconds)

    def stop(self) -> None:
        """Stop it, if it still runs: the engine is interrupted, and the state is CANCELLED at once."""
        with self._lock:
            if not self.active:
                return
            self._stopped.set()
            self._end("CANCELLED", "Query cancelled by user")
            if self._interrupt is not None:
                self._interrupt()

    def _run(self) -> None:
        try:
            self._pause(self._settings.queue_seconds)
            self._enter("RUNNING")
            self._clock["started"] = time.monotonic()
            # What was asked when it started counts, however long the work itself takes.
            run_seconds = self._settings.run_seconds
            self._carry_out()
            self._pause(run_seconds - (time.monotonic() - self._clock["started"]))
            with self._lock:
                if self.active:
                    self._end("SUCCEEDED", None)
        except QueryStopped:
            pass
        except QueryCancelled as cancelled:
            self._finish("CANCELLED", str(cancelled), None)
        except QueryFailure as failure:
            self._finish("FAILED", failure.reason, failure.to_json())
        except AwsError as error:
            self._finish("FAILED", error.message, QueryFailure("", error.message).to_json())
        except Exception as error:  # The thread must leave a state, whatever happened.
            failure = QueryFailure("GENERIC_INTERNAL_ERROR", f"{type(error).__name__}: {error}", SYSTEM)
            self._finish("FAILED", failure.reason, failure.to_json())
        finally:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _carry_out(self) -> None:
        asked = self.submission
        fault = self._fault
        if fault and not fault.files:
            raise _meets(fault)
        catalog = Catalog(self._upstream, asked.credential, asked.region)
        if self._trino:
            self._on_trino(self._trino, catalog)
            return
        analysis = analyse(asked.statement, catalog, asked.database, asked.parameters)
        views = {
            name: reading(table, analysis.reads[name], self._cache, asked.credential, asked.region)
            for name, table in analysis.tables.items()
        }
        explains = asked.statement.kind == "EXPLAIN"
        scanned = (
            sum(view.scanned for view in views.values()) if self._settings.scanned is None else self._settings.scanned
        )
        self.outcome.scanned = 0 if explains else scanned
        limit = asked.workgroup.scan_limit
        if limit is not None and self.outcome.scanned > limit:
            self.outcome.scanned = limit
            raise QueryCancelled("Bytes scanned limit was exceeded")
        self._watch()
        self._clock["planned"] = time.monotonic()
        with duckdb.connect(config={"memory_limit": self._settings.memory_limit, "threads": 2}) as connection:
            with self._lock:
                self._interrupt = connection.interrupt
            try:
                # Trino's from_base, of hexadecimal digits, which DuckDB lacks.
                connection.execute("CREATE MACRO from_base(digits, base) AS CAST('0x' || digits AS BIGINT)")
                for name, view in views.items():
                    connection.execute(f'CREATE VIEW "{name}" AS {view.sql}')
                self._execute(connection, analysis)
            except duckdb.InterruptException as error:
                raise QueryStopped from error
            except duckdb.Error as error:
                raise engine_failure(error) from error
            finally:
                with self._lock:
                    self._interrupt = None

    def _on_trino(self, executor: "TrinoExecutor", catalog: Catalog) -> None:
        """Let a Trino server answer; what it refuses is refused in its own words."""
        asked = self.submission
        tree, tables = located(asked.statement, catalog, asked.database, asked.parameters)
        for name, table in tables.items():
            files = [] if table.keys else self._cache.files(table.location, asked.credential, asked.region)
            there = executor.declare(table, files)
            for reference in [node for node in tree.find_all(exp.Table) if node.db]:
                if view_name(reference.db, reference.name) == name:
                    reference.replace(exp.alias_(there.copy(), reference.alias_or_name, table=True))
        sql = tree.sql("athena", comments=False)
        self._watch()
        self._clock["planned"] = time.monotonic()
        if asked.statement.kind == "EXPLAIN":
            _, rows, _ = executor.run(f"EXPLAIN {sql}", self._interruptible)
            self.outcome.columns = [Column("Query Plan", "varchar", 0)]
            self.outcome.rows = [[line] for line in str(rows[0][0]).splitlines()]
            self._put(f"{self._name}.txt", str(rows[0][0]).encode())
            return
        if asked.statement.kind == "UNLOAD":
            target = self._free_target()
            paths, rows_written, scanned = executor.unload(sql, self._folder, target.compression, self._interruptible)
            self._note_scanned(scanned)
            self._store(target, paths, rows_written)
            return
        self.outcome.columns, rows, scanned = executor.run(sql, self._interruptible)
        self._note_scanned(scanned)
        self.outcome.rows = [[text_of(value) for value in row] for row in rows]
        self._put_answer()

    def _interruptible(self, interrupt: Callable[[], None] | None) -> None:
        with self._lock:
            self._interrupt = interrupt
        if interrupt:
            self._watch()

    def _note_scanned(self, scanned: int) -> None:
        self.outcome.scanned = scanned if self._settings.scanned is None else self._settings.scanned
        limit = self.submission.workgroup.scan_limit
        if limit is not None and self.outcome.scanned > limit:
            self.outcome.scanned = limit
            raise QueryCancelled("Bytes scanned limit was exceeded")

    def _execute(self, connection: duckdb.DuckDBPyConnection, analysis: Analysis) -> None:
        kind = self.submission.statement.kind
        described = connection.execute(f"DESCRIBE {analysis.sql}").fetchall()
        kinds = [row[1] for row in described]
        columns = columns_of(analysis.columns, kinds)
        if kind == "EXPLAIN":
            (plan,) = connection.execute(f"EXPLAIN {analysis.sql}").fetchall()[:1]
            lines = str(plan[1]).splitlines()
            self.outcome.columns = [Column("Query Plan", "varchar", 0)]
            self.outcome.rows = [[line] for line in lines]
            self._put(f"{self._name}.txt", "\n".join(lines).encode())
            return
        outputs = ", ".join(
            f'CAST("{row[0]}" AS {CASTS[row[1]]}) AS "{row[0]}"' if row[1] in CASTS else f'"{row[0]}"'
            for row in described
        )
        unique = len({row[0] for row in described}) == len(described)
        sql = f"SELECT {outputs} FROM ({analysis.sql})" if unique and set(kinds) & set(CASTS) else analysis.sql
        if kind == "UNLOAD":
            self._unload(connection, sql)
            return
        self.outcome.columns = columns
        rows = connection.execute(sql).fetchall()
        self.outcome.rows = [[text_of(value) for value in row] for row in rows]
        self._put_answer()

    def _put_answer(self) -> None:
        self._watch()
        self._put(f"{self._name}.csv", csv_of(self.outcome.columns, self.outcome.rows))
        self._put(f"{self._name}.csv.metadata", self._name.encode())

    def _unload(self, connection: duckdb.DuckDBPyConnection, sql: str) -> None:
        target = self._free_target()
        batches = connection.sql(sql).to_arrow_reader(unload.BATCH)
        self._store(
            target, *unload.write_files(iter(batches), self._folder, target, self._settings.unload_files, self._watch)
        )

    def _free_target(self) -> UnloadTarget:
        """Return the target of an UNLOAD, which is empty and may be written; the query's own folder is made.

        Raises:
            QueryFailure: It is not, or may not.
        """
        asked = self.submission
        target = asked.statement.target
        assert target is not None
        client = self._upstream.client("s3", asked.credential.account, asked.region)
        arn = f"arn:aws:s3:::{target.bucket}/{target.prefix}"
        try:
            asked.credential.require("s3:ListBucket", f"arn:aws:s3:::{target.bucket}")
            asked.credential.require("s3:PutObject", arn)
            there = client.list_objects_v2(Bucket=target.bucket, Prefix=target.prefix, MaxKeys=1).get("KeyCount", 0)
        except AwsError as error:
            raise access_denied(target.bucket) from error
        except ClientError as error:
            raise s3_failure(error, target.bucket) from error
        if there:
            raise QueryFailure(
                "HIVE_PATH_ALREADY_EXISTS",
                f"Target directory for table already exists: s3://{target.bucket}/{target.prefix}",
            )
        self._folder.mkdir(parents=True)
        return target

    def _store(self, target: UnloadTarget, paths: list[Path], rows: int) -> None:
        """Upload the files of an UNLOAD and write its manifest."""
        asked = self.submission
        client = self._upstream.client("s3", asked.credential.account, asked.region)
        fault = self._fault
        kept = paths[: fault.files] if fault else paths
        uris = unload.upload(client, kept, target, self._encryption(), self._watch)
        location = f"{asked.results['OutputLocation']}{self._name}"
        self.outcome.manifest = f"{location}-manifest.csv"
        self._put(f"{self._name}-manifest.csv", "".join(f"{uri}\n" for uri in uris).encode())
        if fault:
            raise _meets(fault)
        self._put(f"{self._name}.metadata", self._name.encode())
        self.outcome.columns = [Column("rows", "bigint", 19)]
        self.outcome.header = False
        self.outcome.updated = rows

    @property
    def _name(self) -> str:
        return self.submission.id

    def _put(self, name: str, body: bytes) -> None:
        """Write a file beside the results."""
        asked = self.submission
        parts = urlsplit(asked.results["OutputLocation"])
        key = f"{parts.path.lstrip('/')}{name}"
        try:
            asked.credential.require("s3:PutObject", f"arn:aws:s3:::{parts.netloc}/{key}")
            client = self._upstream.client("s3", asked.credential.account, asked.region)
            client.put_object(Bucket=parts.netloc, Key=key, Body=body, **self._encryption())
        except AwsError as error:
            raise QueryFailure(
                "", f"Access denied when writing output to url: {asked.results['OutputLocation']}{name}"
            ) from error
        except ClientError as error:
            raise s3_failure(error, parts.netloc) from error

    def _encryption(self) -> dict[str, str]:
        found = self.submission.results.get("EncryptionConfiguration", {})
        option = found.get("EncryptionOption")
        if option == "SSE_S3":
            return {"ServerSideEncryption": "AES256"}
        if option == "SSE_KMS":
            return {"ServerSideEncryption": "aws:kms", "SSEKMSKeyId": found["KmsKey"]}
        return {}

    def _pause(self, seconds: float) -> None:
        if seconds > 0 and self._stopped.wait(seconds):
            raise QueryStopped
        self._watch()

    def _watch(self) -> None:
        if self._stopped.is_set():
            raise QueryStopped

    def _enter(self, state: str) -> None:
        with self._lock:
            if self.active:
                self.state = state
                self.states.append(state)

    def _finish(self, state: str, reason: str, error: dict[str, object] | None) -> None:
        with self._lock:
            if self.active:
                self.error = error
                self._end(state, reason)

    def _end(self, state: str, reason: str | None) -> None:
        self.state, self.reason = state, reason
        self.states.append(state)
        self._completed = datetime.now(UTC)
        self._clock["ended"] = time.monotonic()

    def to_json(self) -> dict[str, Any]:
        """Return the QueryExecution."""
        with self._lock:
            return self._described()

    def _described(self) -> dict[str, Any]:
        asked = self.submission
        kind = asked.statement.kind
        extension = {"SELECT": ".csv", "UNLOAD": "", "EXPLAIN": ".txt"}[kind]
        results = {**asked.results, "OutputLocation": f"{asked.results['OutputLocation']}{self._name}{extension}"}
        context = {"Database": asked.database, "Catalog": asked.catalog.lower() if asked.catalog else None}
        status: dict[str, Any] = {"State": self.state, "SubmissionDateTime": self._submitted.timestamp()}
        if self._completed:
            status["CompletionDateTime"] = self._completed.timestamp()
        if self.reason:
            status["StateChangeReason"] = self.reason
        if self.error:
            status["AthenaError"] = self.error
        return {
            "QueryExecutionId": self._name,
            "Query": asked.statement.text,
            "StatementType": "DML",
            "SubstatementType": kind,
            "ResultConfiguration": results,
            "ResultReuseConfiguration": asked.reuse or {"ResultReuseByAgeConfiguration": {"Enabled": False}},
            "QueryExecutionContext": {name: value for name, value in context.items() if value},
            "Status": status,
            "Statistics": self._statistics(),
            "WorkGroup": asked.workgroup.name,
            "EngineVersion": {"SelectedEngineVersion": "AUTO", "EffectiveEngineVersion": ENGINE},
            **({"ExecutionParameters": asked.parameters} if asked.parameters else {}),
        }

    def _statistics(self) -> dict[str, Any]:
        clock = self._clock
        end = clock["ended"] or time.monotonic()
        started = clock["started"] or end
        planned = clock["planned"] or started
        found: dict[str, Any] = {
            "EngineExecutionTimeInMillis": round((end - started) * 1000),
            "DataScannedInBytes": self.outcome.scanned,
            "TotalExecutionTimeInMillis": round((end - clock["queued"]) * 1000),
            "QueryQueueTimeInMillis": round((started - clock["queued"]) * 1000),
            "QueryPlanningTimeInMillis": round((planned - started) * 1000),
            "ServicePreProcessingTimeInMillis": 0,
            "ServiceProcessingTimeInMillis": 0,
            "ResultReuseInformation": {"ReusedPreviousResult": self.reused},
        }
        if self.outcome.manifest:
            found["DataManifestLocation"] = self.outcome.manifest
        return found


def _meets(fault: QueryFault) -> QueryFailure | QueryCancelled:
    if fault.state == "CANCELLED":
        return QueryCancelled(fault.reason)
    return QueryFailure("", fault.reason, fault.category, fault.error_type, fault.retryable)
