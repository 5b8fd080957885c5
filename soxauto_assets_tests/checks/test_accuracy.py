"""Witnesses: a row that must be there, one that must not, and the condition that keeps it out.

The hand-made lake (``catalog/test_ipe_07.py``) lists entry 1 of EC_NG with 10.1250; entry 8 has the posting group VENDORS,
which is not in scope.
"""

import pytest

from soxauto_assets.errors import CatalogError
from soxauto_assets_tests.checks.conftest import failed

LISTED = {
    "name": "entry_1",
    "kind": "present",
    "key": {"id_company": "EC_NG", "entry_no": "1"},
    "values": {"rem_amt_lcy": "10.125", "group_coa_account_no": "13003"},
}
LEFT_OUT = {
    "name": "vendors",
    "kind": "absent",
    "key": {"id_company": "EC_NG", "entry_no": "8"},
    "table": "customer_ledger_entries",
    "without": "customer_posting_group",
}


def test_a_present_and_an_absent_witness_are_proven(witnessed):
    results = witnessed([LISTED, LEFT_OUT])()
    assert failed(results) == set()
    assert results["witness_present"].details == ("entry_1: landed with the registered values",)
    assert results["witness_absent"].details == ("vendors: in the source and not landed",)
    assert results["mutation"].details == ("vendors: listed by the relaxed query",)


def test_an_item_without_a_registered_witness_is_warned_about_and_not_passed(checked):
    results = checked()
    for name in ("witness_present", "witness_absent", "mutation"):
        assert (results[name].status, results[name].severity) == ("failed", "warn")
        assert results[name].actual == "none is registered"


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ("select * from landed where entry_no <> 1", "entry_1: landed 0 times"),
        ("select * from landed union all select * from landed where entry_no = 1", "entry_1: landed 2 times"),
        (
            "select * replace (cast(rem_amt_lcy + 0.0001 as decimal(18,4)) as rem_amt_lcy) from landed",
            "entry_1: rem_amt_lcy is 10.1251, registered 10.125",
        ),
        (
            "select * replace ('13004' as group_coa_account_no) from landed",
            "entry_1: group_coa_account_no is 13004, registered 13003",
        ),
    ],
)
def test_a_present_witness_that_is_lost_doubled_or_changed_fails(witnessed, rows, said):
    present = witnessed([LISTED])(rows)["witness_present"]
    assert (present.status, present.severity) == ("failed", "error")
    assert present.details == (said,)


def test_an_absent_witness_that_is_landed_fails(witnessed):
    checking = witnessed([LEFT_OUT])
    rows = "select * from landed union all select * replace (8 as entry_no) from landed where entry_no = 3"
    assert checking(rows)["witness_absent"].details == ("vendors: landed 1 times",)


def test_an_absent_witness_that_the_source_does_not_hold_proves_nothing(witnessed):
    unknown = LEFT_OUT | {"key": {"id_company": "EC_NG", "entry_no": "999"}}
    results = witnessed([unknown])()
    assert {"witness_absent", "mutation"} <= failed(results)
    assert results["witness_absent"].details == (
        "vendors: customer_ledger_entries does not hold it, so that its absence proves nothing",
    )


def test_a_witness_that_another_condition_keeps_out_fails_the_mutation(witnessed):
    """Entry 4 is posted after the cut-off: without the condition on posting groups it is still not listed."""
    later = LEFT_OUT | {"key": {"id_company": "EC_NG", "entry_no": "4"}}
    assert witnessed([later])()["mutation"].details == (
        "vendors: the query does not list it either without the conditions on customer_posting_group",
    )


def test_a_witness_holds_only_in_its_periods(witnessed):
    results = witnessed([LISTED | {"last": "2025-08"}])()
    assert results["witness_present"].actual == "none is registered"


@pytest.mark.parametrize(
    ("entry", "message"),
    [
        (LEFT_OUT | {"without": "no such text"}, "no condition of extract.sql contains 'no such text'"),
        (LEFT_OUT | {"key": {"number": "8"}}, "names the column number, which does not exist"),
        (LEFT_OUT | {"table": None}, "is not complete"),
        (LISTED | {"key": {}}, "is not complete"),
        (LISTED | {"kind": "perhaps"}, "is not complete"),
        (LISTED | {"amount": "1"}, "has another form"),
    ],
)
def test_a_register_that_cannot_be_read_says_what_to_correct(witnessed, entry, message):
    with pytest.raises(CatalogError, match=message):
        witnessed([entry])
