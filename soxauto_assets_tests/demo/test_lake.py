"""The demo lake: deterministic, as its contracts say, and tied out except where a difference is planted."""

import hashlib
import json
from decimal import Decimal
from pathlib import Path

import duckdb
import pyarrow.parquet as pq
import pytest

from soxauto_assets.demo.arrays import Draws, amount_text, decimals, units
from soxauto_assets.demo.companies import MONTHS
from soxauto_assets.demo.lake import generate_lake
from soxauto_assets.errors import StorageError
from soxauto_assets.extraction.tables import arrow_type
from soxauto_assets.settings import PROJECT
from soxauto_assets.sources.bindings import load_bindings
from soxauto_assets.sources.contracts import CONTRACTS

BINDINGS = PROJECT / "bindings" / "demo.yaml"


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("demo") / "lake"
    assert generate_lake(folder, BINDINGS).created
    return folder


def contents(folder: Path) -> dict[str, str]:
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_same_seed_gives_the_same_bytes_and_another_seed_does_not(lake, tmp_path):
    generate_lake(tmp_path / "same", BINDINGS)
    generate_lake(tmp_path / "other", BINDINGS, seed=7)
    assert contents(tmp_path / "same") == contents(lake)
    assert contents(tmp_path / "other") != contents(lake)


def test_a_lake_that_is_there_is_kept(lake):
    before = contents(lake)
    assert not generate_lake(lake, BINDINGS).created
    assert contents(lake) == before


def test_another_scale_replaces_the_lake_and_multiplies_ordinary_rows(tmp_path):
    small = generate_lake(tmp_path / "lake", BINDINGS)
    large = generate_lake(tmp_path / "lake", BINDINGS, scale=3)
    assert 2 * small.rows < large.rows < 3 * small.rows


def test_a_folder_that_holds_something_else_is_left_alone(tmp_path):
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(StorageError, match="something else than a demo lake"):
        generate_lake(tmp_path, BINDINGS)
    assert (tmp_path / "mine.txt").read_text() == "keep"


@pytest.mark.parametrize("answers", ['{"parameters": {}}', "{}", "[]", "no json"])
def test_a_stranger_s_answer_file_does_not_make_a_folder_a_demo_lake(tmp_path, answers):
    (tmp_path / "answers.json").write_text(answers)
    (tmp_path / "mine.txt").write_text("keep")
    with pytest.raises(StorageError, match="something else than a demo lake"):
        generate_lake(tmp_path, BINDINGS)
    assert (tmp_path / "mine.txt").read_text() == "keep"


def test_the_lake_that_is_there_stays_when_the_next_one_fails(tmp_path, monkeypatch):
    generate_lake(tmp_path / "lake", BINDINGS)
    before = contents(tmp_path)

    def full(*arguments: object, **named: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(pq, "write_table", full)
    with pytest.raises(StorageError, match="No space left"):
        generate_lake(tmp_path / "lake", BINDINGS, seed=7)
    assert contents(tmp_path) == before


def test_other_physical_names_make_another_lake(tmp_path):
    generate_lake(tmp_path / "lake", BINDINGS)
    renamed = tmp_path / "renamed.yaml"
    renamed.write_text(BINDINGS.read_text().replace("table: customers\n", "table: customers_v2\n"))
    assert generate_lake(tmp_path / "lake", renamed).created
    assert (tmp_path / "lake" / "process_central_fin_dwh" / "customers_v2").is_dir()


def test_a_scale_below_one_is_refused(tmp_path):
    with pytest.raises(ValueError, match="smallest"):
        generate_lake(tmp_path / "lake", BINDINGS, scale=0)


def test_draws_are_the_raw_stream():
    """Pinned values: a change of numpy that moves them would move every lake."""
    assert Draws(1, 2).integers(10, 1_000, 4).tolist() == [382, 111, 573, 449]


def test_every_table_has_the_columns_and_types_of_its_contract(lake):
    bindings = load_bindings(BINDINGS)
    assert set(bindings.sources) == set(CONTRACTS)
    for source, contract in CONTRACTS.items():
        binding = bindings.confirmed(source)
        files = sorted((lake / binding.table.database / binding.table.table).glob("*.parquet"))
        assert files, source
        for path in files:
            found = {field.name: field.type for field in pq.read_schema(path)}
            assert found == {binding.physical(c.name): arrow_type(c.type) for c in contract.columns}, path


@pytest.fixture(scope="module")
def answers(lake) -> dict:
    return json.loads((lake / "answers.json").read_text())


def test_fifteen_closed_months(answers):
    periods = sorted(answers["periods"])
    assert (periods[0], periods[-1], len(periods)) == ("2024-08", "2025-10", 15)


@pytest.mark.parametrize("period", [period.key for period in MONTHS])
def test_ledger_and_sub_ledger_tie_out_except_for_the_planted_differences(lake, answers, period):
    """Counted from the files with SQL of its own, not with the catalog's."""
    nav = f"{lake}/process_central_fin_dwh"
    ledger = f"""
        select id_company, group_coa_account_no, sum(balance_at_date)
        from '{nav}/v_bs_anaplan_import_ifrs_mapping_currency_split/*.parquet'
        where strftime(closing_date, '%Y-%m') = '{period}' and group_coa_account_no in ('13003', '13004', '13009')
        group by all
    """
    customers = f"""
        select e.id_company, a.group_coa_account_no, sum(d.amount__lcy_)
        from (select distinct id_company, entry_no_, customer_posting_group from '{nav}/customer_ledger_entries/*.parquet') e
        join '{nav}/detailed_customer_ledg_entry/*.parquet' d
            on d.id_company = e.id_company and d.cust__ledger_entry_no_ = e.entry_no_
        join '{nav}/customer_posting_group/*.parquet' g
            on g.id_company = e.id_company and g.code = upper(trim(e.customer_posting_group))
        join '{nav}/dim_chartofaccounts/*.parquet' a
            on a.company_code = e.id_company and a.chart_of_accounts_no = g.receivables_account
        where strftime(d.posting_date, '%Y-%m') <= '{period}' and a.group_coa_account_no in ('13003', '13004', '13009')
        group by all
    """
    with duckdb.connect() as connection:
        nav_side = {row[:2]: row[2] for row in connection.execute(ledger).fetchall()}
        customer_side = {row[:2]: row[2] for row in connection.execute(customers).fetchall()}
    gaps = {
        key: nav_side.get(key, Decimal(0)) - customer_side.get(key, Decimal(0))
        for key in nav_side.keys() | customer_side.keys()
    }
    planted: dict[tuple[str, str], Decimal] = {}
    for difference in answers["periods"][period]["differences"]:
        key = (difference["company"], difference["account"])
        if key[1] not in ("13003", "13004", "13009"):
            continue
        planted[key] = planted.get(key, Decimal(0)) + Decimal(difference["amount"])
    assert {key: gap for key, gap in gaps.items() if gap} == planted


def test_decimals_are_exact_also_where_a_double_is_not():
    values = [0, 1, -1, 10**17, -(10**17), units("0.1"), units("-123456789012.3456")]
    import numpy as np

    assert [str(v) for v in decimals(np.array(values, dtype=np.int64)).to_pylist()] == [amount_text(v) for v in values]
    with pytest.raises(ValueError, match="more than four decimal places"):
        units("0.00001")
