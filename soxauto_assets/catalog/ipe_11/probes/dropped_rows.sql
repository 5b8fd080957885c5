-- Every transaction of the table, whenever it was created, in one cell. What an earlier month left open is a cell of its own:
-- the query lists this month's transactions only (domain 3.11). Look-ups are grouped to one line per key, not joined row by row.
with
asg as (
    select
        lower(regexp_replace(a.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(a.sc_asg_name, ' +\z', '')) as asg_key,
        max(a.asg_level_1) as some_level,
        max(case when lower(regexp_replace(a.asg_level_1, ' +\z', '')) = 'revenues' then 1 else 0 end) as revenues
    from asg_dim as a
    group by lower(regexp_replace(a.id_company, ' +\z', '')), lower(regexp_replace(a.sc_asg_name, ' +\z', ''))
),
statement as (
    select
        lower(regexp_replace(s.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(s.id_account_statement, ' +\z', '')) as statement_key,
        max(s.end_date) as end_date
    from ring_account_statements as s
    group by lower(regexp_replace(s.id_company, ' +\z', '')), lower(regexp_replace(s.id_account_statement, ' +\z', ''))
),
sale as (
    select
        cast(t.transaction_amount as decimal(38,4)) as amount, t.created_date, t.transaction_type,
        asg.asg_key, asg.some_level, asg.revenues, statement.statement_key, statement.end_date
    from transactions_seller as t
    left join asg
        on asg.company_key = lower(regexp_replace(t.id_company, ' +\z', ''))
        and asg.asg_key = lower(regexp_replace(t.transaction_type, ' +\z', ''))
    left join statement
        on statement.company_key = lower(regexp_replace(t.id_company, ' +\z', ''))
        and statement.statement_key = lower(regexp_replace(t.ring_id_transaction_statement, ' +\z', ''))
),
candidate as (
    select
        sale.amount,
        case
            when sale.created_date is null then 'created date is null'
            when sale.created_date >= :period_end then 'created at or after the cut-off'
            when sale.transaction_type is null then 'transaction name is null'
            when sale.asg_key is null then 'transaction name is not grouped'
            when sale.some_level is null then 'first ASG level is null'
            when sale.revenues = 0 then 'no revenue'
            when sale.statement_key is not null and sale.end_date is null then 'statement without an end date'
            when sale.end_date < :period_end then 'settled by a statement'
            when sale.created_date < :period_start then 'created in an earlier month, not settled'
            else 'listed'
        end as reason
    from sale
)
select
    cast(candidate.reason as varchar) as reason,
    cast(count(*) as bigint) as row_count,
    cast(sum(candidate.amount) as decimal(38,4)) as amount
from candidate
group by candidate.reason
