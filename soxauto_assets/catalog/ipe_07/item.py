"""IPE_07 customer balances: domain sections 2.1, 2.3, 3.5, 4.3.5."""

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
from soxauto_assets.catalog.types import BOOL, DATE, INT64, MONEY, STRING

ITEM = Item(
    id="IPE_07",
    title="Customer balances: monthly balances at date",
    kind="IPE",
    purpose=(
        "Every customer ledger entry that is open at the cut-off, with its remaining amount in local currency and the group "
        "account it posts to. It is the target value of customer receivables (13003, 13004) and of the allowance (13009)."
    ),
    owner="team:accounting-excellence",
    sources=(
        "customer_ledger_entries",
        "detailed_customer_ledger_entry",
        "dim_company",
        "dim_busline",
        "customers",
        "customer_posting_group",
        "dim_chart_of_accounts",
    ),
    columns=(
        Column("id_company", STRING, "Company code", nullable=False, pattern=r"[A-Z]{2}_[A-Z_]+ *"),
        Column("company_country", STRING, "ISO country code of the company"),
        Column("opco_central", STRING, "Operating company or central"),
        Column("entry_no", INT64, "Number of the customer ledger entry", nullable=False, minimum=1),
        Column("gl_entry_no", INT64, "Number of the general ledger entry"),
        Column("document_no", STRING, "Document number"),
        Column("document_type", STRING, "Document type"),
        Column("external_document_no", STRING, "Number of the outside document"),
        Column("posting_date", DATE, "Posting date of the entry", nullable=False),
        Column("customer_no", STRING, "Customer number", personal=True, nullable=False),
        Column("customer_name", STRING, "Customer name", personal=True),
        Column("customer_busline", STRING, "Business line of the customer"),
        Column("automatically_integrated", BOOL, "Posted by an interface"),
        Column("currentpostinggroup", STRING, "The customer's posting group today"),
        Column("stream", STRING, "Stream"),
        Column("customer_posting_group", STRING, "Posting group when the entry was posted", nullable=False),
        Column("description", STRING, "Text of the entry"),
        Column("source_code", STRING, "Source code"),
        Column("reason_code", STRING, "Reason code"),
        Column("busline_code", STRING, "Business line code of the entry"),
        Column("busline_vertical_name_1", STRING, "Vertical, level 1"),
        Column("busline_vertical_name_2", STRING, "Vertical, level 2"),
        Column("busline_vertical_name_3", STRING, "Vertical, level 3"),
        Column("department_code", STRING, "Department code"),
        Column("original_amount", MONEY, "Original amount", unit="currency of the entry"),
        Column("currency", STRING, "Currency of the entry", pattern=r"[A-Z]{3} *"),
        Column("original_amount_lcy", MONEY, "Original amount", unit="LCY"),
        Column("rem_amt_lcy", MONEY, "Remaining amount at the cut-off, debit positive", nullable=False, unit="LCY"),
        Column("open", BOOL, "Open today, not at the cut-off"),
        Column("due_date", DATE, "Due date"),
        Column("posted_by", STRING, "User who posted"),
        Column("destination_code", STRING, "Destination code"),
        Column("partner_code", STRING, "Partner code"),
        Column("ic_partner_code", STRING, "Inter-company partner"),
        Column(
            "debit_credit_duemonth",
            STRING,
            "Month of the due date against the month of the cut-off",
            allowed=("Credit", "Debit", "Due Month"),
        ),
        Column("receivables_account", STRING, "Local account of the entry's posting group"),
        Column("group_coa_account_no", STRING, "Group account of that local account"),
        Column("group_coa_account_name", STRING, "Name of the group account"),
        Column("customer_has_balance", BOOL, "The customer's total at the cut-off is not 0", nullable=False),
        Column(
            "ageing_bucket",
            STRING,
            "Days past due at the last day",
            nullable=False,
            allowed=("no due date", "0", "1-30", "31-60", "61-90", "91-180", "181-365", "over 365"),
        ),
    ),
    key=("id_company", "entry_no"),
    company_column="id_company",
    cutoff=Cutoff("up_to", "posting_date"),
    control_totals=ControlTotals(
        group_by=("id_company", "group_coa_account_no"), sums=("rem_amt_lcy",), bounds=("posting_date",)
    ),
    configuration=("customer_posting_groups",),
    gl_accounts=("13003", "13004", "13009"),
    component=Component(
        amount="rem_amt_lcy",
        sign=1,
        accounts="accounts_IPE_07",
        account="group_coa_account_no",
        scope=Scope(consolidated=True),
        readings=(
            Reading(
                "allowance",
                "entries of the allowance account 13009, part of the component (DECISIONS B7)",
                where="rtrim(group_coa_account_no, ' ') = '13009'",
            ),
            Reading(
                "customers_without_balance",
                "entries of customers whose total is 0, which the legacy filter hides (DECISIONS B8)",
                where="not customer_has_balance",
            ),
        ),
    ),
    dimensions=(
        Dimension(
            "dim_company", ("company_code",), ("company_country", "opco_central"), where="flg_in_conso_scope = 1"
        ),
        Dimension(
            "dim_busline",
            ("company_code", "busline_code"),
            ("busline_vertical_name_1", "busline_vertical_name_2", "busline_vertical_name_3"),
        ),
        Dimension(
            "customers",
            ("id_company", "customer_no"),
            ("name", "customer_busline", "customer_posting_group", "stream"),
            personal=True,
        ),
        Dimension("customer_posting_group", ("id_company", "code"), ("receivables_account",)),
        Dimension(
            "dim_chart_of_accounts",
            ("company_code", "chart_of_accounts_no"),
            ("group_coa_account_no", "group_coa_account_name"),
        ),
    ),
    expectations=(
        Expectation(
            "remaining_not_zero",
            violation="rem_amt_lcy = 0",
            meaning="An entry is listed because it is open: its remaining amount is not 0 (domain 3.5).",
        ),
        Expectation(
            "due_month_recomputed",
            violation=(
                "debit_credit_duemonth is distinct from case sign(date_diff('month', due_date, $last_day)) "
                "when 1 then 'Credit' when -1 then 'Debit' when 0 then 'Due Month' end"
            ),
            meaning="The month of the due date against that of the cut-off, counted in months (domain 3.5).",
        ),
        Expectation(
            "ageing_recomputed",
            violation=(
                "ageing_bucket is distinct from case when due_date is null then 'no due date' else list_extract("
                "['0', '1-30', '31-60', '61-90', '91-180', '181-365', 'over 365'], "
                "1 + len(list_filter([0, 30, 60, 90, 180, 365], lambda x: $last_day - due_date > x))) end"
            ),
            meaning="The bucket of the days past due at the last day, counted by the limits passed.",
        ),
        Expectation(
            "account_resolved",
            violation="group_coa_account_no is null",
            meaning="Each entry's posting group leads to a group account (domain 3.5).",
        ),
        Expectation(
            "account_in_component",
            violation="group_coa_account_no not in ('13003', '13004', '13009')",
            meaning="Entries that post to another account are a line of their own, outside the component.",
            severity="warn",
        ),
    ),
    legacy_differences=(
        LegacyDifference(
            "grain of the open filter",
            "entries of customers whose total is 0 were dropped",
            "every entry with a remaining amount is kept; customer_has_balance shows the legacy filter",
            "100 in one account and -100 in another are two wrong balances, not none",
        ),
        LegacyDifference(
            "general ledger account",
            "not in the output",
            "receivables_account and group account of the entry's posting group",
            "without it the extract cannot be compared with the ledger by account",
        ),
        LegacyDifference(
            "reference date of debit_credit_duemonth",
            "the day of the run",
            "the last day of the period",
            "the same month must give the same answer for ever",
        ),
        LegacyDifference(
            "global temporary tables", "two sessions collide", "common table expressions", "no state outside the query"
        ),
        LegacyDifference(
            "comparison of codes",
            "by SQL Server's collation: case and trailing blanks do not count",
            "written out: lower case, trailing blanks removed; the output keeps the raw text",
            "Trino compares bytes",
        ),
        LegacyDifference(
            "ageing",
            "not in the output",
            "ageing_bucket by days past due at the last day",
            "ageing is what the report is for",
        ),
    ),
    metadata={
        "source_system": "NAV BI",
        "output_type": "PowerBI custom report",
        "change_status": "No changes, 2025-10-22",
        "cross_reference": "also used by C-FSC-43",
        "descriptor_file": "IPE_07a baseline: detailed customer ledger entries",
        "month_end_workbook": "Customer Accounts",
    },
    # No tie: by account against CR_04 is the reconciliation itself, where a difference is a finding and not a fault of the
    # extract. No sequence: entry numbers do not run without a gap in the demo, and the reference does not say that they do.
    population=Population(
        meaning=(
            "an entry of any company and posting group whose movements up to the cut-off do not add up to 0; the cells add up "
            "to the open detailed ledger (domain 3.5)"
        ),
        amount="sum(rem_amt_lcy)",
    ),
    drift=Drift(
        amount="rem_amt_lcy",
        distinct=("customer_no",),
        codes=("customer_posting_group", "group_coa_account_no", "document_type", "currency"),
    ),
    freshness_reason="the newest posting of the ledger is of the last day or later",
)
