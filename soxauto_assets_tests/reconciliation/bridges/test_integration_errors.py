"""Integration errors: domain 3.15, 7.6.3, DECISIONS B16."""

from decimal import Decimal
from pathlib import Path

import pytest

from soxauto_assets.catalog import get_item
from soxauto_assets.errors import CatalogError
from soxauto_assets.reconciliation.bridges import integration_errors_bridge
from soxauto_assets.reconciliation.bridges.integration_errors import mapped_accounts
from soxauto_assets.reconciliation.model import BridgeLine
from soxauto_assets.reconciliation.rules import RuleFile, load_rules
from soxauto_assets_tests.reconciliation.sessions import session_of

COMPANIES = """
    company_code | company_country | country_name
    EC_NG        | NG              | Nigeria
    JD_GH        | GH              | Ghana
    EC_DE        | DE              | Germany
    DE_USD       | DE              | Germany
    EC_KE·       | KE              | Kenya
"""
ERRORS = """
    source_system           | id_company | transaction_id | amount   | integration_status | occurrence
    Cash Deposits           | Nigeria    | A              | 100      | account missing    | 1
    Cash Deposits           | Nigeria    | A              | 100      | account missing    | 2
    Cash Deposits           | ghana·     | B              | 7.125    | account missing    | 1
    Cash Deposits           | Nigeria    | C              | 1000     | POSTED·            | 1
    Cash Deposits           | NG         | D              | 5000     | integrated         | 1
    Packlist Payments       | KE         | E              | 11       | -                  | 1
    JForce Payouts          | Nigeria    | F              | -2       | blocked            | 1
    Refunds                 | Germany    | G              | 13       | blocked            | 1
    Refunds                 | Wakanda    | H              | 17       | blocked            | 1
    Refunds                 | -          | I              | 19       | blocked            | 1
    Prepaid Deliveries      | Nigeria    | J              | 23       | blocked            | 1
    Ring Account Statements | Ghana      | K              | 29       | blocked            | 1
    Collection Adjustments  | EC_NG      | L              | 31       | blocked            | 1
    Delivery Fees           | Nigeria    | M              | 37       | blocked            | 1
    Delivery Fees           | Nigeria    | N              | -        | blocked            | 1
"""


def line(company: str, component: str, amount: str, rows: int) -> BridgeLine:
    return BridgeLine(company, component, Decimal(amount), rows)


def test_errors_by_company_and_component_explain_nothing(tmp_path: Path):
    with session_of(tmp_path, {"IPE_REC_ERRORS": ERRORS, "CR_05": COMPANIES}) as session:
        bridge = integration_errors_bridge(session)
        proof = session.rows(
            "SELECT status, count(*), sum(amount_lcy) FROM bridge_integration_errors GROUP BY 1 ORDER BY 1"
        )
    assert (bridge.explains, bridge.missing, bridge.incomplete) == (False, (), ())
    # 18412 belongs to IPE_08, 13012 to IPE_31.
    assert bridge.lines == (
        line("EC_KE", "IPE_31", "11.0000", 1),
        line("EC_NG", "IPE_08", "-2.0000", 1),
        line("EC_NG", "IPE_31", "200.0000", 2),
        line("JD_GH", "IPE_31", "7.1250", 1),
    )
    # Every row of the extract lies in one cell.
    assert proof == [
        ("handled", 2, Decimal("6000.0000")),
        ("mapped", 8, Decimal("265.1250")),
        ("outside_components", 2, Decimal("52.0000")),
        ("unmapped", 3, Decimal("68.0000")),
    ]
    assert [(r.code, r.text, r.company, r.rows, str(r.amount)) for r in bridge.remarks if r.rows] == [
        ("unmapped", "errors of Collection Adjustments, which is mapped to no account", "EC_NG", 1, "31.0000"),
        ("unmapped", "errors of Delivery Fees, which is mapped to no account", "EC_NG", 2, "37.0000"),
        ("outside_components", "errors of Prepaid Deliveries, whose account 18314 is in no component", "EC_NG", 1, "23.0000"),
        ("outside_components", "errors of Ring Account Statements, whose account 13023 is in no component", "JD_GH", 1,
         "29.0000"),
        ("handled", "rows of Cash Deposits whose message says that they were posted", "EC_NG", 2, "6000.0000"),
        ("company_unknown", "errors of IPE_08 in Germany, which leads to no single company", None, 1, "13.0000"),
        ("company_unknown", "errors of IPE_08 in Wakanda, which leads to no single company", None, 1, "17.0000"),
        ("company_unknown", "errors of IPE_08 in no country, which leads to no single company", None, 1, "19.0000"),
        ("no_amount", "errors without an amount", "EC_NG", 1, "None"),
    ]  # fmt: skip


def test_labels_that_nothing_maps_and_mappings_that_nothing_uses_are_reported(tmp_path: Path):
    # The old bridge dropped sources that it did not know, silently.
    with session_of(tmp_path, {"IPE_REC_ERRORS": ERRORS}) as session:
        found = integration_errors_bridge(session).remarks
    labels = {r.text.split("'")[1] for r in found if r.code == "unmapped_label"}
    assert labels == {
        "3PL Manual Transactions", "Collection Adjustments", "Delivery Fees", "Exception Account Statements",
        "JPay App Transactions", "Marketplace Shipping Fees", "SOI Prepayments", "Seller Transactions", "Vendor Payments",
    }  # fmt: skip
    assert {r.text.split("'")[1] for r in found if r.code == "unreachable_mapping"} == {
        "sc account statements", "seller account statements", "cash deposit cancel", "payment reconciles",
    }  # fmt: skip
    known = {label.lower() for label in get_item("IPE_REC_ERRORS").column("source_system").allowed or ()}
    mapped = set(mapped_accounts(load_rules("integration_errors")))
    # Every mapping can decide, or is reported; every label is mapped, or is reported.
    assert mapped - known == {r.text.split("'")[1] for r in found if r.code == "unreachable_mapping"}
    assert known - mapped == {label.lower() for label in labels}


def test_without_the_list_of_companies_only_company_codes_of_none_are_known(tmp_path: Path):
    with session_of(tmp_path, {"IPE_REC_ERRORS": ERRORS}) as session:
        bridge = integration_errors_bridge(session)
    assert bridge.lines == ()
    assert sum(r.rows for r in bridge.remarks if r.code == "company_unknown") == 8


def test_without_errors_there_is_nothing_to_report(tmp_path: Path):
    with session_of(tmp_path, {"IPE_REC_ERRORS": "source_system|amount", "CR_05": COMPANIES}) as session:
        bridge = integration_errors_bridge(session)
    assert (bridge.lines, [r for r in bridge.remarks if r.rows]) == ((), [])


def test_a_missing_input_is_named(tmp_path: Path):
    with session_of(tmp_path, {"CR_05": COMPANIES}) as session:
        assert integration_errors_bridge(session).missing == ("IPE_REC_ERRORS",)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"accounts": [], "handled": "Posted"},
        {"accounts": [{"label": "A", "account": 13012, "basis": "name"}], "handled": []},
        {
            "accounts": [{"label": n, "account": "1", "basis": "name"} for n in ("A", "a·".replace("·", " "))],
            "handled": [],
        },
    ],
)
def test_a_malformed_mapping_is_refused(content: dict[str, object]):
    with pytest.raises(CatalogError):
        mapped_accounts(RuleFile("integration_errors", "1", "assumed", "", "", content))
