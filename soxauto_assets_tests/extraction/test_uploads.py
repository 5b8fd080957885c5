"""Uploads: the original bytes first, then a strict reading; every line is taken or named."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from soxauto_assets.catalog import get_item
from soxauto_assets.errors import ExtractionError, StorageError
from soxauto_assets.evidence.recompute import verify_and_recompute
from soxauto_assets.extraction.originals import LocalOriginals
from soxauto_assets.extraction.uploads import AFTER_PERIOD, UploadStore, amount_of, id_of, parse
from soxauto_assets.period import Period
from soxauto_assets.records import LocalRecordLog
from soxauto_assets_tests.closing import close

JDASH = get_item("JDASH")
SEPTEMBER = Period(2025, 9)


def open_uploads(root: Path) -> UploadStore:
    return UploadStore(LocalOriginals(root), LocalRecordLog(root))


def read(text: str, company: str | None = None):
    return parse(JDASH, text.encode(), SEPTEMBER, company)


def test_lines_of_a_voucher_are_summed_and_ids_normalised():
    parsed = read(
        "Voucher Id,Amount Used,Usage Date,Order Id,Status\n"
        "12345.0,10.125,2025-09-01,O1,used\n"
        " 12345 ,20,2025-09-30T23:59:59.999,O1,open\n"
        "v7,1,,,\n"
    )
    assert parsed.rejected == () and parsed.lines == 3 and parsed.total == Decimal("31.125")
    assert parsed.rows == (
        {
            "id_company": None,
            "voucher_id": "12345",
            "amount_used": Decimal("30.125"),
            "usage_date": datetime(2025, 9, 30, 23, 59, 59, 999000),
            "order_id": "O1",
            "customer_id": None,
            "status": None,
            "line_count": 2,
        },
        {
            "id_company": None,
            "voucher_id": "V7",
            "amount_used": Decimal(1),
            "usage_date": None,
            "order_id": None,
            "customer_id": None,
            "status": None,
            "line_count": 1,
        },
    )


@pytest.mark.parametrize(
    "header", ["Voucher Id,Amount Used", "voucher_id,amount_used", "ID;Amount", "voucher,AmountUsed,Amount  Used"]
)
def test_headers_are_found_by_alias(header):
    delimiter = ";" if ";" in header else ","
    line = delimiter.join(["7", "1.5", "9"][: len(header.split(delimiter))])
    if header.endswith("Amount  Used"):
        assert read(f"{header}\n7,9,1.5\n").rows[0]["amount_used"] == Decimal("1.5")
    else:
        assert read(f"{header}\n{line}\n").rows[0]["amount_used"] == Decimal("1.5")


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("Voucher Id,Ordered Amount\n1,2\n", r"no header for amount_used \(Amount Used, amount\)"),
        ("Amount Used\n1\n", "no header for voucher_id"),
        ("id,voucher,amount\n1,1,1\n", "two headers of the file mean voucher_id"),
        ("", "no header for voucher_id"),
    ],
)
def test_a_file_without_its_columns_is_refused(text, cause):
    with pytest.raises(ExtractionError, match=cause):
        read(text)


def test_a_file_that_is_not_utf_8_is_refused_with_the_place():
    with pytest.raises(ExtractionError, match=r"not UTF-8 text \(byte 29\).*UTF-8"):
        parse(JDASH, "voucher id,amount used\n1,1\nab\xe9,1\n".encode("cp1252"), SEPTEMBER, None)


@pytest.mark.parametrize(
    ("line", "reason"),
    [
        (",5,", "voucher id is empty"),
        ("1,,", "amount is empty"),
        ("1,abc,", "amount is not readable beyond doubt"),
        ('1,"12,50",', "amount is not readable beyond doubt"),
        ("1,-5,", "amount is negative"),
        ("1,\u22125,", "amount is negative"),
        ("1,5,30/09/2025", "usage date is not ISO (YYYY-MM-DD)"),
        ("1,5,2025-09-31", "usage date is not ISO (YYYY-MM-DD)"),
        ("1,5,2025-10-01", AFTER_PERIOD),
        ("1,5,2025-10-01T00:00:00", AFTER_PERIOD),
        ('"1"x,5,', "the line is no CSV (quotes)"),
    ],
)
def test_a_line_that_is_not_taken_is_named_with_number_and_reason(line, reason):
    parsed = read(f"id,amount,usage date\n8,1,\n{line}\n9,1,2025-09-30\n")
    assert [(r.line, r.reason) for r in parsed.rejected] == [(3, reason)]
    assert [row["voucher_id"] for row in parsed.rows] == ["8", "9"]


@pytest.mark.parametrize(
    ("text", "amount"),
    [
        ("1234.5", "1234.5"),
        ("1,234.56", "1234.56"),
        ("1 234.56", "1234.56"),
        ("1\u00a0234.56", "1234.56"),
        ("₦ 12.3456", "12.3456"),
        ("NGN 7", "7"),
        ("-3", "-3"),
        ("\u22123", "-3"),
        ("0", "0"),
        ("1,234", None),
        ("12,50", None),
        ("1e3", None),
        ("1.23456", None),
        ("1,23,456.00", None),
        ("", None),
        ("--3", None),
        ("٣", "3"),
    ],
)
def test_amounts_are_read_only_where_their_spelling_is_beyond_doubt(text, amount):
    assert amount_of(text) == (None if amount is None else Decimal(amount))


@pytest.mark.parametrize(
    ("text", "voucher"), [(" ab1 ", "AB1"), ("12345.0", "12345"), ("12345.00", "12345.00"), ("x.0", "X.0")]
)
def test_ids(text, voucher):
    assert id_of(text) == voucher


def test_an_empty_file_is_an_answer(open_runtime, tmp_path):
    runtime = open_runtime()
    (tmp_path / "j.csv").write_text("id,amount\n")
    runtime.uploads.ingest(JDASH, SEPTEMBER, tmp_path / "j.csv", "Uploader")
    sealing = close(runtime, "JDASH")
    assert sealing.verdict == "passed"
    assert len(runtime.load("JDASH", "2025-09")) == 0


def test_nothing_handed_in_is_an_error_with_the_command(open_runtime):
    with pytest.raises(
        ExtractionError, match=r"JDASH 2025-09: no file was handed in.*soxauto ingest jdash FILE --period"
    ):
        close(open_runtime(), "JDASH")


def test_custody_is_sealed_with_the_original_bytes(open_runtime, tmp_path):
    runtime = open_runtime()
    content = b"\xef\xbb\xbfid;amount\r\n7;1.5\r\n7;2\r\n"
    (tmp_path / "export.csv").write_bytes(content)
    runtime.uploads.ingest(JDASH, SEPTEMBER, tmp_path / "export.csv", "Uploader", "EC_NG")
    (tmp_path / "export.csv").unlink()
    sealing = close(runtime, "JDASH")
    assert sealing.verdict == "passed"
    package = runtime.evidence.folder(sealing.package)
    assert (package / "data" / "original" / "original.csv").read_bytes() == content
    assert b'"uploader":"Uploader"' in (package / "data" / "custody.json").read_bytes()
    assert all(layer.status != "fail" for layer in verify_and_recompute(package))
    (row,) = runtime.load("JDASH", "2025-09").to_dict("records")
    assert (row["id_company"], row["amount_used"], row["line_count"]) == ("EC_NG", Decimal("3.5"), 2)


def test_the_same_file_again_is_no_new_attempt_and_a_corrected_one_is(open_runtime, tmp_path):
    runtime = open_runtime()
    file = tmp_path / "j.csv"
    file.write_text("id,amount\n1,5\n")
    runtime.uploads.ingest(JDASH, SEPTEMBER, file, "Uploader")
    assert close(runtime, "JDASH").package.attempt == 1
    runtime.uploads.ingest(JDASH, SEPTEMBER, file, "Uploader")
    assert close(runtime, "JDASH", run_id="run-2").outcome == "unchanged"
    file.write_text("id,amount\n1,6\n")
    runtime.uploads.ingest(JDASH, SEPTEMBER, file, "Uploader")
    assert close(runtime, "JDASH", run_id="run-3").package.attempt == 2


def test_an_unreadable_line_fails_the_verdict_and_a_later_one_only_warns(open_runtime, tmp_path):
    runtime = open_runtime()
    file = tmp_path / "j.csv"
    file.write_text("id,amount,usage date\n1,5,\n2,6,2025-10-02\n")
    runtime.uploads.ingest(JDASH, SEPTEMBER, file, "Uploader")
    first = close(runtime, "JDASH")
    assert first.verdict == "passed"
    assert [r.name for r in first.results if not r.good] == ["lines_in_period"]
    file.write_text("id,amount,usage date\n1,five,\n2,6,\n")
    runtime.uploads.ingest(JDASH, SEPTEMBER, file, "Uploader")
    second = close(runtime, "JDASH", run_id="run-2")
    assert second.verdict == "failed"
    (bad,) = [r for r in second.results if not r.good]
    assert (bad.name, bad.details) == ("lines_readable", ("line 2: amount is not readable beyond doubt",))


def test_a_changed_original_is_found(open_runtime, tmp_path):
    runtime = open_runtime()
    (tmp_path / "j.csv").write_text("id,amount\n1,5\n")
    record, _ = runtime.uploads.ingest(JDASH, SEPTEMBER, tmp_path / "j.csv", "Uploader")
    kept = runtime.uploads.original(JDASH, SEPTEMBER, record["sha256"])
    kept.chmod(0o644)
    kept.write_text("id,amount\n1,6\n")
    with pytest.raises(StorageError, match="kept original is missing or was changed"):
        close(runtime, "JDASH")


def test_a_missing_file_is_said_plainly(tmp_path: Path):
    with pytest.raises(StorageError, match=r"nothing.csv cannot be read \(No such file"):
        open_uploads(tmp_path).ingest(JDASH, SEPTEMBER, tmp_path / "nothing.csv", "Uploader")
