"""The static suite over the catalog: what every item's SQL and declaration must keep."""

import pytest
import sqlglot
from sqlglot import exp

from soxauto_assets.catalog import Item, all_items
from soxauto_assets.catalog.configuration import load_configuration
from soxauto_assets.engines.lineage import column_lineage
from soxauto_assets.engines.profile import faults_of
from soxauto_assets.engines.sql import DIALECT, statements
from soxauto_assets.extraction.dimensions import dimension_statements
from soxauto_assets.sources.contracts import CONTRACTS

# An upload has no SQL: its file is read by extraction.uploads.
ITEMS = tuple(item for item in all_items() if not item.upload)
# Columns that name the branch of a union, the period, or what the legacy text leaves null, and nothing of a source.
CONSTANTS = {
    ("IPE_08_TIMING", "currency"),
    ("IPE_08_TIMING", "wallet_name"),
    ("IPE_31", "branch"),
    ("IPE_31", "closing_date"),
    ("IPE_34", "case_type"),
    ("IPE_REC_ERRORS", "source_system"),
}
TEXTS = [
    pytest.param(item, purpose, text, id=f"{item.id}-{purpose}")
    for item in ITEMS
    for purpose, text in {**item.statements(), **dimension_statements(item)}.items()
]
each_item = pytest.mark.parametrize("item", ITEMS, ids=[item.id for item in ITEMS])


@pytest.mark.parametrize(("item", "purpose", "text"), TEXTS)
def test_sql_keeps_the_profile(item: Item, purpose: str, text: str):
    assert faults_of(text) == []


@each_item
def test_declared_sources_are_those_the_sql_reads(item: Item):
    read = {source for statement in statements(item).values() for source in statement.reads}
    assert read == set(item.sources)


@each_item
def test_output_columns_are_the_declared_ones_in_order_and_type(item: Item):
    tree = sqlglot.parse_one(item.statements()["extract"], read=DIALECT)
    written = [
        (column.alias, column.this.to.sql(DIALECT).lower().replace(" ", "").removesuffix("(3)"))
        for column in tree.selects
        if isinstance(column.this, exp.Cast)
    ]
    declared = [(column.name, column.type.trino.removesuffix("(3)")) for column in item.columns]
    assert written == declared, "every output column is cast explicitly to its declared type"


@each_item
def test_control_totals_answer_the_declared_columns_in_their_types(item: Item):
    tree = sqlglot.parse_one(item.statements()["control_totals"], read=DIALECT)
    written = {c.alias: c.this.to.sql(DIALECT).lower().replace(" ", "") for c in tree.selects}
    totals = item.control_totals
    expected = {name: item.column(name).type.trino for name in totals.group_by}
    expected["row_count"] = "bigint"
    expected.update({f"sum_{name}": f"decimal(38,{item.column(name).type.scale})" for name in totals.sums})
    expected.update(
        {f"{edge}_{name}": item.column(name).type.trino for name in totals.bounds for edge in ("min", "max")}
    )
    assert written == expected
    assert tuple(written) == totals.columns


@each_item
def test_every_configuration_parameter_is_used(item: Item):
    used = {name for statement in statements(item).values() for name in statement.parameters}
    assert set(item.configuration) <= used
    assert set(load_configuration().select(item.configuration)) == set(item.configuration)


@each_item
def test_lineage_reaches_source_columns(item: Item):
    lineage = column_lineage(item.id)
    assert list(lineage) == [column.name for column in item.columns]
    for column, leaves in lineage.items():
        assert leaves or (item.id, column) in CONSTANTS, f"{column} comes from no source column"
        for source, name in leaves:
            assert CONTRACTS[source].column(name)


@each_item
def test_gl_accounts_are_those_of_the_configuration(item: Item):
    configuration = load_configuration()
    if item.component:
        assert set(item.gl_accounts) == set(configuration[item.component.accounts].values)
    if "gl_accounts" in item.configuration:
        assert set(item.gl_accounts) == set(configuration["gl_accounts"].values)


@each_item
def test_departures_from_the_legacy_text_are_listed(item: Item):
    assert item.legacy_differences
    assert all(d.topic and d.legacy and d.ours and d.reason for d in item.legacy_differences)


def test_every_source_contract_is_read_by_an_item():
    assert {source for item in ITEMS for source in item.sources} == set(CONTRACTS)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("select [Entry No_] from bs_balances_view as v", "brackets"),
        ("select isnull(v.currency, '') as c from bs_balances_view as v", "isnull"),
        ("select getdate() as d from bs_balances_view as v", "getdate"),
        ("select current_date as d from bs_balances_view as v", "clock"),
        ("select now() as d from bs_balances_view as v", "clock"),
        ("select top 5 v.currency from bs_balances_view as v", "TOP"),
        ("select v.currency + v.real_coa as x from bs_balances_view as v", "+ on text"),
        ("select * from bs_balances_view as v", "SELECT *"),
        ("select v.balance_at_date / v.fx_rate as x from bs_balances_view as v", "division"),
        ("select avg(v.balance_at_date) as x from bs_balances_view as v", "avg"),
        ("select cast(v.balance_at_date as double) as x from bs_balances_view as v", "floating point"),
        ("select trim(v.currency) as x from bs_balances_view as v", "trim"),
        ("select try_cast(v.currency as bigint) as x from bs_balances_view as v", "try_cast"),
        ("select string_agg(v.currency, ',') as x from bs_balances_view as v", "use listagg"),
        ("select v.currency from bs_balances_view as v where v.real_coa = 13003", "implicit comparison"),
        ("select v.currency from bs_balances_view as v where v.closing_date = '2025-09-30'", "implicit comparison"),
        ("select 1.5 as x from bs_balances_view as v", "decimal literal"),
        ("select v.currency from bs_balances_view as v with (nolock)", "does not parse"),
    ],
)
def test_a_habit_that_gives_another_answer_is_refused_with_a_clear_message(text: str, message: str):
    assert any(message in fault for fault in faults_of(text)), faults_of(text)
