"""Vouchers in the ledger and in the target values: what each entry of the voucher liability is, and whether both sides agree.

Here belongs the classification of entries, the type of a voucher, the comparison of flows by bucket and the rows behind a
bucket. What does not belong here: conversion to US dollars and the status of a bucket (``reconciliation.variances``), and what
explains a variance (``reconciliation.bridges``).
"""

from soxauto_assets.reconciliation.vouchers.classification import CategoryTotal, Classification, classify_entries
from soxauto_assets.reconciliation.vouchers.pivots import Bucket, Buckets, compute_buckets
from soxauto_assets.reconciliation.vouchers.review import Review, keep_review

__all__ = [
    "Bucket",
    "Buckets",
    "CategoryTotal",
    "Classification",
    "Review",
    "classify_entries",
    "compute_buckets",
    "keep_review",
]
