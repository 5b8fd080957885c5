-- CR_05 monthly closing FX rates: local currency per US dollar, one row per company (domain 3.3).
with
rate as (
    select distinct
        lower(regexp_replace(f.country_code, ' +\z', '')) as country_key, f.rate_type, f.year, f.cod_month, f.fx_rate
    from rpt_fx_rates as f
    where f.year = year(:last_day)
        and f.cod_month = month(:last_day)
        and lower(regexp_replace(f.rate_type, ' +\z', '')) = 'closing'
        and lower(regexp_replace(f.base_currency, ' +\z', '')) = 'usd'
        and lower(regexp_replace(f.country, ' +\z', '')) <> 'united arab emirates (the)'
),
country as (
    select distinct lower(regexp_replace(n.country_code, ' +\z', '')) as country_key, n.country_name
    from dim_country as n
)
select
    cast(c.company_code as varchar) as company_code,
    cast(c.company_name as varchar) as company_name,
    cast(c.opco_central as varchar) as opco_central,
    cast(c.company_country as varchar) as company_country,
    cast(c.is_active as bigint) as is_active,
    cast(rate.rate_type as varchar) as rate_type,
    cast(rate.year as bigint) as year,
    cast(rate.cod_month as bigint) as cod_month,
    cast(case
        when lower(regexp_replace(country.country_name, ' +\z', '')) = 'united states of america'
            then cast('1' as decimal(18,8))
        when lower(regexp_replace(country.country_name, ' +\z', '')) = 'germany'
            and regexp_like(lower(regexp_replace(c.company_code, ' +\z', '')), '_usd\z')
            then cast('1' as decimal(18,8))
        else rate.fx_rate
    end as decimal(18,8)) as fx_rate,
    cast(country.country_name as varchar) as country_name,
    cast(c.flg_in_conso_scope as bigint) as flg_in_conso_scope
from dim_company as c
left join rate on rate.country_key = lower(regexp_replace(c.company_country, ' +\z', ''))
left join country on country.country_key = lower(regexp_replace(c.company_country, ' +\z', ''))
