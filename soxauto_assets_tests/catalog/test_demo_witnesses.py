"""The demo's register of witnesses: every entry can be asked, and reads the same when it comes back from a record."""

import pytest

from soxauto_assets.canonical import canonical_json, read_json
from soxauto_assets.catalog import get_item
from soxauto_assets.catalog.witnesses import Witness, load_witnesses, read_witness
from soxauto_assets.extraction.generated import statements_of
from soxauto_assets.settings import PROJECT

REGISTER = load_witnesses(PROJECT / "witnesses" / "demo.yaml")
ORDER_ITEMS_AND_VOUCHERS = ("IPE_08", "IPE_08_TIMING", "IPE_08_USAGE", "IPE_10", "IPE_12", "IPE_31", "IPE_34")
each_witness = pytest.mark.parametrize("witness", REGISTER, ids=[f"{w.item}-{w.name}" for w in REGISTER])


@pytest.mark.parametrize("item", ORDER_ITEMS_AND_VOUCHERS)
@pytest.mark.parametrize("kind", ["present", "absent"])
def test_each_item_has_a_witness_of_each_kind_in_the_month_that_the_demo_closes(item: str, kind: str):
    assert [w for w in REGISTER if w.item == item and w.kind == kind and w.holds_in("2025-09")]


@each_witness
def test_its_columns_and_condition_exist(witness: Witness):
    item = get_item(witness.item)
    assert all(item.column(name) for name in (*witness.in_extract, *witness.values))
    assert witness.kind == "present" or len(statements_of(item, [witness])) == len(statements_of(item, [])) + 2


@each_witness
def test_a_record_gives_the_same_statements_back(witness: Witness):
    item = get_item(witness.item)
    again = read_witness(read_json(canonical_json(witness.to_json())))
    ours, theirs = ({p: s.template for p, s in statements_of(item, [w]).items()} for w in (witness, again))
    assert ours == theirs
