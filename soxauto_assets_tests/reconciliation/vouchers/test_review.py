"""The review table of voucher buckets: domain 7.4."""

from decimal import Decimal
from pathlib import Path

from soxauto_assets.reconciliation.vouchers import keep_review
from soxauto_assets_tests.reconciliation.sessions import session_of
from soxauto_assets_tests.reconciliation.voucher_rows import entries, usage, vouchers

TABLES = {
    "CR_03_MOV": entries(
        {"amount": "-500", "document_description": "RF_1", "voucher_no": "V1", "document_no": "D1"},
        {"amount": "-499.9999", "document_description": "RF_2"},
        {"amount": "600", "document_description": "Item price credit", "voucher_no": "V1"},
        {"amount": "-900", "document_description": "RF_3", "id_company": "JD_GH"},
        {"amount": "-700", "document_description": "RF_4", "posting_date": "2024-09-30"},
    ),
    "IPE_08": vouchers({"discount_amount": "500.0001"}, {"discount_amount": "499.9999"}),
    "IPE_08_USAGE": usage({"totalamountused": "1"}),
}
COLUMNS = "kind, side, company, category, voucher_type, source, reference, amount_lcy, nav_lcy, tv_lcy, threshold_lcy"


def test_summaries_and_material_rows_of_buckets_to_be_investigated(tmp_path: Path):
    statuses = {
        ("EC_NG", "Issuance", "refund"): "investigate",
        ("EC_NG", "Usage", "refund"): "ok",
        ("JD_GH", "Issuance", "refund"): "investigate",
        ("JD_GH", "Usage", "refund"): "investigate",
    }
    with session_of(tmp_path, TABLES) as session:
        result = keep_review(session, statuses, {"EC_NG": Decimal("500")})
        rows = session.rows(f"SELECT {COLUMNS} FROM voucher_review ORDER BY company, kind, side, reference")
        assert session.kept == ["voucher_entries", "voucher_buckets", "voucher_review"]
    money = Decimal
    assert rows == [
        ("bucket_summary", None, "EC_NG", "Issuance", "refund", None, None,
         money("0.0001"), money("-999.9999"), money("-1000.0000"), money("500.0000")),
        # An amount that equals the threshold is material; one below it is not.
        ("line_item", "NAV", "EC_NG", "Issuance", "refund", "CR_03_MOV", "1",
         money("-500.0000"), money("-500.0000"), None, money("500.0000")),
        ("line_item", "TV", "EC_NG", "Issuance", "refund", "IPE_08", "V1",
         money("-500.0001"), None, money("-500.0001"), money("500.0000")),
        # A company without a rate has no threshold: its bucket is shown and its rows are not judged.
        ("bucket_summary", None, "JD_GH", "Issuance", "refund", None, None,
         money("-900.0000"), money("-900.0000"), money("0.0000"), None),
    ]  # fmt: skip
    assert (result.summaries, result.line_items) == (2, {"EC_NG": 2})
    assert [(remark.code, remark.company) for remark in result.remarks] == [("no_line_threshold", "JD_GH")]


def test_a_threshold_finer_than_amounts_is_not_rounded_down(tmp_path: Path):
    statuses = {("EC_NG", "Issuance", "refund"): "investigate"}
    with session_of(tmp_path, TABLES) as session:
        keep_review(session, statuses, {"EC_NG": Decimal("500.00004")})
        found = session.rows("SELECT reference FROM voucher_review WHERE kind = 'line_item'")
    assert found == [("V1",)]


def test_nothing_to_investigate_gives_an_empty_table(tmp_path: Path):
    with session_of(tmp_path, TABLES) as session:
        result = keep_review(session, {}, {})
        assert session.rows("SELECT count(*) FROM voucher_review") == [(0,)]
    assert (result.summaries, result.line_items, result.remarks) == (0, {}, ())


def test_a_missing_input_is_named(tmp_path: Path):
    with session_of(tmp_path, {"IPE_08": TABLES["IPE_08"]}) as session:
        assert keep_review(session, {}, {}).missing == ("CR_03_MOV", "IPE_08_USAGE")
