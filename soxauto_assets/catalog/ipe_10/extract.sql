-- IPE_10 customer prepayments: one order item that was paid before the cut-off and is neither delivered nor refunded at it
-- (domain 3.9). Texts are compared on lower case without trailing blanks; the output keeps the raw text.
with
item as (
    select
        i.id_company, i.is_prepayment, i.cod_oms_sales_order_item, i.order_nr, i.bob_id_customer, i.current_status,
        i.is_marketplace, i.payment_method, i.order_creation_date, i.finance_verified_date, i.delivered_date,
        i.package_delivery_date, i.refund_completed, i.refund_date, i.fail_date, i.delivery_type,
        lower(regexp_replace(i.delivery_type, ' +\z', '')) as delivery_type_key,
        coalesce(cast(i.mtr_unit_price as decimal(38,4)), cast('0' as decimal(38,4)))
            - coalesce(cast(i.mtr_coupon_money_value as decimal(38,4)), cast('0' as decimal(38,4)))
            - coalesce(cast(i.mtr_cart_rule_discount as decimal(38,4)), cast('0' as decimal(38,4)))
            as paid_for_items,
        coalesce(cast(i.mtr_paid_price as decimal(38,4)), cast('0' as decimal(38,4))) as paid_price,
        coalesce(cast(i.mtr_base_shipping_amount as decimal(38,4)), cast('0' as decimal(38,4)))
            - coalesce(cast(i.mtr_shipping_cart_rule_discount as decimal(38,4)), cast('0' as decimal(38,4)))
            - coalesce(cast(i.mtr_shipping_voucher_discount as decimal(38,4)), cast('0' as decimal(38,4)))
            + coalesce(cast(i.mtr_international_customs_fee_amount as decimal(38,4)), cast('0' as decimal(38,4)))
            - coalesce(cast(i.mtr_international_customs_fee_cart_rule_discount as decimal(38,4)), cast('0' as decimal(38,4)))
            + coalesce(cast(i.mtr_international_freight_fee as decimal(38,4)), cast('0' as decimal(38,4)))
            as paid_for_shipping
    from rpt_soi as i
    where i.order_creation_date > timestamp '2018-01-01 00:00:00'
        and i.is_prepayment = 1
        and i.finance_verified_date >= timestamp '2018-01-01 00:00:00'
        and i.finance_verified_date < :period_end
        and (i.refund_date is null or i.refund_date >= :period_end)
)
select
    cast(item.id_company as varchar) as id_company,
    cast(item.is_prepayment as bigint) as is_prepayment,
    cast(item.cod_oms_sales_order_item as varchar) as cod_oms_sales_order_item,
    cast(item.order_nr as varchar) as order_nr,
    cast(item.bob_id_customer as varchar) as bob_id_customer,
    cast(item.current_status as varchar) as current_status,
    cast(case when lower(regexp_replace(item.current_status, ' +\z', '')) = 'closed' then 1 else 0 end as bigint) as is_closed,
    cast(item.is_marketplace as bigint) as is_marketplace,
    cast(item.payment_method as varchar) as payment_method,
    cast(item.order_creation_date as timestamp(3)) as order_creation_date,
    cast(item.finance_verified_date as timestamp(3)) as finance_verified_date,
    cast(item.delivered_date as timestamp(3)) as delivered_date,
    cast(item.package_delivery_date as timestamp(3)) as package_delivery_date,
    cast(item.refund_completed as bigint) as refund_completed,
    cast(item.refund_date as timestamp(3)) as refund_date,
    cast(item.fail_date as timestamp(3)) as fail_date,
    cast(item.paid_for_items as decimal(18,4)) as paid_for_items,
    cast(item.paid_price as decimal(18,4)) as paid_price,
    cast(item.paid_for_shipping as decimal(18,4)) as paid_for_shipping,
    cast(item.delivery_type as varchar) as delivery_type
from item
where (
        item.is_marketplace = 1
        and (item.delivered_date is null or item.delivered_date >= :period_end)
    )
    or (
        item.is_marketplace = 0
        and item.delivery_type_key in (:digital_delivery_types)
        and (item.delivered_date is null or item.delivered_date >= :period_end)
    )
    or (
        item.is_marketplace = 0
        and item.delivery_type_key not in (:digital_delivery_types)
        and (item.package_delivery_date is null or item.package_delivery_date >= :period_end)
    )
