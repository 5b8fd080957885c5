-- Independent of extract.sql: items whose code a voucher has and items whose code no voucher has are two lists, found by
-- existence; the part without a marketplace flag is what the other parts leave; the month is read as a text.
with
item as (
    select
        i.id_company, i.package_delivery_date, i.is_marketplace, i.mtr_coupon_money_value, i.mtr_shipping_voucher_discount,
        lower(regexp_replace(i.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(i.voucher_code, ' +\z', '')) as code_key,
        cast(date_format(i.package_delivery_date, '%Y%m') as bigint) as delivery_mth
    from rpt_soi as i
    where not (coalesce(i.package_delivery_date >= :period_end, true))
        and i.delivered_date >= timestamp '2015-01-01 00:00:00.000'
        and lower(regexp_replace(i.id_company, ' +\z', '')) in (:id_companies_active)
        and lower(regexp_replace(i.voucher_type, ' +\z', '')) = 'reusablecredit'
),
code as (
    select
        lower(regexp_replace(v.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(v.code, ' +\z', '')) as code_key,
        max(v.id) as id,
        max(year(v.created_at)) as creation_year
    from voucher_closing as v
    group by lower(regexp_replace(v.id_company, ' +\z', '')), lower(regexp_replace(v.code, ' +\z', ''))
),
listed as (
    select
        item.company_key, item.id_company, item.delivery_mth, code.id, code.creation_year, item.package_delivery_date,
        item.is_marketplace, item.mtr_coupon_money_value, item.mtr_shipping_voucher_discount
    from item
    inner join code
        on code.company_key = item.company_key
        and code.code_key = item.code_key
    union all
    select
        item.company_key, item.id_company, item.delivery_mth, cast(null as varchar), cast(null as bigint),
        item.package_delivery_date, item.is_marketplace, item.mtr_coupon_money_value, item.mtr_shipping_voucher_discount
    from item
    where not exists (
        select 1
        from voucher_closing as v
        where lower(regexp_replace(v.id_company, ' +\z', '')) = item.company_key
            and lower(regexp_replace(v.code, ' +\z', '')) = item.code_key
    )
),
spelling as (
    select item.company_key, min(item.id_company) as id_company
    from item
    group by item.company_key
),
voucher_month as (
    select
        l.company_key, l.delivery_mth, l.id, max(l.creation_year) as creation_year,
        max(l.package_delivery_date) as last_package_delivery,
        coalesce(sum(cast(l.mtr_shipping_voucher_discount as decimal(38,4))), cast('0' as decimal(38,4))) as shipping,
        coalesce(sum(cast(l.mtr_coupon_money_value as decimal(38,4))), cast('0' as decimal(38,4))) as coupon,
        coalesce(
            sum(cast(l.mtr_coupon_money_value as decimal(38,4))) filter (where l.is_marketplace = 1),
            cast('0' as decimal(38,4))
        ) as mpl,
        coalesce(
            sum(cast(l.mtr_coupon_money_value as decimal(38,4))) filter (where l.is_marketplace = 0),
            cast('0' as decimal(38,4))
        ) as rtl
    from listed as l
    group by l.company_key, l.delivery_mth, l.id
)
select
    cast(spelling.id_company as varchar) as id_company,
    cast(m.delivery_mth as bigint) as delivery_mth,
    cast(count(*) as bigint) as row_count,
    cast(sum(m.shipping) as decimal(38,4)) as sum_shipping_storecredit,
    cast(sum(m.mpl) as decimal(38,4)) as sum_mpl_storecredit,
    cast(sum(m.rtl) as decimal(38,4)) as sum_rtl_storecredit,
    cast(sum(m.coupon + m.shipping) as decimal(38,4)) as sum_totalamountused,
    cast(sum(m.coupon - m.mpl - m.rtl) as decimal(38,4)) as sum_unassigned_storecredit,
    cast(min(m.last_package_delivery) as timestamp(3)) as min_last_package_delivery,
    cast(max(m.last_package_delivery) as timestamp(3)) as max_last_package_delivery,
    cast(min(m.creation_year) as bigint) as min_creation_year,
    cast(max(m.creation_year) as bigint) as max_creation_year
from voucher_month as m
inner join spelling
    on spelling.company_key = m.company_key
group by spelling.id_company, m.delivery_mth
