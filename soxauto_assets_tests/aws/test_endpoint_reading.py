"""How the endpoint's Athena reads the files of a table: as a Hive table is read.

Rows are written by hand; the files differ from their declaration on purpose.
"""

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from soxauto_assets_tests.aws.endpoint import Endpoint, put_rows, register_table
from soxauto_assets_tests.aws.queries import failure, rows, succeeded

LAKE = "s3://sox-data/reading"


def table(endpoint: Endpoint, name: str, hive: str, *files: pa.Array) -> str:
    """Make a table of one column ``v`` with a Hive type over files of other types."""
    location = f"{LAKE}/{name}/"
    for number, column in enumerate(files):
        put_rows(endpoint, f"{location}{number}.parquet", pa.table({"v": column}))
    register_table(endpoint, "nav", name, location, {"v": hive})
    return name


INSTANT = datetime(2025, 9, 30, 23, 59, 59)


@pytest.mark.parametrize(
    ("name", "hive", "column", "expected"),
    [
        ("bytes_as_date", "date", pa.array([1], pa.int32()), "INT32"),
        ("instant_as_date", "date", pa.array([INSTANT], pa.timestamp("ms")), "TIMESTAMP[MS]"),
        ("date_as_instant", "timestamp", pa.array([date(2025, 9, 30)], pa.date32()), "DATE32[DAY]"),
        ("text_as_decimal", "decimal(18,4)", pa.array(["1.5"], pa.string()), "STRING"),
        ("double_as_decimal", "decimal(18,4)", pa.array([1.5], pa.float64()), "DOUBLE"),
        ("date_as_decimal", "decimal(18,4)", pa.array([date(2025, 9, 30)], pa.date32()), "DATE32[DAY]"),
        ("decimal_as_double", "double", pa.array([Decimal("1.5")], pa.decimal128(18, 4)), "DECIMAL128(18, 4)"),
        ("text_as_number", "bigint", pa.array(["1"], pa.string()), "STRING"),
        ("number_as_flag", "boolean", pa.array([1], pa.int64()), "INT64"),
    ],
)
def test_a_type_that_does_not_fit_is_refused(endpoint: Endpoint, name: str, hive: str, column: pa.Array, expected: str):
    reason = failure(endpoint, f"select v from {table(endpoint, name, hive, column)}")
    assert reason == (
        f"HIVE_BAD_DATA: Field v's type {expected} in parquet file {LAKE}/{name}/0.parquet is incompatible with type {hive} "
        "defined in table schema"
    )


@pytest.mark.parametrize(
    ("name", "hive", "column", "expected"),
    [
        # Half up to the millisecond: the last half millisecond of a month is the next month.
        (
            "micros",
            "timestamp",
            pa.array([INSTANT.replace(microsecond=999_500)], pa.timestamp("us")),
            "2025-10-01 00:00:00.000",
        ),
        (
            "micros_below",
            "timestamp",
            pa.array([INSTANT.replace(microsecond=999_499)], pa.timestamp("us")),
            "2025-09-30 23:59:59.999",
        ),
        (
            "nanos",
            "timestamp",
            pa.array([INSTANT.replace(microsecond=999_500)], pa.timestamp("ns")),
            "2025-10-01 00:00:00.000",
        ),
        (
            "millis",
            "timestamp",
            pa.array([INSTANT.replace(microsecond=999_000)], pa.timestamp("ms")),
            "2025-09-30 23:59:59.999",
        ),
        ("finer_decimal", "decimal(20,2)", pa.array([Decimal("1.005")], pa.decimal128(20, 3)), "1.01"),
        ("negative_decimal", "decimal(20,2)", pa.array([Decimal("-1.005")], pa.decimal128(20, 3)), "-1.01"),
        ("coarser_decimal", "decimal(18,4)", pa.array([Decimal("1.5")], pa.decimal128(18, 1)), "1.5000"),
        ("number_as_text", "string", pa.array([13003], pa.int64()), "13003"),
        ("small_as_big", "bigint", pa.array([7], pa.int32()), "7"),
        ("sized_text", "varchar(3)", pa.array(["abcdef"], pa.string()), "abc"),
        ("padded_text", "char(5)", pa.array(["x "], pa.string()), "x    "),
        ("single", "double", pa.array([0.5], pa.float32()), "0.5"),
        ("binary", "binary", pa.array([b"\x01\x02"], pa.binary()), "01 02"),
    ],
)
def test_a_type_that_fits_is_converted(endpoint: Endpoint, name: str, hive: str, column: pa.Array, expected: str):
    assert rows(endpoint, f"select v from {table(endpoint, name, hive, column)}") == [[expected]]


