"""Planted cases of the reconciliation: vouchers that ledger and sub-ledger see differently, and every planted difference.

Here belongs each difference between actuals and target values that is there on purpose, by month, signed like the variance
(actuals - target), with the bridge that must find it. Amounts and months are written by hand. What does not belong here: how
the ledger books a voucher (``demo.voucher_life``), and the cases of the extracts (``demo.planted_vouchers``).

The four cases of DECISIONS B2 lie in Kenya, ten thousand times as large as there.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from soxauto_assets.demo.companies import LAST, MONTHS, company
from soxauto_assets.demo.planted import DIFFERENCES
from soxauto_assets.demo.planted_entries import ENTRIES
from soxauto_assets.demo.planted_vouchers import Voucher, use
from soxauto_assets.period import Period

Bridge = Literal["timing", "vtc", "none"]
# The components of the formula and their group accounts (DECISIONS B1).
COMPONENTS = {
    "IPE_07": ("13003", "13004", "13009"),
    "IPE_12": ("13005", "13024"),
    "IPE_31": ("13001", "13002", "13011", "13012", "10590"),
    "IPE_10": ("18350",),
    "IPE_34": ("18317",),
    "IPE_08": ("18412",),
}


@dataclass(frozen=True)
class JdashLine:
    """What Jdash says of a voucher, in every export from that day on.

    Attributes:
        case: Case of the voucher.
        amount: Amount used, as text: Jdash counts an order when it is placed.
        day: Usage date, ISO.
    """

    case: str
    amount: str
    day: str

    def known(self, period: Period) -> bool:
        """Say whether the export of a period holds the line."""
        return datetime.fromisoformat(self.day) < period.period_end


@dataclass(frozen=True)
class PlantedDifference:
    """A planted difference between actuals and target value, in the months from ``first`` to ``last``.

    Attributes:
        case: Name of the case.
        company: Company code.
        component: Item id of the component.
        account: Group account whose balance holds it.
        first: First month.
        last: Last month.
        bridge: The bridge that must explain it; ``none`` = it stays unexplained.
        amount: Actuals minus target value in local currency, as text.
        why: The reason.
    """

    case: str
    company: str
    component: str
    account: str
    first: str
    last: str
    bridge: Bridge
    amount: str
    why: str

    @property
    def months(self) -> tuple[str, ...]:
        """The months that hold it."""
        return tuple(period.key for period in MONTHS if self.first <= period.key <= self.last)

    def to_json(self) -> dict[str, object]:
        """Return the difference as plain values."""
        return {
            "case": self.case, "company": self.company, "component": self.component, "account": self.account,
            "months": list(self.months), "bridge": self.bridge, "amount": self.amount, "why": self.why,
        }  # fmt: skip


def _item(amount: str, ordered: str, delivered: str | None = None) -> dict[str, object]:
    """Return an order item that uses a voucher, delivered or not."""
    day = None if delivered is None else datetime.fromisoformat(delivered)
    return use(
        mtr_coupon_money_value=amount, order_creation_date=datetime.fromisoformat(ordered), delivered_date=day,
        package_delivery_date=day, current_status="shipped" if day is None else "delivered",
    )  # fmt: skip


def _voucher(
    case: str, company: str, amount: str, created: str, inactive: str | None, remaining: str, *items: dict[str, object],
    cancelled: str | None = None, taken_back: str | None = None, **fields: object,
) -> Voucher:  # fmt: skip
    """Return a voucher, a refund unless told otherwise; without ``cancelled`` the ledger never cancels it.

    Args:
        case: Name of the case.
        company: Company code.
        amount: Amount issued.
        created: When it was created.
        inactive: When it became inactive; None = it is active.
        remaining: BOB's own remaining amount at the snapshot, where an order counts when it is placed.
        items: Order items that use it.
        cancelled: See :class:`Voucher`.
        taken_back: See :class:`Voucher`.
        fields: Further columns.
    """
    plain = {
        "code": f"PL-{case}", "discount_amount": amount, "remaining_amount": remaining, "created_at": created,
        "to_date": "2026-07-01T00:00:00", "is_active": int(inactive is None), "voucher_inactive_date": inactive,
    }  # fmt: skip
    shown: dict[str, object] = {**plain, **fields}
    uses = [{**item, "id_company": company, "voucher_code": shown["code"]} for item in items]
    return Voucher(case, shown, {"remaining_amount": f"{remaining}.0000"}, uses, company, cancelled, taken_back)


_NO_END = {"to_date": None}
VOUCHERS = (
    # The four cases of DECISIONS B2. 40 of 100 ordered, active: ledger and IPE_08 both hold all of it.
    _voucher("rec_ordered_active", "EC_KE", "1000000", "2025-07-10T10:00:00", None, "600000",
             _item("400000", "2025-08-15")),
    # 40 of 40 ordered, so BOB makes it inactive; the ledger waits for the delivery of 2025-10-05.
    _voucher("rec_ordered_inactive", "EC_KE", "400000", "2025-07-11T10:00:00", "2025-08-20T10:00:00", "0",
             _item("400000", "2025-08-20", "2025-10-05")),
    _voucher("rec_cancelled_bob_only", "EC_KE", "500000", "2025-06-12T10:00:00", "2025-09-15T09:00:00", "500000"),
    _voucher("rec_used_then_cancelled", "EC_KE", "500000", "2025-06-13T10:00:00", "2025-09-16T09:00:00", "300000",
             _item("200000", "2025-07-15", "2025-07-20")),
    # The id of another company's case; here the ledger has the cancellation. It must not match the other company's.
    _voucher("rec_cancelled_bob_only", "JM_EG", "20000", "2025-06-12T10:00:00", "2025-09-15T09:00:00", "20000",
             cancelled="2025-09-15"),
    _voucher("rec_booked_next_month", "JD_GH", "31000", "2025-06-20T10:00:00", "2025-08-20T10:00:00", "31000",
             cancelled="2025-09-10"),
    _voucher("rec_cancelled_last_evening", "EC_KE", "150000", "2025-07-01T10:00:00", "2025-09-30T18:00:00", "150000"),
    # The ledger cancels it and takes that back: both entries are reversed, so neither of them is a cancellation.
    _voucher("rec_cancellation_reversed", "EC_KE", "90000", "2025-07-02T10:00:00", "2025-09-18T10:00:00", "90000",
             cancelled="2025-09-18", taken_back="2025-09-19"),
    # Cancelled in BOB only, and expired a month later: the ledger takes it out then, and BOB no longer calls it valid.
    _voucher("rec_expired_after_cancel", "EC_KE", "80000", "2025-02-01T10:00:00", "2025-08-05T10:00:00", "80000",
             to_date="2025-09-20T12:00:00"),
    _voucher("rec_created_last_evening", "EC_KE", "50000", "2025-09-30T18:00:00", "2025-09-30T18:30:00", "0",
             _item("50000", "2025-09-30")),
    _voucher("rec_jpay", "EC_KE", "60000", "2025-09-05T10:00:00", "2025-09-22T10:00:00", "0", _item("60000", "2025-09-22"),
             business_use="jpay_store_credit", code="JP-REC"),
    # Marketing is in neither side: no bridge may take it.
    _voucher("rec_marketing", "EC_KE", "70000", "2025-09-05T10:00:00", "2025-09-22T10:00:00", "0",
             _item("70000", "2025-09-22"), business_use="marketing"),
    # Out of the windows of the bridges one day, and unexplained from then on.
    _voucher("rec_timing_leaves_window", "JM_EG", "4000", "2024-08-15T10:00:00", "2025-05-20T10:00:00", "0",
             _item("4000", "2025-05-20"), business_use="store_credit", **_NO_END),
    _voucher("rec_cancelled_a_year_ago", "JM_EG", "3000", "2024-08-20T10:00:00", "2024-09-10T10:00:00", "3000", **_NO_END),
    # The bridge is of refunds: another voucher that only BOB cancelled stays unexplained.
    _voucher("rec_store_credit_cancelled", "HF_SN", "20000", "2025-07-03T10:00:00", "2025-09-10T10:00:00", "20000",
             business_use="store_credit"),
)  # fmt: skip

JDASH_LINES = (
    JdashLine("rec_ordered_active", "400000", "2025-08-15"),
    JdashLine("rec_ordered_inactive", "400000", "2025-08-20"),
    JdashLine("rec_used_then_cancelled", "200000", "2025-07-15"),
    JdashLine("rec_created_last_evening", "50000", "2025-09-30"),
    JdashLine("rec_jpay", "60000", "2025-09-22"),
    JdashLine("rec_marketing", "70000", "2025-09-22"),
    JdashLine("rec_timing_leaves_window", "4000", "2025-05-20"),
)


def _liability(case: str, code: str, first: str, last: str, bridge: Bridge, amount: str, why: str) -> PlantedDifference:
    return PlantedDifference(case, code, "IPE_08", "18412", first, last, bridge, amount, why)


# Where a case is not named, both sides hold the same: rec_ordered_active and rec_marketing in every month, the others in the
# months that are not named.
_VOUCHER_DIFFERENCES = (
    _liability("rec_ordered_inactive", "EC_KE", "2025-08", "2025-09", "timing", "-400000",
               "ordered and inactive in August, delivered in October: Jdash 400000 - used 0"),
    _liability("rec_created_last_evening", "EC_KE", "2025-09", "2025-10", "timing", "-50000",
               "created at 18:00 of the last day of the window, ordered at once, not delivered"),
    _liability("rec_jpay", "EC_KE", "2025-09", "2025-10", "timing", "-60000",
               "store credit of JPay, ordered and inactive, not delivered"),
    _liability("rec_cancelled_bob_only", "EC_KE", "2025-09", "2025-10", "vtc", "-500000",
               "refund that BOB cancelled and the ledger did not; another company has the same id and its cancellation"),
    _liability("rec_used_then_cancelled", "EC_KE", "2025-09", "2025-10", "vtc", "-300000",
               "refund of which 200000 was used and delivered and BOB cancelled the rest; Jdash 200000 - used 200000 = 0"),
    _liability("rec_cancelled_last_evening", "EC_KE", "2025-09", "2025-10", "vtc", "-150000",
               "refund that BOB cancelled at 18:00 of the last day"),
    _liability("rec_cancellation_reversed", "EC_KE", "2025-09", "2025-10", "vtc", "-90000",
               "refund whose cancellation the ledger booked and took back"),
    _liability("rec_expired_after_cancel", "EC_KE", "2025-08", "2025-08", "vtc", "-80000",
               "refund that BOB cancelled in August; the ledger takes it out when it expires in September"),
    _liability("rec_booked_next_month", "JD_GH", "2025-08", "2025-08", "vtc", "-31000",
               "refund that BOB cancelled in August and the ledger in September"),
    _liability("rec_timing_leaves_window", "JM_EG", "2025-05", "2025-07", "timing", "-4000",
               "ordered and inactive in May, never delivered; created in 2024-08, which the window of July still holds"),
    _liability("rec_timing_leaves_window", "JM_EG", "2025-08", "2025-10", "none", "-4000",
               "the same, created before the window of twelve months"),
    _liability("rec_cancelled_a_year_ago", "JM_EG", "2024-09", "2025-08", "vtc", "-3000",
               "refund that BOB cancelled in 2024-09 and the ledger never"),
    _liability("rec_cancelled_a_year_ago", "JM_EG", "2025-09", "2025-10", "none", "-3000",
               "the same, cancelled before the window of twelve months"),
    _liability("rec_store_credit_cancelled", "HF_SN", "2025-09", "2025-10", "none", "-20000",
               "store credit that BOB cancelled and the ledger did not: no refund, so no bridge"),
)  # fmt: skip


def _component_of(account: str) -> str:
    """Return the component that a group account belongs to."""
    (found,) = (component for component, accounts in COMPONENTS.items() if account in accounts)
    return found


def _ledger_differences() -> Iterator[PlantedDifference]:
    """Yield the planted postings of the ledger that no sub-ledger has (``demo.planted``, ``demo.planted_entries``)."""
    for posting in DIFFERENCES:
        component = _component_of(posting.account)
        yield PlantedDifference(
            posting.case, posting.company, component, posting.account, posting.first, posting.last, "none",
            posting.amount, posting.why,
        )  # fmt: skip
    for entry in ENTRIES:
        if "gl_account_no" not in entry.fields and company(entry.company).active:
            yield _liability(
                f"entry_{entry.case}", entry.company, entry.posted[:7], LAST.key, "none", entry.amount,
                f"planted entry {entry.entry_no} of the voucher account: no voucher stands behind it",
            )  # fmt: skip


PLANTED = (*_ledger_differences(), *_VOUCHER_DIFFERENCES)


def planted(period: Period) -> list[PlantedDifference]:
    """Return the planted differences of a month."""
    return [difference for difference in PLANTED if period.key in difference.months]
