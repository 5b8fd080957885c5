"""IPE_34 marketplace refund liability: domain sections 2.1, 2.3, 3.13, 4.3.12."""

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
    Reading,
    Scope,
)
from soxauto_assets.catalog.model import OutputColumn as Column
from soxauto_assets.catalog.types import INT64, MONEY, STRING, TIMESTAMP

ITEM = Item(
    id="IPE_34",
    title="Marketplace refund liability",
    kind="IPE",
    purpose=(
        "Every sales order item that at the cut-off is refunded and not yet returned, or returned and not yet refunded, with "
        "the amount to refund. It is the target value of the marketplace refund liability (18317)."
    ),
    owner="team:accounting-excellence",
    sources=("rpt_soi", "refund_no_return", "bob_customer_type"),
    columns=(
        Column("id_company", STRING, "Company code", nullable=False, pattern=r"[A-Z]{2}_[A-Z_]+ *"),
        Column("cod_oms_sales_order_item", STRING, "OMS id of the item", nullable=False),
        Column("current_status", STRING, "Status of the item today, not at the cut-off"),
        Column(
            "case_type",
            STRING,
            "Which side is done",
            nullable=False,
            allowed=("Refunded not yet returned", "Returned not yet refunded"),
        ),
        Column("is_marketplace", INT64, "1 = marketplace, 0 = retail", minimum=0),
        Column("order_nr", STRING, "Order number", nullable=False),
        Column("bob_id_customer", STRING, "Customer id in BOB", personal=True),
        Column("return_date", TIMESTAMP, "When the item was returned"),
        Column("is_global", INT64, "1 = cross-border", minimum=0),
        Column("finance_verified_date", TIMESTAMP, "When the payment was verified; null = not paid"),
        Column("refund_date", TIMESTAMP, "When the item was refunded"),
        Column("oms_type", STRING, "Type of the refund without return"),
        Column("customer_type_l1", STRING, "Customer type, level 1"),
        Column(
            "amounttorefund",
            MONEY,
            "Price and fees less discounts; positive when refunded, negative when returned",
            nullable=False,
            unit="LCY",
        ),
        Column("delivered_date", TIMESTAMP, "When the item was delivered; null = never"),
        Column("case_date", TIMESTAMP, "When the side that is done was done", nullable=False),
    ),
    key=("id_company", "cod_oms_sales_order_item", "case_type"),
    company_column="id_company",
    cutoff=Cutoff("up_to", "case_date"),
    control_totals=ControlTotals(
        group_by=("id_company", "case_type", "oms_type", "customer_type_l1"),
        sums=("amounttorefund",),
        bounds=("refund_date", "return_date", "delivered_date", "case_date"),
    ),
    configuration=("excluded_companies_ipe34",),
    gl_accounts=("18317",),
    component=Component(
        amount="amounttorefund",
        sign=1,
        accounts="accounts_IPE_34",
        scope=Scope(excluded="excluded_companies_ipe34"),
        readings=(
            Reading(
                "retail", "retail items, which the title does not name (DECISIONS B11)", where="is_marketplace = 0"
            ),
            Reading(
                "never_delivered",
                "returned items without a delivery date (DECISIONS B11)",
                where="delivered_date is null",
            ),
            Reading(
                "not_verified",
                "items whose payment was not verified by the cut-off (DECISIONS B11)",
                where="finance_verified_date is null or finance_verified_date >= $period_end",
            ),
        ),
    ),
    dimensions=(
        Dimension("refund_no_return", ("id_company", "oms_id_sales_order_item"), ("oms_type",)),
        Dimension("bob_customer_type", ("bob_customer_type",), ("customer_type_l1",)),
    ),
    expectations=(
        Expectation(
            "one_case_per_item",
            violation=(
                "(id_company, cod_oms_sales_order_item) in ("
                "select (id_company, cod_oms_sales_order_item) from landed "
                "group by id_company, cod_oms_sales_order_item having count(distinct case_type) > 1)"
            ),
            meaning="Both cases cannot hold for one item in the same period (domain 3.13).",
        ),
        Expectation(
            "case_date_is_the_side_that_is_done",
            violation=(
                "case_date is distinct from "
                "case case_type when 'Refunded not yet returned' then refund_date else return_date end"
            ),
            meaning="A refund case dates from its refund, a return case from its return (domain 3.13).",
        ),
        Expectation(
            "other_side_is_later",
            violation=(
                "case case_type when 'Refunded not yet returned' then return_date else refund_date end <= case_date"
            ),
            meaning="The side that is not done is null or lies after the cut-off, so after the other side (domain 3.13).",
        ),
        Expectation(
            "refunded_items_were_delivered",
            violation="case_type = 'Refunded not yet returned' and delivered_date is null",
            meaning="A refund case asks for a delivery; a return case does not (domain 3.13).",
        ),
        Expectation(
            "since_2019",
            violation="case_date < timestamp '2019-01-01'",
            meaning="Refunds and returns before 2019 are out of the population (domain 3.13).",
        ),
        Expectation(
            "sign_follows_case",
            violation=(
                "(case_type = 'Refunded not yet returned' and amounttorefund < 0) "
                "or (case_type = 'Returned not yet refunded' and amounttorefund > 0)"
            ),
            meaning="Refunded is positive, returned negative; discounts above the price turn the sign (domain 3.13).",
            severity="warn",
        ),
    ),
    legacy_differences=(
        LegacyDifference(
            "cut-off",
            "up to one second before the next month",
            "before the first instant of the next month",
            "an event within the last second was neither before the cut-off nor after it",
        ),
        LegacyDifference(
            "key",
            "company, order and case, though an order has several items",
            "company, sales order item and case; the item id is the second column",
            "a key that is not unique cannot be checked",
        ),
        LegacyDifference(
            "retail rows",
            "listed under a marketplace title, no filter on is_marketplace",
            "the same rows, is_marketplace stays a column",
            "retail rows must be seen before anyone takes them out",
        ),
        LegacyDifference(
            "dates",
            "neither the delivery nor the date of the case in the output",
            "delivered_date and case_date as last columns",
            "never-delivered rows must be seen, and the cut-off is checked on one date per row",
        ),
        LegacyDifference(
            "rows left out",
            "excluded companies, refunds of items never delivered and cases before 2019 vanish",
            "still not listed, but counted by reason with their amount",
            "completeness: what is left out must be seen (domain 10)",
        ),
        LegacyDifference(
            "duplicate look-up rows",
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
        "change_status": "No changes, 2025-03-11",
        "descriptor_file": "IPE_34 IPE baseline (target values)",
    },
    population=Population(
        meaning=(
            "every order item of rpt_soi, by prepaid, delivered, refunded and returned at the cut-off, with price and fees; of "
            "an open case with its sign (DECISIONS A18)"
        ),
        amount="sum(amounttorefund)",
    ),
    # The items that IPE_10 lists too are the tie overlap_with_ipe_34 of IPE_10.
    drift=Drift(
        amount="amounttorefund",
        distinct=("bob_id_customer", "order_nr"),
        codes=("case_type", "oms_type", "customer_type_l1", "current_status", "is_marketplace"),
    ),
    freshness_reason="the newest refund or return of the source is of the last day or later",
)
