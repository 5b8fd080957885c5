-- The waterfall from the whole open detailed ledger to the posting groups in scope: every entry whose movements up to the
-- cut-off do not add up to 0, of every company and posting group, in one cell. Written from the movements, scope by existence.
with
movement as (
    select
        d.id_company, d.cust_ledger_entry_no as entry_no,
        sum(cast(d.amount_lcy as decimal(38,4))) filter (where d.posting_date < cast(:period_end as date)) as remaining
    from detailed_customer_ledger_entry as d
    group by d.id_company, d.cust_ledger_entry_no
),
candidate as (
    select
        movement.remaining,
        case
            when not exists (
                select 1
                from dim_company as c
                where lower(regexp_replace(c.company_code, ' +\z', '')) = lower(regexp_replace(movement.id_company, ' +\z', ''))
                    and c.flg_in_conso_scope = 1
            ) then 'company outside the consolidation scope'
            when e.entry_no is null then 'movements without a ledger entry'
            when e.posting_date >= cast(:period_end as date) then 'entry posted after the cut-off'
            when e.customer_posting_group is null then 'posting group is null'
            when lower(regexp_replace(e.customer_posting_group, ' +\z', '')) not in (:customer_posting_groups)
                then 'posting group not in scope'
            else 'listed'
        end as reason
    from movement
    left join customer_ledger_entries as e
        on e.id_company = movement.id_company and e.entry_no = movement.entry_no
    where movement.remaining <> cast('0' as decimal(38,4))
)
select
    cast(candidate.reason as varchar) as reason,
    cast(count(*) as bigint) as row_count,
    cast(sum(candidate.remaining) as decimal(38,4)) as amount
from candidate
group by candidate.reason
