-- IPE_12 packages delivered not reconciled: one order item that was delivered and paid on delivery, whose package is not
-- settled in the cash reconciliation at the cut-off (domain 3.10). Package data stand on each of its items.
-- Texts are compared on lower case without trailing blanks; the output keeps the raw text.
with
package as (
    select distinct
        lower(regexp_replace(p.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(p.package_nr, ' +\z', '')) as package_key,
        p.order_nr, p.amount_expected, p.amount_received, p.fk_package_status, p.package_status, p.delivered_update_date,
        p.delivery_date, p.fk_collection_partner, p.last_mile, p.payment_method_confirmed, p.troubleshoot_resolution_date
    from package_cashrec as p
),
customer_type as (
    select distinct lower(regexp_replace(c.bob_customer_type, ' +\z', '')) as type_key, c.customer_type
    from bob_customer_type as c
)
select
    cast(i.id_company as varchar) as id_company,
    cast(i.cod_oms_sales_order_item as varchar) as cod_oms_sales_order_item,
    cast(i.cod_oms_id_package as varchar) as cod_oms_id_package,
    cast(i.payment_method as varchar) as payment_method,
    cast(i.is_marketplace as bigint) as is_marketplace,
    cast(i.order_nr as varchar) as order_nr,
    cast(i.package_number as varchar) as package_number,
    cast(i.voucher_type as varchar) as voucher_type,
    cast(i.bob_id_customer as varchar) as bob_id_customer,
    cast(i.order_creation_date as timestamp(3)) as order_creation_date,
    cast(i.shipped_date as timestamp(3)) as shipped_date,
    cast(i.delivered_date as timestamp(3)) as delivered_date,
    cast(i.package_delivery_date as timestamp(3)) as package_delivery_date,
    cast(i.is_prepayment as bigint) as is_prepayment,
    cast(i.mtr_shipping_fee_modification as decimal(18,4)) as mtr_shipping_fee_modification,
    cast(i.tracking_number as varchar) as tracking_number,
    cast(i.oms_package_status as varchar) as oms_package_status,
    cast(customer_type.customer_type as varchar) as customer_type,
    cast(package.amount_expected as decimal(18,4)) as amount_expected,
    cast(package.amount_received as decimal(18,4)) as amount_received,
    cast(package.fk_package_status as varchar) as fk_package_status,
    cast(package.delivered_update_date as timestamp(3)) as delivered_update_date,
    cast(package.delivery_date as timestamp(3)) as delivery_date,
    cast(package.fk_collection_partner as varchar) as fk_collection_partner,
    cast(package.last_mile as varchar) as last_mile,
    cast(package.package_status as varchar) as package_status_cashrec,
    cast(package.payment_method_confirmed as varchar) as payment_method_confirmed,
    cast(package.troubleshoot_resolution_date as timestamp(3)) as troubleshoot_resolution_date,
    cast(coalesce(i.mtr_amount_paid, cast('0' as decimal(18,4))) as decimal(18,4)) as amount_paid,
    cast(coalesce(i.mtr_paid_price, cast('0' as decimal(18,4))) as decimal(18,4)) as paid_price,
    cast(
        coalesce(cast(i.mtr_base_shipping_amount as decimal(38,4)), cast('0' as decimal(38,4)))
        - coalesce(cast(i.mtr_shipping_cart_rule_discount as decimal(38,4)), cast('0' as decimal(38,4)))
        - coalesce(cast(i.mtr_shipping_voucher_discount as decimal(38,4)), cast('0' as decimal(38,4)))
        + coalesce(cast(i.mtr_international_customs_fee_amount as decimal(38,4)), cast('0' as decimal(38,4)))
        - coalesce(cast(i.mtr_international_customs_fee_cart_rule_discount as decimal(38,4)), cast('0' as decimal(38,4)))
        + coalesce(cast(i.mtr_international_freight_fee as decimal(38,4)), cast('0' as decimal(38,4)))
        - coalesce(cast(i.mtr_international_delivery_fee_cart_rule as decimal(38,4)), cast('0' as decimal(38,4)))
    as decimal(18,4)) as paid_shipping,
    cast(package.order_nr as varchar) as package_order_nr
from rpt_soi as i
left join package
    on package.company_key = lower(regexp_replace(i.id_company, ' +\z', ''))
    and package.package_key = lower(regexp_replace(i.package_number, ' +\z', ''))
left join customer_type
    on customer_type.type_key = lower(regexp_replace(i.bob_customer_type, ' +\z', ''))
where i.is_prepayment = 0
    and lower(regexp_replace(i.payment_method, ' +\z', '')) <> 'nopayment'
    and i.delivered_date >= timestamp '2019-01-01 00:00:00'
    and i.delivered_date < :period_end
    and (package.troubleshoot_resolution_date is null or package.troubleshoot_resolution_date >= :period_end)
