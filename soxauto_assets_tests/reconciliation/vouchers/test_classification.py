"""What each entry of the voucher liability is: domain 7.5, DECISIONS B15."""

from decimal import Decimal
from pathlib import Path

import pytest

from soxauto_assets.catalog.configuration import load_configuration
from soxauto_assets.errors import CatalogError
from soxauto_assets.reconciliation.inputs import Session
from soxauto_assets.reconciliation.rules import RuleFile, load_rules
from soxauto_assets.reconciliation.vouchers import CategoryTotal, classify_entries
from soxauto_assets.reconciliation.vouchers.entry_rules import EntryRule, entry_rules
from soxauto_assets_tests.reconciliation.sessions import session_of
from soxauto_assets_tests.reconciliation.voucher_rows import BATCH, entries

RULES = entry_rules(load_rules("classification"))
EXAMPLES = [(rule, example) for rule in RULES for example in rule.examples]


def classify(folder: Path, *rows: dict[str, str], **tables: str) -> list[tuple[object, ...]]:
    """Return entry number, category, voucher type, business use and rule."""
    with session_of(folder, {"CR_03_MOV": entries(*rows), **tables}) as session:
        classify_entries(session)
        return session.rows(
            "SELECT entry_no, category, voucher_type, business_use, rule FROM voucher_entries ORDER BY company, entry_no"
        )


@pytest.fixture(scope="module")
def decided(tmp_path_factory: pytest.TempPathFactory) -> list[tuple[object, ...]]:
    return classify(tmp_path_factory.mktemp("examples"), *(dict(example) for _, example in EXAMPLES))


@pytest.mark.parametrize("number", range(len(EXAMPLES)), ids=[f"{rule.id}-{n}" for n, (rule, _) in enumerate(EXAMPLES)])
def test_each_rule_decides_its_example(decided: list[tuple[object, ...]], number: int):
    # It decides: so it fits, and no rule before it does.
    rule: EntryRule = EXAMPLES[number][0]
    _, category, _, _, by = decided[number]
    assert (by, category) == (rule.id, rule.category)


def test_every_rule_has_an_example_or_can_never_decide(tmp_path: Path):
    with session_of(tmp_path, {"CR_03_MOV": entries({})}) as session:
        remarks = classify_entries(session).remarks
    unreachable = [remark.text for remark in remarks if remark.code == "unreachable_rule"]
    assert unreachable == ["rule 5b (VTC) can never decide: CR_03_MOV has no column comment"]
    assert [rule.id for rule in RULES if not rule.examples] == ["5b"]
    assert [remark.text for remark in remarks if remark.code == "unreachable_look_up"] == [
        "document_no = IPE_08_USAGE.transaction_no: IPE_08_USAGE has no column transaction_no",
        "document_no = IPE_08.transaction_no: IPE_08 has no column transaction_no",
    ]


WORDS = [
        ("PERF 317489956", "2d"), ("PERF_317", "2d"), ("SUPERREFUND", "2d"), ("REFUNDABLE", "2d"), ("ÉRF 1", "2d"),
        ("RF 317", "2a"), ("-RF_317", "2a"), ("x rf", "2a"), ("refund", "2a"), ("(REFUND)", "2a"), ("RF-1", "2d"),
        ("COMMERCIAL GESTURES", "2d"), ("XPYT_1", "2d"), ("COMMERCIAL GESTURE REFUND", "2a"),
]  # fmt: skip


def test_patterns_match_whole_words(tmp_path: Path):
    # The old classifier looked for the text anywhere: PERF 317 was a refund.
    found = classify(tmp_path, *({"document_description": text} for text, _ in WORDS))
    assert [(text, row[4]) for (text, _), row in zip(WORDS, found, strict=True)] == WORDS


USERS = [
        (BATCH, "Integration"), ("jumia\\nav31afr.batch.srvc", "Integration"), ("JUMIA\\NAV31AFR.BATCH.SRVC··", "Integration"),
        ("JUMIA/NAV13AFR.BATCH.SRVC", "Manual"), ("NAV31AFR.BATCH.SRVC", "Manual"), ("-", "Manual"), ("·", "Manual"),
]  # fmt: skip


def test_the_user_decides_between_interface_and_hand(tmp_path: Path):
    with session_of(tmp_path, {"CR_03_MOV": entries(*({"user_id": user} for user, _ in USERS))}) as session:
        classify_entries(session)
        found = session.rows("SELECT integration_type FROM voucher_entries ORDER BY entry_no")
    assert [(user, kind) for (user, _), (kind,) in zip(USERS, found, strict=True)] == USERS


