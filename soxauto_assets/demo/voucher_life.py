"""What the ledger books of the planted vouchers, and what remains of them: both from the vouchers' own dates.

Here belongs the life of a planted voucher as the ledger and IPE_08 see it. What does not belong here: the vouchers
(``demo.planted_vouchers``, ``demo.planted_reconciliation``) and the ledger's tables (``demo.gl``).

The ledger books the vouchers of active companies that are no marketing: issued when created, used when the package is
delivered, the rest when it is cancelled or expires.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from soxauto_assets.demo import arrays, planted_reconciliation, planted_vouchers
from soxauto_assets.demo.companies import LAST, company
from soxauto_assets.demo.planted_vouchers import AT_ONCE, Voucher
from soxauto_assets.demo.vouchers import CANCELLATION_TEXT, EXPIRY_TEXTS, ISSUANCE_TEXTS, USAGE_TEXT
from soxauto_assets.period import Period

VOUCHERS = (*planted_vouchers.VOUCHERS, *planted_reconciliation.VOUCHERS)
# Vouchers created until then are in no extract; the ledger wrote them off long ago.
_WRITTEN_OFF = datetime(2016, 12, 31)


@dataclass(frozen=True)
class Booking:
    """One entry of the ledger for a planted voucher.

    Attributes:
        voucher: The voucher.
        day: Posting date.
        amount: Amount in units of 0.0001, debit positive.
        text: How its description begins, which says what it is.
        batch: Posted by the batch user; False = by a person.
        reversed: Reversed by another entry, or reversing one.
    """

    voucher: Voucher
    day: date
    amount: int
    text: str
    batch: bool = True
    reversed: bool = False


def bookings() -> list[Booking]:
    """Return every entry of the ledger for planted vouchers."""
    return [booking for voucher in VOUCHERS if _booked(voucher) for booking in _life(voucher)]


def liability(voucher: Voucher, period: Period) -> int:
    """Return what remains of a voucher at the end of a period, in units of 0.0001; 0 where it does not count.

    Those count that are issued, no marketing, not expired and not inactive by then (DECISIONS B3).
    """
    row, end = voucher.row(), period.period_end
    ends, inactive = row["to_date"], row.get("voucher_inactive_date")
    if not _booked(voucher) or _instant(row["created_at"]) >= end or (ends is not None and _instant(ends) < end):
        return 0
    if row["is_active"] != 1 and (inactive is None or _instant(inactive) < end):
        return 0
    return _units(row["discount_amount"]) - sum(amount for at, amount in _used(voucher) if at < end)


def _booked(voucher: Voucher) -> bool:
    row = voucher.row()
    return (
        company(voucher.company).active
        and row["business_use"] in ISSUANCE_TEXTS
        and _instant(row["created_at"]) > _WRITTEN_OFF
    )


def _life(voucher: Voucher) -> Iterator[Booking]:
    row = voucher.row()
    created = _instant(row["created_at"])
    issued = _units(row["discount_amount"])
    yield Booking(voucher, created.date(), -issued, ISSUANCE_TEXTS[str(row["business_use"])])
    for at, amount in _used(voucher):
        yield Booking(voucher, at.date(), amount, USAGE_TEXT)
    rest = issued - sum(amount for _, amount in _used(voucher))
    cancelled = _cancelled(voucher, row)
    if cancelled is not None:
        yield Booking(voucher, cancelled, rest, CANCELLATION_TEXT, reversed=voucher.taken_back is not None)
        if voucher.taken_back is None:
            return
        taken_back = date.fromisoformat(voucher.taken_back)
        yield Booking(voucher, taken_back, -rest, CANCELLATION_TEXT, reversed=True)
    if row["to_date"] is not None and _instant(row["to_date"]) < LAST.period_end and rest:
        yield Booking(
            voucher, _instant(row["to_date"]).date(), rest, EXPIRY_TEXTS[str(row["business_use"])], batch=False
        )


def _cancelled(voucher: Voucher, row: Mapping[str, object]) -> date | None:
    """Return the day on which the ledger cancels the rest: not before the voucher's issuance."""
    if row["is_active"] == 1 or voucher.cancelled is None:
        return None
    if voucher.cancelled != AT_ONCE:
        return date.fromisoformat(voucher.cancelled)
    return max(_instant(row["voucher_inactive_date"]), _instant(row["created_at"])).date()


def _used(voucher: Voucher) -> list[tuple[datetime, int]]:
    """Return when and for how much a voucher was used: the item was delivered after 2014, and the package at that instant."""
    found = []
    for item in voucher.uses:
        delivered, package = item["delivered_date"], item["package_delivery_date"]
        if package is not None and delivered is not None and _instant(delivered).year > 2014:
            amount = sum(_units(item.get(n)) for n in ("mtr_coupon_money_value", "mtr_shipping_voucher_discount"))
            found.append((_instant(package), amount))
    return found


def _instant(value: object) -> datetime:
    assert isinstance(value, datetime)
    return value


def _units(value: object) -> int:
    """Return an amount in units of 0.0001; nothing is 0."""
    return 0 if value is None else arrays.units(str(Decimal(str(value))))
