-- Both sides of the cut-off at the source: the last order before it and the first one at or after it.
select
    cast(max(o.order_date) filter (where o.order_date < :period_end) as timestamp(3)) as last_before,
    cast(min(o.order_date) filter (where o.order_date >= :period_end) as timestamp(3)) as first_after,
    cast(count_if(o.order_date >= :period_end) as bigint) as rows_after
from bob_sales_order as o
