"""The planted cases: what a correct extract must find, and what it must leave out, readable as a table.

Here belongs every case with a known answer. What does not belong here: ordinary rows. Planted entries have numbers below
1,000, ordinary ones start at 1,001; planted orders have ids that begin with ``P``.
"""

from dataclasses import dataclass
from datetime import date
from typing import Literal

from soxauto_assets.demo.arrays import units
from soxauto_assets.period import Period

Left = Literal["open", "not in scope", "posting group is null", "posting group not in scope"]


@dataclass(frozen=True)
class Entry:
    """One planted customer ledger entry.

    Attributes:
        case: Name of the case.
        company: Company code.
        entry_no: Entry number.
        customer: Customer number.
        group: Posting group of the entry, as the source writes it.
        movements: Posting date and amount of each movement; the first one is the entry itself.
        due: Due date, or None.
        why: What the case shows.
        fate: ``open`` = listed while its remaining amount is not 0; else why it is never listed.
        busline: Business line of the entry.
        copies: How often the source holds the entry's row.
        customer_has_balance: Whether the customer's total is not 0 while the entry is listed.
    """

    case: str
    company: str
    entry_no: int
    customer: str
    group: str | None
    movements: tuple[tuple[str, str], ...]
    why: str
    due: str | None = "2025-10-31"
    fate: Left = "open"
    busline: str = "BL01"
    copies: int = 1
    customer_has_balance: bool = True

    @property
    def posted(self) -> date:
        """Posting date of the entry."""
        return date.fromisoformat(self.movements[0][0])

    def remaining(self, period: Period) -> int:
        """Return the remaining amount at the end of a period, in units of 0.0001."""
        return sum(units(amount) for day, amount in self.movements if date.fromisoformat(day) <= period.last_day)

    def listed(self, period: Period) -> bool:
        """Say whether IPE_07 lists the entry for a period."""
        return self.fate == "open" and self.posted <= period.last_day and self.remaining(period) != 0


ENTRIES = (
    Entry("first_day", "EC_NG", 1, "P001", "NATIONAL", (("2025-09-01", "1000"),), "posted on the first day"),
    Entry("last_day", "EC_NG", 2, "P001", "NATIONAL", (("2025-09-30", "2000.125"),), "posted on the last day; 3 decimals"),
    Entry("day_after", "EC_NG", 3, "P001", "NATIONAL", (("2025-10-01", "3000"),), "posted on the first day after"),
    Entry(
        "closed_last_day", "EC_NG", 4, "P001", "NATIONAL", (("2025-08-15", "400"), ("2025-09-30", "-400")),
        "closed on the last day: not open at the cut-off",
    ),
    Entry(
        "closed_day_after", "EC_NG", 5, "P001", "NATIONAL", (("2025-08-15", "500.75"), ("2025-10-01", "-500.75")),
        "closed on the first day after: open at the cut-off",
    ),
    Entry("no_due_date", "EC_NG", 6, "P002", "NATIONAL", (("2025-09-10", "60"),), "null due date", due=None),
    Entry(
        "null_group", "EC_NG", 7, "P002", None, (("2025-09-11", "70.5"),), "null posting group: dropped, and counted",
        fate="posting group is null",
    ),
    Entry(
        "foreign_group", "EC_NG", 8, "P002", "VENDORS", (("2025-09-12", "80"),), "posting group that is not on the list",
        fate="posting group not in scope",
    ),
    Entry("trailing_blanks", "EC_NG", 9, "P003", "NATIONAL  ", (("2025-09-13", "90"),), "group with trailing blanks"),
    Entry("other_case", "EC_NG", 10, "P003", "national", (("2025-09-14", "100"),), "group in other case"),
    Entry(
        "out_of_scope", "ZZ_US", 11, "P001", "NATIONAL", (("2025-09-15", "110"),), "company outside the scope",
        fate="not in scope",
    ),
    Entry("two_companies", "JD_GH", 1, "P001", "NATIONAL", (("2025-09-01", "111"),), "same numbers in another company"),
    Entry(
        "nets_to_zero_a", "EC_NG", 12, "P004", "NATIONAL", (("2025-09-02", "100"),), "customer nets to 0: 13003 side",
        customer_has_balance=False,
    ),
    Entry(
        "nets_to_zero_b", "EC_NG", 13, "P004", "EXPORT", (("2025-09-02", "-100"),), "customer nets to 0: 13004 side",
        customer_has_balance=False,
    ),
    Entry("reversed", "JM_EG", 14, "P005", "NATIONAL", (("2025-09-05", "750"), ("2025-09-06", "-750")), "reversed at once"),
    Entry(
        "reversed_later", "JM_EG", 15, "P005", "NATIONAL", (("2025-09-28", "760.255"), ("2025-10-02", "-760.255")),
        "reversed in the next month: open at the cut-off",
    ),
    Entry("credit", "EC_KE", 16, "P006", "NATIONAL", (("2025-09-08", "-42.5"),), "negative remaining amount"),
    Entry("employee", "EC_NG", 17, "P007", "EMP-NAT", (("2025-09-09", "33"),), "posts to 13010, outside the component"),
    Entry("sixty_days_due", "EC_NG", 63, "P007", "NATIONAL", (("2025-07-02", "36"),), "60 days past due", due="2025-08-01"),
    Entry("unknown_busline", "EC_NG", 61, "P007", "NATIONAL", (("2025-09-09", "34"),), "unknown business line", busline="BLX"),
    Entry("unknown_customer", "EC_NG", 62, "P999", "NATIONAL", (("2025-09-09", "35"),), "customer without master data"),
    Entry(
        "loaded_twice", "HF_SN", 18, "P008", "NATIONAL", (("2025-06-10", "600"), ("2025-07-05", "-600")),
        "the source holds the entry's row twice while it is open: the key check fails in 2025-06 only", copies=2,
    ),
    *(
        Entry(f"month_end_{month}", "EC_MA", 20 + month, "P009", "NATIONAL", ((f"2025-{month:02d}-{day}", "1"),),
              "a posting on the last day of the month: the ledger is loaded")
        for month, day in ((1, 31), (2, 28), (3, 31), (4, 30), (5, 31), (6, 30), (7, 31), (8, 31), (9, 30), (10, 31))
    ),
    *(
        Entry(f"month_end_2024_{month}", "EC_MA", 40 + month, "P009", "NATIONAL", ((f"2024-{month:02d}-{day}", "1"),),
              "a posting on the last day of the month: the ledger is loaded")
        for month, day in ((8, 31), (9, 30), (10, 31), (11, 30), (12, 31))
    ),
)  # fmt: skip

