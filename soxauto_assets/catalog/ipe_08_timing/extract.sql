-- IPE_08_TIMING vouchers in the timing difference: one inactive, unexpired voucher and one open order item that used its code (domain 3.7).
-- A voucher that no item used is one row without item; a voucher whose items are all closed is not listed, as in the legacy text.
-- Texts are compared on lower case without trailing blanks, as SQL Server's collation compares them; the output keeps the raw text.
select
    cast(v.id_company as varchar) as id_company,
    cast(v.id as varchar) as voucher_id,
    cast(v.code as varchar) as code,
    cast(v.discount_amount as decimal(18,4)) as amount,
    cast(null as varchar) as currency,
    cast(v.business_use as varchar) as business_use,
    cast(v.type as varchar) as origin,
    cast(case when v.is_active = 1 then 'active' else 'inactive' end as varchar) as status,
    cast(v.created_at as timestamp(3)) as creation_date,
    cast(v.from_date as timestamp(3)) as start_date,
    cast(v.to_date as timestamp(3)) as end_date,
    cast(i.cod_oms_sales_order_item as varchar) as fk_sales_order_item,
    cast(i.id_sales_order_item as varchar) as id_sales_order_item,
    cast(i.order_creation_date as timestamp(3)) as order_creation_date,
    cast(i.delivered_date as timestamp(3)) as order_delivery_date,
    cast(i.cancellation_date as timestamp(3)) as order_cancellation_date,
    cast(i.current_status as varchar) as order_item_status,
    cast(i.payment_method as varchar) as payment_method,
    cast(v.fk_customer as varchar) as fk_customer,
    cast(i.cod_oms_sales_order as varchar) as fk_sales_order,
    cast(i.order_nr as varchar) as order_nr,
    cast(v.description as varchar) as comment,
    cast(null as varchar) as wallet_name
from voucher_closing as v
left join rpt_soi as i
    on lower(regexp_replace(i.id_company, ' +\z', '')) = lower(regexp_replace(v.id_company, ' +\z', ''))
    and lower(regexp_replace(i.voucher_code, ' +\z', '')) = lower(regexp_replace(v.code, ' +\z', ''))
where v.created_at < :period_end
    and (v.is_active is null or v.is_active = 0)
    and v.to_date >= :period_end
    and (
        i.current_status is null
        or lower(regexp_replace(i.current_status, ' +\z', '')) not in ('delivered', 'cancelled', 'closed')
    )
    and (i.delivered_date is null or i.delivered_date >= :period_end)
    and (i.cancellation_date is null or i.cancellation_date >= :period_end)
