"""The registers of witnesses: what is registered can be asked of the source and of the extract."""

import re

import pytest

from soxauto_assets.catalog import get_item
from soxauto_assets.catalog.witnesses import Witness, load_witnesses
from soxauto_assets.extraction.generated import ABSENT, MUTATION, statements_of
from soxauto_assets.settings import PROJECT

DEMO = load_witnesses(PROJECT / "witnesses" / "demo.yaml")
# IPE_REC_ERRORS lists every row of its views, so that no row of theirs can be absent.
ITEMS = ("IPE_07", "IPE_09", "IPE_11", "CR_03", "CR_03_MOV", "CR_04", "CR_05", "CR_05a", "IPE_REC_ERRORS")


@pytest.mark.parametrize("item", ITEMS)
def test_the_month_that_the_demo_closes_has_a_witness_of_both_kinds(item: str):
    kinds = {witness.kind for witness in DEMO if witness.item == item and witness.holds_in("2025-09")}
    assert kinds == ({"present"} if item == "IPE_REC_ERRORS" else {"present", "absent"})


@pytest.mark.parametrize("witness", DEMO, ids=[f"{w.item}-{w.name}" for w in DEMO])
def test_each_witness_names_columns_that_exist_and_conditions_that_there_are(witness: Witness):
    item = get_item(witness.item)
    assert re.fullmatch(r"[a-z][a-z0-9_]*", witness.name)
    assert {*witness.in_extract, *witness.values} <= {column.name for column in item.columns}
    made = set(statements_of(item, [witness]))
    wanted = {f"{ABSENT}{witness.name}", f"{MUTATION}{witness.name}"} if witness.kind == "absent" else set()
    assert wanted <= made


def test_production_has_the_two_that_the_reference_knows_and_no_invented_amount():
    known = load_witnesses(PROJECT / "witnesses" / "aws.yaml")
    assert [(w.item, w.kind, dict(w.key), dict(w.values)) for w in known] == [
        ("IPE_07", "present", {"entry_no": "239726184"}, {}),
        ("IPE_07", "present", {"document_no": "NGECJGNL210601149"}, {"group_coa_account_no": "13009"}),
    ]


def test_a_folder_of_exports_has_no_register():
    assert not (PROJECT / "witnesses" / "lake.yaml").exists()
