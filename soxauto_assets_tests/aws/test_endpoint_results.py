"""What the endpoint's Athena writes: CSV results, pages of rows, and the files of UNLOAD."""

from datetime import datetime
from decimal import Decimal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.exceptions import ClientError

from soxauto_assets_tests.aws.endpoint import Endpoint
from soxauto_assets_tests.aws.queries import (
    failure,
    keys,
    manifest,
    read_object,
    refusal,
    rows,
    submit,
    succeeded,
    tables,
    unload,
    unload_text,
)

UNRESOLVED = " cannot be resolved or requester is not authorized to access requested resources"
pytestmark = pytest.mark.usefixtures("entries")


class TestUnloadRefuses:
    def test_a_target_that_is_not_empty(self, endpoint: Endpoint):
        endpoint.client("s3").put_object(Bucket="sox-data", Key="taken/there", Body=b"x")
        reason = failure(endpoint, unload_text("select entry_no from entries", "s3://sox-data/taken"))
        assert reason == "HIVE_PATH_ALREADY_EXISTS: Target directory for table already exists: s3://sox-data/taken/"
        assert keys(endpoint, "s3://sox-data/taken/") == ["s3://sox-data/taken/there"]

    def test_a_missing_bucket(self, endpoint: Endpoint):
        reason = failure(endpoint, unload_text("select entry_no from entries", "s3://no-such-bucket-here/x/"))
        assert "Error Code: NoSuchBucket" in reason

    @pytest.mark.parametrize(
        ("query", "reason"),
        [
            (
                "select entry_no, entry_no from entries",
                "DUPLICATE_COLUMN_NAME: line 1:1: Column name 'entry_no' specified more than once",
            ),
            (
                "select entry_no as a, amount as A from entries",
                "DUPLICATE_COLUMN_NAME: line 1:1: Column name 'a' specified more than once",
            ),
            ("select count(*) from entries", "MISSING_COLUMN_NAME: line 1:1: Column name not specified at position 1"),
            ("select null as nothing from entries", "NOT_SUPPORTED: Unsupported Hive type: unknown"),
            ("select nope from entries", "COLUMN_NOT_FOUND: line 1:16: Column 'nope'" + UNRESOLVED),
        ],
    )
    def test_a_query_that_makes_no_table(self, endpoint: Endpoint, query: str, reason: str):
        assert failure(endpoint, unload_text(query, "s3://sox-data/refused/query/")) == reason
        assert keys(endpoint, "s3://sox-data/refused/query/") == []

    @pytest.mark.parametrize(
        ("statement", "message"),
        [
            (
                "UNLOAD (select 1 as a) TO 's3://sox-data/refused/x/'",
                "line 1:27: mismatched input ''s3://sox-data/refused/x/''",
            ),
            (
                "UNLOAD (select 1 as a) TO 'sox-data/x/' WITH (format='PARQUET')",
                "line 1:27: Invalid UNLOAD location 'sox-data/x/'",
            ),
            (
                "UNLOAD (select 1 as a) TO 's3://sox-data/x/' WITH (compression='SNAPPY')",
                "line 1:1: UNLOAD requires the property 'format'",
            ),
            (
                "UNLOAD (select 1 as a) TO 's3://sox-data/x/' WITH (format='XLSX')",
                "line 1:1: Invalid value for property 'format': XLSX",
            ),
            (
                "UNLOAD (select 1 as a) TO 's3://sox-data/x/' WITH (format='PARQUET', compression='RAR')",
                "line 1:1: Invalid value for property 'compression': RAR",
            ),
            (
                "UNLOAD (select 1 as a) TO 's3://sox-data/x/' WITH (format='PARQUET', overwrite='true')",
                "line 1:70: Catalog 'awsdatacatalog' table property 'overwrite' does not exist",
            ),
            (
                "UNLOAD (select 1 as a) TO 's3://sox-data/x/' WITH (format='PARQUET', format='PARQUET')",
                "line 1:70: Duplicate property: format",
            ),
            (
                "UNLOAD (select 1 as a) TO 's3://sox-data/x/' WITH (format='PARQUET', field_delimiter=';')",
                "line 1:1: the property 'field_delimiter' is for TEXTFILE only",
            ),
            (
                "UNLOAD select 1 as a TO 's3://sox-data/x/' WITH (format='PARQUET')",
                "line 1:8: mismatched input 'select'",
            ),
            ("UNLOAD (select 1 as a TO 's3://sox-data/x/' WITH (format='PARQUET')", None),
            (
                "UNLOAD (drop table entries) TO 's3://sox-data/x/' WITH (format='PARQUET')",
                "line 1:9: mismatched input 'drop'",
            ),
            (
                "UNLOAD (select top 1 entry_no from entries) TO 's3://sox-data/x/' WITH (format='PARQUET')",
                "line 1:20: mismatched input '1'",
            ),
        ],
    )
    def test_options_that_it_does_not_know(self, endpoint: Endpoint, statement: str, message: str | None):
        assert message in (None, refusal(endpoint, statement))

    def test_a_caller_who_may_not_write_there(self, endpoint: Endpoint):
        reader = endpoint.credentials.register(name="reader", deny=[("s3:PutObject", "arn:aws:s3:::sox-data/denied/*")])
        statement = unload_text("select entry_no from entries", "s3://sox-data/denied/x/")
        reason = failure(endpoint, statement, client=endpoint.client("athena", reader))
        assert reason.startswith("PERMISSION_DENIED: Access Denied (Service: Amazon S3; Status Code: 403")

    def test_a_caller_who_may_not_read_the_source(self, endpoint: Endpoint, entries: str):
        blind = endpoint.credentials.register(name="blind", deny=[("s3:GetObject", "arn:aws:s3:::sox-data/lake/*")])
        reason = failure(endpoint, "select entry_no from entries", client=endpoint.client("athena", blind))
        assert reason.startswith("PERMISSION_DENIED")
        unseen = endpoint.credentials.register(name="unseen", deny=["glue:GetTable"])
        reason = failure(endpoint, "select entry_no from entries", client=endpoint.client("athena", unseen))
        assert reason.startswith("Insufficient permissions to execute the query.")


