-- Every entry with movements of the year so far on an account in scope, or on an account that no group account is known of, so
-- that it might belong here, in one cell. Accounts of another group account are another scope and are no candidates. Written
-- from the movements: they are put together per entry first, and the ledger entry is looked for afterwards.
with
account as (
    select
        lower(regexp_replace(a.company_code, ' +\z', '')) as company_key,
        lower(regexp_replace(a.chart_of_accounts_no, ' +\z', '')) as account_key,
        max(lower(regexp_replace(a.group_coa_account_no, ' +\z', ''))) as group_key
    from dim_chart_of_accounts as a
    group by lower(regexp_replace(a.company_code, ' +\z', '')), lower(regexp_replace(a.chart_of_accounts_no, ' +\z', ''))
),
movement as (
    select
        lower(regexp_replace(d.id_company, ' +\z', '')) as company_key, d.gen_ledger_entry_no as entry_no,
        cast(d.amount as decimal(38,4)) as amount,
        case when account.group_key is null then 0 when account.group_key in (:accounts_IPE_08) then 1 end as mapped
    from detailed_gl_entry as d
    left join account
        on account.company_key = lower(regexp_replace(d.id_company, ' +\z', ''))
        and account.account_key = lower(regexp_replace(d.g_l_account_no, ' +\z', ''))
    where d.posting_date >= :year_start
        and d.posting_date < cast(:period_end as date)
),
moved as (
    select movement.company_key, movement.entry_no, movement.mapped, sum(movement.amount) as remaining
    from movement
    where movement.mapped is not null
    group by movement.company_key, movement.entry_no, movement.mapped
),
candidate as (
    select
        moved.remaining,
        case
            when moved.remaining = cast('0' as decimal(38,4)) then 'cleared in the year'
            when not exists (
                select 1
                from dim_company as c
                where lower(regexp_replace(c.company_code, ' +\z', '')) = moved.company_key
                    and c.flg_in_conso_scope = 1
            ) then 'company outside the consolidation scope'
            when moved.mapped = 0 then 'account without a group account'
            when g.entry_no is null then 'movements without a ledger entry'
            else 'listed'
        end as reason
    from moved
    left join gl_entries as g
        on lower(regexp_replace(g.id_company, ' +\z', '')) = moved.company_key and g.entry_no = moved.entry_no
)
select
    cast(candidate.reason as varchar) as reason,
    cast(count(*) as bigint) as row_count,
    cast(sum(candidate.remaining) as decimal(38,4)) as amount
from candidate
group by candidate.reason
