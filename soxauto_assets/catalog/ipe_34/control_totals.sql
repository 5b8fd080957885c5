-- Independent of extract.sql: one pass over the items without a union. A side that is not done in time counts as done at
-- period_end; of two sides the one done earlier names the case. Each price part is summed on its own, look-ups are by value,
-- and the companies that stay out leave as whole groups.
with
side as (
    select
        i.id_company, i.cod_oms_sales_order_item, i.bob_customer_type, i.voucher_type, i.return_date, i.refund_date,
        i.delivered_date, i.mtr_price_after_discount, i.mtr_base_shipping_amount, i.mtr_international_customs_fee_amount,
        i.mtr_international_customs_fee_cart_rule_discount, i.mtr_shipping_cart_rule_discount, i.mtr_shipping_voucher_discount,
        least(coalesce(i.refund_date, :period_end), :period_end) as refunded_at,
        least(coalesce(i.return_date, :period_end), :period_end) as returned_at
    from rpt_soi as i
),
cased as (
    select
        s.id_company, s.return_date, s.refund_date, s.delivered_date, s.mtr_price_after_discount, s.mtr_base_shipping_amount,
        s.mtr_international_customs_fee_amount, s.mtr_international_customs_fee_cart_rule_discount,
        s.mtr_shipping_cart_rule_discount,
        case lower(regexp_replace(s.voucher_type, ' +\z', '')) when 'coupon' then s.mtr_shipping_voucher_discount end as coupon,
        least(s.refunded_at, s.returned_at) as case_date,
        case
            when s.refunded_at < s.returned_at then 'Refunded not yet returned'
            else 'Returned not yet refunded'
        end as case_type,
        (
            select max(r.oms_type)
            from refund_no_return as r
            where lower(regexp_replace(r.id_company, ' +\z', '')) = lower(regexp_replace(s.id_company, ' +\z', ''))
                and lower(regexp_replace(r.oms_id_sales_order_item, ' +\z', ''))
                    = lower(regexp_replace(s.cod_oms_sales_order_item, ' +\z', ''))
        ) as oms_type,
        (
            select max(c.customer_type_l1)
            from bob_customer_type as c
            where lower(regexp_replace(c.bob_customer_type, ' +\z', '')) = lower(regexp_replace(s.bob_customer_type, ' +\z', ''))
        ) as customer_type_l1
    from side as s
    where greatest(s.refunded_at, s.returned_at) = :period_end
        and least(s.refunded_at, s.returned_at) < :period_end
        and year(least(s.refunded_at, s.returned_at)) > 2018
        and case when s.refunded_at < s.returned_at then s.delivered_date else s.return_date end is not null
),
case_total as (
    select
        c.id_company, c.case_type, c.oms_type, c.customer_type_l1, count(*) as items,
        coalesce(sum(cast(c.mtr_price_after_discount as decimal(38,4))), cast('0' as decimal(38,4)))
            + coalesce(sum(cast(c.mtr_base_shipping_amount as decimal(38,4))), cast('0' as decimal(38,4)))
            + coalesce(sum(cast(c.mtr_international_customs_fee_amount as decimal(38,4))), cast('0' as decimal(38,4)))
            - coalesce(
                sum(cast(c.mtr_international_customs_fee_cart_rule_discount as decimal(38,4))), cast('0' as decimal(38,4))
            )
            - coalesce(sum(cast(c.mtr_shipping_cart_rule_discount as decimal(38,4))), cast('0' as decimal(38,4)))
            - coalesce(sum(cast(c.coupon as decimal(38,4))), cast('0' as decimal(38,4)))
            as amount,
        min(c.refund_date) as min_refund, max(c.refund_date) as max_refund,
        min(c.return_date) as min_return, max(c.return_date) as max_return,
        min(c.delivered_date) as min_delivered, max(c.delivered_date) as max_delivered,
        min(c.case_date) as min_case, max(c.case_date) as max_case
    from cased as c
    group by c.id_company, c.case_type, c.oms_type, c.customer_type_l1
)
select
    cast(t.id_company as varchar) as id_company,
    cast(t.case_type as varchar) as case_type,
    cast(t.oms_type as varchar) as oms_type,
    cast(t.customer_type_l1 as varchar) as customer_type_l1,
    cast(t.items as bigint) as row_count,
    cast(case t.case_type
        when 'Refunded not yet returned' then t.amount
        else -t.amount
    end as decimal(38,4)) as sum_amounttorefund,
    cast(t.min_refund as timestamp(3)) as min_refund_date,
    cast(t.max_refund as timestamp(3)) as max_refund_date,
    cast(t.min_return as timestamp(3)) as min_return_date,
    cast(t.max_return as timestamp(3)) as max_return_date,
    cast(t.min_delivered as timestamp(3)) as min_delivered_date,
    cast(t.max_delivered as timestamp(3)) as max_delivered_date,
    cast(t.min_case as timestamp(3)) as min_case_date,
    cast(t.max_case as timestamp(3)) as max_case_date
from case_total as t
where lower(regexp_replace(t.id_company, ' +\z', '')) not in (:excluded_companies_ipe34)
