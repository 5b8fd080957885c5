"""One query on Trino, from start to end: watched at every answer of the coordinator, stopped when nobody waits any more.

Here belongs the life of a query. What does not belong here: what it answered or wrote (``engines.trino.results``) and how its
failure reads (``engines.trino.failures``).
"""

import logging
import random
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from typing import TYPE_CHECKING, Any

from soxauto_assets.engines.contract import Errand
from soxauto_assets.engines.trino.connection import connected
from soxauto_assets.engines.trino.failures import QueryFailed, failure_of, lost, unreachable, unreadable
from soxauto_assets.errors import ExtractionError, SoxautoError
from soxauto_assets.trino_settings import TrinoSettings

if TYPE_CHECKING:
    from trino.dbapi import Connection, Cursor

log = logging.getLogger(__name__)
MAX_TRIES = 3
MAX_SMALL = 1_000_000
_FETCHED = 10_000
_SECONDS_TO_END = 15


@dataclass(frozen=True)
class Finished:
    """A query that succeeded.

    Attributes:
        id: Trino's id of the query.
        submitted: The text as it was sent.
        columns: Name and type of each answered column, in Trino's words.
        rows: The answered rows.
        written: Rows that were written; None where nothing was to be.
        statistics: The coordinator's last statistics.
        nodes: Most nodes that worked at a time.
        changes: States as they were seen, with the time.
        tries: How often it was run; more than one after transient failures.
    """

    id: str
    submitted: str
    columns: tuple[tuple[str, str], ...]
    rows: list[list[Any]]
    written: int | None
    statistics: Mapping[str, Any]
    nodes: int
    changes: tuple[Mapping[str, str], ...]
    tries: int


class Queries:
    """Runs texts on Trino; each has a connection of its own.

    Args:
        settings: Cluster, credentials and limits.
    """

    def __init__(self, settings: TrinoSettings):
        self._settings = settings

    def run(
        self,
        text_of: Callable[[int], str],
        errand: Errand,
        interrupted: threading.Event,
        begun: Callable[[int, str], None] = lambda number, query: None,
    ) -> Finished:
        """Run a text to its end; ask again, a bounded number of times, where the error's type says that it may help.

        Args:
            text_of: Returns the text of a try, counted from 1: what writes needs a place of its own for each.
            errand: What it is for.
            interrupted: Set when nobody waits any more.
            begun: Told the number of a try and its query, as soon as the server knows it.

        Raises:
            CredentialsError: The secret is missing, or Trino does not accept it.
            ExtractionError: Trino cannot be reached or refused, the query failed, took too long, read too much, or was
                interrupted.
        """
        for number in range(1, MAX_TRIES + 1):
            watch = Watch(errand, self._settings, interrupted, partial(begun, number))
            try:
                return self._run_once(text_of(number), errand, number, watch)
            except QueryFailed as error:
                if not error.transient or number == MAX_TRIES:
                    raise
                log.warning("%s is asked again: %s", errand.purpose, error.cause)
                interrupted.wait(random.uniform(0.5, 1) * 2**number)
        raise AssertionError("the last try returns or raises")

    def _run_once(self, text: str, errand: Errand, number: int, watch: "Watch") -> Finished:
        from trino.exceptions import HttpError, TrinoConnectionError, TrinoQueryError

        with connected(self._settings, errand) as connection:
            cursor = connection.cursor(stats_callback=watch)
            try:
                cursor.execute(text)
                rows = _fetched(cursor, errand)
            except TrinoQueryError as error:
                raise failure_of(errand, error) from None
            except SoxautoError:
                self._stop(connection, cursor)
                raise
            except Exception as error:
                # What the client raises over an answer that is none has many types, and may quote a row.
                self._stop(connection, cursor)
                if not cursor.query_id:
                    raise unreachable(self._settings, error) from None
                if isinstance(error, (TrinoConnectionError, HttpError, OSError)):
                    raise lost(errand, self._settings, cursor.query_id, error) from None
                raise unreadable(errand, cursor.query_id, error) from None
            except BaseException:
                self._stop(connection, cursor)
                raise
            return Finished(
                id=str(cursor.query_id),
                submitted=text,
                columns=tuple((column.name, str(column.type_code)) for column in cursor.description or ()),
                rows=rows,
                written=cursor.rowcount if cursor.rowcount >= 0 else None,
                statistics=dict(cursor.stats or {}),
                nodes=watch.nodes,
                changes=tuple(watch.changes),
                tries=number,
            )

    def _stop(self, connection: "Connection", cursor: "Cursor") -> None:
        """Stop a query and wait until the server says that it has ended; one that cannot be stopped ends by its run time."""
        query = cursor.query_id
        if not query:
            return
        try:
            cursor.cancel()
            end = time.monotonic() + _SECONDS_TO_END
            while time.monotonic() < end and not _has_ended(connection, query):
                time.sleep(0.2)
        except Exception as error:
            log.warning(
                "query %s could not be stopped (%s); the server ends it when nobody asks for it",
                query,
                type(error).__name__,
            )