class TestUnload:
    def test_writes_several_files_without_extension_and_a_manifest(self, endpoint: Endpoint):
        target = "s3://sox-data/unloaded/several/"
        found = unload(endpoint, "select entry_no, company from entries", target)
        written = manifest(endpoint, found)
        assert len(written) == 3
        assert sorted(written) == keys(endpoint, target)
        assert not any("." in uri.rpartition("/")[2] for uri in written)
        got = pa.concat_tables(tables(endpoint, written)).sort_by("entry_no")
        assert got.to_pylist() == [
            {"entry_no": 1, "company": "EC_NG"},
            {"entry_no": 2, "company": ""},
            {"entry_no": 3, "company": None},
        ]

    def test_describes_itself(self, endpoint: Endpoint):
        found = unload(endpoint, "select entry_no from entries", "s3://sox-data/unloaded/described/")
        base = f"s3://sox-athena-results/results/{found['QueryExecutionId']}"
        assert (found["StatementType"], found["SubstatementType"]) == ("DML", "UNLOAD")
        assert found["ResultConfiguration"]["OutputLocation"] == base
        assert found["Statistics"]["DataManifestLocation"] == f"{base}-manifest.csv"
        assert keys(endpoint, base) == [f"{base}-manifest.csv", f"{base}.metadata"]
        results = endpoint.client("athena").get_query_results(QueryExecutionId=found["QueryExecutionId"])
        assert results["UpdateCount"] == 3
        assert results["ResultSet"]["Rows"] == []

    def test_of_no_rows_writes_no_file(self, endpoint: Endpoint):
        target = "s3://sox-data/unloaded/none/"
        found = unload(endpoint, "select entry_no from entries where entry_no > 99", target)
        assert manifest(endpoint, found) == []
        assert keys(endpoint, target) == []

    def test_of_one_row_writes_one_file(self, endpoint: Endpoint):
        found = unload(endpoint, "select entry_no from entries where entry_no = 1", "s3://sox-data/unloaded/one/")
        assert len(manifest(endpoint, found)) == 1

    def test_writes_as_many_files_as_a_test_asks_for(self, endpoint: Endpoint):
        endpoint.athena.settings.unload_files = 1
        assert (
            len(manifest(endpoint, unload(endpoint, "select entry_no from entries", "s3://sox-data/unloaded/single/")))
            == 1
        )

    @pytest.mark.parametrize(
        ("compression", "codec"), [("SNAPPY", "SNAPPY"), ("ZSTD", "ZSTD"), ("GZIP", "GZIP"), ("NONE", "UNCOMPRESSED")]
    )
    def test_honours_the_compression(self, endpoint: Endpoint, compression: str, codec: str):
        target = f"s3://sox-data/unloaded/{compression}/"
        found = unload(endpoint, "select entry_no from entries", target, compression=compression)
        body = pa.BufferReader(read_object(endpoint, manifest(endpoint, found)[0]))
        assert pq.read_metadata(body).row_group(0).column(0).compression == codec

    def test_compresses_with_gzip_unless_told_otherwise(self, endpoint: Endpoint):
        found = succeeded(
            endpoint,
            "UNLOAD (select entry_no from entries) TO 's3://sox-data/unloaded/default/' WITH (format='parquet')",
        )
        body = pa.BufferReader(read_object(endpoint, manifest(endpoint, found)[0]))
        assert pq.read_metadata(body).row_group(0).column(0).compression == "GZIP"

    def test_writes_the_types_that_trino_writes(self, endpoint: Endpoint):
        query = (
            "select entry_no, booked_at, posted, amount, is_open, sum(entry_no) over () as total, cast(1 as integer) as one "
            "from entries where entry_no = 1"
        )
        found = unload(endpoint, query, "s3://sox-data/unloaded/types/")
        body = pa.BufferReader(read_object(endpoint, manifest(endpoint, found)[0]))
        file = pq.ParquetFile(body)
        physical = {file.schema.column(n).name: file.schema.column(n).physical_type for n in range(7)}
        assert physical["booked_at"] == "INT96"
        assert file.schema_arrow.field("booked_at").type == pa.timestamp("ns")
        assert file.schema_arrow.field("amount").type == pa.decimal128(18, 4)
        assert file.schema_arrow.field("total").type == pa.int64()
        assert file.schema_arrow.field("one").type == pa.int32()
        row = file.read().to_pylist()[0]
        assert row["amount"] == Decimal("10.5000")
        assert row["booked_at"].to_pydatetime() == datetime(2025, 9, 30, 23, 59, 59, 999000)
        file.close()


