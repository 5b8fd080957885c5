"""Broken extracts that control totals do not see, by item: the start of the mutant's name, and why.

``NOT_SEEN``: other rows or values come out, and the totals stay. Totals cover counts, amounts and cut-off dates; a derived text
or flag can change without moving any of them, and has a check that computes it again from its parts, named here.
``EQUIVALENT``: the very same rows come out, so there is nothing to see.
"""

_DERIVED = "moves a derived text only; due_month_recomputed and ageing_recomputed compute both again"
_FLAG = "moves the flag customer_has_balance only, which enters no amount"
_RESOLVED = "every entry resolves; the check account_resolved fails where one does not"

NOT_SEEN: dict[str, dict[str, str]] = {
    "IPE_07": {
        "boundary of LAST_DAY_OF_MONTH": _DERIVED,
        "boundary of DATE_DIFF": _DERIVED,
        "drop d.posting_date <= CAST('2025-09-30' AS DATE) #2": _FLAG,
        "boundary of d.posting_date <= CAST('2025-09-30' AS DATE) #2": _FLAG,
    },
    "IPE_31": {
        "drop NOT LOWER(REGEXP_REPLACE(g.g_l_bank_account_no": "moves the partner's bank account only, which enters no amount; "
        "one_bank_account warns",
    },
}

_BANK = "the partner's bank account is looked up after a count of one; on this lake the other groups lead nowhere else"
_FILTERED = "a row that finds no account has no group account, and the filter on it drops the row"

EQUIVALENT: dict[str, dict[str, str]] = {
    "CR_03": {"inner join of detail_account turned": _FILTERED},
    "CR_03_MOV": {
        "inner join of account turned": _FILTERED,
        "inner join of company turned": "without its company a row finds no account, and the join on it drops the row",
    },
    "CR_05": {"left join of country turned": "every company's country has a name in dim_country"},
    "IPE_07": {
        "left join of customer_balance turned": "an entry with movements has a customer with movements",
        "left join of posting_group turned": _RESOLVED,
        "left join of account turned": _RESOLVED,
        "drop e.posting_date": "a movement is never posted before its entry, so an entry of next month has none to sum",
    },
    "IPE_11": {"inner join of asg turned": "the filter on the first ASG level drops a row that finds none"},
    "IPE_31": {
        "drop LOWER(REGEXP_REPLACE(g.id_company": "every company maps the same posting group to the same account",
        "drop LOWER(REGEXP_REPLACE(g.code": _BANK,
        "inner join of g turned": _BANK,
        "drop LOWER(REGEXP_REPLACE(b.service_provider_no": _BANK,
        "inner join of company turned": "the filter on the country drops a row that finds no company",
    },
    "IPE_08": {
        "drop NOT i.voucher_code IS NULL": "the use without a code is grouped, and joins no voucher",
        "boundary of voucher.to_date > voucher.inactive_date": "of two equal dates either is the smaller one",
        "boundary of v.voucher_inactive_date": "of two equal dates either is the smaller one",
    },
}
