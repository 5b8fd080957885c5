-- Every rate of the month in one cell: the companies are all listed, so what can be lost on the way is a rate; amount = sum of
-- the rates. A rate is listed when a company lies in its country; two different rates of one country are both listed, so that
-- they differ from the one country that the extract can show.
with
rate as (
    select
        lower(regexp_replace(f.country_code, ' +\z', '')) as country_key, cast(f.fx_rate as decimal(38,8)) as fx_rate,
        case
            when coalesce(lower(regexp_replace(f.rate_type, ' +\z', '')), '') <> 'closing' then 'no closing rate'
            when coalesce(lower(regexp_replace(f.base_currency, ' +\z', '')), '') <> 'usd'
                then 'base currency is not the dollar'
            when f.country is null then 'country is null'
            when lower(regexp_replace(f.country, ' +\z', '')) = 'united arab emirates (the)' then 'country text left out'
            when not exists (
                select 1
                from dim_company as c
                where lower(regexp_replace(c.company_country, ' +\z', '')) = lower(regexp_replace(f.country_code, ' +\z', ''))
            ) then 'no company in the country'
        end as reason
    from rpt_fx_rates as f
    where f.year * 100 + f.cod_month = year(:period_start) * 100 + month(:period_start)
),
numbered as (
    select
        rate.fx_rate, rate.reason,
        row_number() over (partition by rate.country_key, rate.reason, rate.fx_rate order by rate.country_key) as copy
    from rate
),
candidate as (
    select
        numbered.fx_rate,
        case
            when numbered.reason is not null then numbered.reason
            when numbered.copy > 1 then 'equal row, listed once'
            else 'listed'
        end as reason
    from numbered
)
select
    cast(candidate.reason as varchar) as reason,
    cast(count(*) as bigint) as row_count,
    cast(coalesce(sum(candidate.fx_rate), cast('0' as decimal(38,8))) as decimal(38,4)) as amount
from candidate
group by candidate.reason
