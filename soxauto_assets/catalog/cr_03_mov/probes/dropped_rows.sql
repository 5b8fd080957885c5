-- Entries of the twelve months that are not listed although no scope excludes their account on purpose, by reason.
with
entry as (
    select
        cast(g.amount as decimal(38,4)) as amount,
        case when exists (
            select 1
            from dim_company as c
            where lower(regexp_replace(c.company_code, ' +\z', '')) = lower(regexp_replace(g.id_company, ' +\z', ''))
                and c.flg_in_conso_scope = 1
        ) then 1 else 0 end as company_listed,
        (
            select max(lower(regexp_replace(a.group_coa_account_no, ' +\z', '')))
            from dim_chart_of_accounts as a
            where lower(regexp_replace(a.company_code, ' +\z', '')) = lower(regexp_replace(g.id_company, ' +\z', ''))
                and lower(regexp_replace(a.chart_of_accounts_no, ' +\z', '')) = lower(regexp_replace(g.gl_account_no, ' +\z', ''))
        ) as group_key
    from gl_entries as g
    where g.posting_date >= cast(date_add('month', -12, cast(:period_end as date)) as date)
        and g.posting_date <= :last_day
),
candidate as (
    select
        entry.amount,
        case
            when entry.company_listed = 0 and entry.group_key in (:accounts_IPE_08)
                then 'company outside the consolidation scope'
            when entry.company_listed = 1 and entry.group_key is null then 'account without a group account'
        end as reason
    from entry
)
select
    cast(candidate.reason as varchar) as reason,
    cast(count(*) as bigint) as row_count,
    cast(sum(candidate.amount) as decimal(38,4)) as amount
from candidate
where candidate.reason is not null
group by candidate.reason
