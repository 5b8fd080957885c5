-- Independent of extract.sql: everything less what lies at or after the cut-off.
select
    cast(count(*) - count_if(o.order_date >= :period_end) - count_if(o.order_date is null) as bigint) as row_count,
    cast(
        coalesce(sum(cast(o.total_amount as decimal(38,4))), cast('0' as decimal(38,4)))
        - coalesce(
            sum(cast(o.total_amount as decimal(38,4))) filter (where o.order_date >= :period_end or o.order_date is null),
            cast('0' as decimal(38,4))
        )
    as decimal(38,4)) as sum_total_amount,
    cast(min(o.order_date) filter (where o.order_date < :period_end) as timestamp(3)) as min_order_date,
    cast(max(o.order_date) filter (where o.order_date < :period_end) as timestamp(3)) as max_order_date
from bob_sales_order as o
