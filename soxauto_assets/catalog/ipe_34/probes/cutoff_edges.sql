-- Both sides of the cut-off at the source: per company the last refund or return before it and the first one after it.
with
event as (
    select i.id_company, i.refund_date as event_date
    from rpt_soi as i
    union all
    select i.id_company, i.return_date as event_date
    from rpt_soi as i
)
select
    cast(event.id_company as varchar) as id_company,
    cast(max(event.event_date) filter (where event.event_date < :period_end) as timestamp(3)) as last_before,
    cast(min(event.event_date) filter (where event.event_date >= :period_end) as timestamp(3)) as first_after,
    cast(count_if(event.event_date >= :period_end) as bigint) as rows_after
from event
where lower(regexp_replace(event.id_company, ' +\z', '')) not in (:excluded_companies_ipe34)
group by event.id_company
