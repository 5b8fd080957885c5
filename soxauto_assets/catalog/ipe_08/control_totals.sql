-- Independent of extract.sql: vouchers, the items that used them and their templates are three lists laid under each other and
-- summed once. No usage is summed per code; a voucher without usage or template is simply missing from the second or third list.
with
voucher as (
    select
        v.id_company, v.discount_amount, v.used_discount_amount, v.remaining_amount, v.created_at, v.to_date,
        lower(regexp_replace(v.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(v.id, ' +\z', '')) as voucher_key,
        lower(regexp_replace(v.code, ' +\z', '')) as code_key,
        case when coalesce(v.to_date >= :period_end, true) then 'valid' else 'expired' end as is_valid,
        case
            when v.voucher_inactive_date is null then v.to_date
            else least(v.to_date, v.voucher_inactive_date, coalesce(v.template_inactive_date, v.voucher_inactive_date))
        end as min_inactive_date
    from voucher_closing as v
    where cast(v.created_at as date) <= :last_day
        and not v.created_at <= timestamp '2016-12-31 00:00:00.000'
        and lower(regexp_replace(v.id_company, ' +\z', '')) in (:id_companies_active)
),
listed as (
    select
        v.id_company, v.is_valid, 1 as vouchers, v.discount_amount, v.used_discount_amount, v.remaining_amount,
        v.created_at, v.to_date, v.min_inactive_date, cast(null as varchar) as template_id,
        cast(null as bigint) as marketplace, cast(null as decimal(18,4)) as shipping_discount,
        cast(null as decimal(18,4)) as shipping_voucher, cast(null as decimal(18,4)) as coupon
    from voucher as v
    union all
    select
        v.id_company, v.is_valid, 0, cast(null as decimal(18,4)), cast(null as decimal(18,4)), cast(null as decimal(18,4)),
        cast(null as timestamp(3)), cast(null as timestamp(3)), cast(null as timestamp(3)), cast(null as varchar),
        i.is_marketplace, coalesce(i.mtr_shipping_discount_amount, cast('0' as decimal(18,4))),
        coalesce(i.mtr_shipping_voucher_discount, cast('0' as decimal(18,4))),
        coalesce(i.mtr_coupon_money_value, cast('0' as decimal(18,4)))
    from rpt_soi as i
    inner join voucher as v
        on lower(regexp_replace(i.voucher_code, ' +\z', '')) = v.code_key
        and lower(regexp_replace(i.id_company, ' +\z', '')) = v.company_key
    where cast(i.package_delivery_date as date) <= :last_day
        and i.delivered_date >= timestamp '2015-01-01 00:00:00.000'
    union all
    select
        v.id_company, v.is_valid, 0, cast(null as decimal(18,4)), cast(null as decimal(18,4)), cast(null as decimal(18,4)),
        cast(null as timestamp(3)), cast(null as timestamp(3)), cast(null as timestamp(3)), s.template_id,
        cast(null as bigint), cast(null as decimal(18,4)), cast(null as decimal(18,4)), cast(null as decimal(18,4))
    from store_credit_voucher as s
    inner join voucher as v
        on lower(regexp_replace(s.id, ' +\z', '')) = v.voucher_key
        and lower(regexp_replace(s.id_company, ' +\z', '')) = v.company_key
),
summed as (
    select
        l.id_company, l.is_valid, sum(l.vouchers) as vouchers,
        sum(cast(l.discount_amount as decimal(38,4))) as discount_amount,
        sum(cast(l.used_discount_amount as decimal(38,4))) as used_discount_amount,
        sum(cast(l.remaining_amount as decimal(38,4))) as remaining_amount,
        sum(cast(l.shipping_discount as decimal(38,4))) as shipping_discount,
        sum(cast(l.shipping_voucher as decimal(38,4))) as shipping_voucher,
        sum(cast(l.coupon as decimal(38,4))) as coupon,
        coalesce(sum(cast(l.coupon as decimal(38,4))) filter (where l.marketplace = 1), cast('0' as decimal(38,4))) as mpl,
        coalesce(sum(cast(l.coupon as decimal(38,4))) filter (where l.marketplace = 0), cast('0' as decimal(38,4))) as rtl,
        min(l.created_at) as min_created_at, max(l.created_at) as max_created_at,
        min(l.to_date) as min_to_date, max(l.to_date) as max_to_date,
        min(l.min_inactive_date) as min_min_inactive_date, max(l.min_inactive_date) as max_min_inactive_date,
        min(l.template_id) as min_template_id, max(l.template_id) as max_template_id
    from listed as l
    group by l.id_company, l.is_valid
)
select
    cast(s.id_company as varchar) as id_company,
    cast(s.is_valid as varchar) as is_valid,
    cast(s.vouchers as bigint) as row_count,
    cast(s.discount_amount as decimal(38,4)) as sum_discount_amount,
    cast(s.used_discount_amount as decimal(38,4)) as sum_used_discount_amount,
    cast(s.remaining_amount as decimal(38,4)) as sum_remaining_amount,
    cast(s.shipping_discount as decimal(38,4)) as sum_shipping_discount,
    cast(s.shipping_voucher as decimal(38,4)) as sum_shipping_storecredit,
    cast(case when s.coupon is not null then s.mpl end as decimal(38,4)) as sum_mpl_storecredit,
    cast(case when s.coupon is not null then s.rtl end as decimal(38,4)) as sum_rtl_storecredit,
    cast(s.coupon - s.mpl - s.rtl as decimal(38,4)) as sum_unassigned_storecredit,
    cast(coalesce(s.coupon + s.shipping_voucher, cast('0' as decimal(38,4))) as decimal(38,4)) as sum_totalamountused,
    cast(coalesce(s.discount_amount, cast('0' as decimal(38,4)))
        - coalesce(s.coupon + s.shipping_voucher, cast('0' as decimal(38,4))) as decimal(38,4)) as sum_totalremainingamount,
    cast(s.min_created_at as timestamp(3)) as min_created_at,
    cast(s.max_created_at as timestamp(3)) as max_created_at,
    cast(s.min_to_date as timestamp(3)) as min_to_date,
    cast(s.max_to_date as timestamp(3)) as max_to_date,
    cast(s.min_min_inactive_date as timestamp(3)) as min_min_inactive_date,
    cast(s.max_min_inactive_date as timestamp(3)) as max_min_inactive_date,
    cast(s.min_template_id as varchar) as min_template_id,
    cast(s.max_template_id as varchar) as max_template_id
from summed as s
