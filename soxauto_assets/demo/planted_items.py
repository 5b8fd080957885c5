"""Planted sales order items: each case of IPE_10, IPE_12 and IPE_34, with the months in which each extract lists it.

The expected months are written by hand: months of the lake that are not named do not list the item. What does not belong
here: ordinary items (``demo.order_items``).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

from soxauto_assets.demo.companies import MONTHS

ALL = ("2025-08", "2025-09", "2025-10")
EVERY = tuple(period.key for period in MONTHS)


@dataclass(frozen=True)
class Item:
    """One planted sales order item.

    Attributes:
        case: Name of the case, also its item id in lower case.
        fields: Columns of ``rpt_soi`` that differ from the plain item; dates as ISO text.
        listed: Extract to the months that list it.
        amounts: Extract to the amount it is listed with.
        cashrec: Row of ``package_cashrec`` for its package, or None.
        company: Company code.
        no_return: It stands in ``refund_no_return``.
    """

    case: str
    fields: Mapping[str, object]
    listed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    amounts: Mapping[str, str] = field(default_factory=dict)
    cashrec: Mapping[str, object] | None = None
    company: str = "EC_NG"
    no_return: bool = False

    def row(self, number: int) -> dict[str, object]:
        """Return the row of ``rpt_soi``."""
        plain: dict[str, object] = {
            "id_company": self.company,
            "cod_oms_sales_order_item": f"P-{self.case}",
            "cod_oms_sales_order": f"PO-{number}",
            "cod_oms_id_package": f"PP-{number}",
            "package_number": f"PKG-P{number}",
            "order_nr": f"ON-P{number}",
            "id_sales_order_item": f"S-{self.case}",
            "bob_id_customer": f"C{number}",
            "bob_customer_type": "customer",
            "current_status": "shipped",
            "is_marketplace": 1,
            "is_prepayment": 0,
            "is_global": 0,
            "delivery_type": "Normal",
            "payment_method": "CashOnDelivery",
            "order_creation_date": "2025-08-20T10:00:00",
            "refund_completed": 0,
        }
        return {name: _value(name, value) for name, value in {**plain, **self.fields}.items()}


def _value(name: str, value: object) -> object:
    if isinstance(value, str) and name.endswith("_date"):
        return datetime.fromisoformat(value)
    if isinstance(value, str) and name.startswith("mtr_"):
        return Decimal(value)
    return value


_PAID = {"is_prepayment": 1, "payment_method": "JumiaPay", "finance_verified_date": "2025-08-20T11:00:00"}
_PRICE = {"mtr_unit_price": "100", "mtr_paid_price": "100", "mtr_amount_paid": "100", "mtr_price_after_discount": "100"}
_DELIVERED = {"delivered_date": "2025-09-10T09:00:00", "package_delivery_date": "2025-09-10T09:00:00"}


def _prepaid(
    case: str, months: tuple[str, ...], amount: str = "100.0000", company: str = "EC_NG", **fields: object
) -> Item:
    listed = {"IPE_10": months} if months else {}
    return Item(case, {**_PRICE, **_PAID, **fields}, listed, {"IPE_10": amount}, company=company)


def _package(case: str, months: tuple[str, ...], cashrec: Mapping[str, object] | None = None, **fields: object) -> Item:
    listed = {"IPE_12": months} if months else {}
    return Item(case, {**_PRICE, **_DELIVERED, **fields}, listed, {"IPE_12": "100.0000"}, cashrec)


def _refund(case: str, months: tuple[str, ...], amount: str, company: str = "EC_NG", **fields: object) -> Item:
    listed = {"IPE_34": months} if months else {}
    # Settled as a package, so that it stands in this extract alone.
    settled = {"troubleshoot_resolution_date": "2025-07-05T00:00:00"}
    base = {"order_creation_date": "2025-06-20T10:00:00", "delivered_date": "2025-07-01T09:00:00"}
    return Item(case, {**_PRICE, **base, **fields}, listed, {"IPE_34": amount}, settled, company, no_return=True)


ITEMS = (
    # Prepayments: open until delivered (marketplace), until the package is delivered (retail), or until refunded.
    _prepaid("mpl_open", ALL),
    _prepaid("mpl_delivered_last_instant", ("2025-08",), delivered_date="2025-09-30T23:59:59.999"),
    _prepaid("mpl_delivered_first_instant", ("2025-08", "2025-09"), delivered_date="2025-10-01T00:00:00"),
    _prepaid("mpl_refunded_before", ("2025-08",), refund_date="2025-09-29T10:00:00"),
    _prepaid("mpl_refunded_after", ("2025-08", "2025-09"), refund_date="2025-10-02T10:00:00"),
    _prepaid("verified_last_instant", ("2025-09", "2025-10"), finance_verified_date="2025-09-30T23:59:59.999"),
    _prepaid("verified_first_instant", ("2025-10",), finance_verified_date="2025-10-01T00:00:00"),
    _prepaid("not_verified", (), finance_verified_date=None),
    _prepaid(
        "retail_package_open", ALL, is_marketplace=0, delivered_date="2025-08-25T10:00:00", package_delivery_date=None
    ),
    _prepaid(
        "retail_package_delivered", ("2025-08",), is_marketplace=0, package_delivery_date="2025-09-12T10:00:00"
    ),
    _prepaid("digital_open", ALL, is_marketplace=0, delivery_type="Digital Content"),
    _prepaid(
        "digital_delivered", ("2025-08",), is_marketplace=0, delivery_type="gift card ", delivered_date="2025-09-01T00:00:00"
    ),
    _prepaid("null_delivery_type", (), is_marketplace=0, delivery_type=None),
    _prepaid("null_marketplace", (), is_marketplace=None),
    _prepaid(
        "with_shipping", ALL, "93.6250", mtr_coupon_money_value="10.5", mtr_cart_rule_discount="1",
        mtr_base_shipping_amount="5.125", mtr_shipping_cart_rule_discount="1", mtr_shipping_voucher_discount="0.5",
        mtr_international_customs_fee_amount="2", mtr_international_customs_fee_cart_rule_discount="0.5",
        mtr_international_freight_fee=None,
    ),
    _prepaid("other_company", ALL, company="EC_IC"),
    _prepaid(
        "retail_package_first_instant", ("2025-08", "2025-09"), is_marketplace=0,
        package_delivery_date="2025-10-01T00:00:00",
    ),
    _prepaid(
        "digital_first_instant", ("2025-08", "2025-09"), is_marketplace=0, delivery_type="Gift Card",
        delivered_date="2025-10-01T00:00:00",
    ),
    _prepaid("mpl_refunded_first_instant", ("2025-08", "2025-09"), refund_date="2025-10-01T00:00:00"),
    _prepaid("retail_refunded_first_instant", ("2025-08", "2025-09"), is_marketplace=0, refund_date="2025-10-01T00:00:00"),
    _prepaid("retail_refunded", ("2025-08",), is_marketplace=0, refund_date="2025-09-05T00:00:00"),
    _prepaid(
        "ordered_before_2018", (), order_creation_date="2018-01-01T00:00:00", finance_verified_date="2018-01-05T00:00:00"
    ),
    _prepaid(
        "verified_before_2018", (), order_creation_date="2018-02-01T00:00:00",
        finance_verified_date="2017-12-31T23:59:59.999",
    ),
    _prepaid(
        "verified_with_2018", EVERY, order_creation_date="2018-02-01T00:00:00", finance_verified_date="2018-01-01T00:00:00"
    ),
    _prepaid("verified_but_not_prepaid", (), is_prepayment=0, payment_method="NoPayment"),
    # Packages: delivered, paid on delivery, not reconciled.
    _package("package_open", ("2025-09", "2025-10")),
    _package("package_resolved", (), {"troubleshoot_resolution_date": "2025-09-20T10:00:00", "amount_received": Decimal(100)}),
    _package("package_resolved_later", ("2025-09",), {"troubleshoot_resolution_date": "2025-10-01T00:00:00"}),
    _package("package_no_payment", (), payment_method="NoPayment"),
    _package("package_null_payment", (), payment_method=None),
    _package("package_delivered_last_instant", ("2025-09", "2025-10"), delivered_date="2025-09-30T23:59:59.999"),
    _package("package_delivered_first_instant", ("2025-10",), delivered_date="2025-10-01T00:00:00"),
    _package("package_two_items_a", ("2025-09", "2025-10"), package_number="PKG-TWO", order_nr="ON-TWO"),
    _package(
        "package_two_items_b", ("2025-09", "2025-10"), {"amount_expected": Decimal(200)}, package_number="PKG-TWO",
        order_nr="ON-TWO",
    ),
    # The same package number in another company, resolved there: PACKAGES holds that row.
    _package("package_number_of_two_companies", ("2025-09", "2025-10"), package_number="PKG-SHARED"),
    _package("package_of_unknown_customer_type", ("2025-09", "2025-10"), bob_customer_type="unknown"),
    _package("package_before_2019", (), delivered_date="2018-12-31T23:59:59.999"),
    _package("package_with_2019", EVERY, delivered_date="2019-01-01T00:00:00"),
    # Refunds and returns: one side done, the other not.
    _refund("refund_not_returned", ("2025-09", "2025-10"), "100.0000", refund_date="2025-09-15T10:00:00"),
    _refund(
        "refund_returned_later", ("2025-09",), "100.0000", refund_date="2025-09-15T10:00:00",
        return_date="2025-10-01T00:00:00",
    ),
    _refund(
        "return_not_refunded", ("2025-09", "2025-10"), "-97.1250", return_date="2025-09-30T23:59:59.999",
        voucher_type="Coupon", mtr_base_shipping_amount="3", mtr_international_customs_fee_amount="1.125",
        mtr_international_customs_fee_cart_rule_discount="1", mtr_shipping_cart_rule_discount="2",
        mtr_shipping_voucher_discount="4",
    ),
    _refund(
        "return_voucher_is_no_coupon", ("2025-09", "2025-10"), "-100.0000", return_date="2025-09-02T10:00:00",
        voucher_type="reusablecredit", mtr_shipping_voucher_discount="4",
    ),
    _refund("refunded_first_instant", ("2025-10",), "100.0000", refund_date="2025-10-01T00:00:00"),
    _refund("returned_first_instant", ("2025-10",), "-100.0000", return_date="2025-10-01T00:00:00"),
    _refund(
        "return_refunded_first_instant", ("2025-09",), "-100.0000", return_date="2025-09-15T00:00:00",
        refund_date="2025-10-01T00:00:00",
    ),
    _refund("refund_of_unknown_customer_type", ("2025-09", "2025-10"), "100.0000", refund_date="2025-09-15T10:00:00",
            bob_customer_type="unknown"),
    _refund("refund_before_2019", (), "0", delivered_date="2018-12-01T00:00:00", refund_date="2018-12-31T23:59:59.999"),
    _refund("refund_with_2019", EVERY, "100.0000", delivered_date="2018-12-01T00:00:00", refund_date="2019-01-01T00:00:00"),
    _refund("return_before_2019", (), "0", delivered_date="2018-12-01T00:00:00", return_date="2018-12-31T23:59:59.999"),
    _refund("return_with_2019", EVERY, "-100.0000", delivered_date="2018-12-01T00:00:00", return_date="2019-01-01T00:00:00"),
    _refund("both_done", (), "0", refund_date="2025-09-15T10:00:00", return_date="2025-09-16T10:00:00"),
    _refund("refund_never_delivered", (), "0", refund_date="2025-09-15T10:00:00", delivered_date=None),
    _refund("refund_of_tunisia", (), "0", company="AT_TN", refund_date="2025-09-15T10:00:00"),
)  # fmt: skip


def rows() -> list[dict[str, object]]:
    """Return the rows of ``rpt_soi``."""
    return [item.row(number) for number, item in enumerate(ITEMS, 1)]


# Rows of package_cashrec and refund_no_return that belong to no item of their company.
PACKAGES = ({"id_company": "JD_GH", "package_nr": "PKG-SHARED", "troubleshoot_resolution_date": "2025-09-20T10:00:00"},)
REFUNDS = ({"id_company": "JD_GH", "oms_id_sales_order_item": "P-refund_not_returned", "oms_type": "other company"},)


def package_rows() -> list[dict[str, object]]:
    """Return the rows of ``package_cashrec``: one per package that has one."""
    found: list[dict[str, object]] = [{name: _value(name, value) for name, value in row.items()} for row in PACKAGES]
    for number, item in enumerate(ITEMS, 1):
        if item.cashrec is not None:
            row = item.row(number)
            values = {name: _value(name, value) for name, value in item.cashrec.items()}
            found.append(
                {"id_company": item.company, "package_nr": row["package_number"], "order_nr": row["order_nr"], **values}
            )
    return found


def refund_rows() -> list[dict[str, object]]:
    """Return the rows of ``refund_no_return``."""
    found: list[dict[str, object]] = [dict(row) for row in REFUNDS]
    for item in ITEMS:
        if item.no_return:
            found.append(
                {"id_company": item.company, "oms_id_sales_order_item": f"P-{item.case}", "oms_type": "planted"}
            )
    return found
