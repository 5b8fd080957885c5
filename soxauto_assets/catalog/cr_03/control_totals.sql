-- Independent of extract.sql: starts from the entries, asks the movements for each one's sum, and tests scope by existence.
with
movement as (
    select
        lower(regexp_replace(d.id_company, ' +\z', '')) as company_key, d.gen_ledger_entry_no as entry_no,
        sum(case
            when d.posting_date >= :year_start and d.posting_date < cast(:period_end as date)
                then cast(d.amount as decimal(38,4))
            else cast('0' as decimal(38,4))
        end) as remaining
    from detailed_gl_entry as d
    where exists (
        select 1
        from dim_chart_of_accounts as a
        where lower(regexp_replace(a.company_code, ' +\z', '')) = lower(regexp_replace(d.id_company, ' +\z', ''))
            and lower(regexp_replace(a.chart_of_accounts_no, ' +\z', '')) = lower(regexp_replace(d.g_l_account_no, ' +\z', ''))
            and lower(regexp_replace(a.group_coa_account_no, ' +\z', '')) in (:accounts_IPE_08)
    )
    group by lower(regexp_replace(d.id_company, ' +\z', '')), d.gen_ledger_entry_no
),
entry as (
    select
        g.id_company, g.posting_date, cast(g.amount as decimal(38,4)) as amount, movement.remaining,
        (
            select max(a.group_coa_account_no)
            from dim_chart_of_accounts as a
            where lower(regexp_replace(a.company_code, ' +\z', '')) = lower(regexp_replace(g.id_company, ' +\z', ''))
                and lower(regexp_replace(a.chart_of_accounts_no, ' +\z', '')) = lower(regexp_replace(g.gl_account_no, ' +\z', ''))
        ) as group_coa_account_no
    from gl_entries as g
    inner join movement
        on movement.company_key = lower(regexp_replace(g.id_company, ' +\z', '')) and movement.entry_no = g.entry_no
    where movement.remaining <> cast('0' as decimal(38,4))
        and exists (
            select 1
            from dim_company as c
            where lower(regexp_replace(c.company_code, ' +\z', '')) = lower(regexp_replace(g.id_company, ' +\z', ''))
                and c.flg_in_conso_scope = 1
        )
)
select
    cast(entry.id_company as varchar) as id_company,
    cast(entry.group_coa_account_no as varchar) as group_coa_account_no,
    cast(count(*) as bigint) as row_count,
    cast(sum(entry.amount) as decimal(38,4)) as sum_amount,
    cast(sum(entry.remaining) as decimal(38,4)) as sum_remaining_amount,
    cast(min(entry.posting_date) as date) as min_posting_date,
    cast(max(entry.posting_date) as date) as max_posting_date
from entry
group by entry.id_company, entry.group_coa_account_no
