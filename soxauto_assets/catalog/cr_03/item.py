"""CR_03 NAV GL entries: domain sections 2.1, 2.3, 3.1, 4.3.1."""

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
from soxauto_assets.catalog.types import BOOL, DATE, INT64, MONEY, STRING, TIMESTAMP

ITEM = Item(
    id="CR_03",
    title="NAV GL entries",
    kind="CR",
    purpose=(
        "Entries of the voucher liability whose movements of the calendar year so far do not add up to 0, "
        "for classification and the VTC bridge."
    ),
    owner="team:accounting-excellence",
    sources=("gl_entries", "detailed_gl_entry", "dim_company", "dim_chart_of_accounts", "ifrs_mapping"),
    columns=(
        Column("id_company", STRING, "Company code", nullable=False, pattern=r"[A-Z]{2}_[A-Z_]+ *"),
        Column("company_country", STRING, "ISO country code of the company"),
        Column("flg_in_conso_scope", INT64, "1 = in the consolidation scope", nullable=False),
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
        Column("remaining_amount", MONEY, "Sum of its movements in the year so far", nullable=False, unit="LCY"),
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
        Column("level_1_name", STRING, "IFRS level 1"),
        Column("level_2_name", STRING, "IFRS level 2"),
        Column("level_3_name", STRING, "IFRS level 3"),
        Column("entrytype", STRING, "BackMargin or Other", nullable=False, allowed=("BackMargin", "Other")),
    ),
    key=("id_company", "entry_no"),
    company_column="id_company",
    cutoff=Cutoff("up_to", "posting_date"),
    control_totals=ControlTotals(
        group_by=("id_company", "group_coa_account_no"), sums=("amount", "remaining_amount"), bounds=("posting_date",)
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
        Dimension("ifrs_mapping", ("level_4_code",), ("level_1_name", "level_2_name", "level_3_name")),
    ),
    expectations=(
        Expectation(
            "remaining_not_zero",
            violation="remaining_amount = 0",
            meaning="An entry is listed because its movements of the year do not add up to 0 (domain 3.1).",
        ),
        Expectation(
            "entry_type_recomputed",
            violation=(
                "entrytype is distinct from case when contains(upper(document_description), 'BM') "
                "or contains(upper(document_description), 'BACKMARGIN') then 'BackMargin' else 'Other' end"
            ),
            meaning="BackMargin when the text holds BM or BACKMARGIN in any case, anywhere in it (domain 3.1).",
        ),
        Expectation(
            "account_in_scope",
            violation="rtrim(group_coa_account_no, ' ') is distinct from '18412'",
            meaning="An entry posts to the account of its movements; movements decide what is listed (domain 3.1).",
            severity="warn",
        ),
    ),
    metadata={
        "source_system": "NAV BI",
        "output_type": "PowerPivot query",
        "change_status": "No changes, 2025-03-11",
        "descriptor_file": "CR_03_test.xlsx",
    },
    legacy_differences=(
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
        LegacyDifference(
            "entry type", "LIKE without regard to case, by collation", "the same, written out", "Trino compares bytes"
        ),
        LegacyDifference(
            "missing comment",
            "a rule of the voucher classification reads a comment that was never selected",
            "not invented; the rule is listed as unreachable there",
            "no source column is known",
        ),
    ),
    # No tie: it is not the ledger of its accounts (cleared entries and earlier years are missing), so nothing adds up to it;
    # CR_03_MOV is tied to the balances instead.
    population=Population(
        meaning=(
            "an entry with movements of the year so far on an account of the voucher liability, or on one without a group "
            "account (domain 3.1)"
        ),
        amount="sum(remaining_amount)",
    ),
    drift=Drift(
        amount="remaining_amount",
        distinct=("voucher_no",),
        codes=("chart_of_accounts_no", "document_type", "source_code", "entrytype"),
    ),
    freshness_reason="the newest posting of the ledger lies in the last week of the month or later",
)
