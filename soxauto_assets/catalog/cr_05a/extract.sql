-- CR_05a spot FX rates of Algeria: per currency the latest rate on or before the last day (domain 3.4).
with
rate as (
    select distinct r.currency_code, r.starting_date, r.relational_exch_rate_amount
    from currency_exchange_rate as r
    where r.starting_date <= :last_day
        and lower(regexp_replace(r.currency_code, ' +\z', '')) in (:currencies_needed)
),
ranked as (
    select
        rate.currency_code, rate.starting_date, rate.relational_exch_rate_amount,
        row_number() over (
            partition by lower(regexp_replace(rate.currency_code, ' +\z', ''))
            order by rate.starting_date desc, rate.relational_exch_rate_amount, rate.currency_code
        ) as position
    from rate
)
select
    cast(ranked.currency_code as varchar) as currency_code,
    cast(year(ranked.starting_date) as bigint) as year,
    cast(month(ranked.starting_date) as bigint) as month,
    cast(ranked.relational_exch_rate_amount as decimal(18,8)) as relational_exch_rate_amount,
    cast(ranked.starting_date as date) as starting_date
from ranked
where ranked.position = 1