def test_users_of_interfaces_are_configuration(tmp_path: Path):
    override = tmp_path / "configuration.yaml"
    override.write_text("integration_users: {values: ['jumia\\nav13afr.batch.srvc'], status: assumed}\n")
    tables = {"CR_03_MOV": entries({"user_id": "JUMIA/NAV13AFR.BATCH.SRVC"}, {"user_id": BATCH})}
    with session_of(tmp_path, tables, configuration=load_configuration(override)) as session:
        classify_entries(session)
        kinds = session.rows("SELECT integration_type FROM voucher_entries ORDER BY entry_no")
    assert kinds == [("Integration",), ("Manual",)]


def test_amounts_of_zero_reversals_other_accounts_and_the_rest(tmp_path: Path):
    rows = (
        {"amount": "0", "document_description": "RF_1"},
        {"amount": "0", "reversed": "true"},
        {"amount": "90", "reversed": "true", "user_id": "A", "bal_account_type": "Bank Account"},
        {"amount": "12.5", "user_id": "A", "document_description": "no rule knows it"},
        {"amount": "-3", "group_coa_account_no": "13011", "document_description": "RF_1"},
        {"amount": "-3", "group_coa_account_no": "-", "document_description": "RF_1"},
        {"amount": "7.5", "user_id": "A", "document_description": "-", "group_coa_account_no": "18412·"},
        {"amount": "-1", "reversed": "-", "document_description": "RF_1"},
    )
    with session_of(tmp_path, {"CR_03_MOV": entries(*rows)}) as session:
        result = classify_entries(session)
        found = session.rows("SELECT entry_no, category, voucher_type, rule FROM voucher_entries ORDER BY 1")
    assert found == [
        (1, None, None, None),
        (2, None, None, None),
        (3, "Reversed", "Unknown", "reversed"),
        (4, "Uncategorized", "Unknown", None),
        (5, None, None, None),
        (6, None, None, None),
        (7, "Uncategorized", "Unknown", None),
        (8, "Issuance", "refund", "2a"),
    ]
    counted = {remark.code: (remark.company, remark.rows, remark.amount) for remark in result.remarks if remark.rows}
    assert counted == {
        "zero_amount": ("EC_NG", 2, Decimal("0.0000")),
        "other_account": ("EC_NG", 2, Decimal("-6.0000")),
        "uncategorized": ("EC_NG", 2, Decimal("20.0000")),
        "reversed": ("EC_NG", 1, Decimal("90.0000")),
        "type_unknown": ("EC_NG", 3, Decimal("110.0000")),
    }
    assert result.totals == (
        CategoryTotal("EC_NG", "Issuance", "refund", Decimal("-1.0000"), 1),
        CategoryTotal("EC_NG", "Reversed", "Unknown", Decimal("90.0000"), 1),
        CategoryTotal("EC_NG", "Uncategorized", "Unknown", Decimal("20.0000"), 2),
    )
    assert result.missing == ("IPE_08", "IPE_08_USAGE")


def test_a_negative_amount_against_a_bank_account_is_an_issuance(tmp_path: Path):
    assert (
        classify(tmp_path, {"user_id": "A", "bal_account_type": "Bank Account", "document_description": "RF_1"})[0][4]
        == "2f"
    )


IPE_08 = """
    id_company | id        | business_use      | business_use_formatted
    EC_NG      | V001      | apology_v2        | -
    EC_NG      | 12345     | refund            | -
    EC_NG      | JP1       | jpay_store_credit | jpay_store_credit_other
    EC_NG      | both      | Jforce·           | -
    EC_NG      | nouse     | -                 | -
    EC_NG      | MK        | marketing         | -
    JD_GH      | V001      | Store Credit      | -
    EC_NG      | GIFT      | Jpay store_credit | -
"""
USAGE = """
    id_company | id     | business_use | delivery_mth | voucher_type
    EC_NG      | both   | refund       | 202509       | reusablecredit
    EC_NG      | nouse  | store_credit | 202509       | reusablecredit
    EC_NG      | -      | refund       | 202509       | reusablecredit
"""


