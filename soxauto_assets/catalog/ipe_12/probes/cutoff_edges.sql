-- Both sides of the cut-off at the source: per company the last delivery before it and the first one after it.
select
    cast(i.id_company as varchar) as id_company,
    cast(max(i.delivered_date) filter (where i.delivered_date < :period_end) as timestamp(3)) as last_before,
    cast(min(i.delivered_date) filter (where i.delivered_date >= :period_end) as timestamp(3)) as first_after,
    cast(count_if(i.delivered_date >= :period_end) as bigint) as rows_after
from rpt_soi as i
where i.is_prepayment = 0
group by i.id_company
