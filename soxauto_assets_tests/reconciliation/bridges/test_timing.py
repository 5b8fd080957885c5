"""The timing difference: domain 7.6.1 final form, DECISIONS B2, B12."""

from decimal import Decimal
from pathlib import Path

import pytest

from soxauto_assets.reconciliation.bridges import timing_bridge
from soxauto_assets.reconciliation.model import Bridge, BridgeLine
from soxauto_assets_tests.reconciliation.sessions import session_of
from soxauto_assets_tests.reconciliation.voucher_rows import jdash, vouchers

INACTIVE = {"is_active": "0", "voucher_inactive_date": "2025-09-10T00:00:00"}


def bridge_of(folder: Path, issued: str, used: str) -> tuple[Bridge, list[tuple[object, ...]]]:
    """Return the bridge and its proof: company, voucher, Jdash, used, explained, status."""
    with session_of(folder, {"IPE_08": issued, "JDASH": used}) as session:
        bridge = timing_bridge(session)
        assert session.kept == ["bridge_timing"]
        proof = session.rows(
            "SELECT company, voucher_id, jdash_lcy, used_lcy, explained_lcy, status FROM bridge_timing ORDER BY ALL"
        )
    # The lines are sums of the rows that are kept as evidence, no others (domain 10 row 11).
    for line in bridge.lines:
        counted = [row[4] for row in proof if row[0] == line.company and row[5] == "counted"]
        assert (sum(counted), len(counted)) == (line.amount, line.rows)  # type: ignore[arg-type]
    return bridge, proof


def line(company: str, amount: str, rows: int) -> BridgeLine:
    return BridgeLine(company, "IPE_08", Decimal(amount), rows)


def remarks(bridge: Bridge) -> dict[tuple[str, str | None], tuple[int, str]]:
    return {(r.code, r.company): (r.rows, str(r.amount)) for r in bridge.remarks}


def test_what_is_ordered_and_not_delivered_is_explained_with_the_sign_of_the_liability(tmp_path: Path):
    issued = vouchers(
        {**INACTIVE, "totalamountused": "0"},  # 40 ordered, nothing delivered
        {**INACTIVE, "totalamountused": "10.125"},  # 30.125 ordered, 10.125 delivered
        {**INACTIVE, "totalamountused": "25"},  # delivered, Jdash counts the same
        {**INACTIVE, "totalamountused": "7"},  # delivered, Jdash has nothing
    )
    used = jdash(
        {"voucher_id": "V1", "amount_used": "40"},
        {"voucher_id": "V2", "amount_used": "30.125"},
        {"voucher_id": "V3", "amount_used": "25"},
    )
    bridge, proof = bridge_of(tmp_path, issued, used)
    assert proof == [
        ("EC_NG", "V1", Decimal("40.0000"), Decimal("0.0000"), Decimal("-40.0000"), "counted"),
        ("EC_NG", "V2", Decimal("30.1250"), Decimal("10.1250"), Decimal("-20.0000"), "counted"),
        ("EC_NG", "V4", Decimal("0.0000"), Decimal("7.0000"), Decimal("7.0000"), "counted"),
    ]
    assert bridge.lines == (line("EC_NG", "-53.0000", 3),)
    assert (bridge.explains, bridge.missing, bridge.incomplete) == (True, (), ())
    assert remarks(bridge) == {("agrees", "EC_NG"): (1, "25.0000")}


