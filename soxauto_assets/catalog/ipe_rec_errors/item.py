"""IPE_REC_ERRORS integration errors from OMS and RING to NAV, an optional item: domain sections 2.1, 3.15, 7.6.3."""

from soxauto_assets.catalog.model import ControlTotals, Cutoff, Drift, Item, LegacyDifference
from soxauto_assets.catalog.model import OutputColumn as Column
from soxauto_assets.catalog.types import INT64, MONEY, STRING

# Interface as it is labelled, by the logical source of its error view.
INTERFACES = {
    "rec_3pl_manual_transactions_errors": "3PL Manual Transactions",
    "rec_cashdeposit_errors": "Cash Deposits",
    "rec_collectionadj_errors": "Collection Adjustments",
    "rec_international_delivery_fees_errors": "Delivery Fees",
    "rec_exc_account_statements_errors": "Exception Account Statements",
    "rec_jforce_payouts_errors": "JForce Payouts",
    "rec_jpayapp_transactions_errors": "JPay App Transactions",
    "rec_sc_transactions_customer_errors": "Marketplace Shipping Fees",
    "rec_payment_reconciles_errors": "Packlist Payments",
    "rec_prepaid_deliveries_errors": "Prepaid Deliveries",
    "rec_customer_pre_payments_errors": "SOI Prepayments",
    "rec_customer_refunds_errors": "Refunds",
    "rec_sc_transactions_errors": "Seller Transactions",
    "rec_sc_accountstatements_errors": "Ring Account Statements",
    "rec_vendor_payments_errors": "Vendor Payments",
}

ITEM = Item(
    id="IPE_REC_ERRORS",
    title="Integration errors OMS/RING to NAV",
    kind="IPE",
    purpose="Every transaction that an interface could not post to NAV, as the error views show it when they are read.",
    owner="team:data",
    sources=tuple(INTERFACES),
    columns=(
        Column("source_system", STRING, "Interface", nullable=False, allowed=tuple(INTERFACES.values())),
        Column("id_company", STRING, "Country; a company code for Collection Adjustments"),
        Column("transaction_id", STRING, "Number of the transaction"),
        Column("amount", MONEY, "Amount of the transaction", unit="LCY"),
        Column("integration_status", STRING, "Message of NAV"),
        Column("occurrence", INT64, "Number of the row among rows that are equal", nullable=False, minimum=1),
    ),
    key=("source_system", "id_company", "transaction_id", "amount", "integration_status", "occurrence"),
    company_column=None,
    cutoff=Cutoff("none", ""),
    control_totals=ControlTotals(group_by=("source_system", "id_company"), sums=("amount",)),
    legacy_differences=(
        LegacyDifference(
            "status of existence",
            "removed on 25 Nov 2025 while the catalog said completed",
            "an optional item: its failure is shown and hides nothing",
            "a disabled item must be explicit",
        ),
        LegacyDifference(
            "equal rows",
            "two equal errors could not be told apart",
            "occurrence numbers them",
            "a key must name one row, and no amount may be lost",
        ),
    ),
    metadata={
        "source_system": "FinRec error views",
        "output_type": "query",
        "change_status": "New IPE, 2025-11-06",
        "notes": "fifteen of a planned thirty-six views",
    },
    # No population: there is no filter, so every row of the fifteen views is listed, and the control totals count and sum each
    # view by itself already.
    drift=Drift(amount="amount", distinct=("transaction_id",), codes=("source_system", "id_company")),
    required_for_close=False,
    allow_empty=True,
)
