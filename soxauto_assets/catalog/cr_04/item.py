"""CR_04 general ledger balances, the actuals: domain sections 2.1, 2.3, 2.4, 3.2, 4.3.2."""

from soxauto_assets.catalog.model import ControlTotals, Cutoff, Drift, Item, LegacyDifference, Population, Tie
from soxauto_assets.catalog.model import OutputColumn as Column
from soxauto_assets.catalog.types import DATE, INT64, MONEY, RATE, STRING, TIMESTAMP

ITEM = Item(
    id="CR_04",
    title="NAV GL balances",
    kind="CR",
    purpose=(
        "The general ledger's balance of each account in scope at the month end, split as the ledger splits it. "
        "It is the actual side of the reconciliation."
    ),
    owner="team:accounting-excellence",
    sources=("bs_balances_view", "gl_entries", "dim_chart_of_accounts"),
    columns=(
        Column("id_company", STRING, "Company code", nullable=False, pattern=r"[A-Z]{2}_[A-Z_]+ *"),
        Column("company_name", STRING, "Company name"),
        Column("country_code", STRING, "ISO country code"),
        Column("country_name", STRING, "Country name"),
        Column("closing_date", DATE, "Month end of the balance", nullable=False),
        Column("refresh_date", TIMESTAMP, "When the balance was refreshed"),
        Column("group_coa_account_no", STRING, "Group account", nullable=False, pattern=r"\d{5} *"),
        Column("group_coa_account_name", STRING, "Name of the group account"),
        Column("real_coa", STRING, "Local account"),
        Column("currency", STRING, "Currency of the part", pattern=r"[A-Z]{3} *"),
        Column("fx_rate", RATE, "Rate of the view", minimum=0, unit="LCY per unit"),
        Column("balance_at_date", MONEY, "Balance, debit positive", nullable=False, unit="LCY"),
        Column("busline_code", STRING, "Business line code"),
        Column("reporting_country_code", STRING, "Reporting country"),
        Column("reporting_country_name", STRING, "Name of the reporting country"),
        Column("partner_code", STRING, "Partner code"),
        Column("ic_partner_code", STRING, "Inter-company partner"),
        Column("is_recharge", INT64, "1 = recharge"),
        Column("is_retained_earnings", INT64, "1 = retained earnings"),
        Column("conso_account_no", STRING, "Consolidation account"),
        Column("conso_account_name", STRING, "Name of the consolidation account"),
        Column("ifrs_level_1_name", STRING, "IFRS level 1"),
        Column("ifrs_level_2_name", STRING, "IFRS level 2"),
        Column("ifrs_level_3_name", STRING, "IFRS level 3"),
        Column("is_interco", INT64, "1 = inter-company"),
    ),
    key=(
        "id_company",
        "closing_date",
        "group_coa_account_no",
        "real_coa",
        "currency",
        "busline_code",
        "reporting_country_code",
        "partner_code",
        "ic_partner_code",
        "is_recharge",
        "is_retained_earnings",
        "conso_account_no",
        "is_interco",
    ),
    company_column="id_company",
    cutoff=Cutoff("snapshot", "closing_date"),
    control_totals=ControlTotals(
        group_by=("id_company", "group_coa_account_no"), sums=("balance_at_date",), bounds=("closing_date",)
    ),
    configuration=("gl_accounts", "accounts_IPE_08"),
    gl_accounts=(
        "10590",
        "13001",
        "13002",
        "13003",
        "13004",
        "13005",
        "13009",
        "13011",
        "13012",
        "13024",
        "18304",
        "18317",
        "18350",
        "18412",
    ),
    legacy_differences=(
        LegacyDifference(
            "key",
            "company, closing date, group account",
            "every dimension column of the view",
            "the view splits further; the short key has duplicates",
        ),
        LegacyDifference(
            "accounts",
            "several lists that disagree (15010; 18650 and 18397; the builder's six)",
            "the union of the component accounts, as configuration",
            "otherwise the actuals of most components are empty",
        ),
    ),
    metadata={
        "source_system": "FinRec view over NAV",
        "output_type": "PowerPivot query",
        "change_status": "No changes, 2025-10-22",
        "descriptor_file": "CR_04_testing.xlsx",
        "month_end_workbook": "Consolidation",
    },
    population=Population(
        meaning="a part of a balance that the view holds for a day of the month (domain 3.2)",
        amount="sum(balance_at_date)",
    ),
    # Only the account whose entries are extracted: nobody has confirmed which other accounts gl_entries holds, and a receivable
    # is compared with its sub-ledger in the reconciliation. A warning, because a sum to date is a balance only where the ledger
    # begins with the company or with an opening entry, and that is not confirmed either.
    ties=(
        Tie(
            "ledger_balance",
            landed=(
                "select id_company, rtrim(group_coa_account_no, ' ') as group_account, sum(balance_at_date) as amount "
                "from landed where rtrim(group_coa_account_no, ' ') in ('18412') "
                "group by 1, 2 having sum(balance_at_date) <> 0"
            ),
            meaning=(
                "the balance of the voucher liability is the sum of its ledger entries to date, per company and account "
                "(domain 3.1, 3.2)"
            ),
            severity="warn",
        ),
    ),
    # balance_at_date is taken as local currency (assumed): rows split off in another currency are shown with their amounts.
    currency_column="currency",
    drift=Drift(amount="balance_at_date", distinct=("real_coa",), codes=("group_coa_account_no", "currency")),
    freshness_reason="every balance of the month end was refreshed after the month had ended",
)
