"""The VTC adjustment: refund vouchers cancelled in BOB for which the ledger has no cancellation (domain 7.6.2, DECISIONS B13).

Here belongs the matching of cancelled refund vouchers with entries of the ledger. What does not belong here: which entries
are cancellations (``vouchers.classification``).

The cash of such a voucher is paid back and not yet booked. The variance is a stock, so every such voucher of the window
counts, not only those of the month.
"""

from soxauto_assets.reconciliation.inputs import Session, decimal_sum
from soxauto_assets.reconciliation.matching import (
    LIABILITY,
    component_sign,
    folded,
    lines_of,
    remarks_by_company,
    use_key,
    uses,
    voucher_key,
    window,
)
from soxauto_assets.reconciliation.model import Bridge, Remark
from soxauto_assets.reconciliation.vouchers.classification import ENTRIES, classified

NAME = "vtc"
TITLE = "VTC adjustment: refund vouchers cancelled in BOB, not in NAV"
MEANING = (
    "Valid refund vouchers that were made inactive in the window and have no entry of the categories Cancellation or VTC of "
    "the same company: the remaining amount by BOB, times the sign of the voucher liability."
)
SOURCE = "domain 7.6.2; DECISIONS B2, B3, B13"
INPUTS = (LIABILITY, ENTRIES)
PROOF = "bridge_vtc"
CATEGORIES = ("Cancellation", "VTC")

# Every refund voucher: company, id, voucher_key, amounts and fate. It is not kept; the readings look at it, too.
POPULATION = "vtc_vouchers"
_BOOKED = "vtc_booked"
CONSIDERED = "unmatched"
NOTHING_REMAINS = "nothing_remains"
# Each refund voucher has one fate: the first of these that holds.
_FATES = (
    ("active", "active refund vouchers", "is_active = 1"),
    ("status_unknown", "refund vouchers that are neither active nor inactive", "is_active IS DISTINCT FROM 0"),
    (
        "inactive_date_unknown",
        "inactive refund vouchers without the date on which they became so",
        "voucher_inactive_date IS NULL",
    ),
    (
        "inactive_after_cutoff",
        "refund vouchers made inactive after the cut-off: at the cut-off the target value holds them",
        "voucher_inactive_date >= $end",
    ),
    ("inactive_before_window", "refund vouchers made inactive before the window", "voucher_inactive_date < $start"),
    ("matched", "refund vouchers that the ledger has cancelled or paid out", "booked"),
    (
        "expired",
        "unmatched refund vouchers whose validity had ended at the cut-off: the bridge follows valid ones",
        f"{folded('is_valid')} IS DISTINCT FROM 'valid'",
    ),
    (
        NOTHING_REMAINS,
        "unmatched refund vouchers of which nothing remains",
        "coalesce(remaining_amount, 0) = 0",
    ),
)


def vtc_bridge(session: Session) -> Bridge:
    """Return the VTC adjustment per company.

    A voucher without an id, and an entry without a voucher number, match nothing: the voucher counts as not booked, and both
    are remarked. The proof table holds the unmatched vouchers: company, voucher_id, business_use, voucher_inactive_date,
    month_of_origin (``YYYY-MM`` in which it was cancelled), issued_lcy, remaining_lcy, explained_lcy.

    Args:
        session: The inputs of the month; needs IPE_08 and CR_03_MOV.
    """
    if missing := session.without(*INPUTS):
        return Bridge(NAME, TITLE, MEANING, SOURCE, explains=True, components=(LIABILITY,), missing=missing)
    _population(session)
    sign = component_sign(LIABILITY)
    proof = session.keep(
        PROOF,
        f"""
        SELECT company, id AS voucher_id, business_use, voucher_inactive_date,
            strftime(voucher_inactive_date, '%Y-%m') AS month_of_origin, discount_amount AS issued_lcy,
            remaining_amount AS remaining_lcy, CAST({sign} * remaining_amount AS DECIMAL(38,4)) AS explained_lcy
        FROM {POPULATION} WHERE fate = '{CONSIDERED}'""",
    )
    return Bridge(
        NAME,
        TITLE,
        MEANING,
        SOURCE,
        explains=True,
        components=(LIABILITY,),
        lines=lines_of(
            session, LIABILITY, f"SELECT company, {decimal_sum('explained_lcy')}, count(*) FROM {proof} GROUP BY 1"
        ),
        remarks=tuple(_remarks(session, proof)),
        proof=proof,
    )


