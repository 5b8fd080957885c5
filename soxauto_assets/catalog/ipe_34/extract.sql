-- IPE_34 marketplace refund liability: one order item that at the cut-off is refunded and not yet returned, or returned and not
-- yet refunded (domain 3.13). An item stands in one case at most.
-- Texts are compared on lower case without trailing blanks; the output keeps the raw text.
with
item as (
    select
        i.id_company, i.cod_oms_sales_order_item, i.current_status, i.is_marketplace, i.order_nr, i.bob_id_customer,
        i.return_date, i.is_global, i.finance_verified_date, i.refund_date, i.bob_customer_type, i.delivered_date,
        coalesce(cast(i.mtr_price_after_discount as decimal(38,4)), cast('0' as decimal(38,4)))
            + coalesce(cast(i.mtr_base_shipping_amount as decimal(38,4)), cast('0' as decimal(38,4)))
            + coalesce(cast(i.mtr_international_customs_fee_amount as decimal(38,4)), cast('0' as decimal(38,4)))
            - coalesce(cast(i.mtr_international_customs_fee_cart_rule_discount as decimal(38,4)), cast('0' as decimal(38,4)))
            - coalesce(cast(i.mtr_shipping_cart_rule_discount as decimal(38,4)), cast('0' as decimal(38,4)))
            - case
                when lower(regexp_replace(i.voucher_type, ' +\z', '')) = 'coupon'
                    then coalesce(cast(i.mtr_shipping_voucher_discount as decimal(38,4)), cast('0' as decimal(38,4)))
                else cast('0' as decimal(38,4))
            end as amount
    from rpt_soi as i
    where lower(regexp_replace(i.id_company, ' +\z', '')) not in (:excluded_companies_ipe34)
),
open_case as (
    -- refunded, not yet returned
    select
        i.refund_date as case_date, i.amount as amounttorefund,
        i.id_company, i.cod_oms_sales_order_item, i.current_status, i.is_marketplace, i.order_nr, i.bob_id_customer,
        i.return_date, i.is_global, i.finance_verified_date, i.refund_date, i.bob_customer_type, i.delivered_date
    from item as i
    where i.delivered_date is not null
        and i.refund_date >= timestamp '2019-01-01 00:00:00'
        and i.refund_date < :period_end
        and (i.return_date is null or i.return_date >= :period_end)
    union all
    -- returned, not yet refunded
    select
        i.return_date as case_date, -i.amount as amounttorefund,
        i.id_company, i.cod_oms_sales_order_item, i.current_status, i.is_marketplace, i.order_nr, i.bob_id_customer,
        i.return_date, i.is_global, i.finance_verified_date, i.refund_date, i.bob_customer_type, i.delivered_date
    from item as i
    where i.return_date >= timestamp '2019-01-01 00:00:00'
        and i.return_date < :period_end
        and (i.refund_date is null or i.refund_date >= :period_end)
),
refund as (
    select distinct
        lower(regexp_replace(r.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(r.oms_id_sales_order_item, ' +\z', '')) as item_key,
        r.oms_type
    from refund_no_return as r
),
customer_type as (
    select distinct lower(regexp_replace(c.bob_customer_type, ' +\z', '')) as type_key, c.customer_type_l1
    from bob_customer_type as c
)
select
    cast(o.id_company as varchar) as id_company,
    cast(o.cod_oms_sales_order_item as varchar) as cod_oms_sales_order_item,
    cast(o.current_status as varchar) as current_status,
    cast(case
        when o.refund_date < :period_end then 'Refunded not yet returned'
        else 'Returned not yet refunded'
    end as varchar) as case_type,
    cast(o.is_marketplace as bigint) as is_marketplace,
    cast(o.order_nr as varchar) as order_nr,
    cast(o.bob_id_customer as varchar) as bob_id_customer,
    cast(o.return_date as timestamp(3)) as return_date,
    cast(o.is_global as bigint) as is_global,
    cast(o.finance_verified_date as timestamp(3)) as finance_verified_date,
    cast(o.refund_date as timestamp(3)) as refund_date,
    cast(refund.oms_type as varchar) as oms_type,
    cast(customer_type.customer_type_l1 as varchar) as customer_type_l1,
    cast(o.amounttorefund as decimal(18,4)) as amounttorefund,
    cast(o.delivered_date as timestamp(3)) as delivered_date,
    cast(o.case_date as timestamp(3)) as case_date
from open_case as o
left join refund
    on refund.company_key = lower(regexp_replace(o.id_company, ' +\z', ''))
    and refund.item_key = lower(regexp_replace(o.cod_oms_sales_order_item, ' +\z', ''))
left join customer_type
    on customer_type.type_key = lower(regexp_replace(o.bob_customer_type, ' +\z', ''))
