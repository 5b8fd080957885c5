"""The timing difference: vouchers that are ordered with and not yet delivered (domain 7.6.1, final form; DECISIONS B2, B12).

Here belongs what Jdash counts as used against what the target value counts as used, voucher by voucher. What does not belong
here: cancelled refunds (``bridges.vtc``).

A voucher that is used in an order is inactive at once, so the target value does not hold it, while the ledger books its usage
when the order is delivered. What Jdash has and the target value's usage has not lies between the two.
"""

from soxauto_assets.reconciliation.inputs import Session, decimal_sum
from soxauto_assets.reconciliation.matching import (
    LIABILITY,
    component_sign,
    lines_of,
    remarks_by_company,
    use_key,
    uses,
    voucher_key,
    window,
)
from soxauto_assets.reconciliation.model import Bridge, Remark

NAME = "timing"
TITLE = "Timing difference of vouchers"
MEANING = (
    "Vouchers of a liability that are inactive at the cut-off and were created in the window: amount used by Jdash minus "
    "amount used until the cut-off, times the sign of the voucher liability."
)
SOURCE = "domain 7.6.1; DECISIONS B2, B3, B12"
INPUTS = (LIABILITY, "JDASH")
PROOF = "bridge_timing"

_POPULATION = "timing_vouchers"
_USED = "timing_used"
# Each voucher has one fate: the first of these that holds. Only those that are considered enter the bridge.
CONSIDERED = "considered"
_FATES = (
    ("null_id", "vouchers without an id, which match nothing", "voucher_key IS NULL"),
    (
        "marketing",
        "vouchers whose business use is no liability",
        f"NOT coalesce(list_contains($uses, {use_key('business_use')}), false)",
    ),
    ("active", "active vouchers: the target value holds what remains of them", "is_active = 1"),
    ("status_unknown", "vouchers that are neither active nor inactive", "is_active IS DISTINCT FROM 0"),
    (
        "inactive_after_cutoff",
        "vouchers made inactive after the cut-off: at the cut-off the target value holds them",
        "voucher_inactive_date >= $end",
    ),
    ("created_unknown", "inactive vouchers without a date of creation", "created_at IS NULL"),
    ("created_before_window", "inactive vouchers created before the window", "created_at < $start"),
    ("created_after_cutoff", "inactive vouchers created after the cut-off", "created_at >= $end"),
)


def timing_bridge(session: Session) -> Bridge:
    """Return the timing difference per company.

    Jdash knows a company only when its uploader named one. Otherwise an id that occurs in one company of IPE_08 belongs to it;
    an id that occurs in several is not counted, and the bridge is incomplete for those of them in which the voucher would
    count. Where every row names a company, the others have handed in no file, and the bridge is incomplete for them.
    An extract of Jdash without rows says that nothing was used.

    The proof table holds every voucher that differs or cannot be judged: company, voucher_id (as it is compared), business_use,
    created_at, jdash_lcy, used_lcy (``totalamountused``), difference_lcy, explained_lcy, status (``counted``,
    ``two_companies``, ``no_file``).

    Args:
        session: The inputs of the month; needs IPE_08 and JDASH.
    """
    if missing := session.without(*INPUTS):
        return Bridge(NAME, TITLE, MEANING, SOURCE, explains=True, components=(LIABILITY,), missing=missing)
    _population(session)
    _used(session)
    proof = session.keep(PROOF, _proof_sql(component_sign(LIABILITY)))
    lines = lines_of(
        session,
        LIABILITY,
        f"SELECT company, {decimal_sum('explained_lcy')}, count(*) FROM {proof} WHERE status = 'counted' GROUP BY 1",
    )
    unsure = session.rows(f"SELECT DISTINCT company FROM {proof} WHERE status <> 'counted' ORDER BY 1")
    return Bridge(
        NAME,
        TITLE,
        MEANING,
        SOURCE,
        explains=True,
        components=(LIABILITY,),
        lines=lines,
        remarks=tuple(_remarks(session, proof)),
        incomplete=tuple(company for (company,) in unsure),
        proof=proof,
    )


def _population(session: Session) -> None:
    """Make the table of all vouchers with the fate of each."""
    fates = " ".join(f"WHEN {where} THEN '{code}'" for code, _, where in _FATES)
    session.connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {_POPULATION} AS
        SELECT company, voucher_key, business_use, created_at, totalamountused,
            CASE {fates} ELSE '{CONSIDERED}' END AS fate
        FROM (SELECT *, {voucher_key("id")} AS voucher_key FROM {LIABILITY.lower()})""",
        {**window(session).select("start", "end"), "uses": uses(session, "non_marketing_uses")},
    )


def _used(session: Session) -> None:
    """Make the table of Jdash's vouchers: summed by named company and id, with the companies that have the id.

    fate: ``placed`` = belongs to ``company``; ``two_companies``; ``not_in_ipe_08``.
    """
    session.connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {_USED} AS
        WITH used AS (
            SELECT nullif(upper(rtrim(id_company, ' ')), '') AS named, {voucher_key("voucher_id")} AS voucher_key,
                {decimal_sum("amount_used")} AS amount
            FROM jdash GROUP BY ALL
        ),
        home AS (
            SELECT voucher_key, list(DISTINCT company) AS companies FROM {_POPULATION}
            WHERE voucher_key IN (SELECT voucher_key FROM used) GROUP BY 1
        )
        SELECT voucher_key, amount, companies,
            CASE WHEN named IS NOT NULL THEN named WHEN len(companies) = 1 THEN companies[1] END AS company,
            CASE WHEN companies IS NULL OR (named IS NOT NULL AND NOT list_contains(companies, named)) THEN 'not_in_ipe_08'
                WHEN named IS NOT NULL OR len(companies) = 1 THEN 'placed'
                ELSE 'two_companies' END AS fate
        FROM used LEFT JOIN home USING (voucher_key)"""
    )


