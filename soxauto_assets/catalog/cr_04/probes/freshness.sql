-- A balance is final when it was refreshed after the month had ended; the oldest refresh of the month end decides.
select
    cast(min(v.refresh_date) as timestamp(3)) as newest,
    cast(coalesce(min(v.refresh_date) >= :period_end, false) and count_if(v.refresh_date is null) = 0 as boolean) as fresh
from bs_balances_view as v
where v.closing_date = :last_day
