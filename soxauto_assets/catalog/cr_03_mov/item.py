"""CR_03_MOV NAV GL entries of twelve months, beside CR_03: domain sections 3.1, 7.4, 7.6.2."""

from soxauto_assets.catalog.model import (
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
from soxauto_assets.catalog.types import BOOL, DATE, INT64, MONEY, STRING, TIMESTAMP

ITEM = Item(
    id="CR_03_MOV",
    title="NAV GL entries of twelve months",
    kind="CR",
    purpose=(
        "Every entry of the voucher liability in the twelve months up to the cut-off, cleared or not: what voucher pivots and "
        "the matching of cancelled vouchers read."
    ),
    owner="team:accounting-excellence",
    sources=("gl_entries", "dim_company", "dim_chart_of_accounts", "bs_balances_view"),
    columns=(
        Column("id_company", STRING, "Company code", nullable=False, pattern=r"[A-Z]{2}_[A-Z_]+ *"),
        Column("company_country", STRING, "ISO country code of the company"),
        Column("opco_central", STRING, "Operating company or central"),
        Column("entry_no", INT64, "Number of the entry within the company", nullable=False, minimum=1),
        Column("document_no", STRING, "Document number"),
        Column("external_document_no", STRING, "Number of the outside document"),
        Column("voucher_no", STRING, "Voucher number"),
        Column("posting_date", DATE, "Posting date", nullable=False),
        Column("document_date", DATE, "Document date"),
        Column("document_type", STRING, "Document type"),
        Column("chart_of_accounts_no", STRING, "Local account", nullable=False),
        Column("account_name", STRING, "Name of the local account"),
        Column("group_coa_account_no", STRING, "Group account"),
        Column("group_coa_account_name", STRING, "Name of the group account"),
        Column("document_description", STRING, "Text of the entry"),
        Column("amount", MONEY, "Amount of the entry, debit positive", nullable=False, unit="LCY"),
        Column("busline_code", STRING, "Business line code"),
        Column("department_code", STRING, "Department code"),
        Column("bal_account_type", STRING, "Type of the balancing account"),
        Column("bal_account_no", STRING, "Balancing account"),
        Column("bal_account_name", STRING, "Name of the balancing account"),
        Column("reason_code", STRING, "Reason code"),
        Column("source_code", STRING, "Source code"),
        Column("reversed", BOOL, "Reversed by another entry"),
        Column("user_id", STRING, "User who posted"),
        Column("g_l_creation_date", TIMESTAMP, "When the entry was created"),
        Column("destination_code", STRING, "Destination code"),
        Column("partner_code", STRING, "Partner code"),
        Column("system_created_entry", BOOL, "Created by the system"),
        Column("source_type", STRING, "Source type"),
        Column("source_no", STRING, "Source number"),
        Column("ic_partner_code", STRING, "Inter-company partner"),
        Column("vendortag_code", STRING, "Vendor tag"),
        Column("customertag_code", STRING, "Customer tag"),
        Column("service_period", STRING, "Service period"),
    ),
    key=("id_company", "entry_no"),
    company_column="id_company",
    cutoff=Cutoff("up_to", "posting_date"),
    control_totals=ControlTotals(
        group_by=("id_company", "group_coa_account_no"), sums=("amount",), bounds=("posting_date",)
    ),
    configuration=("accounts_IPE_08",),
    gl_accounts=("18412",),
    dimensions=(
        Dimension(
            "dim_company", ("company_code",), ("company_country", "opco_central"), where="flg_in_conso_scope = 1"
        ),
        Dimension(
            "dim_chart_of_accounts",
            ("company_code", "chart_of_accounts_no"),
            ("account_name", "group_coa_account_no", "group_coa_account_name"),
        ),
    ),
    expectations=(
        Expectation(
            "window_of_twelve_months",
            violation="posting_date < date_trunc('month', $last_day) - interval 11 month",
            meaning="No entry is older than the first day of the month eleven months before that of the cut-off.",
        ),
    ),
    metadata={
        "source_system": "NAV BI",
        "output_type": "new",
        "change_status": "new beside CR_03",
        "window": "twelve months up to the cut-off (assumed)",
    },
    legacy_differences=(
        LegacyDifference(
            "population",
            "CR_03 was read as the ledger of its account",
            "all entries of twelve months",
            "CR_03 lacks cleared entries and earlier years",
        ),
        LegacyDifference(
            "accounts",
            "15010 in one list, local accounts in another",
            "the group accounts of the voucher liability, as configuration",
            "local charts differ by company",
        ),
        LegacyDifference(
            "comparison of codes",
            "by SQL Server's collation",
            "written out: lower case, trailing blanks removed",
            "Trino compares bytes",
        ),
    ),
    population=Population(
        meaning=(
            "an entry on an account of the voucher liability, whenever posted, or on one without a group account; those listed "
            "and those posted before the twelve months are the balance to date of the companies in scope (domain 3.1)"
        ),
        amount="sum(amount)",
    ),
    # A warning: a month end that the view no longer holds counts as 0, and nobody has confirmed that the balance of a closed
    # month is refreshed when an entry is posted into it later; both are differences of the balances, not of the entries.
    ties=(
        Tie(
            "roll_forward",
            landed=(
                "select id_company, lower(rtrim(group_coa_account_no, ' ')) as group_account, "
                "last_day(posting_date) as month_end, sum(amount) as amount "
                "from landed group by 1, 2, 3 having sum(amount) <> 0"
            ),
            meaning=(
                "opening balance + entries = closing balance, per company and account for each of the twelve months: the "
                "entries of a month are what the balance moved (domain 3.2)"
            ),
            severity="warn",
        ),
    ),
    # No sequence: entry numbers do not run without a gap in the demo, and the reference does not say that they do.
    drift=Drift(
        amount="amount",
        distinct=("voucher_no",),
        codes=("chart_of_accounts_no", "document_type", "source_code", "bal_account_type"),
    ),
    freshness_reason="the newest posting of the ledger lies in the last week of the month or later",
)
