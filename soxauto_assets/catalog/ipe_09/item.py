"""IPE_09 BOB sales orders, the proof that the shop's orders can be reached: domain sections 2.1, 3.14."""

from decimal import Decimal

from soxauto_assets.catalog.model import ControlTotals, Cutoff, Drift, Expectation, Item, LegacyDifference, Population
from soxauto_assets.catalog.model import OutputColumn as Column
from soxauto_assets.catalog.types import MONEY, STRING, TIMESTAMP

ITEM = Item(
    id="IPE_09",
    title="BOB sales orders",
    kind="IPE",
    purpose="Every order placed in the shop before the cut-off. It proves that BOB is reached; it feeds no component.",
    owner="team:data",
    sources=("bob_sales_order",),
    columns=(
        Column("order_id", STRING, "Order id", nullable=False),
        Column("order_date", TIMESTAMP, "When the order was placed", nullable=False),
        Column("customer_id", STRING, "Customer id", personal=True),
        Column("total_amount", MONEY, "Order total", nullable=False, minimum=Decimal(0), unit="currency of the shop"),
        Column("order_status", STRING, "Order status", nullable=False),
    ),
    key=("order_id",),
    company_column=None,
    cutoff=Cutoff("up_to", "order_date"),
    control_totals=ControlTotals(group_by=(), sums=("total_amount",), bounds=("order_date",)),
    expectations=(
        Expectation(
            "has_completed_order",
            violation="lower(order_status) = 'completed'",
            meaning="At least one order is completed (domain 3.14, positive condition).",
            at_least_one=True,
        ),
    ),
    legacy_differences=(
        LegacyDifference(
            "order of rows", "by date, newest first", "by key", "the landed order is the same on every engine"
        ),
        LegacyDifference(
            "critical columns",
            "the first four columns had to be filled, customer_id among them",
            "an order without a customer is kept",
            "a missing customer is a fact of the source, not a reason to lose the order",
        ),
    ),
    metadata={"source_system": "BOB", "output_type": "Athena", "change_status": "connectivity test"},
    population=Population(meaning="an order, whenever it was placed (domain 3.14)", amount="sum(total_amount)"),
    drift=Drift(amount="total_amount", distinct=("customer_id",), codes=("order_status",)),
    freshness_reason="the newest order is of the last day or later",
    required_for_close=False,
)
