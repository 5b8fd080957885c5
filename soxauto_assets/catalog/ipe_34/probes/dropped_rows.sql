-- Items with one side done before the cut-off and the other one not, which the legacy filters drop without a word. The amount
-- has the sign of the case.
with
candidate as (
    select
        case
            when i.refund_date < :period_end then 1
            else -1
        end as direction,
        coalesce(cast(i.mtr_price_after_discount as decimal(38,4)), cast('0' as decimal(38,4)))
            + coalesce(cast(i.mtr_base_shipping_amount as decimal(38,4)), cast('0' as decimal(38,4)))
            + coalesce(cast(i.mtr_international_customs_fee_amount as decimal(38,4)), cast('0' as decimal(38,4)))
            - coalesce(cast(i.mtr_international_customs_fee_cart_rule_discount as decimal(38,4)), cast('0' as decimal(38,4)))
            - coalesce(cast(i.mtr_shipping_cart_rule_discount as decimal(38,4)), cast('0' as decimal(38,4)))
            - case
                when lower(regexp_replace(i.voucher_type, ' +\z', '')) = 'coupon'
                    then coalesce(cast(i.mtr_shipping_voucher_discount as decimal(38,4)), cast('0' as decimal(38,4)))
                else cast('0' as decimal(38,4))
            end as amount,
        case
            when lower(regexp_replace(i.id_company, ' +\z', '')) in (:excluded_companies_ipe34) then 'company not in scope'
            when least(coalesce(i.refund_date, :period_end), coalesce(i.return_date, :period_end))
                < timestamp '2019-01-01 00:00:00'
                then 'refunded or returned before 2019'
            when i.refund_date < :period_end and i.delivered_date is null then 'refunded, never delivered'
        end as reason
    from rpt_soi as i
    where (i.refund_date < :period_end and (i.return_date is null or i.return_date >= :period_end))
        or (i.return_date < :period_end and (i.refund_date is null or i.refund_date >= :period_end))
)
select
    cast(candidate.reason as varchar) as reason,
    cast(count(*) as bigint) as row_count,
    cast(sum(case when candidate.direction < 0 then -candidate.amount else candidate.amount end) as decimal(38,4)) as amount
from candidate
where candidate.reason is not null
group by candidate.reason
