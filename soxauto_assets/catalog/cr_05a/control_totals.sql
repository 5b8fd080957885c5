-- Independent of extract.sql: a rate counts when no later one of its currency starts on or before the cut-off. Equal rows count
-- once; two different rates of one day both count, so that the totals differ from the one rate that the extract can show.
with
spot as (
    select distinct r.currency_code, r.starting_date, r.relational_exch_rate_amount
    from currency_exchange_rate as r
    where not exists (
        select 1
        from currency_exchange_rate as later
        where lower(regexp_replace(later.currency_code, ' +\z', '')) = lower(regexp_replace(r.currency_code, ' +\z', ''))
            and later.starting_date > r.starting_date
            and later.starting_date < cast(:period_end as date)
    )
)
select
    cast(spot.currency_code as varchar) as currency_code,
    cast(count(*) as bigint) as row_count,
    cast(sum(cast(spot.relational_exch_rate_amount as decimal(38,8))) as decimal(38,8)) as sum_relational_exch_rate_amount,
    cast(min(spot.starting_date) as date) as min_starting_date,
    cast(max(spot.starting_date) as date) as max_starting_date
from spot
where spot.starting_date < cast(:period_end as date)
    and lower(regexp_replace(spot.currency_code, ' +\z', '')) in (:currencies_needed)
group by spot.currency_code
