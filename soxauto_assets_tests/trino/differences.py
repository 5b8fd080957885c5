"""What Trino and DuckDB answer otherwise, and what agrees: one line per expression, as docs/trino.md lists them.

Here belongs the list. What does not belong here: running it (``test_differences``).
"""

from dataclasses import dataclass

_LONG = "cast('9223372036854775807' as bigint)"


@dataclass(frozen=True)
class Difference:
    """An expression that the engines answer otherwise.

    Attributes:
        text: The Athena text, as the right side of ``select``.
        refused: Part of the message with which the profile refuses it.
        safe: What to write instead; it keeps the profile and both engines agree on it. Empty where there is nothing.
    """

    text: str
    refused: str
    safe: str = ""


DIFFERENCES = (
    # Numbers.
    Difference("cast('10' as decimal(10,2)) / cast('3' as decimal(10,2))", "division"),
    Difference("10.00 / 3.00", "division"),
    Difference("7 / 2", "division"),
    Difference("decimal '1.23456'", "decimal(38,6)", "cast('1.23456' as decimal(38,6))"),
    Difference("decimal '100000000000000000'", "decimal(38,6)", "cast('100000000000000000' as decimal(38,6))"),
    Difference("00.10", "decimal literal", "cast('0.10' as decimal(38,4))"),
    Difference("avg(cast('1.5' as decimal(10,2)))", "use sum and count", "sum(cast('1.5' as decimal(38,2)))"),
    Difference("cast(1.005e0 as decimal(10,2))", "floating point", "cast('1.005' as decimal(10,2))"),
    Difference("cast(2.5e0 as bigint)", "floating point", "cast(cast('2.5' as decimal(10,2)) as bigint)"),
    Difference("cast(0.1e0 as varchar)", "floating point", "cast(cast('0.1' as decimal(10,2)) as varchar)"),
    Difference("cast(decimal '1.50' as varchar)", "decimal(38,6)", "cast(cast('1.5' as decimal(10,2)) as varchar)"),
    Difference(
        "sign(cast('-1.5' as decimal(10,2)))", "use case", "case when cast('-1.5' as decimal(10,2)) < 0 then -1 end"
    ),
    Difference(
        "round(cast('2.345' as decimal(10,3)), 2)",
        "rounds half up",
        "cast(cast('2.345' as decimal(10,3)) as decimal(38,2))",
    ),
    Difference("truncate(cast('1.567' as decimal(10,3)), 1)", "keep the scale"),
    Difference(
        "cast('9999999999' as decimal(18,0)) * cast('99999999999.1234' as decimal(18,4))",
        "cast one factor to decimal(38,s)",
        "cast('9999999999' as decimal(38,0)) * cast('99999999999.1234' as decimal(18,4))",
    ),
    Difference("sum(9223372036854775807)", "128 bits", "cast(sum(9223372036854775807) as bigint)"),
    Difference("count_if(true)", "128 bits", "cast(count_if(true) as bigint)"),
    Difference("nan() = nan()", "floating point"),
    Difference("nan() > 1e0", "floating point"),
    # Dates and instants.
    Difference("date_trunc('month', date '2025-01-31')", "period parameter"),
    Difference(
        "date_add('month', 1, date '2025-01-31')", "as date)", "cast(date_add('month', 1, date '2025-01-31') as date)"
    ),
    Difference(
        "date '2025-01-31' + interval '1' month", "date_add", "cast(date_add('month', 1, date '2025-01-31') as date)"
    ),
    Difference(
        "date_diff('day', timestamp '2025-01-31 23:00:00', timestamp '2025-02-01 01:00:00')",
        "cast to date",
        "date_diff('day', cast(timestamp '2025-01-31 23:00:00' as date), cast(timestamp '2025-02-01 01:00:00' as date))",
    ),
    Difference("date_diff('month', date '2025-01-31', date '2025-02-01')", "date_diff('day'"),
    Difference(
        "date_diff('hour', timestamp '2025-01-31 23:59:00', timestamp '2025-02-01 00:01:00')", "date_diff('day'"
    ),
    Difference(
        "date '2025-01-31' - date '2025-01-01'", "date_diff", "date_diff('day', date '2025-01-01', date '2025-01-31')"
    ),
    Difference(
        "cast(timestamp '2025-09-30 10:00:00.000' as varchar)",
        "date_format",
        "date_format(timestamp '2025-09-30 10:00:00.000', '%Y-%m-%d %H:%i:%s')",
    ),
    Difference(
        "cast('2025-09-30T10:00:00' as timestamp)", "DuckDB only", "cast('2025-09-30 10:00:00' as timestamp(3))"
    ),
    Difference("cast('2025-09-30 00:00:00' as date)", "DuckDB only", "cast('2025-09-30' as date)"),
    Difference("timestamp '2025-09-30 10:00:00' at time zone 'Africa/Lagos'", "period parameter"),
    Difference("with_timezone(timestamp '2025-09-30 10:00:00', 'Africa/Lagos')", "period parameter"),
    Difference("at_timezone(timestamp '2025-09-30 10:00:00 UTC', 'Africa/Lagos')", "period parameter"),
    # Text.
    Difference("substr('abcdef', 0, 3)", "1 or more", "substr('abcdef', 1, 3)"),
    Difference("split_part('a,b', ',', 3)", "nullif", "nullif(split_part('a,b', ',', 3), '')"),
    Difference("trim(concat('a', '\t'))", "regexp_replace", r"regexp_replace(concat('a', '  '), ' +\z', '')"),
    Difference("rtrim(concat('a', '\t'))", "regexp_replace", r"regexp_replace(concat('a ', '\t'), ' +\z', '')"),
    Difference("substr('abc', 2, -1)", "literal length", "substr('abc', 2, 0)"),
    Difference("replace('abc', '', '-')", "literal text", "replace('abc', 'b', '-')"),
    Difference("nullif(split_part('a,b', ',', 0), '')", "1 or more", "nullif(split_part('a,b', ',', 1), '')"),
    Difference("nullif(split_part('a,b', ',', -1), '')", "1 or more", "nullif(split_part('a,b', ',', 2), '')"),
    Difference(
        "date_format(date '2025-09-05', '%v')", "was not measured", "date_format(date '2025-09-05', '%d/%m/%Y')"
    ),
    Difference("'a' || null", "cast(null as varchar)", "'a' || cast(null as varchar)"),
    Difference("upper('ß')", "lower(x)", "lower('ẞ')"),
    Difference("cast('ab' as char(5)) || 'x'", "cast to varchar", "cast('ab' as varchar) || 'x'"),
    Difference("length(cast('ab' as char(5)))", "cast to varchar", "length(cast('ab' as varchar))"),
    Difference("cast('abc' as varchar(2))", "substr", "substr(cast('abc' as varchar), 1, 2)"),
    Difference(
        "regexp_replace(concat('abc ', '\n'), ' +$', '')",
        r"write \z",
        "regexp_replace(concat('abc ', '\n'), ' +\\z', '')",
    ),
    Difference(
        "regexp_like(concat('12', '\n'), '^[0-9]+$')", r"write \z", "regexp_like(concat('12', '\n'), '^[0-9]+\\z')"
    ),
    Difference("regexp_replace('a b', '(b)', '$1$1')", "plain text", "regexp_replace('a b', 'b', 'bb')"),
    Difference("regexp_like('ß', '(?i)SS')", "lower(x)", "regexp_like(lower('ß'), 'ß')"),
    Difference("regexp_like('a', '[[a]')", "within brackets", "regexp_like('a', '[a]')"),
    Difference("regexp_replace('aaa', 'a*', 'b')", "use + instead", "regexp_replace('aaa', 'a+', 'b')"),
    Difference("regexp_like('ab', 'a(?=b)')", "plain characters", "regexp_like('ab', 'ab')"),
    Difference("regexp_like('ab', 'a++b')", "plain characters", "regexp_like('ab', 'a+b')"),
    Difference("regexp_like('é', '[[:alpha:]]')", "ranges", "regexp_like('é', '[a-zà-ÿ]')"),
    Difference(
        "try_cast('12.0' as bigint)",
        "regexp_like",
        r"case when regexp_like('12.0', '^[0-9]+\z') then cast('12' as bigint) end",
    ),
    Difference("cast('12.0' as bigint)", "DuckDB only", "cast('12' as bigint)"),
    Difference("cast('1_000' as decimal(18,2))", "DuckDB only", "cast('1000' as decimal(18,2))"),
    Difference(
        "cast(concat('1', '_000') as bigint)",
        "test it first",
        r"case when regexp_like(concat('1', '_000'), '^[0-9]+\z') then cast(concat('1', '_000') as bigint) end",
    ),
    Difference(
        "date_parse(concat(' ', '2025-01-01'), '%Y-%m-%d')",
        "regexp_like",
        r"case when regexp_like('2025-01-01', '^[0-9-]+\z') then date_parse('2025-01-01', '%Y-%m-%d') end",
    ),
    Difference("cast('yes' as boolean)", "case", "case 'yes' when 'true' then true end"),
    Difference("json_extract_scalar('{\"a\":1.50}', '$.a')", "have the source give a column"),
    # Implicit conversions.
    Difference("'13003' = 13003", "implicit comparison", "'13003' = '13003'"),
    Difference("'13003' in (13003)", "implicit comparison", "'13003' in ('13003')"),
    Difference("13003 between '1' and '2'", "implicit comparison", "13003 between 1 and 2"),
    Difference(
        "date '2025-09-30' = '2025-09-30'", "implicit comparison", "date '2025-09-30' = cast('2025-09-30' as date)"
    ),
    Difference("nullif('1', 1)", "implicit comparison", "nullif('1', '1')"),
    Difference("true = 1", "implicit comparison", "true = true"),
    Difference("concat('a', 1)", "cast it to varchar", "concat('a', cast(1 as varchar))"),
    Difference("'a' || 1", "cast it to varchar", "'a' || cast(1 as varchar)"),
    # Functions of one engine.
    Difference("checksum('a')", "sha256"),
    Difference("xxhash64(cast('a' as varbinary))", "sha256"),
    Difference("format_datetime(timestamp '2025-09-30 10:00:00', 'yyyy')", "date_format"),
    Difference("to_iso8601(date '2025-09-30')", "date_format"),
    Difference("from_base('77', 8)", "keep the text"),
    Difference("codepoint('a')", "compare the text"),
    Difference("every(true)", "bool_and", "bool_and(true)"),
    Difference("normalize('é')", "compare the text"),
    Difference("string_agg('a', ',')", "listagg"),
)

