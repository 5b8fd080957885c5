-- The order items were loaded for the whole month when one was delivered on the last day or later (domain 9).
select
    cast(max(i.delivered_date) as timestamp(3)) as newest,
    cast(coalesce(max(i.delivered_date) >= cast(:last_day as timestamp(3)), false) as boolean) as fresh
from rpt_soi as i
