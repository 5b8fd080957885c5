"""Flows of vouchers in the ledger and in the target values: domain 7.4, DECISIONS B14."""

from decimal import Decimal
from pathlib import Path

import pytest

from soxauto_assets.catalog.configuration import load_configuration
from soxauto_assets.errors import CatalogError
from soxauto_assets.reconciliation.vouchers import Bucket, classify_entries, compute_buckets
from soxauto_assets_tests.reconciliation.sessions import session_of
from soxauto_assets_tests.reconciliation.voucher_rows import HAND, entries, usage, vouchers


def bucket(
    company: str, category: str, kind: str, nav: str, nav_rows: int, tv: str, tv_rows: int, variance: str
) -> Bucket:
    return Bucket(company, category, kind, _money(nav), nav_rows, _money(tv), tv_rows, _money(variance))


def _money(text: str) -> Decimal:
    return Decimal(text).quantize(Decimal("0.0001"))


def buckets_of(folder: Path, nav: str, issued: str, used: str) -> tuple[Bucket, ...]:
    with session_of(folder, {"CR_03_MOV": nav, "IPE_08": issued, "IPE_08_USAGE": used}) as session:
        return compute_buckets(session).buckets


def test_vouchers_that_are_booked_well_give_zero_in_every_bucket(tmp_path: Path):
    uses = {"refund": "RF_1", "apology_v2": "COMMERCIAL GESTURE", "jforce": "PYT_1", "store_credit": "-",
            "jpay_store_credit": "JPAY 1"}  # fmt: skip
    ends = {"refund": "EXPR_RFN", "apology_v2": "EXPR_APLGY", "jforce": "EXPR_JFORCE", "store_credit": "EXPR_STR CRDT",
            "jpay_store_credit": "EXPR_STR_CRDT"}  # fmt: skip
    # Each is issued with 100, used by 60, and 40 expire.
    issued = [{"id": f"V-{use}", "business_use": use, "totalamountused": "60", "totalremainingamount": "40",
               "to_date": "2025-09-30T23:59:59.999", "is_valid": "expired"} for use in uses]  # fmt: skip
    used = [{"id": f"V-{use}", "business_use": use, "totalamountused": "60"} for use in uses]
    booked = [
        row
        for use, text in uses.items()
        for row in (
            {"voucher_no": f"v-{use}", "amount": "-100", "document_description": text},
            {"voucher_no": f"V-{use}\u00b7", "amount": "60", "document_description": "Item price credit"},
            {"voucher_no": f"V-{use}", "amount": "40", "document_description": ends[use], "user_id": HAND},
        )
    ]
    found = buckets_of(tmp_path, entries(*booked), vouchers(*issued), usage(*used))
    # JPay is store credit: two vouchers in one bucket.
    assert found == (
        bucket("EC_NG", "Expired", "apology", "40", 1, "40", 1, "0"),
        bucket("EC_NG", "Expired", "jforce", "40", 1, "40", 1, "0"),
        bucket("EC_NG", "Expired", "refund", "40", 1, "40", 1, "0"),
        bucket("EC_NG", "Expired", "store_credit", "80", 2, "80", 2, "0"),
        bucket("EC_NG", "Issuance", "apology", "-100", 1, "-100", 1, "0"),
        bucket("EC_NG", "Issuance", "jforce", "-100", 1, "-100", 1, "0"),
        bucket("EC_NG", "Issuance", "refund", "-100", 1, "-100", 1, "0"),
        bucket("EC_NG", "Issuance", "store_credit", "-200", 2, "-200", 2, "0"),
        bucket("EC_NG", "Usage", "apology", "60", 1, "60", 1, "0"),
        bucket("EC_NG", "Usage", "jforce", "60", 1, "60", 1, "0"),
        bucket("EC_NG", "Usage", "refund", "60", 1, "60", 1, "0"),
        bucket("EC_NG", "Usage", "store_credit", "120", 2, "120", 2, "0"),
    )


