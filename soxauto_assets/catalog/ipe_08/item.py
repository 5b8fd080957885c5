"""IPE_08 voucher liability: domain sections 2.1, 2.3, 3.6, 4.3.6."""

from decimal import Decimal

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
    Tie,
)
from soxauto_assets.catalog.model import OutputColumn as Column
from soxauto_assets.catalog.types import INT64, MONEY, STRING, TIMESTAMP

_MONTH = r"\d{4}-(0[1-9]|1[0-2])"
_ZERO = Decimal(0)

# The vouchers of the liability (DECISIONS B3): non-marketing uses, valid, active at the cut-off. The status is that of the
# snapshot; a voucher that was made inactive after the cut-off was active at it, so its own date decides.
COUNTED = (
    "is_valid = 'valid' "
    "and (is_active = 1 or voucher_inactive_date >= $period_end) "
    "and list_contains($non_marketing_uses, replace(lower(rtrim(business_use, ' ')), ' ', '_'))"
)

ITEM = Item(
    id="IPE_08",
    title="TV voucher liabilities (issuance)",
    kind="IPE",
    purpose=(
        "Every store credit voucher created before the cut-off, with what was used of it in packages delivered until then "
        "and what remains. It is the target value of the voucher liability (18412)."
    ),
    owner="team:accounting-excellence",
    sources=("voucher_closing", "store_credit_voucher", "rpt_soi"),
    columns=(
        Column("id_company", STRING, "Company code", nullable=False, pattern=r"[A-Za-z]{2}_[A-Za-z_]+ *"),
        Column("id", STRING, "Voucher id", nullable=False),
        Column("business_use", STRING, "Business use"),
        Column("business_use_formatted", STRING, "Business use, store credit of JPay split by the prefix of the code"),
        Column("template_id", STRING, "Template id"),
        Column("template_name", STRING, "Template name"),
        Column("description", STRING, "Description"),
        Column("is_active", INT64, "1 = active at the snapshot"),
        Column("type", STRING, "Type"),
        Column("template_status", STRING, "Status of the template"),
        Column("discount_amount", MONEY, "Amount issued", minimum=_ZERO, unit="LCY"),
        Column("from_date", TIMESTAMP, "Valid from"),
        Column("to_date", TIMESTAMP, "Valid to"),
        Column("expiration_ym", STRING, "Month of to_date", pattern=_MONTH),
        Column("is_valid", STRING, "Expired before the cut-off or not", nullable=False, allowed=("valid", "expired")),
        Column("created_at", TIMESTAMP, "When it was created", nullable=False),
        Column("creation_ym", STRING, "Month of created_at", nullable=False, pattern=_MONTH),
        Column("last_update_ym", STRING, "Month of updated_at", pattern=_MONTH),
        Column("last_time_used", TIMESTAMP, "When it was last used"),
        Column("snapshot_date", TIMESTAMP, "When the state was taken, not the cut-off"),
        Column("voucher_inactive_date", TIMESTAMP, "When the voucher became inactive"),
        Column("template_inactive_date", TIMESTAMP, "When its template became inactive"),
        Column("codeinactive_ym", STRING, "Month of voucher_inactive_date", pattern=_MONTH),
        Column("templateinactive_ym", STRING, "Month of template_inactive_date", pattern=_MONTH),
        Column("reason", STRING, "Reason"),
        Column("updated_at", TIMESTAMP, "When it was last changed"),
        Column("fk_customer", STRING, "Customer id", personal=True),
        Column("used_discount_amount", MONEY, "Amount used, as BOB says at the snapshot", minimum=_ZERO, unit="LCY"),
        Column("times_used", INT64, "Times used at the snapshot"),
        Column("remaining_amount", MONEY, "Amount remaining, as BOB says at the snapshot", minimum=_ZERO, unit="LCY"),
        Column(
            "voucher_type", STRING, "Voucher type of the items, when the code was used under exactly one, else empty"
        ),
        Column(
            "shipping_discount", MONEY, "Shipping discount of the items that used the code", minimum=_ZERO, unit="LCY"
        ),
        Column("shipping_storecredit", MONEY, "Used for shipping until the cut-off", minimum=_ZERO, unit="LCY"),
        Column("mpl_storecredit", MONEY, "Used for marketplace items until the cut-off", minimum=_ZERO, unit="LCY"),
        Column("rtl_storecredit", MONEY, "Used for retail items until the cut-off", minimum=_ZERO, unit="LCY"),
        Column("totalamountused", MONEY, "Used until the cut-off", nullable=False, minimum=_ZERO, unit="LCY"),
        Column("totalremainingamount", MONEY, "Amount issued minus used until the cut-off", nullable=False, unit="LCY"),
        Column("min_inactive_date", TIMESTAMP, "First of the end of validity and the inactive dates"),
        Column("code", STRING, "Voucher code, which the order items carry"),
        Column(
            "unassigned_storecredit",
            MONEY,
            "Used until the cut-off for items without a marketplace flag",
            minimum=_ZERO,
            unit="LCY",
        ),
    ),
    key=("id_company", "id"),
    company_column="id_company",
    cutoff=Cutoff("up_to", "created_at"),
    control_totals=ControlTotals(
        group_by=("id_company", "is_valid"),
        sums=(
            "discount_amount",
            "used_discount_amount",
            "remaining_amount",
            "shipping_discount",
            "shipping_storecredit",
            "mpl_storecredit",
            "rtl_storecredit",
            "unassigned_storecredit",
            "totalamountused",
            "totalremainingamount",
        ),
        bounds=("created_at", "to_date", "min_inactive_date", "template_id"),
    ),
    configuration=("id_companies_active",),
    gl_accounts=("18412",),
    component=Component(
        amount="totalremainingamount",
        sign=-1,
        accounts="accounts_IPE_08",
        where=COUNTED,
        scope=Scope(companies="id_companies_active"),
        readings=(
            Reading(
                "remaining_of_bob",
                "the same vouchers by remaining_amount, BOB's own figure at the snapshot (domain 3.6, DECISIONS B3)",
                where=COUNTED,
                amount="remaining_amount",
            ),
            Reading("all_vouchers", "every listed voucher, whatever its use, validity and status (domain 3.6)"),
            Reading(
                "all_vouchers_of_bob",
                "every listed voucher by remaining_amount (domain 3.6)",
                amount="remaining_amount",
            ),
        ),
    ),
    dimensions=(Dimension("store_credit_voucher", ("id_company", "id"), ("template_id", "template_name")),),
    expectations=(
        Expectation(
            "remaining_is_issued_minus_used",
            violation="totalremainingamount is distinct from coalesce(discount_amount, 0) - totalamountused",
            meaning="The remaining amount is the amount issued minus the amount used, an empty amount being 0 (domain 3.6).",
        ),
        Expectation(
            "used_is_the_sum_of_its_parts",
            violation=(
                "totalamountused is distinct from coalesce(shipping_storecredit, 0) + coalesce(mpl_storecredit, 0) "
                "+ coalesce(rtl_storecredit, 0) + coalesce(unassigned_storecredit, 0)"
            ),
            meaning="Shipping, marketplace, retail and unassigned parts add up to the amount used (domain 3.6).",
        ),
        Expectation(
            "validity_known",
            violation="is_valid is null or is_valid not in ('valid', 'expired')",
            meaning="A voucher is valid or expired, nothing else (domain 3.6).",
        ),
        Expectation(
            "months_are_those_of_the_dates",
            violation=(
                "expiration_ym is distinct from strftime(to_date, '%Y-%m') "
                "or creation_ym is distinct from strftime(created_at, '%Y-%m') "
                "or last_update_ym is distinct from strftime(updated_at, '%Y-%m') "
                "or codeinactive_ym is distinct from strftime(voucher_inactive_date, '%Y-%m') "
                "or templateinactive_ym is distinct from strftime(template_inactive_date, '%Y-%m')"
            ),
            meaning="The five month texts are the months of the dates they come from (domain 3.6).",
        ),
        Expectation(
            "first_inactive_date",
            violation=(
                "min_inactive_date is distinct from case when to_date is not null then "
                "least(to_date, voucher_inactive_date, "
                "case when voucher_inactive_date is not null then template_inactive_date end) end"
            ),
            meaning=(
                "min_inactive_date is the first of to_date and the inactive dates; the template's counts only beside the "
                "voucher's own (domain 3.6)."
            ),
        ),
        Expectation(
            "business_use_split",
            violation=(
                "business_use_formatted is distinct from case "
                "when lower(rtrim(business_use, ' ')) is distinct from 'jpay_store_credit' then business_use "
                "when starts_with(lower(code), 'gc') then 'jpay_store_credit_gift' "
                "when starts_with(lower(code), 'jp') then 'jpay_store_credit_DS' "
                "else 'jpay_store_credit_other' end"
            ),
            meaning="Only store credit of JPay is split, by the first two letters of the code (domain 3.6).",
        ),
        Expectation(
            "usage_counted_once",
            violation=(
                "totalamountused <> 0 and (lower(rtrim(id_company, ' ')), lower(rtrim(code, ' '))) in ("
                "select (lower(rtrim(id_company, ' ')), lower(rtrim(code, ' '))) from landed where code is not null "
                "group by all having count(*) > 1)"
            ),
            meaning="A code that was used belongs to one voucher of the company, or its usage would count twice (domain 3.6).",
        ),
        Expectation(
            "not_overused",
            violation="totalremainingamount < 0",
            meaning="No more was used than was issued (domain 4.3.6).",
            severity="warn",
        ),
        Expectation(
            "one_snapshot",
            violation=(
                "snapshot_date is null or id_company in (select id_company from landed "
                "group by id_company having count(distinct cast(snapshot_date as date)) > 1)"
            ),
            meaning="The vouchers of a company were read on one day, which is known (domain 3.6, 9).",
            severity="warn",
        ),
    ),
    legacy_differences=(
        LegacyDifference(
            "grain of the usage",
            "summed per company, code and voucher type: a code used under two types gave two rows of one voucher",
            "summed per company and code; one row per voucher",
            "with two rows the amount issued counts twice",
        ),
        LegacyDifference(
            "voucher_type",
            "the type of the usage row",
            "the type when all usage of the code has the same one, else empty",
            "a voucher row holds the usage of all types",
        ),
        LegacyDifference(
            "usage without a marketplace flag",
            "in no part, so missing from totalamountused",
            "in the new column unassigned_storecredit and in totalamountused, as is a flag other than 0 and 1",
            "the money was used whatever the flag says; the four parts add up to the total",
        ),
        LegacyDifference(
            "cut-off",
            "before midnight at the start of the last day, when the last day is given: the last day was lost",
            "before the first instant of the next month, for created_at, package_delivery_date and to_date",
            "the month includes all of its last day",
        ),
        LegacyDifference(
            "month texts",
            "year-month without a leading zero, as 2025-9",
            "with it, as 2025-09",
            "texts sort by month",
        ),
        LegacyDifference(
            "voucher code",
            "joined on, not in the output",
            "column code at the end",
            "without it the join with the order items cannot be followed",
        ),
        LegacyDifference(
            "comparison of codes",
            "by SQL Server's collation: case and trailing blanks do not count",
            "written out: lower case, trailing blanks removed; the output keeps the raw text",
            "Trino compares bytes",
        ),
        LegacyDifference(
            "identical template rows",
            "multiplied the voucher",
            "collapse to one; rows that differ stop the item",
            "an amount must not count twice",
        ),
        LegacyDifference(
            "negative remaining amount",
            "the contract refused it",
            "kept, and named by the check not_overused",
            "an overused voucher is a finding, not a reason to lose the extract",
        ),
    ),
    metadata={
        "source_system": "BOB via FinRec",
        "output_type": "PowerPivot",
        "change_status": "No changes, 2025-09-15",
        "descriptor_file": "IPE_08_test.xlsx",
        "month_end_workbook": "Voucher TV Extract",
    },
    population=Population(
        meaning="every voucher of voucher_closing, with the amount issued (domain 3.6)",
        amount="sum(discount_amount)",
    ),
    # No roll-forward (last month + issued - used - expired - cancelled) although DECISIONS A18 names it: the source shows the
    # state in which it is read (domain 3.6, 9), so that last month's status and remaining amounts cannot be asked for again.
    ties=(
        Tie(
            "usage_of_vouchers",
            landed=(
                "SELECT lower(rtrim(id_company, ' ')) AS id_company, 'used' AS part, "
                "CAST(sum(totalamountused) AS DECIMAL(38,4)) AS amount FROM landed "
                "GROUP BY ALL HAVING sum(totalamountused) <> 0"
            ),
            meaning=(
                "Per company, what the vouchers were used for is what IPE_08_USAGE counts; what only one of the two counts is "
                "a line: usage under another voucher type, usage whose code no listed voucher has (domain 3.6, 3.8)."
            ),
            # Both differences follow from the definitions and are no fault of the extract; a person judges the amounts.
            severity="warn",
        ),
    ),
    drift=Drift(
        amount="totalremainingamount",
        distinct=("fk_customer",),
        codes=("business_use_formatted", "type", "is_valid", "template_status", "voucher_type"),
    ),
    freshness_reason="the newest snapshot of every company in scope is of the last day or later",
)
