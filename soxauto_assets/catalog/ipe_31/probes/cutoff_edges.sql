-- Both sides of the cut-off at the source, over the dates of all four kinds of events.
with
dated as (
    select t.created_date as event_date from cashrec_transaction as t
    union all
    select r.original_transaction_date as event_date from cashrec_reallocations as r
    union all
    select y.packlist_created_date as event_date from packlist_payments as y
    union all
    select d.oms_payment_date as event_date from cashdeposit as d
    union all
    select d.payment_reversal_date as event_date from cashdeposit as d
)
select
    cast(max(dated.event_date) filter (where dated.event_date < :period_end) as timestamp(3)) as last_before,
    cast(min(dated.event_date) filter (where dated.event_date >= :period_end) as timestamp(3)) as first_after,
    cast(count_if(dated.event_date >= :period_end) as bigint) as rows_after
from dated
