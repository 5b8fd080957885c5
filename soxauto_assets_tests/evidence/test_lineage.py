"""Lineage in a package: where the values of every column come from."""

from soxauto_assets.canonical import read_json
from soxauto_assets.catalog import get_item
from soxauto_assets.evidence.sealing import lineage_of
from soxauto_assets_tests.closing import close


def test_a_package_says_from_which_source_columns_each_column_is_computed(open_runtime):
    runtime = open_runtime()
    package = close(runtime, "IPE_07").package
    lineage = read_json(runtime.evidence.read(package, "data/lineage.json"))
    assert lineage["columns"]["rem_amt_lcy"] == [["detailed_customer_ledger_entry", "amount_lcy"]]
    assert list(lineage["columns"]) == sorted(column.name for column in get_item("IPE_07").columns)
    assert "detailed_customer_ledger_entry" in lineage["sources"]
    bound = read_json(runtime.evidence.read(package, "data/bindings.json"))
    assert set(lineage["sources"]) <= set(bound), "each logical source has its physical table"


def test_an_upload_says_which_headers_its_columns_are_read_from():
    lineage = lineage_of(get_item("JDASH"))
    assert lineage["file"] == "Jdash"
    assert "Voucher Id" in lineage["columns"]["voucher_id"]
