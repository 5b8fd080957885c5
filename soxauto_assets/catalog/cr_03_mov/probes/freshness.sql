-- The ledger was loaded for the whole month when it holds a posting of the last week of the month or later.
select
    cast(max(g.posting_date) as date) as newest,
    cast(coalesce(max(g.posting_date) >= cast(date_add('day', -7, :last_day) as date), false) as boolean) as fresh
from gl_entries as g
