"""The VTC adjustment: domain 7.6.2, DECISIONS B13; and both bridges of the voucher liability together, DECISIONS B2."""

from decimal import Decimal
from pathlib import Path

import pytest

from soxauto_assets.reconciliation.bridges import timing_bridge, vtc_bridge
from soxauto_assets.reconciliation.model import Bridge, BridgeLine
from soxauto_assets_tests.reconciliation.sessions import session_of
from soxauto_assets_tests.reconciliation.voucher_rows import HAND, entries, jdash, vouchers

CANCELLED = {"is_active": "0", "voucher_inactive_date": "2025-09-10T00:00:00", "remaining_amount": "50"}
CREDIT_MEMO = {"amount": "50", "user_id": HAND, "document_type": "Credit Memo"}  # Cancellation
BANK = {"amount": "50", "user_id": HAND, "bal_account_type": "Bank Account"}  # VTC
USED = {"amount": "50", "document_description": "Item price credit"}  # Usage


def bridge_of(folder: Path, issued: str, booked: str) -> tuple[Bridge, list[tuple[object, ...]]]:
    """Return the bridge and its proof: company, voucher, month of origin, remaining, explained."""
    with session_of(folder, {"IPE_08": issued, "CR_03_MOV": booked}) as session:
        bridge = vtc_bridge(session)
        assert session.kept == ["voucher_entries", "bridge_vtc"]
        proof = session.rows(
            "SELECT company, voucher_id, month_of_origin, remaining_lcy, explained_lcy FROM bridge_vtc ORDER BY ALL"
        )
    # The lines are sums of the rows that are kept as evidence, no others (domain 10 row 11).
    for line in bridge.lines:
        own = [row[4] for row in proof if row[0] == line.company]
        assert (sum(own), len(own)) == (line.amount, line.rows)  # type: ignore[arg-type]
    return bridge, proof


def line(company: str, amount: str, rows: int) -> BridgeLine:
    return BridgeLine(company, "IPE_08", Decimal(amount), rows)


def remarks(bridge: Bridge, *codes: str) -> dict[tuple[str, str | None], tuple[int, str]]:
    return {(r.code, r.company): (r.rows, str(r.amount)) for r in bridge.remarks if not codes or r.code in codes}


def test_the_stock_of_the_window_counts_with_its_month_of_origin(tmp_path: Path):
    issued = vouchers(
        {**CANCELLED, "voucher_inactive_date": "2024-10-01T00:00:00", "remaining_amount": "1"},
        {**CANCELLED, "voucher_inactive_date": "2025-08-31T23:59:59.999", "remaining_amount": "10"},
        {**CANCELLED, "voucher_inactive_date": "2025-09-01T00:00:00", "remaining_amount": "100.125"},
    )
    bridge, proof = bridge_of(tmp_path, issued, entries())
    assert proof == [
        ("EC_NG", "V1", "2024-10", Decimal("1.0000"), Decimal("-1.0000")),
        ("EC_NG", "V2", "2025-08", Decimal("10.0000"), Decimal("-10.0000")),
        ("EC_NG", "V3", "2025-09", Decimal("100.1250"), Decimal("-100.1250")),
    ]
    assert bridge.lines == (line("EC_NG", "-111.1250", 3),)
    assert [(r.code, r.text[-7:], r.rows, str(r.amount)) for r in bridge.remarks] == [
        ("month_of_origin", "2024-10", 1, "-1.0000"),
        ("month_of_origin", "2025-08", 1, "-10.0000"),
        ("month_of_origin", "2025-09", 1, "-100.1250"),
        ("legacy_month_only", " before", 1, "-100.1250"),
    ]


def test_the_window_is_half_open_and_an_empty_date_is_counted(tmp_path: Path):
    # The old bridge ended at midnight of the last day: a voucher cancelled at 18:00 was lost. Without the column it had no
    # window at all.
    days = (
        "2024-09-30T23:59:59.999", "2024-10-01T00:00:00", "2025-09-30T18:00:00", "2025-09-30T23:59:59.999",
        "2025-10-01T00:00:00", "-",
    )  # fmt: skip
    issued = vouchers(
        *({**CANCELLED, "voucher_inactive_date": day, "remaining_amount": str(10**n)} for n, day in enumerate(days))
    )
    bridge, proof = bridge_of(tmp_path, issued, entries())
    assert [row[1] for row in proof] == ["V2", "V3", "V4"]
    assert bridge.lines == (line("EC_NG", "-1110.0000", 3),)
    assert remarks(bridge, "inactive_before_window", "inactive_after_cutoff", "inactive_date_unknown") == {
        ("inactive_before_window", "EC_NG"): (1, "1.0000"),
        ("inactive_after_cutoff", "EC_NG"): (1, "10000.0000"),
        ("inactive_date_unknown", "EC_NG"): (1, "100000.0000"),
    }
    assert remarks(bridge, "legacy_month_only") == {("legacy_month_only", "EC_NG"): (2, "-1100.0000")}


