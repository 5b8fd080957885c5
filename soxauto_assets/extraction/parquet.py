"""Reading Parquet files with DuckDB: bounded memory, files named literally.

Here belongs opening DuckDB over landed or sealed files. What does not belong here: the lake, which is the engine's
(``engines.duckdb_engine``).
"""

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import duckdb

# Sorting and digests spill beyond it, so that the peak hardly grows with the rows (benchmarks/athena_client.py).
MEMORY_LIMIT = "192MB"


@contextmanager
def session(memory_limit: str = MEMORY_LIMIT) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open DuckDB in memory; what does not fit spills into a temporary folder of its own, removed at the end."""
    with (
        tempfile.TemporaryDirectory(prefix="soxauto-") as spill,
        duckdb.connect(config={"memory_limit": memory_limit, "threads": 2, "temp_directory": spill}) as connection,
    ):
        # A query of more than two seconds would draw a bar into what a person or a log reads.
        connection.execute("SET enable_progress_bar = false")
        yield connection


def scan(files: Sequence[Path]) -> str:
    """Return the FROM item that reads exactly these files: no pattern in a path, no column from a folder's name."""
    return f"read_parquet([{', '.join(map(literal, files))}], hive_partitioning = false)"


def literal(path: Path) -> str:
    """Return a path as an SQL text in which DuckDB sees no pattern."""
    plain = "".join(f"[{sign}]" if sign in "*?[" else sign for sign in str(path))
    return "'" + plain.replace("'", "''") + "'"


def text(value: Path | str) -> str:
    """Return a path for writing, or another text, as an SQL text."""
    return "'" + str(value).replace("'", "''") + "'"
