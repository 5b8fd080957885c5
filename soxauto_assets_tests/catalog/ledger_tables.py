"""A small ledger of the voucher account, shared by the tests of CR_03 and CR_03_MOV.

Group account 18412 is local account 184120A in EC_NG and 999 in JD_GH, where 184120A is something else. ZZ_OUT is outside the
consolidation scope. One entry per case:

=====  ===================================================================================
EC_NG  case
=====  ===================================================================================
1      open, on the first day of the year
2      open, on the last day; three decimals; account with other case and blanks
3      on the first day of the next month: not yet
4      on the last day of the year before: its movement is outside CR_03's year
5      cleared within the year, by a movement whose company has other case and blanks
6      cleared after the cut-off: open on it
7      first day of the twelve months; no movement this year
8      one day before the twelve months; a movement of this year keeps it open in CR_03
9      another group account
10     an account that the chart does not know
11     an account of the chart without a group account
12     reversed, with a document date of next month
13     entry on another account than its movements
14     movements without an entry
=====  ===================================================================================
"""

TABLES = {
    "dim_company": """
        company_code | company_country | opco_central | flg_in_conso_scope
        EC_NG        | NG              | Opco         | 1
        ec_ng·       | NG              | Opco         | 1
        JD_GH        | GH              | Opco         | 1
        ZZ_OUT       | XX              | Central      | 0
    """,
    "dim_chart_of_accounts": """
        company_code | chart_of_accounts_no | account_name    | group_coa_account_no | group_coa_account_name
        EC_NG        | 184120A              | Vouchers        | 18412                | Voucher liability
        EC_NG        | 184120a·             | Vouchers        | 18412                | Voucher liability
        EC_NG        | 184121               | Vouchers, other | 18412·               | Voucher liability
        EC_NG        | 150100               | Stock           | 15010                | Stock in hand
        EC_NG        | 200                  | No group        | -                    | -
        JD_GH        | 184120A              | Advances        | 18350                | Prepayments
        JD_GH        | 999                  | Vouchers GH     | 18412                | Voucher liability
        ZZ_OUT       | 184120A              | Vouchers        | 18412                | Voucher liability
    """,
    "ifrs_mapping": """
        level_4_code | level_1_name | level_2_name | level_3_name
        18412        | Liabilities  | Current      | Vouchers
        18412·       | Liabilities  | Current      | Vouchers
        18350        | Liabilities  | Current      | Prepayments
    """,
    "gl_entries": """
        id_company | entry_no | posting_date | document_date | gl_account_no | document_description | amount  | reversed
        EC_NG      | 1        | 2025-01-01   | 2025-01-01    | 184120A       | RF_317489956_0925    | -100    | false
        EC_NG      | 2        | 2025-09-30   | 2025-09-30    | 184120a··     | Refund Bm 09         | -10.125 | false
        EC_NG      | 3        | 2025-10-01   | 2025-10-01    | 184120A       | -                    | -7      | false
        EC_NG      | 4        | 2024-12-31   | 2024-12-31    | 184120A       | -                    | -11     | false
        EC_NG      | 5        | 2025-02-01   | 2025-02-01    | 184120A       | -                    | -500    | false
        EC_NG      | 6        | 2025-08-01   | 2025-08-01    | 184121        | BackMargin of August | -600    | -
        EC_NG      | 7        | 2024-10-01   | 2024-10-01    | 184120A       | -                    | -12     | false
        EC_NG      | 8        | 2024-09-30   | 2024-09-30    | 184120A       | B M                  | -13     | false
        EC_NG      | 9        | 2025-09-10   | 2025-09-10    | 150100        | -                    | 14      | false
        EC_NG      | 10       | 2025-09-10   | 2025-09-10    | 777           | -                    | 15      | false
        EC_NG      | 11       | 2025-09-10   | 2025-09-10    | 200           | -                    | 16      | false
        EC_NG      | 12       | 2025-09-10   | 2025-10-05    | 184120A       | -                    | 17      | true
        EC_NG      | 13       | 2025-09-10   | 2025-09-10    | 150100        | -                    | 18      | false
        JD_GH      | 1        | 2025-09-10   | 2025-09-10    | 999           | Crédit Ñandú BM      | -2000.5 | false
        JD_GH      | 2        | 2025-09-10   | 2025-09-10    | 184120A       | -                    | -30     | false
        ZZ_OUT     | 1        | 2025-09-10   | 2025-09-10    | 184120A       | -                    | -40     | false
    """,
    "detailed_gl_entry": """
        id_company | entry_no | gen_ledger_entry_no | g_l_account_no | posting_date | amount
        EC_NG      | 1        | 1                   | 184120A        | 2025-01-01   | -100
        EC_NG      | 2        | 1                   | 184120A        | 2025-09-30   | 40
        EC_NG      | 3        | 1                   | 184120A        | 2025-10-01   | 60
        EC_NG      | 4        | 2                   | 184120a··      | 2025-09-30   | -10.125
        EC_NG      | 5        | 3                   | 184120A        | 2025-10-01   | -7
        EC_NG      | 6        | 4                   | 184120A        | 2024-12-31   | -11
        EC_NG      | 7        | 5                   | 184120A        | 2025-02-01   | -500
        ec_ng·     | 8        | 5                   | 184120A        | 2025-09-30   | 500
        EC_NG      | 9        | 6                   | 184121         | 2025-08-01   | -600
        EC_NG      | 10       | 6                   | 184121         | 2025-10-01   | 600
        EC_NG      | 11       | 7                   | 184120A        | 2024-10-01   | -12
        EC_NG      | 12       | 8                   | 184120A        | 2024-09-30   | -13
        EC_NG      | 13       | 8                   | 184120A        | 2025-01-01   | 3
        EC_NG      | 14       | 9                   | 150100         | 2025-09-10   | 14
        EC_NG      | 15       | 10                  | 777            | 2025-09-10   | 15
        EC_NG      | 16       | 11                  | 200            | 2025-09-10   | 16
        EC_NG      | 17       | 12                  | 184120A        | 2025-09-10   | 17
        EC_NG      | 18       | 13                  | 184120A        | 2025-09-10   | 18
        EC_NG      | 19       | 14                  | 184120A        | 2025-09-10   | 19
        JD_GH      | 1        | 1                   | 999            | 2025-09-10   | -2000.5
        JD_GH      | 2        | 2                   | 184120A        | 2025-09-10   | -30
        ZZ_OUT     | 1        | 1                   | 184120A        | 2025-09-10   | -40
    """,
}