class Watch:
    """Looks at each statistic that the coordinator sends, in the thread that asks; what it raises ends the query.

    Args:
        errand: What the query is for.
        settings: The limits.
        interrupted: Set when nobody waits any more.
        begun: Told the query's id, once.
    """

    def __init__(
        self, errand: Errand, settings: TrinoSettings, interrupted: threading.Event, begun: Callable[[str], None]
    ):
        self.nodes = 0
        self._begun = begun
        self.changes: list[Mapping[str, str]] = []
        self._errand = errand
        self._settings = settings
        self._interrupted = interrupted
        self._deadline = time.monotonic() + settings.timeout_seconds

    def __call__(self, statistics: Mapping[str, Any]) -> None:
        """Note states and nodes, and hold the query to the settings.

        Raises:
            ExtractionError: It was interrupted, took too long, or read too much.
        """
        state, query = str(statistics.get("state")), statistics.get("queryId")
        if not self.changes:
            self._begun(str(query))
        self.nodes = max(self.nodes, int(statistics.get("nodes") or 0))
        if not self.changes or self.changes[-1]["state"] != state:
            self.changes.append({"state": state, "seen": datetime.now(UTC).isoformat(timespec="milliseconds")})
        if self._interrupted.is_set():
            raise ExtractionError(
                f"{self._errand.purpose} was interrupted; query {query} has been stopped", action="start again"
            )
        if state in ("FINISHED", "FAILED"):
            return
        if time.monotonic() > self._deadline:
            raise ExtractionError(
                f"{self._errand.purpose} did not end within {self._settings.timeout_seconds:,} s; "
                f"query {query} was {state} and has been stopped",
                action="start again, or raise TRINO_TIMEOUT_SECONDS and the cluster's own limit",
            )
        limit, scanned = self._settings.scan_limit_bytes, int(statistics.get("physicalInputBytes") or 0)
        if limit is not None and scanned > limit:
            raise ExtractionError(
                f"{self._errand.purpose} has read {scanned:,} bytes, more than the limit of {limit:,}; "
                f"query {query} has been stopped",
                action="narrow the query, or raise TRINO_SCAN_LIMIT_BYTES with the agreement of the cluster's owner",
            )


def _fetched(cursor: "Cursor", errand: Errand) -> list[list[Any]]:
    rows: list[list[Any]] = []
    while part := cursor.fetchmany(_FETCHED):
        rows += part
        if len(rows) > MAX_SMALL:
            raise ExtractionError(
                f"{errand.purpose} answered more than {MAX_SMALL:,} rows, which is no small answer",
                action="aggregate in the probe, or make it an extract",
            )
    return rows


def _has_ended(connection: "Connection", query: str) -> bool:
    """Ask the server whether a query has ended; one that it has forgotten has."""
    cursor = connection.cursor()
    cursor.execute(f"select state from system.runtime.queries where query_id = '{query}'")
    return all(row[0] in ("FINISHED", "FAILED") for row in cursor.fetchall())
