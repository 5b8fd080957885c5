"""Helper tables: what stands where another engine has UNLOAD, and how none of them stays.

Here belongs their names, their journal and their end. What does not belong here: their files (``engines.trino.results``).

A helper table is noted before it is created, so that the next run of this machine drops what a killed process left.
"""

import logging
import re
import threading
from dataclasses import dataclass
from functools import cached_property
from typing import Any
from uuid import uuid4

from soxauto_assets.engines.contract import Errand
from soxauto_assets.engines.journal import Entry, Journal
from soxauto_assets.engines.trino.queries import MAX_TRIES, Queries
from soxauto_assets.engines.trino.tables import PREFIX, quoted, text
from soxauto_assets.errors import SoxautoError
from soxauto_assets.trino_settings import TrinoSettings

log = logging.getLogger(__name__)
_TIDY = Errand("tidy")


@dataclass(frozen=True)
class Helper:
    """The helper tables of one unload.

    Attributes:
        token: Part of their names, and the name of their note.
        tables: One for each try, as Trino takes the name.
        server: Where they are.
    """

    token: str
    tables: tuple[str, ...]
    server: str

    @cached_property
    def request(self) -> dict[str, Any]:
        """The helper tables as they are noted."""
        return {"ClientRequestToken": self.token, "tables": list(self.tables), "server": self.server}


class Helpers:
    """The helper tables of a cluster.

    Args:
        settings: The schema in which they are created.
        queries: Runs statements.
        journal: Where they are noted; None = nowhere.
    """

    def __init__(self, settings: TrinoSettings, queries: Queries, journal: Journal | None):
        self._settings = settings
        self._queries = queries
        self._journal = journal
        self._swept = False
        self._lock = threading.Lock()

    def begin(self, errand: Errand) -> Helper:
        """Name the helper tables of an unload, and note them; those of killed processes are dropped before.

        Raises:
            SettingsError: Catalog or schema is not set.
        """
        self._sweep()
        words = re.sub(r"[^a-z0-9]+", "_", f"{errand.item}_{errand.period}".lower()).strip("_")
        token = uuid4().hex[:12]
        stem = "_".join(part for part in (PREFIX.rstrip("_"), words, token) if part)
        catalog, schema = self._settings.require("catalog"), self._settings.require("schema")
        tables = tuple(quoted(catalog, schema, f"{stem}_{number}") for number in range(1, MAX_TRIES + 1))
        helper = Helper(token, tables, self._settings.server)
        if self._journal:
            self._journal.begin(helper.request)
        return helper

    def started(self, helper: Helper, query: str) -> None:
        """Note the query that writes a helper table."""
        if self._journal:
            self._journal.started(helper.token, helper.request, query)

    def end(self, helper: Helper, tables: tuple[str, ...]) -> bool:
        """Drop helper tables, also when everything else was interrupted; say whether they are gone."""
        left = [table for table in tables if not self._dropped(table)]
        if self._journal and left:
            self._journal.abandon(helper.token, helper.request, None)
        elif self._journal:
            self._journal.ended(helper.token)
        return not left

    def _sweep(self) -> None:
        with self._lock:
            if self._swept or self._journal is None:
                return
            self._swept = True
            for entry in self._journal.orphans():
                if entry.request.get("server") == self._settings.server:
                    self._end_orphan(entry, self._journal)

    def _end_orphan(self, entry: Entry, journal: Journal) -> None:
        if entry.query:
            stop = (
                f"CALL system.runtime.kill_query(query_id => {text(entry.query)}, message => 'its process was killed')"
            )
            try:
                self._queries.run(lambda number: stop, _TIDY, threading.Event())
            except SoxautoError as error:
                # It has ended by itself, or the user has no right to it; the server ends it when nobody asks for it.
                log.debug("query %s of a killed process was not stopped: %s", entry.query, error)
        left = [table for table in entry.request["tables"] if not self._dropped(table)]
        if not left:
            log.warning("what a killed process left was dropped: %s", ", ".join(entry.request["tables"]))
            journal.ended(entry.token)

    def _dropped(self, table: str) -> bool:
        try:
            self._queries.run(lambda number: f"DROP TABLE IF EXISTS {table}", _TIDY, threading.Event())
        except SoxautoError as error:
            log.warning("helper table %s could not be dropped: %s", table, error)
            return False
        return True
