-- IPE_11 marketplace accrued revenues: this month's revenue transactions that no statement of this month or before holds
-- (domain 3.11). Texts are compared on lower case without trailing blanks; the output keeps the raw text.
with
statement as (
    select distinct
        lower(regexp_replace(s.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(s.id_account_statement, ' +\z', '')) as statement_key,
        s.id_account_statement, s.transaction_statement_no, s.start_date, s.end_date, s.paid, s.paid_date
    from ring_account_statements as s
),
vendor as (
    select distinct
        lower(regexp_replace(v.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(v.bob_id_vendor, ' +\z', '')) as vendor_key,
        v.vendor_short_code, v.vendor_name, v.is_global
    from vendors as v
),
asg as (
    select distinct
        lower(regexp_replace(a.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(a.sc_asg_name, ' +\z', '')) as asg_key,
        a.asg_level_1, a.asg_level_2, a.asg_level_3, a.asg_level_4
    from asg_dim as a
),
ring as (
    select distinct
        lower(regexp_replace(r.id_company, ' +\z', '')) as company_key,
        lower(regexp_replace(r.id_transaction, ' +\z', '')) as transaction_key, r.transaction_type_name
    from ring_transactions as r
)
select
    cast(t.id_company as varchar) as id_company,
    cast(t.created_date as timestamp(3)) as sc_created_date,
    cast(t.id_transaction as varchar) as sc_id_transaction,
    cast(t.transaction_no as varchar) as sc_transaction_no,
    cast(ring.transaction_type_name as varchar) as sc_transaction_type,
    cast(t.transaction_type as varchar) as sc_asg_name,
    cast(t.nav_type as varchar) as sc_nav_type,
    cast(t.erp_name as varchar) as sc_nav_message,
    cast(t.transaction_amount as decimal(18,4)) as sc_transaction_amount,
    cast(t.created_manually as bigint) as sc_created_manually,
    cast(vendor.vendor_short_code as varchar) as sc_vendor_no,
    cast(t.bob_id_vendor as varchar) as bob_id_vendor,
    cast(vendor.vendor_name as varchar) as sc_vendor_name,
    cast(vendor.is_global as bigint) as is_global,
    cast(t.sc_id_sales_order_item as varchar) as sc_id_sales_order_item,
    cast(t.oms_id_sales_order_item as varchar) as oms_id_sales_order_item,
    cast(t.bob_id_sales_order_item as varchar) as bob_id_sales_order_item,
    cast(t.order_nr as varchar) as order_nr,
    cast(statement.id_account_statement as varchar) as sc_id_account_statement,
    cast(statement.transaction_statement_no as varchar) as sc_transaction_statement_no,
    cast(statement.start_date as timestamp(3)) as sc_start_date,
    cast(statement.end_date as timestamp(3)) as sc_end_date,
    cast(statement.paid as bigint) as sc_paid,
    cast(statement.paid_date as timestamp(3)) as sc_paid_date,
    cast(asg.asg_level_1 as varchar) as asg_level_1,
    cast(asg.asg_level_2 as varchar) as asg_level_2,
    cast(asg.asg_level_3 as varchar) as asg_level_3,
    cast(asg.asg_level_4 as varchar) as asg_level_4
from transactions_seller as t
inner join asg
    on asg.company_key = lower(regexp_replace(t.id_company, ' +\z', ''))
    and asg.asg_key = lower(regexp_replace(t.transaction_type, ' +\z', ''))
left join statement
    on statement.company_key = lower(regexp_replace(t.id_company, ' +\z', ''))
    and statement.statement_key = lower(regexp_replace(t.ring_id_transaction_statement, ' +\z', ''))
left join vendor
    on vendor.company_key = lower(regexp_replace(t.id_company, ' +\z', ''))
    and vendor.vendor_key = lower(regexp_replace(t.bob_id_vendor, ' +\z', ''))
left join ring
    on ring.company_key = lower(regexp_replace(t.id_company, ' +\z', ''))
    and ring.transaction_key = lower(regexp_replace(t.id_transaction, ' +\z', ''))
where t.created_date >= :period_start
    and t.created_date < :period_end
    and lower(regexp_replace(asg.asg_level_1, ' +\z', '')) = 'revenues'
    and (statement.id_account_statement is null or statement.end_date >= :period_end)
