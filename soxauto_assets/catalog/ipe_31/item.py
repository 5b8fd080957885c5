"""IPE_31 collection accounts: domain sections 2.1, 2.3, 3.12, 4.3.11."""

from soxauto_assets.catalog.model import (
    Component,
    ControlTotals,
    Cutoff,
    Dimension,
    Drift,
    Expectation,
    Item,
    LegacyDifference,
    Population,
    Scope,
    Tie,
)
from soxauto_assets.catalog.model import OutputColumn as Column
from soxauto_assets.catalog.types import DATE, INT64, MONEY, STRING, TIMESTAMP

ITEM = Item(
    id="IPE_31",
    title="PG detailed TV extraction: collection accounts",
    kind="IPE",
    purpose=(
        "What collection partners owe at the cut-off: open transactions, transactions moved to another partner afterwards, "
        "lists in progress, and, with a minus, payments not yet allocated."
    ),
    owner="team:accounting-excellence",
    sources=(
        "cashrec_transaction",
        "cashrec_reallocations",
        "packlist_packages",
        "packlist_payments",
        "cashdeposit",
        "collection_adj",
        "hubs_3pl_mapping",
        "collection_partners",
        "dim_company",
        "bank_accounts",
        "bank_account_posting_group",
    ),
    columns=(
        Column("id_company", STRING, "Company code", nullable=False),
        Column("event_date", TIMESTAMP, "When the event happened", nullable=False),
        Column("cp", STRING, "Collection partner"),
        Column("transaction_type", STRING, "Transaction type; the branch's name for branches 2 to 4", nullable=False),
        Column("related_entity", STRING, "Package, payment or list"),
        Column("amount", MONEY, "Open amount, positive = owed by the partner", nullable=False, unit="LCY"),
        Column("service_provider", STRING, "Service provider of the hub"),
        Column("type", STRING, "Type of the partner"),
        Column("erp_name", STRING, "Service provider number in the ledger"),
        Column("company_country", STRING, "ISO country code of the company", nullable=False),
        Column("closing_date", DATE, "Last day of the period", nullable=False),
        Column("g_l_bank_account_no", STRING, "Account of the partner's bank accounts, when there is exactly one"),
        Column("branch", INT64, "1 transaction, 2 reallocation, 3 list, 4 payment", nullable=False, minimum=1),
        Column(
            "bank_account_count", INT64, "Distinct accounts of the partner's bank accounts", nullable=False, minimum=0
        ),
        Column("occurrence", INT64, "Number of the row among rows with the same key", nullable=False, minimum=1),
    ),
    key=("id_company", "event_date", "cp", "transaction_type", "related_entity", "occurrence"),
    company_column="id_company",
    cutoff=Cutoff("up_to", "event_date"),
    control_totals=ControlTotals(group_by=("id_company", "transaction_type"), sums=("amount",), bounds=("event_date",)),
    configuration=(
        "excluded_transaction_types_ipe31",
        "excluded_countries_ipe31",
        "excluded_bank_accounts_ipe31",
    ),
    gl_accounts=("10590", "13001", "13002", "13011", "13012"),
    component=Component(
        amount="amount",
        sign=1,
        accounts="accounts_IPE_31",
        scope=Scope(excluded_countries="excluded_countries_ipe31", consolidated=True),
    ),
    dimensions=(
        Dimension("dim_company", ("company_code",), ("company_country",), where="flg_in_conso_scope = 1"),
        Dimension("hubs_3pl_mapping", ("id_company", "node"), ("service_provider",)),
        Dimension("collection_partners", ("id_company", "name"), ("type", "erp_name")),
        Dimension(
            "cashdeposit",
            ("id_company", "oms_payment_no", "oms_type"),
            ("oms_payment_date", "payment_reversal_date"),
        ),
    ),
    expectations=(
        Expectation(
            "amount_sign",
            violation="amount = 0 or (branch = 3 and amount < 0) or (branch = 4 and amount > 0)",
            meaning="Lists are owed by the partner, payments reduce what is owed, nothing is 0 (domain 3.12).",
        ),
        Expectation(
            "one_bank_account",
            violation="bank_account_count > 1",
            meaning="A partner's bank accounts lead to one ledger account; several would have multiplied the amount.",
            severity="warn",
        ),
        Expectation(
            "one_row_per_list_and_payment",
            violation=(
                "branch in (3, 4) and (lower(rtrim(id_company)), branch, lower(rtrim(related_entity))) in ("
                "select (lower(rtrim(id_company)), branch, lower(rtrim(related_entity))) from landed "
                "where branch in (3, 4) group by all having count(*) > 1)"
            ),
            meaning="What is applied is subtracted once per list and payment; a number in two rows subtracts it twice.",
            severity="warn",
        ),
    ),
    legacy_differences=(
        LegacyDifference(
            "keys",
            "company and number joined as one text without separator",
            "tuples",
            "A1 + 1 and A + 11 are not the same",
        ),
        LegacyDifference(
            "bank account",
            "a join that multiplied the amount for a partner with several accounts",
            "the account when there is exactly one, and how many there are",
            "an amount is listed once",
        ),
        LegacyDifference(
            "missing deposit",
            "a transfer without its deposit had no date and dropped out",
            "the transaction's own date",
            "a lost row must be seen",
        ),
        LegacyDifference("closing date", "the last second of the month", "the last day", "a day has no last second"),
        LegacyDifference(
            "key", "five columns, not proven unique", "with occurrence", "equal events are told apart, none is lost"
        ),
        LegacyDifference(
            "names of branches 2 and 4", "not stated", "Reallocation and Payment in progress", "a type per branch"
        ),
        LegacyDifference(
            "payment without an allocation",
            "not stated; a null applied amount drops the payment",
            "what is applied is 0",
            "a payment that nothing uses is open in full",
        ),
        LegacyDifference(
            "comparison of texts",
            "by SQL Server's collation",
            "written out: lower case, trailing blanks removed; the output keeps the raw text",
            "Trino compares bytes",
        ),
    ),
    metadata={
        "source_system": "OMS cash reconciliation",
        "output_type": "PowerPivot",
        "change_status": "No changes, 2025-10-22",
        "descriptor_file": "IPE_31.xlsx",
        "month_end_workbook": "Collection Accounts",
    },
    population=Population(
        meaning=(
            "every transaction, reallocation, list and payment of the cash reconciliation, with what is open of it at the "
            "cut-off (domain 3.12)"
        ),
        amount="sum(amount)",
    ),
    ties=(
        Tie(
            "balance_per_partner",
            landed=(
                "SELECT lower(rtrim(id_company, ' ')) AS id_company, lower(rtrim(cp, ' ')) AS cp, count(*) AS row_count, "
                "CAST(sum(amount) AS DECIMAL(38,4)) AS amount FROM landed GROUP BY ALL"
            ),
            meaning=(
                "What a partner owes is all that happened with it up to the cut-off less what is settled, applied or closed "
                "(domain 3.12)."
            ),
        ),
    ),
    drift=Drift(
        amount="amount", distinct=("cp", "erp_name"), codes=("transaction_type", "type", "g_l_bank_account_no")
    ),
    freshness_reason="the newest transaction is of the last week of the month or later",
)
