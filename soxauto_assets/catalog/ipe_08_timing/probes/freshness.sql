-- Both sources were loaded for the whole month: vouchers by their snapshot, items by the newest order (domain 9). The older decides.
with
newest as (
    select
        (select max(v.snapshot_date) from voucher_closing as v) as vouchers,
        (select max(i.order_creation_date) from rpt_soi as i) as items
)
select
    cast(least(newest.vouchers, newest.items) as timestamp(3)) as newest,
    cast(coalesce(cast(least(newest.vouchers, newest.items) as date) >= :last_day, false) as boolean) as fresh
from newest
