-- Every voucher of the source with each item that used its code, or alone when none did: each such pair in one cell, with the
-- amount issued, which the extract repeats on every item. Independent of extract.sql: items are counted per code and state first,
-- and a voucher takes its amount times the count. A voucher that loses all its items is named apart from one that keeps some.
with
item as (
    select
        lower(regexp_replace(i.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(i.voucher_code, ' +\z', '')) as code_key,
        coalesce(lower(regexp_replace(i.current_status, ' +\z', '')) in ('delivered', 'cancelled', 'closed'), false)
            or coalesce(i.delivered_date < :period_end, false)
            or coalesce(i.cancellation_date < :period_end, false) as is_closed
    from rpt_soi as i
    where i.voucher_code is not null
),
used as (
    select
        item.company_key, item.code_key,
        count_if(item.is_closed) as closed_items,
        count_if(not item.is_closed) as open_items
    from item
    group by item.company_key, item.code_key
),
voucher as (
    select
        cast(coalesce(v.discount_amount, cast('0' as decimal(18,4))) as decimal(38,4)) as discount_amount,
        case
            when v.created_at is null then 'created_at is null'
            when v.created_at >= :period_end then 'created after the cut-off'
            when coalesce(v.is_active, 0) <> 0 then 'active'
            when v.to_date is null then 'to_date is null'
            when v.to_date < :period_end then 'ended before the cut-off'
        end as reason,
        coalesce(used.closed_items, 0) as closed_items,
        case when used.code_key is null then 1 else used.open_items end as open_items
    from voucher_closing as v
    left join used
        on used.company_key = lower(regexp_replace(v.id_company, ' +\z', ''))
        and used.code_key = lower(regexp_replace(v.code, ' +\z', ''))
),
pair as (
    select v.discount_amount, v.open_items as pairs, coalesce(v.reason, 'listed') as reason
    from voucher as v
    where v.open_items > 0
    union all
    select
        v.discount_amount, v.closed_items as pairs,
        coalesce(
            v.reason,
            case
                when v.open_items = 0 then 'every item that used the code is closed'
                else 'item closed, another one of the code is open'
            end
        ) as reason
    from voucher as v
    where v.closed_items > 0
)
select
    cast(pair.reason as varchar) as reason,
    cast(sum(pair.pairs) as bigint) as row_count,
    cast(sum(cast(pair.pairs as decimal(38,0)) * pair.discount_amount) as decimal(38,4)) as amount
from pair
group by pair.reason
