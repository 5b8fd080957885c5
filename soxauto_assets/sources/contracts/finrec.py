"""Logical sources of FinRec (``AIG_Nav_Jumia_Reconciliation``): domain sections 2.2, 3.2, 3.3."""

from soxauto_assets.catalog.types import DATE, INT64, MONEY, RATE, STRING, TIMESTAMP
from soxauto_assets.sources.model import SourceColumn as Column
from soxauto_assets.sources.model import SourceContract

_DATABASE = "AIG_Nav_Jumia_Reconciliation"

CONTRACTS = (
    SourceContract(
        name="dim_company",
        system="FinRec",
        sql_server=f"{_DATABASE}.fdw.Dim_Company",
        meaning="One company (legal entity in NAV).",
        athena_candidate="process_central_fin_dwh.dim_company",
        columns=(
            Column("company_code", STRING, "Company code", nullable=False),
            Column("company_name", STRING, "Company name"),
            Column("company_country", STRING, "ISO country code"),
            Column("opco_central", STRING, "Operating company or central", header="Opco/Central_?"),
            Column("flg_in_conso_scope", INT64, "1 = in the consolidation scope", header="Flg_In_Conso_Scope"),
            Column("is_active", INT64, "1 = active", header="Is_Active?"),
        ),
    ),
    SourceContract(
        name="dim_country",
        system="FinRec",
        sql_server=f"{_DATABASE}.fdw.Dim_Country",
        meaning="One country.",
        athena_candidate="process_central_fin_dwh.dim_country",
        columns=(
            Column("country_code", STRING, "ISO country code", nullable=False),
            Column("country_name", STRING, "Country name"),
        ),
    ),
    SourceContract(
        name="dim_busline",
        system="FinRec",
        sql_server=f"{_DATABASE}.fdw.Dim_Busline",
        meaning="One business line of a company.",
        athena_candidate="process_central_fin_dwh.dim_busline",
        columns=(
            Column("company_code", STRING, "Company code", nullable=False),
            Column("busline_code", STRING, "Business line code", nullable=False),
            Column("busline_vertical_name_1", STRING, "Vertical, level 1"),
            Column("busline_vertical_name_2", STRING, "Vertical, level 2"),
            Column("busline_vertical_name_3", STRING, "Vertical, level 3"),
        ),
    ),
    SourceContract(
        name="dim_chart_of_accounts",
        system="FinRec",
        sql_server=f"{_DATABASE}.fdw.Dim_ChartOfAccounts",
        meaning="One local account of a company, mapped to the group's chart of accounts.",
        athena_candidate="process_central_fin_dwh.dim_chartofaccounts",
        columns=(
            Column("company_code", STRING, "Company code", nullable=False),
            Column("chart_of_accounts_no", STRING, "Local account", nullable=False),
            Column("account_name", STRING, "Name of the local account"),
            Column("group_coa_account_no", STRING, "Group account"),
            Column("group_coa_account_name", STRING, "Name of the group account"),
        ),
    ),
    SourceContract(
        name="bs_balances_view",
        system="FinRec",
        sql_server=f"{_DATABASE}.dbo.V_BS_ANAPLAN_IMPORT_IFRS_MAPPING_CURRENCY_SPLIT",
        meaning="One part of an account's balance at a month end, split by currency, business line and partner.",
        athena_candidate="process_central_fin_dwh.v_bs_anaplan_import_ifrs_mapping_currency_split",
        columns=(
            Column("id_company", STRING, "Company code", nullable=False),
            Column("company_name", STRING, "Company name"),
            Column("country_code", STRING, "ISO country code"),
            Column("country_name", STRING, "Country name"),
            Column("closing_date", DATE, "Month end of the balance", nullable=False),
            Column("refresh_date", TIMESTAMP, "When the balance was refreshed"),
            Column("group_coa_account_no", STRING, "Group account", nullable=False),
            Column("group_coa_account_name", STRING, "Name of the group account"),
            Column("real_coa", STRING, "Local account"),
            Column("currency", STRING, "Currency of the part"),
            Column("fx_rate", RATE, "Rate of the view"),
            Column("balance_at_date", MONEY, "Balance, debit positive"),
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
    ),
    SourceContract(
        name="rpt_fx_rates",
        system="FinRec",
        sql_server=f"{_DATABASE}.dbo.RPT_FX_RATES",
        meaning="One rate of a country, month, type and base currency: local currency per unit of the base currency.",
        athena_candidate="process_central_fin_dwh.rpt_fx_rates",
        columns=(
            Column("year", INT64, "Calendar year", nullable=False),
            Column("cod_month", INT64, "Calendar month", nullable=False),
            Column("country_code", STRING, "ISO country code"),
            Column("country", STRING, "Country name as the source writes it"),
            Column("rate_type", STRING, "Kind of rate, for example Closing"),
            Column("base_currency", STRING, "Base currency"),
            Column("fx_rate", RATE, "Local currency per unit of the base currency", header="rate"),
        ),
    ),
)
