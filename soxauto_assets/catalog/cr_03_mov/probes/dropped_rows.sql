-- Every entry on an account in scope, whenever posted, and on an account that no group account is known of, so that it might
-- belong here, in one cell. Entries are counted per account and window first; accounts and companies are looked up afterwards.
with
counted as (
    select
        g.id_company, g.gl_account_no,
        case
            when g.posting_date >= cast(:period_end as date) then 'posted after the cut-off'
            when g.posting_date < cast(date_add('month', -12, cast(:period_end as date)) as date)
                then 'posted before the twelve months'
        end as outside,
        count(*) as row_count,
        sum(cast(g.amount as decimal(38,4))) as amount
    from gl_entries as g
    group by
        g.id_company, g.gl_account_no,
        case
            when g.posting_date >= cast(:period_end as date) then 'posted after the cut-off'
            when g.posting_date < cast(date_add('month', -12, cast(:period_end as date)) as date)
                then 'posted before the twelve months'
        end
),
entry as (
    select
        counted.row_count, counted.amount, counted.outside,
        case when exists (
            select 1
            from dim_company as c
            where lower(regexp_replace(c.company_code, ' +\z', '')) = lower(regexp_replace(counted.id_company, ' +\z', ''))
                and c.flg_in_conso_scope = 1
        ) then 1 else 0 end as company_listed,
        (
            select max(lower(regexp_replace(a.group_coa_account_no, ' +\z', '')))
            from dim_chart_of_accounts as a
            where lower(regexp_replace(a.company_code, ' +\z', '')) = lower(regexp_replace(counted.id_company, ' +\z', ''))
                and lower(regexp_replace(a.chart_of_accounts_no, ' +\z', ''))
                    = lower(regexp_replace(counted.gl_account_no, ' +\z', ''))
        ) as group_key
    from counted
),
candidate as (
    select
        entry.row_count, entry.amount,
        case
            when entry.company_listed = 0 then 'company outside the consolidation scope'
            when entry.group_key is null then 'account without a group account'
            when entry.outside is not null then entry.outside
            else 'listed'
        end as reason
    from entry
    where entry.group_key is null
        or entry.group_key in (:accounts_IPE_08)
)
select
    cast(candidate.reason as varchar) as reason,
    cast(sum(candidate.row_count) as bigint) as row_count,
    cast(sum(candidate.amount) as decimal(38,4)) as amount
from candidate
group by candidate.reason