def test_cancellation_and_vtc_exist_in_the_ledger_only(tmp_path: Path):
    booked = (
        {"amount": "10", "document_description": "VOUCHER ACCRUAL 1"},
        {"amount": "20.125", "user_id": HAND, "bal_account_type": "Bank Account"},
        {"amount": "3", "user_id": HAND, "document_description": "unknown"},
        {"amount": "-4", "reversed": "true"},
        {"amount": "0", "document_description": "RF_1"},
    )
    assert buckets_of(tmp_path, entries(*booked), vouchers(), usage()) == (
        bucket("EC_NG", "Cancellation", "apology", "10", 1, "0", 0, "10"),
        bucket("EC_NG", "Reversed", "Unknown", "-4", 1, "0", 0, "-4"),
        bucket("EC_NG", "Uncategorized", "Unknown", "3", 1, "0", 0, "3"),
        bucket("EC_NG", "VTC", "refund", "20.125", 1, "0", 0, "20.125"),
    )


def test_the_window_is_twelve_months_half_open_on_both_sides(tmp_path: Path):
    issued = [
        {"id": f"C{n}", "created_at": day, "discount_amount": str(10**n), "to_date": "-"}
        for n, day in enumerate(
            ("2024-09-30T23:59:59.999", "2024-10-01T00:00:00", "2025-09-30T18:00:00", "2025-09-30T23:59:59.999",
             "2025-10-01T00:00:00", "-")
        )
    ]  # fmt: skip
    ended = [
        {"id": f"E{n}", "created_at": "2020-01-01T00:00:00", "to_date": day, "totalremainingamount": str(10**n)}
        for n, day in enumerate(
            ("2024-09-30T23:59:59.999", "2024-10-01T00:00:00", "2025-09-30T23:59:59.999", "2025-10-01T00:00:00", "-")
        )
    ]
    used = [
        {"delivery_mth": month, "totalamountused": str(10**n)}
        for n, month in enumerate(("202409", "202410", "202509", "202510"))
    ]
    booked = [
        {"posting_date": day, "amount": f"-{10**n}", "document_description": "RF_1"}
        for n, day in enumerate(("2024-09-30", "2024-10-01", "2025-09-30", "2025-10-01"))
    ]
    with session_of(
        tmp_path,
        {"CR_03_MOV": entries(*booked), "IPE_08": vouchers(*issued, *ended), "IPE_08_USAGE": usage(*used)},
    ) as session:
        result = compute_buckets(session)
    assert result.buckets == (
        bucket("EC_NG", "Expired", "refund", "0", 0, "110", 2, "-110"),
        bucket("EC_NG", "Issuance", "refund", "-110", 2, "-1110", 3, "1000"),
        bucket("EC_NG", "Usage", "refund", "0", 0, "110", 2, "-110"),
    )
    outside = [(r.company, r.rows, r.amount) for r in result.remarks if r.code == "entry_outside_window"]
    assert outside == [("EC_NG", 2, Decimal("-1001.0000"))]


def test_companies_and_vouchers_of_one_id_stay_apart(tmp_path: Path):
    issued = vouchers(
        {"id": "V1"}, {"id": "V1", "id_company": "JD_GH\u00b7", "business_use": "Apology_V2", "discount_amount": "7"}
    )
    booked = entries(
        {"amount": "-100", "voucher_no": "V1"}, {"amount": "-8", "voucher_no": "V1", "id_company": "jd_gh"}
    )
    assert buckets_of(tmp_path, booked, issued, usage()) == (
        bucket("EC_NG", "Issuance", "refund", "-100", 1, "-100", 1, "0"),
        bucket("JD_GH", "Issuance", "apology", "-8", 1, "-7", 1, "-1"),
    )


