-- Orders arrive every day: the table is loaded for the month when it holds an order of the last day or later.
select
    cast(max(o.order_date) as timestamp(3)) as newest,
    cast(coalesce(max(o.order_date) >= cast(:last_day as timestamp(3)), false) as boolean) as fresh
from bob_sales_order as o
