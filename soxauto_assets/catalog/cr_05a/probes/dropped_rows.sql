-- Rates up to the cut-off that are not listed although nothing later replaces them, by reason; amount = sum of the rates.
with
candidate as (
    select
        r.relational_exch_rate_amount as amount,
        case
            when lower(regexp_replace(r.currency_code, ' +\z', '')) not in (:currencies_needed) then 'currency not in the list'
        end as reason
    from currency_exchange_rate as r
    where r.starting_date <= :last_day
        and not exists (
            select 1
            from currency_exchange_rate as later
            where lower(regexp_replace(later.currency_code, ' +\z', '')) = lower(regexp_replace(r.currency_code, ' +\z', ''))
                and later.starting_date > r.starting_date
                and later.starting_date <= :last_day
        )
)
select
    cast(candidate.reason as varchar) as reason,
    cast(count(*) as bigint) as row_count,
    cast(coalesce(sum(cast(candidate.amount as decimal(38,4))), cast('0' as decimal(38,4))) as decimal(38,4)) as amount
from candidate
where candidate.reason is not null
group by candidate.reason
