-- Vouchers and usage up to the cut-off that the extract leaves out, by reason.
with
voucher as (
    select
        v.discount_amount as amount,
        case
            when lower(regexp_replace(v.id_company, ' +\z', '')) not in (:id_companies_active)
                then 'voucher: company not in the list'
            when v.created_at is null then 'voucher: created_at is null'
            when v.created_at <= timestamp '2016-12-31 00:00:00.000' then 'voucher: created on or before 2016-12-31'
        end as reason
    from voucher_closing as v
    where v.created_at < :period_end or v.created_at is null
),
known as (
    select distinct
        lower(regexp_replace(v.id_company, ' +\z', '')) as company_key, lower(regexp_replace(v.code, ' +\z', '')) as code_key
    from voucher_closing as v
    where v.created_at > timestamp '2016-12-31 00:00:00.000'
        and v.created_at < :period_end
        and v.code is not null
),
item as (
    select
        cast(coalesce(i.mtr_coupon_money_value, cast('0' as decimal(18,4))) as decimal(38,4))
            + cast(coalesce(i.mtr_shipping_voucher_discount, cast('0' as decimal(18,4))) as decimal(38,4)) as amount,
        case
            when known.code_key is null then 'usage: no listed voucher has the code'
            when i.package_delivery_date is null then 'usage: delivered without a package delivery date'
            when i.delivered_date is null then 'usage: delivered_date is null'
            when year(i.delivered_date) <= 2014 then 'usage: delivered before 2015'
        end as reason
    from rpt_soi as i
    left join known
        on known.company_key = lower(regexp_replace(i.id_company, ' +\z', ''))
        and known.code_key = lower(regexp_replace(i.voucher_code, ' +\z', ''))
    where i.voucher_code is not null
        and lower(regexp_replace(i.id_company, ' +\z', '')) in (:id_companies_active)
        and (i.package_delivery_date < :period_end or (i.package_delivery_date is null and i.delivered_date < :period_end))
),
candidate as (
    select voucher.reason, cast(voucher.amount as decimal(38,4)) as amount
    from voucher
    where voucher.reason is not null
    union all
    select item.reason, item.amount
    from item
    where item.reason is not null
)
select
    cast(candidate.reason as varchar) as reason,
    cast(count(*) as bigint) as row_count,
    cast(sum(candidate.amount) as decimal(38,4)) as amount
from candidate
group by candidate.reason
