"""A month of two companies that can be read as a table: every component, one planted case per bridge.

Nigeria has 100 NGN per US dollar and Egypt 10 EGP, so that dollars can be seen at a glance. Orders of ``rpt_soi``:
P prepaid, D delivered and not settled, F refunded, T returned, X in two components, U uses of a voucher. Vouchers:

==  =============================================================================================
V1  issued, never used
VA  issued 100,000; 40,000 of it ordered, not delivered; active (DECISIONS B2, first case)
VB  issued 400,000; all of it ordered, not delivered; inactive (second case)
VC  issued 50,000; cancelled in BOB, not in NAV (third case); in Egypt the id is another, active voucher
VD  issued 50,000; 20,000 used and delivered; 30,000 cancelled in BOB only (fourth case)
VE  issued 70,000 and cancelled in both; in Egypt issued 20,000 and cancelled in BOB only
==  =============================================================================================
"""

from pathlib import Path

from soxauto_assets.sources.contracts import contract
from soxauto_assets.sources.contracts.rec_errors import VIEWS
from soxauto_assets_tests.catalog.short_tables import order_items, turned
from soxauto_assets_tests.lakes import write_lake

JDASH = """Voucher Id,Amount Used,Usage Date
VA,40000,2025-09-20
VB,400000,2025-09-21
VD,20000,2025-09-10
V-UNKNOWN,5,2025-09-10
"""

