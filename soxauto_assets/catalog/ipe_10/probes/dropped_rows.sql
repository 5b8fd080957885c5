-- Paid items that are not refunded and not delivered (by either date), and that the legacy filters drop without a word.
with
candidate as (
    select
        coalesce(cast(i.mtr_unit_price as decimal(38,4)), cast('0' as decimal(38,4)))
            - coalesce(cast(i.mtr_coupon_money_value as decimal(38,4)), cast('0' as decimal(38,4)))
            - coalesce(cast(i.mtr_cart_rule_discount as decimal(38,4)), cast('0' as decimal(38,4)))
            + coalesce(cast(i.mtr_base_shipping_amount as decimal(38,4)), cast('0' as decimal(38,4)))
            - coalesce(cast(i.mtr_shipping_cart_rule_discount as decimal(38,4)), cast('0' as decimal(38,4)))
            - coalesce(cast(i.mtr_shipping_voucher_discount as decimal(38,4)), cast('0' as decimal(38,4)))
            + coalesce(cast(i.mtr_international_customs_fee_amount as decimal(38,4)), cast('0' as decimal(38,4)))
            - coalesce(cast(i.mtr_international_customs_fee_cart_rule_discount as decimal(38,4)), cast('0' as decimal(38,4)))
            + coalesce(cast(i.mtr_international_freight_fee as decimal(38,4)), cast('0' as decimal(38,4)))
            as amount,
        case
            when i.is_prepayment is null then 'prepayment flag is null'
            when i.order_creation_date is null then 'order creation date is null'
            when i.is_marketplace is null then 'marketplace flag is null'
            when i.is_marketplace = 0 and i.delivery_type is null then 'delivery type is null (retail)'
        end as reason
    from rpt_soi as i
    where coalesce(i.is_prepayment, 1) = 1
        and (i.order_creation_date is null or i.order_creation_date > timestamp '2018-01-01 00:00:00')
        and i.finance_verified_date >= timestamp '2018-01-01 00:00:00'
        and i.finance_verified_date < :period_end
        and (i.refund_date is null or i.refund_date >= :period_end)
        and (
            i.delivered_date is null or i.delivered_date >= :period_end
            or i.package_delivery_date is null or i.package_delivery_date >= :period_end
        )
)
select
    cast(candidate.reason as varchar) as reason,
    cast(count(*) as bigint) as row_count,
    cast(sum(candidate.amount) as decimal(38,4)) as amount
from candidate
where candidate.reason is not null
group by candidate.reason
