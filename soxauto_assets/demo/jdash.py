"""Jdash exports of the demo: one CSV file per month, as people download it, with planted lines.

Here belongs the file. What does not belong here: which vouchers of the reconciliation's cases were ordered
(``demo.planted_reconciliation``).
"""

import csv
import io

import numpy as np

from soxauto_assets.demo import arrays
from soxauto_assets.demo.companies import COMPANIES
from soxauto_assets.demo.planted_reconciliation import JDASH_LINES
from soxauto_assets.demo.vouchers import VoucherBook, voucher_ids
from soxauto_assets.period import Period

PLANTED_PERIOD = "2025-09"
HEADER = ("Voucher Id", "Amount Used", "Usage Date", "Status")
# Lines as a person would find them in the file.
PLANTED = (
    ("P-used_both", "10.125", "2025-09-10", "used"),
    (" p-USED_BOTH", "20", "2025-09-30T23:59:59.999", "used"),
    ("990012345.0", "1,234.56", "2025-09-01", "used"),
    ("990012345", "₦ 1", "", "used"),
    ("P-used_after", "50", "2025-10-01", "used"),
)
# What JDASH must hold of them: voucher, amount, lines; and the lines that lie after the period.
EXPECTED = {"P-USED_BOTH": ("30.1250", 2), "990012345": ("1235.5600", 2)}
AFTER_PERIOD = 1


def export(book: VoucherBook, period: Period) -> bytes:
    """Return the export of a month: every voucher used in it, and planted vouchers with all that was ordered until its end."""
    start, end = (arrays.month_milliseconds(instant) for instant in (period.period_start, period.period_end))
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\r\n")
    writer.writerow(HEADER)
    for company in COMPANIES:
        own = book.books[company.code]
        used = np.flatnonzero((own.used_at >= start) & (own.used_at < end) & (own.used > 0))
        ids = voucher_ids(company.code, own.number[used]).to_pylist()
        days = arrays.days(own.used_at[used] // 86_400_000).to_pylist()
        for voucher, amount, day in zip(ids, own.used[used].tolist(), days, strict=True):
            writer.writerow((voucher, arrays.amount_text(amount), day.isoformat(), "used"))
    writer.writerows((f"P-{line.case}", line.amount, line.day, "used") for line in JDASH_LINES if line.known(period))
    if period.key == PLANTED_PERIOD:
        writer.writerows(PLANTED)
    return text.getvalue().encode()
