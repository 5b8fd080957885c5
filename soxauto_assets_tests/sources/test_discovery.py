"""Discovery: which table is proposed, which loses, and what the open questions are answered with."""

from datetime import date

import pytest

from soxauto_assets.sources.bindings import Binding, TableName
from soxauto_assets.sources.contracts import CONTRACTS, contract
from soxauto_assets.sources.discovery import Finding, discover, match
from soxauto_assets.sources.naming import similarity
from soxauto_assets.sources.questions import answers

ORDERS = {
    "order_id": "varchar",
    "order_date": "timestamp(3)",
    "customer_id": "varchar",
    "total_amount": "decimal(18,4)",
    "order_status": "varchar",
}
LEDGER = {column.name: column.type.trino for column in contract("gl_entries").columns}
FOREIGN = {"ticket": "varchar", "owner": "varchar", "opened": "timestamp(3)"}


def find(source: str, tables: dict[str, dict[str, str]], bindings: dict[str, Binding] | None = None) -> Finding:
    described = {TableName(*name.split(".")): columns for name, columns in tables.items()}
    findings = discover(CONTRACTS.values(), bindings or {}, described)
    return next(finding for finding in findings if finding.contract.name == source)


def best(finding: Finding) -> str | None:
    return str(finding.best.table) if finding.best else None


@pytest.mark.parametrize(
    ("first", "second", "least", "most"),
    [
        ("gl_entries", "GL Entries", 1.0, 1.0),
        ("g_l_entries", "gl_entry", 0.95, 0.95),
        ("pg_bob_sales_order", "bob_sales_order", 0.95, 0.95),
        ("v_rpt_soi", "rpt_soi", 0.95, 0.95),
        ("dim_chartofaccounts", "dim_chart_of_accounts", 0.95, 0.95),
        ("detailed_customer_ledg_entry", "detailed_customer_ledger_entries", 0.8, 0.94),
        ("bank_accounts", "bank_account_posting_group", 0.4, 0.7),
        ("dim_company", "dim_country", 0.3, 0.5),
        ("customer_ledger_entries", "tickets", 0.0, 0.0),
        ("rpt_v", "v_t", 0.0, 0.0),
    ],
)
def test_names_are_alike_by_their_words(first, second, least, most):
    assert least <= similarity(first, second) <= most
    assert similarity(first, second) == similarity(second, first)


def test_a_decoy_of_the_same_name_with_foreign_columns_loses():
    finding = find("gl_entries", {"a.g_l_entries": FOREIGN, "b.nav_gl_entry": LEDGER})
    assert best(finding) == "b.nav_gl_entry"
    assert find("gl_entries", {"a.g_l_entries": FOREIGN}).best is None


def test_renamed_columns_are_proposed_by_their_physical_name():
    renamed = {{"entry_no": "entry_no_", "posting_date": "PostingDate"}.get(n, n): kind for n, kind in LEDGER.items()}
    found = find("gl_entries", {"b.g_l_entries": renamed}).best
    assert found is not None and found.missing == ()
    assert found.renames == {"entry_no": "entry_no_", "posting_date": "PostingDate"}


def test_a_header_wins_over_nothing_and_a_logical_name_over_a_header():
    columns = {"no_": "varchar", "customer_no": "varchar", "id_company": "varchar"}
    candidate = match(contract("customers"), TableName("a", "customers"), columns)
    assert {c.logical.name: c.physical for c in candidate.found} == {
        "id_company": "id_company",
        "customer_no": "customer_no",
    }
    del columns["customer_no"]
    assert match(contract("customers"), TableName("a", "customers"), columns).renames == {"customer_no": "no_"}


def test_what_a_binding_says_of_a_column_wins_over_its_name():
    tables = {"a.g_l_entries": {**LEDGER, "amount_booked": "decimal(18,4)"}}
    bound = Binding("gl_entries", TableName("a", "g_l_entries"), {"amount": "amount_booked"}, "proposed")
    found = find("gl_entries", tables, {"gl_entries": bound}).best
    assert found is not None and found.renames == {"amount": "amount_booked"}


def test_a_type_that_does_not_fit_counts_half_and_is_named():
    wrong = {**ORDERS, "total_amount": "double"}
    found = find("bob_sales_order", {"process_pg_bob.sales_order": wrong}).candidates[0]
    assert (found.share, found.fitting) == (1.0, 0.9)
    assert [c.logical.name for c in found.found if not c.fits] == ["total_amount"]


def test_a_name_that_only_the_database_completes_counts():
    assert best(find("bob_sales_order", {"process_pg_bob.sales_order": ORDERS})) == "process_pg_bob.sales_order"