def test_only_voucher_inactive_date_decides(tmp_path: Path):
    issued = vouchers({**CANCELLED, "voucher_inactive_date": "-", "min_inactive_date": "2025-09-10T00:00:00",
                       "template_inactive_date": "2025-09-10T00:00:00"})  # fmt: skip
    assert bridge_of(tmp_path, issued, entries())[0].lines == ()


@pytest.mark.parametrize(
    ("entry", "matched"),
    [
        ({**CREDIT_MEMO, "voucher_no": "V1"}, True),
        ({**BANK, "voucher_no": "V1"}, True),
        ({**CREDIT_MEMO, "voucher_no": "·v1··"}, True),
        ({**CREDIT_MEMO, "voucher_no": "V1", "posting_date": "2024-10-01"}, True),
        ({**USED, "voucher_no": "V1"}, False),
        ({**BANK, "voucher_no": "V1", "amount": "-50"}, False),  # negative against a bank: an issuance
        ({**CREDIT_MEMO, "voucher_no": "V1", "reversed": "true"}, False),  # taken back again
        ({**CREDIT_MEMO, "voucher_no": "V1", "id_company": "JD_GH"}, False),  # another company's voucher
        ({**CREDIT_MEMO, "voucher_no": "V10"}, False),
        ({**CREDIT_MEMO, "voucher_no": "-"}, False),
    ],
)
def test_a_cancellation_or_payment_of_the_same_company_and_voucher_matches(
    tmp_path: Path, entry: dict[str, str], matched: bool
):
    bridge, _ = bridge_of(tmp_path, vouchers(CANCELLED), entries(entry))
    assert bridge.lines == (() if matched else (line("EC_NG", "-50.0000", 1),))
    assert (("matched", "EC_NG") in remarks(bridge)) is matched


def test_numbers_match_with_and_without_a_decimal_point(tmp_path: Path):
    issued = vouchers({**CANCELLED, "id": "12345"}, {**CANCELLED, "id": "777.0"})
    booked = entries(
        {**CREDIT_MEMO, "voucher_no": "12345.0"}, {**BANK, "voucher_no": "777"}, {**BANK, "voucher_no": "777"}
    )
    bridge, _ = bridge_of(tmp_path, issued, booked)
    assert bridge.lines == ()
    assert remarks(bridge) == {("matched", "EC_NG"): (2, "100.0000")}


@pytest.mark.parametrize("id_", ["·", "NAN·", "NONE"])
def test_an_id_that_is_empty_matches_no_entry_without_a_voucher(tmp_path: Path, id_: str):
    # The old key of an empty id was the text NAN or NONE: it matched an empty voucher number and left the bridge.
    bridge, _ = bridge_of(tmp_path, vouchers({**CANCELLED, "id": id_}), entries({**CREDIT_MEMO, "voucher_no": "-"}))
    assert bridge.lines == (line("EC_NG", "-50.0000", 1),)
    found = remarks(bridge, "null_id", "entry_without_voucher")
    expected = {("entry_without_voucher", "EC_NG"): (1, "50.0000")}
    assert found == ({("null_id", "EC_NG"): (1, "50.0000")} if id_ == "·" else {}) | expected


def test_one_voucher_id_in_two_companies(tmp_path: Path):
    # The old anti-join had no company: GH's cancellation took NG's voucher out of the bridge.
    issued = vouchers(
        {**CANCELLED, "id": "S"}, {**CANCELLED, "id": "S", "id_company": "JD_GH·", "remaining_amount": "7"}
    )
    bridge, _ = bridge_of(tmp_path, issued, entries({**CREDIT_MEMO, "voucher_no": "S", "id_company": "JD_GH"}))
    assert bridge.lines == (line("EC_NG", "-50.0000", 1),)
    assert remarks(bridge, "matched") == {("matched", "JD_GH"): (1, "7.0000")}


