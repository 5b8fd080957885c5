-- The status matrix of all order items at the cut-off: prepaid x delivered x refunded x returned, each item in one cell, named in
-- words. Independent of extract.sql: nothing is filtered; each item gets its words, and whole cells are summed, part by part.
-- Delivered is what the date says that counts for the item (domain 3.9). The extract's own cells are those of prepaid items neither
-- delivered nor refunded: listed, or left out with what they lack.
with
state as (
    select
        case
            when i.is_prepayment is null then 'prepayment flag is null'
            when i.is_prepayment = 1 then 'prepaid'
            else 'not prepaid'
        end as prepaid,
        case
            when coalesce(i.is_marketplace, -1) not in (0, 1) then 'marketplace flag is null'
            when i.is_marketplace = 0 and i.delivery_type is null then 'delivery type is null (retail)'
            when case
                when i.is_marketplace = 0
                    and lower(regexp_replace(i.delivery_type, ' +\z', '')) not in (:digital_delivery_types)
                    then i.package_delivery_date
                else i.delivered_date
            end < :period_end then 'delivered'
            else 'not delivered'
        end as delivered,
        case when i.refund_date < :period_end then 'refunded' else 'not refunded' end as refunded,
        case when i.return_date < :period_end then 'returned' else 'not returned' end as returned,
        case
            when i.order_creation_date is null then 'order creation date is null'
            when i.order_creation_date <= timestamp '2018-01-01 00:00:00' then 'ordered on or before 2018-01-01'
            when i.finance_verified_date is null then 'payment not verified'
            when year(i.finance_verified_date) < 2018 then 'payment verified before 2018'
            when i.finance_verified_date >= :period_end then 'payment verified after the cut-off'
            else 'listed'
        end as paid,
        i.mtr_unit_price, i.mtr_coupon_money_value, i.mtr_cart_rule_discount, i.mtr_base_shipping_amount,
        i.mtr_shipping_cart_rule_discount, i.mtr_shipping_voucher_discount, i.mtr_international_customs_fee_amount,
        i.mtr_international_customs_fee_cart_rule_discount, i.mtr_international_freight_fee
    from rpt_soi as i
),
matrix as (
    select
        s.prepaid, s.delivered, s.refunded, s.returned, s.paid, count(*) as items,
        coalesce(sum(cast(s.mtr_unit_price as decimal(38,4))), cast('0' as decimal(38,4)))
            - coalesce(sum(cast(s.mtr_coupon_money_value as decimal(38,4))), cast('0' as decimal(38,4)))
            - coalesce(sum(cast(s.mtr_cart_rule_discount as decimal(38,4))), cast('0' as decimal(38,4)))
            + coalesce(sum(cast(s.mtr_base_shipping_amount as decimal(38,4))), cast('0' as decimal(38,4)))
            + coalesce(sum(cast(s.mtr_international_customs_fee_amount as decimal(38,4))), cast('0' as decimal(38,4)))
            + coalesce(sum(cast(s.mtr_international_freight_fee as decimal(38,4))), cast('0' as decimal(38,4)))
            - coalesce(sum(cast(s.mtr_shipping_cart_rule_discount as decimal(38,4))), cast('0' as decimal(38,4)))
            - coalesce(sum(cast(s.mtr_shipping_voucher_discount as decimal(38,4))), cast('0' as decimal(38,4)))
            - coalesce(sum(cast(s.mtr_international_customs_fee_cart_rule_discount as decimal(38,4))), cast('0' as decimal(38,4)))
            as amount
    from state as s
    group by s.prepaid, s.delivered, s.refunded, s.returned, s.paid
),
named as (
    select
        m.items, m.amount,
        case
            when m.prepaid <> 'prepaid' or m.delivered <> 'not delivered' or m.refunded <> 'not refunded'
                then concat(m.prepaid, ', ', m.delivered, ', ', m.refunded, ', ', m.returned)
            when m.paid = 'listed' then 'listed'
            else concat(m.prepaid, ', ', m.delivered, ', ', m.refunded, ', ', m.returned, ': ', m.paid)
        end as reason
    from matrix as m
)
select
    cast(n.reason as varchar) as reason,
    cast(sum(n.items) as bigint) as row_count,
    cast(sum(n.amount) as decimal(38,4)) as amount
from named as n
group by n.reason
