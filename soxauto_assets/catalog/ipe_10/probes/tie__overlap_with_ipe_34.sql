-- Order items that are a prepayment here and stand in IPE_34 as well: the same money counts twice (domain 3.9, 3.13). A refunded
-- item is no prepayment, so that an item of both is returned and not refunded, and was not delivered by the date that counts.
-- Amounts: as IPE_10 lists it, and as IPE_34 does, negative.
with
item as (
    select
        i.id_company, i.cod_oms_sales_order_item, i.return_date,
        coalesce(cast(i.mtr_unit_price as decimal(38,4)), cast('0' as decimal(38,4)))
            - coalesce(cast(i.mtr_coupon_money_value as decimal(38,4)), cast('0' as decimal(38,4)))
            - coalesce(cast(i.mtr_cart_rule_discount as decimal(38,4)), cast('0' as decimal(38,4)))
            as items,
        coalesce(cast(i.mtr_price_after_discount as decimal(38,4)), cast('0' as decimal(38,4))) as price,
        coalesce(cast(i.mtr_base_shipping_amount as decimal(38,4)), cast('0' as decimal(38,4)))
            + coalesce(cast(i.mtr_international_customs_fee_amount as decimal(38,4)), cast('0' as decimal(38,4)))
            - coalesce(cast(i.mtr_international_customs_fee_cart_rule_discount as decimal(38,4)), cast('0' as decimal(38,4)))
            - coalesce(cast(i.mtr_shipping_cart_rule_discount as decimal(38,4)), cast('0' as decimal(38,4)))
            as fees,
        coalesce(cast(i.mtr_international_freight_fee as decimal(38,4)), cast('0' as decimal(38,4))) as freight,
        coalesce(cast(i.mtr_shipping_voucher_discount as decimal(38,4)), cast('0' as decimal(38,4))) as voucher,
        lower(regexp_replace(i.voucher_type, ' +\z', '')) as voucher_key
    from rpt_soi as i
    where i.return_date >= timestamp '2019-01-01 00:00:00'
        and i.return_date < :period_end
        and coalesce(i.refund_date, :period_end) >= :period_end
        and lower(regexp_replace(i.id_company, ' +\z', '')) not in (:excluded_companies_ipe34)
        and i.is_prepayment = 1
        and i.order_creation_date > timestamp '2018-01-01 00:00:00'
        and i.finance_verified_date >= timestamp '2018-01-01 00:00:00'
        and i.finance_verified_date < :period_end
        and case
            when i.is_marketplace = 1 then coalesce(i.delivered_date, :period_end)
            when i.is_marketplace = 0 and lower(regexp_replace(i.delivery_type, ' +\z', '')) in (:digital_delivery_types)
                then coalesce(i.delivered_date, :period_end)
            when i.is_marketplace = 0 and i.delivery_type is not null then coalesce(i.package_delivery_date, :period_end)
        end >= :period_end
)
select
    cast(item.id_company as varchar) as id_company,
    cast(item.cod_oms_sales_order_item as varchar) as cod_oms_sales_order_item,
    cast(item.return_date as timestamp(3)) as return_date,
    cast(item.items + item.fees + item.freight - item.voucher as decimal(18,4)) as amount_ipe_10,
    cast(-(item.price + item.fees
        - case when item.voucher_key = 'coupon' then item.voucher else cast('0' as decimal(38,4)) end) as decimal(18,4))
        as amount_ipe_34
from item