def test_refund_vouchers_that_are_not_considered_are_counted(tmp_path: Path):
    issued = vouchers(
        {"remaining_amount": "1"},
        {**CANCELLED, "is_active": "-", "remaining_amount": "2"},
        {**CANCELLED, "remaining_amount": "0"},
        {**CANCELLED, "remaining_amount": "-"},
        {**CANCELLED, "is_valid": "expired", "remaining_amount": "4"},
        {**CANCELLED, "business_use": "store_credit", "remaining_amount": "8"},
        {**CANCELLED, "business_use": "Refund·", "business_use_formatted": "Refund·", "remaining_amount": "16"},
    )
    bridge, _ = bridge_of(tmp_path, issued, entries({**CREDIT_MEMO, "voucher_no": "unknown"}))
    assert bridge.lines == (line("EC_NG", "-16.0000", 1),)
    assert remarks(bridge) == {
        ("active", "EC_NG"): (1, "1.0000"),
        ("status_unknown", "EC_NG"): (1, "2.0000"),
        ("nothing_remains", "EC_NG"): (2, "0.0000"),
        ("expired", "EC_NG"): (1, "4.0000"),
        ("entry_unmatched", "EC_NG"): (1, "50.0000"),
        ("month_of_origin", "EC_NG"): (1, "-16.0000"),
        ("legacy_month_only", "EC_NG"): (1, "-16.0000"),
    }


@pytest.mark.parametrize("missing", ["CR_03_MOV", "IPE_08"])
def test_a_missing_input_is_named_and_nothing_is_explained(tmp_path: Path, missing: str):
    tables = {"IPE_08": vouchers(CANCELLED), "CR_03_MOV": entries()}
    with session_of(tmp_path, {name: text for name, text in tables.items() if name != missing}) as session:
        bridge = vtc_bridge(session)
    assert (bridge.missing, bridge.lines, bridge.proof, bridge.explains) == ((missing,), (), None, True)


# What the ledger holds, what the target value counts, and what the two bridges explain (DECISIONS B2, B3).
ORDERED = {"voucher_inactive_date": "2025-09-20T00:00:00", "is_active": "0"}
CASES = {
    "40 of 100 ordered, not delivered, active": (
        {"remaining_amount": "60"}, "40", [("-100", "RF_1")], ("-100", "-100", "0", "0"),
    ),
    "40 of 40 ordered, not delivered, inactive": (
        {**ORDERED, "discount_amount": "40", "remaining_amount": "0", "totalremainingamount": "40"}, "40",
        [("-40", "RF_1")], ("-40", "0", "-40", "0"),
    ),
    "a refund of 50 cancelled in BOB, not in NAV": (
        {**CANCELLED, "discount_amount": "50", "totalremainingamount": "50"}, None, [("-50", "RF_1")], ("-50", "0", "0", "-50"),
    ),
    "a refund of 50, 20 used and delivered, 30 cancelled in BOB only": (
        {**CANCELLED, "discount_amount": "50", "remaining_amount": "30", "totalamountused": "20", "totalremainingamount": "30"},
        "20", [("-50", "RF_1"), ("20", "Item price credit")], ("-30", "0", "0", "-30"),
    ),
}  # fmt: skip
TARGET = """
    SELECT -coalesce(sum(totalremainingamount), 0) FROM ipe_08
    WHERE is_active = 1 AND is_valid = 'valid' AND business_use = 'refund'
"""


@pytest.mark.parametrize("case", CASES)
def test_both_bridges_leave_nothing_unexplained(tmp_path: Path, case: str):
    voucher, used, booked, expected = CASES[case]
    tables = {
        "IPE_08": vouchers(voucher),
        "JDASH": jdash(*([{"voucher_id": "V1", "amount_used": used}] if used else [])),
        "CR_03_MOV": entries(*({"amount": a, "document_description": text, "voucher_no": "V1"} for a, text in booked)),
    }
    with session_of(tmp_path, tables) as session:
        timing, vtc = (sum(line.amount for line in bridge(session).lines) for bridge in (timing_bridge, vtc_bridge))
        ledger, target = session.rows("SELECT sum(amount) FROM cr_03_mov")[0][0], session.rows(TARGET)[0][0]
    assert (ledger, target, timing, vtc) == tuple(map(Decimal, expected))
    assert ledger - target - timing - vtc == 0