# What the catalog may use, at its edges.
AGREED = (
    "cast('1.00005' as decimal(18,4))",
    "cast(cast('-1.00005' as decimal(18,5)) as decimal(18,4))",
    "cast(cast('-2.5' as decimal(10,2)) as bigint)",
    "cast(cast('123456.78' as decimal(10,2)) as decimal(5,2))",
    "cast('99999999999999.9999' as decimal(18,4)) + cast('1' as decimal(18,4))",
    "cast('1' as decimal(38,4)) + cast('1' as decimal(38,8))",
    "coalesce(cast('1' as decimal(18,4)), cast('0' as decimal(38,8)))",
    "sum(cast('99999999999999999999999999999999.9999' as decimal(38,4)))",
    f"{_LONG} + 1",
    "greatest(1, null)",
    "least(date '2025-01-01', null)",
    "'a' < 'B'",
    "'é' < 'z'",
    "'a ' = 'a'",
    "null in ('a')",
    "'b' not in ('a', null)",
    "'a' is distinct from null",
    "'a_b' like 'a\\_b' escape '\\'",
    "concat('a', cast(null as varchar))",
    "length('😀a')",
    "replace('abc', 'b', '')",
    "nullif('a', 'a')",
    "substr('abcdef', 2)",
    r"regexp_like('١٢', '^\d+\z')",
    r"regexp_like(lower('É'), 'é')",
    "regexp_like('é', '^\\w\\z')",
    "date_format(timestamp '2025-09-05 13:01:02.345', '%h:%i:%s %p')",
    "case when true then 1 else cast('1.5' as decimal(10,2)) end",
    "case when true then date '2025-01-01' else timestamp '2025-01-01 10:00:00.000' end",
    "greatest(date '2025-01-01', timestamp '2025-01-01 00:00:00.001')",
    "cast('1.5' as decimal(38,2)) * 2",
    "cast('99999999999999999999999999999999999999' as decimal(38,0)) + 1",
    "2147483647 + 1",
    "cast(cast('-0.5' as decimal(5,2)) as bigint)",
    "cast(cast('-0.00' as decimal(18,2)) as varchar)",
    "last_day_of_month(timestamp '2024-02-10 10:00:00')",
    "cast(date_add('month', -1, date '2025-03-31') as date)",
    "'a' < 'a '",
    "not (null in (1))",
    "bool_and(null)",
    "regexp_like(concat('a', '\n', 'b'), 'a.b')",
    "year(timestamp '2025-09-30 10:00:00') * 100 + month(timestamp '2025-09-30 10:00:00')",
    "last_day_of_month(date '2024-02-10')",
    "date_format(timestamp '2025-09-05 10:00:00', '%Y-%m')",
    "cast(timestamp '2025-09-30 23:59:59.999' as date)",
    "cast('2025-09-30 23:59:59.999' as timestamp(3)) < date '2025-10-01'",
    "date '2025-09-30' < timestamp '2025-09-30 00:00:00.001'",
    "date_add('day', -7, date '2025-09-30') < date '2025-09-24'",
    "cast(date '2025-09-30' as varchar)",
    "count(*) filter (where false)",
)

# Every expression that the profile lets through and both engines answer alike.
SAFE = tuple(sorted({difference.safe for difference in DIFFERENCES if difference.safe} | set(AGREED)))
