"""Buckets of the voucher account: the ledger's flows against the vouchers', in US dollars, with a status.

Here belongs conversion and threshold of each bucket, and what is listed for review. What does not belong here: which entry
is in which bucket (``reconciliation.vouchers``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any, Literal

from soxauto_assets.reconciliation.fx import Rate, Rates
from soxauto_assets.reconciliation.inputs import Session
from soxauto_assets.reconciliation.model import Remark
from soxauto_assets.reconciliation.thresholds import Threshold, Thresholds
from soxauto_assets.reconciliation.vouchers import classify_entries, compute_buckets, keep_review


@dataclass(frozen=True)
class BucketStatus:
    """One bucket with its status.

    Attributes:
        company: Company code.
        category: Issuance, Usage, Cancellation, Expired, VTC, Reversed or Uncategorized.
        voucher_type: Harmonised voucher type.
        nav: Flow of the ledger in the window, LCY.
        nav_rows: Entries it is the sum of.
        target: Flow of the vouchers in the window, LCY, in NAV's sign.
        target_rows: Vouchers or uses it is the sum of.
        rate: The closing rate.
        threshold: The rule that decides.
    """

    company: str
    category: str
    voucher_type: str
    nav: Decimal
    nav_rows: int
    target: Decimal
    target_rows: int
    rate: Rate
    threshold: Threshold

    @property
    def variance(self) -> Decimal:
        """Ledger minus vouchers, LCY."""
        return self.nav - self.target

    @property
    def variance_usd(self) -> Decimal | None:
        """The variance in US dollars; None without a rate."""
        return self.rate.usd(self.variance)

    @property
    def status(self) -> Literal["ok", "investigate"]:
        """Whether somebody must look: at or above the threshold, or without a rate (domain 7.4)."""
        usd = self.rate.unrounded(self.variance)
        return "investigate" if usd is None or self.threshold.reached(usd) else "ok"

    def to_json(self) -> dict[str, Any]:
        """Return the bucket as plain values."""
        return {
            "company": self.company,
            "category": self.category,
            "voucher_type": self.voucher_type,
            "nav_lcy": self.nav,
            "nav_rows": self.nav_rows,
            "target_lcy": self.target,
            "target_rows": self.target_rows,
            "variance_lcy": self.variance,
            "variance_usd": self.variance_usd,
            "rate": self.rate.to_json(),
            "threshold": self.threshold.to_json(),
            "status": self.status,
        }


@dataclass(frozen=True)
class VoucherPart:
    """What is known of the voucher account's flows.

    Attributes:
        buckets: In order of company, category, voucher type.
        remarks: Entries without a category, rules that cannot fire, entries without a type, what neither side counts.
        review: Number of bucket summaries and of material rows in the review table.
        missing: Items without which there are no buckets.
    """

    buckets: tuple[BucketStatus, ...] = ()
    remarks: tuple[Remark, ...] = ()
    review: tuple[int, int] = (0, 0)
    missing: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the part as plain values; entries, buckets and review are tables of their own."""
        return {
            "buckets": [bucket.to_json() for bucket in self.buckets],
            "remarks": [remark.to_json() for remark in self.remarks],
            "review": {"bucket_summaries": self.review[0], "line_items": self.review[1]},
            "missing": list(self.missing),
        }


def compare_vouchers(
    session: Session, rates: Rates, countries: Mapping[str, str], thresholds: Thresholds
) -> VoucherPart:
    """Return the buckets of the voucher account with their status, and keep the review table.

    Args:
        session: The inputs of the month.
        rates: The closing rates.
        countries: ISO country code by company, where CR_05 gives none.
        thresholds: The threshold contracts.
    """
    classification = classify_entries(session)
    flows = compute_buckets(session)
    missing = tuple(dict.fromkeys((*classification.missing, *flows.missing)))
    last_day = session.period.last_day
    (account, *others) = session.setting("accounts_IPE_08")
    # A rule for one account decides only where the liability is that account alone.
    single = None if others else account
    found, limits = [], {}
    for bucket in flows.buckets:
        rate = rates[bucket.company]
        country = rate.country or countries.get(bucket.company)
        rule = thresholds.resolve("bucket", country, last_day, single, bucket.category, bucket.voucher_type)
        found.append(
            BucketStatus(
                bucket.company,
                bucket.category,
                bucket.voucher_type,
                bucket.nav_lcy,
                bucket.nav_rows,
                bucket.tv_lcy,
                bucket.tv_rows,
                rate,
                rule,
            )
        )
        if rate.value is not None:
            limits[bucket.company] = rate.value * thresholds.resolve("line_item", country, last_day, single).usd
    review = keep_review(session, {(b.company, b.category, b.voucher_type): b.status for b in found}, limits)
    return VoucherPart(
        tuple(found),
        (*classification.remarks, *flows.remarks, *review.remarks),
        (review.summaries, sum((review.line_items or {}).values())),
        missing,
    )