def test_the_window_is_half_open_and_nothing_of_the_last_day_is_lost(tmp_path: Path):
    # The old bridge ended at midnight of the last day and lost what was created at 18:00; it dropped an empty date silently
    # and used no window where the column was empty.
    days = (
        "2024-09-30T23:59:59.999", "2024-10-01T00:00:00", "2025-09-30T18:00:00", "2025-09-30T23:59:59.999",
        "2025-10-01T00:00:00", "-",
    )  # fmt: skip
    issued = vouchers(*({**INACTIVE, "created_at": day, "totalamountused": str(10**n)} for n, day in enumerate(days)))
    bridge, proof = bridge_of(tmp_path, issued, jdash())
    assert [row[1] for row in proof] == ["V2", "V3", "V4"]
    assert bridge.lines == (line("EC_NG", "1110.0000", 3),)
    assert remarks(bridge) == {
        ("created_before_window", "EC_NG"): (1, "1.0000"),
        ("created_after_cutoff", "EC_NG"): (1, "10000.0000"),
        ("created_unknown", "EC_NG"): (1, "100000.0000"),
    }


@pytest.mark.parametrize(
    "use",
    ["refund", "REFUND·", "apology_v2", "jforce", "store_credit", "Store Credit", "Jpay store_credit", "jpay_store_credit",
     "jpay_store_credit_gift", "jpay_store_credit_DS", "jpay_store_credit_other"],
)  # fmt: skip
def test_every_use_of_the_liability_counts_every_jpay_form_too(tmp_path: Path, use: str):
    # The old list held "Jpay store_credit" alone, which no voucher carries: JPay never entered the bridge.
    issued = vouchers({**INACTIVE, "business_use": use})
    bridge, _ = bridge_of(tmp_path, issued, jdash({"amount_used": "40"}))
    assert bridge.lines == (line("EC_NG", "-40.0000", 1),)


def test_vouchers_that_are_not_considered_are_counted_by_the_first_reason(tmp_path: Path):
    issued = vouchers(
        {"id": "·", **INACTIVE, "totalamountused": "1"},
        {"business_use": "marketing", **INACTIVE, "totalamountused": "2"},
        {"business_use": "-", **INACTIVE, "totalamountused": "4"},
        {"is_active": "1", "totalamountused": "8"},
        {"is_active": "-", "totalamountused": "16"},
        {"is_active": "0", "voucher_inactive_date": "2025-10-01T00:00:00", "totalamountused": "32"},
        {"is_active": "0", "voucher_inactive_date": "2025-09-30T23:59:59.999", "totalamountused": "64"},
        {"is_active": "0", "voucher_inactive_date": "-", "totalamountused": "128"},
    )
    used = jdash(
        {"voucher_id": "V4", "amount_used": "256"},
        {"voucher_id": "nobody", "amount_used": "512"},
        {"voucher_id": "V7", "amount_used": "64"},
    )
    bridge, _ = bridge_of(tmp_path, issued, used)
    assert bridge.lines == (line("EC_NG", "128.0000", 1),)
    assert remarks(bridge) == {
        ("null_id", "EC_NG"): (1, "1.0000"),
        ("marketing", "EC_NG"): (2, "6.0000"),
        ("active", "EC_NG"): (1, "8.0000"),
        ("status_unknown", "EC_NG"): (1, "16.0000"),
        ("inactive_after_cutoff", "EC_NG"): (1, "32.0000"),
        ("agrees", "EC_NG"): (1, "64.0000"),
        ("not_considered", "EC_NG"): (1, "256.0000"),
        ("not_in_ipe_08", None): (1, "512.0000"),
    }


def test_ids_are_matched_without_case_blanks_and_decimal_point(tmp_path: Path):
    issued = vouchers({**INACTIVE, "id": "12345"}, {**INACTIVE, "id": "ab-1·"}, {**INACTIVE, "id": "777.0"})
    used = jdash(
        {"voucher_id": "12345.0", "amount_used": "1"},
        {"voucher_id": "·AB-1", "amount_used": "2"},
        {"voucher_id": "ab-1", "amount_used": "4"},  # duplicates are summed before the match
        {"voucher_id": "777", "amount_used": "8"},
    )
    bridge, proof = bridge_of(tmp_path, issued, used)
    assert bridge.lines == (line("EC_NG", "-15.0000", 3),)
    assert [(row[1], row[2]) for row in proof] == [
        ("12345", Decimal("1.0000")), ("777", Decimal("8.0000")), ("AB-1", Decimal("6.0000")),
    ]  # fmt: skip


