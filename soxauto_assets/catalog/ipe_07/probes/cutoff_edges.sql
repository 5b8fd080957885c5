-- Both sides of the cut-off at the source: per company the last posting day before it and the first one after it.
select
    cast(e.id_company as varchar) as id_company,
    cast(max(e.posting_date) filter (where e.posting_date < cast(:period_end as date)) as date) as last_before,
    cast(min(e.posting_date) filter (where e.posting_date >= cast(:period_end as date)) as date) as first_after,
    cast(count_if(e.posting_date >= cast(:period_end as date)) as bigint) as rows_after
from customer_ledger_entries as e
where exists (
    select 1
    from dim_company as c
    where lower(regexp_replace(c.company_code, ' +\z', '')) = lower(regexp_replace(e.id_company, ' +\z', ''))
        and c.flg_in_conso_scope = 1
)
group by e.id_company
