-- Open entries of companies in scope that the extract leaves out, by reason.
with
entry_balance as (
    select d.id_company, d.cust_ledger_entry_no, sum(cast(d.amount_lcy as decimal(38,4))) as remaining
    from detailed_customer_ledger_entry as d
    where d.posting_date <= :last_day
    group by d.id_company, d.cust_ledger_entry_no
),
candidate as (
    select
        b.remaining,
        case
            when e.entry_no is null then 'movements without a ledger entry'
            when e.posting_date > :last_day then 'entry posted after the cut-off'
            when e.customer_posting_group is null then 'posting group is null'
            when lower(regexp_replace(e.customer_posting_group, ' +\z', '')) not in (:customer_posting_groups)
                then 'posting group not in scope'
        end as reason
    from entry_balance as b
    inner join dim_company as c
        on lower(regexp_replace(c.company_code, ' +\z', '')) = lower(regexp_replace(b.id_company, ' +\z', ''))
        and c.flg_in_conso_scope = 1
    left join customer_ledger_entries as e
        on e.id_company = b.id_company and e.entry_no = b.cust_ledger_entry_no
    where b.remaining <> cast('0' as decimal(38,4))
)
select
    cast(candidate.reason as varchar) as reason,
    cast(count(*) as bigint) as row_count,
    cast(sum(candidate.remaining) as decimal(38,4)) as amount
from candidate
where candidate.reason is not null
group by candidate.reason
