-- The ledger was loaded for the whole month when it holds a posting of the last day or later (domain 9).
select
    cast(max(e.posting_date) as date) as newest,
    cast(coalesce(max(e.posting_date) >= :last_day, false) as boolean) as fresh
from customer_ledger_entries as e
