"""Customers whose entries carry more than one posting group (domain 7.6.4): a review of master data.

Here belongs the list of such customers, by company and customer. What does not belong here: amounts, which it never has.
"""

from soxauto_assets.reconciliation.inputs import Session
from soxauto_assets.reconciliation.matching import lines_of, remarks_by_company
from soxauto_assets.reconciliation.model import Bridge

NAME = "posting_group"
TITLE = "Customers with more than one posting group"
MEANING = (
    "Customers of a company whose open entries carry more than one customer posting group. The amount is 0: it is a review of "
    "master data and explains nothing."
)
SOURCE = "domain 7.6.4"
ITEM = "IPE_07"
PROOF = "bridge_posting_group"
_CUSTOMER = "upper(rtrim(customer_no, ' '))"
_GROUP = "upper(rtrim(customer_posting_group, ' '))"


def posting_group_bridge(session: Session) -> Bridge:
    """Return the number of such customers per company.

    The proof table holds one row per customer: company, customer_no, customer_name, posting_groups (sorted, joined by a
    comma), group_count, entries. Groups and customers are compared without case and trailing blanks; a null group is none.

    Args:
        session: The inputs of the month; needs IPE_07.
    """
    if missing := session.without(ITEM):
        return Bridge(NAME, TITLE, MEANING, SOURCE, explains=False, missing=missing)
    proof = session.keep(
        PROOF,
        f"""
        WITH entry AS (
            SELECT company, {_CUSTOMER} AS customer_no, customer_name, nullif({_GROUP}, '') AS posting_group
            FROM {ITEM.lower()} WHERE nullif({_CUSTOMER}, '') IS NOT NULL
        ),
        several AS (
            SELECT company, customer_no FROM entry GROUP BY ALL HAVING min(posting_group) <> max(posting_group)
        )
        SELECT company, customer_no, min(customer_name) AS customer_name,
            array_to_string(list_sort(list(DISTINCT posting_group) FILTER (posting_group IS NOT NULL)), ', ')
                AS posting_groups,
            count(DISTINCT posting_group) AS group_count, count(*) AS entries
        FROM entry SEMI JOIN several USING (company, customer_no) GROUP BY ALL""",
    )
    remarks = remarks_by_company(
        session,
        "no_customer",
        "entries without a customer number",
        f"SELECT company, count(*), NULL FROM {ITEM.lower()} WHERE nullif({_CUSTOMER}, '') IS NULL GROUP BY 1",
    )
    remarks += remarks_by_company(
        session,
        "no_group",
        "entries without a posting group",
        f"SELECT company, count(*), NULL FROM {ITEM.lower()} WHERE nullif({_GROUP}, '') IS NULL GROUP BY 1",
    )
    return Bridge(
        NAME,
        TITLE,
        MEANING,
        SOURCE,
        explains=False,
        lines=lines_of(session, ITEM, f"SELECT company, CAST(0 AS DECIMAL(38,4)), count(*) FROM {proof} GROUP BY 1"),
        remarks=tuple(remarks),
        proof=proof,
    )
