"""The SQL profile: what Trino and DuckDB answer otherwise is refused with the safe form; the safe form is not.

The list is measured on a real Trino by ``soxauto_assets_tests/trino/test_differences.py``.
"""

import pytest

from soxauto_assets.engines.profile import faults_of
from soxauto_assets_tests.trino.differences import DIFFERENCES, SAFE, Difference


@pytest.mark.parametrize("difference", DIFFERENCES, ids=lambda difference: difference.text)
def test_what_differs_is_refused_with_the_safe_form(difference: Difference):
    faults = faults_of(f"select {difference.text} as x from bs_balances_view as v")
    assert any(difference.refused in fault for fault in faults), faults


# The lines of the reference on where translated SQL gives another answer: each names an expression that is measured.
REFERENCE = {
    "decimal / decimal": "10.00 / 3.00",
    "integer / integer": "7 / 2",
    "decimal literal": "decimal '1.23456'",
    "avg(decimal)": "avg(cast('1.5' as decimal(10,2)))",
    "float to decimal": "cast(1.005e0 as decimal(10,2))",
    "float to bigint": "cast(2.5e0 as bigint)",
    "double to varchar": "cast(0.1e0 as varchar)",
    "timestamp to varchar": "cast(timestamp '2025-09-30 10:00:00.000' as varchar)",
    "bare decimal literal to varchar": "cast(decimal '1.50' as varchar)",
    "date_trunc of a date": "date_trunc('month', date '2025-01-31')",
    "date_add to a date": "date_add('month', 1, date '2025-01-31')",
    "interval on a date": "date '2025-01-31' + interval '1' month",
    "date_diff in days of timestamps": (
        "date_diff('day', timestamp '2025-01-31 23:00:00', timestamp '2025-02-01 01:00:00')"
    ),
    "date_diff in months": "date_diff('month', date '2025-01-31', date '2025-02-01')",
    "date_diff in hours": "date_diff('hour', timestamp '2025-01-31 23:59:00', timestamp '2025-02-01 00:01:00')",
    "date - date": "date '2025-01-31' - date '2025-01-01'",
    "substr from 0": "substr('abcdef', 0, 3)",
    "split_part beyond the end": "split_part('a,b', ',', 3)",
    "trim of a tab": "trim(concat('a', '\t'))",
    "upper of ß": "upper('ß')",
    "char(n)": "cast('ab' as char(5)) || 'x'",
    "try_cast of 12.0": "try_cast('12.0' as bigint)",
    "T in an instant": "cast('2025-09-30T10:00:00' as timestamp)",
    "sum(bigint)": "sum(9223372036854775807)",
    "sign(decimal)": "sign(cast('-1.5' as decimal(10,2)))",
    "at time zone": "timestamp '2025-09-30 10:00:00' at time zone 'Africa/Lagos'",
    "at_timezone": "at_timezone(timestamp '2025-09-30 10:00:00 UTC', 'Africa/Lagos')",
    "with_timezone": "with_timezone(timestamp '2025-09-30 10:00:00', 'Africa/Lagos')",
    "NaN = NaN": "nan() = nan()",
    "NaN > x": "nan() > 1e0",
    "checksum": "checksum('a')",
    "xxhash64": "xxhash64(cast('a' as varbinary))",
    "format_datetime": "format_datetime(timestamp '2025-09-30 10:00:00', 'yyyy')",
    "to_iso8601": "to_iso8601(date '2025-09-30')",
    "from_base": "from_base('77', 8)",
    "codepoint": "codepoint('a')",
    "every": "every(true)",
    "string_agg": "string_agg('a', ',')",
}


@pytest.mark.parametrize("text", REFERENCE.values(), ids=list(REFERENCE))
def test_every_line_of_the_reference_is_measured_and_refused(text: str):
    """``[name]``, the one line that is no expression, has a test of its own beside each list."""
    assert text in {difference.text for difference in DIFFERENCES}


def test_a_name_in_brackets_is_refused():
    assert "brackets" in faults_of("select [currency] as x from bs_balances_view as v")[0]


@pytest.mark.parametrize("expression", SAFE)
def test_the_safe_form_is_let_through(expression: str):
    assert faults_of(f"select {expression} as x from bs_balances_view as v") == []


@pytest.mark.parametrize(
    ("expression", "message"),
    [
        ("cast(o.order_status as bigint)", "test it first"),
        ("cast(o.order_status as timestamp(3))", "test it first"),
        ("cast(o.order_date as varchar)", "date_format"),
        ("date_diff('day', o.order_date, :last_day)", "cast to date"),
        ("date_add('day', 1, :last_day)", "as date)"),
        ("o.total_amount * o.total_amount", "cast one factor"),
        ("regexp_like(o.order_status, o.customer_id)", "no literal"),
        ("regexp_replace(o.order_status, 'a(?=b)', '')", "look-around"),
        ("o.order_status in (:companies) and o.order_date in (:companies)", "implicit comparison"),
        ("substr(o.order_status, strpos(o.order_status, 'x'))", "1 or more"),
        ("coalesce(sum(length(o.order_status)), 0)", "128 bits"),
        ("o.order_date = :period_end and o.order_id = :period_end", "implicit comparison"),
    ],
)
def test_columns_and_parameters_are_looked_at_with_their_types(expression: str, message: str):
    faults = faults_of(f"select {expression} as x from bob_sales_order as o")
    assert any(message in fault for fault in faults), faults


@pytest.mark.parametrize(
    "expression",
    [
        r"case when regexp_like(o.order_status, '^[0-9]+\z') then cast(o.order_status as bigint) end",
        r"if(o.order_id <> '' and regexp_like(o.order_status, '^[0-9]+\z'), cast(o.order_status as bigint))",
        "date_diff('day', cast(o.order_date as date), :last_day)",
        "cast(date_add('day', 1, :last_day) as date)",
        "o.order_date >= date_add('day', -7, :last_day)",
        "cast(o.total_amount as decimal(38,4)) * o.total_amount",
        "cast(date_format(o.order_date, '%Y%m') as bigint)",
        "sum(o.total_amount)",
        "cast(coalesce(sum(length(o.order_status)), 0) as bigint)",
        "o.order_id in (:companies)",
    ],
)
def test_what_agrees_is_let_through(expression: str):
    assert faults_of(f"select {expression} as x from bob_sales_order as o") == []
