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
