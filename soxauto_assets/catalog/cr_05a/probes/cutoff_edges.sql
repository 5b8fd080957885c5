-- The last rate on or before the cut-off at the source and the first one after it.
select
    cast(max(r.starting_date) filter (where r.starting_date < cast(:period_end as date)) as date) as last_before,
    cast(min(r.starting_date) filter (where r.starting_date >= cast(:period_end as date)) as date) as first_after,
    cast(count_if(r.starting_date >= cast(:period_end as date)) as bigint) as rows_after
from currency_exchange_rate as r
where lower(regexp_replace(r.currency_code, ' +\z', '')) in (:currencies_needed)
