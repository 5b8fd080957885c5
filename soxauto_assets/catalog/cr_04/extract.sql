-- CR_04 general ledger balances at the month end, the actuals (domain 3.2).
select
    cast(v.id_company as varchar) as id_company,
    cast(v.company_name as varchar) as company_name,
    cast(v.country_code as varchar) as country_code,
    cast(v.country_name as varchar) as country_name,
    cast(v.closing_date as date) as closing_date,
    cast(v.refresh_date as timestamp(3)) as refresh_date,
    cast(v.group_coa_account_no as varchar) as group_coa_account_no,
    cast(v.group_coa_account_name as varchar) as group_coa_account_name,
    cast(v.real_coa as varchar) as real_coa,
    cast(v.currency as varchar) as currency,
    cast(v.fx_rate as decimal(18,8)) as fx_rate,
    cast(v.balance_at_date as decimal(18,4)) as balance_at_date,
    cast(v.busline_code as varchar) as busline_code,
    cast(v.reporting_country_code as varchar) as reporting_country_code,
    cast(v.reporting_country_name as varchar) as reporting_country_name,
    cast(v.partner_code as varchar) as partner_code,
    cast(v.ic_partner_code as varchar) as ic_partner_code,
    cast(v.is_recharge as bigint) as is_recharge,
    cast(v.is_retained_earnings as bigint) as is_retained_earnings,
    cast(v.conso_account_no as varchar) as conso_account_no,
    cast(v.conso_account_name as varchar) as conso_account_name,
    cast(v.ifrs_level_1_name as varchar) as ifrs_level_1_name,
    cast(v.ifrs_level_2_name as varchar) as ifrs_level_2_name,
    cast(v.ifrs_level_3_name as varchar) as ifrs_level_3_name,
    cast(v.is_interco as bigint) as is_interco
from bs_balances_view as v
where v.closing_date = :last_day
    and lower(regexp_replace(v.group_coa_account_no, ' +\z', '')) in (:gl_accounts)
