"""JDASH, the voucher usage export of the operations dashboard: domain sections 2.1, 4.3.13, 6.4 row 17, 7.6.1.

An external input: people download a CSV file and hand it in with ``soxauto ingest jdash``. It has no SQL; its custody record
takes the place of the query.
"""

from decimal import Decimal

from soxauto_assets.catalog.model import (
    ControlTotals,
    Cutoff,
    Drift,
    Item,
    LegacyDifference,
    Upload,
)
from soxauto_assets.catalog.model import OutputColumn as Column
from soxauto_assets.catalog.types import INT64, MONEY, STRING, TIMESTAMP

ITEM = Item(
    id="JDASH",
    title="Jdash voucher usage export",
    kind="DOC",
    purpose=(
        "The amount of each voucher that the operations dashboard counts as used, summed per voucher. It is one side of the "
        "timing bridge of the voucher liability (18412)."
    ),
    owner="team:accounting-excellence",
    sources=(),
    columns=(
        Column("id_company", STRING, "Company the file is of, when the uploader named one"),
        Column("voucher_id", STRING, "Voucher id: trimmed, upper case, without a trailing .0", nullable=False),
        Column(
            "amount_used",
            MONEY,
            "Amount used, summed over the voucher's lines",
            nullable=False,
            minimum=Decimal(0),
            unit="LCY",
        ),
        Column("usage_date", TIMESTAMP, "Latest usage"),
        Column("order_id", STRING, "Order id, where all lines of the voucher agree"),
        Column("customer_id", STRING, "Customer id, where all lines of the voucher agree", personal=True),
        Column("status", STRING, "Status, where all lines of the voucher agree"),
        Column("line_count", INT64, "Lines of the file that were summed", nullable=False, minimum=1),
    ),
    key=("id_company", "voucher_id"),
    company_column=None,
    cutoff=Cutoff("up_to", "usage_date"),
    control_totals=ControlTotals(group_by=(), sums=("amount_used",)),
    gl_accounts=("18412",),
    upload=Upload(
        system="Jdash",
        headers={
            "voucher_id": ("Voucher Id", "id", "voucher"),
            "amount_used": ("Amount Used", "amount"),
            "usage_date": ("Usage Date", "Date Used", "Transaction Date"),
            "order_id": ("Order Id",),
            "customer_id": ("Customer Id",),
            "status": ("Status", "Voucher Status"),
        },
        required=("voucher_id", "amount_used"),
    ),
    legacy_differences=(
        LegacyDifference(
            "evidence",
            "a CSV file in somebody's folder",
            "the original bytes are hashed and kept before they are read, with uploader, period and rejected lines",
            "an external input needs a custody record",
        ),
        LegacyDifference(
            "ordered amount",
            "'Ordered Amount' was taken as the amount used",
            "it is not an alias: a file without an amount used is refused",
            "an order is not a usage",
        ),
        LegacyDifference(
            "amounts and dates",
            "read leniently; what could not be read became 0 or the wrong month",
            "read strictly; a line that cannot be read is rejected with its number and the reason",
            "a lost amount must be seen",
        ),
        LegacyDifference(
            "duplicate vouchers",
            "summed before the join, unseen",
            "summed, with the number of lines",
            "the same, shown",
        ),
    ),
    metadata={"source_system": "Jdash", "output_type": "CSV upload", "change_status": "no IPE id was ever assigned"},
    # Dropped rows and ties need a source that can be asked; a file has its rejected lines and its custody record instead.
    drift=Drift(amount="amount_used", distinct=("voucher_id", "customer_id"), codes=("status",)),
    allow_empty=True,
)
