"""Logical sources of Seller Center and RING: domain sections 2.2, 3.11."""

from soxauto_assets.catalog.types import INT64, MONEY, STRING, TIMESTAMP
from soxauto_assets.sources.model import SourceColumn as Column
from soxauto_assets.sources.model import SourceContract

_DATABASE = "AIG_Nav_Jumia_Reconciliation"
_ATHENA = "process_central_fin_dwh"

CONTRACTS = (
    SourceContract(
        name="transactions_seller",
        system="Seller Center",
        sql_server=f"{_DATABASE}.dbo.RPT_TRANSACTIONS_SELLER",
        meaning="One transaction of a seller.",
        athena_candidate=f"{_ATHENA}.rpt_transactions_seller",
        columns=(
            Column("id_company", STRING, "Company code", nullable=False),
            Column("created_date", TIMESTAMP, "When it was created"),
            Column("id_transaction", STRING, "Transaction id", nullable=False),
            Column("transaction_no", STRING, "Transaction number"),
            Column("transaction_type", STRING, "ASG name of the transaction"),
            Column("nav_type", STRING, "Type in NAV"),
            Column("erp_name", STRING, "Message of NAV"),
            Column("transaction_amount", MONEY, "Amount"),
            Column("created_manually", INT64, "1 = created by hand"),
            Column("bob_id_vendor", STRING, "Vendor id in BOB"),
            Column("sc_id_sales_order_item", STRING, "Seller Center id of the order item"),
            Column("oms_id_sales_order_item", STRING, "OMS id of the order item"),
            Column("bob_id_sales_order_item", STRING, "BOB id of the order item"),
            Column("order_nr", STRING, "Order number"),
            Column("ring_id_transaction_statement", STRING, "Account statement in RING"),
        ),
    ),
    SourceContract(
        name="ring_account_statements",
        system="Seller Center",
        sql_server=f"{_DATABASE}.RING.RPT_ACCOUNTSTATEMENTS",
        meaning="One account statement of a seller.",
        athena_candidate=f"{_ATHENA}.ring_rpt_accountstatements",
        columns=(
            Column("id_company", STRING, "Company code", nullable=False),
            Column("id_account_statement", STRING, "Statement id", nullable=False),
            Column("transaction_statement_no", STRING, "Statement number"),
            Column("start_date", TIMESTAMP, "First instant"),
            Column("end_date", TIMESTAMP, "Last instant"),
            Column("paid", INT64, "1 = paid"),
            Column("paid_date", TIMESTAMP, "When it was paid"),
        ),
    ),
    SourceContract(
        name="ring_transactions",
        system="Seller Center",
        sql_server=f"{_DATABASE}.RING.RPT_TRANSACTIONS",
        meaning="One transaction in RING.",
        athena_candidate=f"{_ATHENA}.ring_rpt_transactions",
        columns=(
            Column("id_company", STRING, "Company code", nullable=False),
            Column("id_transaction", STRING, "Transaction id", nullable=False),
            Column("transaction_type_name", STRING, "Transaction type"),
        ),
    ),
    SourceContract(
        name="vendors",
        system="Seller Center",
        sql_server=f"{_DATABASE}.dbo.RPT_VENDORS",
        meaning="One vendor of a company.",
        athena_candidate=f"{_ATHENA}.rpt_vendors",
        columns=(
            Column("id_company", STRING, "Company code", nullable=False),
            Column("bob_id_vendor", STRING, "Vendor id in BOB", nullable=False),
            Column("vendor_short_code", STRING, "Vendor number"),
            Column("vendor_name", STRING, "Vendor name"),
            Column("is_global", INT64, "1 = cross-border seller"),
        ),
    ),
    SourceContract(
        name="asg_dim",
        system="Seller Center",
        sql_server=f"{_DATABASE}.dbo.GDOC_DIM_ASG_V2",
        meaning="One transaction name of a company and its place in the statement grouping.",
        athena_candidate=f"{_ATHENA}.gdoc_dim_asg_v2",
        columns=(
            Column("id_company", STRING, "Company code", nullable=False),
            Column("sc_asg_name", STRING, "ASG name", nullable=False),
            Column("asg_level_1", STRING, "Level 1"),
            Column("asg_level_2", STRING, "Level 2"),
            Column("asg_level_3", STRING, "Level 3"),
            Column("asg_level_4", STRING, "Level 4"),
        ),
    ),
)
