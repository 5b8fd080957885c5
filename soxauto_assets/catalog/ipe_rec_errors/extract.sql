-- IPE_REC_ERRORS integration errors: every row of the fifteen error views, in one shape (domain 3.15).
-- The views hold errors only, so there is no filter; id_company is a country in all of them but one.
with
error as (
    select
        '3PL Manual Transactions' as source_system, v.country as id_company,
        v.lpmt_code as transaction_id, v.lpmt_amount as amount, v.nav_error_message
    from rec_3pl_manual_transactions_errors as v
    union all
    select
        'Cash Deposits' as source_system, v.country as id_company,
        v.oms_payment_no as transaction_id, v.oms_payment_amount as amount, v.nav_error_message
    from rec_cashdeposit_errors as v
    union all
    select
        'Collection Adjustments' as source_system, v.id_company as id_company,
        v.number as transaction_id, v.amount as amount, v.nav_error_message
    from rec_collectionadj_errors as v
    union all
    select
        'Delivery Fees' as source_system, v.country as id_company,
        v.transaction_no as transaction_id, v.oms_amount as amount, v.nav_error_message
    from rec_international_delivery_fees_errors as v
    union all
    select
        'Exception Account Statements' as source_system, v.country as id_company,
        v.ring_transaction_statement_no as transaction_id, v.ring_closing_balance as amount, v.nav_error_message
    from rec_exc_account_statements_errors as v
    union all
    select
        'JForce Payouts' as source_system, v.country as id_company,
        v.payout_number as transaction_id, v.payout_amount as amount, v.nav_error_message
    from rec_jforce_payouts_errors as v
    union all
    select
        'JPay App Transactions' as source_system, v.country as id_company,
        v.ring_transaction_number as transaction_id, v.ring_amount as amount, v.nav_error_message
    from rec_jpayapp_transactions_errors as v
    union all
    select
        'Marketplace Shipping Fees' as source_system, v.country as id_company,
        v.transaction_number as transaction_id, v.amount_after_discount as amount, v.nav_error_message
    from rec_sc_transactions_customer_errors as v
    union all
    select
        'Packlist Payments' as source_system, v.country as id_company,
        v.oms_payment_reconciliation_number as transaction_id, v.oms_reconciled_amount as amount, v.nav_error_message
    from rec_payment_reconciles_errors as v
    union all
    select
        'Prepaid Deliveries' as source_system, v.country as id_company,
        v.oms_package_number as transaction_id, v.ar as amount, v.nav_error_message
    from rec_prepaid_deliveries_errors as v
    union all
    select
        'SOI Prepayments' as source_system, v.country as id_company,
        v.oms_order_no as transaction_id, v.oms_pre_payment_amount as amount, v.nav_error_message
    from rec_customer_pre_payments_errors as v
    union all
    select
        'Refunds' as source_system, v.country as id_company,
        v.oms_refund_no as transaction_id, v.oms_refund_amount as amount, v.nav_error_message
    from rec_customer_refunds_errors as v
    union all
    select
        'Seller Transactions' as source_system, v.country as id_company,
        v.transaction_number as transaction_id, v.amount_after_discount as amount, v.nav_error_message
    from rec_sc_transactions_errors as v
    union all
    select
        'Ring Account Statements' as source_system, v.country as id_company,
        v.statement_number as transaction_id, v.total_amount as amount, v.nav_error_message
    from rec_sc_accountstatements_errors as v
    union all
    select
        'Vendor Payments' as source_system, v.country as id_company,
        v.payout_number as transaction_id, v.payout_amount as amount, v.nav_error_message
    from rec_vendor_payments_errors as v
),
numbered as (
    select
        error.source_system, error.id_company, error.transaction_id, error.amount, error.nav_error_message,
        row_number() over (
            partition by error.source_system, error.id_company, error.transaction_id, error.amount, error.nav_error_message
            order by error.source_system
        ) as occurrence
    from error
)
select
    cast(numbered.source_system as varchar) as source_system,
    cast(numbered.id_company as varchar) as id_company,
    cast(numbered.transaction_id as varchar) as transaction_id,
    cast(numbered.amount as decimal(18,4)) as amount,
    cast(numbered.nav_error_message as varchar) as integration_status,
    cast(numbered.occurrence as bigint) as occurrence
from numbered
