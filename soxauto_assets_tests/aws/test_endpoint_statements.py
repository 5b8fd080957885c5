"""What the endpoint's Athena refuses of a statement, in Athena's words.

Each statement runs on the table ``nav.entries`` (see ``conftest.entries``).
"""

import pytest

from soxauto_assets_tests.aws.endpoint import Endpoint, register_table
from soxauto_assets_tests.aws.queries import failure, refusal, rows, succeeded

UNRESOLVED = " cannot be resolved or requester is not authorized to access requested resources"
DIFFERS = ": DuckDB's answer differs from Trino's"
pytestmark = pytest.mark.usefixtures("entries")


@pytest.mark.parametrize(
    ("sql", "message"),
    [
        # T-SQL
        ("select top 10 entry_no from entries", "line 1:12: mismatched input '10'"),
        ("select top (10) entry_no from entries", "line 1:12: mismatched input '('"),
        ("select [entry_no] from entries", "line 1:8: mismatched input '['"),
        ("select entry_no from [nav].[entries]", "line 1:22: mismatched input '['"),
        ("select entry_no from entries with (nolock)", "line 1:30: mismatched input 'with'"),
        ("select entry_no from entries (nolock)", "line 1:30: mismatched input '('"),
        ("select entry_no as 'number' from entries", "line 1:20: mismatched input ''number''"),
        ("select entry_no 'number' from entries", "line 1:17: mismatched input ''number''"),
        ("select left(company, 2) from entries", "line 1:12: mismatched input '('"),
        ("select right(company, 2) from entries", "line 1:13: mismatched input '('"),
        ("select entry_no into #kept from entries", None),
        ("select @period from entries", "line 1:8: mismatched input '@'"),
        ("select e.entry_no from entries e cross apply entries f", "line 1:40: mismatched input 'apply'"),
        ("set nocount on", "Queries of this type are not supported"),
        ("declare @a int", "Queries of this type are not supported"),
        # other dialects
        ("select entry_no::varchar from entries", "line 1:16: mismatched input '::'"),
        (
            "select `entry_no` from entries",
            "line 1:8: backquoted identifiers are not supported; use double quotes to quote identifiers",
        ),
        ("select entry_no from entries where company ilike 'e%'", "line 1:44: mismatched input 'ilike'"),
        (
            "select entry_no from entries qualify row_number() over (order by entry_no) = 1",
            "line 1:38: mismatched input 'row_number'",
        ),
        ("select entry_no from entries limit 1, 2", "line 1:37: mismatched input ','"),
        ("select entry_no from entries limit 1 offset 2", "line 1:38: mismatched input 'offset'"),
        ("select entry_no from entries where is_open is true", "line 1:47: mismatched input 'true'"),
        ("select entry_no from entries where company isnull", "line 1:44: mismatched input 'isnull'"),
        ("select booked_at + interval 1 day from entries", "line 1:29: mismatched input '1'"),
        ("select distinct on (company) entry_no from entries", "line 1:17: mismatched input 'on'"),
        ("select entry_no, from entries", "line 1:18: mismatched input 'from'"),
        # syntax
        ("", None),
        ("selec 1", "Queries of this type are not supported"),
        ("select entry_no from", None),
        ("select (entry_no from entries", None),
        ("select 'open from entries", None),
        ("select 1; select 2", "Only one sql statement is allowed. Got: select 1; select 2"),
        ("insert into entries select * from entries", "Queries of this type are not supported"),
        ("drop table entries", "Queries of this type are not supported"),
        # parameters outside WHERE
        ("select ? from entries", "line 1:1: parameters are allowed in a WHERE clause only"),
    ],
)
def test_is_refused_before_there_is_an_execution(endpoint: Endpoint, sql: str, message: str | None):
    found = refusal(endpoint, sql, ExecutionParameters=["1"]) if "?" in sql else _refused_text(endpoint, sql)
    assert message in (None, found), found