LOOKED_UP = [
    ("EC_NG", "V001", "apology", "apology_v2"),
    ("JD_GH", "V001", "store_credit", "Store Credit"),  # the same id in another company
    ("EC_NG", "·v001··", "apology", "apology_v2"),
    ("EC_NG", "12345.0", "refund", "refund"),
    ("EC_NG", "12345.00", "Unknown", None),
    ("EC_NG", "JP1", "store_credit", "jpay_store_credit"),
    ("EC_NG", "GIFT", "store_credit", "Jpay store_credit"),
    ("EC_NG", "both", "jforce", "Jforce "),  # IPE_08 comes before IPE_08_USAGE
    ("EC_NG", "nouse", "store_credit", "store_credit"),  # IPE_08 has no business use, so the next step decides
    ("EC_NG", "MK", "other", "marketing"),
    ("EC_NG", "-", "Unknown", None),  # null never matches the usage of a code without voucher
    ("EC_NG", "·", "Unknown", None),
    ("EC_NG", "nobody", "Unknown", None),
    ("EC_KE", "V001", "Unknown", None),
]


def test_the_type_of_a_voucher_is_looked_up(tmp_path: Path):
    rows = [
        {"id_company": company, "voucher_no": voucher, "amount": "5", "document_description": "Item price credit"}
        for company, voucher, _, _ in LOOKED_UP
    ]
    with session_of(tmp_path, {"CR_03_MOV": entries(*rows), "IPE_08": IPE_08, "IPE_08_USAGE": USAGE}) as session:
        classify_entries(session)
        found = session.rows("SELECT category, voucher_type, business_use, rule FROM voucher_entries ORDER BY entry_no")
    assert found == [("Usage", kind, use, "3b") for _, _, kind, use in LOOKED_UP]


def test_two_vouchers_of_one_compared_id_are_remarked_and_multiply_nothing(tmp_path: Path):
    vouchers = "id_company|id|business_use\nEC_NG|77|refund\nEC_NG|77.0|apology_v2"
    with session_of(
        tmp_path, {"CR_03_MOV": entries({"amount": "5", "voucher_no": "77"}), "IPE_08": vouchers}
    ) as session:
        result = classify_entries(session)
        assert session.rows("SELECT entry_no, voucher_type FROM voucher_entries") == [(1, "apology")]
    assert [(r.company, r.rows) for r in result.remarks if r.code == "id_of_two_uses"] == [("EC_NG", 1)]


def test_without_entries_nothing_is_classified(tmp_path: Path):
    with session_of(tmp_path, {"IPE_08": IPE_08}) as session:
        result = classify_entries(session)
    assert (result.table, result.missing) == (None, ("CR_03_MOV", "IPE_08_USAGE"))


@pytest.mark.parametrize(
    "change",
    [
        {"when": {"integration": "Perhaps"}},
        {"when": {"description_words": ["RF%"]}},
        {"when": {"nothing": True}},
        {"when": {}},
        {"when": {"reversed": False}},
        {"category": "no word"},
        {"extra": 1},
    ],
)
def test_a_malformed_rule_is_refused(change: dict[str, object]):
    rule = {"id": "1", "category": "VTC", "voucher_type": "refund", "when": {"sign": "positive"}, "examples": []}
    with pytest.raises(CatalogError):
        entry_rules(RuleFile("classification", "1", "assumed", "", "", {"rules": [{**rule, **change}]}))


def test_two_rules_of_one_id_are_refused():
    rule = {"id": "1", "category": "VTC", "voucher_type": "refund", "when": {"sign": "positive"}, "examples": []}
    with pytest.raises(CatalogError):
        entry_rules(RuleFile("classification", "1", "assumed", "", "", {"rules": [rule, rule]}))


def test_no_voucher_type_of_the_rules_is_outside_the_vocabulary(tmp_path: Path):
    from soxauto_assets.reconciliation.vouchers.voucher_types import voucher_types

    names = voucher_types(load_rules("voucher_types")).names
    assert {rule.voucher_type for rule in RULES} <= {*names, "look_up", "none"}


def test_an_entry_table_belongs_to_the_evidence(tmp_path: Path):
    with session_of(tmp_path, {"CR_03_MOV": entries({})}) as session:
        classify_entries(session)
        assert session.kept == ["voucher_entries"]
        assert _columns(session, "voucher_entries") == [
            "company", "entry_no", "posting_date", "voucher_no", "document_no", "document_description", "amount",
            "integration_type", "category", "voucher_type", "business_use", "rule",
        ]  # fmt: skip


def _columns(session: Session, table: str) -> list[str]:
    return [name for (name, *_) in session.rows(f"DESCRIBE {table}")]
