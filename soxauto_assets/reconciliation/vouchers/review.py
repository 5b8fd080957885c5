"""The review table of voucher buckets: a summary of each bucket to be investigated, and its material rows.

Here belongs the choice of rows. What does not belong here: thresholds and status, which come in from outside.

Source: domain 7.4. A row whose absolute amount equals the threshold is material.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import ROUND_CEILING, Decimal
from typing import Any

from soxauto_assets.reconciliation.inputs import Session
from soxauto_assets.reconciliation.model import Remark
from soxauto_assets.reconciliation.vouchers.pivots import INPUTS, NAV_FLOWS, TARGET_FLOWS, compute_buckets, make_flows
from soxauto_assets.reconciliation.vouchers.pivots import TABLE as BUCKETS

TABLE = "voucher_review"
INVESTIGATE = "investigate"
BucketKey = tuple[str, str, str]
_SCALE = Decimal("0.0001")


@dataclass(frozen=True)
class Review:
    """The review table.

    Attributes:
        table: Name of the kept table; None where an input is missing. Columns: company, category, voucher_type, kind
            (``bucket_summary`` or ``line_item``), status, side (``NAV``, ``TV``, null in a summary), source (item id),
            reference (entry number or voucher id), day, document_no, text, rule, amount_lcy (of a summary the variance),
            nav_lcy, tv_lcy, threshold_lcy (of the company's line items).
        summaries: Number of buckets in it.
        line_items: Number of material rows in it, by company.
        remarks: Companies whose rows could not be judged.
        missing: Items without which there is no table.
    """

    table: str | None
    summaries: int = 0
    line_items: Mapping[str, int] | None = None
    remarks: tuple[Remark, ...] = ()
    missing: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the figures as plain values; rows are a table of their own."""
        return {
            "table": self.table,
            "summaries": self.summaries,
            "line_items": dict(self.line_items or {}),
            "remarks": [remark.to_json() for remark in self.remarks],
            "missing": list(self.missing),
        }


def keep_review(
    session: Session,
    statuses: Mapping[BucketKey, str],
    thresholds_lcy: Mapping[str, Decimal],
    investigate: str = INVESTIGATE,
) -> Review:
    """Keep the review table.

    Args:
        session: The inputs of the month; buckets are computed when this session has none.
        statuses: Status by company, category and voucher type; only buckets to be investigated get into the table.
        thresholds_lcy: Absolute amount in LCY from which on a row is material, by company. A company without one (no rate)
            gets its summaries, no rows and a remark.
        investigate: The status that chooses a bucket.
    """
    if missing := session.without(*INPUTS):
        return Review(None, missing=missing)
    if BUCKETS not in session.kept:
        compute_buckets(session)
    make_flows(session)
    chosen = sorted(key for key, status in statuses.items() if status == investigate)
    session.connection.execute(
        "CREATE OR REPLACE TEMP TABLE review_buckets AS SELECT unnest($companies) AS company, "
        "unnest($categories) AS category, unnest($types) AS voucher_type, unnest($thresholds)::DECIMAL(38,4) AS threshold",
        {
            "companies": [key[0] for key in chosen],
            "categories": [key[1] for key in chosen],
            "types": [key[2] for key in chosen],
            "thresholds": [_text(thresholds_lcy.get(key[0])) for key in chosen],
        },
    )
    table = session.keep(TABLE, _review_sql(), {"status": investigate})
    counts = session.rows(f"SELECT kind, company, count(*) FROM {table} GROUP BY ALL ORDER BY ALL")
    without = sorted({key[0] for key in chosen} - set(thresholds_lcy))
    return Review(
        table,
        summaries=sum(rows for kind, _, rows in counts if kind == "bucket_summary"),
        line_items={company: rows for kind, company, rows in counts if kind == "line_item"},
        remarks=tuple(
            Remark("no_line_threshold", "no threshold in local currency, so no row is judged", company)
            for company in without
        ),
    )


def _text(value: Decimal | None) -> str | None:
    """Return a threshold at the scale of amounts, rounded up: no amount lies between it and what it stands for."""
    return None if value is None else format(value.quantize(_SCALE, rounding=ROUND_CEILING), "f")


def _review_sql() -> str:
    flows = " UNION ALL ".join(
        f"SELECT '{side}' AS side, * FROM {name}" for side, name in (("NAV", NAV_FLOWS), ("TV", TARGET_FLOWS))
    )
    return f"""
        SELECT company, category, voucher_type, 'bucket_summary' AS kind, $status AS status, CAST(NULL AS VARCHAR) AS side,
            CAST(NULL AS VARCHAR) AS source, CAST(NULL AS VARCHAR) AS reference, CAST(NULL AS DATE) AS day,
            CAST(NULL AS VARCHAR) AS document_no, CAST(NULL AS VARCHAR) AS text, CAST(NULL AS VARCHAR) AS rule,
            variance_lcy AS amount_lcy, nav_lcy, tv_lcy, threshold AS threshold_lcy
        FROM {BUCKETS} JOIN review_buckets USING (company, category, voucher_type)
        UNION ALL
        SELECT company, category, voucher_type, 'line_item', $status, side, source, reference, day, document_no, text, rule,
            amount, CASE WHEN side = 'NAV' THEN amount END, CASE WHEN side = 'TV' THEN amount END, threshold
        FROM ({flows}) JOIN review_buckets USING (company, category, voucher_type)
        WHERE abs(amount) >= threshold"""
