-- Every order of the table, whenever it was placed, in one cell.
with
candidate as (
    select
        cast(o.total_amount as decimal(38,4)) as amount,
        case
            when o.order_date is null then 'order date is null'
            when o.order_date >= :period_end then 'placed at or after the cut-off'
            else 'listed'
        end as reason
    from bob_sales_order as o
)
select
    cast(candidate.reason as varchar) as reason,
    cast(count(*) as bigint) as row_count,
    cast(coalesce(sum(candidate.amount), cast('0' as decimal(38,4))) as decimal(38,4)) as amount
from candidate
group by candidate.reason
