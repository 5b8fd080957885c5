-- Movements of the year so far that lead to no listed entry, by reason. Accounts of another group account are another scope and
-- are not counted; an account without a group account might belong to this one and is.
with
movement as (
    select
        lower(regexp_replace(d.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(d.g_l_account_no, ' +\z', '')) as account_key,
        d.gen_ledger_entry_no as entry_no, cast(d.amount as decimal(38,4)) as amount
    from detailed_gl_entry as d
    where d.posting_date >= :year_start
        and d.posting_date <= :last_day
),
company as (
    select distinct lower(regexp_replace(c.company_code, ' +\z', '')) as company_key
    from dim_company as c
    where c.flg_in_conso_scope = 1
),
account as (
    select distinct
        lower(regexp_replace(a.company_code, ' +\z', '')) as company_key,
        lower(regexp_replace(a.chart_of_accounts_no, ' +\z', '')) as account_key,
        lower(regexp_replace(a.group_coa_account_no, ' +\z', '')) as group_key
    from dim_chart_of_accounts as a
),
unmapped as (
    select movement.company_key, movement.entry_no, sum(movement.amount) as remaining
    from movement
    inner join company
        on company.company_key = movement.company_key
    where not exists (
        select 1
        from account
        where account.company_key = movement.company_key
            and account.account_key = movement.account_key
            and account.group_key is not null
    )
    group by movement.company_key, movement.entry_no
    having sum(movement.amount) <> cast('0' as decimal(38,4))
),
in_scope as (
    select movement.company_key, movement.entry_no, sum(movement.amount) as remaining
    from movement
    inner join account
        on account.company_key = movement.company_key and account.account_key = movement.account_key
    where account.group_key in (:accounts_IPE_08)
    group by movement.company_key, movement.entry_no
),
candidate as (
    select
        in_scope.remaining,
        case
            when in_scope.remaining = cast('0' as decimal(38,4)) then 'cleared in the year'
            when company.company_key is null then 'company outside the consolidation scope'
            when not exists (
                select 1
                from gl_entries as g
                where lower(regexp_replace(g.id_company, ' +\z', '')) = in_scope.company_key
                    and g.entry_no = in_scope.entry_no
            ) then 'movements without a ledger entry'
        end as reason
    from in_scope
    left join company
        on company.company_key = in_scope.company_key
    union all
    select unmapped.remaining, 'account without a group account' as reason
    from unmapped
)
select
    cast(candidate.reason as varchar) as reason,
    cast(count(*) as bigint) as row_count,
    cast(sum(candidate.remaining) as decimal(38,4)) as amount
from candidate
where candidate.reason is not null
group by candidate.reason
