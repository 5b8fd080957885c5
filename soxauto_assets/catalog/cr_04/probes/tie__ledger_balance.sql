-- The sum of ledger entries to date per company and account, from the first entry that the ledger holds: another table and
-- another chart of accounts than the view's. Only for the account whose entries this platform extracts.
with
posted as (
    select g.id_company, g.gl_account_no, sum(cast(g.amount as decimal(38,4))) as amount
    from gl_entries as g
    where g.posting_date <= :last_day
    group by g.id_company, g.gl_account_no
),
mapped as (
    select
        posted.id_company, posted.amount,
        (
            select max(lower(regexp_replace(a.group_coa_account_no, ' +\z', '')))
            from dim_chart_of_accounts as a
            where lower(regexp_replace(a.company_code, ' +\z', '')) = lower(regexp_replace(posted.id_company, ' +\z', ''))
                and lower(regexp_replace(a.chart_of_accounts_no, ' +\z', ''))
                    = lower(regexp_replace(posted.gl_account_no, ' +\z', ''))
        ) as group_account
    from posted
)
select
    cast(mapped.id_company as varchar) as id_company,
    cast(mapped.group_account as varchar) as group_account,
    cast(sum(mapped.amount) as decimal(38,4)) as amount
from mapped
where mapped.group_account in (:accounts_IPE_08)
group by mapped.id_company, mapped.group_account
having sum(mapped.amount) <> cast('0' as decimal(38,4))
