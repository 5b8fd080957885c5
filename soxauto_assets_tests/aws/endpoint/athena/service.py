"""The service: its actions, and the state of each account and region.

Here belongs what a call of Athena answers. What does not belong here: how a query runs (``execution``).

A client request token is compared with every parameter of the first call. AWS was seen to compare the text, the database and
the output location only; this is the stricter reading.
"""

import base64
import binascii
import json
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit
from uuid import uuid4

from botocore.exceptions import ClientError

from soxauto_assets_tests.aws.endpoint.athena.execution import Execution, Submission
from soxauto_assets_tests.aws.endpoint.athena.failures import invalid_request
from soxauto_assets_tests.aws.endpoint.athena.hive import ObjectCache
from soxauto_assets_tests.aws.endpoint.athena.metadata import Metadata
from soxauto_assets_tests.aws.endpoint.athena.results import row_json
from soxauto_assets_tests.aws.endpoint.athena.settings import PRIMARY, AthenaSettings, QueryFault, WorkGroup
from soxauto_assets_tests.aws.endpoint.athena.statement import parse
from soxauto_assets_tests.aws.endpoint.athena.validation import validate
from soxauto_assets_tests.aws.endpoint.calls import Call, Request
from soxauto_assets_tests.aws.endpoint.credentials import Credential
from soxauto_assets_tests.aws.endpoint.errors import AwsError, Response, json_response
from soxauto_assets_tests.aws.endpoint.upstream import Upstream

_NO_OUTPUT = (
    "No output location provided. You did not provide an output location for  your query results. Either specify an S3 bucket "
    "location or enable Athena managed query results in your workgroup settings."
)
_TOO_MANY = (
    "You have exceeded the limit for the number of queries you can run concurrently. Please reduce the number of concurrent "
    "queries submitted by this account. Contact customer support to request a concurrent query limit increase."
)
_PAGE = 1000


class _State:
    """What one account has in one region."""

    def __init__(self) -> None:
        self.workgroups: dict[str, WorkGroup] = {PRIMARY: WorkGroup(PRIMARY)}
        self.executions: dict[str, Execution] = {}
        self.tokens: dict[str, tuple[str, str]] = {}


