"""Logical sources of NAV BI (the ledger, database ``AIG_Nav_DW``): domain sections 2.2, 3.1, 3.5."""

from soxauto_assets.catalog.types import BOOL, DATE, INT64, MONEY, STRING
from soxauto_assets.sources.model import SourceColumn as Column
from soxauto_assets.sources.model import SourceContract

CONTRACTS = (
    SourceContract(
        name="detailed_customer_ledger_entry",
        system="NAV BI",
        sql_server="AIG_Nav_DW.dbo.[Detailed Customer Ledg_ Entry]",
        meaning="One movement of a customer ledger entry: its opening, an application, a correction.",
        athena_candidate="process_central_fin_dwh.detailed_customer_ledg_entry",
        columns=(
            Column("id_company", STRING, "Company code", nullable=False),
            Column("entry_no", INT64, "Number of the movement within the company", nullable=False, header="Entry No_"),
            Column(
                "cust_ledger_entry_no",
                INT64,
                "Entry that the movement belongs to",
                nullable=False,
                header="Cust_ Ledger Entry No_",
            ),
            Column("customer_no", STRING, "Customer number", nullable=False, header="Customer No_"),
            Column("posting_date", DATE, "Posting date", nullable=False, header="Posting Date"),
            Column(
                "amount_lcy", MONEY, "Amount in local currency, debit positive", nullable=False, header="Amount (LCY)"
            ),
        ),
    ),
    SourceContract(
        name="customer_ledger_entries",
        system="NAV BI",
        sql_server="AIG_Nav_DW.dbo.[Customer Ledger Entries]",
        meaning="One customer ledger entry: invoice, payment, credit memo, refund.",
        athena_candidate="process_central_fin_dwh.customer_ledger_entries",
        columns=(
            Column("id_company", STRING, "Company code", nullable=False),
            Column("entry_no", INT64, "Number of the entry within the company", nullable=False, header="Entry No_"),
            Column("gl_entry_no", INT64, "Number of the general ledger entry", header="GL Entry No_"),
            Column("document_no", STRING, "Document number", header="Document No_"),
            Column("document_type", STRING, "Document type", header="Document Type"),
            Column("external_document_no", STRING, "Number of the outside document", header="External Document No_"),
            Column("posting_date", DATE, "Posting date", nullable=False, header="Posting Date"),
            Column("customer_no", STRING, "Customer number", nullable=False, header="Customer No_"),
            Column("automatically_integrated", BOOL, "Posted by an interface", header="Automatically integrated"),
            Column(
                "customer_posting_group",
                STRING,
                "Posting group when the entry was posted",
                header="Customer Posting Group",
            ),
            Column("description", STRING, "Text of the entry", header="Description"),
            Column("source_code", STRING, "Source code", header="Source Code"),
            Column("reason_code", STRING, "Reason code", header="Reason Code"),
            Column("busline_code", STRING, "Business line code", header="Busline Code"),
            Column("department_code", STRING, "Department code", header="Department Code"),
            Column("original_amount", MONEY, "Amount in the entry's currency", header="Original Amount"),
            Column("currency", STRING, "Currency of the entry"),
            Column("original_amount_lcy", MONEY, "Amount in local currency", header="Original Amount (LCY)"),
            Column("open", BOOL, "Open today (not at the cut-off)"),
            Column("due_date", DATE, "Due date", header="Due Date"),
            Column("posted_by", STRING, "User who posted", header="Posted by"),
            Column("destination_code", STRING, "Destination code", header="Destination Code"),
            Column("partner_code", STRING, "Partner code", header="Partner Code"),
            Column("ic_partner_code", STRING, "Inter-company partner", header="IC Partner Code"),
        ),
    ),
    SourceContract(
        name="customers",
        system="NAV BI",
        sql_server="AIG_Nav_DW.dbo.[Customers]",
        meaning="One customer of a company, as it is today.",
        athena_candidate="process_central_fin_dwh.customers",
        columns=(
            Column("id_company", STRING, "Company code", nullable=False),
            Column("customer_no", STRING, "Customer number", nullable=False, header="No_"),
            Column("name", STRING, "Customer name"),
            Column("customer_posting_group", STRING, "Posting group today", header="Customer Posting Group"),
            Column("customer_busline", STRING, "Business line of the customer", header="Customer Busline"),
            Column("stream", STRING, "Stream"),
        ),
    ),
    SourceContract(
        name="customer_posting_group",
        system="NAV BI",
        sql_server="AIG_Nav_DW.dbo.[Customer Posting Group]",
        meaning="One customer posting group of a company, with the account it posts to.",
        athena_candidate="process_central_fin_dwh.customer_posting_group",
        columns=(
            Column("id_company", STRING, "Company code", nullable=False),
            Column("code", STRING, "Posting group", nullable=False),
            Column("receivables_account", STRING, "Local account for receivables", header="Receivables Account"),
        ),
    ),
)
