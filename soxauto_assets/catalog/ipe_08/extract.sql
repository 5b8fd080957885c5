-- IPE_08 voucher liability: one voucher created before the cut-off, with what was used of it until then (domain 3.6).
-- Texts are compared on lower case without trailing blanks, as SQL Server's collation compares them; the output keeps the raw text.
-- Usage is summed per company and code, over voucher types and marketplace flags, so that a voucher stays one row.
with
item as (
    select
        lower(regexp_replace(i.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(i.voucher_code, ' +\z', '')) as code_key,
        i.voucher_type,
        lower(regexp_replace(i.voucher_type, ' +\z', '')) as type_key,
        coalesce(i.is_marketplace, -1) as marketplace,
        cast(coalesce(i.mtr_shipping_discount_amount, cast('0' as decimal(18,4))) as decimal(38,4)) as shipping_discount,
        cast(coalesce(i.mtr_shipping_voucher_discount, cast('0' as decimal(18,4))) as decimal(38,4)) as shipping_voucher,
        cast(coalesce(i.mtr_coupon_money_value, cast('0' as decimal(18,4))) as decimal(38,4)) as coupon
    from rpt_soi as i
    where i.package_delivery_date < :period_end
        and year(i.delivered_date) > 2014
        and i.voucher_code is not null
),
usage as (
    select
        t.company_key, t.code_key,
        case when min(t.type_key) = max(t.type_key) and count(t.type_key) = count(*) then min(t.voucher_type) end as voucher_type,
        sum(t.shipping_discount) as shipping_discount,
        sum(t.shipping_voucher) as shipping_storecredit,
        sum(case when t.marketplace = 1 then t.coupon else cast('0' as decimal(38,4)) end) as mpl_storecredit,
        sum(case when t.marketplace = 0 then t.coupon else cast('0' as decimal(38,4)) end) as rtl_storecredit,
        sum(case when t.marketplace in (0, 1) then cast('0' as decimal(38,4)) else t.coupon end) as unassigned_storecredit
    from item as t
    group by t.company_key, t.code_key
),
template as (
    select distinct
        lower(regexp_replace(s.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(s.id, ' +\z', '')) as voucher_key,
        s.template_id, s.template_name
    from store_credit_voucher as s
),
voucher as (
    select
        v.id_company, v.id, v.code, v.business_use, v.description, v.is_active, v.type, v.template_status, v.discount_amount,
        v.from_date, v.to_date, v.created_at, v.updated_at, v.last_time_used, v.snapshot_date, v.voucher_inactive_date,
        v.template_inactive_date, v.reason, v.fk_customer, v.used_discount_amount, v.times_used, v.remaining_amount,
        template.template_id, template.template_name,
        usage.voucher_type, usage.shipping_discount, usage.shipping_storecredit, usage.mpl_storecredit, usage.rtl_storecredit,
        usage.unassigned_storecredit,
        coalesce(usage.shipping_storecredit, cast('0' as decimal(38,4)))
            + coalesce(usage.mpl_storecredit, cast('0' as decimal(38,4)))
            + coalesce(usage.rtl_storecredit, cast('0' as decimal(38,4)))
            + coalesce(usage.unassigned_storecredit, cast('0' as decimal(38,4))) as totalamountused,
        case
            when v.voucher_inactive_date > v.template_inactive_date then v.template_inactive_date
            else v.voucher_inactive_date
        end as inactive_date
    from voucher_closing as v
    left join template
        on template.company_key = lower(regexp_replace(v.id_company, ' +\z', ''))
        and template.voucher_key = lower(regexp_replace(v.id, ' +\z', ''))
    left join usage
        on usage.company_key = lower(regexp_replace(v.id_company, ' +\z', ''))
        and usage.code_key = lower(regexp_replace(v.code, ' +\z', ''))
    where lower(regexp_replace(v.id_company, ' +\z', '')) in (:id_companies_active)
        and v.created_at > timestamp '2016-12-31 00:00:00.000'
        and v.created_at < :period_end
)
select
    cast(voucher.id_company as varchar) as id_company,
    cast(voucher.id as varchar) as id,
    cast(voucher.business_use as varchar) as business_use,
    cast(case
        when lower(regexp_replace(voucher.business_use, ' +\z', '')) <> 'jpay_store_credit' then voucher.business_use
        when voucher.business_use is null then voucher.business_use
        when substr(lower(voucher.code), 1, 2) = 'gc' then 'jpay_store_credit_gift'
        when substr(lower(voucher.code), 1, 2) = 'jp' then 'jpay_store_credit_DS'
        else 'jpay_store_credit_other'
    end as varchar) as business_use_formatted,
    cast(voucher.template_id as varchar) as template_id,
    cast(voucher.template_name as varchar) as template_name,
    cast(voucher.description as varchar) as description,
    cast(voucher.is_active as bigint) as is_active,
    cast(voucher.type as varchar) as type,
    cast(voucher.template_status as varchar) as template_status,
    cast(voucher.discount_amount as decimal(18,4)) as discount_amount,
    cast(voucher.from_date as timestamp(3)) as from_date,
    cast(voucher.to_date as timestamp(3)) as to_date,
    cast(date_format(voucher.to_date, '%Y-%m') as varchar) as expiration_ym,
    cast(case when voucher.to_date < :period_end then 'expired' else 'valid' end as varchar) as is_valid,
    cast(voucher.created_at as timestamp(3)) as created_at,
    cast(date_format(voucher.created_at, '%Y-%m') as varchar) as creation_ym,
    cast(date_format(voucher.updated_at, '%Y-%m') as varchar) as last_update_ym,
    cast(voucher.last_time_used as timestamp(3)) as last_time_used,
    cast(voucher.snapshot_date as timestamp(3)) as snapshot_date,
    cast(voucher.voucher_inactive_date as timestamp(3)) as voucher_inactive_date,
    cast(voucher.template_inactive_date as timestamp(3)) as template_inactive_date,
    cast(date_format(voucher.voucher_inactive_date, '%Y-%m') as varchar) as codeinactive_ym,
    cast(date_format(voucher.template_inactive_date, '%Y-%m') as varchar) as templateinactive_ym,
    cast(voucher.reason as varchar) as reason,
    cast(voucher.updated_at as timestamp(3)) as updated_at,
    cast(voucher.fk_customer as varchar) as fk_customer,
    cast(voucher.used_discount_amount as decimal(18,4)) as used_discount_amount,
    cast(voucher.times_used as bigint) as times_used,
    cast(voucher.remaining_amount as decimal(18,4)) as remaining_amount,
    cast(voucher.voucher_type as varchar) as voucher_type,
    cast(voucher.shipping_discount as decimal(18,4)) as shipping_discount,
    cast(voucher.shipping_storecredit as decimal(18,4)) as shipping_storecredit,
    cast(voucher.mpl_storecredit as decimal(18,4)) as mpl_storecredit,
    cast(voucher.rtl_storecredit as decimal(18,4)) as rtl_storecredit,
    cast(voucher.totalamountused as decimal(18,4)) as totalamountused,
    cast(cast(coalesce(voucher.discount_amount, cast('0' as decimal(18,4))) as decimal(38,4))
        - voucher.totalamountused as decimal(18,4)) as totalremainingamount,
    cast(case
        when voucher.to_date > voucher.inactive_date then voucher.inactive_date
        else voucher.to_date
    end as timestamp(3)) as min_inactive_date,
    cast(voucher.code as varchar) as code,
    cast(voucher.unassigned_storecredit as decimal(18,4)) as unassigned_storecredit
from voucher
