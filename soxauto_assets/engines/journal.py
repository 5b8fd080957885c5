"""The journal of queries under way, so that a killed process leaves none running, and nothing that it was to remove.

Here belongs one small file per query: written before it is started, so that no moment is without one, and removed when it has
ended. What does not belong here: finished executions (``extraction.record``).
"""

import os
import socket
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soxauto_assets.canonical import canonical_json, read_json


@dataclass(frozen=True)
class Entry:
    """A query that was started, or was about to be.

    Attributes:
        token: Its idempotency token; where an engine has none, any name of its own.
        request: What was asked; the same request gives the same execution.
        query: Athena's id; None where the answer never came.
        host: Machine of the process that waits for it; empty where none does.
        pid: That process.
    """

    token: str
    request: Mapping[str, Any]
    query: str | None
    host: str
    pid: int


class Journal:
    """Queries under way, of this machine's processes.

    Args:
        folder: Where the files lie; created when needed.
    """

    def __init__(self, folder: Path):
        self.folder = folder

    def begin(self, request: Mapping[str, Any]) -> str:
        """Note a query that is about to be started; return its token."""
        token = str(request["ClientRequestToken"])
        self.folder.mkdir(parents=True, exist_ok=True)
        self._write(Entry(token, request, None, socket.gethostname(), os.getpid()))
        return token

    def started(self, token: str, request: Mapping[str, Any], query: str) -> None:
        """Note the id of a query that has started."""
        self._write(Entry(token, request, query, socket.gethostname(), os.getpid()))

    def abandon(self, token: str, request: Mapping[str, Any], query: str | None) -> None:
        """Say that nobody waits for a query that could not be stopped, for example because credentials have expired."""
        with suppress(OSError):
            self._write(Entry(token, request, query, "", 0))

    def ended(self, token: str) -> None:
        """Forget a query that has ended, was refused, or was stopped."""
        self._path(token).unlink(missing_ok=True)

    def orphans(self) -> Iterator[Entry]:
        """Return the queries that no living process of this machine waits for."""
        for path in sorted(self.folder.glob("*.json")):
            try:
                entry = Entry(**read_json(path.read_bytes()))
            except (OSError, ValueError, TypeError):
                continue  # another process is removing it
            if not entry.host or (entry.host == socket.gethostname() and not _lives(entry.pid)):
                yield entry

    def _write(self, entry: Entry) -> None:
        """Replace an entry as a whole, so that a reader never meets a half."""
        staged = self._path(entry.token).with_suffix(f".{os.getpid()}")
        staged.write_bytes(canonical_json({**vars(entry), "request": dict(entry.request)}))
        staged.replace(self._path(entry.token))

    def _path(self, token: str) -> Path:
        return self.folder / f"{token}.json"


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
