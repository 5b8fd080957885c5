"""Bindings and source contracts: where a source is, and whether it fits."""

from pathlib import Path

import pytest

from soxauto_assets.catalog.types import BOOL, DATE, INT64, MONEY, STRING, TIMESTAMP, ContractType
from soxauto_assets.errors import BindingError
from soxauto_assets.settings import PROJECT
from soxauto_assets.sources.bindings import load_bindings
from soxauto_assets.sources.contracts import CONTRACTS
from soxauto_assets.sources.fitting import fits
from soxauto_assets.sources.model import by_name


def bindings_file(tmp_path: Path, entry: str) -> Path:
    path = tmp_path / "bindings.yaml"
    path.write_text(f"environment: demo\nsources:\n  {entry}\n")
    return path


def test_on_the_demo_lake_every_source_is_confirmed():
    bindings = load_bindings(PROJECT / "bindings" / "demo.yaml")
    assert {source: bindings.confirmed(source).status for source in CONTRACTS} == dict.fromkeys(CONTRACTS, "confirmed")


def test_for_athena_nothing_is_confirmed_and_one_source_is_proposed():
    bindings = load_bindings(PROJECT / "bindings" / "aws.yaml")
    proposed = {source for source, binding in bindings.sources.items() if binding.status == "proposed"}
    assert set(bindings.sources) == set(CONTRACTS)
    assert proposed == {"bob_sales_order"}
    with pytest.raises(BindingError, match=r"process_pg_bob.pg_bob_sales_order is proposed.*order_id, order_date"):
        bindings.confirmed("bob_sales_order")
    with pytest.raises(BindingError, match=r"\[Customer Ledger Entries\].* is unknown, not confirmed"):
        bindings.confirmed("customer_ledger_entries")


@pytest.mark.parametrize(
    ("entry", "cause"),
    [
        ("nothing: {database: a, table: b, status: confirmed}", "'nothing' is no logical source"),
        ("customers: {database: a, table: b, status: sure}", "has status 'sure'"),
        ("customers: {table: b, status: confirmed}", "needs database and table"),
        ("customers: {database: a, table: b, status: confirmed, colums: {}}", "unknown fields: colums"),
        ("customers: {database: a, table: b, status: confirmed, columns: {nmae: x}}", "does not have: nmae"),
        ("customers: {database: a, table: b, status: confirmed, columns: {no: x}}", "does not have: False"),
        ("customers: {database: a, table: b, status: confirmed, columns: {name: no}}", "put it in quotes"),
        ("customers: {database: a, table: b, status: confirmed, snapshot: often}", "has snapshot 'often'"),
    ],
)
def test_a_wrong_entry_is_refused_by_name(tmp_path, entry, cause):
    with pytest.raises(BindingError, match=cause):
        load_bindings(bindings_file(tmp_path, entry))


@pytest.mark.parametrize("text", ["", "sources: [a]", "sources: {a: b: c}", "\x00"])
def test_a_file_of_another_form_is_refused(tmp_path, text):
    path = tmp_path / "bindings.yaml"
    path.write_text(text)
    with pytest.raises(BindingError, match=r"bindings.yaml"):
        load_bindings(path)


@pytest.mark.parametrize(
    ("physical", "logical"),
    [("[Amount (LCY)]", "amount_lcy"), ("Amount_LCY_", "amount_lcy"), ("amount__lcy_", "amount_lcy"), ("No_", "no")],
)
def test_names_are_compared_as_exports_write_them(physical, logical):
    assert by_name(physical) == logical


@pytest.mark.parametrize(
    ("declared", "found", "expected"),
    [
        (STRING, "varchar", True),
        (STRING, "char(5)", False),
        (STRING, "bigint", False),
        (INT64, "smallint", True),
        (INT64, "decimal(18,0)", False),
        (BOOL, "boolean", True),
        (BOOL, "integer", False),
        (DATE, "date", True),
        (DATE, "timestamp(3)", False),
        (TIMESTAMP, "timestamp(9)", True),
        (TIMESTAMP, "timestamp", True),
        (TIMESTAMP, "timestamp(6) with time zone", False),
        (TIMESTAMP, "date", False),
        (MONEY, "decimal(18,4)", True),
        (MONEY, "decimal(10,2)", True),
        (MONEY, "decimal(18,2)", False),
        (MONEY, "decimal(18,5)", False),
        (MONEY, "double", False),
    ],
)
def test_a_physical_type_fits_when_it_holds_no_more_than_the_contract(declared: ContractType, found, expected):
    assert fits(declared, found) is expected


def test_every_contract_says_what_each_column_means():
    for contract in CONTRACTS.values():
        assert contract.meaning and contract.athena_candidate
        assert all(column.meaning for column in contract.columns)
        assert len({column.name for column in contract.columns}) == len(contract.columns)
