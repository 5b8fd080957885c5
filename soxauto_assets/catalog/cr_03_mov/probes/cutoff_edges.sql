-- Both sides of the cut-off at the source: per company the last posting day before it and the first one after it.
select
    cast(g.id_company as varchar) as id_company,
    cast(max(g.posting_date) filter (where g.posting_date < cast(:period_end as date)) as date) as last_before,
    cast(min(g.posting_date) filter (where g.posting_date >= cast(:period_end as date)) as date) as first_after,
    cast(count_if(g.posting_date >= cast(:period_end as date)) as bigint) as rows_after
from gl_entries as g
where exists (
    select 1
    from dim_company as c
    where lower(regexp_replace(c.company_code, ' +\z', '')) = lower(regexp_replace(g.id_company, ' +\z', ''))
        and c.flg_in_conso_scope = 1
)
group by g.id_company
