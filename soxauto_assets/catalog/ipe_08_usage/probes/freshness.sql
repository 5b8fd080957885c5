-- The items were loaded for the whole month when a package was delivered on the last day or later (domain 9).
select
    cast(max(i.package_delivery_date) as timestamp(3)) as newest,
    cast(coalesce(cast(max(i.package_delivery_date) as date) >= :last_day, false) as boolean) as fresh
from rpt_soi as i
where lower(regexp_replace(i.id_company, ' +\z', '')) in (:id_companies_active)
