"""Vouchers of the demo: issued, used by order items, expired, cancelled; and what the ledger books of them.

Here belongs the life of an ordinary voucher. What does not belong here: planted vouchers (``demo.planted_vouchers``), the
order items that use one (``demo.order_items``) and the balances (``demo.ledger``).
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from soxauto_assets.demo import arrays
from soxauto_assets.demo.arrays import Draws, Integers
from soxauto_assets.demo.companies import CODES, COMPANIES, LAST, MONTHS, Company
from soxauto_assets.period import Period
from soxauto_assets.sources.contracts import contract

DAY = 86_400_000
USES = ("refund", "store_credit", "apology_v2", "jforce", "jpay_store_credit", "marketing")
_PREFIXES = ("RF", "SC", "AP", "JF", "JP", "MK")
SNAPSHOT = arrays.month_milliseconds(LAST.period_end) - 1
_LIFE_DAYS = 240
# Texts of the ledger's entries by business use, so that each is classified as what it is (domain 7.5). What names no voucher
# type there is looked up by the voucher's number.
ISSUANCE_TEXTS = {
    "refund": "RF_",
    "store_credit": "STORE CREDIT ",
    "apology_v2": "COMMERCIAL GESTURE ",
    "jforce": "PYT_",
    "jpay_store_credit": "JPAY ",
}
EXPIRY_TEXTS = {
    "refund": "EXPR_RFN-",
    "store_credit": "EXPR_STR_CRDT-",
    "apology_v2": "EXPR_APLGY-",
    "jforce": "EXPR_JFORCE-",
    "jpay_store_credit": "EXPR_STR_CRDT-",
}
USAGE_TEXT = "ITEM PRICE CREDIT "
CANCELLATION_TEXT = "VOUCHER ACCRUAL "


@dataclass(frozen=True)
class Uses:
    """What the vouchers lend to a block of items.

    Attributes:
        codes: Voucher code by item, null where none is used.
        amount: Amount by item, in units of 0.0001; 0 where none is used.
        positions: Positions of the vouchers used, within the company's book.
    """

    codes: pa.Array
    amount: Integers
    positions: Integers


@dataclass
class _Book:
    """The vouchers of a company as growing arrays."""

    number: Integers
    use: Integers
    amount: Integers
    created: Integers
    inactive: Integers
    used: Integers
    used_at: Integers


@dataclass
class VoucherBook:
    """All vouchers, by company.

    Attributes:
        books: By company code.
        fresh: Positions of the vouchers issued in the month before, which the next month's items may use.
    """

    books: dict[str, _Book] = field(default_factory=dict)
    fresh: dict[str, Integers] = field(default_factory=dict)

    @classmethod
    def issue(cls, seed: int, scale: int) -> "VoucherBook":
        """Issue the vouchers of all months."""
        book = cls()
        for company in COMPANIES:
            parts = [
                _draw(Draws(seed, 3_000 + n, CODES.index(company.code)), company, p, scale)
                for n, p in enumerate(MONTHS)
            ]
            columns = [np.concatenate(column) for column in zip(*parts, strict=True)]
            use, amount, created, inactive = columns
            rows = len(use)
            book.books[company.code] = _Book(
                np.arange(1, rows + 1, dtype=np.int64), use, amount, created, inactive,
                np.zeros(rows, dtype=np.int64), np.zeros(rows, dtype=np.int64),
            )  # fmt: skip
        return book

    def offer(self, company: str, period: Period, rows: int) -> Uses:
        """Lend half of last month's vouchers to the first items of this month; each is used once, by 60 or 100 %."""
        book = self.books[company]
        start, end = (arrays.month_milliseconds(i) for i in (period.previous().period_start, period.period_start))
        candidates = np.flatnonzero((book.created >= start) & (book.created < end) & (book.inactive == 0))[::2][:rows]
        amount = np.zeros(rows, dtype=np.int64)
        share = np.where(book.number[candidates] % 3 == 0, 6, 10)
        amount[: len(candidates)] = book.amount[candidates] // 100 * 10 * share
        codes = self.codes(company).take(pa.array(candidates))
        padded = pa.concat_arrays([codes, pa.nulls(rows - len(candidates), pa.string())])
        return Uses(padded, amount, candidates)

    def settle(self, company: str, uses: Uses, delivered: Integers, amount: Integers) -> None:
        """Record what was used: a voucher counts as used when the item was delivered."""
        book = self.books[company]
        count = len(uses.positions)
        book.used[uses.positions] = np.where(delivered[:count] > 0, amount[:count], 0)
        book.used_at[uses.positions] = delivered[:count]

    def liability(self, company: str, period: Period) -> int:
        """Return what remains of the vouchers that count at the end of a period, in units of 0.0001.

        Those that count are issued, no marketing, not expired and not inactive by then (DECISIONS B3).
        """
        own = self.books[company]
        end = arrays.month_milliseconds(period.period_end)
        counts = (own.use != USES.index("marketing")) & (own.created < end) & (own.created + _LIFE_DAYS * DAY >= end)
        counts &= (own.inactive == 0) | (own.inactive >= end)
        used = np.where((own.used_at > 0) & (own.used_at < end), own.used, 0)
        return int((own.amount - used)[counts].sum())

    def codes(self, company: str) -> pa.Array:
        """Return the voucher codes of a company: prefix by business use, then the number."""
        book = self.books[company]
        digits = arrays.numbered("", book.number, 7)
        return pc.binary_join_element_wise(arrays.choose(_PREFIXES, book.use), digits, "-")