def _refused_text(endpoint: Endpoint, sql: str) -> str:
    """Submit with a client that does not check lengths itself."""
    from botocore.config import Config
    from botocore.session import get_session

    if sql:
        return refusal(endpoint, sql)
    session = get_session()
    client = session.create_client(
        "athena",
        region_name=endpoint.region,
        endpoint_url=endpoint.url,
        aws_access_key_id=endpoint.tester.key_id,
        aws_secret_access_key=endpoint.tester.secret,
        config=Config(parameter_validation=False, retries={"total_max_attempts": 1}),
    )
    return refusal(endpoint, sql, client=client)


@pytest.mark.parametrize(
    ("sql", "reason"),
    [
        # names
        ("select nope from entries", "COLUMN_NOT_FOUND: line 1:8: Column 'nope'" + UNRESOLVED),
        ("select e.nope from entries as e", "COLUMN_NOT_FOUND: line 1:8: Column 'e.nope'" + UNRESOLVED),
        ("select entry_no from entries\nwhere nope = 1", "COLUMN_NOT_FOUND: line 2:7: Column 'nope'" + UNRESOLVED),
        (
            "select company as c, count(*) from entries group by c",
            "COLUMN_NOT_FOUND: line 1:53: Column 'c'" + UNRESOLVED,
        ),
        (
            "select company from entries as a join entries as b on a.entry_no = b.entry_no",
            "AMBIGUOUS_NAME: line 1:8: Column 'company' is ambiguous",
        ),
        (
            "select company, count(*) as n from entries group by company having n > 1",
            "COLUMN_NOT_FOUND: line 1:68: Column 'n'" + UNRESOLVED,
        ),
        ("select entry_no from nope", "TABLE_NOT_FOUND: line 1:22: Table 'awsdatacatalog.nav.nope' does not exist"),
        ("select entry_no from nope.entries", "SCHEMA_NOT_FOUND: line 1:27: Schema 'nope' does not exist"),
        ("select entry_no from nope.nav.entries", "CATALOG_NOT_FOUND: line 1:31: Catalog 'nope' not found"),
        # functions of T-SQL and of other dialects
        ("select isnull(company, '') from entries", "FUNCTION_NOT_FOUND: line 1:8: Function 'isnull' not registered"),
        ("select getdate() from entries", "FUNCTION_NOT_FOUND: line 1:8: Function 'getdate' not registered"),
        (
            "select convert(date, booked_at) from entries",
            "FUNCTION_NOT_FOUND: line 1:8: Function 'convert' not registered",
        ),
        (
            "select dateadd(day, 1, posted) from entries",
            "FUNCTION_NOT_FOUND: line 1:8: Function 'dateadd' not registered",
        ),
        ("select eomonth(posted) from entries", "FUNCTION_NOT_FOUND: line 1:8: Function 'eomonth' not registered"),
        ("select len(company) from entries", "FUNCTION_NOT_FOUND: line 1:8: Function 'len' not registered"),
        (
            "select string_agg(company, ',') from entries",
            "FUNCTION_NOT_FOUND: line 1:8: Function 'string_agg' not registered",
        ),
        (
            "select charindex('a', company) from entries",
            "FUNCTION_NOT_FOUND: line 1:8: Function 'charindex' not registered",
        ),
        ("select cast(booked_at as datetime) from entries", "TYPE_NOT_FOUND: line 1:26: Unknown type: datetime"),
        ("select cast(company as nvarchar(5)) from entries", "TYPE_NOT_FOUND: line 1:24: Unknown type: nvarchar"),
        # implicit conversions
        (
            "select entry_no from entries where company = 1",
            "TYPE_MISMATCH: line 1:36: Cannot apply operator: varchar = integer",
        ),
        (
            "select entry_no from entries where entry_no = '1'",
            "TYPE_MISMATCH: line 1:36: Cannot apply operator: bigint = varchar(1)",
        ),
        (
            "select entry_no from entries where posted >= '2025-09-01'",
            "TYPE_MISMATCH: line 1:36: Cannot apply operator: date >= varchar(10)",
        ),
        (
            "select entry_no from entries where booked_at < '2025-10-01'",
            "TYPE_MISMATCH: line 1:36: Cannot apply operator: timestamp(3) < varchar(10)",
        ),
        (
            "select entry_no from entries where company = date '2025-09-30'",
            "TYPE_MISMATCH: line 1:36: Cannot apply operator: varchar = date",
        ),
        (
            "select entry_no from entries where posted between '2025-09-01' and '2025-09-30'",
            "TYPE_MISMATCH: line 1:36: Cannot check if date is BETWEEN varchar(10) and varchar(10)",
        ),
        (
            "select entry_no from entries where entry_no in ('1', '2')",
            "TYPE_MISMATCH: line 1:36: IN value and list items must be the same type: bigint and varchar(1)",
        ),
        (
            "select entry_no from entries where entry_no in (select company from entries)",
            "TYPE_MISMATCH: line 1:36: value and result of subquery must be of the same type for IN expression: "
            "bigint vs varchar",
        ),
        (
            "with e as (select company as c from entries) select c from e where c > 5",
            "TYPE_MISMATCH: line 1:68: Cannot apply operator: varchar > integer",
        ),
        (
            "select coalesce(company, 0) from entries",
            "TYPE_MISMATCH: line 1:17: All COALESCE operands must be the same type: varchar",
        ),
        (
            "select case when is_open then company else 0 end from entries",
            "TYPE_MISMATCH: line 1:18: All CASE results must be the same type or coercible to a common type: varchar",
        ),
        ("select company + company from entries", "TYPE_MISMATCH: line 1:8: Cannot apply operator: varchar + varchar"),
        ("select posted + 1 from entries", "TYPE_MISMATCH: line 1:8: Cannot apply operator: date + integer"),
        (
            "select concat(company, entry_no) from entries",
            "FUNCTION_NOT_FOUND: line 1:15: Unexpected parameters (varchar, bigint) for function concat",
        ),
        (
            "select lower(entry_no) from entries",
            "FUNCTION_NOT_FOUND: line 1:14: Unexpected parameters (bigint) for function lower",
        ),
        (
            "select sum(company) from entries",
            "FUNCTION_NOT_FOUND: line 1:12: Unexpected parameters (varchar) for function sum",
        ),
        (
            "select entry_no from entries where entry_no",
            "TYPE_MISMATCH: line 1:36: WHERE clause must evaluate to a boolean: actual type bigint",
        ),
        (
            "select entry_no from entries union all select company from entries",
            "TYPE_MISMATCH: line 1:8: column 1 in UNION query has incompatible types: bigint, varchar",
        ),
        # aggregation and values
        ("select company, count(*) from entries", "EXPRESSION_NOT_AGGREGATE"),
        ("select cast(company as bigint) from entries", "INVALID_CAST_ARGUMENT"),
        # what DuckDB would answer otherwise
        ("select amount / 3 from entries", "NOT_SUPPORTED: this endpoint refuses division of decimals" + DIFFERS),
        ("select avg(amount) from entries", "NOT_SUPPORTED: this endpoint refuses avg of decimals" + DIFFERS),
        ("select try_cast(company as bigint) from entries", "NOT_SUPPORTED: this endpoint refuses try_cast" + DIFFERS),
    ],
)
def test_fails_for_the_users_fault(endpoint: Endpoint, sql: str, reason: str):
    found = failure(endpoint, sql)
    assert found.startswith(reason) if reason.isupper() else found == reason