def test_an_id_of_two_companies_is_not_matched_and_leaves_them_incomplete(tmp_path: Path):
    # The old bridge had no company: the usage of one company's voucher explained another's as well.
    issued = vouchers(
        {**INACTIVE, "id": "S"},
        {**INACTIVE, "id": "S", "id_company": "JD_GH"},
        {**INACTIVE, "id": "ONLY"},
        {**INACTIVE, "id": "MIXED", "id_company": "EC_KE"},
        {"is_active": "1", "id": "MIXED", "id_company": "JM_EG"},
        {**INACTIVE, "id": "K", "id_company": "JM_EG", "totalamountused": "3"},
    )
    used = jdash(
        {"voucher_id": "S", "amount_used": "40"},
        {"voucher_id": "ONLY", "amount_used": "5"},
        {"voucher_id": "MIXED", "amount_used": "6"},
    )
    bridge, proof = bridge_of(tmp_path, issued, used)
    assert bridge.lines == (line("EC_NG", "-5.0000", 1), line("JM_EG", "3.0000", 1))
    # JM_EG's voucher MIXED is active, so it enters the bridge in no case: its figure is certain.
    assert bridge.incomplete == ("EC_KE", "EC_NG", "JD_GH")
    assert [row for row in proof if row[5] == "two_companies"] == [
        ("EC_KE", "MIXED", None, Decimal("0.0000"), None, "two_companies"),
        ("EC_NG", "S", None, Decimal("0.0000"), None, "two_companies"),
        ("JD_GH", "S", None, Decimal("0.0000"), None, "two_companies"),
    ]
    found = remarks(bridge)
    assert found[("two_companies", "EC_NG")] == (1, "40.0000")
    assert found[("two_companies", "JD_GH")] == (1, "40.0000")
    assert found[("two_companies", "JM_EG")] == (1, "6.0000")


def test_a_named_company_decides_and_the_others_have_handed_in_nothing(tmp_path: Path):
    issued = vouchers(
        {**INACTIVE, "id": "S"},
        {**INACTIVE, "id": "S", "id_company": "JD_GH", "totalamountused": "9"},
        {**INACTIVE, "id": "T"},
    )
    used = jdash(
        {"id_company": "ec_ng·", "voucher_id": "S", "amount_used": "40"},
        {"id_company": "EC_NG", "voucher_id": "elsewhere", "amount_used": "2"},
    )
    bridge, _ = bridge_of(tmp_path, issued, used)
    assert bridge.lines == (line("EC_NG", "-40.0000", 1),)
    assert bridge.incomplete == ("JD_GH",)
    assert remarks(bridge) == {
        ("agrees", "EC_NG"): (1, "0.0000"),
        ("no_file", "JD_GH"): (1, "9.0000"),
        ("not_in_ipe_08", "EC_NG"): (1, "2.0000"),
    }


def test_an_empty_export_says_that_nothing_was_used(tmp_path: Path):
    bridge, _ = bridge_of(tmp_path, vouchers({**INACTIVE, "totalamountused": "12.5"}), jdash())
    assert (bridge.lines, bridge.missing, bridge.incomplete) == ((line("EC_NG", "12.5000", 1),), (), ())


@pytest.mark.parametrize("missing", ["JDASH", "IPE_08"])
def test_a_missing_input_is_named_and_nothing_is_explained(tmp_path: Path, missing: str):
    tables = {"IPE_08": vouchers(INACTIVE), "JDASH": jdash()}
    with session_of(tmp_path, {name: text for name, text in tables.items() if name != missing}) as session:
        bridge = timing_bridge(session)
        assert session.kept == []
    assert (bridge.missing, bridge.lines, bridge.proof, bridge.explains) == ((missing,), (), None, True)
