"""One query on Athena, from start to end: started once, watched, stopped when nobody waits for it any more.

Here belongs the life of a query. What does not belong here: what it wrote (``engines.athena.results``) and how its failure
reads (``engines.athena.failures``).
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any
from uuid import uuid4

from soxauto_assets.aws.session import AwsSession
from soxauto_assets.canonical import digest_of
from soxauto_assets.engines.athena.failures import QueryFailed, failure_of
from soxauto_assets.engines.contract import Errand
from soxauto_assets.engines.journal import Journal
from soxauto_assets.errors import CredentialsError, ExtractionError

log = logging.getLogger(__name__)
MAX_TRIES = 3
GIGABYTE, TERABYTE = 10**9, 10**12
_FIRST_PAUSE = 0.2
# Athena bills at least 10 MB of a query that scanned anything, in whole megabytes.
_BILLED_FROM, _BILLED_UNIT = 10 * 10**6, 10**6


@dataclass(frozen=True)
class Finished:
    """A query that succeeded.

    Attributes:
        execution: ``QueryExecution`` of the API.
        submitted: The text as it was sent.
        changes: States as they were seen, with the time.
        tries: How often it was run; more than one after transient failures.
    """

    execution: Mapping[str, Any]
    submitted: str
    changes: tuple[Mapping[str, str], ...]
    tries: int

    @property
    def id(self) -> str:
        """Athena's id of the execution."""
        return str(self.execution["QueryExecutionId"])

    @property
    def statistics(self) -> Mapping[str, Any]:
        """Statistics of the execution."""
        found: Mapping[str, Any] = self.execution.get("Statistics") or {}
        return found


