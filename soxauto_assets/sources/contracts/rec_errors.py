"""The integration error views of FinRec: domain sections 2.2, 3.15. Fifteen of a planned thirty-six.

Each view holds only errors. All but one carry a country where the others of our sources carry a company code.
"""

from soxauto_assets.catalog.types import MONEY, STRING
from soxauto_assets.sources.model import SourceColumn as Column
from soxauto_assets.sources.model import SourceContract

# Logical name, view, label of the interface, column of the transaction, column of the amount.
VIEWS = (
    (
        "rec_3pl_manual_transactions_errors",
        "V_REC_3PL_MANUAL_TRANSACTIONS_ERRORS",
        "3PL Manual Transactions",
        "lpmt_code",
        "lpmt_amount",
    ),
    ("rec_cashdeposit_errors", "V_REC_CASHDEPOSIT_ERRORS", "Cash Deposits", "oms_payment_no", "oms_payment_amount"),
    ("rec_collectionadj_errors", "V_REC_COLLECTIONADJ_ERRORS", "Collection Adjustments", "number", "amount"),
    (
        "rec_international_delivery_fees_errors",
        "V_REC_INTERNATIONAL_DELIVERY_FEES_ERRORS",
        "Delivery Fees",
        "transaction_no",
        "oms_amount",
    ),
    (
        "rec_exc_account_statements_errors",
        "V_REC_EXC_ACCOUNT_STATEMENTS_ERRORS",
        "Exception Account Statements",
        "ring_transaction_statement_no",
        "ring_closing_balance",
    ),
    ("rec_jforce_payouts_errors", "V_REC_JFORCE_PAYOUTS_ERRORS", "JForce Payouts", "payout_number", "payout_amount"),
    (
        "rec_jpayapp_transactions_errors",
        "V_REC_JPAYAPP_TRANSACTIONS_ERRORS",
        "JPay App Transactions",
        "ring_transaction_number",
        "ring_amount",
    ),
    (
        "rec_sc_transactions_customer_errors",
        "V_REC_SC_TRANSACTIONS_CUSTOMER_ERRORS",
        "Marketplace Shipping Fees",
        "transaction_number",
        "amount_after_discount",
    ),
    (
        "rec_payment_reconciles_errors",
        "V_REC_PAYMENT_RECONCILES_ERRORS",
        "Packlist Payments",
        "oms_payment_reconciliation_number",
        "oms_reconciled_amount",
    ),
    (
        "rec_prepaid_deliveries_errors",
        "V_REC_PREPAID_DELIVERIES_ERRORS",
        "Prepaid Deliveries",
        "oms_package_number",
        "ar",
    ),
    (
        "rec_customer_pre_payments_errors",
        "V_REC_CUSTOMER_PRE_PAYMENTS_ERRORS",
        "SOI Prepayments",
        "oms_order_no",
        "oms_pre_payment_amount",
    ),
    ("rec_customer_refunds_errors", "V_REC_CUSTOMER_REFUNDS_ERRORS", "Refunds", "oms_refund_no", "oms_refund_amount"),
    (
        "rec_sc_transactions_errors",
        "V_REC_SC_TRANSACTIONS_ERRORS",
        "Seller Transactions",
        "transaction_number",
        "amount_after_discount",
    ),
    (
        "rec_sc_accountstatements_errors",
        "V_REC_SC_ACCOUNTSTATEMENTS_ERRORS",
        "Ring Account Statements",
        "statement_number",
        "total_amount",
    ),
    ("rec_vendor_payments_errors", "V_REC_VENDOR_PAYMENTS_ERRORS", "Vendor Payments", "payout_number", "payout_amount"),
)
# The one view that carries a company code.
_BY_COMPANY = "rec_collectionadj_errors"


def _contract(name: str, view: str, label: str, transaction: str, amount: str) -> SourceContract:
    place = (
        Column("id_company", STRING, "Company code")
        if name == _BY_COMPANY
        else Column("country", STRING, "Country, as the view names it")
    )
    return SourceContract(
        name=name,
        system="FinRec",
        sql_server=f"AIG_Nav_Jumia_Reconciliation.dbo.{view}",
        meaning=f"One error of the interface {label} to NAV.",
        athena_candidate=f"process_central_fin_dwh.{view.lower()}",
        columns=(
            place,
            Column(transaction, STRING, "Number of the transaction"),
            Column(amount, MONEY, "Amount of the transaction"),
            Column("nav_error_message", STRING, "Message of NAV", header="Nav Error Message"),
        ),
    )


CONTRACTS = tuple(_contract(*view) for view in VIEWS)
