-- Transactions before the cut-off that drop out because something is missing, by reason.
with
candidate as (
    select
        cast(t.amount as decimal(38,4)) as amount,
        case
            when t.transaction_type is null then 'transaction type is null'
            when t.created_date is null then 'created date is null'
            when t.amount is null then 'amount is null'
            when not exists (
                select 1
                from dim_company as c
                where lower(regexp_replace(c.company_code, ' +$', '')) = lower(regexp_replace(t.id_company, ' +$', ''))
                    and c.flg_in_conso_scope = 1
            ) then 'company outside the consolidation scope'
            when exists (
                select 1
                from dim_company as c
                where lower(regexp_replace(c.company_code, ' +$', '')) = lower(regexp_replace(t.id_company, ' +$', ''))
                    and c.flg_in_conso_scope = 1
                    and c.company_country is null
            ) then 'company without a country'
        end as reason
    from cashrec_transaction as t
    where t.created_date < :period_end or t.created_date is null
)
select
    cast(candidate.reason as varchar) as reason,
    cast(count(*) as bigint) as row_count,
    cast(sum(candidate.amount) as decimal(38,4)) as amount
from candidate
where candidate.reason is not null
group by candidate.reason