LATE = Entry(
    "late_row", "EC_NG", 19, "P001", "NATIONAL", (("2025-08-30", "8080.01"), ("2025-09-10", "-8080.01")),
    "posted in August, arrives after the first close; kept outside the tables until somebody copies it in; "
    "settled in September, so that it moves August alone",
)  # fmt: skip

CUSTOMER_NAMES = {
    "P001": "Société Générale d'Équipement Nº 7",
    "P002": "عميل تجريبي",
    "P003": "የሙከራ ደንበኛ",
    "P004": "Cafe\u0301 (decomposed) \U0001f6d2",
    "P005": "=HYPERLINK(\"x\")",
    "P006": "  leading and trailing  ",
    "P007": "Employee loan account",
    "P008": "Customer, with \"quotes\" and 'apostrophes'",
    "P009": "Month end posting",
}  # fmt: skip

# A company without a closing rate, in one month.
MISSING_RATE = ("JD_UG", "2025-05")
# Balances of this company were refreshed before the month had ended.
STALE_BALANCES = ("JM_EG", "2025-07")


@dataclass(frozen=True)
class Difference:
    """A planted difference between ledger and sub-ledger, from a period on until it is taken back.

    Attributes:
        case: Name of the case.
        company: Company code.
        account: Group account.
        first: First period whose balance holds it.
        last: Last one.
        amount: Ledger minus sub-ledger, in local currency, as text.
        why: The reason.
        until_late_row: The difference is gone once the late row has arrived.
    """

    case: str
    company: str
    account: str
    first: str
    last: str
    amount: str
    why: str
    until_late_row: bool = False


DIFFERENCES = (
    Difference("manual_posting", "EC_NG", "13003", "2025-09", "2025-10", "1234.567",
               "manual posting in the ledger, no customer entry"),
    Difference("no_posting_group", "EC_NG", "13003", "2025-09", "2025-10", "70.5",
               "entry without posting group: in the ledger, not extracted"),
    Difference("late_entry", "EC_NG", "13003", "2025-08", "2025-08", "8080.01",
               "the ledger has it, the customer entry arrives late", until_late_row=True),
    Difference("correction", "JM_EG", "13004", "2025-08", "2025-09", "-250",
               "correction of the ledger, taken back in October"),
    Difference("prepayment_by_hand", "EC_MA", "18350", "2025-10", "2025-10", "25000",
               "prepayments released by hand in the ledger; the orders are still open"),
)  # fmt: skip


@dataclass(frozen=True)
class Order:
    """One planted shop order.

    Attributes:
        case: Name of the case.
        order_id: Order id.
        placed: When, ISO with milliseconds.
        amount: Order total as text.
        customer: Customer id, or None.
        status: Order status.
        why: What the case shows.
    """

    case: str
    order_id: str
    placed: str
    amount: str
    customer: str | None
    status: str
    why: str


ORDERS = (
    *(
        Order(f"first_instant_{key}", f"P-{key}-FIRST", f"{key}-01T00:00:00.000", "10.125", "C1", "completed",
              "first instant of the month: in")
        for key in ("2024-09", "2025-02", "2025-09", "2025-10")
    ),
    *(
        Order(f"last_instant_{period.key}", f"P-{period.key}-LAST", f"{period.last_day}T23:59:59.999", "20", "C1", "pending",
              "last millisecond of the month: in")
        for period in Period(2024, 8).through(Period(2025, 10))
    ),
    Order("no_customer", "P-NOCUST", "2025-09-15T12:00:00.000", "0", None, "canceled", "null customer, amount 0"),
)  # fmt: skip
