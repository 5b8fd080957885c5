"""Flows of vouchers in the ledger against flows in the target values, by company, category and voucher type.

Here belongs the comparison in local currency. What does not belong here: US dollars and the status of a bucket
(``reconciliation.variances``), the rows behind a bucket (``vouchers.review``).

Both sides cover the same months and use one vocabulary. The target value is written in NAV's sign, so that a voucher that is
booked well gives 0 in its bucket (domain 7.4, DECISIONS B14): what was issued lowers it, what was used or has expired raises
it. Cancellation and VTC exist in the ledger only.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from soxauto_assets.reconciliation.inputs import Session, decimal_sum
from soxauto_assets.reconciliation.matching import remarks_by_company, use_key, uses, window
from soxauto_assets.reconciliation.model import Remark
from soxauto_assets.reconciliation.rules import load_rules
from soxauto_assets.reconciliation.vouchers.classification import ENTRIES, classified
from soxauto_assets.reconciliation.vouchers.voucher_types import voucher_types

TABLE = "voucher_buckets"
NAV_FLOWS = "voucher_flows_nav"
TARGET_FLOWS = "voucher_flows_target"
INPUTS = (ENTRIES, "IPE_08", "IPE_08_USAGE")


@dataclass(frozen=True)
class Bucket:
    """One bucket of voucher flows.

    Attributes:
        company: Company code.
        category: ``Issuance``, ``Usage``, ``Expired``; and of the ledger only ``Cancellation``, ``VTC``, ``Reversed``,
            ``Uncategorized``.
        voucher_type: Harmonised voucher type.
        nav_lcy: Entries of the window, LCY, debit positive.
        nav_rows: Number of entries.
        tv_lcy: Target value in NAV's sign, LCY.
        tv_rows: Number of vouchers, or of vouchers and months for usage.
        variance_lcy: ``nav_lcy`` minus ``tv_lcy``.
    """

    company: str
    category: str
    voucher_type: str
    nav_lcy: Decimal
    nav_rows: int
    tv_lcy: Decimal
    tv_rows: int
    variance_lcy: Decimal

    @property
    def key(self) -> tuple[str, str, str]:
        """Company, category and voucher type."""
        return (self.company, self.category, self.voucher_type)

    def to_json(self) -> dict[str, Any]:
        """Return the bucket as plain values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True)
