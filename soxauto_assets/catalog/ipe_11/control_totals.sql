-- Independent of extract.sql: all transactions up to the cut-off less those before the month, scope and statement by existence.
with
revenue as (
    select t.id_company, t.created_date, cast(t.transaction_amount as decimal(38,4)) as amount
    from transactions_seller as t
    where exists (
            select 1
            from asg_dim as a
            where lower(regexp_replace(a.id_company, ' +\z', '')) = lower(regexp_replace(t.id_company, ' +\z', ''))
                and lower(regexp_replace(a.sc_asg_name, ' +\z', '')) = lower(regexp_replace(t.transaction_type, ' +\z', ''))
                and lower(regexp_replace(a.asg_level_1, ' +\z', '')) = 'revenues'
        )
        and not exists (
            select 1
            from ring_account_statements as s
            where lower(regexp_replace(s.id_company, ' +\z', '')) = lower(regexp_replace(t.id_company, ' +\z', ''))
                and lower(regexp_replace(s.id_account_statement, ' +\z', ''))
                    = lower(regexp_replace(t.ring_id_transaction_statement, ' +\z', ''))
                and (s.end_date < :period_end or s.end_date is null)
        )
)
select
    cast(revenue.id_company as varchar) as id_company,
    cast(count_if(revenue.created_date < :period_end) - count_if(revenue.created_date < :period_start) as bigint) as row_count,
    cast(
        coalesce(sum(revenue.amount) filter (where revenue.created_date < :period_end), cast('0' as decimal(38,4)))
        - coalesce(sum(revenue.amount) filter (where revenue.created_date < :period_start), cast('0' as decimal(38,4)))
    as decimal(38,4)) as sum_sc_transaction_amount,
    cast(min(revenue.created_date) filter (where revenue.created_date >= :period_start) as timestamp(3)) as min_sc_created_date,
    cast(max(revenue.created_date) filter (where revenue.created_date < :period_end) as timestamp(3)) as max_sc_created_date
from revenue
group by revenue.id_company
having count_if(revenue.created_date < :period_end) > count_if(revenue.created_date < :period_start)
