"""The DuckDB engine reads an instant that is finer than the millisecond as Athena does: rounded half up.

``soxauto_assets_tests/trino/test_reading.py`` holds the same list against a real Trino.
"""

from datetime import datetime
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from soxauto_assets.engines.contract import Errand
from soxauto_assets.engines.duckdb_engine import DuckDBEngine

# What the file holds, and what a timestamp(3) column shows.
INSTANTS = {
    "us": {
        "2025-09-30T23:59:59.999499": "2025-09-30 23:59:59.999",
        "2025-09-30T23:59:59.999500": "2025-10-01 00:00:00.000",
        "1969-12-31T23:59:59.999499": "1969-12-31 23:59:59.999",
        "1969-12-31T23:59:59.999500": "1970-01-01 00:00:00.000",
        "1753-01-01T00:00:00.000500": "1753-01-01 00:00:00.001",
    },
    "ns": {
        "2025-09-30T23:59:59.999499999": "2025-09-30 23:59:59.999",
        "2025-09-30T23:59:59.999500000": "2025-10-01 00:00:00.000",
        "1969-12-31T23:59:59.999499999": "1969-12-31 23:59:59.999",
        "1969-12-31T23:59:59.999500000": "1970-01-01 00:00:00.000",
        "1753-01-01T00:00:00.000500000": "1753-01-01 00:00:00.001",
    },
}


def write_instants(path: Path, unit: str) -> list[datetime | None]:
    """Write the instants of a unit, and a null, with their number as ``id``; return what must be read."""
    held = np.array([*INSTANTS[unit], "NaT"], dtype=f"datetime64[{unit}]")
    path.parent.mkdir(parents=True)
    pq.write_table(pa.table({"id": pa.array(range(len(held))), "at": pa.array(held)}), path)
    return [*map(datetime.fromisoformat, INSTANTS[unit].values()), None]


@pytest.mark.parametrize("unit", list(INSTANTS))
def test_a_finer_instant_is_rounded_half_up_to_the_millisecond(unit: str, tmp_path: Path):
    expected = write_instants(tmp_path / "exports" / "fine" / "rows.parquet", unit)
    engine = DuckDBEngine(tmp_path)
    try:
        read = engine.query("select id, at from exports.fine order by id", Errand("read")).table
    finally:
        engine.close()
    assert read.column("at").to_pylist() == expected
