-- Independent of extract.sql: a rate counts when no later one of its currency starts on or before the cut-off.
select
    cast(r.currency_code as varchar) as currency_code,
    cast(count(*) as bigint) as row_count,
    cast(sum(cast(r.relational_exch_rate_amount as decimal(38,8))) as decimal(38,8)) as sum_relational_exch_rate_amount,
    cast(min(r.starting_date) as date) as min_starting_date,
    cast(max(r.starting_date) as date) as max_starting_date
from currency_exchange_rate as r
where r.starting_date < cast(:period_end as date)
    and lower(regexp_replace(r.currency_code, ' +$', '')) in (:currencies_needed)
    and not exists (
        select 1
        from currency_exchange_rate as later
        where lower(regexp_replace(later.currency_code, ' +$', '')) = lower(regexp_replace(r.currency_code, ' +$', ''))
            and later.starting_date > r.starting_date
            and later.starting_date < cast(:period_end as date)
    )
group by r.currency_code