def test_the_month_of_an_instant_is_decided_after_rounding(endpoint: Endpoint):
    column = pa.array([INSTANT.replace(microsecond=999_500)], pa.timestamp("us"))
    name = table(endpoint, "rounded_month", "timestamp", column)
    assert rows(endpoint, f"select v from {name} where v < timestamp '2025-10-01 00:00:00.000'") == []
    assert rows(endpoint, f"select cast(v as date) as d from {name}") == [["2025-10-01"]]


def test_a_column_that_the_file_lacks_is_null(endpoint: Endpoint):
    name = table(endpoint, "lacking", "string", pa.array(["a"]))
    register_table(endpoint, "nav", name, f"{LAKE}/{name}/", {"v": "string", "gone": "decimal(18,4)"})
    assert rows(endpoint, f"select v, gone from {name}") == [["a", None]]


def test_a_column_of_the_file_that_is_not_declared_is_unknown(endpoint: Endpoint):
    name = table(endpoint, "undeclared", "string", pa.array(["a"]))
    register_table(endpoint, "nav", name, f"{LAKE}/{name}/", {"other": "string"})
    assert failure(endpoint, f"select v from {name}").startswith("COLUMN_NOT_FOUND")


def test_names_match_in_any_case(endpoint: Endpoint):
    put_rows(endpoint, f"{LAKE}/cased/0.parquet", pa.table({"Entry_No": pa.array([1], pa.int64())}))
    register_table(endpoint, "nav", "cased", f"{LAKE}/cased/", {"entry_no": "bigint"})
    assert rows(endpoint, 'select ENTRY_NO, "Entry_No" as again from Cased') == [["1", "1"]]


def test_files_of_different_types_are_read_each_by_its_own(endpoint: Endpoint):
    name = table(endpoint, "mixed", "bigint", pa.array([1], pa.int32()), pa.array([2], pa.int64()))
    assert sorted(rows(endpoint, f"select v from {name}")) == [["1"], ["2"]]


@pytest.mark.parametrize(
    ("name", "hidden"),
    [
        ("hidden_folder", "_late/a.parquet"),
        ("hidden_dot", ".staging/a.parquet"),
        ("hidden_marker", "_SUCCESS"),
        ("hidden_below", "x/.part.parquet"),
    ],
)
def test_hidden_names_are_passed_over(endpoint: Endpoint, name: str, hidden: str):
    table(endpoint, name, "string", pa.array(["seen"]))
    put_rows(endpoint, f"{LAKE}/{name}/{hidden}", pa.table({"v": ["hidden"]}))
    assert rows(endpoint, f"select v from {name}") == [["seen"]]


def test_a_folder_below_the_location_is_read(endpoint: Endpoint):
    name = table(endpoint, "nested", "string", pa.array(["top"]))
    put_rows(endpoint, f"{LAKE}/{name}/deeper/still/1.parquet", pa.table({"v": ["deep"]}))
    assert sorted(rows(endpoint, f"select v from {name}")) == [["deep"], ["top"]]


def test_a_location_without_files_has_no_rows(endpoint: Endpoint):
    register_table(endpoint, "nav", "nothing", f"{LAKE}/nothing/", {"v": "decimal(18,4)"})
    assert rows(endpoint, "select v from nothing") == []
    assert rows(endpoint, "select count(*) as n, sum(v) as total from nothing") == [["0", None]]


