-- The order items were loaded for the whole month when one holds a payment verified on the last day or later (domain 9).
select
    cast(max(i.finance_verified_date) as timestamp(3)) as newest,
    cast(coalesce(max(i.finance_verified_date) >= cast(:last_day as timestamp(3)), false) as boolean) as fresh
from rpt_soi as i
