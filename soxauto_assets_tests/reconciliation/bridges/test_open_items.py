"""The rule catalogue for open items: domain 7.6.6, DECISIONS B17, B24."""

from decimal import Decimal
from pathlib import Path

import pytest

from soxauto_assets.errors import CatalogError
from soxauto_assets.reconciliation.bridges import open_items_bridge
from soxauto_assets.reconciliation.bridges.open_items import open_item_rules
from soxauto_assets.reconciliation.model import BridgeLine
from soxauto_assets.reconciliation.rules import RuleFile, load_rules
from soxauto_assets_tests.reconciliation.sessions import session_of

CATALOGUE = open_item_rules(load_rules("open_items"))
COLLECTIONS = """
    id_company | transaction_type        | amount
    EC_NG      | Transfer to             | 100
    EC_NG      | TRANSFER TO·            | 1
    EC_NG      | Third Party Collection  | 10.125
    EC_NG      | Payment - Rev           | 4
    JD_GH      | Translist in progress   | 7
    EC_NG      | Payment in progress     | -50
    EC_NG      | Reallocation            | 3
    EC_NG      | Transfer to a partner   | 2
    EC_NG      | Sales Credit Memo       | 9
"""
PREPAYMENTS = """
    id_company | cod_oms_sales_order_item | is_prepayment | paid_for_items | paid_for_shipping
    EC_NG      | 1                        | 1             | 20             | 5
    EC_NG      | 2                        | 1             | 30             | -1
    JD_GH      | 3                        | 1             | 8              | 0
"""


def line(company: str, component: str, amount: str, rows: int) -> BridgeLine:
    return BridgeLine(company, component, Decimal(amount), rows)


def test_each_open_item_falls_under_the_first_rule_that_equals_it(tmp_path: Path):
    with session_of(tmp_path, {"IPE_31": COLLECTIONS, "IPE_10": PREPAYMENTS}) as session:
        bridge = open_items_bridge(session)
        proof = session.rows(
            "SELECT item, company, rule, trigger, debit_hint, credit_hint, amount_lcy, item_rows FROM bridge_open_items "
            "WHERE rule IS NOT NULL ORDER BY ALL"
        )
    collection = ("100XX", "13011, 13012, 10590")
    prepayment = ("13012, 13030", "18350")
    assert proof == [
        ("IPE_10", "EC_NG", "PREPAYMENTS", None, *prepayment, Decimal("54.0000"), 2),
        ("IPE_10", "JD_GH", "PREPAYMENTS", None, *prepayment, Decimal("8.0000"), 1),
        ("IPE_31", "EC_NG", "CASH_DEPOSITS", "payment - rev", *collection, Decimal("4.0000"), 1),
        ("IPE_31", "EC_NG", "CASH_DEPOSITS", "third party collection", *collection, Decimal("10.1250"), 1),
        ("IPE_31", "EC_NG", "CASH_DEPOSITS", "transfer to", *collection, Decimal("101.0000"), 2),
        ("IPE_31", "EC_NG", "SALES_CREDIT_MEMOS", "sales credit memo", "30101 individual, 30102 corporate", "13005",
         Decimal("9.0000"), 1),
        ("IPE_31", "JD_GH", "CASH_DEPOSITS", "translist in progress", *collection, Decimal("7.0000"), 1),
    ]  # fmt: skip
    assert bridge.lines == (
        line("EC_NG", "IPE_10", "54.0000", 2),
        line("EC_NG", "IPE_31", "124.1250", 5),
        line("JD_GH", "IPE_10", "8.0000", 1),
        line("JD_GH", "IPE_31", "7.0000", 1),
    )
    assert bridge.explains is False
    # The old rule took whatever contained one of its texts: a payment in progress was a cash deposit.
    assert [(r.text, r.company, r.rows, str(r.amount)) for r in bridge.remarks if r.code == "no_rule"] == [
        ("items of IPE_31 that no rule takes: payment in progress", "EC_NG", 1, "-50.0000"),
        ("items of IPE_31 that no rule takes: reallocation", "EC_NG", 1, "3.0000"),
        ("items of IPE_31 that no rule takes: transfer to a partner", "EC_NG", 1, "2.0000"),
    ]


