"""IPE_12 packages delivered, not reconciled: domain sections 2.1, 2.3, 3.10, 4.3.10."""

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
    Tie,
)
from soxauto_assets.catalog.model import OutputColumn as Column
from soxauto_assets.catalog.types import INT64, MONEY, STRING, TIMESTAMP

ITEM = Item(
    id="IPE_12",
    title="TV packages delivered not reconciled",
    kind="IPE",
    purpose=(
        "Every sales order item that was delivered and is paid on delivery, whose package is not settled in the cash "
        "reconciliation at the cut-off. It is the target value of packages delivered not reconciled (13005, 13024)."
    ),
    owner="team:accounting-excellence",
    sources=("rpt_soi", "package_cashrec", "bob_customer_type"),
    columns=(
        Column("id_company", STRING, "Company code", nullable=False, pattern=r"[A-Z]{2}_[A-Z_]+ *"),
        Column("cod_oms_sales_order_item", STRING, "OMS id of the item", nullable=False),
        Column("cod_oms_id_package", STRING, "OMS id of the package", nullable=False),
        Column("payment_method", STRING, "Payment method", nullable=False),
        Column("is_marketplace", INT64, "1 = marketplace, 0 = retail", minimum=0),
        Column("order_nr", STRING, "Order number of the item"),
        Column("package_number", STRING, "Package number"),
        Column("voucher_type", STRING, "Type of the voucher used"),
        Column("bob_id_customer", STRING, "Customer id in BOB", personal=True),
        Column("order_creation_date", TIMESTAMP, "When the order was created"),
        Column("shipped_date", TIMESTAMP, "When the item was shipped"),
        Column("delivered_date", TIMESTAMP, "When the item was delivered", nullable=False),
        Column("package_delivery_date", TIMESTAMP, "When the package was delivered"),
        Column("is_prepayment", INT64, "0 = paid on delivery", nullable=False, minimum=0),
        Column("mtr_shipping_fee_modification", MONEY, "Modification of the shipping fee", unit="LCY"),
        Column("tracking_number", STRING, "Tracking number"),
        Column("oms_package_status", STRING, "Status of the package in OMS today"),
        Column("customer_type", STRING, "Customer type"),
        Column(
            "amount_expected", MONEY, "Amount to be collected for the whole package, on each of its items", unit="LCY"
        ),
        Column("amount_received", MONEY, "Amount collected for the whole package, on each of its items", unit="LCY"),
        Column("fk_package_status", STRING, "Status key in the cash reconciliation"),
        Column("delivered_update_date", TIMESTAMP, "When delivery was recorded"),
        Column("delivery_date", TIMESTAMP, "When the package was delivered, by the cash reconciliation"),
        Column("fk_collection_partner", STRING, "Collection partner key"),
        Column("last_mile", STRING, "Last mile carrier"),
        Column("package_status_cashrec", STRING, "Status in the cash reconciliation today"),
        Column("payment_method_confirmed", STRING, "Payment method confirmed"),
        Column("troubleshoot_resolution_date", TIMESTAMP, "When the package was reconciled or resolved"),
        Column("amount_paid", MONEY, "Amount paid for the item", nullable=False, unit="LCY"),
        Column("paid_price", MONEY, "Price paid for the item", nullable=False, unit="LCY"),
        Column(
            "paid_shipping",
            MONEY,
            "Shipping, customs and freight fees of the item less their discounts",
            nullable=False,
            unit="LCY",
        ),
        Column("package_order_nr", STRING, "Order number that the cash reconciliation gives for the package"),
    ),
    key=("id_company", "cod_oms_sales_order_item"),
    company_column="id_company",
    cutoff=Cutoff("up_to", "delivered_date"),
    control_totals=ControlTotals(
        group_by=("id_company", "customer_type"),
        sums=(
            "amount_paid",
            "paid_price",
            "paid_shipping",
            "mtr_shipping_fee_modification",
            "amount_expected",
            "amount_received",
        ),
        bounds=("delivered_date", "troubleshoot_resolution_date"),
    ),
    gl_accounts=("13005", "13024"),
    component=Component(amount="amount_paid", sign=1, accounts="accounts_IPE_12"),
    dimensions=(
        Dimension(
            "package_cashrec",
            ("id_company", "package_nr"),
            (
                "order_nr",
                "amount_expected",
                "amount_received",
                "fk_package_status",
                "package_status",
                "delivered_update_date",
                "delivery_date",
                "fk_collection_partner",
                "last_mile",
                "payment_method_confirmed",
                "troubleshoot_resolution_date",
            ),
        ),
        Dimension("bob_customer_type", ("bob_customer_type",), ("customer_type",)),
    ),
    expectations=(
        Expectation(
            "paid_on_delivery_only",
            violation="is_prepayment <> 0 or lower(rtrim(payment_method)) = 'nopayment'",
            meaning="Only items that are paid on delivery are listed (domain 3.10).",
        ),
        Expectation(
            "delivered_since_2019",
            violation="delivered_date < timestamp '2019-01-01'",
            meaning="Deliveries before 2019 are out of the population (domain 3.10).",
        ),
        Expectation(
            "one_amount_per_package",
            violation=(
                "(id_company, lower(rtrim(package_number))) in ("
                "select (id_company, lower(rtrim(package_number))) from landed "
                "group by id_company, lower(rtrim(package_number)) having count(distinct amount_expected) > 1 "
                "or count(distinct amount_received) > 1 or count(distinct troubleshoot_resolution_date) > 1)"
            ),
            meaning="The items of a package carry the same package amounts and resolution date (domain 3.10).",
        ),
        Expectation(
            "package_of_the_same_order",
            violation="package_order_nr is not null and lower(rtrim(package_order_nr)) <> lower(rtrim(order_nr))",
            meaning="The cash reconciliation names the item's order for its package (domain 3.10).",
            severity="warn",
        ),
    ),
    legacy_differences=(
        LegacyDifference(
            "end date",
            "worked out from the day of the run: the first day of the run month, one month earlier on the 1st and 2nd, "
            "2 March around 29 to 31 March; midnight of that day included",
            "before the first instant of the next month",
            "the same month must give the same answer for ever, and the last day belongs to it",
        ),
        LegacyDifference(
            "still open",
            "troubleshoot_resolution_date null or after that end date",
            "null, or at or after the first instant of the next month",
            "one end for both conditions",
        ),
        LegacyDifference(
            "key",
            "company and package, though a package has several items",
            "company and sales order item; the item id is the second column",
            "a key that is not unique cannot be checked",
        ),
        LegacyDifference(
            "order number",
            "selected three times under one name",
            "order_nr of the item and package_order_nr of the cash reconciliation",
            "names must tell them apart",
        ),
        LegacyDifference(
            "amount of the target value",
            "not stated; amount_expected is repeated on each item of a package",
            "amount_paid per item",
            "adding a package amount once per item overstates it",
        ),
        LegacyDifference(
            "rows without payment method or prepayment flag",
            "dropped without a word",
            "still not listed, but counted by reason with their amount",
            "completeness: what is left out must be seen (domain 10)",
        ),
        LegacyDifference(
            "duplicate rows of a package",
            "multiply the item and its amount",
            "identical rows collapse, rows that differ stop the item",
            "a join must not change an amount",
        ),
        LegacyDifference(
            "comparison of codes",
            "by SQL Server's collation: case and trailing blanks do not count",
            "written out: lower case, trailing blanks removed; the output keeps the raw text",
            "Trino compares bytes",
        ),
    ),
    metadata={
        "source_system": "OMS",
        "output_type": "PowerBI custom report",
        "change_status": "New IPE, 2025-10-02",
        "cross_reference": "I.OMS-NAV",
        "descriptor_file": "IPE_12 IPE baseline",
        "month_end_workbook": "workbook 2 (13005) and workbook 4 (13024)",
    },
    population=Population(
        meaning=(
            "every order item of rpt_soi, by prepaid, delivered, refunded and returned at the cut-off, with the amount paid "
            "(DECISIONS A18)"
        ),
        amount="sum(amount_paid)",
    ),
    ties=(
        Tie(
            "apart_from_ipe_10",
            # Each item that the statement lists is a difference: none may be in both.
            landed="SELECT id_company, cod_oms_sales_order_item FROM landed WHERE false",
            meaning=(
                "No item is a delivered package here and an open prepayment of IPE_10: the flag is one or the other, so that "
                "only an item that stands twice in the source can be both (domain 3.9, 3.10)."
            ),
            unit="items",
        ),
    ),
    drift=Drift(
        amount="amount_paid",
        distinct=("bob_id_customer", "cod_oms_id_package"),
        codes=(
            "payment_method",
            "oms_package_status",
            "package_status_cashrec",
            "customer_type",
            "fk_collection_partner",
        ),
    ),
    freshness_reason="the newest delivery of the source is of the last day or later",
)