class Athena:
    """Athena of every account and region.

    Args:
        upstream: Ministack.
        folder: Where it may keep files.
        trino: ``TRINO_URL`` of a server that runs the queries; None = DuckDB does.
    """

    def __init__(self, upstream: Upstream, folder: Path, trino: str | None = None):
        self.settings = AthenaSettings()
        self._upstream = upstream
        self._folder = folder
        self._cache = ObjectCache(upstream, folder / "objects")
        self._trino = None
        if trino:
            from soxauto_assets_tests.aws.endpoint.athena.on_trino import TrinoExecutor

            self._trino = TrinoExecutor(trino)
        self._states: dict[tuple[str, str], _State] = {}
        self._lock = threading.RLock()

    def workgroup(self, account: str, region: str, workgroup: WorkGroup) -> WorkGroup:
        """Make or replace a workgroup."""
        with self._lock:
            self._state(account, region).workgroups[workgroup.name] = workgroup
        return workgroup

    def fail_query(self, reason: str, **values: Any) -> QueryFault:
        """Let queries to come fail inside; see :class:`settings.QueryFault`."""
        fault = QueryFault(reason, **values)
        with self._lock:
            self.settings.faults.append(fault)
        return fault

    def executions(self, containing: str = "") -> list[Execution]:
        """Return every execution whose text holds something, in order of submission."""
        with self._lock:
            found = [execution for state in self._states.values() for execution in state.executions.values()]
        return [execution for execution in found if containing in execution.submission.statement.text]

    def reset(self) -> None:
        """Stop what runs and forget settings and failures."""
        self.stop()
        with self._lock:
            self.settings = AthenaSettings()

    def stop(self) -> None:
        """Stop what runs."""
        for execution in self.executions():
            execution.stop()
            execution.wait()

    def answer(self, call: Call, request: Request, credential: Credential) -> Response:
        """Answer a call.

        Raises:
            AwsError: It is refused.
        """
        try:
            document = request.document()
        except ValueError as error:
            raise AwsError("SerializationException", "the body is no JSON") from error
        parameters = validate(call.action, document)
        state = self._state(credential.account, call.region)
        handlers: dict[str, Callable[[], dict[str, Any]]] = {
            "StartQueryExecution": lambda: self._start(state, parameters, credential, call.region),
            "GetQueryExecution": lambda: {
                "QueryExecution": _execution(state, parameters["QueryExecutionId"]).to_json()
            },
            "BatchGetQueryExecution": lambda: _batch(state, parameters),
            "GetQueryResults": lambda: _results(state, parameters),
            "StopQueryExecution": lambda: _stop(state, parameters),
            "ListQueryExecutions": lambda: _list(state, parameters),
            "GetWorkGroup": lambda: {"WorkGroup": _workgroup(state, parameters["WorkGroup"]).to_json()},
            "ListWorkGroups": lambda: {"WorkGroups": [_summary(group) for group in state.workgroups.values()]},
        }
        if call.action in handlers:
            return json_response(handlers[call.action]())
        metadata = Metadata(self._upstream, credential, call.region)
        return json_response(metadata.answer(call.action, parameters))

    def _state(self, account: str, region: str) -> _State:
        with self._lock:
            return self._states.setdefault((account, region), _State())

    def _start(self, state: _State, parameters: dict[str, Any], credential: Credential, region: str) -> dict[str, Any]:
        token = parameters.get("ClientRequestToken")
        if token is None:
            raise invalid_request("clientRequestToken is null or empty")
        workgroup = _workgroup(state, parameters.get("WorkGroup", PRIMARY))
        if not workgroup.enabled:
            raise invalid_request(f"WorkGroup {workgroup.name} is disabled.")
        content = json.dumps(
            {name: value for name, value in parameters.items() if name != "ClientRequestToken"}, sort_keys=True
        )
        with self._lock:
            if token in state.tokens:
                known, first = state.tokens[token]
                if content != first:
                    raise invalid_request("Idempotent parameters do not match", "IDEMPOTENT_PARAMETER_MISMATCH")
                return {"QueryExecutionId": known}
            statement = parse(parameters["QueryString"])
            results = self._result_configuration(
                workgroup, parameters.get("ResultConfiguration", {}), credential, region
            )
            active = sum(execution.active for execution in state.executions.values())
            if active >= self.settings.concurrency:
                raise AwsError(
                    "TooManyRequestsException", _TOO_MANY, 400, {"Reason": "CONCURRENT_QUERY_LIMIT_EXCEEDED"}
                )
            context = parameters.get("QueryExecutionContext", {})
            submission = Submission(
                id=str(uuid4()),
                statement=statement,
                database=context.get("Database"),
                catalog=context.get("Catalog"),
                workgroup=workgroup,
                results=results,
                parameters=parameters.get("ExecutionParameters", []),
                reuse=parameters.get("ResultReuseConfiguration", {}),
                credential=credential,
                region=region,
            )
            execution = Execution(
                submission,
                self._upstream,
                self._cache,
                self.settings,
                self._fault(statement.text),
                self._folder / submission.id,
                self._trino,
            )
            state.executions[submission.id] = execution
            state.tokens[token] = (submission.id, content)
        execution.reused = self._reused(parameters)
        execution.start()
        return {"QueryExecutionId": submission.id}

    def _reused(self, parameters: dict[str, Any]) -> bool:
        allowed = (
            parameters.get("ResultReuseConfiguration", {})
            .get("ResultReuseByAgeConfiguration", {})
            .get("Enabled", False)
        )
        return bool(allowed and self.settings.reused)

    def _fault(self, text: str) -> QueryFault | None:
        for fault in self.settings.faults:
            if fault.containing in text and (fault.times is None or fault.met < fault.times):
                fault.met += 1
                return fault
        return None

    def _result_configuration(
        self, workgroup: WorkGroup, given: dict[str, Any], credential: Credential, region: str
    ) -> dict[str, Any]:
        """Return where and how results are written: the workgroup's when it is enforced or the client gives none."""
        found = (
            workgroup.result_configuration() if workgroup.enforced else {**workgroup.result_configuration(), **given}
        )
        location = found.get("OutputLocation")
        if not location:
            raise invalid_request(_NO_OUTPUT)
        parts = urlsplit(location)
        if parts.scheme != "s3" or not parts.netloc:
            raise invalid_request("outputLocation is not a valid S3 path.")
        try:
            credential.require("s3:GetBucketLocation", f"arn:aws:s3:::{parts.netloc}")
            self._upstream.client("s3", credential.account, region).head_bucket(Bucket=parts.netloc)
        except (AwsError, ClientError) as error:
            raise invalid_request(f"Unable to verify/create output bucket {parts.netloc}") from error
        return {**found, "OutputLocation": location if location.endswith("/") else f"{location}/"}


