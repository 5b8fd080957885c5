-- Independent of extract.sql: everything up to the cut-off less everything up to twelve months before it, summed per local
-- account first; the group account is looked up afterwards.
with
posted as (
    select
        g.id_company, g.gl_account_no,
        count_if(g.posting_date < cast(:period_end as date))
            - count_if(g.posting_date < cast(date_add('month', -12, cast(:period_end as date)) as date)) as row_count,
        coalesce(
            sum(cast(g.amount as decimal(38,4))) filter (where g.posting_date < cast(:period_end as date)),
            cast('0' as decimal(38,4))
        ) - coalesce(
            sum(cast(g.amount as decimal(38,4))) filter (
                where g.posting_date < cast(date_add('month', -12, cast(:period_end as date)) as date)
            ),
            cast('0' as decimal(38,4))
        ) as amount,
        min(g.posting_date) filter (
            where g.posting_date >= cast(date_add('month', -12, cast(:period_end as date)) as date)
        ) as first_posting,
        max(g.posting_date) filter (where g.posting_date < cast(:period_end as date)) as last_posting
    from gl_entries as g
    where exists (
        select 1
        from dim_company as c
        where lower(regexp_replace(c.company_code, ' +\z', '')) = lower(regexp_replace(g.id_company, ' +\z', ''))
            and c.flg_in_conso_scope = 1
    )
    group by g.id_company, g.gl_account_no
),
mapped as (
    select
        posted.id_company, posted.row_count, posted.amount, posted.first_posting, posted.last_posting,
        (
            select max(a.group_coa_account_no)
            from dim_chart_of_accounts as a
            where lower(regexp_replace(a.company_code, ' +\z', '')) = lower(regexp_replace(posted.id_company, ' +\z', ''))
                and lower(regexp_replace(a.chart_of_accounts_no, ' +\z', ''))
                    = lower(regexp_replace(posted.gl_account_no, ' +\z', ''))
        ) as group_coa_account_no
    from posted
)
select
    cast(mapped.id_company as varchar) as id_company,
    cast(mapped.group_coa_account_no as varchar) as group_coa_account_no,
    cast(sum(mapped.row_count) as bigint) as row_count,
    cast(sum(mapped.amount) as decimal(38,4)) as sum_amount,
    cast(min(mapped.first_posting) as date) as min_posting_date,
    cast(max(mapped.last_posting) as date) as max_posting_date
from mapped
where mapped.row_count > 0
    and lower(regexp_replace(mapped.group_coa_account_no, ' +\z', '')) in (:accounts_IPE_08)
group by mapped.id_company, mapped.group_coa_account_no
