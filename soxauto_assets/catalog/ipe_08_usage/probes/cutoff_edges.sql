-- Both sides of the cut-off at the source: per company the last package delivery before it and the first one after it.
select
    cast(i.id_company as varchar) as id_company,
    cast(max(i.package_delivery_date) filter (where i.package_delivery_date < :period_end) as timestamp(3)) as last_before,
    cast(min(i.package_delivery_date) filter (where i.package_delivery_date >= :period_end) as timestamp(3)) as first_after,
    cast(count_if(i.package_delivery_date >= :period_end) as bigint) as rows_after
from rpt_soi as i
where lower(regexp_replace(i.voucher_type, ' +\z', '')) = 'reusablecredit'
    and lower(regexp_replace(i.id_company, ' +\z', '')) in (:id_companies_active)
group by i.id_company
