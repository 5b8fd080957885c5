-- The order items were loaded for the whole month when one was refunded or returned on the last day or later (domain 9).
with
event as (
    select i.refund_date as event_date
    from rpt_soi as i
    union all
    select i.return_date as event_date
    from rpt_soi as i
)
select
    cast(max(event.event_date) as timestamp(3)) as newest,
    cast(coalesce(max(event.event_date) >= cast(:last_day as timestamp(3)), false) as boolean) as fresh
from event