TABLES = {
    "dim_company": """
        company_code | company_name | company_country | opco_central | flg_in_conso_scope | is_active
        EC_NG        | Nigeria      | NG              | Opco         | 1                  | 1
        JM_EG        | Egypt        | EG              | Opco         | 1                  | 1
    """,
    "dim_country": """
        country_code | country_name
        NG           | Nigeria
        EG           | Egypt
    """,
    "rpt_fx_rates": """
        year | cod_month | country_code | country | rate_type | base_currency | fx_rate
        2025 | 9         | NG           | Nigeria | Closing   | USD           | 100
        2025 | 9         | EG           | Egypt   | Closing   | USD           | 10
    """,
    "dim_chart_of_accounts": """
        company_code | chart_of_accounts_no | account_name | group_coa_account_no | group_coa_account_name
        EC_NG        | 130030               | Trade        | 13003                | Customer AR trade
        EC_NG        | 130040               | Export       | 13004                | Customer AR other
        EC_NG        | 130100               | Employees    | 13010                | Employees
        EC_NG        | 184120               | Vouchers     | 18412                | Voucher liability
        JM_EG        | 130030               | Trade        | 13003                | Customer AR trade
        JM_EG        | 184120               | Vouchers     | 18412                | Voucher liability
    """,
    "bs_balances_view": """
        id_company | country_code | closing_date | refresh_date        | group_coa_account_no | currency | balance_at_date
        EC_NG      | NG           | 2025-09-30   | 2025-10-05 06:00:00 | 13003                | NGN      | 650
        EC_NG      | NG           | 2025-09-30   | 2025-10-05 06:00:00 | 13004                | NGN      | -100
        EC_NG      | NG           | 2025-09-30   | 2025-10-05 06:00:00 | 13005                | NGN      | 900
        EC_NG      | NG           | 2025-09-30   | 2025-10-05 06:00:00 | 13024                | USD      | 100
        EC_NG      | NG           | 2025-09-30   | 2025-10-05 06:00:00 | 13011                | NGN      | 250
        EC_NG      | NG           | 2025-09-30   | 2025-10-05 06:00:00 | 13001                | NGN      | 50
        EC_NG      | NG           | 2025-09-30   | 2025-10-05 06:00:00 | 18350                | NGN      | -2000
        EC_NG      | NG           | 2025-09-30   | 2025-10-05 06:00:00 | 18317                | NGN      | 50
        EC_NG      | NG           | 2025-09-30   | 2025-10-05 06:00:00 | 18412                | NGN      | -678500
        EC_NG      | NG           | 2025-09-30   | 2025-10-05 06:00:00 | 18304                | NGN      | -15
        JM_EG      | EG           | 2025-09-30   | 2025-10-05 06:00:00 | 13003                | EGP      | 12200
        JM_EG      | EG           | 2025-09-30   | 2025-10-05 06:00:00 | 13005                | EGP      | 70
        JM_EG      | EG           | 2025-09-30   | 2025-10-05 06:00:00 | 13012                | EGP      | 40
        JM_EG      | EG           | 2025-09-30   | 2025-10-05 06:00:00 | 18350                | EGP      | -150
        JM_EG      | EG           | 2025-09-30   | 2025-10-05 06:00:00 | 18317                | EGP      | -30
        JM_EG      | EG           | 2025-09-30   | 2025-10-05 06:00:00 | 18412                | EGP      | -21500
    """,
    "dim_busline": "company_code | busline_code | busline_vertical_name_1\nEC_NG | BL1 | Retail\nEC_NG | BL2 | Retail",
    "customers": """
        id_company | customer_no | name       | customer_posting_group | customer_busline | stream
        EC_NG      | C001        | Customer 1 | NATIONAL               | BL1              | B2C
        EC_NG      | C002        | Customer 2 | EMP-NAT                | BL1              | B2C
        JM_EG      | C001        | Customer 1 | NATIONAL               | BL1              | B2C
    """,
    "customer_posting_group": """
        id_company | code     | receivables_account
        EC_NG      | NATIONAL | 130030
        EC_NG      | EXPORT   | 130040
        EC_NG      | EMP-NAT  | 130100
        JM_EG      | NATIONAL | 130030
    """,
    "customer_ledger_entries": """
        id_company | entry_no | posting_date | customer_no | customer_posting_group | due_date   | busline_code | currency
        EC_NG      | 1        | 2025-09-30   | C001        | NATIONAL               | 2025-10-30 | BL1          | NGN
        EC_NG      | 2        | 2025-09-10   | C001        | EXPORT                 | 2025-10-30 | BL2          | NGN
        EC_NG      | 3        | 2025-09-10   | C002        | EMP-NAT                | 2025-10-30 | BL1          | NGN
        JM_EG      | 1        | 2025-09-10   | C001        | NATIONAL               | 2025-10-30 | BL1          | EGP
    """,
    "detailed_customer_ledger_entry": """
        id_company | entry_no | cust_ledger_entry_no | customer_no | posting_date | amount_lcy
        EC_NG      | 1        | 1                    | C001        | 2025-09-30   | 500
        EC_NG      | 2        | 2                    | C001        | 2025-09-10   | -100
        EC_NG      | 3        | 3                    | C002        | 2025-09-10   | 33
        JM_EG      | 1        | 1                    | C001        | 2025-09-10   | 200
    """,
    "rpt_soi": order_items(turned("""
        company      | EC_NG   | EC_NG | EC_NG | EC_NG    | EC_NG     | EC_NG     | EC_NG     | JM_EG   | JM_EG    | JM_EG
        item         | P1      | D1    | F1    | T1       | U1        | U2        | U3        | P1      | X1       | T1
        order        | O1      | O2    | O3    | O4       | O5        | O6        | O7        | O1      | O2       | O3
        pack_id      | 1       | 2     | 3     | 4        | 5         | 6         | 7         | 1       | 2        | 3
        package      | PK1     | PK2   | PK3   | PK4      | PK5       | PK6       | PK7       | PK1     | PK2      | PK3
        method       | card    | COD   | card  | card     | NoPayment | NoPayment | NoPayment | card    | card     | COD
        pre          | 1       | 0     | 1     | 1        | 0         | 0         | 0         | 1       | 1        | 1
        mpl          | 1       | 1     | 1     | 0        | 1         | 1         | 1         | 1       | 1        | 1
        type         | Box     | Box   | Box   | Box      | Box       | Box       | Box       | Box     | Box      | Box
        status       | shipped | done  | back  | returned | done      | shipped   | shipped   | shipped | returned | returned
        created      | 09-01   | 09-01 | 09-01 | 09-01    | 09-01     | 09-20     | 09-21     | 09-01   | 09-01    | 09-01
        paid         | last    | -     | 09-02 | 09-02    | -         | -         | -         | 09-02   | 09-02    | 09-02
        deliv        | -       | last  | 09-03 | 09-03    | 09-10     | -         | next      | -       | -        | 09-03
        packed       | -       | last  | 09-03 | 09-03    | 09-10     | -         | next      | -       | -        | 09-03
        refunded     | -       | -     | last  | -        | -         | -         | -         | -       | -        | -
        returned     | -       | -     | -     | 09-20    | -         | -         | -         | -       | 09-20    | 09-20
        unit         | 2000    | 1000  | 80    | 30       | -         | -         | -         | 100     | 10       | 20
        after        | -       | -     | 80    | 30       | -         | -         | -         | -       | 10       | 20
        price        | 2000    | 1000  | 80    | 30       | -         | -         | -         | 100     | 10       | 20
        amount       | -       | 1000  | 80    | 30       | -         | -         | -         | -       | -        | 20
        coupon       | -       | -     | -     | -        | 20000     | 40000     | 400000    | -       | -        | -
        voucher_code | -       | -     | -     | -        | CD        | CA        | CB        | -       | -        | -
        voucher_type | -       | -     | -     | -        | RC        | RC        | RC        | -       | -        | -
    """.replace("RC", "reusablecredit"))),
    "package_cashrec": """
        id_company | package_nr | order_nr | package_status | amount_expected
        EC_NG      | PK2        | O2       | delivered      | 1000
    """,
    "cashrec_transaction": """
        id_company | created_date        | cp   | transaction_type       | related_entity | amount
        EC_NG      | 2025-09-30 10:00:00 | HUB1 | Third Party Collection | E1             | 300
        JM_EG      | 2025-09-10 10:00:00 | HUB1 | Unknown type           | E1             | 40
    """,
    "transactions_seller": """
        id_company | created_date        | id_transaction | transaction_type | transaction_amount
        EC_NG      | 2025-09-30 10:00:00 | S1             | Commission       | 15
    """,
    "asg_dim": "id_company | sc_asg_name | asg_level_1\nEC_NG | Commission | REVENUES",
    "voucher_closing": """
        id_company | id | code | business_use | is_active | discount_amount | remaining_amount | voucher_inactive_date
        EC_NG      | V1 | C1   | refund       | 1         | 100000          | 100000           | -
        EC_NG      | VA | CA   | store_credit | 1         | 100000          | 60000            | -
        EC_NG      | VB | CB   | refund       | 0         | 400000          | 0                | 2025-09-21
        EC_NG      | VC | CC   | refund       | 0         | 50000           | 50000            | 2025-09-30 18:00:00
        EC_NG      | VD | CD   | refund       | 0         | 50000           | 30000            | 2025-09-15
        EC_NG      | VE | CE   | refund       | 0         | 70000           | 70000            | 2025-09-15
        JM_EG      | V1 | C1   | apology_v2   | 1         | 1000            | 1000             | -
        JM_EG      | VC | CC   | refund       | 1         | 500             | 500              | -
        JM_EG      | VE | CE   | refund       | 0         | 20000           | 20000            | 2025-09-01
    """,
    "gl_entries": """
        id_company | entry_no | posting_date | gl_account_no | voucher_no | document_description | amount  | user_id
        EC_NG      | 1        | 2025-09-01   | 184120        | V1         | RF_1                 | -100000 | BATCH
        EC_NG      | 2        | 2025-09-01   | 184120        | VA         | RF_2                 | -100000 | BATCH
        EC_NG      | 3        | 2025-09-01   | 184120        | VB         | RF_3                 | -400000 | BATCH
        EC_NG      | 4        | 2025-09-01   | 184120        | VC         | RF_4                 | -50000  | BATCH
        EC_NG      | 5        | 2025-09-01   | 184120        | VD         | RF_5                 | -50000  | BATCH
        EC_NG      | 6        | 2025-09-10   | 184120        | VD         | ITEM PRICE CREDIT    | 20000   | BATCH
        EC_NG      | 7        | 2025-09-01   | 184120        | VE         | RF_6                 | -70000  | BATCH
        EC_NG      | 8        | 2025-09-15   | 184120        | VE         | VOUCHER ACCRUAL      | 70000   | BATCH
        EC_NG      | 9        | 2025-09-30   | 184120        | -          | Correction           | 1500    | PERSON
        JM_EG      | 1        | 2025-09-01   | 184120        | V1         | COMMERCIAL GESTURE   | -1000   | BATCH
        JM_EG      | 2        | 2025-09-01   | 184120        | VC         | RF_1                 | -500    | BATCH
        JM_EG      | 3        | 2025-09-01   | 184120        | VE         | RF_2                 | -20000  | BATCH
    """.replace("BATCH", "JUMIA/NAV31AFR.BATCH.SRVC").replace("PERSON", "JUMIA/ACCOUNTANT"),
    "rec_cashdeposit_errors": """
        country | oms_payment_no | oms_payment_amount | nav_error_message
        Nigeria | E1             | 60                 | Account missing
    """,
    "rec_jpayapp_transactions_errors": """
        country | ring_transaction_number | ring_amount | nav_error_message
        Nigeria | E2                      | 7           | Account missing
    """,
}  # fmt: skip
# What every voucher has in common.
_VOUCHER = {
    "type": "reusablecredit",
    "from_date": "2025-09-01",
    "to_date": "2026-01-01",
    "created_at": "2025-09-01",
    "snapshot_date": "2025-09-30 23:59:59.999",
    "times_used": "0",
}
EMPTY = (
    "bank_account_posting_group", "bank_accounts", "bob_customer_type", "cashdeposit", "cashrec_reallocations",
    "collection_adj", "collection_partners", "hubs_3pl_mapping", "packlist_packages", "packlist_payments",
    "refund_no_return", "ring_account_statements", "ring_transactions", "store_credit_voucher", "vendors",
)  # fmt: skip


def month_lake(folder: Path, **changes: str) -> Path:
    """Write the lake; a table may be replaced."""
    tables = {**TABLES, **changes}
    tables["voucher_closing"] = _with(tables["voucher_closing"], _VOUCHER)
    for name in (*EMPTY, *(view[0] for view in VIEWS)):
        tables.setdefault(name, contract(name).columns[0].name)
    # What CR_04 is tied to: the movements of the ledger's accounts.
    return write_lake(folder, tables)


def _with(text: str, common: dict[str, str]) -> str:
    header, *rows = [line.strip() for line in text.strip().splitlines()]
    return "\n".join([" | ".join((header, *common)), *(" | ".join((row, *common.values())) for row in rows)])
