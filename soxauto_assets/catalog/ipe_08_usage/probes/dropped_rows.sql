-- Every order item that carries a voucher code or is paid by reusable credit, each in one cell with what it used. Independent of
-- extract.sql: nothing is filtered or joined, and the two parts of the amount are summed apart.
with
item as (
    select
        i.mtr_coupon_money_value, i.mtr_shipping_voucher_discount,
        case
            when coalesce(lower(regexp_replace(i.id_company, ' +\z', '')) in (:id_companies_active), false) = false
                then 'company not in the list'
            when i.voucher_type is null then 'voucher type is null'
            when lower(regexp_replace(i.voucher_type, ' +\z', '')) <> 'reusablecredit' then 'voucher type is not reusablecredit'
            when cast(i.package_delivery_date as date) > :last_day then 'package delivered after the cut-off'
            when i.package_delivery_date is null and coalesce(i.delivered_date, :period_end) >= :period_end
                then 'not delivered at the cut-off'
            when i.package_delivery_date is null then 'delivered without a package delivery date'
            when i.delivered_date is null then 'delivered_date is null'
            when i.delivered_date < timestamp '2015-01-01 00:00:00.000' then 'delivered before 2015'
            else 'listed'
        end as reason
    from rpt_soi as i
    where i.voucher_code is not null or lower(regexp_replace(i.voucher_type, ' +\z', '')) = 'reusablecredit'
)
select
    cast(item.reason as varchar) as reason,
    cast(count(*) as bigint) as row_count,
    cast(coalesce(sum(cast(item.mtr_coupon_money_value as decimal(38,4))), cast('0' as decimal(38,4)))
        + coalesce(sum(cast(item.mtr_shipping_voucher_discount as decimal(38,4))), cast('0' as decimal(38,4))) as decimal(38,4))
        as amount
from item
group by item.reason
