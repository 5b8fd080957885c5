-- Delivered items whose package is not settled, and that the legacy filters drop without a word.
with
candidate as (
    select
        i.mtr_amount_paid,
        case
            when i.is_prepayment is null then 'prepayment flag is null'
            when i.payment_method is null then 'payment method is null'
        end as reason
    from rpt_soi as i
    where coalesce(i.is_prepayment, 0) = 0
        and coalesce(lower(regexp_replace(i.payment_method, ' +\z', '')), '') <> 'nopayment'
        and i.delivered_date >= timestamp '2019-01-01 00:00:00'
        and i.delivered_date < :period_end
        and not exists (
            select 1
            from package_cashrec as p
            where lower(regexp_replace(p.id_company, ' +\z', '')) = lower(regexp_replace(i.id_company, ' +\z', ''))
                and lower(regexp_replace(p.package_nr, ' +\z', '')) = lower(regexp_replace(i.package_number, ' +\z', ''))
                and p.troubleshoot_resolution_date < :period_end
        )
)
select
    cast(candidate.reason as varchar) as reason,
    cast(count(*) as bigint) as row_count,
    cast(coalesce(sum(cast(candidate.mtr_amount_paid as decimal(38,4))), cast('0' as decimal(38,4))) as decimal(38,4)) as amount
from candidate
where candidate.reason is not null
group by candidate.reason
