"""Customers whose balance lies on more than one business line, and the reclass that would gather it (domain 7.6.5).

Here belongs the proposal. What does not belong here: a journal. Accounting and country finance decide, nothing is posted, and
nothing is explained by it: the ledger and the target value move together.
"""

from soxauto_assets.reconciliation.inputs import Session, decimal_sum
from soxauto_assets.reconciliation.matching import lines_of, remarks_by_company
from soxauto_assets.reconciliation.model import Bridge

NAME = "business_line"
TITLE = "Proposed reclass between business lines"
MEANING = (
    "Customers of a company whose open balance at the cut-off lies on more than one business line. The primary line is the one "
    "with the largest absolute balance, of equal ones the first by alphabet; proposed is to move the whole balance of every "
    "other line to it. Every row needs a review."
)
SOURCE = "domain 7.6.5"
ITEM = "IPE_07"
PROOF = "bridge_business_line"
# Balances below one cent are none.
SMALLEST = "0.01"
_CUSTOMER = "nullif(upper(rtrim(customer_no, ' ')), '')"
_LINE = "nullif(upper(rtrim(busline_code, ' ')), '')"


def business_line_bridge(session: Session) -> Bridge:
    """Return the proposals per company; the amount of a line is the sum of the balances that would move.

    The cut-off is that of IPE_07: its entries are posted up to the last day, with what remains of them then. The proof table
    holds one row per customer and line: company, customer_no, busline_code, balance_lcy, is_primary, primary_line,
    proposed_reclass_lcy (0 for the primary line), review_required, reasoning.

    Args:
        session: The inputs of the month; needs IPE_07.
    """
    if missing := session.without(ITEM):
        return Bridge(NAME, TITLE, MEANING, SOURCE, explains=False, missing=missing)
    session.connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE line_balances AS
        SELECT company, {_CUSTOMER} AS customer_no, {_LINE} AS busline_code, {decimal_sum("rem_amt_lcy")} AS balance_lcy,
            count(*) AS entries
        FROM {ITEM.lower()} GROUP BY ALL"""
    )
    proof = session.keep(
        PROOF,
        f"""
        WITH material AS (
            SELECT * FROM line_balances
            WHERE customer_no IS NOT NULL AND busline_code IS NOT NULL AND abs(balance_lcy) >= {SMALLEST}
        ),
        ranked AS (
            SELECT *, count(*) OVER customer AS line_count,
                first_value(busline_code) OVER (customer ORDER BY abs(balance_lcy) DESC, busline_code) AS primary_line
            FROM material WINDOW customer AS (PARTITION BY company, customer_no)
        )
        SELECT company, customer_no, busline_code, balance_lcy, busline_code = primary_line AS is_primary, primary_line,
            CAST(CASE WHEN busline_code = primary_line THEN 0 ELSE balance_lcy END AS DECIMAL(38,4)) AS proposed_reclass_lcy,
            true AS review_required,
            CASE WHEN busline_code = primary_line
                THEN 'largest absolute balance of ' || line_count || ' business lines: nothing moves'
                ELSE 'not the primary line ' || primary_line || ': its whole balance would move there' END AS reasoning
        FROM ranked WHERE line_count > 1""",
    )
    balances = f"SELECT company, CAST(sum(entries) AS BIGINT), {decimal_sum('balance_lcy')} FROM line_balances WHERE "
    remarks = [
        remark
        for code, text, where in (
            ("no_customer", "entries without a customer number", "customer_no IS NULL"),
            ("no_line", "entries without a business line", "customer_no IS NOT NULL AND busline_code IS NULL"),
            (
                "below_a_cent",
                f"entries of customers and lines whose balance is below {SMALLEST}",
                f"customer_no IS NOT NULL AND busline_code IS NOT NULL AND abs(balance_lcy) < {SMALLEST}",
            ),
        )
        for remark in remarks_by_company(session, code, text, f"{balances} {where} GROUP BY 1")
    ]
    return Bridge(
        NAME,
        TITLE,
        MEANING,
        SOURCE,
        explains=False,
        lines=lines_of(
            session,
            ITEM,
            f"SELECT company, {decimal_sum('proposed_reclass_lcy')}, count(*) FROM {proof} WHERE NOT is_primary GROUP BY 1",
        ),
        remarks=tuple(remarks),
        proof=proof,
    )
