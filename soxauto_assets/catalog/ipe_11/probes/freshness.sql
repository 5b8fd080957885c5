-- Transactions arrive every day: the table is loaded when it holds one of the last week of the month or later.
select
    cast(max(t.created_date) as timestamp(3)) as newest,
    cast(coalesce(
        max(t.created_date) >= cast(cast(date_add('day', -7, :last_day) as date) as timestamp(3)), false
    ) as boolean) as fresh
from transactions_seller as t
