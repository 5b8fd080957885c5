-- The month's closing rates are loaded when at least one exists.
select
    cast(max(f.year * 100 + f.cod_month) as bigint) as newest,
    cast(coalesce(
        max(case when f.year = year(:last_day) and f.cod_month = month(:last_day) then 1 else 0 end) = 1, false
    ) as boolean) as fresh
from rpt_fx_rates as f
where lower(regexp_replace(f.rate_type, ' +\z', '')) = 'closing'
    and lower(regexp_replace(f.base_currency, ' +\z', '')) = 'usd'
