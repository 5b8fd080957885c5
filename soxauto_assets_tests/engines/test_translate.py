"""Translation of T-SQL: what becomes of each construct, and what a person is told about it."""

import pytest
import sqlglot

from soxauto_assets.engines.profile import faults_of
from soxauto_assets.engines.sql import parse
from soxauto_assets.engines.translate import Translation, TranslationError, translate

LEDGER = "AIG_Nav_DW.dbo.[Customer Ledger Entries]"


def told(translation: Translation, name: str) -> tuple[int, str]:
    """Return line and message of the one construct whose name begins so."""
    found = [c for c in translation.constructs if c.name.startswith(name)]
    assert len(found) == 1, translation.constructs
    return found[0].line, found[0].message


def flat(translation: Translation) -> str:
    return " ".join(translation.text.split())


def test_a_query_that_needs_nobody_becomes_text_over_logical_sources():
    done = translate("SELECT c.country_code FROM AIG_Nav_Jumia_Reconciliation.fdw.Dim_Country c")
    assert flat(done) == "SELECT c.country_code FROM dim_country AS c"
    assert done.constructs == ()


def test_the_result_can_be_an_extract():
    done = translate(
        f"SELECT e.[Entry No_] AS entry_no, e.[Original Amount (LCY)] AS amount FROM {LEDGER} e WITH (NOLOCK)\n"
        "WHERE e.[Posting Date] <= '{last_day}'"
    )
    assert faults_of(done.text) == []
    statement = parse("IPE_07", "extract", done.text)
    assert statement.reads == {"customer_ledger_entries": ("entry_no", "original_amount_lcy", "posting_date")}
    assert statement.parameters == ("last_day",)


@pytest.mark.parametrize(
    ("sql", "name", "message", "becomes"),
    [
        ("SELECT\n GETDATE() AS x FROM u", "GETDATE", "decide which period parameter", ":period_end AS x"),
        ("SELECT\n ISNULL(a, 0) FROM u", "ISNULL", "keeps type and length of its first", "COALESCE(a, 0)"),
        ("SELECT\n TOP 5 a FROM u ORDER BY a", "TOP", "which rows come is chance", "LIMIT 5"),
        ("SELECT a FROM u\n WITH (NOLOCK)", "hint NOLOCK", "dropped", "SELECT a FROM u"),
        ("SELECT a FROM u\n WITH (INDEX(ix))", "hint INDEX", "dropped", "SELECT a FROM u"),
        ("SELECT\n CONVERT(VARCHAR(10), a, 103) FROM u", "CONVERT with style 103", "check the pattern", "'%d/%m/%Y'"),
        ("SELECT\n DATEADD(day, 1, a) FROM u", "DATEADD", "became date_add", "DATE_ADD('DAY', 1,"),
        ("SELECT\n DATEDIFF(month, a, b) FROM u", "DATEDIFF", "boundaries crossed", "DATE_DIFF('MONTH'"),
        ("SELECT\n EOMONTH(a) FROM u", "EOMONTH", ":last_day", "LAST_DAY_OF_MONTH("),
        ("SELECT\n LEFT(a, 3) FROM u", "LEFT", "substr(x, 1, n)", "SUBSTR(CAST(a AS VARCHAR), 1, 3)"),
        ("SELECT\n RIGHT(a, 3) FROM u", "RIGHT", "Trino gives ''", "SUBSTR("),
        ("SELECT\n LEN(a) FROM u", "LEN", "trailing blanks", "LENGTH("),
        ("SELECT\n CAST(a AS MONEY) FROM u", "money", "verify the scale", "CAST(a AS DECIMAL(18, 4))"),
        ("SELECT a,\n 7 / b FROM u", "division", "cut off", "7 / b"),
        ("SELECT\n 'N' + b AS c FROM u", "+ between texts", "must be cast to varchar", "'N' || b AS c"),
        ("SELECT a,\n b 'My name' FROM u", "alias 'My name'", "became my_name", "b AS my_name"),
        ("SELECT a,\n b AS 'x' FROM u", "alias 'x'", "became x", "b AS x"),
        ("SELECT a,\n b AS [My name] FROM u", "alias [My name]", "became my_name", "b AS my_name"),
        ("SELECT a,\n NULL AS currency FROM u", "NULL as currency", "has no type", "CAST(NULL AS VARCHAR) AS currency"),
        ("SELECT a FROM u WHERE\n b = 'x'", "text comparison b = 'x'", "case and trailing blanks", "b = 'x'"),
        ("SELECT a FROM u WHERE\n b LIKE 'x%'", "text comparison", "case and trailing blanks", "b LIKE 'x%'"),
        ("SELECT u.a FROM u JOIN v\n ON u.k = v.k", "join u.k = v.k", "if these are texts", "ON u.k = v.k"),
        ("SELECT a FROM u WHERE\n b = 1", "bit b = 1", "check the Glue type", "b = 1"),
        ("SELECT a FROM u WHERE\n b < '20251001'", "text b <", "check it in Glue", "CAST('2025-10-01' AS TIMESTAMP(3))"),
        ("SELECT a FROM u WHERE\n b IN {names}", "parameter {names}", "became :names", "b IN (:names)"),
        ("SELECT a FROM u WHERE\n b > {n}", "parameter {n}", "became :n", "b > :n"),
        ("SELECT\n [Some Column] FROM u", "[Some Column]", "no contract has this header", "some_column"),
        ("SELECT\n [Amount (LCY)] FROM u", "[Amount (LCY)]", "detailed_customer_ledger_entry.amount_lcy", "amount_lcy"),
        ("SELECT a FROM\n x.dbo.[My Table]", "table x.dbo.My Table", "declare a source contract", "my_table"),
        ("SELECT a FROM u\n OPTION (MAXDOP 1)", "hint OPTION", "dropped", "FROM u"),
        ("SELECT a FROM u WHERE b =\n c COLLATE Latin1_General_CI_AS", "COLLATE", "fold case", "FROM u"),
    ],
)  # fmt: skip
def test_each_construct_is_named_with_its_line(sql, name, message, becomes):
    done = translate(sql)
    line, said = told(done, name)
    assert line == 2 and message in said
    assert becomes in flat(done)


