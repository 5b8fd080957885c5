-- Transactions of the month that the look-up of their name drops, by reason.
with
candidate as (
    select
        cast(t.transaction_amount as decimal(38,4)) as amount,
        case
            when t.transaction_type is null then 'transaction name is null'
            when not exists (
                select 1
                from asg_dim as a
                where lower(regexp_replace(a.id_company, ' +$', '')) = lower(regexp_replace(t.id_company, ' +$', ''))
                    and lower(regexp_replace(a.sc_asg_name, ' +$', '')) = lower(regexp_replace(t.transaction_type, ' +$', ''))
            ) then 'transaction name is not grouped'
        end as reason
    from transactions_seller as t
    where t.created_date >= :period_start
        and t.created_date < :period_end
)
select
    cast(candidate.reason as varchar) as reason,
    cast(count(*) as bigint) as row_count,
    cast(sum(candidate.amount) as decimal(38,4)) as amount
from candidate
where candidate.reason is not null
group by candidate.reason
