"""IPE_08_USAGE voucher usage: domain sections 2.1, 2.3, 3.8, 4.3.7."""

from decimal import Decimal

from soxauto_assets.catalog.model import (
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

_ZERO = Decimal(0)

ITEM = Item(
    id="IPE_08_USAGE",
    title="Voucher usage TV",
    kind="IPE",
    purpose=(
        "What was used of store credit vouchers in packages delivered before the cut-off, per voucher and month. "
        "It explains the usage side of the voucher liability (18412)."
    ),
    owner="team:accounting-excellence",
    sources=("rpt_soi", "voucher_closing"),
    columns=(
        Column("id_company", STRING, "Company code", nullable=False, pattern=r"[A-Za-z]{2}_[A-Za-z_]+ *"),
        Column("id", STRING, "Voucher id; empty when no voucher of the company has the code"),
        Column("voucher_type", STRING, "Type of the voucher used", nullable=False),
        Column("business_use", STRING, "Business use of the voucher"),
        Column("creation_year", INT64, "Year in which the voucher was created"),
        Column("delivery_mth", INT64, "Month of package delivery as YYYYMM", nullable=False, minimum=201501),
        Column("shipping_storecredit", MONEY, "Used for shipping", nullable=False, minimum=_ZERO, unit="LCY"),
        Column("mpl_storecredit", MONEY, "Used for marketplace items", nullable=False, minimum=_ZERO, unit="LCY"),
        Column("rtl_storecredit", MONEY, "Used for retail items", nullable=False, minimum=_ZERO, unit="LCY"),
        Column("totalamountused", MONEY, "Used in the month", nullable=False, minimum=_ZERO, unit="LCY"),
        Column(
            "unassigned_storecredit",
            MONEY,
            "Used for items without a marketplace flag",
            nullable=False,
            minimum=_ZERO,
            unit="LCY",
        ),
        Column("last_package_delivery", TIMESTAMP, "Last package delivery in the row", nullable=False),
    ),
    key=("id_company", "id", "business_use", "creation_year", "delivery_mth", "voucher_type"),
    company_column="id_company",
    cutoff=Cutoff("up_to", "last_package_delivery"),
    control_totals=ControlTotals(
        group_by=("id_company", "delivery_mth"),
        sums=(
            "shipping_storecredit",
            "mpl_storecredit",
            "rtl_storecredit",
            "totalamountused",
            "unassigned_storecredit",
        ),
        bounds=("last_package_delivery", "creation_year"),
    ),
    configuration=("id_companies_active",),
    gl_accounts=("18412",),
    dimensions=(Dimension("voucher_closing", ("id_company", "code"), ("id", "business_use", "created_at")),),
    expectations=(
        Expectation(
            "used_is_the_sum_of_its_parts",
            violation=(
                "totalamountused is distinct from "
                "shipping_storecredit + mpl_storecredit + rtl_storecredit + unassigned_storecredit"
            ),
            meaning="Shipping, marketplace, retail and unassigned parts add up to the amount used (domain 3.8).",
        ),
        Expectation(
            "month_is_that_of_the_delivery",
            violation="delivery_mth is distinct from year(last_package_delivery) * 100 + month(last_package_delivery)",
            meaning="The month of a row is the month of its package deliveries (domain 3.8).",
        ),
        Expectation(
            "code_matched",
            violation="id is null",
            meaning="A voucher of the company has the code that the items carry (domain 2.3).",
            severity="warn",
        ),
        Expectation(
            "only_reusable_credit",
            violation="lower(rtrim(voucher_type, ' ')) is distinct from 'reusablecredit'",
            meaning="Only reusable credit is listed (domain 3.8).",
        ),
    ),
    legacy_differences=(
        LegacyDifference(
            "usage without a marketplace flag",
            "in totalamountused, but in no part",
            "in the new column unassigned_storecredit, as is a flag other than 0 and 1",
            "the four parts add up to the total",
        ),
        LegacyDifference(
            "cut-off",
            "before midnight at the start of the last day, when the last day is given: the last day was lost",
            "package_delivery_date before the first instant of the next month",
            "the month includes all of its last day",
        ),
        LegacyDifference(
            "transaction_no",
            "declared in the contract, not in the query",
            "not in the output",
            "the query has not filled it since its join was removed",
        ),
        LegacyDifference(
            "key",
            "company, id and month, with an empty id dropped from comparisons",
            "company, id, business use, creation year, month and voucher type, compared null-safe",
            "usage whose code no voucher has is kept, as one row per company and month",
        ),
        LegacyDifference(
            "last delivery of a row",
            "not in the output",
            "column last_package_delivery at the end",
            "without it nobody can see from the rows that the cut-off held",
        ),
        LegacyDifference(
            "one code in several vouchers of a company",
            "counted its usage once per voucher",
            "stops the item and names the code",
            "an amount must not count twice",
        ),
        LegacyDifference(
            "comparison of codes",
            "by SQL Server's collation: case and trailing blanks do not count",
            "written out, also before the sums: lower case, trailing blanks removed; the output keeps a raw text",
            "Trino compares bytes",
        ),
    ),
    metadata={
        "source_system": "OMS and BOB",
        "alias": "DOC_VOUCHER_USAGE",
        "output_type": "PowerPivot",
        "change_status": "Split from IPE_08, 2025-11-06",
        "baseline": "usage query of May 2025",
        "descriptor_file": "none",
        "month_end_workbook": "Voucher TV Extract",
    },
    population=Population(
        meaning="every order item that carries a voucher code or reusable credit, with what it used of it (domain 3.8)",
        # One row gathers the items of a voucher and month.
        rows=None,
        amount="sum(totalamountused)",
    ),
    drift=Drift(amount="totalamountused", distinct=("id",), codes=("business_use", "voucher_type", "creation_year")),
    freshness_reason="the newest package delivery of the companies in scope is of the last day or later",
)