def _proof_sql(sign: int) -> str:
    return f"""
        WITH voucher AS (
            SELECT company, voucher_key, min(business_use) AS business_use, min(created_at) AS created_at,
                {decimal_sum("totalamountused")} AS used
            FROM {_POPULATION} WHERE fate = '{CONSIDERED}' GROUP BY ALL
        ),
        placed AS (
            SELECT company, voucher_key, {decimal_sum("amount")} AS amount
            FROM {_USED} WHERE fate = 'placed' GROUP BY ALL
        ),
        unplaced AS (SELECT DISTINCT voucher_key FROM {_USED} WHERE fate = 'two_companies'),
        judged AS (
            SELECT v.company, v.voucher_key AS voucher_id, v.business_use, v.created_at, v.used AS used_lcy,
                CASE
                    WHEN v.voucher_key IN (FROM unplaced) THEN 'two_companies'
                    WHEN EXISTS (FROM jdash) AND NOT EXISTS (FROM jdash WHERE {_UNNAMED})
                        AND v.company NOT IN (SELECT upper(rtrim(id_company, ' ')) FROM jdash WHERE id_company IS NOT NULL)
                        THEN 'no_file'
                    ELSE 'counted'
                END AS status,
                CAST(coalesce(p.amount, 0) AS DECIMAL(38,4)) AS jdash
            FROM voucher AS v LEFT JOIN placed AS p ON p.company = v.company AND p.voucher_key = v.voucher_key
        )
        SELECT company, voucher_id, business_use, created_at,
            CASE WHEN status = 'counted' THEN jdash END AS jdash_lcy, used_lcy,
            CAST(CASE WHEN status = 'counted' THEN jdash - used_lcy END AS DECIMAL(38,4)) AS difference_lcy,
            CAST(CASE WHEN status = 'counted' THEN {sign} * (jdash - used_lcy) END AS DECIMAL(38,4)) AS explained_lcy,
            status
        FROM judged WHERE status <> 'counted' OR jdash <> used_lcy"""


_UNNAMED = "nullif(rtrim(id_company, ' '), '') IS NULL"


def _remarks(session: Session, proof: str) -> list[Remark]:
    found = []
    for code, text, _ in _FATES:
        found += remarks_by_company(
            session,
            code,
            f"{text} (amount used until the cut-off)",
            f"SELECT company, count(*), {decimal_sum('totalamountused')} FROM {_POPULATION} "
            "WHERE fate = $code GROUP BY 1",
            {"code": code},
        )
    found += remarks_by_company(
        session,
        "agrees",
        "vouchers of which Jdash and the target value count the same as used",
        f"SELECT company, count(DISTINCT voucher_key), {decimal_sum('totalamountused')} FROM {_POPULATION} AS v "
        f"WHERE fate = '{CONSIDERED}' AND NOT EXISTS (FROM {proof} AS p "
        "WHERE p.company = v.company AND p.voucher_id = v.voucher_key) GROUP BY 1",
    )
    found += remarks_by_company(
        session,
        "not_in_ipe_08",
        "vouchers of Jdash that IPE_08 does not hold (amount used by Jdash)",
        f"SELECT company, count(*), {decimal_sum('amount')} FROM {_USED} WHERE fate = 'not_in_ipe_08' GROUP BY 1",
    )
    found += remarks_by_company(
        session,
        "not_considered",
        "vouchers of Jdash that the bridge does not consider (amount used by Jdash)",
        f"SELECT company, count(*), {decimal_sum('amount')} FROM {_USED} AS u WHERE fate = 'placed' AND NOT EXISTS ("
        f"FROM {_POPULATION} AS v WHERE v.company = u.company AND v.voucher_key = u.voucher_key "
        f"AND v.fate = '{CONSIDERED}') GROUP BY 1",
    )
    found += remarks_by_company(
        session,
        "two_companies",
        "vouchers of Jdash whose id occurs in this company and another one: not matched (amount used by Jdash)",
        f"SELECT company, count(*), {decimal_sum('amount')} FROM (SELECT unnest(companies) AS company, amount FROM {_USED} "
        "WHERE fate = 'two_companies') GROUP BY 1",
    )
    found += remarks_by_company(
        session,
        "no_file",
        "vouchers of a company for which no file of Jdash was handed in, while the others name theirs",
        f"SELECT company, count(*), {decimal_sum('used_lcy')} FROM {proof} WHERE status = 'no_file' GROUP BY 1",
    )
    return found