@pytest.mark.parametrize(
    ("sql", "error_type"),
    [("select nope from entries", 1006), ("select * from nope", 1301), ("select nope() from entries", 1303)],
)
def test_the_error_type_is_the_one_seen_on_aws(endpoint: Endpoint, sql: str, error_type: int):
    from soxauto_assets_tests.aws.queries import run

    assert run(endpoint, sql)["Status"]["AthenaError"]["ErrorType"] == error_type


def test_a_database_is_needed(endpoint: Endpoint):
    reason = failure(endpoint, "select entry_no from entries", QueryExecutionContext={"Catalog": "AwsDataCatalog"})
    assert reason == "MISSING_SCHEMA_NAME: line 1:22: Schema must be specified when session schema is not set"


def test_a_statement_may_have_262144_bytes_and_no_more(endpoint: Endpoint):
    fitting = "select 1 as one --"
    assert succeeded(endpoint, fitting.ljust(262_144, "-"))
    session_free = fitting.ljust(262_143, "-") + "é"
    assert "length less than or equal to 262144" in refusal(endpoint, session_free)


def test_a_table_that_is_no_parquet_table_fails(endpoint: Endpoint):
    register_table(endpoint, "nav", "texts", "s3://sox-data/lake/nav/texts/", {"a": "string"})
    glue = endpoint.client("glue")
    table = glue.get_table(DatabaseName="nav", Name="texts")["Table"]
    storage = {
        **table["StorageDescriptor"],
        "SerdeInfo": {"SerializationLibrary": "org.apache.hadoop.hive.serde2.OpenCSVSerde"},
    }
    glue.update_table(
        DatabaseName="nav", TableInput={"Name": "texts", "TableType": "EXTERNAL_TABLE", "StorageDescriptor": storage}
    )
    assert failure(endpoint, "select a from texts").startswith("HIVE_UNSUPPORTED_FORMAT")