def _workgroup(state: _State, name: str) -> WorkGroup:
    if name not in state.workgroups:
        raise invalid_request("WorkGroup is not found.")
    return state.workgroups[name]


def _summary(workgroup: WorkGroup) -> dict[str, Any]:
    found = workgroup.to_json()
    engine = found["Configuration"]["EngineVersion"]
    return {name: found[name] for name in ("Name", "State", "Description", "CreationTime")} | {"EngineVersion": engine}


def _execution(state: _State, execution_id: str) -> Execution:
    if execution_id not in state.executions:
        raise invalid_request(f"QueryExecution {execution_id} was not found", "QUERY_EXECUTION_NOT_FOUND")
    return state.executions[execution_id]


def _batch(state: _State, parameters: dict[str, Any]) -> dict[str, Any]:
    known = [name for name in parameters["QueryExecutionIds"] if name in state.executions]
    missing = [name for name in parameters["QueryExecutionIds"] if name not in state.executions]
    return {
        "QueryExecutions": [state.executions[name].to_json() for name in known],
        "UnprocessedQueryExecutionIds": [
            {
                "QueryExecutionId": name,
                "ErrorCode": "QUERY_EXECUTION_NOT_FOUND",
                "ErrorMessage": f"QueryExecution {name} was not found",
            }
            for name in missing
        ],
    }


def _stop(state: _State, parameters: dict[str, Any]) -> dict[str, Any]:
    _execution(state, parameters["QueryExecutionId"]).stop()
    return {}


def _list(state: _State, parameters: dict[str, Any]) -> dict[str, Any]:
    workgroup = _workgroup(state, parameters.get("WorkGroup", PRIMARY))
    found = [
        name for name, execution in state.executions.items() if execution.submission.workgroup.name == workgroup.name
    ]
    found.reverse()
    start = _offset(parameters.get("NextToken"), workgroup.name)
    size = parameters.get("MaxResults", 50)
    return {"QueryExecutionIds": found[start : start + size], **_next(start + size, len(found), workgroup.name)}


def _results(state: _State, parameters: dict[str, Any]) -> dict[str, Any]:
    """Return one page of at most a thousand rows; the names of the columns are the first row of the first page."""
    execution = _execution(state, parameters["QueryExecutionId"])
    if execution.active:
        raise invalid_request(
            f"Query has not yet finished. Current state: {execution.state}", "INVALID_QUERY_EXECUTION_STATE"
        )
    if execution.state == "CANCELLED":
        raise invalid_request("Could not find results", "RESULT_NOT_FOUND")
    if execution.state == "FAILED":
        raise invalid_request(
            "Query did not finish successfully. Final query state: FAILED", "INVALID_QUERY_EXECUTION_STATE"
        )
    size = parameters.get("MaxResults", _PAGE)
    outcome = execution.outcome
    names: list[list[str | None]] = [[column.name for column in outcome.columns]]
    rows = (
        [*names, *outcome.rows] if outcome.header and execution.submission.statement.kind == "SELECT" else outcome.rows
    )
    start = _offset(parameters.get("NextToken"), execution.submission.id)
    return {
        "UpdateCount": outcome.updated,
        "ResultSet": {
            "Rows": [row_json(row) for row in rows[start : start + size]],
            "ResultSetMetadata": {"ColumnInfo": [column.to_json() for column in outcome.columns]},
        },
        **_next(start + size, len(rows), execution.submission.id),
    }


def _next(offset: int, total: int, owner: str) -> dict[str, str]:
    if offset >= total:
        return {}
    return {"NextToken": base64.b64encode(f"{owner} {offset}".encode()).decode()}


def _offset(token: str | None, owner: str) -> int:
    if token is None:
        return 0
    try:
        name, _, offset = base64.b64decode(token, validate=True).decode().rpartition(" ")
        if name == owner:
            return int(offset)
    except (binascii.Error, ValueError):
        pass
    raise invalid_request("Invalid NextToken")
