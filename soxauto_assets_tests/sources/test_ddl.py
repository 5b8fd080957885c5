"""DDL of exported tables: types, comments, names, and what is refused."""

import pytest
import sqlglot
from sqlglot import exp

from soxauto_assets.catalog.types import DATE, INT64, STRING
from soxauto_assets.errors import BindingError
from soxauto_assets.sources.contracts import CONTRACTS, contract
from soxauto_assets.sources.ddl import exported_table
from soxauto_assets.sources.model import SourceColumn, SourceContract

PLACE = "s3://exports-bucket/nav/gl_entries/"
KINDS = {
    "string": "STRING",
    "bool": "BOOLEAN",
    "int64": "BIGINT",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}


def test_a_parquet_table_reads_as_it_is_written():
    made = exported_table(contract("currency_exchange_rate"), PLACE, "lake", "rates", "parquet")
    assert made.text == (
        "CREATE EXTERNAL TABLE lake.rates (\n"
        "  currency_code string COMMENT 'Currency',\n"
        "  starting_date date COMMENT 'First day of validity',\n"
        "  relational_exch_rate_amount decimal(18,8) COMMENT 'Algerian dinar per unit'\n"
        ")\n"
        "COMMENT 'One spot rate, valid from its starting date.'\n"
        "STORED AS PARQUET\n"
        "LOCATION 's3://exports-bucket/nav/gl_entries/';\n"
    )
    assert any("reads as NULL, silently" in note for note in made.notes)
    assert made.notes[-1].startswith("Export with: SELECT [Currency Code] AS currency_code, ")


@pytest.mark.parametrize("source", sorted(CONTRACTS))
def test_every_contract_parses_as_hive_and_athena_with_its_types(source):
    made = exported_table(CONTRACTS[source], PLACE, "lake", source, "parquet")
    for dialect in ("hive", "athena"):
        tree = sqlglot.parse_one(made.statements[0], read=dialect)
        assert isinstance(tree, exp.Create)
        columns = {column.name: column.kind.sql("hive").upper() for column in tree.find_all(exp.ColumnDef)}
        assert columns == {
            c.name: KINDS.get(c.type.kind, c.type.name.upper().replace(",", ", ")) for c in CONTRACTS[source].columns
        }
    raw, view = exported_table(CONTRACTS[source], PLACE, "lake", source, "csv").statements
    assert {c.kind.sql("hive") for c in sqlglot.parse_one(raw, read="hive").find_all(exp.ColumnDef)} == {"STRING"}
    assert sqlglot.parse_one(view, read="athena").kind == "VIEW"


def test_csv_is_read_as_text_and_a_view_casts():
    made = exported_table(contract("currency_exchange_rate"), PLACE, "lake", "rates", "csv")
    raw, view = made.statements
    assert raw.startswith("CREATE EXTERNAL TABLE lake.rates_csv (\n  currency_code string")
    assert "  starting_date string COMMENT" in raw
    assert "OpenCSVSerde" in raw and "'skip.header.line.count' = '1'" in raw
    assert view == (
        'CREATE OR REPLACE VIEW "lake"."rates" AS\n'
        "SELECT\n"
        '  nullif("currency_code", \'\') AS "currency_code",\n'
        '  cast(nullif("starting_date", \'\') AS date) AS "starting_date",\n'
        '  cast(nullif("relational_exch_rate_amount", \'\') AS decimal(18,8)) AS "relational_exch_rate_amount"\n'
        'FROM "lake"."rates_csv"'
    )
    assert "starting_date (date), relational_exch_rate_amount (decimal(18,8))" in made.notes[0]


def test_reserved_words_and_quotes_are_escaped():
    odd = SourceContract(
        "odd",
        "BOB",
        None,
        "A row's meaning.",
        (SourceColumn("date", DATE, "It's"), SourceColumn("order", INT64, "a\\b"), SourceColumn("_id", STRING, "Id")),
    )
    made = exported_table(odd, PLACE, "table", "order", "parquet")
    assert "TABLE `table`.`order` (" in made.text
    assert "  `date` date COMMENT 'It\\'s'," in made.text
    assert "  `order` bigint COMMENT 'a\\\\b'," in made.text
    assert "  `_id` string COMMENT" in made.text
    assert made.notes[-1].startswith("Parquet columns are found by name")
    assert isinstance(sqlglot.parse_one(made.statements[0], read="hive"), exp.Create)


@pytest.mark.parametrize(
    ("location", "cause"),
    [
        ("https://b/p/", "is not on S3"),
        ("s3://Bucket/p/", "bucket name 'Bucket', which S3 does not allow"),
        ("s3://ab/p/", "bucket name 'ab'"),
        ("s3://a..b/p/", "bucket name 'a..b'"),
        ("s3://-abc/p/", "bucket name '-abc'"),
        ("s3://192.168.1.1/p/", "bucket name '192.168.1.1'"),
        ("s3://xn--abc/p/", "S3 keeps for itself"),
        ("s3://abc-s3alias/p/", "S3 keeps for itself"),
        ("s3://bucket", "names a whole bucket"),
        ("s3://bucket/", "names a whole bucket"),
        ("s3://bucket/prefix", "does not end in a slash"),
        ("s3://bucket/a//b/", "empty part"),
        ("s3://bucket/it's/", "empty part or a character"),
        ("s3://bucket/a b/", "empty part or a character"),
    ],
)
def test_a_location_that_athena_cannot_read_is_refused(location, cause):
    with pytest.raises(BindingError, match=cause):
        exported_table(contract("gl_entries"), location, "lake", "t", "parquet")


@pytest.mark.parametrize("name", ["", "Ledger", "g l", "a;drop", "1st", "a.b", "`x`", "x\n"])
def test_a_name_that_athena_does_not_take_is_refused(name):
    with pytest.raises(BindingError, match="is no name for a table"):
        exported_table(contract("gl_entries"), PLACE, "lake", name, "parquet")
    with pytest.raises(BindingError, match="is no name for a database"):
        exported_table(contract("gl_entries"), PLACE, name, "t", "parquet")
