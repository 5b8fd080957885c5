-- Items delivered up to the cut-off with a voucher that the extract leaves out, by reason.
with
candidate as (
    select
        cast(coalesce(i.mtr_coupon_money_value, cast('0' as decimal(18,4))) as decimal(38,4))
            + cast(coalesce(i.mtr_shipping_voucher_discount, cast('0' as decimal(18,4))) as decimal(38,4)) as amount,
        case
            when lower(regexp_replace(i.id_company, ' +\z', '')) not in (:id_companies_active) then 'company not in the list'
            when i.voucher_type is null then 'voucher type is null'
            when lower(regexp_replace(i.voucher_type, ' +\z', '')) <> 'reusablecredit' then 'voucher type is not reusablecredit'
            when i.package_delivery_date is null then 'delivered without a package delivery date'
            when i.delivered_date is null then 'delivered_date is null'
            when year(i.delivered_date) <= 2014 then 'delivered before 2015'
        end as reason
    from rpt_soi as i
    where (i.voucher_code is not null or lower(regexp_replace(i.voucher_type, ' +\z', '')) = 'reusablecredit')
        and (i.package_delivery_date < :period_end or (i.package_delivery_date is null and i.delivered_date < :period_end))
)
select
    cast(candidate.reason as varchar) as reason,
    cast(count(*) as bigint) as row_count,
    cast(sum(candidate.amount) as decimal(38,4)) as amount
from candidate
where candidate.reason is not null
group by candidate.reason
