-- Order items that are a delivered package here and an open prepayment in IPE_10. One row is prepaid or it is not, so that an item
-- of both stands twice in the source, with both flags: its money would be an asset and a liability (domain 3.9, 3.10).
with
item as (
    select i.id_company, i.cod_oms_sales_order_item, i.is_prepayment
    from rpt_soi as i
    where (
            i.is_prepayment = 0
            and lower(regexp_replace(i.payment_method, ' +\z', '')) <> 'nopayment'
            and i.delivered_date >= timestamp '2019-01-01 00:00:00'
            and i.delivered_date < :period_end
        )
        or (
            i.is_prepayment = 1
            and i.finance_verified_date >= timestamp '2018-01-01 00:00:00'
            and i.finance_verified_date < :period_end
            and coalesce(i.refund_date, :period_end) >= :period_end
        )
)
select
    cast(min(item.id_company) as varchar) as id_company,
    cast(min(item.cod_oms_sales_order_item) as varchar) as cod_oms_sales_order_item
from item
group by lower(regexp_replace(item.id_company, ' +\z', '')), lower(regexp_replace(item.cod_oms_sales_order_item, ' +\z', ''))
having min(item.is_prepayment) < max(item.is_prepayment)
