-- Independent of extract.sql: vouchers that no item used, found by absence, and pairs of voucher and item that nothing has closed
-- are two lists laid under each other.
with
voucher as (
    select
        v.id_company, v.discount_amount, v.created_at, v.to_date,
        lower(regexp_replace(v.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(v.code, ' +\z', '')) as code_key
    from voucher_closing as v
    where cast(v.created_at as date) <= :last_day
        and coalesce(v.is_active, 0) = 0
        and not coalesce(v.to_date < :period_end, true)
),
item as (
    select
        lower(regexp_replace(i.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(i.voucher_code, ' +\z', '')) as code_key,
        i.order_creation_date, i.delivered_date, i.cancellation_date,
        case
            when lower(regexp_replace(i.current_status, ' +\z', '')) in ('delivered', 'cancelled', 'closed') then 1
            when i.delivered_date < :period_end then 1
            when i.cancellation_date < :period_end then 1
            else 0
        end as closed
    from rpt_soi as i
    where i.voucher_code is not null
),
listed as (
    select
        v.id_company, v.discount_amount, v.created_at, v.to_date, item.order_creation_date, item.delivered_date,
        item.cancellation_date
    from item
    inner join voucher as v
        on v.code_key = item.code_key
        and v.company_key = item.company_key
    where item.closed = 0
    union all
    select
        v.id_company, v.discount_amount, v.created_at, v.to_date, cast(null as timestamp(3)), cast(null as timestamp(3)),
        cast(null as timestamp(3))
    from voucher as v
    where not exists (
        select 1
        from item
        where item.company_key = v.company_key
            and item.code_key = v.code_key
    )
)
select
    cast(l.id_company as varchar) as id_company,
    cast(count(*) as bigint) as row_count,
    cast(sum(cast(l.discount_amount as decimal(38,4))) as decimal(38,4)) as sum_amount,
    cast(min(l.created_at) as timestamp(3)) as min_creation_date,
    cast(max(l.created_at) as timestamp(3)) as max_creation_date,
    cast(min(l.to_date) as timestamp(3)) as min_end_date,
    cast(max(l.to_date) as timestamp(3)) as max_end_date,
    cast(min(l.order_creation_date) as timestamp(3)) as min_order_creation_date,
    cast(max(l.order_creation_date) as timestamp(3)) as max_order_creation_date,
    cast(min(l.delivered_date) as timestamp(3)) as min_order_delivery_date,
    cast(max(l.delivered_date) as timestamp(3)) as max_order_delivery_date,
    cast(min(l.cancellation_date) as timestamp(3)) as min_order_cancellation_date,
    cast(max(l.cancellation_date) as timestamp(3)) as max_order_cancellation_date
from listed as l
group by l.id_company