def _draw(draws: Draws, company: Company, period: Period, scale: int) -> tuple[Integers, Integers, Integers, Integers]:
    rows = company.weight * scale
    start = arrays.month_milliseconds(period.period_start)
    created = start + draws.integers(0, arrays.month_milliseconds(period.period_end) - start, rows)
    inactive = created + draws.integers(10 * DAY, 90 * DAY, rows)
    happens = (draws.integers(0, 100, rows) < 8) & (inactive <= SNAPSHOT)
    return (
        draws.integers(0, len(USES), rows),
        draws.integers(500, 200_000, rows) * 100,
        created,
        np.where(happens, inactive, 0),
    )


def voucher_ids(company: str, number: Integers) -> pa.Array:
    """Return voucher ids: digits alone, and no id in two companies, because Jdash knows no company."""
    return arrays.numbered(str(CODES.index(company) + 1), number, 7)


def voucher_table(company: str, book: _Book, codes: pa.Array) -> pa.Table:
    """Return ``voucher_closing`` of a company, as of the snapshot."""
    rows = len(book.number)
    return arrays.table(
        contract("voucher_closing"),
        {
            "id_company": arrays.repeated(company, rows),
            "id": voucher_ids(company, book.number),
            "code": codes,
            "business_use": arrays.choose(USES, book.use),
            "description": arrays.choose(["Voucher"], book.number * 0),
            "is_active": pa.array((book.inactive == 0).astype(np.int64)),
            "type": arrays.repeated("reusablecredit", rows),
            "template_status": arrays.repeated("active", rows),
            "discount_amount": arrays.decimals(book.amount),
            "from_date": arrays.instants(book.created),
            "to_date": arrays.instants(book.created + _LIFE_DAYS * DAY),
            "created_at": arrays.instants(book.created),
            "updated_at": arrays.instants(np.maximum(book.created, np.maximum(book.used_at, book.inactive))),
            "last_time_used": arrays.instants_or_null(book.used_at),
            "snapshot_date": arrays.instants(np.full(rows, SNAPSHOT)),
            "voucher_inactive_date": arrays.instants_or_null(book.inactive),
            "fk_customer": arrays.numbered("C", book.number % 5_000 + 1),
            "used_discount_amount": arrays.decimals(book.used),
            "times_used": pa.array((book.used > 0).astype(np.int64)),
            "remaining_amount": arrays.decimals(book.amount - book.used),
        },
        rows,
    )


def template_table(company: str, book: _Book) -> pa.Table:
    """Return ``store_credit_voucher`` of a company."""
    rows = len(book.number)
    return arrays.table(
        contract("store_credit_voucher"),
        {
            "id_company": arrays.repeated(company, rows),
            "id": voucher_ids(company, book.number),
            "template_id": arrays.numbered("T", book.use, 2),
            "template_name": arrays.choose([f"Template {use}" for use in USES], book.use),
        },
        rows,
    )


@dataclass(frozen=True)
class LedgerEvent:
    """Bookings on the voucher account, as parallel arrays: instants in ms, amounts in units, position in the texts."""

    company: Company
    at: Integers
    amount: Integers
    number: Integers
    text: str
    batch: bool


def ledger_events(book: VoucherBook) -> Iterator[LedgerEvent]:
    """Yield what the ledger books: issuance, usage, expiry and cancellation of vouchers that are no marketing."""
    for company in COMPANIES:
        own = book.books[company.code]
        booked = own.use != USES.index("marketing")
        end = own.created + _LIFE_DAYS * DAY
        rest = own.amount - own.used
        for use, text in ISSUANCE_TEXTS.items():
            kept = own.use == USES.index(use)
            yield LedgerEvent(company, own.created[kept], -own.amount[kept], own.number[kept], text, True)
        used = booked & (own.used > 0)
        yield LedgerEvent(company, own.used_at[used], own.used[used], own.number[used], USAGE_TEXT, True)
        cancelled = booked & (own.inactive > 0)
        yield LedgerEvent(
            company, own.inactive[cancelled], rest[cancelled], own.number[cancelled], CANCELLATION_TEXT, True
        )
        expired = booked & (own.inactive == 0) & (end <= SNAPSHOT) & (rest > 0)
        for use, text in EXPIRY_TEXTS.items():
            kept = expired & (own.use == USES.index(use))
            yield LedgerEvent(company, end[kept], rest[kept], own.number[kept], text, False)
