"""Planted vouchers: each case of the voucher items, with what IPE_08 must hold of it for 2025-09.

Here belongs what a planted voucher is, and the cases of the extracts. What does not belong here: ordinary vouchers
(``demo.vouchers``), cases of the reconciliation (``demo.planted_reconciliation``), and what the ledger books of a voucher
(``demo.voucher_life``).
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

AT_ONCE = "at once"


@dataclass(frozen=True)
class Voucher:
    """One planted voucher.

    Attributes:
        case: Name of the case, also the voucher's id.
        fields: Columns of ``voucher_closing`` that differ from the plain voucher; dates as ISO text.
        expected: Columns of IPE_08 for 2025-09 as text; None = it is not listed.
        uses: Order items that use it: company, code as the item writes it, package delivery, amounts.
        company: Company code.
        cancelled: Day on which the ledger cancels the rest of a voucher that is inactive: ``AT_ONCE`` = the day on which it
            became inactive, ISO date = another one, None = never.
        taken_back: Day on which the ledger reverses that cancellation, or None.
    """

    case: str
    fields: Mapping[str, object]
    expected: Mapping[str, object] | None
    uses: Sequence[Mapping[str, object]] = ()
    company: str = "EC_NG"
    cancelled: str | None = AT_ONCE
    taken_back: str | None = None

    @property
    def id(self) -> str:
        """Voucher id."""
        return f"P-{self.case}"

    def row(self) -> dict[str, object]:
        """Return the row of ``voucher_closing``."""
        plain: dict[str, object] = {
            "id_company": self.company, "id": self.id, "code": f"PL-{self.case}", "business_use": "refund",
            "is_active": 1, "type": "reusablecredit", "discount_amount": "100", "from_date": "2025-08-01T00:00:00",
            "to_date": "2026-01-01T00:00:00", "created_at": "2025-08-01T00:00:00", "snapshot_date": "2025-10-31T23:59:59.999",
            "remaining_amount": "100", "used_discount_amount": "0", "times_used": 0,
        }  # fmt: skip
        return {name: _value(name, value) for name, value in {**plain, **self.fields}.items()}


def _value(name: str, value: object) -> object:
    if isinstance(value, str) and name.endswith(("_date", "created_at", "updated_at")):
        return datetime.fromisoformat(value)
    return Decimal(value) if isinstance(value, str) and name.endswith("_amount") else value


def use(company: str = "EC_NG", **fields: object) -> dict[str, object]:
    """Return an item that used a voucher, delivered in September unless told otherwise."""
    plain: dict[str, object] = {
        "id_company": company, "voucher_type": "reusablecredit", "is_marketplace": 1, "is_prepayment": 0,
        "payment_method": "NoPayment", "order_creation_date": datetime(2025, 8, 5), "current_status": "delivered",
        "delivered_date": datetime(2025, 9, 10), "package_delivery_date": datetime(2025, 9, 10),
    }  # fmt: skip
    return {**plain, **{n: Decimal(v) if n.startswith("mtr_") else v for n, v in fields.items()}}  # type: ignore[arg-type]


def _open_use(code: str, **fields: object) -> dict[str, object]:
    """Return an item that used a voucher and is neither delivered nor cancelled."""
    nothing: dict[str, object] = {"delivered_date": None, "package_delivery_date": None, "current_status": "shipped"}
    return {**use(voucher_code=code, mtr_coupon_money_value="1"), **nothing, **fields}


_INACTIVE = {"is_active": 0, "voucher_inactive_date": "2025-09-01T00:00:00"}
_JPAY = {"business_use": "jpay_store_credit"}
_FORMATTED = "business_use_formatted"
VOUCHERS = (
    Voucher("unused", {}, {"totalremainingamount": "100.0000", "is_valid": "valid"}),
    Voucher(
        "used_both", {"code": "PL-two_items"}, {"totalamountused": "30.1250", "totalremainingamount": "69.8750"},
        (
            use(voucher_code="PL-two_items", mtr_coupon_money_value="10.125"),
            use(
                voucher_code="pl-TWO_ITEMS ", mtr_coupon_money_value="15", mtr_shipping_voucher_discount="5",
                is_marketplace=0,
            ),
        ),
    ),
    Voucher(
        "two_types", {"code": "PL-two_types"}, {"totalamountused": "3.0000", "totalremainingamount": "97.0000"},
        (
            use(voucher_code="PL-two_types", mtr_coupon_money_value="1"),
            use(voucher_code="PL-two_types", mtr_coupon_money_value="2", voucher_type="coupon"),
        ),
    ),
    Voucher(
        "used_after", {"code": "PL-after"}, {"totalamountused": "0.0000"},
        (use(voucher_code="PL-after", mtr_coupon_money_value="50", package_delivery_date=datetime(2025, 10, 1)),),
    ),
    Voucher(
        "used_last_instant", {"code": "PL-last"}, {"totalamountused": "50.0000"},
        (
            use(
                voucher_code="PL-last", mtr_coupon_money_value="50",
                package_delivery_date=datetime(2025, 9, 30, 23, 59, 59, 999000),
            ),
        ),
    ),
    Voucher(
        "used_first_month", {"code": "PL-first", "created_at": "2024-08-01T00:00:00"}, {"totalamountused": "7.0000"},
        (
            use(
                voucher_code="PL-first", mtr_coupon_money_value="7", order_creation_date=datetime(2024, 8, 5),
                delivered_date=datetime(2024, 8, 10), package_delivery_date=datetime(2024, 8, 10),
            ),
        ),
    ),
    Voucher(
        "used_before_2015", {"code": "PL-old"}, {"totalamountused": "0.0000"},
        (use(voucher_code="PL-old", mtr_coupon_money_value="9", delivered_date=datetime(2014, 12, 31)),),
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


def planted_templates() -> list[dict[str, object]]:
    """Return the planted rows of ``store_credit_voucher``: one voucher id in two companies."""
    return [
        {"id_company": company, "id": "P-unused", "template_id": "T1", "template_name": name}
        for company, name in (("EC_NG", "Own template"), ("JD_GH", "Template of another company"))
    ]


def use_rows(vouchers: Iterable[Voucher]) -> list[dict[str, object]]:
    """Return the rows of ``rpt_soi`` that use these vouchers, and one that uses a code that no voucher has."""
    unmatched = {"cod_oms_sales_order_item": "PV-unmatched", "order_nr": "PV-unmatched"}
    found = [{**unmatched, **use(voucher_code="NO-SUCH-CODE", mtr_coupon_money_value="4")}]
    for voucher in vouchers:
        for number, item in enumerate(voucher.uses, 1):
            ids = {"cod_oms_sales_order_item": f"PV-{voucher.case}-{number}", "order_nr": f"PV-{voucher.case}"}
            found.append({**ids, **item})
    return found
