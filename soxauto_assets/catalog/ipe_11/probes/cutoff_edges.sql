-- Both sides of the cut-off at the source: the last transaction before it and the first one at or after it.
select
    cast(t.id_company as varchar) as id_company,
    cast(max(t.created_date) filter (where t.created_date < :period_end) as timestamp(3)) as last_before,
    cast(min(t.created_date) filter (where t.created_date >= :period_end) as timestamp(3)) as first_after,
    cast(count_if(t.created_date >= :period_end) as bigint) as rows_after
from transactions_seller as t
group by t.id_company
