-- The vouchers were read at the cut-off or later when every company's newest snapshot is of the last day or later (domain 3.6, 9).
with
company as (
    select lower(regexp_replace(v.id_company, ' +\z', '')) as company_key, max(v.snapshot_date) as newest
    from voucher_closing as v
    where lower(regexp_replace(v.id_company, ' +\z', '')) in (:id_companies_active)
    group by lower(regexp_replace(v.id_company, ' +\z', ''))
)
select
    cast(min(c.newest) as timestamp(3)) as newest,
    cast(coalesce(cast(min(c.newest) as date) >= :last_day and count(c.newest) = count(*), false) as boolean) as fresh
from company as c
