-- Transactions of the month that drop out because something is missing, by reason; those without a date are of any month.
with
candidate as (
    select
        cast(t.transaction_amount as decimal(38,4)) as amount,
        case
            when t.created_date is null then 'created date is null'
            when t.transaction_type is null then 'transaction name is null'
            when not exists (
                select 1
                from asg_dim as a
                where lower(regexp_replace(a.id_company, ' +\z', '')) = lower(regexp_replace(t.id_company, ' +\z', ''))
                    and lower(regexp_replace(a.sc_asg_name, ' +\z', '')) = lower(regexp_replace(t.transaction_type, ' +\z', ''))
            ) then 'transaction name is not grouped'
            when not exists (
                select 1
                from asg_dim as a
                where lower(regexp_replace(a.id_company, ' +\z', '')) = lower(regexp_replace(t.id_company, ' +\z', ''))
                    and lower(regexp_replace(a.sc_asg_name, ' +\z', '')) = lower(regexp_replace(t.transaction_type, ' +\z', ''))
                    and a.asg_level_1 is not null
            ) then 'first ASG level is null'
            when exists (
                select 1
                from asg_dim as a
                where lower(regexp_replace(a.id_company, ' +\z', '')) = lower(regexp_replace(t.id_company, ' +\z', ''))
                    and lower(regexp_replace(a.sc_asg_name, ' +\z', '')) = lower(regexp_replace(t.transaction_type, ' +\z', ''))
                    and lower(regexp_replace(a.asg_level_1, ' +\z', '')) = 'revenues'
            )
            and exists (
                select 1
                from ring_account_statements as s
                where lower(regexp_replace(s.id_company, ' +\z', '')) = lower(regexp_replace(t.id_company, ' +\z', ''))
                    and lower(regexp_replace(s.id_account_statement, ' +\z', ''))
                        = lower(regexp_replace(t.ring_id_transaction_statement, ' +\z', ''))
                    and s.end_date is null
            ) then 'statement without an end date'
        end as reason
    from transactions_seller as t
    where t.created_date is null
        or (t.created_date >= :period_start and t.created_date < :period_end)
)
select
    cast(candidate.reason as varchar) as reason,
    cast(count(*) as bigint) as row_count,
    cast(sum(candidate.amount) as decimal(38,4)) as amount
from candidate
where candidate.reason is not null
group by candidate.reason
