"""Posting groups and business lines of customers: domain 7.6.4, 7.6.5."""

from decimal import Decimal
from pathlib import Path

import pytest

from soxauto_assets.reconciliation.bridges import business_line_bridge, posting_group_bridge
from soxauto_assets.reconciliation.model import BridgeLine
from soxauto_assets_tests.reconciliation.sessions import session_of

GROUPS = """
    id_company | entry_no | customer_no | customer_name | customer_posting_group
    EC_NG      | 1        | C1          | Ada           | NATIONAL
    EC_NG      | 2        | c1·         | Ada           | UE
    EC_NG      | 3        | C1          | Ada           | national·
    EC_NG      | 4        | C2          | Obi           | EU
    EC_NG      | 5        | C2          | Obi           | -
    JD_GH      | 6        | C2          | Kofi          | OM
    JD_GH      | 7        | C3          | Esi           | OM
    JD_GH      | 8        | C3          | Esi           | AUS
    JD_GH      | 9        | C3          | Esi           | NAT
    JD_GH      | 10       | -           | -             | NAT
    JD_GH      | 11       | -           | -             | UE
"""


def test_customers_with_more_than_one_posting_group_by_company(tmp_path: Path):
    # The old list was by customer alone: C2 of Nigeria and C2 of Ghana were one customer with two groups.
    with session_of(tmp_path, {"IPE_07": GROUPS}) as session:
        bridge = posting_group_bridge(session)
        proof = session.rows("SELECT * FROM bridge_posting_group ORDER BY ALL")
    assert proof == [
        ("EC_NG", "C1", "Ada", "NATIONAL, UE", 2, 3),
        ("JD_GH", "C3", "Esi", "AUS, NAT, OM", 3, 3),
    ]
    zero = Decimal("0.0000")
    assert bridge.lines == (BridgeLine("EC_NG", "IPE_07", zero, 1), BridgeLine("JD_GH", "IPE_07", zero, 1))
    assert bridge.explains is False
    assert [(r.code, r.company, r.rows, r.amount) for r in bridge.remarks] == [
        ("no_customer", "JD_GH", 2, None),
        ("no_group", "EC_NG", 1, None),
    ]


LINES = """
    id_company | entry_no | customer_no | busline_code | rem_amt_lcy
    EC_NG      | 1        | C1          | BL02         | 100
    EC_NG      | 2        | C1          | BL01         | -100
    EC_NG      | 3        | C1          | BL03         | 0.01
    EC_NG      | 4        | C2          | BL01         | 60
    EC_NG      | 5        | c2·         | bl01         | -20
    EC_NG      | 6        | C2          | BL02         | -50.5
    EC_NG      | 7        | C2          | BL03         | 0.0099
    EC_NG      | 8        | C3          | BL01         | 7
    EC_NG      | 9        | C4          | -            | 5
    EC_NG      | 10       | C4          | BL01         | 6
    EC_NG      | 11       | -           | BL01         | 3
    JD_GH      | 12       | C3          | BL02         | 9
    JD_GH      | 13       | C5          | BL01         | 1
    JD_GH      | 14       | C5          | BL02         | 2
"""


def test_the_whole_balance_of_lines_that_are_not_primary_is_proposed(tmp_path: Path):
    # The old pivot was by customer alone: C3 of Nigeria and C3 of Ghana were one customer on two lines.
    with session_of(tmp_path, {"IPE_07": LINES}) as session:
        bridge = business_line_bridge(session)
        proof = session.rows(
            "SELECT company, customer_no, busline_code, balance_lcy, is_primary, proposed_reclass_lcy "
            "FROM bridge_business_line ORDER BY ALL"
        )
        assert session.rows("SELECT DISTINCT review_required FROM bridge_business_line") == [(True,)]
    money = Decimal
    assert proof == [
        # Equal absolute balances: the first line by alphabet is primary.
        ("EC_NG", "C1", "BL01", money("-100.0000"), True, money("0.0000")),
        ("EC_NG", "C1", "BL02", money("100.0000"), False, money("100.0000")),
        ("EC_NG", "C1", "BL03", money("0.0100"), False, money("0.0100")),
        # 60 - 20 on one line, the largest absolute balance is negative, and less than a cent counts as nothing.
        ("EC_NG", "C2", "BL01", money("40.0000"), False, money("40.0000")),
        ("EC_NG", "C2", "BL02", money("-50.5000"), True, money("0.0000")),
        ("JD_GH", "C5", "BL01", money("1.0000"), False, money("1.0000")),
        ("JD_GH", "C5", "BL02", money("2.0000"), True, money("0.0000")),
    ]
    assert bridge.lines == (
        BridgeLine("EC_NG", "IPE_07", money("140.0100"), 3),
        BridgeLine("JD_GH", "IPE_07", money("1.0000"), 1),
    )
    assert bridge.explains is False
    assert [(r.code, r.company, r.rows, str(r.amount)) for r in bridge.remarks] == [
        ("no_customer", "EC_NG", 1, "3.0000"),
        ("no_line", "EC_NG", 1, "5.0000"),
        ("below_a_cent", "EC_NG", 1, "0.0099"),
    ]


@pytest.mark.parametrize("bridge", [posting_group_bridge, business_line_bridge])
def test_a_missing_input_is_named(tmp_path: Path, bridge):
    with session_of(tmp_path, {}) as session:
        assert bridge(session).missing == ("IPE_07",)


@pytest.mark.parametrize("bridge", [posting_group_bridge, business_line_bridge])
def test_no_remark_names_a_customer(tmp_path: Path, bridge):
    with session_of(tmp_path, {"IPE_07": GROUPS if bridge is posting_group_bridge else LINES}) as session:
        told = str(bridge(session).to_json())
    assert not any(name in told for name in ("C1", "C2", "C3", "Ada", "Obi", "Kofi", "Esi"))
