"""Two packages side by side: what differs is named, and nothing else."""

import json

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from soxauto_assets.evidence.comparison import compare_packages
from soxauto_assets.evidence.difference import compare_rows
from soxauto_assets_tests.catalog.test_ipe_07 import TABLES
from soxauto_assets_tests.closing import close
from soxauto_assets_tests.evidence.signed import rewrite
from soxauto_assets_tests.lakes import write_table


@pytest.fixture
def packages(open_runtime, lake):
    """Two attempts: an amount and a name changed, an entry gone, an entry new."""
    first = open_runtime()
    before = first.evidence.folder(close(first, "IPE_07").package)
    details = TABLES["detailed_customer_ledger_entry"].replace("10.125", "10.225")
    write_table(lake, "detailed_customer_ledger_entry", details)
    entries = TABLES["customer_ledger_entries"].replace(
        "EC_NG      | 9        | 2025-09-01", "EC_NG      | 9        | 2025-10-01"
    )
    write_table(lake, "customer_ledger_entries", entries)
    write_table(lake, "customers", TABLES["customers"].replace("Customer Accra", "Customer Tema"))
    second = open_runtime()
    after = second.evidence.folder(close(second, "IPE_07", run_id="run-2").package)
    return before, after


def test_a_package_and_itself_are_equal(packages):
    found = compare_packages(packages[0], packages[0], 5)
    assert found.equal
    assert not found.circumstances


def test_every_difference_is_named(packages):
    found = compare_packages(*packages, 5)
    assert not found.equal
    assert set(found.circumstances) >= {"attempt", "reason", "supersedes"}
    assert "dataset_digest" in found.statement and "content_id" in found.statement
    assert not found.query and not found.parameters and not found.configuration and not found.environment
    assert (found.rows.rows, found.rows.only_first, found.rows.only_second, found.rows.changed) == ((7, 6), 1, 0, 2)
    assert dict(found.rows.columns) == {"customer_name": 1, "rem_amt_lcy": 1}
    assert dict(found.rows.by_company["EC_NG"]) == {"rows": "-1", "rem_amt_lcy": "-12.9000"}
    assert dict(found.rows.by_company["JD_GH"]) == {"rows": "+0", "rem_amt_lcy": "+0.0000"}
    moved = {group["group"]["id_company"]: group for group in found.control_totals}
    assert set(moved) == {"EC_NG"}


def test_what_identifies_a_customer_is_shown_as_its_shape(packages):
    sample = "\n".join(compare_packages(*packages, 5).rows.sample)
    assert "rem_amt_lcy 10.1250 -> 10.2250" in sample
    assert "customer_name Xxxxxxxx Xxxxx -> Xxxxxxxx Xxxx" in sample
    assert "Accra" not in sample and "Tema" not in sample
    assert "only in the first" in sample


def test_the_command_shows_both_and_its_exit_code(soxauto, packages):
    first, second = map(str, packages)
    done = soxauto("diff", first, second)
    assert done.exit_code == 1, done.output
    assert done.output.startswith("DIFFERENT")
    assert "control totals of id_company EC_NG" in done.output
    assert soxauto("diff", first, first).exit_code == 0
    machine = json.loads(soxauto("diff", first, second, "--json").output)
    assert machine["rows"]["changed"] == 2 and machine["equal"] is False


def test_another_query_is_shown_line_by_line(soxauto, open_runtime, packages):
    runtime = open_runtime()
    other = runtime.evidence.folder(close(runtime, "IPE_07", "2025-08").package)
    done = soxauto("diff", str(packages[0]), str(other))
    assert "--- first/extract.executed.sql" in done.output
    assert "parameters parameters.period_end" in done.output
    assert "extract.template" not in done.output and "extract.baseline" not in done.output


def test_other_items_and_damaged_packages_are_refused(soxauto, open_runtime, packages):
    runtime = open_runtime()
    other = runtime.evidence.folder(close(runtime, "IPE_09").package)
    done = soxauto("diff", str(packages[0]), str(other))
    assert done.exit_code == 2 and "the first package is of IPE_07, the second of IPE_09" in done.output
    rewrite(packages[1] / "data" / "checks.json", b"{}")
    done = soxauto("diff", *map(str, packages))
    assert done.exit_code == 2 and "does not verify" in done.output


CONTRACT = {
    "columns": [["k", "int64"], ["v", "string"], ["a", "decimal(18,4)"]],
    "key": ["k"],
    "company_column": None,
    "control_totals": {"group_by": [], "sums": ["a"], "bounds": []},
}


def rows(folder, name, *values):
    from decimal import Decimal

    cells = [list(column) for column in zip(*values, strict=True)] if values else [[], [], []]
    cells[2] = [Decimal(cell) for cell in cells[2]]
    path = folder / f"{name}.parquet"
    types = (pa.int64(), pa.string(), pa.decimal128(18, 4))
    pq.write_table(pa.table({n: pa.array(c, t) for n, c, t in zip("kva", cells, types, strict=True)}), path)
    return [path]


def test_a_key_that_names_several_rows_compares_whole_rows(tmp_path):
    first = rows(tmp_path, "a", (1, "x", "1"), (1, "x", "1"), (2, "y", "2"))
    second = rows(tmp_path, "b", (1, "x", "1"), (2, "y", "2"))
    found = compare_rows(first, second, CONTRACT, (), 5)
    assert (found.only_first, found.only_second, found.changed) == (1, 0, 0)
    assert "no key names one row" in found.note
    assert found.by_company == {"all": {"rows": "-1", "a": "-1.0000"}}


def test_nulls_in_keys_and_values_are_values(tmp_path):
    first = rows(tmp_path, "a", (None, None, "1"), (2, None, "2"))
    second = rows(tmp_path, "b", (None, None, "1"), (2, "", "2"))
    found = compare_rows(first, second, CONTRACT, (), 5)
    assert (found.only_first, found.only_second, dict(found.columns)) == (0, 0, {"v": 1})
    assert found.sample == ("k 2: v None -> ",)


def test_no_rows_at_all(tmp_path):
    found = compare_rows(rows(tmp_path, "a"), rows(tmp_path, "b", (1, "x", "3")), CONTRACT, ("k",), 5)
    assert (found.rows, found.only_second, found.by_company) == ((0, 1), 1, {"all": {"rows": "+1", "a": "+3.0000"}})
    assert found.sample == ("k 9: only in the second",)


def test_columns_of_another_type_are_named(tmp_path):
    other = {**CONTRACT, "columns": [["k", "int64"], ["v", "string"], ["a", "decimal(38,4)"], ["n", "int64"]]}
    first = rows(tmp_path, "a", (1, "x", "1"))
    found = compare_rows(first, first, {**CONTRACT, "control_totals": {"sums": []}}, (), 5, other)
    assert not found.equal and "a, n" in found.note