class TestExplain:
    def test_refuses_what_the_query_refuses(self, endpoint: Endpoint):
        assert failure(endpoint, "explain select nope from entries").startswith("COLUMN_NOT_FOUND: line 1:16")
        assert failure(endpoint, "explain select * from entries where company = 1").startswith("TYPE_MISMATCH")
        assert refusal(endpoint, "explain select top 1 entry_no from entries") == "line 1:20: mismatched input '1'"

    def test_takes_neither_analyze_nor_another_statement(self, endpoint: Endpoint):
        assert refusal(endpoint, "explain analyze select 1") == "Queries of this type are not supported"
        assert refusal(endpoint, "explain drop table entries") == "line 1:9: mismatched input 'drop'"

    def test_plans_without_scanning(self, endpoint: Endpoint):
        found = succeeded(endpoint, "explain (type distributed) select sum(amount) as total from entries")
        assert found["SubstatementType"] == "EXPLAIN"
        assert found["Statistics"]["DataScannedInBytes"] == 0
        assert found["ResultConfiguration"]["OutputLocation"].endswith(".txt")


class TestParameters:
    def test_the_number_must_fit(self, endpoint: Endpoint):
        reason = failure(
            endpoint, "select entry_no from entries where entry_no = ? or entry_no = ?", ExecutionParameters=["1"]
        )
        assert reason == "INVALID_PARAMETER_USAGE: line 1:1: Incorrect number of parameters: expected 2 but found 1"

    def test_a_value_that_is_no_expression_is_a_text(self, endpoint: Endpoint):
        assert rows(endpoint, "select entry_no from entries where company = ?", ExecutionParameters=["EC_NG"]) == [
            ["1"]
        ]
        assert (
            rows(endpoint, "select entry_no from entries where company = ?", ExecutionParameters=["x' or '1'='1"]) == []
        )

    def test_a_value_that_is_an_expression_keeps_its_type(self, endpoint: Endpoint):
        assert rows(endpoint, "select entry_no from entries where entry_no = ?", ExecutionParameters=["1 + 1"]) == [
            ["2"]
        ]
        reason = failure(endpoint, "select entry_no from entries where company = ?", ExecutionParameters=["1"])
        assert reason == "TYPE_MISMATCH: line 1:36: Cannot apply operator: varchar = integer"