@pytest.mark.parametrize(
    ("sql", "name", "message"),
    [
        ("SELECT 1 AS a;\nSET NOCOUNT ON", "SET NOCOUNT", "dropped"),
        ("SELECT 1 AS a;\nDROP TABLE IF EXISTS ##t", "DROP TABLE", "dropped"),
        ("SELECT 1 AS a;\nCREATE CLUSTERED INDEX i ON ##t (a)", "CREATE INDEX", "no indexes"),
        ("SELECT 1 AS a;\nDECLARE @d DATE = '2025-09-30'", "DECLARE", "becomes a period parameter"),
        ("SELECT 1 AS a;\nUSE FinRec", "USE", "belong to FinRec"),
        ("SELECT 1 AS a;\nEXEC dbo.p", "EXEC", "is not translated"),
    ],
)
def test_statements_around_the_query_are_named_and_dropped(sql, name, message):
    done = translate(sql)
    line, said = told(done, name)
    assert line == 2 and message in said
    assert flat(done) == "SELECT 1 AS a"


def test_temporary_tables_become_common_table_expressions():
    done = translate(
        f"""SET NOCOUNT ON
IF OBJECT_ID('tempdb..##open') IS NOT NULL DROP TABLE ##open
SELECT [Entry No_], SUM([Original Amount]) AS total INTO ##open FROM {LEDGER} GROUP BY [Entry No_]
CREATE INDEX ix ON ##open ([Entry No_])
;WITH big AS (SELECT * FROM ##open WHERE total > 10)
SELECT b.[Entry No_] FROM big b
"""
    )
    assert flat(done).startswith(
        "WITH open AS ( SELECT entry_no, SUM(original_amount) AS total FROM customer_ledger_entries"
    )
    assert "), big AS ( SELECT * FROM open WHERE total > 10 ) SELECT b.entry_no FROM big AS b" in flat(done)
    assert told(done, "temporary table ##open")[0] == 2
    assert told(done, "; before WITH")[0] == 5
    sqlglot.parse_one(done.text, read="athena")


def test_a_renamed_column_keeps_its_logical_name_outside_the_query_that_reads_it():
    done = translate("SELECT t.[No_] FROM (SELECT c.[No_] FROM AIG_Nav_DW.dbo.Customers c) t")
    assert flat(done) == "SELECT t.customer_no FROM ( SELECT c.customer_no FROM customers AS c ) AS t"


def test_a_contract_decides_what_a_comparison_means():
    done = translate(
        f"SELECT e.[Entry No_] FROM {LEDGER} e WHERE e.[Open] = 1 AND e.[Posting Date] <= '2025-09-30'\n"
        "AND e.[Entry No_] = 1"
    )
    assert "e.open = TRUE" in flat(done)
    assert "e.posting_date <= CAST('2025-09-30' AS DATE)" in flat(done)
    assert not [c for c in done.constructs if c.name.startswith("bit e.entry_no")], "an integer is no bit"