class Buckets:
    """All buckets of a month.

    Attributes:
        table: Name of the kept table with the columns of :class:`Bucket`; None where an input is missing.
        buckets: The same, in order of company, category and voucher type.
        remarks: What neither side counts.
        missing: Items without which there is no comparison.
    """

    table: str | None
    buckets: tuple[Bucket, ...] = ()
    remarks: tuple[Remark, ...] = ()
    missing: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the comparison as plain values."""
        return {
            "table": self.table,
            "buckets": [bucket.to_json() for bucket in self.buckets],
            "remarks": [remark.to_json() for remark in self.remarks],
            "missing": list(self.missing),
        }


def compute_buckets(session: Session) -> Buckets:
    """Compare the flows of the ledger with those of the target values.

    Args:
        session: The inputs of the month; needs CR_03_MOV, IPE_08 and IPE_08_USAGE.
    """
    if missing := session.without(*INPUTS):
        return Buckets(None, missing=missing)
    make_flows(session)
    sides = (("nav", NAV_FLOWS), ("tv", TARGET_FLOWS))
    grouped = ", ".join(
        f"{side} AS (SELECT company, category, voucher_type, {decimal_sum('amount')} AS lcy, count(*) AS row_count "
        f"FROM {flows} GROUP BY ALL)"
        for side, flows in sides
    )
    columns = "company, category, voucher_type, nav_lcy, nav_rows, tv_lcy, tv_rows, variance_lcy"
    table = session.keep(
        TABLE,
        f"""
        WITH {grouped},
        joined AS (
            SELECT company, category, voucher_type,
                CAST(coalesce(nav.lcy, 0) AS DECIMAL(38,4)) AS nav_lcy, coalesce(nav.row_count, 0) AS nav_rows,
                CAST(coalesce(tv.lcy, 0) AS DECIMAL(38,4)) AS tv_lcy, coalesce(tv.row_count, 0) AS tv_rows
            FROM nav FULL JOIN tv USING (company, category, voucher_type)
        )
        SELECT company, category, voucher_type, nav_lcy, nav_rows, tv_lcy, tv_rows,
            CAST(nav_lcy - tv_lcy AS DECIMAL(38,4)) AS variance_lcy
        FROM joined""",
    )
    buckets = tuple(Bucket(*row) for row in session.rows(f"SELECT {columns} FROM {table} ORDER BY ALL"))
    return Buckets(table, buckets, tuple(_remarks(session)))


def make_flows(session: Session) -> None:
    """Make the temporary views of both sides' rows, one row per entry or voucher, when this session has none.

    Columns of both: company, category, voucher_type, amount (LCY in NAV's sign), source (item id), reference (entry number or
    voucher id), day, document_no, text (description or business use), rule.
    """
    made = session.rows("SELECT count(*) FROM duckdb_tables() WHERE table_name IN ($nav, $target)", _names())
    if made[0][0] == len(_names()):
        return
    span = window(session)
    table = classified(session)
    session.connection.execute(
        f"""
        CREATE OR REPLACE TEMP TABLE {NAV_FLOWS} AS
        SELECT company, category, voucher_type, CAST(amount AS DECIMAL(38,4)) AS amount, '{ENTRIES}' AS source,
            CAST(entry_no AS VARCHAR) AS reference, posting_date AS day, document_no, document_description AS text, rule
        FROM {table}
        WHERE category IS NOT NULL AND posting_date BETWEEN $first_day AND $last_day""",
        span.select("first_day", "last_day"),
    )
    session.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {TARGET_FLOWS} AS {_target_sql()}",
        {**span.select("start", "end"), **_months(session), "uses": uses(session, "non_marketing_uses")},
    )


def _names() -> dict[str, str]:
    return {"nav": NAV_FLOWS, "target": TARGET_FLOWS}


def _months(session: Session) -> dict[str, int]:
    """Return the first and last month of the window as IPE_08_USAGE writes months: YYYYMM."""
    first = window(session).first_day
    return {
        "first_month": first.year * 100 + first.month,
        "last_month": session.period.year * 100 + session.period.month,
    }


def _target_sql() -> str:
    """Return the query of the target value's rows.

    A voucher that was made inactive before its end was cancelled, so it has not expired. Usage whose code no voucher of the
    company has is counted with the type Unknown: nothing says that it is marketing. Rows of amount 0 are left out, as the
    ledger has none.
    """
    kind = voucher_types(load_rules("voucher_types")).sql("business_use")
    liability = f"list_contains($uses, {use_key('business_use')})"
    return f"""
        SELECT company, category, {kind} AS voucher_type, CAST(amount AS DECIMAL(38,4)) AS amount, source,
            reference, day, CAST(NULL AS VARCHAR) AS document_no, business_use AS text, CAST(NULL AS VARCHAR) AS rule
        FROM (
            SELECT company, 'Issuance' AS category, business_use, -discount_amount AS amount, 'IPE_08' AS source,
                id AS reference, CAST(created_at AS DATE) AS day
            FROM ipe_08 WHERE {liability} AND created_at >= $start AND created_at < $end
            UNION ALL
            SELECT company, 'Usage', business_use, totalamountused, 'IPE_08_USAGE', id,
                CAST(last_package_delivery AS DATE)
            FROM ipe_08_usage WHERE (id IS NULL OR {liability}) AND delivery_mth BETWEEN $first_month AND $last_month
            UNION ALL
            SELECT company, 'Expired', business_use, totalremainingamount, 'IPE_08', id, CAST(to_date AS DATE)
            FROM ipe_08 WHERE {liability} AND to_date >= $start AND to_date < $end AND {_not_cancelled()}
        ) WHERE amount <> 0"""


def _not_cancelled() -> str:
    return "NOT coalesce(is_active = 0 AND voucher_inactive_date < to_date, false)"


def _remarks(session: Session) -> list[Remark]:
    span = window(session)
    marketing = f"NOT coalesce(list_contains($uses, {use_key('business_use')}), false)"
    instants = span.select("start", "end")
    listed = {"uses": uses(session, "non_marketing_uses")}
    found = remarks_by_company(
        session,
        "marketing_issuance",
        "vouchers created in the window whose business use is no liability",
        f"SELECT company, count(*), {decimal_sum('discount_amount')} FROM ipe_08 "
        f"WHERE {marketing} AND created_at >= $start AND created_at < $end GROUP BY 1",
        {**instants, **listed},
    )
    found += remarks_by_company(
        session,
        "marketing_usage",
        "usage in the window of vouchers whose business use is no liability",
        f"SELECT company, count(*), {decimal_sum('totalamountused')} FROM ipe_08_usage "
        f"WHERE id IS NOT NULL AND {marketing} AND delivery_mth BETWEEN $first_month AND $last_month GROUP BY 1",
        {**_months(session), **listed},
    )
    found += remarks_by_company(
        session,
        "usage_without_voucher",
        "usage in the window whose code no voucher of the company has: counted, with the type Unknown",
        f"SELECT company, count(*), {decimal_sum('totalamountused')} FROM ipe_08_usage "
        "WHERE id IS NULL AND delivery_mth BETWEEN $first_month AND $last_month GROUP BY 1",
        _months(session),
    )
    found += remarks_by_company(
        session,
        "cancelled_before_expiry",
        "vouchers whose end lies in the window and that were made inactive before it: not counted as expired",
        f"SELECT company, count(*), {decimal_sum('totalremainingamount')} FROM ipe_08 "
        f"WHERE NOT ({marketing}) AND to_date >= $start AND to_date < $end AND NOT ({_not_cancelled()}) GROUP BY 1",
        {**instants, **listed},
    )
    found += remarks_by_company(
        session,
        "entry_outside_window",
        "classified entries posted outside the window",
        f"SELECT company, count(*), {decimal_sum('amount')} FROM {classified(session)} "
        "WHERE category IS NOT NULL AND NOT (posting_date BETWEEN $first_day AND $last_day) GROUP BY 1",
        span.select("first_day", "last_day"),
    )
    return found
