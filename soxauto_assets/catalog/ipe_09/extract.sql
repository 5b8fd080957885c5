-- IPE_09 BOB sales orders placed before the cut-off (domain 3.14).
select
    cast(o.order_id as varchar) as order_id,
    cast(o.order_date as timestamp(3)) as order_date,
    cast(o.customer_id as varchar) as customer_id,
    cast(o.total_amount as decimal(18,4)) as total_amount,
    cast(o.order_status as varchar) as order_status
from bob_sales_order as o
where o.order_date < :period_end