NEVER = {
    "CASH_DEPOSITS_CANCEL": "no extract gives the transaction types payment charges rev, transfer from, reallocation from",
    "JFORCE_PAYOUTS": "IPE_31 has no column payment_method; IPE_10 has no column transaction_type",
    "PAYMENT_RECONCILES": "shadowed by CASH_DEPOSITS",
    "PREPAID_DELIVERIES": "shadowed by PREPAYMENTS",
    "REFUNDS": "no extract gives the transaction types refund",
    "SALES_CREDIT_MEMOS": "no extract gives the transaction types sales credit memo",
    "SALES_DELIVERIES": "no extract gives the transaction types delivery, delivered",
    "SC_ACCOUNT_STATEMENT": "IPE_31 has no column entity, source; IPE_10 has no column entity, source",
    "SELLER_ACCOUNT_STATEMENTS": "IPE_31 has no column entity, source; IPE_10 has no column entity, source",
}


def test_rules_that_can_never_decide_are_reported_with_the_reason(tmp_path: Path):
    with session_of(tmp_path, {"IPE_31": "transaction_type", "IPE_10": "is_prepayment"}) as session:
        bridge = open_items_bridge(session)
        assert CATALOGUE.never_decides(session.setting("excluded_transaction_types_ipe31")) == NEVER
    told = {r.text.removeprefix("rule "): r.code for r in bridge.remarks}
    assert told == {
        **{f"{key}: {why}": "shadowed_rule" if "shadow" in why else "unreachable_rule" for key, why in NEVER.items()},
        "CASH_DEPOSITS: it can decide, and no item of the month has its texts": "no_row",
        "PREPAYMENTS: it can decide, and no item of the month has its texts": "no_row",
        "CASH_DEPOSITS: no extract gives payment, transfer": "unreachable_trigger",
    }


@pytest.mark.parametrize("rule", CATALOGUE.rules, ids=lambda rule: rule.key)
def test_every_rule_decides_on_a_row_of_its_texts_or_is_reported(tmp_path: Path, rule):
    if not any(rule.applies_to(item) for item in CATALOGUE.items):
        assert "has no column" in NEVER[rule.key]
        return
    [(column, texts)] = rule.when.items()
    rows = "\n".join(f"EC_NG|{text}" for text in texts)
    tables = {
        "IPE_31": f"id_company|transaction_type\n{rows if column == 'transaction_type' else ''}",
        "IPE_10": f"id_company|is_prepayment\n{rows if column == 'is_prepayment' else ''}",
    }
    with session_of(tmp_path, tables) as session:
        open_items_bridge(session)
        decided = {key for (key,) in session.rows("SELECT rule FROM bridge_open_items")}
    shadowed = NEVER.get(rule.key, "").startswith("shadowed")
    assert (rule.key not in decided) if shadowed else (rule.key in decided)


def test_equal_ranks_go_by_the_order_of_the_table():
    keys = [rule.key for rule in CATALOGUE.rules]
    assert keys == [
        "CASH_DEPOSITS", "SALES_DELIVERIES", "CASH_DEPOSITS_CANCEL", "JFORCE_PAYOUTS", "PAYMENT_RECONCILES", "PREPAYMENTS",
        "REFUNDS", "SC_ACCOUNT_STATEMENT", "SELLER_ACCOUNT_STATEMENTS", "PREPAID_DELIVERIES", "SALES_CREDIT_MEMOS",
    ]  # fmt: skip


@pytest.mark.parametrize("missing", ["IPE_31", "IPE_10"])
def test_a_missing_input_is_named(tmp_path: Path, missing: str):
    tables = {"IPE_31": COLLECTIONS, "IPE_10": PREPAYMENTS}
    with session_of(tmp_path, {name: text for name, text in tables.items() if name != missing}) as session:
        assert open_items_bridge(session).missing == (missing,)


RULE = {"key": "A", "rank": 1, "when": {"transaction_type": ["x"]}, "debit": [], "credit": [], "enrichment": "none"}
FILE = {"items": ["IPE_31"], "transaction_types": ["x"]}


@pytest.mark.parametrize(
    "content",
    [
        {},
        {**FILE, "rules": [RULE, RULE]},
        {**FILE, "rules": [{**RULE, "when": {}}]},
        {**FILE, "rules": [{**RULE, "rank": "first"}]},
        {**FILE, "rules": [{**RULE, "when": {"is_prepayment": [1]}}]},
    ],
)
def test_a_malformed_catalogue_is_refused(content: dict[str, object]):
    with pytest.raises(CatalogError):
        open_item_rules(RuleFile("open_items", "1", "assumed", "", "", content))