def test_a_location_in_a_missing_bucket_fails(endpoint: Endpoint):
    register_table(endpoint, "nav", "homeless", "s3://no-such-bucket-here/t/", {"v": "string"})
    assert "NoSuchBucket" in failure(endpoint, "select v from homeless")


def test_an_object_that_is_no_parquet_file_fails(endpoint: Endpoint):
    name = table(endpoint, "broken", "string")
    endpoint.client("s3").put_object(Bucket="sox-data", Key=f"reading/{name}/0.parquet", Body=b"entry_no;amount")
    assert (
        failure(endpoint, f"select v from {name}") == f"HIVE_BAD_DATA: Malformed Parquet file: {LAKE}/{name}/0.parquet"
    )


def test_a_replaced_object_is_read_anew(endpoint: Endpoint):
    name = table(endpoint, "replaced", "string", pa.array(["before"]))
    assert rows(endpoint, f"select v from {name}") == [["before"]]
    put_rows(endpoint, f"{LAKE}/{name}/0.parquet", pa.table({"v": ["after"]}))
    assert rows(endpoint, f"select v from {name}") == [["after"]]


def test_the_path_of_a_row_can_be_asked_for(endpoint: Endpoint):
    name = table(endpoint, "paths", "string", pa.array(["a"]), pa.array(["b"]))
    assert rows(endpoint, f'select v, "$path" as p from {name} order by v') == [
        ["a", f"{LAKE}/{name}/0.parquet"],
        ["b", f"{LAKE}/{name}/1.parquet"],
    ]
    assert rows(endpoint, f"select * from {name} order by v") == [["a"], ["b"]]
    assert failure(endpoint, f'select *, "$path" as p from {name}').startswith("NOT_SUPPORTED")


def test_partitions_are_those_of_the_catalog(endpoint: Endpoint):
    for month in ("2025-08", "2025-09"):
        put_rows(endpoint, f"{LAKE}/parted/month={month}/0.parquet", pa.table({"v": [month[-2:]]}))
    register_table(endpoint, "nav", "parted", f"{LAKE}/parted/", {"v": "string"}, keys={"month": "string"})
    assert rows(endpoint, "select v, month from parted") == []
    storage = {"Location": f"{LAKE}/parted/month=2025-09/", "Columns": [{"Name": "v", "Type": "string"}]}
    endpoint.client("glue").create_partition(
        DatabaseName="nav", TableName="parted", PartitionInput={"Values": ["2025-09"], "StorageDescriptor": storage}
    )
    assert rows(endpoint, "select v, month from parted") == [["09", "2025-09"]]


def test_only_the_columns_that_are_read_count_as_scanned(endpoint: Endpoint):
    wide: dict[str, Any] = {"a": ["x" * 50] * 3, "b": [f"{n:0200d}" for n in range(3)]}
    put_rows(endpoint, f"{LAKE}/wide/0.parquet", pa.table(wide))
    register_table(endpoint, "nav", "wide", f"{LAKE}/wide/", {"a": "string", "b": "string"})
    scanned = [
        succeeded(endpoint, f"select {columns} from wide")["Statistics"]["DataScannedInBytes"]
        for columns in ("count(*) as n", "a", "b", "a, b")
    ]
    assert scanned[0] == 0
    assert scanned[1] + scanned[2] == scanned[3]
    assert 0 < scanned[1] < scanned[2]


def test_a_time_zone_in_a_file_is_not_shown(endpoint: Endpoint):
    column = pa.array([datetime(2025, 9, 30, 12, tzinfo=UTC)], pa.timestamp("ms", tz="UTC"))
    assert rows(endpoint, f"select v from {table(endpoint, 'zoned', 'timestamp', column)}") == [
        ["2025-09-30 12:00:00.000"]
    ]
