-- Both sides of the cut-off at the source: per company the last voucher created before it and the first one after it.
select
    cast(v.id_company as varchar) as id_company,
    cast(max(v.created_at) filter (where v.created_at < :period_end) as timestamp(3)) as last_before,
    cast(min(v.created_at) filter (where v.created_at >= :period_end) as timestamp(3)) as first_after,
    cast(count_if(v.created_at >= :period_end) as bigint) as rows_after
from voucher_closing as v
where lower(regexp_replace(v.id_company, ' +\z', '')) in (:id_companies_active)
group by v.id_company
