"""Sales order items of the demo: orders, packages, payments, returns and refunds, by month of the order.

Here belongs what happens to an ordinary item. What does not belong here: planted items (``demo.planted_items``), vouchers
(``demo.vouchers``), which lend their codes to items here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from soxauto_assets.demo import arrays
from soxauto_assets.demo.arrays import Draws, Integers
from soxauto_assets.demo.companies import CODES, COMPANIES, LAST, MONTHS, Company
from soxauto_assets.demo.vouchers import Uses, VoucherBook
from soxauto_assets.period import Period
from soxauto_assets.sources.contracts import contract

Flags = npt.NDArray[np.bool_]
PER_WEIGHT = 2
DAY = 86_400_000
NEVER = 0
EXTRACTS = ("IPE_10", "IPE_12", "IPE_34")
# Companies that IPE_34 leaves out (domain 2.5).
_NOT_IN_IPE_34 = ("AT_TN", "EC_CM")
_END = arrays.month_milliseconds(LAST.period_end)


@dataclass
class ItemTotals:
    """Rows and amounts of each extract by company and month end, in units of 0.0001: worked out from the events."""

    rows: dict[str, Integers] = field(
        default_factory=lambda: {name: np.zeros((len(CODES), len(MONTHS)), dtype=np.int64) for name in EXTRACTS}
    )
    amounts: dict[str, Integers] = field(
        default_factory=lambda: {name: np.zeros((len(CODES), len(MONTHS)), dtype=np.int64) for name in EXTRACTS}
    )


@dataclass(frozen=True)
class Month:
    """The tables of one month of orders."""

    period: Period
    items: pa.Table
    packages: pa.Table
    refunds: pa.Table


def order_item_months(seed: int, scale: int, totals: ItemTotals, book: VoucherBook) -> Iterator[Month]:
    """Yield the item tables by month of the order, and add up what each extract must list.

    Args:
        seed: Seed of the ordinary rows.
        scale: Multiplies the ordinary rows.
        totals: Receives rows and amounts.
        book: Vouchers that items may use; it learns what was used and when.
    """
    first = dict.fromkeys(CODES, 1)
    for number, period in enumerate(MONTHS):
        draws = Draws(seed, 2_000 + number)
        parts = []
        for company in COMPANIES:
            rows = company.weight * PER_WEIGHT * scale
            uses = book.offer(company.code, period, rows)
            events = _draw(draws, company, period, rows, first[company.code], uses)
            first[company.code] += rows
            book.settle(company.code, uses, events.delivered, events.coupon)
            _add(events, totals)
            parts.append((_items(events), _packages(events), _refunds(events)))
        yield Month(period, *(pa.concat_tables(tables) for tables in zip(*parts, strict=True)))


@dataclass(frozen=True)
class _Events:
    """Ordinary items of a company and month as parallel arrays: instants in ms (0 = never), amounts in units."""

    company: Company
    number: Integers
    prepaid: Integers
    marketplace: Integers
    digital: Integers
    payment: Integers
    created: Integers
    verified: Integers
    delivered: Integers
    returned: Integers
    refunded: Integers
    resolved: Integers
    price: Integers
    coupon: Integers
    shipping: Integers
    uses: Uses


def _draw(draws: Draws, company: Company, period: Period, rows: int, first: int, uses: Uses) -> _Events:
    """Draw what happens to each item; whatever would happen after the lake ends has not happened."""
    start = arrays.month_milliseconds(period.period_start)
    created = start + draws.integers(0, arrays.month_milliseconds(period.period_end) - start, rows)
    prepaid = (draws.integers(0, 100, rows) < 40).astype(np.int64)
    price = draws.integers(1_000, 2_000_000, rows) * 100 + uses.amount
    delivered = _when(created + draws.integers(DAY, 20 * DAY, rows), draws.integers(0, 100, rows) < 88)
    returned = _when(
        delivered + draws.integers(DAY, 20 * DAY, rows), (draws.integers(0, 100, rows) < 9) & (delivered > 0)
    )
    refund_base = np.where(returned > 0, returned, created)
    refunded = _when(
        refund_base + draws.integers(DAY, 15 * DAY, rows),
        (draws.integers(0, 100, rows) < 90) & ((returned > 0) | ((delivered == 0) & (prepaid == 1))),
    )
    return _Events(
        company=company,
        number=np.arange(first, first + rows, dtype=np.int64),
        prepaid=prepaid,
        marketplace=(draws.integers(0, 100, rows) < 60).astype(np.int64),
        digital=(draws.integers(0, 100, rows) < 5).astype(np.int64),
        payment=draws.integers(0, 100, rows),
        created=created,
        verified=_when(
            created + draws.integers(60_000, DAY, rows), (prepaid == 1) & (draws.integers(0, 100, rows) < 97)
        ),
        delivered=delivered,
        returned=returned,
        refunded=refunded,
        resolved=_resolved(draws, delivered),
        price=price,
        coupon=uses.amount,
        shipping=draws.integers(0, 50_000, rows) * 100,
        uses=uses,
    )


def _resolved(draws: Draws, delivered: Integers) -> Integers:
    """Draw when each package is reconciled: two items share one, and the first of them decides."""
    first = delivered[::2]
    happens = (draws.integers(0, 100, len(first)) < 85) & (first > 0)
    return np.repeat(_when(first + draws.integers(5 * DAY, 40 * DAY, len(first)), happens), 2)


def _when(instant: Integers, happens: Flags) -> Integers:
    return np.where(happens & (instant < _END), instant, NEVER)


def _add(events: _Events, totals: ItemTotals) -> None:
    """Add what each extract lists at each month end."""
    company = CODES.index(events.company.code)
    for month, period in enumerate(MONTHS):
        end = arrays.month_milliseconds(period.period_end)
        for name, (listed, amount) in _listed(events, end).items():
            totals.rows[name][company, month] += int(np.count_nonzero(listed))
            totals.amounts[name][company, month] += int(amount[listed].sum())


def _listed(events: _Events, end: int) -> dict[str, tuple[Flags, Integers]]:
    """Return which items each extract lists at an instant, and their amounts, from the events alone."""

    def open_at(instant: Integers) -> Flags:
        flags: Flags = (instant == NEVER) | (instant >= end)
        return flags

    def done(instant: Integers) -> Flags:
        return ~open_at(instant)

    paid = events.price - events.coupon
    prepayment = (events.prepaid == 1) & done(events.verified) & open_at(events.delivered) & open_at(events.refunded)
    package = (events.prepaid == 0) & (events.payment >= 3) & done(events.delivered) & open_at(events.resolved)
    refund = (events.delivered != NEVER) & done(events.refunded) & open_at(events.returned)
    back = done(events.returned) & open_at(events.refunded)
    if events.company.code in _NOT_IN_IPE_34:
        refund, back = refund & False, back & False
    owed = np.where(back, -(paid + events.shipping), paid + events.shipping)
    return {
        "IPE_10": (prepayment, paid + events.shipping),
        "IPE_12": (package, paid + events.shipping),
        "IPE_34": (refund | back, owed),
    }


def _items(events: _Events) -> pa.Table:
    rows = len(events.number)
    country = events.company.country
    order = (events.number + 1) // 2
    paid = events.price - events.coupon
    delivered = arrays.instants_or_null(events.delivered)
    # 0 to 2 = no payment needed; prepaid items were paid online.
    method = np.where(events.prepaid == 1, 1, np.where(events.payment < 3, 2, 0))
    return arrays.table(
        contract("rpt_soi"),
        {
            "id_company": arrays.repeated(events.company.code, rows),
            "cod_oms_sales_order_item": arrays.numbered(country, events.number, 9),
            "cod_oms_sales_order": arrays.numbered(f"{country}O", order, 9),
            "cod_oms_id_package": arrays.numbered(f"{country}P", order, 9),
            "package_number": arrays.numbered(f"{country}PK", order, 9),
            "order_nr": arrays.numbered("3", order, 9),
            "id_sales_order_item": arrays.numbered(f"{country}S", events.number, 9),
            "bob_id_customer": arrays.numbered("C", order % 5_000 + 1),
            "bob_customer_type": arrays.choose(["customer", "jforce"], (order % 7 == 0) * 1),
            "current_status": arrays.choose(["shipped", "delivered", "closed"], _status(events)),
            "oms_package_status": arrays.choose(["shipped", "delivered"], (events.delivered > 0) * 1),
            "tracking_number": arrays.numbered("TR", order),
            "is_marketplace": pa.array(events.marketplace),
            "is_prepayment": pa.array(events.prepaid),
            "is_global": pa.array((order % 11 == 0).astype(np.int64)),
            "delivery_type": arrays.choose(["Normal", "Digital Content"], events.digital),
            "payment_method": arrays.choose(["CashOnDelivery", "JumiaPay", "NoPayment"], method),
            "voucher_code": events.uses.codes,
            "voucher_type": arrays.choose([None, "reusablecredit"], (events.coupon > 0) * 1),
            "order_creation_date": arrays.instants(events.created),
            "finance_verified_date": arrays.instants_or_null(events.verified),
            "shipped_date": arrays.instants(events.created + DAY // 2),
            "delivered_date": delivered,
            "package_delivery_date": delivered,
            "return_date": arrays.instants_or_null(events.returned),
            "refund_date": arrays.instants_or_null(events.refunded),
            "refund_completed": pa.array((events.refunded > 0).astype(np.int64)),
            "mtr_unit_price": arrays.decimals(events.price),
            "mtr_price_after_discount": arrays.decimals(paid),
            "mtr_paid_price": arrays.decimals(paid),
            "mtr_amount_paid": arrays.decimals(paid + events.shipping),
            "mtr_coupon_money_value": arrays.decimals(events.coupon),
            "mtr_cart_rule_discount": arrays.decimals(events.price * 0),
            "mtr_base_shipping_amount": arrays.decimals(events.shipping),
        },
        rows,
    )


def _packages(events: _Events) -> pa.Table:
    """Return one package row per order of cash on delivery; the first item of an order decides."""
    kept = (events.number % 2 == 1) & (events.delivered > 0)
    order = (events.number[kept] + 1) // 2
    country = events.company.country
    return arrays.table(
        contract("package_cashrec"),
        {
            "id_company": arrays.repeated(events.company.code, int(kept.sum())),
            "package_nr": arrays.numbered(f"{country}PK", order, 9),
            "order_nr": arrays.numbered("3", order, 9),
            "amount_expected": arrays.decimals(events.price[kept]),
            "package_status": arrays.repeated("delivered", int(kept.sum())),
            "delivery_date": arrays.instants_or_null(events.delivered[kept]),
            "fk_collection_partner": arrays.choose(["7", "8"], order % 2),
            "last_mile": arrays.choose(["HUB1", "HUB2"], order % 2),
            "troubleshoot_resolution_date": arrays.instants_or_null(events.resolved[kept]),
        },
        int(kept.sum()),
    )


def _refunds(events: _Events) -> pa.Table:
    kept = (events.refunded > 0) & (events.returned == 0)
    return arrays.table(
        contract("refund_no_return"),
        {
            "id_company": arrays.repeated(events.company.code, int(kept.sum())),
            "oms_id_sales_order_item": arrays.numbered(events.company.country, events.number[kept], 9),
            "oms_type": arrays.repeated("refund", int(kept.sum())),
        },
        int(kept.sum()),
    )


def _status(events: _Events) -> Integers:
    return np.where(events.returned > 0, 2, np.where(events.delivered > 0, 1, 0)).astype(np.int64)
