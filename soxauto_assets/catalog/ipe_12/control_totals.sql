-- Independent of extract.sql: items are summed per package first, price part by price part, over all of them; then whole groups
-- are left out. What the cash reconciliation says of a package is looked up by value and counted once per item.
with
package_total as (
    select
        i.id_company,
        lower(regexp_replace(i.package_number, ' +\z', '')) as package_key,
        lower(regexp_replace(i.bob_customer_type, ' +\z', '')) as type_key,
        coalesce(lower(regexp_replace(i.payment_method, ' +\z', '')), 'nopayment') as payment_key,
        i.is_prepayment,
        case
            when i.delivered_date >= :period_end then 'after'
            when year(i.delivered_date) > 2018 then 'in time'
        end as delivered,
        sum(cast(i.mtr_amount_paid as decimal(38,4))) as amount_paid,
        sum(cast(i.mtr_paid_price as decimal(38,4))) as paid_price,
        sum(cast(i.mtr_shipping_fee_modification as decimal(38,4))) as shipping_fee_modification,
        sum(cast(i.mtr_base_shipping_amount as decimal(38,4))) as base_shipping_amount,
        sum(cast(i.mtr_international_customs_fee_amount as decimal(38,4))) as international_customs_fee_amount,
        sum(cast(i.mtr_international_freight_fee as decimal(38,4))) as international_freight_fee,
        sum(cast(i.mtr_shipping_cart_rule_discount as decimal(38,4))) as shipping_cart_rule_discount,
        sum(cast(i.mtr_shipping_voucher_discount as decimal(38,4))) as shipping_voucher_discount,
        sum(cast(i.mtr_international_customs_fee_cart_rule_discount as decimal(38,4))) as customs_fee_cart_rule_discount,
        sum(cast(i.mtr_international_delivery_fee_cart_rule as decimal(38,4))) as international_delivery_fee_cart_rule,
        count(*) as items, min(i.delivered_date) as min_delivered_date, max(i.delivered_date) as max_delivered_date
    from rpt_soi as i
    group by 1, 2, 3, 4, 5, 6
),
looked_up as (
    select
        t.id_company, t.items, t.min_delivered_date, t.max_delivered_date,
        t.amount_paid, t.paid_price, t.shipping_fee_modification,
        t.base_shipping_amount, t.international_customs_fee_amount, t.international_freight_fee,
        t.shipping_cart_rule_discount, t.shipping_voucher_discount,
        t.customs_fee_cart_rule_discount, t.international_delivery_fee_cart_rule,
        (
            select max(p.amount_expected)
            from package_cashrec as p
            where lower(regexp_replace(p.id_company, ' +\z', '')) = lower(regexp_replace(t.id_company, ' +\z', ''))
                and lower(regexp_replace(p.package_nr, ' +\z', '')) = t.package_key
        ) as amount_expected,
        (
            select max(p.amount_received)
            from package_cashrec as p
            where lower(regexp_replace(p.id_company, ' +\z', '')) = lower(regexp_replace(t.id_company, ' +\z', ''))
                and lower(regexp_replace(p.package_nr, ' +\z', '')) = t.package_key
        ) as amount_received,
        (
            select max(p.troubleshoot_resolution_date)
            from package_cashrec as p
            where lower(regexp_replace(p.id_company, ' +\z', '')) = lower(regexp_replace(t.id_company, ' +\z', ''))
                and lower(regexp_replace(p.package_nr, ' +\z', '')) = t.package_key
        ) as troubleshoot_resolution_date,
        (
            select max(c.customer_type)
            from bob_customer_type as c
            where lower(regexp_replace(c.bob_customer_type, ' +\z', '')) = t.type_key
        ) as customer_type
    from package_total as t
    where t.is_prepayment = 0
        and t.delivered = 'in time'
        and t.payment_key not in ('nopayment')
        and not exists (
            select 1
            from package_cashrec as p
            where lower(regexp_replace(p.id_company, ' +\z', '')) = lower(regexp_replace(t.id_company, ' +\z', ''))
                and lower(regexp_replace(p.package_nr, ' +\z', '')) = t.package_key
                and p.troubleshoot_resolution_date < :period_end
        )
)
select
    cast(t.id_company as varchar) as id_company,
    cast(t.customer_type as varchar) as customer_type,
    cast(sum(t.items) as bigint) as row_count,
    cast(coalesce(sum(t.amount_paid), cast('0' as decimal(38,4))) as decimal(38,4)) as sum_amount_paid,
    cast(coalesce(sum(t.paid_price), cast('0' as decimal(38,4))) as decimal(38,4)) as sum_paid_price,
    cast(
        coalesce(sum(t.base_shipping_amount), cast('0' as decimal(38,4)))
        + coalesce(sum(t.international_customs_fee_amount), cast('0' as decimal(38,4)))
        + coalesce(sum(t.international_freight_fee), cast('0' as decimal(38,4)))
        - coalesce(sum(t.shipping_cart_rule_discount), cast('0' as decimal(38,4)))
        - coalesce(sum(t.shipping_voucher_discount), cast('0' as decimal(38,4)))
        - coalesce(sum(t.customs_fee_cart_rule_discount), cast('0' as decimal(38,4)))
        - coalesce(sum(t.international_delivery_fee_cart_rule), cast('0' as decimal(38,4)))
    as decimal(38,4)) as sum_paid_shipping,
    cast(sum(t.shipping_fee_modification) as decimal(38,4)) as sum_mtr_shipping_fee_modification,
    cast(sum(cast(t.items as decimal(38,0)) * t.amount_expected) as decimal(38,4)) as sum_amount_expected,
    cast(sum(cast(t.items as decimal(38,0)) * t.amount_received) as decimal(38,4)) as sum_amount_received,
    cast(min(t.min_delivered_date) as timestamp(3)) as min_delivered_date,
    cast(max(t.max_delivered_date) as timestamp(3)) as max_delivered_date,
    cast(min(t.troubleshoot_resolution_date) as timestamp(3)) as min_troubleshoot_resolution_date,
    cast(max(t.troubleshoot_resolution_date) as timestamp(3)) as max_troubleshoot_resolution_date
from looked_up as t
group by t.id_company, t.customer_type
