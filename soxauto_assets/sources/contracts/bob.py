"""Logical sources of BOB, the shop back office: domain sections 2.2, 3.14."""

from soxauto_assets.catalog.types import INT64, MONEY, STRING, TIMESTAMP
from soxauto_assets.sources.model import SourceColumn as Column
from soxauto_assets.sources.model import SourceContract

CONTRACTS = (
    SourceContract(
        name="bob_sales_order",
        system="BOB",
        sql_server=None,
        meaning="One sales order of the shop.",
        athena_candidate="process_pg_bob.pg_bob_sales_order",
        columns=(
            Column("order_id", STRING, "Order id", nullable=False),
            Column("order_date", TIMESTAMP, "When the order was placed", nullable=False),
            Column("customer_id", STRING, "Customer id"),
            Column("total_amount", MONEY, "Order total in the shop's currency"),
            Column("order_status", STRING, "Order status"),
        ),
    ),
    SourceContract(
        name="voucher_closing",
        system="BOB",
        sql_server="AIG_Nav_Jumia_Reconciliation.dbo.V_STORECREDITVOUCHER_CLOSING",
        meaning="One voucher with its state at the snapshot.",
        athena_candidate="process_central_fin_dwh.v_storecreditvoucher_closing",
        columns=(
            Column("id_company", STRING, "Company code", nullable=False),
            Column("id", STRING, "Voucher id", nullable=False),
            Column("code", STRING, "Voucher code"),
            Column("business_use", STRING, "Business use"),
            Column("description", STRING, "Description"),
            Column("is_active", INT64, "1 = active, today"),
            Column("type", STRING, "Type"),
            Column("template_status", STRING, "Status of the template"),
            Column("discount_amount", MONEY, "Amount issued"),
            Column("from_date", TIMESTAMP, "Valid from"),
            Column("to_date", TIMESTAMP, "Valid to"),
            Column("created_at", TIMESTAMP, "When it was created"),
            Column("updated_at", TIMESTAMP, "When it was last changed"),
            Column("last_time_used", TIMESTAMP, "When it was last used"),
            Column("snapshot_date", TIMESTAMP, "When the state was taken"),
            Column("voucher_inactive_date", TIMESTAMP, "When the voucher became inactive"),
            Column("template_inactive_date", TIMESTAMP, "When its template became inactive"),
            Column("reason", STRING, "Reason"),
            Column("fk_customer", STRING, "Customer id"),
            Column("used_discount_amount", MONEY, "Amount used, as BOB says"),
            Column("times_used", INT64, "Times used"),
            Column("remaining_amount", MONEY, "Amount remaining at the snapshot, as BOB says"),
        ),
    ),
    SourceContract(
        name="store_credit_voucher",
        system="BOB",
        sql_server="AIG_Nav_Jumia_Reconciliation.dbo.StoreCreditVoucher",
        meaning="One voucher and the template it was made from.",
        athena_candidate="process_central_fin_dwh.storecreditvoucher",
        columns=(
            Column("id_company", STRING, "Company code", nullable=False),
            Column("id", STRING, "Voucher id", nullable=False),
            Column("template_id", STRING, "Template id"),
            Column("template_name", STRING, "Template name"),
        ),
    ),
)
