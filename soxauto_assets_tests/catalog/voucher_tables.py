"""Short names for the long columns of vouchers and of the items that use them, so that hand-made tables stay readable.

Instants have names: ``last`` is the last millisecond of 2025-09, ``next`` the first instant of 2025-10, ``day`` the start of
2025-09-30, ``far`` lies months ahead, ``old`` is the last millisecond of 2014, ``low`` the first one after 2016-12-31 begins.
"""

from collections.abc import Mapping

_VOUCHERS = {
    "company": "id_company",
    "use": "business_use",
    "on": "is_active",
    "issued": "discount_amount",
    "left": "remaining_amount",
    "until": "to_date",
    "created": "created_at",
    "inactive": "voucher_inactive_date",
    "template": "template_inactive_date",
    "taken": "snapshot_date",
}
_USES = {
    "company": "id_company",
    "item": "cod_oms_sales_order_item",
    "shop_item": "id_sales_order_item",
    "order": "order_nr",
    "package": "cod_oms_id_package",
    "code": "voucher_code",
    "kind": "voucher_type",
    "mpl": "is_marketplace",
    "status": "current_status",
    "ordered": "order_creation_date",
    "delivered": "delivered_date",
    "packaged": "package_delivery_date",
    "cancelled": "cancellation_date",
    "coupon": "mtr_coupon_money_value",
    "ship": "mtr_shipping_voucher_discount",
    "ship_off": "mtr_shipping_discount_amount",
}
_CELLS = {
    "last": "2025-09-30 23:59:59.999",
    "next": "2025-10-01",
    "day": "2025-09-30",
    "far": "2026-01-01",
    "old": "2014-12-31 23:59:59.999",
    "low": "2016-12-31 00:00:00.001",
}


def vouchers(text: str) -> str:
    """Return a table of ``voucher_closing`` with columns and instants written out."""
    return _written_out(text, _VOUCHERS)


def uses(text: str) -> str:
    """Return a table of ``rpt_soi`` with columns and instants written out."""
    return _written_out(text, _USES)


def _written_out(text: str, columns: Mapping[str, str]) -> str:
    header, *rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    written = [[columns.get(name, name) for name in header]]
    written += [[_CELLS.get(cell, cell) for cell in row] for row in rows]
    return "\n".join(" | ".join(row) for row in written)
