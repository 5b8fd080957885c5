-- Every rate of the table, whenever it starts, in one cell; amount = sum of the rates. Two different rates of one day are both
-- listed, so that they differ from the one rate that the extract can show.
with
rate as (
    select
        lower(regexp_replace(r.currency_code, ' +\z', '')) as currency_key, r.starting_date,
        cast(r.relational_exch_rate_amount as decimal(38,8)) as amount,
        row_number() over (
            partition by lower(regexp_replace(r.currency_code, ' +\z', '')), r.starting_date, r.relational_exch_rate_amount
            order by r.currency_code
        ) as copy
    from currency_exchange_rate as r
),
candidate as (
    select
        rate.amount,
        case
            when rate.starting_date >= cast(:period_end as date) then 'starts after the cut-off'
            when rate.currency_key not in (:currencies_needed) then 'currency not in the list'
            when exists (
                select 1
                from currency_exchange_rate as later
                where lower(regexp_replace(later.currency_code, ' +\z', '')) = rate.currency_key
                    and later.starting_date > rate.starting_date
                    and later.starting_date < cast(:period_end as date)
            ) then 'replaced by a later rate'
            when rate.copy > 1 then 'equal row, listed once'
            else 'listed'
        end as reason
    from rate
)
select
    cast(candidate.reason as varchar) as reason,
    cast(count(*) as bigint) as row_count,
    cast(coalesce(sum(candidate.amount), cast('0' as decimal(38,8))) as decimal(38,4)) as amount
from candidate
group by candidate.reason
