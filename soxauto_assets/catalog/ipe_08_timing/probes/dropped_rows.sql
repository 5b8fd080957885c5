-- Inactive vouchers that the extract leaves out though nothing says that they are over, by reason.
with
used as (
    select
        lower(regexp_replace(i.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(i.voucher_code, ' +\z', '')) as code_key,
        count_if(
            coalesce(lower(regexp_replace(i.current_status, ' +\z', '')) not in ('delivered', 'cancelled', 'closed'), true)
            and coalesce(i.delivered_date >= :period_end, true)
            and coalesce(i.cancellation_date >= :period_end, true)
        ) as open_items
    from rpt_soi as i
    where i.voucher_code is not null
    group by lower(regexp_replace(i.id_company, ' +\z', '')), lower(regexp_replace(i.voucher_code, ' +\z', ''))
),
candidate as (
    select
        v.discount_amount,
        case
            when v.created_at is null then 'created_at is null'
            when v.to_date is null then 'to_date is null'
            when used.open_items = 0 then 'every item that used the code is closed'
        end as reason
    from voucher_closing as v
    left join used
        on used.company_key = lower(regexp_replace(v.id_company, ' +\z', ''))
        and used.code_key = lower(regexp_replace(v.code, ' +\z', ''))
    where coalesce(v.is_active, 0) = 0
        and coalesce(v.created_at < :period_end, true)
        and coalesce(v.to_date >= :period_end, true)
)
select
    cast(candidate.reason as varchar) as reason,
    cast(count(*) as bigint) as row_count,
    cast(sum(cast(candidate.discount_amount as decimal(38,4))) as decimal(38,4)) as amount
from candidate
where candidate.reason is not null
group by candidate.reason
