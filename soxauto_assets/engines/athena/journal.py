"""The journal of queries under way, so that a killed process leaves none running.

Here belongs one small file per running query, written before it is waited for and removed when it has ended. What does not
belong here: finished executions (``extraction.record``).
"""

import os
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from soxauto_assets.canonical import canonical_json, read_json


class Journal:
    """Queries under way, of this machine's processes.

    Args:
        folder: Where the files lie; created when needed.
    """

    def __init__(self, folder: Path):
        self.folder = folder

    def opened(self, query: str) -> None:
        """Note a query that has started."""
        self.folder.mkdir(parents=True, exist_ok=True)
        entry = {"query": query, "host": socket.gethostname(), "pid": os.getpid()}
        (self.folder / f"{query}.json").write_bytes(canonical_json(entry))

    def ended(self, query: str) -> None:
        """Forget a query that has ended, or that was stopped."""
        (self.folder / f"{query}.json").unlink(missing_ok=True)

    def abandon(self, query: str) -> None:
        """Mark a query that this process can no longer follow, for example because its credentials have expired."""
        with suppress(OSError):
            (self.folder / f"{query}.json").write_bytes(canonical_json({"query": query, "host": "", "pid": 0}))

    def orphans(self) -> Iterator[str]:
        """Return the queries that no living process of this machine waits for."""
        for path in sorted(self.folder.glob("*.json")):
            try:
                entry = read_json(path.read_bytes())
            except (OSError, ValueError):
                continue  # another process is writing or removing it
            if not entry["host"] or (entry["host"] == socket.gethostname() and not _lives(entry["pid"])):
                yield entry["query"]


def _lives(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True