def test_what_is_no_liability_is_remarked_and_not_compared(tmp_path: Path):
    issued = vouchers(
        {"business_use": "marketing", "discount_amount": "1"},
        {"business_use": "-", "discount_amount": "2"},
        {"business_use": "REFUND\u00b7", "discount_amount": "4"},
        {"business_use": "store_credit", "discount_amount": "0"},
        {"business_use": "jforce", "created_at": "2020-01-01T00:00:00", "is_active": "0", "to_date": "2025-09-20T00:00:00",
         "voucher_inactive_date": "2025-09-19T23:59:59.999", "totalremainingamount": "8"},
        {"business_use": "jforce", "created_at": "2020-01-01T00:00:00", "is_active": "0", "to_date": "2025-09-20T00:00:00",
         "voucher_inactive_date": "2025-09-20T00:00:00", "totalremainingamount": "16"},
    )  # fmt: skip
    used = usage(
        {"business_use": "marketing", "totalamountused": "32"},
        {"id": "-", "business_use": "-", "totalamountused": "64"},
        {"business_use": "-", "totalamountused": "128"},
    )
    with session_of(tmp_path, {"CR_03_MOV": entries(), "IPE_08": issued, "IPE_08_USAGE": used}) as session:
        result = compute_buckets(session)
    assert result.buckets == (
        bucket("EC_NG", "Expired", "jforce", "0", 0, "16", 1, "-16"),
        bucket("EC_NG", "Issuance", "refund", "0", 0, "-4", 1, "4"),
        bucket("EC_NG", "Usage", "Unknown", "0", 0, "64", 1, "-64"),
    )
    assert {(r.code, r.company, r.rows, r.amount) for r in result.remarks} == {
        ("marketing_issuance", "EC_NG", 2, _money("3")),
        ("marketing_usage", "EC_NG", 2, _money("160")),
        ("usage_without_voucher", "EC_NG", 1, _money("64")),
        ("cancelled_before_expiry", "EC_NG", 1, _money("8")),
    }


def test_the_kept_table_is_what_the_buckets_say(tmp_path: Path):
    tables = {"CR_03_MOV": entries({}, {"id_company": "JD_GH"}), "IPE_08": vouchers({}), "IPE_08_USAGE": usage({})}
    with session_of(tmp_path, tables) as session:
        classify_entries(session)
        result = compute_buckets(session)
        assert session.kept == ["voucher_entries", "voucher_buckets"]
        total = session.rows("SELECT sum(nav_lcy), sum(tv_lcy), sum(variance_lcy) FROM voucher_buckets")
        classified = session.rows("SELECT sum(amount) FROM voucher_entries WHERE category IS NOT NULL")
    assert total == [(_money("-2"), _money("-99"), _money("97"))]
    assert classified == [(_money("-2"),)]
    assert sum(b.variance_lcy for b in result.buckets) == 97
    assert result.to_json()["buckets"][0]["company"] == "EC_NG"


@pytest.mark.parametrize("missing", ["CR_03_MOV", "IPE_08", "IPE_08_USAGE"])
def test_a_missing_input_is_named(tmp_path: Path, missing: str):
    tables = {"CR_03_MOV": entries({}), "IPE_08": vouchers({}), "IPE_08_USAGE": usage({})}
    with session_of(tmp_path, {name: text for name, text in tables.items() if name != missing}) as session:
        result = compute_buckets(session)
    assert (result.table, result.buckets, result.missing) == (None, (), (missing,))


@pytest.mark.parametrize("months", ["0", "13", "twelve", "-1"])
def test_a_window_that_the_entries_do_not_reach_is_refused(tmp_path: Path, months: str):
    override = tmp_path / "configuration.yaml"
    override.write_text(f"voucher_window_months: {{values: ['{months}'], status: assumed}}\n")
    tables = {"CR_03_MOV": entries({}), "IPE_08": vouchers({}), "IPE_08_USAGE": usage({})}
    with (
        session_of(tmp_path, tables, configuration=load_configuration(override)) as session,
        pytest.raises(CatalogError, match="voucher_window_months"),
    ):
        compute_buckets(session)