def test_two_columns_in_a_foreign_table_are_no_source():
    country = {"country_code": "varchar", "country_name": "varchar", "x": "varchar"}
    assert find("dim_country", {"a.shipments": country}).best is None
    assert best(find("dim_country", {"a.shipments": country, "a.dim_country": country})) == "a.dim_country"


def test_a_table_is_proposed_for_one_source_only():
    tables = {"a.nav_gl_entry": LEDGER}
    assert best(find("gl_entries", tables)) == "a.nav_gl_entry"
    other = find("detailed_gl_entry", tables)
    assert other.best is None and other.taken == {TableName("a", "nav_gl_entry"): "gl_entries"}


def test_equals_are_shown_and_the_one_that_the_reference_names_comes_first():
    finding = find("bob_sales_order", {"process_pg_bob.pg_bob_sales_order": ORDERS, "a.pg_bob_sales_order": ORDERS})
    assert best(finding) == "process_pg_bob.pg_bob_sales_order"
    assert [str(tie.table) for tie in finding.ties] == ["a.pg_bob_sales_order"]


def test_a_confirmed_source_has_its_own_table_and_no_proposal():
    bound = Binding("gl_entries", TableName("a", "kept"), {}, "confirmed", confirmed_by="A Controller")
    finding = find("gl_entries", {"a.kept": LEDGER, "a.g_l_entries": LEDGER}, {"gl_entries": bound})
    assert finding.confirmed and [str(c.table) for c in finding.candidates] == ["a.kept"]
    gone = find("gl_entries", {"a.g_l_entries": LEDGER}, {"gl_entries": bound})
    assert gone.best is None and gone.candidates == ()


def five(tables: dict[str, dict[str, str]], bindings: dict[str, Binding] | None = None, newest=None) -> list[str]:
    described = {TableName(*name.split(".")): columns for name, columns in tables.items()}
    findings = discover(CONTRACTS.values(), bindings or {}, described)
    return [question.answer for question in answers(findings, newest or {}, f"{len(tables)} tables in 1 databases")]


def test_the_five_questions_are_answered_with_evidence():
    renamed = {("entry_no_" if n == "entry_no" else n): kind for n, kind in LEDGER.items()}
    mapping, soi, bob, naming, fresh = five(
        {"a.g_l_entries": renamed, "process_pg_bob.pg_bob_sales_order": ORDERS},
        newest={"gl_entries": [("posting_date", date(2025, 10, 31)), ("document_date", date(2025, 10, 30))]},
    )
    assert mapping == (
        "a.g_l_entries (30 of 30 contract columns found, 30 with a fitting type); a person still confirms it"
    )
    assert soi.startswith("not answered: no table resembles it (2 tables in 1 databases)")
    assert bob.startswith("yes: process_pg_bob.pg_bob_sales_order (5 of 5 contract columns found")
    assert naming == (
        "of 35 columns in 2 tables: 97 % snake_case (34), 0 % SQL Server spelling (0), 3 % another spelling (1); "
        "for example entry_no is entry_no_"
    )
    assert fresh.startswith("newest values: gl_entries 2025-10-31 (posting_date); how often")


def test_names_as_in_sql_server_are_recognised():
    headers = {(c.header or c.name): c.type.trino for c in contract("gl_entries").columns}
    naming = five({"a.g_l_entries": headers})[3]
    # 25 of the 30 columns have a header of their own.
    expected = sum(c.header is not None for c in contract("gl_entries").columns)
    assert f"% SQL Server spelling ({expected})" in naming


def test_another_database_answers_no_and_two_that_fit_are_no_answer():
    assert five({"raw_pg_bob.sales_order": ORDERS})[2].startswith("no: raw_pg_bob.sales_order")
    tie = five({"process_pg_bob.sales_order": ORDERS, "raw_pg_bob.sales_order": ORDERS})[2]
    assert tie.startswith("not answered: process_pg_bob.sales_order and raw_pg_bob.sales_order fit equally well")


def test_a_confirmation_answers_as_a_fact():
    bound = Binding(
        "rpt_soi", TableName("a", "b"), {}, "confirmed", confirmed_by="A Controller", confirmed_on="2025-10-17"
    )
    answer = five({"x.y": FOREIGN}, {"rpt_soi": bound})[1]
    assert answer == "a.b, confirmed by A Controller on 2025-10-17 (the table was not found)"


def test_nothing_found_leaves_all_five_open_and_says_what_is_missing():
    answered = five({"x.y": FOREIGN})
    assert all(answer.startswith("not answered: ") for answer in answered)
    assert answers([], {}, "")[0].answer == "not answered: gl_entries was not among the sources asked for"
