-- Independent of extract.sql: each view is counted and summed by itself before the results are put together.
select
    cast('3PL Manual Transactions' as varchar) as source_system,
    cast(v.country as varchar) as id_company,
    cast(count(*) as bigint) as row_count,
    cast(sum(cast(v.lpmt_amount as decimal(38,4))) as decimal(38,4)) as sum_amount
from rec_3pl_manual_transactions_errors as v
group by v.country
union all
select
    cast('Cash Deposits' as varchar) as source_system,
    cast(v.country as varchar) as id_company,
    cast(count(*) as bigint) as row_count,
    cast(sum(cast(v.oms_payment_amount as decimal(38,4))) as decimal(38,4)) as sum_amount
from rec_cashdeposit_errors as v
group by v.country
union all
select
    cast('Collection Adjustments' as varchar) as source_system,
    cast(v.id_company as varchar) as id_company,
    cast(count(*) as bigint) as row_count,
    cast(sum(cast(v.amount as decimal(38,4))) as decimal(38,4)) as sum_amount
from rec_collectionadj_errors as v
group by v.id_company
union all
select
    cast('Delivery Fees' as varchar) as source_system,
    cast(v.country as varchar) as id_company,
    cast(count(*) as bigint) as row_count,
    cast(sum(cast(v.oms_amount as decimal(38,4))) as decimal(38,4)) as sum_amount
from rec_international_delivery_fees_errors as v
group by v.country
union all
select
    cast('Exception Account Statements' as varchar) as source_system,
    cast(v.country as varchar) as id_company,
    cast(count(*) as bigint) as row_count,
    cast(sum(cast(v.ring_closing_balance as decimal(38,4))) as decimal(38,4)) as sum_amount
from rec_exc_account_statements_errors as v
group by v.country
union all
select
    cast('JForce Payouts' as varchar) as source_system,
    cast(v.country as varchar) as id_company,
    cast(count(*) as bigint) as row_count,
    cast(sum(cast(v.payout_amount as decimal(38,4))) as decimal(38,4)) as sum_amount
from rec_jforce_payouts_errors as v
group by v.country
union all
select
    cast('JPay App Transactions' as varchar) as source_system,
    cast(v.country as varchar) as id_company,
    cast(count(*) as bigint) as row_count,
    cast(sum(cast(v.ring_amount as decimal(38,4))) as decimal(38,4)) as sum_amount
from rec_jpayapp_transactions_errors as v
group by v.country
union all
select
    cast('Marketplace Shipping Fees' as varchar) as source_system,
    cast(v.country as varchar) as id_company,
    cast(count(*) as bigint) as row_count,
    cast(sum(cast(v.amount_after_discount as decimal(38,4))) as decimal(38,4)) as sum_amount
from rec_sc_transactions_customer_errors as v
group by v.country
union all
select
    cast('Packlist Payments' as varchar) as source_system,
    cast(v.country as varchar) as id_company,
    cast(count(*) as bigint) as row_count,
    cast(sum(cast(v.oms_reconciled_amount as decimal(38,4))) as decimal(38,4)) as sum_amount
from rec_payment_reconciles_errors as v
group by v.country
union all
select
    cast('Prepaid Deliveries' as varchar) as source_system,
    cast(v.country as varchar) as id_company,
    cast(count(*) as bigint) as row_count,
    cast(sum(cast(v.ar as decimal(38,4))) as decimal(38,4)) as sum_amount
from rec_prepaid_deliveries_errors as v
group by v.country
union all
select
    cast('SOI Prepayments' as varchar) as source_system,
    cast(v.country as varchar) as id_company,
    cast(count(*) as bigint) as row_count,
    cast(sum(cast(v.oms_pre_payment_amount as decimal(38,4))) as decimal(38,4)) as sum_amount
from rec_customer_pre_payments_errors as v
group by v.country
union all
select
    cast('Refunds' as varchar) as source_system,
    cast(v.country as varchar) as id_company,
    cast(count(*) as bigint) as row_count,
    cast(sum(cast(v.oms_refund_amount as decimal(38,4))) as decimal(38,4)) as sum_amount
from rec_customer_refunds_errors as v
group by v.country
union all
select
    cast('Seller Transactions' as varchar) as source_system,
    cast(v.country as varchar) as id_company,
    cast(count(*) as bigint) as row_count,
    cast(sum(cast(v.amount_after_discount as decimal(38,4))) as decimal(38,4)) as sum_amount
from rec_sc_transactions_errors as v
group by v.country
union all
select
    cast('Ring Account Statements' as varchar) as source_system,
    cast(v.country as varchar) as id_company,
    cast(count(*) as bigint) as row_count,
    cast(sum(cast(v.total_amount as decimal(38,4))) as decimal(38,4)) as sum_amount
from rec_sc_accountstatements_errors as v
group by v.country
union all
select
    cast('Vendor Payments' as varchar) as source_system,
    cast(v.country as varchar) as id_company,
    cast(count(*) as bigint) as row_count,
    cast(sum(cast(v.payout_amount as decimal(38,4))) as decimal(38,4)) as sum_amount
from rec_vendor_payments_errors as v
group by v.country