class TestNothingIsApproximated:
    @pytest.mark.parametrize(
        ("expression", "what"),
        [
            ("amount / 3", "division of decimals"),
            ("avg(amount)", "avg of decimals"),
            ("cast(1.5 as decimal(10,2))", "a cast of floating point to decimal(10, 2)"),
            ("cast(1.5 as varchar)", "a cast of floating point to varchar"),
            ("try_cast(company as bigint)", "try_cast"),
            ("cast(booked_at as varchar)", "a cast of a timestamp to text"),
            ("date_diff('day', booked_at, booked_at)", "date_diff of timestamps"),
            ("posted - posted", "a difference of two dates"),
            ("substr(company, 0, 2)", "substr from position 0"),
            ("split_part(company, '_', 9)", "split_part"),
            ("trim(company)", "trim"),
            ("sign(amount)", "sign"),
            ("round(amount, 2)", "round of decimals without a cast around it"),
            ("booked_at at time zone 'UTC'", "a point in time with a zone"),
        ],
    )
    def test_what_duckdb_answers_otherwise_is_refused(self, endpoint: Endpoint, expression: str, what: str):
        reason = failure(endpoint, f"select {expression} as v from entries")
        assert reason == f"NOT_SUPPORTED: this endpoint refuses {what}{DIFFERS}"

    @pytest.mark.parametrize(
        ("expression", "expected"),
        [
            ("7 / 2", "3"),
            ("-7 / 2", "-3"),
            ("1.5", "1.5"),
            ("decimal '1.23456'", "1.23456"),
            ("cast('1.23456' as decimal(38,6))", "1.234560"),
            ("date_trunc('month', posted)", "2025-09-01"),
            ("date_add('day', 1, posted)", "2025-10-01"),
            ("posted + interval '1' month", "2025-10-30"),
            ("date_trunc('month', booked_at)", "2025-09-01 00:00:00.000"),
            ("last_day_of_month(posted)", "2025-09-30"),
            ("sum(entry_no)", "1"),
            ("date_diff('day', date '2025-09-01', posted)", "29"),
            ("cast(round(amount * cast('0.333' as decimal(4,3)), 2) as decimal(18,4))", "3.5000"),
            ("regexp_replace('x  ', ' +$', '')", "x"),
            ("lower(to_hex(sha256(to_utf8('x'))))", "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881"),
            ("from_base('7FFFFFFFFFFFFFF', 16)", "576460752303423487"),
            (
                "date_diff('millisecond', timestamp '1970-01-01 00:00:00.000', timestamp '1969-12-31 23:59:59.999')",
                "-1",
            ),
        ],
    )
    def test_what_both_answer_alike_is_answered(self, endpoint: Endpoint, expression: str, expected: str):
        group = " group by posted, booked_at, amount" if "sum(" in expression else ""
        assert rows(endpoint, f"select {expression} as v from entries where entry_no = 1{group}") == [[expected]]

    def test_a_comparison_with_an_unknown_type_is_refused(self, endpoint: Endpoint):
        reason = failure(endpoint, "select entry_no from entries where codepoint('a') = 97")
        assert reason.startswith("NOT_SUPPORTED: this endpoint refuses a comparison with ")

    def test_having_reads_the_columns_of_the_table(self, endpoint: Endpoint):
        query = "select company, count(*) as entry_no from entries group by company having sum(entry_no) > 1 order by 1"
        assert rows(endpoint, query) == [["", "1"], [None, "1"]]


@pytest.mark.parametrize(
    ("sql", "expected"),
    [
        ("select b from (values (1, 'x'), (2, 'y')) as t(a, b) order by a", [["x"], ["y"]]),
        ("select n from unnest(array[1, 2]) as t(n) order by n", [["1"], ["2"]]),
        ("with a (x, y) as (select 1, 2) select y from a", [["2"]]),
        (
            "with recursive t(n) as (select 1 union all select n + 1 from t where n < 3) select max(n) as m from t",
            [["3"]],
        ),
        ("select entry_no from entries order by entry_no offset 1 limit 1", [["2"]]),
        (
            "select count(*) as n from entries group by grouping sets ((company), ()) order by 1",
            [["1"], ["1"], ["1"], ["3"]],
        ),
        ("select listagg(company, ',') within group (order by company) as l from entries", [[",EC_NG"]]),
        ("select count(*) filter (where is_open) as n from entries", [["1"]]),
        ("select entry_no from entries where company like 'EC\\_%' escape '\\'", [["1"]]),
        ("select entry_no from entries where (company, entry_no) in (('EC_NG', 1))", [["1"]]),
        ("select entry_no from entries where posted < booked_at order by 1", [["1"], ["2"]]),
        ("select entry_no as date from AwsDataCatalog.nav.entries where entry_no = 1 -- a comment", [["1"]]),
        ("select extract(year from posted) as y from entries where entry_no = 1", [["2025"]]),
        ("select entry_no from entries where posted is distinct from date '2025-09-30'", [["3"]]),
    ],
)
def test_what_trino_takes_is_taken(endpoint: Endpoint, sql: str, expected: list[list[str]]):
    assert rows(endpoint, sql) == expected
