"""Trino as the executor of the endpoint's queries: Athena's own engine, with its semantics and its error messages.

Here belongs making the tables that a statement names visible to a Trino server, running the statement there, and an UNLOAD as
the helper table that comes nearest to it. What does not belong here: Athena's own ways (``service``, ``execution``): grammar,
permissions, states, manifests stay the endpoint's.

The server is the one that ``TRINO_URL`` names (``soxauto_assets_tests.trino.server``): its hive catalog reads a folder of this
machine. A table is declared there with the types of its Glue entry over links to the copies of its objects, once for each
state of declaration and objects.
"""

import hashlib
import json
import os
import re
import shutil
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from uuid import uuid4

import trino
from sqlglot import exp

from soxauto_assets_tests.aws.endpoint.athena.catalog import Table
from soxauto_assets_tests.aws.endpoint.athena.failures import OTHER, SYSTEM, USER, QueryFailure, QueryStopped
from soxauto_assets_tests.aws.endpoint.athena.hive import File
from soxauto_assets_tests.aws.endpoint.athena.results import Column
from soxauto_assets_tests.trino.comparing import Address

_CATEGORIES = {"USER_ERROR": USER, "INTERNAL_ERROR": SYSTEM}
_SIZED = re.compile(r"^(\w+)\((\d+)(?:,\s*(\d+))?\)$")
_PRECISIONS = {
    "varchar": 2147483647, "boolean": 0, "tinyint": 3, "smallint": 5, "integer": 10, "bigint": 19, "date": 0, "double": 17,
    "real": 17, "varbinary": 1073741824, "timestamp": 3, "unknown": 0,
}  # fmt: skip
_SCRATCH = "athena_unload"


class TrinoExecutor:
    """Runs statements on a Trino server.

    Args:
        url: The value of ``TRINO_URL``.
    """

    def __init__(self, url: str):
        self.address = Address.parse(url)
        self._declared: dict[str, str] = {}
        self._lock = threading.Lock()

    def declare(self, table: Table, files: Sequence[File]) -> exp.Table:
        """Make a Glue table known to the server, and return how it is called there.

        Raises:
            QueryFailure: The table has partitions, or the server refuses the declaration.
        """
        if table.keys:
            raise QueryFailure("NOT_SUPPORTED", "partitioned tables are not run on Trino by this endpoint")
        state = json.dumps([table.database, table.name, table.trino(), sorted(str(file.path) for file in files)])
        name = f"{re.sub(r'[^a-z0-9_]', '_', table.name)}_{hashlib.sha256(state.encode()).hexdigest()[:16]}"
        with self._lock:
            if state not in self._declared:
                self._create(table, files, name)
                self._declared[state] = name
        return exp.table_(name, db="athena", catalog=self.address.catalog, quoted=True)

    def run(
        self, sql: str, interruptible: Callable[[Callable[[], None] | None], None]
    ) -> tuple[list[Column], list[list[Any]], int]:
        """Run a query and return its columns, its rows, and the bytes it read."""
        cursor = self._execute(sql, interruptible)
        return (
            [column_of(part.name, part.type_code) for part in cursor.description or ()],
            cursor.rows,
            int(cursor.stats.get("physicalInputBytes") or 0),
        )

    def unload(
        self, sql: str, folder: Path, compression: str, interruptible: Callable[[Callable[[], None] | None], None]
    ) -> tuple[list[Path], int, int]:
        """Have the server write the rows of a query; return its files in a folder, the number of rows, the bytes read.

        The helper table is dropped, whatever happens.
        """
        self._schema(_SCRATCH)
        name = f"unload_{uuid4().hex}"
        table = f'"{self.address.catalog}"."{_SCRATCH}"."{name}"'
        codec = "NONE" if compression.upper() == "NONE" else compression.upper()
        try:
            cursor = self._execute(
                f"CREATE TABLE {table} WITH (format = 'PARQUET') AS {sql}",
                interruptible,
                {f"{self.address.catalog}.compression_codec": codec},
            )
            paths = []
            # The metastore of the test server keeps the tables that it manages in its own folder.
            for path in sorted((self.address.files / ".metastore" / _SCRATCH / name).iterdir()):
                if not path.name.startswith((".", "_")):
                    paths.append(folder / path.name)
                    shutil.copyfile(path, paths[-1])
            return paths, int(cursor.rowcount), int(cursor.stats.get("physicalInputBytes") or 0)
        finally:
            self._execute(f"DROP TABLE IF EXISTS {table}", lambda cancel: None)

    def _create(self, table: Table, files: Sequence[File], name: str) -> None:
        self._schema("athena")
        folder = self.address.files / "athena" / name
        folder.mkdir(parents=True, exist_ok=True)
        for number, file in enumerate(files):
            link = folder / f"{number:05d}.parquet"
            if not link.exists():
                _linked(file.path, link)
        columns = ", ".join(f'"{column}" {kind}' for column, kind in table.trino().items())
        self._execute(
            f'CREATE TABLE IF NOT EXISTS "{self.address.catalog}"."athena"."{name}" ({columns}) '
            f"WITH (external_location = 'local:///athena/{name}', format = 'PARQUET')",
            lambda cancel: None,
        )

    def _schema(self, name: str) -> None:
        self._execute(f'CREATE SCHEMA IF NOT EXISTS "{self.address.catalog}"."{name}"', lambda cancel: None)

    def _execute(
        self,
        sql: str,
        interruptible: Callable[[Callable[[], None] | None], None],
        session: Mapping[str, str] | None = None,
    ) -> Any:
        connection = trino.dbapi.connect(
            host=self.address.host,
            port=self.address.port,
            user="athena",
            catalog=self.address.catalog,
            source="athena-endpoint",
            timezone="UTC",
            session_properties=dict(session or {}),
        )
        cursor = connection.cursor()
        try:
            interruptible(cursor.cancel)
            cursor.execute(sql)
            cursor.rows = cursor.fetchall()
            return cursor
        except trino.exceptions.TrinoQueryError as error:
            raise failure_of(error) from error
        finally:
            interruptible(None)
            connection.close()


def failure_of(error: trino.exceptions.TrinoQueryError) -> Exception:
    """Return how a query fails in Athena that Trino failed: the same name and message."""
    if error.error_name == "USER_CANCELED":
        return QueryStopped()
    return QueryFailure(
        str(error.error_name), error.message.splitlines()[0], _CATEGORIES.get(str(error.error_type), OTHER)
    )


def column_of(name: str, kind: str) -> Column:
    """Return the column of a result from Trino's type."""
    sized = _SIZED.match(kind)
    base = sized[1] if sized else kind.split("(")[0]
    if sized and base == "decimal":
        return Column(name, base, int(sized[2]), int(sized[3] or 0))
    if sized and base in ("varchar", "char"):
        return Column(name, base, int(sized[2]))
    if base not in _PRECISIONS:
        raise QueryFailure("NOT_SUPPORTED", f"this endpoint does not write column {name} of type {kind}")
    return Column(name, "float" if base == "real" else base, _PRECISIONS[base])


def _linked(path: Path, link: Path) -> None:
    """Give a file another name, or copy it where the folders are of two file systems."""
    try:
        os.link(path, link)
    except OSError:
        shutil.copyfile(path, link)
