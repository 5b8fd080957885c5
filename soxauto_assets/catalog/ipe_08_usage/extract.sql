-- IPE_08_USAGE voucher usage: one voucher and month of package delivery (domain 3.8).
-- Texts are compared and grouped on lower case without trailing blanks, as SQL Server's collation does; the output keeps a raw text.
-- Items whose code no voucher has are kept, with an empty id, one row per company and month.
with
voucher as (
    select distinct
        lower(regexp_replace(v.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(v.code, ' +\z', '')) as code_key,
        v.id, v.business_use, v.created_at
    from voucher_closing as v
),
item as (
    select
        i.id_company, i.voucher_type, i.package_delivery_date,
        lower(regexp_replace(i.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(i.voucher_code, ' +\z', '')) as code_key,
        year(i.package_delivery_date) * 100 + month(i.package_delivery_date) as delivery_mth,
        coalesce(i.is_marketplace, -1) as marketplace,
        cast(coalesce(i.mtr_shipping_voucher_discount, cast('0' as decimal(18,4))) as decimal(38,4)) as shipping_voucher,
        cast(coalesce(i.mtr_coupon_money_value, cast('0' as decimal(18,4))) as decimal(38,4)) as coupon
    from rpt_soi as i
    where lower(regexp_replace(i.voucher_type, ' +\z', '')) = 'reusablecredit'
        and i.package_delivery_date < :period_end
        and year(i.delivered_date) > 2014
        and lower(regexp_replace(i.id_company, ' +\z', '')) in (:id_companies_active)
),
usage as (
    select
        item.company_key, voucher.id, voucher.business_use, year(voucher.created_at) as creation_year, item.delivery_mth,
        min(item.id_company) as id_company,
        min(item.voucher_type) as voucher_type,
        max(item.package_delivery_date) as last_package_delivery,
        sum(item.shipping_voucher) as shipping_storecredit,
        sum(case when item.marketplace = 1 then item.coupon else cast('0' as decimal(38,4)) end) as mpl_storecredit,
        sum(case when item.marketplace = 0 then item.coupon else cast('0' as decimal(38,4)) end) as rtl_storecredit,
        sum(case when item.marketplace in (0, 1) then cast('0' as decimal(38,4)) else item.coupon end) as unassigned_storecredit,
        sum(item.shipping_voucher + item.coupon) as totalamountused
    from item
    left join voucher
        on voucher.company_key = item.company_key
        and voucher.code_key = item.code_key
    group by item.company_key, voucher.id, voucher.business_use, year(voucher.created_at), item.delivery_mth
)
select
    cast(min(usage.id_company) over (partition by usage.company_key) as varchar) as id_company,
    cast(usage.id as varchar) as id,
    cast(usage.voucher_type as varchar) as voucher_type,
    cast(usage.business_use as varchar) as business_use,
    cast(usage.creation_year as bigint) as creation_year,
    cast(usage.delivery_mth as bigint) as delivery_mth,
    cast(usage.shipping_storecredit as decimal(18,4)) as shipping_storecredit,
    cast(usage.mpl_storecredit as decimal(18,4)) as mpl_storecredit,
    cast(usage.rtl_storecredit as decimal(18,4)) as rtl_storecredit,
    cast(usage.totalamountused as decimal(18,4)) as totalamountused,
    cast(usage.unassigned_storecredit as decimal(18,4)) as unassigned_storecredit,
    cast(usage.last_package_delivery as timestamp(3)) as last_package_delivery
from usage
