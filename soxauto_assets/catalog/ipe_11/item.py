"""IPE_11 marketplace accrued revenues: domain sections 2.1, 2.3, 3.11, 4.3.9."""

from soxauto_assets.catalog.model import (
    Component,
    ControlTotals,
    Cutoff,
    Dimension,
    Drift,
    Expectation,
    Item,
    LegacyDifference,
    Population,
)
from soxauto_assets.catalog.model import OutputColumn as Column
from soxauto_assets.catalog.types import INT64, MONEY, STRING, TIMESTAMP

ITEM = Item(
    id="IPE_11",
    title="Marketplace accrued revenues",
    kind="IPE",
    purpose=(
        "Revenue transactions of sellers created in the month that no statement has settled at the cut-off. A line of its own "
        "beside the formula of the control, never in a total."
    ),
    owner="team:accounting-excellence",
    sources=("transactions_seller", "ring_account_statements", "vendors", "asg_dim", "ring_transactions"),
    columns=(
        Column("id_company", STRING, "Company code", nullable=False),
        Column("sc_created_date", TIMESTAMP, "When the transaction was created", nullable=False),
        Column("sc_id_transaction", STRING, "Transaction id", nullable=False),
        Column("sc_transaction_no", STRING, "Transaction number"),
        Column("sc_transaction_type", STRING, "Transaction type, as RING names it"),
        Column("sc_asg_name", STRING, "ASG name of the transaction"),
        Column("sc_nav_type", STRING, "Type in NAV"),
        Column("sc_nav_message", STRING, "Message of NAV"),
        Column("sc_transaction_amount", MONEY, "Amount", nullable=False, unit="LCY"),
        Column("sc_created_manually", INT64, "1 = created by hand"),
        Column("sc_vendor_no", STRING, "Vendor number"),
        Column("bob_id_vendor", STRING, "Vendor id in BOB"),
        Column("sc_vendor_name", STRING, "Vendor name"),
        Column("is_global", INT64, "1 = cross-border seller"),
        Column("sc_id_sales_order_item", STRING, "Seller Center id of the order item"),
        Column("oms_id_sales_order_item", STRING, "OMS id of the order item"),
        Column("bob_id_sales_order_item", STRING, "BOB id of the order item"),
        Column("order_nr", STRING, "Order number"),
        Column("sc_id_account_statement", STRING, "Statement id"),
        Column("sc_transaction_statement_no", STRING, "Statement number"),
        Column("sc_start_date", TIMESTAMP, "First instant of the statement"),
        Column("sc_end_date", TIMESTAMP, "Last instant of the statement"),
        Column("sc_paid", INT64, "1 = the statement is paid, today"),
        Column("sc_paid_date", TIMESTAMP, "When it was paid"),
        Column("asg_level_1", STRING, "ASG level 1", nullable=False),
        Column("asg_level_2", STRING, "ASG level 2"),
        Column("asg_level_3", STRING, "ASG level 3"),
        Column("asg_level_4", STRING, "ASG level 4"),
    ),
    key=("id_company", "sc_id_transaction"),
    company_column="id_company",
    cutoff=Cutoff("up_to", "sc_created_date"),
    control_totals=ControlTotals(
        group_by=("id_company",), sums=("sc_transaction_amount",), bounds=("sc_created_date",)
    ),
    gl_accounts=("18304",),
    # A line beside the formula: the reference extracts it, gives it no sign and adds it to nothing (domain 13 row 14).
    component=Component(amount="sc_transaction_amount", sign=None, accounts="accounts_IPE_11"),
    dimensions=(
        Dimension(
            "ring_account_statements",
            ("id_company", "id_account_statement"),
            ("transaction_statement_no", "start_date", "end_date", "paid", "paid_date"),
        ),
        Dimension("vendors", ("id_company", "bob_id_vendor"), ("vendor_short_code", "vendor_name", "is_global")),
        Dimension(
            "asg_dim", ("id_company", "sc_asg_name"), ("asg_level_1", "asg_level_2", "asg_level_3", "asg_level_4")
        ),
        Dimension("ring_transactions", ("id_company", "id_transaction"), ("transaction_type_name",)),
    ),
    expectations=(
        Expectation(
            "created_in_period",
            violation="sc_created_date < $period_start",
            meaning="Only transactions created in the month are listed (domain 3.11).",
        ),
        Expectation(
            "statement_open",
            violation="sc_id_account_statement is not null and (sc_end_date is null or sc_end_date < $period_end)",
            meaning="A listed transaction has no statement, or one that ends at or after the cut-off (domain 3.11).",
        ),
    ),
    legacy_differences=(
        LegacyDifference(
            "lower bound",
            "a literal date, and an earlier one of 2020",
            "the first instant of the period",
            "no clock, no edit",
        ),
        LegacyDifference(
            "earlier months",
            "a transaction of an earlier month that is still unpaid is not listed",
            "kept as it was; dropped_rows counts them with their amount",
            "the reference states it as a fact; accounting decides",
        ),
        LegacyDifference(
            "look-ups",
            "left joins that could multiply rows",
            "one row per key, proven before the extract",
            "amounts stay",
        ),
        LegacyDifference(
            "comparison of texts",
            "by SQL Server's collation",
            "written out: lower case, trailing blanks removed",
            "Trino compares bytes",
        ),
    ),
    metadata={
        "source_system": "Seller Center",
        "output_type": "PowerBI",
        "change_status": "Has changes, 2025-08-19",
        "cross_reference": "I.SC-NAV",
        "descriptor_file": "IPE_11 IPE baseline",
    },
    population=Population(
        meaning="a transaction of a seller, whenever and of whatever kind (domain 3.11)",
        amount="sum(sc_transaction_amount)",
    ),
    drift=Drift(
        amount="sc_transaction_amount",
        distinct=("bob_id_vendor",),
        codes=("sc_asg_name", "sc_transaction_type", "sc_nav_type", "asg_level_2"),
    ),
    freshness_reason="the newest transaction is of the last week of the month or later",
)
