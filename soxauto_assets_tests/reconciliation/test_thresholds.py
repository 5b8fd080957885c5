"""Threshold contracts: dates, the most specific rule, rule by rule, and the boundary."""

from datetime import date
from decimal import Decimal

import pytest

from soxauto_assets.errors import CatalogError
from soxauto_assets.reconciliation.rules import RuleFile, load_rules
from soxauto_assets.reconciliation.thresholds import Thresholds

ON = date(2025, 9, 30)


def contracts(*entries, fallback=None) -> Thresholds:
    content = {
        "contracts": list(entries),
        "fallback": fallback or {"bucket": "1000", "line_item": "1000", "country": "10000"},
    }
    return Thresholds(RuleFile("thresholds", "1", "assumed", "test", "f" * 64, content))


def rule(kind, usd, **scope):
    return {"kind": kind, "usd": usd, "description": "test", **scope}


def contract(country, effective_from, *rules, version="1"):
    return {"country": country, "version": version, "effective_from": effective_from, "rules": list(rules)}


@pytest.mark.parametrize(
    ("kind", "country", "account", "usd", "owner"),
    [
        ("bucket", "NG", None, "1000", "DEFAULT"),
        ("bucket", "EG", "18412", "1000", "EG"),
        ("bucket", "EG", "18350", "1000", "DEFAULT"),
        ("line_item", "NG", "18412", "500", "DEFAULT"),
        ("line_item", "EG", "18412", "5000", "EG"),
        ("line_item", "EG", "13003", "500", "DEFAULT"),
        ("country", "NG", None, "10000", "DEFAULT"),
        ("country", "EG", None, "22000", "EG"),
    ],
)
def test_the_contracts_of_the_reference(kind, country, account, usd, owner):
    """Egypt's rules for 18412 do not hide DEFAULT for its other accounts (DECISIONS B18)."""
    found = Thresholds(load_rules("thresholds")).resolve(kind, country, ON, account)
    assert (found.usd, found.contract, found.version) == (Decimal(usd), owner, "1")
    assert found.sha256 == load_rules("thresholds").digest


def test_before_every_contract_the_fallback_is_in_force():
    found = Thresholds(load_rules("thresholds")).resolve("line_item", "EG", date(2024, 12, 31), "18412")
    assert (found.usd, found.contract) == (Decimal(1000), "fallback")


@pytest.mark.parametrize(
    ("day", "usd"), [(date(2025, 6, 29), "10"), (date(2025, 6, 30), "20"), (date(2026, 1, 1), "20")]
)
def test_a_contract_counts_from_its_day_on(day, usd):
    """effective_date was never applied (domain 7.7, 10 row 16)."""
    found = contracts(
        contract("DEFAULT", "2025-01-01", rule("bucket", "10")),
        contract("DEFAULT", "2025-06-30", rule("bucket", "20"), version="2"),
    )
    assert found.resolve("bucket", None, day).usd == Decimal(usd)


def test_the_most_specific_rule_wins_whatever_its_place():
    found = contracts(
        contract(
            "DEFAULT",
            "2025-01-01",
            rule("bucket", "1", account="18412", category="Usage", voucher_type="refund"),
            rule("bucket", "2", account="18412", category="Usage"),
            rule("bucket", "3", account="18412"),
            rule("bucket", "4"),
        )
    )
    asked = [
        ("18412", "Usage", "refund"),
        ("18412", "Usage", "apology"),
        ("18412", "Expired", "refund"),
        ("13003", None, None),
    ]
    assert [found.resolve("bucket", "NG", ON, *scope).usd for scope in asked] == [1, 2, 3, 4]
    assert found.resolve("bucket", "NG", ON, "18412", "Usage", "refund").specificity == 3


@pytest.mark.parametrize(
    ("usd", "reached"), [("999.999999", False), ("1000", True), ("-1000", True), ("-999.99", False)]
)
def test_equal_to_the_threshold_is_investigated(usd, reached):
    assert Thresholds(load_rules("thresholds")).resolve("bucket", "NG", ON).reached(Decimal(usd)) is reached


@pytest.mark.parametrize(
    "entries",
    [
        [contract("NG", "2025-01-01"), contract("NG", "2025-01-01")],
        [contract("NG", "2025-01-01", rule("bucket", "1"), rule("bucket", "2"))],
        [contract("NG", "2025-01-01", rule("bucket", 1))],
        [contract("NG", "2025-01-01", rule("bucket", "-1"))],
        [contract("NG", "2025-01-01", rule("mystery", "1"))],
        [contract("NG", "2025-01-01", rule("bucket", "1", acount="18412"))],
        [contract("NG", "someday", rule("bucket", "1"))],
    ],
)
def test_contracts_that_could_be_read_in_two_ways_are_refused(entries):
    with pytest.raises(CatalogError):
        contracts(*entries)