class Queries:
    """Runs texts on Athena.

    Args:
        session: Credentials and clients.
        journal: Where running queries are noted.
        interrupted: Returns the event that is set when nobody waits any more; asked when a query starts.
    """

    def __init__(self, session: AwsSession, journal: Journal, interrupted: Callable[[], threading.Event]):
        self._session = session
        self._settings = session.settings
        self._journal = journal
        self._interrupted = interrupted

    def run(
        self, text_of: Callable[[int], str], errand: Errand, clean: Callable[[int], None] = lambda number: None
    ) -> Finished:
        """Run a text to its end; ask again, a bounded number of times, when Athena calls the failure transient.

        Args:
            text_of: Returns the text of a try, counted from 1: an UNLOAD needs an empty place for each.
            errand: What it is for.
            clean: Removes what a failed try has left.

        Raises:
            CredentialsError: Credentials are missing or have expired.
            ExtractionError: Athena refused, the query failed, took too long, scanned too much, or was interrupted.
        """
        interrupted = self._interrupted()
        for number in range(1, MAX_TRIES + 1):
            text = text_of(number)
            try:
                return self._run_once(text, errand, number, interrupted)
            except ExtractionError as error:
                clean(number)
                if not isinstance(error, QueryFailed) or not error.transient or number == MAX_TRIES:
                    raise
                log.warning("%s is asked again: %s", errand.purpose, error.cause)
                interrupted.wait(random.uniform(0.5, 1) * self._settings.poll_seconds * 2**number)
        raise AssertionError("the last try returns or raises")

    def stop_orphans(self) -> int:
        """Stop the queries that killed processes of this machine left running; return how many.

        Where a process was killed before Athena's answer came, the same request is sent again: its token leads to the same
        execution.
        """
        count = 0
        for entry in self._journal.orphans():
            query = entry.query or self._sent(entry.request, "find an orphaned query")
            self._stop(entry.token, entry.request, query)
            count += 1
        return count

    def _run_once(self, text: str, errand: Errand, number: int, interrupted: threading.Event) -> Finished:
        request = self._request(text, errand)
        entry = self._journal.begin(request)
        query: str | None = None
        try:
            query = self._sent(request, f"start {errand.purpose} in workgroup {self._settings.workgroup}")
            self._journal.started(entry, request, query)
            execution, changes = self._wait(query, errand, interrupted)
        except CredentialsError:
            self._journal.abandon(entry, request, query)
            raise
        except BaseException:
            if query is not None:
                self._stop(entry, request, query)
            else:
                self._journal.ended(entry)
            raise
        self._journal.ended(entry)
        if execution["Status"]["State"] != "SUCCEEDED":
            raise failure_of(errand, execution)
        reuse = (execution.get("Statistics") or {}).get("ResultReuseInformation") or {}
        if reuse.get("ReusedPreviousResult"):
            raise ExtractionError(
                f"{errand.purpose} was answered from an earlier result (query {query}), although reuse is off",
                action="have result reuse turned off in the workgroup",
            )
        return Finished(execution, text, changes, number)

    def _request(self, text: str, errand: Errand) -> dict[str, Any]:
        request: dict[str, Any] = {
            "QueryString": text,
            "ClientRequestToken": token(errand, text),
            "WorkGroup": self._settings.workgroup,
            "QueryExecutionContext": {
                "Catalog": self._settings.catalog,
                **({"Database": self._settings.database} if self._settings.database else {}),
            },
            "ResultReuseConfiguration": {"ResultReuseByAgeConfiguration": {"Enabled": False}},
        }
        if self._settings.results:
            request["ResultConfiguration"] = {"OutputLocation": self._settings.results}
        return request

    def _sent(self, request: Mapping[str, Any], act: str) -> str:
        """Send a request and return the id of its execution."""
        with self._session.asking(act):
            return str(self._session.client("athena").start_query_execution(**request)["QueryExecutionId"])

    def _wait(
        self, query: str, errand: Errand, interrupted: threading.Event
    ) -> tuple[Mapping[str, Any], tuple[Mapping[str, str], ...]]:
        """Watch a query until it has ended; the pauses grow and are never equal, so that many watchers spread out."""
        changes: list[Mapping[str, str]] = []
        deadline = time.monotonic() + self._settings.timeout_seconds
        pause = min(_FIRST_PAUSE, self._settings.poll_seconds)
        while True:
            execution = self._look(query, errand)
            state = execution["Status"]["State"]
            if not changes or changes[-1]["state"] != state:
                changes.append({"state": state, "seen": datetime.now(UTC).isoformat(timespec="milliseconds")})
            if state in ("SUCCEEDED", "FAILED", "CANCELLED"):
                return execution, tuple(changes)
            self._require_limit(query, errand, execution)
            if time.monotonic() > deadline:
                raise ExtractionError(
                    f"{errand.purpose} did not end within {self._settings.timeout_seconds:,} s; "
                    f"query {query} was {state} and has been stopped",
                    action="start again, or raise SOXAUTO_ATHENA_TIMEOUT_SECONDS and the workgroup's own limit",
                )
            if interrupted.wait(pause * random.uniform(0.8, 1.2)):
                raise ExtractionError(
                    f"{errand.purpose} was interrupted; query {query} has been stopped", action="start again"
                )
            pause = min(pause * 1.5, self._settings.poll_seconds)

    def _look(self, query: str, errand: Errand) -> Mapping[str, Any]:
        with self._session.asking(f"look at {errand.purpose} (query {query})"):
            answer = self._session.client("athena").get_query_execution(QueryExecutionId=query)
        execution: Mapping[str, Any] = answer["QueryExecution"]
        return execution

    def _require_limit(self, query: str, errand: Errand, execution: Mapping[str, Any]) -> None:
        limit = self._settings.scan_limit_gb
        scanned = (execution.get("Statistics") or {}).get("DataScannedInBytes") or 0
        if limit is not None and scanned > limit * GIGABYTE:
            raise ExtractionError(
                f"{errand.purpose} has scanned {scanned / GIGABYTE:,.2f} GB, more than the limit of {limit} GB; "
                f"query {query} has been stopped",
                action="narrow the query, or raise SOXAUTO_ATHENA_SCAN_LIMIT_GB with the agreement of the workgroup's owner",
            )

    def _stop(self, entry: str, request: Mapping[str, Any], query: str) -> None:
        """Stop a query; what cannot be stopped stays in the journal, and the next run stops it."""
        try:
            with self._session.asking(f"stop query {query}"):
                self._session.client("athena").stop_query_execution(QueryExecutionId=query)
        except (CredentialsError, ExtractionError) as error:
            self._journal.abandon(entry, request, query)
            log.warning("query %s could not be stopped, the next run stops it: %s", query, error.cause)
        else:
            self._journal.ended(entry)


def token(errand: Errand, text: str) -> str:
    """Return the idempotency token: the same run asking the same for the same purpose gets the same execution.

    It is never a function of the content alone, or a final close would be handed a preliminary answer (DECISIONS A4); where
    there is no run, each call is an execution of its own.
    """
    return digest_of([errand.run_id or str(uuid4()), errand.item, errand.period, errand.purpose, text])


def cost_usd(scanned: int, price_per_tb: Decimal) -> Decimal:
    """Return what a query costs, in USD to six places: whole megabytes, at least 10 MB where anything was scanned."""
    billed = max(_BILLED_FROM, -(-scanned // _BILLED_UNIT) * _BILLED_UNIT) if scanned else 0
    return (Decimal(billed) * price_per_tb / TERABYTE).quantize(Decimal("0.000001"))