def _population(session: Session) -> None:
    """Make the tables of entries that can match, and of all refund vouchers with the fate of each."""
    session.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {_BOOKED} AS SELECT company, {voucher_key('voucher_no')} AS voucher_key, amount "
        f"FROM {classified(session)} WHERE list_contains($categories, category)",
        {"categories": list(CATEGORIES)},
    )
    fates = " ".join(f"WHEN {where} THEN '{code}'" for code, _, where in _FATES)
    session.connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {POPULATION} AS
        WITH refund AS (
            SELECT *, {voucher_key("id")} AS voucher_key FROM {LIABILITY.lower()}
            WHERE list_contains($refunds, {use_key("coalesce(business_use_formatted, business_use)")})
                AND list_contains($uses, {use_key("business_use")})
        ),
        booked AS (SELECT DISTINCT company, voucher_key, true AS booked FROM {_BOOKED} WHERE voucher_key IS NOT NULL)
        SELECT company, id, voucher_key, business_use, voucher_inactive_date, discount_amount, remaining_amount,
            CASE {fates} ELSE '{CONSIDERED}' END AS fate
        FROM refund LEFT JOIN booked USING (company, voucher_key)""",
        {
            **window(session).select("start", "end"),
            "refunds": uses(session, "refund_uses"),
            "uses": uses(session, "non_marketing_uses"),
        },
    )


def _remarks(session: Session, proof: str) -> list[Remark]:
    found = []
    for code, text, _ in _FATES:
        found += remarks_by_company(
            session,
            code,
            f"{text} (remaining amount by BOB)",
            f"SELECT company, count(*), {decimal_sum('remaining_amount')} FROM {POPULATION} "
            "WHERE fate = $code GROUP BY 1",
            {"code": code},
        )
    found += remarks_by_company(
        session,
        "null_id",
        "counted vouchers without an id, for which no entry can be found",
        f"SELECT company, count(*), {decimal_sum('remaining_amount')} FROM {POPULATION} "
        f"WHERE fate = '{CONSIDERED}' AND voucher_key IS NULL GROUP BY 1",
    )
    found += remarks_by_company(
        session,
        "entry_without_voucher",
        "entries of the categories Cancellation and VTC without a voucher number, which match no voucher",
        f"SELECT company, count(*), {decimal_sum('amount')} FROM {_BOOKED} WHERE voucher_key IS NULL GROUP BY 1",
    )
    found += remarks_by_company(
        session,
        "entry_unmatched",
        "entries of the categories Cancellation and VTC whose voucher is not among the inactive refund vouchers",
        f"SELECT company, count(*), {decimal_sum('amount')} FROM {_BOOKED} AS b WHERE voucher_key IS NOT NULL AND NOT EXISTS ("
        f"FROM {POPULATION} AS v WHERE v.company = b.company AND v.voucher_key = b.voucher_key AND v.fate = 'matched') "
        "GROUP BY 1",
    )
    months = session.rows(
        f"SELECT month_of_origin, company, count(*), {decimal_sum('explained_lcy')} FROM {proof} GROUP BY ALL ORDER BY ALL"
    )
    found += [
        Remark("month_of_origin", f"explained amount of vouchers cancelled in {month}", company, rows, amount)
        for month, company, rows, amount in months
    ]
    return found + remarks_by_company(
        session,
        "legacy_month_only",
        "what the bridge would explain by vouchers cancelled in the month of the cut-off alone, as before",
        f"SELECT company, count(*), {decimal_sum('explained_lcy')} FROM {proof} "
        "WHERE voucher_inactive_date >= $month_start GROUP BY 1",
        window(session).select("month_start"),
    )
