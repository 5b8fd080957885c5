"""Vouchers of the demo: issued, used by order items, expired, cancelled; and what the ledger books of them.

Here belongs the life of a voucher. What does not belong here: the order items that use one (``demo.order_items``) and the
balances (``demo.ledger``).
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

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
class Voucher:
    """One planted voucher.

    Attributes:
        case: Name of the case, also the voucher's id.
        fields: Columns of ``voucher_closing`` that differ from the plain voucher; dates as ISO text.
        expected: Columns of IPE_08 for 2025-09 as text; None = it is not listed.
        uses: Order items that use it: company, code as the item writes it, package delivery, amounts.
        company: Company code.
    """

    case: str
    fields: Mapping[str, object]
    expected: Mapping[str, object] | None
    uses: Sequence[Mapping[str, object]] = ()
    company: str = "EC_NG"

    def row(self) -> dict[str, object]:
        """Return the row of ``voucher_closing``."""
        plain: dict[str, object] = {
            "id_company": self.company, "id": f"P-{self.case}", "code": f"PL-{self.case}", "business_use": "refund",
            "is_active": 1, "type": "reusablecredit", "discount_amount": "100", "from_date": "2025-08-01T00:00:00",
            "to_date": "2026-01-01T00:00:00", "created_at": "2025-08-01T00:00:00", "snapshot_date": "2025-10-31T23:59:59.999",
            "remaining_amount": "100", "used_discount_amount": "0", "times_used": 0,
        }  # fmt: skip
        return {name: _value(name, value) for name, value in {**plain, **self.fields}.items()}


def _value(name: str, value: object) -> object:
    if isinstance(value, str) and name.endswith(("_date", "created_at", "updated_at")):
        return datetime.fromisoformat(value)
    return Decimal(value) if isinstance(value, str) and name.endswith("_amount") else value


def _use(company: str = "EC_NG", **fields: object) -> dict[str, object]:
    plain: dict[str, object] = {
        "id_company": company, "voucher_type": "reusablecredit", "is_marketplace": 1, "is_prepayment": 0,
        "payment_method": "NoPayment", "order_creation_date": datetime(2025, 8, 5), "current_status": "delivered",
        "delivered_date": datetime(2025, 9, 10), "package_delivery_date": datetime(2025, 9, 10),
    }  # fmt: skip
    return {**plain, **{n: Decimal(v) if n.startswith("mtr_") else v for n, v in fields.items()}}  # type: ignore[arg-type]


def _open_use(code: str, **fields: object) -> dict[str, object]:
    """Return an item that used a voucher and is neither delivered nor cancelled."""
    nothing: dict[str, object] = {"delivered_date": None, "package_delivery_date": None, "current_status": "shipped"}
    return {**_use(voucher_code=code, mtr_coupon_money_value="1"), **nothing, **fields}


_INACTIVE = {"is_active": 0, "voucher_inactive_date": "2025-09-01T00:00:00"}
_JPAY = {"business_use": "jpay_store_credit"}
_FORMATTED = "business_use_formatted"
VOUCHERS = (
    Voucher("unused", {}, {"totalremainingamount": "100.0000", "is_valid": "valid"}),
    Voucher(
        "used_both", {"code": "PL-two_items"}, {"totalamountused": "30.1250", "totalremainingamount": "69.8750"},
        (
            _use(voucher_code="PL-two_items", mtr_coupon_money_value="10.125"),
            _use(
                voucher_code="pl-TWO_ITEMS ", mtr_coupon_money_value="15", mtr_shipping_voucher_discount="5",
                is_marketplace=0,
            ),
        ),
    ),
    Voucher(
        "two_types", {"code": "PL-two_types"}, {"totalamountused": "3.0000", "totalremainingamount": "97.0000"},
        (
            _use(voucher_code="PL-two_types", mtr_coupon_money_value="1"),
            _use(voucher_code="PL-two_types", mtr_coupon_money_value="2", voucher_type="coupon"),
        ),
    ),
    Voucher(
        "used_after", {"code": "PL-after"}, {"totalamountused": "0.0000"},
        (_use(voucher_code="PL-after", mtr_coupon_money_value="50", package_delivery_date=datetime(2025, 10, 1)),),
    ),
    Voucher(
        "used_last_instant", {"code": "PL-last"}, {"totalamountused": "50.0000"},
        (
            _use(
                voucher_code="PL-last", mtr_coupon_money_value="50",
                package_delivery_date=datetime(2025, 9, 30, 23, 59, 59, 999000),
            ),
        ),
    ),
    Voucher(
        "used_first_month", {"code": "PL-first", "created_at": "2024-08-01T00:00:00"}, {"totalamountused": "7.0000"},
        (
            _use(
                voucher_code="PL-first", mtr_coupon_money_value="7", order_creation_date=datetime(2024, 8, 5),
                delivered_date=datetime(2024, 8, 10), package_delivery_date=datetime(2024, 8, 10),
            ),
        ),
    ),
    Voucher(
        "used_before_2015", {"code": "PL-old"}, {"totalamountused": "0.0000"},
        (_use(voucher_code="PL-old", mtr_coupon_money_value="9", delivered_date=datetime(2014, 12, 31)),),
    ),
    Voucher("created_with_2016", {"created_at": "2016-12-31T00:00:00"}, None),
    # For the timing population: inactive vouchers and the item that used each.
    Voucher("timing_open", {"code": "PL-t1", **_INACTIVE}, {"is_active": 0}, (_open_use("PL-t1"),)),
    Voucher("timing_status", {"code": "PL-t2", **_INACTIVE}, {}, (_open_use("PL-t2", current_status="Delivered "),)),
    Voucher(
        "timing_delivered", {"code": "PL-t3", **_INACTIVE}, {}, (_open_use("PL-t3", delivered_date=datetime(2025, 9, 10)),)
    ),
    Voucher(
        "timing_delivered_at_cutoff", {"code": "PL-t4", **_INACTIVE}, {},
        (_open_use("PL-t4", delivered_date=datetime(2025, 10, 1)),),
    ),
    Voucher(
        "timing_cancelled", {"code": "PL-t5", **_INACTIVE}, {},
        (_open_use("PL-t5", cancellation_date=datetime(2025, 9, 10)),),
    ),
    Voucher(
        "timing_cancelled_at_cutoff", {"code": "PL-t6", **_INACTIVE}, {},
        (_open_use("PL-t6", cancellation_date=datetime(2025, 10, 1)),),
    ),
    Voucher("timing_ends_at_cutoff", {**_INACTIVE, "to_date": "2025-10-01T00:00:00"}, {"is_valid": "valid"}),
    Voucher("timing_created_at_cutoff", {**_INACTIVE, "created_at": "2025-10-01T00:00:00"}, None),
    Voucher("same_code", {"code": "PL-two_items"}, {"totalamountused": "0.0000"}, company="JD_GH"),
    Voucher("expired", {"to_date": "2025-09-30T23:59:59.999"}, {"is_valid": "expired"}),
    Voucher("expires_at_cutoff", {"to_date": "2025-10-01T00:00:00"}, {"is_valid": "valid"}),
    Voucher("no_end", {"to_date": None}, {"is_valid": "valid"}),
    Voucher("inactive", {"is_active": 0, "voucher_inactive_date": "2025-09-30T18:00:00"}, {"is_active": 0}),
    Voucher("created_last_instant", {"created_at": "2025-09-30T23:59:59.999"}, {"creation_ym": "2025-09"}),
    Voucher("created_first_instant", {"created_at": "2025-10-01T00:00:00"}, None),
    Voucher("other_company", {}, None, company="AT_TN"),
    Voucher("jpay_gift", {"code": "GC-1", **_JPAY}, {_FORMATTED: "jpay_store_credit_gift"}),
    Voucher("jpay_ds", {"code": "JP-1", **_JPAY}, {_FORMATTED: "jpay_store_credit_DS"}),
    Voucher("jpay_other", {"code": "XX-1", **_JPAY}, {_FORMATTED: "jpay_store_credit_other"}),
)  # fmt: skip


def planted_vouchers() -> list[dict[str, object]]:
    """Return the planted rows of ``voucher_closing``."""
    return [voucher.row() for voucher in VOUCHERS]


def planted_templates() -> list[dict[str, object]]:
    """Return the planted rows of ``store_credit_voucher``: one voucher id in two companies."""
    return [
        {"id_company": company, "id": "P-unused", "template_id": "T1", "template_name": name}
        for company, name in (("EC_NG", "Own template"), ("JD_GH", "Template of another company"))
    ]


def planted_uses() -> list[dict[str, object]]:
    """Return the planted rows of ``rpt_soi`` that use a voucher; one of them uses a code that no voucher has."""
    unmatched = {"cod_oms_sales_order_item": "PV-unmatched", "order_nr": "PV-unmatched"}
    found = [{**unmatched, **_use(voucher_code="NO-SUCH-CODE", mtr_coupon_money_value="4")}]
    for voucher in VOUCHERS:
        for number, use in enumerate(voucher.uses, 1):
            ids = {"cod_oms_sales_order_item": f"PV-{voucher.case}-{number}", "order_nr": f"PV-{voucher.case}"}
            found.append({**ids, **use})
    return found


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
        for use, text in enumerate(("RF_", "STORE CREDIT ", "COMMERCIAL GESTURE ", "PYT_", "JPAY ")):
            kept = own.use == use
            yield LedgerEvent(company, own.created[kept], -own.amount[kept], own.number[kept], text, True)
        used = booked & (own.used > 0)
        yield LedgerEvent(company, own.used_at[used], own.used[used], own.number[used], "ITEM PRICE CREDIT ", True)
        cancelled = booked & (own.inactive > 0)
        yield LedgerEvent(
            company, own.inactive[cancelled], rest[cancelled], own.number[cancelled], "VOUCHER ACCRUAL ", True
        )
        expired = booked & (own.inactive == 0) & (end <= SNAPSHOT) & (rest > 0)
        yield LedgerEvent(company, end[expired], rest[expired], own.number[expired], "EXPR_STR_CRDT-", False)