class TestSelect:
    def test_writes_csv_that_keeps_null_and_empty_apart(self, endpoint: Endpoint):
        found = succeeded(endpoint, "select entry_no, company, amount from entries order by entry_no")
        location = found["ResultConfiguration"]["OutputLocation"]
        assert location == f"s3://sox-athena-results/results/{found['QueryExecutionId']}.csv"
        assert read_object(endpoint, location) == (
            b'"entry_no","company","amount"\n"1","EC_NG","10.5000"\n"2","",\n"3",,"-3.2500"\n'
        )
        assert keys(endpoint, location) == [location, f"{location}.metadata"]

    def test_doubles_quotes_and_keeps_line_ends(self, endpoint: Endpoint):
        found = succeeded(endpoint, "select 'a\"b\nc,d' as v")
        assert read_object(endpoint, found["ResultConfiguration"]["OutputLocation"]) == b'"v"\n"a""b\nc,d"\n'

    def test_shows_values_as_athena_does(self, endpoint: Endpoint):
        query = (
            "select booked_at, posted, amount, is_open, 1.5 as d, 1e10 as big, 1e-7 as small, cast(3 as double) as whole, "
            "cast('1.005' as decimal(10,2)) as cents, decimal '1.50' as typed from entries where entry_no = 1"
        )
        assert rows(endpoint, query) == [
            [
                "2025-09-30 23:59:59.999",
                "2025-09-30",
                "10.5000",
                "true",
                "1.5",
                "1.0E10",
                "1.0E-7",
                "3.0",
                "1.01",
                "1.50",
            ]
        ]

    def test_names_and_types_its_columns(self, endpoint: Endpoint):
        execution = succeeded(
            endpoint, "select entry_no, amount, booked_at, company as Name, count(*) over () from entries limit 1"
        )["QueryExecutionId"]
        results = endpoint.client("athena").get_query_results(QueryExecutionId=execution)
        info = results["ResultSet"]["ResultSetMetadata"]["ColumnInfo"]
        assert [(c["Name"], c["Type"], c["Precision"], c["Scale"], c["CaseSensitive"]) for c in info] == [
            ("entry_no", "bigint", 19, 0, False),
            ("amount", "decimal", 18, 4, False),
            ("booked_at", "timestamp", 3, 0, False),
            ("name", "varchar", 2147483647, 0, True),
            ("_col4", "bigint", 19, 0, False),
        ]
        assert {c["Nullable"] for c in info} == {"UNKNOWN"}

    def test_may_repeat_a_name(self, endpoint: Endpoint):
        assert rows(endpoint, "select entry_no, entry_no from entries where entry_no = 1") == [["1", "1"]]

    def test_pages_at_most_a_thousand_rows_the_first_being_the_names(self, endpoint: Endpoint):
        numbers = " cross join ".join(f"(select entry_no from entries) t{n}" for n in range(7))
        sql = f"select row_number() over (order by t0.entry_no) as n from {numbers}"
        execution = succeeded(endpoint, sql)["QueryExecutionId"]
        athena = endpoint.client("athena")
        first = athena.get_query_results(QueryExecutionId=execution)
        assert len(first["ResultSet"]["Rows"]) == 1000
        assert first["ResultSet"]["Rows"][0] == {"Data": [{"VarCharValue": "n"}]}
        second = athena.get_query_results(QueryExecutionId=execution, NextToken=first["NextToken"])
        assert second["ResultSet"]["Rows"][0] == {"Data": [{"VarCharValue": "1000"}]}
        pages = athena.get_paginator("get_query_results").paginate(QueryExecutionId=execution)
        assert sum(len(page["ResultSet"]["Rows"]) for page in pages) == 3**7 + 1
        with pytest.raises(ClientError, match="Invalid NextToken"):
            athena.get_query_results(QueryExecutionId=execution, NextToken="nope")
        with pytest.raises(ClientError, match="Member must have value less than or equal to 1000"):
            athena.get_query_results(QueryExecutionId=execution, MaxResults=1001)

    def test_says_what_it_did(self, endpoint: Endpoint):
        found = succeeded(endpoint, "select company from entries")
        assert (found["StatementType"], found["SubstatementType"], found["WorkGroup"]) == (
            "DML",
            "SELECT",
            "sox-automation",
        )
        assert found["QueryExecutionContext"] == {"Database": "nav"}
        assert found["EngineVersion"]["EffectiveEngineVersion"] == "Athena engine version 3"
        assert found["ResultReuseConfiguration"] == {"ResultReuseByAgeConfiguration": {"Enabled": False}}
        assert found["Statistics"]["ResultReuseInformation"] == {"ReusedPreviousResult": False}
        assert found["Statistics"]["DataScannedInBytes"] > 0

    def test_says_when_it_reused_a_result(self, endpoint: Endpoint):
        endpoint.athena.settings.reused = True
        allowed = {"ResultReuseByAgeConfiguration": {"Enabled": True, "MaxAgeInMinutes": 60}}
        found = succeeded(endpoint, "select company from entries", ResultReuseConfiguration=allowed)
        assert found["Statistics"]["ResultReuseInformation"] == {"ReusedPreviousResult": True}
        assert not succeeded(endpoint, "select company from entries")["Statistics"]["ResultReuseInformation"][
            "ReusedPreviousResult"
        ]

    def test_a_caller_who_may_not_write_the_results_fails(self, endpoint: Endpoint):
        mute = endpoint.credentials.register(name="mute", deny=[("s3:PutObject", "arn:aws:s3:::sox-athena-results/*")])
        reason = failure(endpoint, "select entry_no from entries", client=endpoint.client("athena", mute))
        assert reason.startswith("Access denied when writing output to url: s3://sox-athena-results/results/")

    def test_of_another_caller_is_in_the_same_account(self, endpoint: Endpoint):
        other = endpoint.credentials.register(name="other")
        execution = submit(endpoint, "select 1 as one")
        found = endpoint.client("athena", other).get_query_execution(QueryExecutionId=execution)
        assert found["QueryExecution"]["QueryExecutionId"] == execution
