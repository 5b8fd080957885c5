"""Broken extracts that control totals do not see, by item: the start of the mutant's name, and why.

Totals cover counts, amounts and cut-off dates. A derived text or flag can change without moving any of them; each such column
has a check that computes it again from its parts, named here.
"""

_DERIVED = "moves a derived text only; due_month_recomputed and ageing_recomputed compute both again"
_FLAG = "moves the flag customer_has_balance only, which enters no amount"

NOT_SEEN: dict[str, dict[str, str]] = {
    "IPE_07": {
        "boundary of LAST_DAY_OF_MONTH": _DERIVED,
        "boundary of DATE_DIFF": _DERIVED,
        "drop d.posting_date <= CAST('2025-09-30' AS DATE) #2": _FLAG,
        "boundary of d.posting_date <= CAST('2025-09-30' AS DATE) #2": _FLAG,
    },
}
