"""Planted ledger entries of the voucher account: each case of CR_03 and CR_03_MOV.

Here belongs entries that no voucher of IPE_08 stands behind. What does not belong here: what the ledger books of a voucher
(``demo.voucher_life``).
"""

from collections.abc import Mapping
from dataclasses import dataclass

BATCH_USER = "JUMIA/NAV31AFR.BATCH.SRVC"
ACCOUNTANT = "JUMIA/ACCOUNTANT"


@dataclass(frozen=True)
class Entry:
    """One planted ledger entry of the voucher account.

    Attributes:
        case: Name of the case.
        entry_no: Entry number.
        posted: Posting date.
        amount: Amount as text.
        movements: Posting date and amount of its detailed entries.
        listed: Months in which CR_03 lists it, among 2025-08 to 2025-10.
        fields: Further columns.
        company: Company code.
    """

    case: str
    entry_no: int
    posted: str
    amount: str
    movements: tuple[tuple[str, str], ...]
    listed: tuple[str, ...]
    fields: Mapping[str, object]
    company: str = "EC_NG"


ENTRIES = (
    Entry("open", 1, "2025-09-05", "-100.125", (("2025-09-05", "-100.125"),), ("2025-09", "2025-10"),
          {"document_description": "RF_317489956_0925", "user_id": BATCH_USER, "voucher_no": "P-unused"}),
    Entry("cleared", 2, "2025-08-05", "-50", (("2025-08-05", "-50"), ("2025-09-30", "50")), ("2025-08",),
          {"document_description": "PYT_123456_0925", "user_id": BATCH_USER}),
    Entry("cleared_next_month", 3, "2025-09-06", "-60", (("2025-09-06", "-60"), ("2025-10-01", "60")), ("2025-09",),
          {"document_description": "EXPR_APLGY-2024-123", "user_id": ACCOUNTANT}),
    Entry("last_day", 4, "2025-09-30", "70", (("2025-09-30", "70"),), ("2025-09", "2025-10"),
          {"document_description": "Manual RND entry", "user_id": ACCOUNTANT, "bal_account_type": "Bank Account"}),
    Entry("day_after", 5, "2025-10-01", "80", (("2025-10-01", "80"),), ("2025-10",),
          {"document_description": "ITEMPRICECREDIT", "user_id": "jumia\\nav31afr.batch.srvc"}),
    Entry("reversed", 6, "2025-09-07", "90", (("2025-09-07", "90"),), ("2025-09", "2025-10"),
          {"document_description": "reversed", "reversed": True}),
    Entry("back_margin", 7, "2025-09-08", "5", (("2025-09-08", "5"),), ("2025-09", "2025-10"),
          {"document_description": "Backmargin september"}),
    Entry("last_year", 8, "2024-12-31", "7", (("2024-12-31", "7"),), (), {"document_description": "before the year"}),
    Entry("other_account", 10, "2025-09-11", "11", (("2025-09-11", "11"),), (),
          {"document_description": "receivables", "gl_account_no": "130030"}),
    Entry("account_not_in_the_chart", 11, "2025-09-12", "12", (("2025-09-12", "12"),), ("2025-09", "2025-10"),
          {"document_description": "its movement names the account", "gl_account_no": "999999"}),
    Entry("out_of_scope", 9, "2025-09-09", "9", (("2025-09-09", "9"),), (), {"document_description": "scope"},
          company="ZZ_US"),
)  # fmt: skip
