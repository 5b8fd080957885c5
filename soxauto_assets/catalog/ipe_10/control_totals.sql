-- Independent of extract.sql: each paid item gets the instant at which it stopped being a prepayment, its own delivery or its
-- refund, whichever came first (period_end when neither came in time). Each price part is summed on its own, and the sums are
-- combined.
with
paid as (
    select
        i.id_company, i.is_marketplace, i.order_creation_date, i.finance_verified_date, i.delivered_date,
        i.package_delivery_date, i.refund_date,
        i.mtr_unit_price, i.mtr_coupon_money_value, i.mtr_cart_rule_discount, i.mtr_paid_price, i.mtr_base_shipping_amount,
        i.mtr_shipping_cart_rule_discount, i.mtr_shipping_voucher_discount, i.mtr_international_customs_fee_amount,
        i.mtr_international_customs_fee_cart_rule_discount, i.mtr_international_freight_fee,
        least(
            coalesce(i.refund_date, :period_end),
            coalesce(
                case
                    when i.is_marketplace = 1 then i.delivered_date
                    when lower(regexp_replace(i.delivery_type, ' +\z', '')) in (:digital_delivery_types) then i.delivered_date
                    else i.package_delivery_date
                end,
                :period_end
            )
        ) as settled_at
    from rpt_soi as i
    where case i.is_marketplace when 1 then 'marketplace' when 0 then i.delivery_type end is not null
        and coalesce(i.is_prepayment, 0) = 1
        and year(i.finance_verified_date) >= 2018
        and not i.finance_verified_date >= :period_end
        and not i.order_creation_date <= timestamp '2018-01-01 00:00:00'
)
select
    cast(p.id_company as varchar) as id_company,
    cast(p.is_marketplace as bigint) as is_marketplace,
    cast(count(*) as bigint) as row_count,
    cast(
        coalesce(sum(cast(p.mtr_unit_price as decimal(38,4))), cast('0' as decimal(38,4)))
        - coalesce(sum(cast(p.mtr_coupon_money_value as decimal(38,4))), cast('0' as decimal(38,4)))
        - coalesce(sum(cast(p.mtr_cart_rule_discount as decimal(38,4))), cast('0' as decimal(38,4)))
    as decimal(38,4)) as sum_paid_for_items,
    cast(
        coalesce(sum(cast(p.mtr_paid_price as decimal(38,4))), cast('0' as decimal(38,4)))
    as decimal(38,4)) as sum_paid_price,
    cast(
        coalesce(sum(cast(p.mtr_base_shipping_amount as decimal(38,4))), cast('0' as decimal(38,4)))
        + coalesce(sum(cast(p.mtr_international_customs_fee_amount as decimal(38,4))), cast('0' as decimal(38,4)))
        + coalesce(sum(cast(p.mtr_international_freight_fee as decimal(38,4))), cast('0' as decimal(38,4)))
        - coalesce(sum(cast(p.mtr_shipping_cart_rule_discount as decimal(38,4))), cast('0' as decimal(38,4)))
        - coalesce(sum(cast(p.mtr_shipping_voucher_discount as decimal(38,4))), cast('0' as decimal(38,4)))
        - coalesce(sum(cast(p.mtr_international_customs_fee_cart_rule_discount as decimal(38,4))), cast('0' as decimal(38,4)))
    as decimal(38,4)) as sum_paid_for_shipping,
    cast(min(p.order_creation_date) as timestamp(3)) as min_order_creation_date,
    cast(max(p.order_creation_date) as timestamp(3)) as max_order_creation_date,
    cast(min(p.finance_verified_date) as timestamp(3)) as min_finance_verified_date,
    cast(max(p.finance_verified_date) as timestamp(3)) as max_finance_verified_date,
    cast(min(p.delivered_date) as timestamp(3)) as min_delivered_date,
    cast(max(p.delivered_date) as timestamp(3)) as max_delivered_date,
    cast(min(p.package_delivery_date) as timestamp(3)) as min_package_delivery_date,
    cast(max(p.package_delivery_date) as timestamp(3)) as max_package_delivery_date,
    cast(min(p.refund_date) as timestamp(3)) as min_refund_date,
    cast(max(p.refund_date) as timestamp(3)) as max_refund_date
from paid as p
where not p.settled_at < :period_end
group by p.id_company, p.is_marketplace
