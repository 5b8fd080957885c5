-- The status matrix of all order items at the cut-off: prepaid x delivered x refunded x returned, each item in one cell, named in
-- words. Independent of extract.sql: no union and no filter; each item gets its words, and whole cells are summed, part by part.
-- The extract's own cells are those with one side done and the other not: listed, or left out with the reason. Their amount has the
-- sign of the case, refunded positive and returned negative; in other cells it is the price and fees less discounts.
with
state as (
    select
        case
            when i.is_prepayment is null then 'prepayment flag is null'
            when i.is_prepayment = 0 then 'not prepaid'
            else 'prepaid'
        end as prepaid,
        case
            when i.delivered_date is null then 'never delivered'
            when i.delivered_date < :period_end then 'delivered'
            else 'delivered after the cut-off'
        end as delivered,
        case when i.refund_date < :period_end then 'refunded' else 'not refunded' end as refunded,
        case when i.return_date < :period_end then 'returned' else 'not returned' end as returned,
        coalesce(lower(regexp_replace(i.id_company, ' +\z', '')) not in (:excluded_companies_ipe34), false) as in_scope,
        -- Where one side is done, this is its date: the other one is empty or later.
        year(least(coalesce(i.refund_date, :period_end), coalesce(i.return_date, :period_end))) < 2019 as early,
        i.mtr_price_after_discount, i.mtr_base_shipping_amount, i.mtr_international_customs_fee_amount,
        i.mtr_international_customs_fee_cart_rule_discount, i.mtr_shipping_cart_rule_discount,
        case lower(regexp_replace(i.voucher_type, ' +\z', '')) when 'coupon' then i.mtr_shipping_voucher_discount end as coupon
    from rpt_soi as i
),
matrix as (
    select
        s.prepaid, s.delivered, s.refunded, s.returned, s.in_scope, s.early, count(*) as items,
        coalesce(sum(cast(s.mtr_price_after_discount as decimal(38,4))), cast('0' as decimal(38,4)))
            + coalesce(sum(cast(s.mtr_base_shipping_amount as decimal(38,4))), cast('0' as decimal(38,4)))
            + coalesce(sum(cast(s.mtr_international_customs_fee_amount as decimal(38,4))), cast('0' as decimal(38,4)))
            - coalesce(sum(cast(s.mtr_international_customs_fee_cart_rule_discount as decimal(38,4))), cast('0' as decimal(38,4)))
            - coalesce(sum(cast(s.mtr_shipping_cart_rule_discount as decimal(38,4))), cast('0' as decimal(38,4)))
            - coalesce(sum(cast(s.coupon as decimal(38,4))), cast('0' as decimal(38,4)))
            as amount
    from state as s
    group by s.prepaid, s.delivered, s.refunded, s.returned, s.in_scope, s.early
),
named as (
    select
        m.items,
        case when m.refunded = 'not refunded' and m.returned = 'returned' then -m.amount else m.amount end as amount,
        concat(m.prepaid, ', ', m.delivered, ', ', m.refunded, ', ', m.returned) as cell,
        case
            when (m.refunded = 'refunded') = (m.returned = 'returned') then 'no case'
            when not m.in_scope then 'company not in scope'
            when m.early then 'refunded or returned before 2019'
            when m.refunded = 'refunded' and m.delivered = 'never delivered' then 'no refund without a delivery'
            else 'listed'
        end as fate
    from matrix as m
)
select
    cast(case n.fate
        when 'listed' then 'listed'
        when 'no case' then n.cell
        else concat(n.cell, ': ', n.fate)
    end as varchar) as reason,
    cast(sum(n.items) as bigint) as row_count,
    cast(sum(n.amount) as decimal(38,4)) as amount
from named as n
group by case n.fate
    when 'listed' then 'listed'
    when 'no case' then n.cell
    else concat(n.cell, ': ', n.fate)
end
