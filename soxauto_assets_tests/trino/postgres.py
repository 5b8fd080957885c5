"""A PostgreSQL server of our own, as the database in which a company's ledger stays.

Here belongs finding the server's programs, its start and end, and filling tables from Parquet files. What does not belong
here: which tables (the tests).

PostgreSQL does not run as root: root starts it as the user that Debian's package has made. It listens on loopback only.
"""

import os
import pwd
import shutil
import subprocess
import time
from pathlib import Path
from types import TracebackType

import duckdb

from soxauto_assets.catalog.types import ContractType
from soxauto_assets.sources.bindings import Binding
from soxauto_assets.sources.contracts import contract
from soxauto_assets_tests.trino.server import HOST, free_port

DATABASE = "ledger"
USER = "reader"
_SYSTEM_USER = "postgres"
_SECONDS_TO_START = 60
_TYPES = {"string": "text", "bool": "boolean", "int64": "bigint", "date": "date", "timestamp": "timestamp(3)"}


class Missing(RuntimeError):
    """No PostgreSQL can be started on this machine; the message says what is missing."""


def programs() -> Path:
    """Return the folder of ``initdb`` and ``postgres``: the newest of Debian's, or where the path finds it.

    Raises:
        Missing: There is none.
    """
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[-3]), reverse=True)
    on_path = shutil.which("initdb")
    for initdb in [*found, *([Path(on_path)] if on_path else [])]:
        if (initdb.parent / "postgres").is_file():
            return initdb.parent
    raise Missing("PostgreSQL's server is missing. On Debian or Ubuntu: apt-get install postgresql")


class Postgres:
    """A running server with one database; a context manager.

    Args:
        folder: An empty folder of its own, which another user can reach.
    """

    def __init__(self, folder: Path):
        self._programs = programs()
        self._folder = folder
        self._user = _other_user()
        if self._user:
            shutil.chown(folder, self._user)
        self.port = free_port()
        data = folder / "data"
        # Byte order, as Trino and DuckDB compare texts.
        self._call("initdb", "-D", str(data), "-U", USER, "--auth=trust", "--encoding=UTF8", "--locale=C")
        self._process = subprocess.Popen(
            [
                str(self._programs / "postgres"), "-D", str(data), "-p", str(self.port), "-k", str(folder),
                "-c", f"listen_addresses={HOST}", "-c", "fsync=off", "-c", "timezone=UTC",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            cwd=folder,
            user=self._user,
        )  # fmt: skip
        try:
            self._wait()
            self.run(f"create database {DATABASE}", "postgres")
        except BaseException:
            self.stop()
            raise

    @property
    def url(self) -> str:
        """The address as Java's driver takes it."""
        return f"jdbc:postgresql://{HOST}:{self.port}/{DATABASE}"

    def run(self, sql: str, database: str = DATABASE, rows: bytes | None = None) -> str:
        """Run statements and return what they answer, tab-separated."""
        return self._call(
            "psql", "-h", HOST, "-p", str(self.port), "-U", USER, "-d", database, "-v", "ON_ERROR_STOP=1",
            "-q", "-A", "-t", "-c", sql, rows=rows,
        )  # fmt: skip

    def load(self, binding: Binding, files: Path, scratch: Path) -> int:
        """Create the table of a bound source and fill it from Parquet files; return the number of rows.

        Args:
            binding: Database, table and columns; the types are those of the source contract.
            files: Folder of the files.
            scratch: Folder for the rows on their way.
        """
        columns = [(binding.physical(column.name), column.type) for column in contract(binding.source).columns]
        declared = ", ".join(f'"{name}" {_type(kind)}' for name, kind in columns)
        table = f'"{binding.table.database}"."{binding.table.table}"'
        self.run(f'create schema if not exists "{binding.table.database}"; create table {table} ({declared})')
        rows = scratch / f"{binding.table.table}.csv"
        names = ", ".join(f'"{name}"' for name, _ in columns)
        with duckdb.connect() as connection:
            connection.execute(
                f"copy (select {names} from read_parquet('{files}/**/*.parquet')) to '{rows}' (header false, nullstr '\\N')"
            )
        self.run(f"copy {table} ({names}) from stdin (format csv, null '\\N')", rows=rows.read_bytes())
        rows.unlink()
        return int(self.run(f"select count(*) from {table}"))

    def stop(self) -> None:
        """End the server: at once, its data are the test's."""
        self._process.terminate()
        try:
            self._process.wait(10)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> "Postgres":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _wait(self) -> None:
        end = time.monotonic() + _SECONDS_TO_START
        while True:
            try:
                self.run("select 1", "postgres")
                return
            except RuntimeError:
                if self._process.poll() is not None or time.monotonic() > end:
                    raise
                time.sleep(0.2)

    def _call(self, program: str, *arguments: str, rows: bytes | None = None) -> str:
        path = self._programs / program
        done = subprocess.run(
            [str(path if path.is_file() else program), *arguments],
            input=rows,
            capture_output=True,
            check=False,
            cwd=self._folder,
            user=self._user,
            env={"PATH": os.environ["PATH"], "LC_ALL": "C"},
        )
        if done.returncode:
            raise RuntimeError(f"{program}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout.decode().strip()


def _other_user() -> str | None:
    """Return the user that the server runs as; None = this one.

    Raises:
        Missing: This user is root, and there is no other.
    """
    if os.geteuid() != 0:
        return None
    try:
        return pwd.getpwnam(_SYSTEM_USER).pw_name
    except KeyError:
        raise Missing(f"PostgreSQL does not run as root, and there is no user {_SYSTEM_USER}") from None


def _type(kind: ContractType) -> str:
    return f"numeric({kind.precision},{kind.scale})" if kind.kind == "decimal" else _TYPES[kind.kind]
