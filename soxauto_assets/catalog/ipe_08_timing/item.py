"""IPE_08_TIMING vouchers in the timing difference: domain sections 2.1, 2.3, 3.7, 4.3.14."""

from decimal import Decimal

from soxauto_assets.catalog.model import (
    ControlTotals,
    Cutoff,
    Drift,
    Expectation,
    Item,
    LegacyDifference,
    Population,
)
from soxauto_assets.catalog.model import OutputColumn as Column
from soxauto_assets.catalog.types import MONEY, STRING, TIMESTAMP

ITEM = Item(
    id="IPE_08_TIMING",
    title="Voucher timing-difference population",
    kind="IPE",
    purpose=(
        "Inactive vouchers that had not expired at the cut-off, with every order item that used the code and was neither "
        "delivered nor cancelled then. It shows what the timing difference of 18412 is made of; it feeds no component."
    ),
    owner="team:accounting-excellence",
    sources=("voucher_closing", "rpt_soi"),
    columns=(
        Column("id_company", STRING, "Company code", nullable=False),
        Column("voucher_id", STRING, "Voucher id", nullable=False),
        Column("code", STRING, "Voucher code, which the order items carry"),
        Column("amount", MONEY, "Amount issued, repeated on every item", minimum=Decimal(0), unit="LCY"),
        Column("currency", STRING, "Always empty"),
        Column("business_use", STRING, "Business use"),
        Column("origin", STRING, "Type of the voucher"),
        Column("status", STRING, "Status at the snapshot", nullable=False, allowed=("active", "inactive")),
        Column("creation_date", TIMESTAMP, "When the voucher was created", nullable=False),
        Column("start_date", TIMESTAMP, "Valid from"),
        Column("end_date", TIMESTAMP, "Valid to", nullable=False),
        Column("fk_sales_order_item", STRING, "OMS id of the item; empty when no item used the code"),
        Column("id_sales_order_item", STRING, "Id of the item in the shop"),
        Column("order_creation_date", TIMESTAMP, "When the order was created"),
        Column("order_delivery_date", TIMESTAMP, "When the item was delivered, at or after the cut-off"),
        Column("order_cancellation_date", TIMESTAMP, "When the item was cancelled, at or after the cut-off"),
        Column("order_item_status", STRING, "Status of the item today"),
        Column("payment_method", STRING, "Payment method"),
        Column("fk_customer", STRING, "Customer id", personal=True),
        Column("fk_sales_order", STRING, "OMS id of the order"),
        Column("order_nr", STRING, "Order number"),
        Column("comment", STRING, "Description of the voucher"),
        Column("wallet_name", STRING, "Always empty"),
    ),
    key=("id_company", "voucher_id", "fk_sales_order_item"),
    company_column="id_company",
    cutoff=Cutoff("up_to", "creation_date"),
    control_totals=ControlTotals(
        group_by=("id_company",),
        sums=("amount",),
        bounds=(
            "creation_date",
            "end_date",
            "order_creation_date",
            "order_delivery_date",
            "order_cancellation_date",
        ),
    ),
    gl_accounts=("18412",),
    expectations=(
        Expectation(
            "inactive_only",
            violation="status <> 'inactive'",
            meaning="Only inactive vouchers are listed (domain 3.7).",
        ),
        Expectation(
            "no_closed_item",
            violation="lower(rtrim(order_item_status, ' ')) in ('delivered', 'cancelled', 'closed')",
            meaning="No listed item is delivered, cancelled or closed today (domain 3.7).",
        ),
        Expectation(
            "ends_after_creation",
            violation="end_date < creation_date",
            meaning="A voucher does not end before it was created (domain 3.7).",
            severity="warn",
        ),
    ),
    legacy_differences=(
        LegacyDifference(
            "cut-off",
            "midnight at the start of the last day, when the last day is given",
            "the first instant of the next month, for all five dates",
            "the month includes all of its last day",
        ),
        LegacyDifference(
            "key",
            "none",
            "company, voucher and item, where the item may be empty",
            "one row per voucher and order item that used the code is what the query gives",
        ),
        LegacyDifference(
            "comparison of codes",
            "by SQL Server's collation: case and trailing blanks do not count",
            "written out: lower case, trailing blanks removed; the output keeps the raw text",
            "Trino compares bytes",
        ),
        LegacyDifference(
            "item states",
            "read as they are today",
            "the same: an item delivered after the cut-off has the status of today and is not listed",
            "kept as it was; dropped_rows names what vouchers lose that lose all their items this way",
        ),
    ),
    metadata={
        "source_system": "BOB and OMS",
        "output_type": "PowerPivot",
        "change_status": "No changes, 2026-03-05",
        "descriptor_file": "none",
        "company_filter": "none",
    },
    population=Population(
        meaning=(
            "every voucher of voucher_closing with each order item that used its code, or alone when none did; the amount "
            "issued counts once per pair, as in the extract (domain 3.7)"
        ),
        amount="sum(amount)",
    ),
    drift=Drift(
        amount="amount",
        distinct=("fk_customer", "voucher_id"),
        codes=("business_use", "origin", "order_item_status", "payment_method"),
    ),
    freshness_reason="the newest snapshot of the vouchers and the newest order are of the last day or later",
    required_for_close=False,
)