def test_grouping_by_texts_is_named_by_numbers_is_not():
    texts = translate(f"SELECT e.[Customer No_], COUNT(*) AS n FROM {LEDGER} e\nGROUP BY e.[Customer No_]")
    assert "customer_no" in told(texts, "GROUP BY of texts")[1]
    numbers = translate(f"SELECT e.[Entry No_], COUNT(*) AS n FROM {LEDGER} e\nGROUP BY e.[Entry No_]")
    assert not [c for c in numbers.constructs if c.name.startswith("GROUP BY")]


def test_a_temporary_table_never_takes_the_name_of_a_logical_source():
    done = translate(
        "SELECT v.id_company INTO #vendors FROM FinRec.dbo.RPT_VENDORS v\nSET NOCOUNT ON\nSELECT id_company FROM #vendors"
    )
    assert flat(done) == (
        "WITH temp_vendors AS ( SELECT v.id_company FROM vendors AS v ) SELECT id_company FROM temp_vendors"
    )


def test_a_variable_without_semicolon_hides_no_query():
    done = translate("DECLARE @d DATE = '2025-09-30'\nSELECT @d AS d")
    assert flat(done) == "SELECT :d AS d"
    assert told(done, "DECLARE")[0] == 1


def test_a_date_as_text_gets_a_type_in_arithmetic_too():
    done = translate("SELECT DATEADD(day, -1, '20250930') AS d, N'x' AS t, TRY_CAST(a AS INT) AS i FROM u")
    assert "DATE_ADD('DAY', -1, CAST('2025-09-30' AS TIMESTAMP(3))) AS d, 'x' AS t" in flat(done)
    assert "an amount is gone" in told(done, "TRY_CAST")[1]


def test_what_fills_a_temporary_table_a_second_time_is_said():
    done = translate("SELECT a INTO #t FROM u;\nINSERT INTO #t SELECT a FROM v;\nSELECT a FROM #t")
    assert told(done, "statement INSERT")[0] == 2


def test_year_and_month_joined_are_named_as_one_text():
    done = translate("SELECT CAST(YEAR(a) AS VARCHAR) + '-' + CAST(MONTH(a) AS VARCHAR) AS mth FROM u")
    assert "no leading zero" in told(done, "YEAR and MONTH joined")[1]
    assert told(done, "+ between texts")[0] == 1


def test_days_between_dates_are_counted_as_sql_server_counts_them():
    done = translate(f"SELECT DATEDIFF(day, e.[Posting Date], s.delivered_date) AS n FROM {LEDGER} e, dbo.RPT_SOI s")
    assert "DATE_DIFF('DAY', e.posting_date, CAST(s.delivered_date AS DATE)) AS n" in flat(done)


def test_convert_fails_on_what_it_cannot_read_and_so_does_the_translation():
    assert flat(translate("SELECT CONVERT(DATE, a) AS d FROM u")) == "SELECT CAST(a AS DATE) AS d FROM u"


def test_a_table_that_matches_by_name_alone_is_said():
    done = translate("SELECT s.order_nr FROM FinRec.dbo.RPT_SOI s")
    assert "the contract says AIG_Nav_Jumia_Reconciliation.dbo.RPT_SOI" in told(done, "table FinRec.dbo.RPT_SOI")[1]
    assert "FROM rpt_soi AS s" in flat(done)


def test_what_the_profile_refuses_in_the_result_is_said_too():
    done = translate("SELECT c.* FROM AIG_Nav_Jumia_Reconciliation.fdw.Dim_Country c")
    assert told(done, "in the translated text") == (0, "SELECT * hides which columns are read: name them")


def test_words_in_texts_and_comments_are_no_constructs():
    done = translate("SELECT c.country_code, 'GETDATE() [x] NOLOCK' AS t -- TOP 5 ##t\nFROM dim_country c")
    assert done.constructs == ()


def test_two_queries_are_one_too_many():
    done = translate("SELECT 1 AS a\nGO\nSELECT 2 AS b")
    assert "an item has one extract" in told(done, "2 queries")[1]


@pytest.mark.parametrize("sql", ["", "SELECT FROM WHERE", "SELECT 'open", "DROP TABLE t", "-- nothing"])
def test_what_is_no_query_is_refused(sql):
    with pytest.raises(TranslationError, match=r"does not parse|holds no query"):
        translate(sql)
