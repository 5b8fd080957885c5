-- Independent of extract.sql: every company once, its rate looked up by value instead of joined.
with
looked_up as (
    select
        c.company_code,
        (
            select max(n.country_name)
            from dim_country as n
            where lower(regexp_replace(n.country_code, ' +\z', '')) = lower(regexp_replace(c.company_country, ' +\z', ''))
        ) as country_name,
        (
            select max(f.fx_rate)
            from rpt_fx_rates as f
            where lower(regexp_replace(f.country_code, ' +\z', '')) = lower(regexp_replace(c.company_country, ' +\z', ''))
                and f.year * 100 + f.cod_month = year(:period_start) * 100 + month(:period_start)
                and lower(regexp_replace(f.rate_type, ' +\z', '')) = 'closing'
                and lower(regexp_replace(f.base_currency, ' +\z', '')) = 'usd'
                and lower(regexp_replace(f.country, ' +\z', '')) not in ('united arab emirates (the)')
        ) as fx_rate
    from dim_company as c
)
select
    cast(looked_up.company_code as varchar) as company_code,
    cast(count(*) as bigint) as row_count,
    cast(sum(cast(case
        when lower(regexp_replace(looked_up.country_name, ' +\z', '')) = 'united states of america' then cast('1' as decimal(18,8))
        when lower(regexp_replace(looked_up.country_name, ' +\z', '')) = 'germany'
            and regexp_like(lower(regexp_replace(looked_up.company_code, ' +\z', '')), '_usd\z') then cast('1' as decimal(18,8))
        else looked_up.fx_rate
    end as decimal(38,8))) as decimal(38,8)) as sum_fx_rate
from looked_up
group by looked_up.company_code
