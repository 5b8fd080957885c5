"""Short names for the long columns of order items, so that a hand-made table stays readable on one screen.

Instants are short as well: ``09-02`` is that day of 2025; ``last`` and ``next`` are the last millisecond of 2025-09 and the
first instant of 2025-10; ``<2018``, ``=2018`` and ``>2018`` are the millisecond before that year, its first instant and the
millisecond after it.
"""

import re

_COLUMNS = {
    "company": "id_company",
    "item": "cod_oms_sales_order_item",
    "order": "order_nr",
    "package": "package_number",
    "pack_id": "cod_oms_id_package",
    "method": "payment_method",
    "pre": "is_prepayment",
    "mpl": "is_marketplace",
    "type": "delivery_type",
    "status": "current_status",
    "created": "order_creation_date",
    "paid": "finance_verified_date",
    "deliv": "delivered_date",
    "packed": "package_delivery_date",
    "returned": "return_date",
    "refunded": "refund_date",
    "customer": "bob_customer_type",
    "unit": "mtr_unit_price",
    "after": "mtr_price_after_discount",
    "price": "mtr_paid_price",
    "amount": "mtr_amount_paid",
    "coupon": "mtr_coupon_money_value",
    "cart": "mtr_cart_rule_discount",
    "ship": "mtr_base_shipping_amount",
    "s_off": "mtr_shipping_discount_amount",
    "s_cart": "mtr_shipping_cart_rule_discount",
    "s_vou": "mtr_shipping_voucher_discount",
    "s_mod": "mtr_shipping_fee_modification",
    "customs": "mtr_international_customs_fee_amount",
    "c_cart": "mtr_international_customs_fee_cart_rule_discount",
    "freight": "mtr_international_freight_fee",
    "i_cart": "mtr_international_delivery_fee_cart_rule",
    "expected": "amount_expected",
    "received": "amount_received",
    "resolved": "troubleshoot_resolution_date",
}


def turned(text: str) -> str:
    """Return a table that was written with one column per line as one with one row per line."""
    lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    return "\n".join(" | ".join(row) for row in zip(*lines, strict=True))


def order_items(text: str) -> str:
    """Return the table with the columns and instants written out; other names and cells stay."""
    header, *rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    written = [[_COLUMNS.get(name, name) for name in header], *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(" | ".join(row) for row in written)


def _cell(cell: str) -> str:
    if re.fullmatch(r"\d\d-\d\d", cell):
        return f"2025-{cell}"
    if edge := re.fullmatch(r"([<=>])(\d{4})", cell):
        year = int(edge.group(2))
        return {
            "<": f"{year - 1}-12-31 23:59:59.999",
            "=": f"{year}-01-01 00:00:00",
            ">": f"{year}-01-01 00:00:00.001",
        }[edge.group(1)]
    return {"last": "2025-09-30 23:59:59.999", "next": "2025-10-01 00:00:00"}.get(cell, cell)
