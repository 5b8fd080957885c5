"""The demo lake in the endpoint: every table is there, with its rows and its types."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from soxauto_assets_tests.aws.endpoint import Endpoint
from soxauto_assets_tests.aws.endpoint.lake import hive_type
from soxauto_assets_tests.aws.queries import rows


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (pa.decimal128(18, 4), "decimal(18,4)"),
        (pa.timestamp("ms"), "timestamp"),
        (pa.date32(), "date"),
        (pa.string(), "string"),
        (pa.int64(), "bigint"),
        (pa.bool_(), "boolean"),
    ],
)
def test_a_type_is_declared_in_hives_words(kind: pa.DataType, expected: str):
    assert hive_type(kind) == expected


def test_a_type_that_hive_lacks_is_refused():
    with pytest.raises(ValueError, match="Hive has no type for time32"):
        hive_type(pa.time32("s"))


def test_every_table_has_the_rows_of_its_files(endpoint: Endpoint, demo_lake: Path):
    expected = {
        f"{folder.parent.name}.{folder.name}": sum(
            pq.read_metadata(path).num_rows for path in folder.rglob("*.parquet")
        )
        for folder in demo_lake.glob("[!_.]*/[!_.]*")
        if folder.is_dir()
    }
    assert len(expected) > 40
    counts = " union all ".join(f"select '{name}' as name, count(*) as n from {name}" for name in expected)
    assert {str(name): int(str(count)) for name, count in rows(endpoint, counts)} == expected


def test_late_files_are_not_in_the_tables(endpoint: Endpoint, demo_lake: Path):
    assert (demo_lake / "_late").is_dir()
    found = endpoint.client("s3").list_objects_v2(Bucket="sox-data", Prefix="demo/_late")
    assert "Contents" not in found
