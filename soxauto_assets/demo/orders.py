"""Shop orders of the demo (``bob_sales_order``), by month."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal

import numpy as np
import pyarrow as pa

from soxauto_assets.demo import arrays
from soxauto_assets.demo.companies import MONTHS
from soxauto_assets.demo.planted import ORDERS, Order
from soxauto_assets.period import Period
from soxauto_assets.sources.contracts import contract

PER_MONTH = 280
STATUSES = ("completed", "pending", "canceled", "delivered")


@dataclass
class OrderTotals:
    """Orders and their amount by month, in units of 0.0001.

    Attributes:
        rows: Number of orders by period key.
        amounts: Sum of their totals.
    """

    rows: dict[str, int] = field(default_factory=dict)
    amounts: dict[str, int] = field(default_factory=dict)

    def up_to(self, period: Period) -> dict[str, str | int]:
        """Return count and amount of all orders up to the end of a period."""
        keys = [key for key in self.rows if key <= period.key]
        amount = sum(self.amounts[key] for key in keys)
        return {"rows": sum(self.rows[key] for key in keys), "amount": arrays.amount_text(amount)}


def order_months(seed: int, scale: int, totals: OrderTotals) -> Iterator[tuple[Period, pa.Table]]:
    """Yield the orders of each month and add them up.

    Args:
        seed: Seed of the ordinary rows.
        scale: Multiplies the ordinary rows.
        totals: Receives count and amount.
    """
    for number, period in enumerate(MONTHS):
        generator = arrays.Draws(seed, 1_000 + number)
        rows = PER_MONTH * scale
        start = arrays.month_milliseconds(period.period_start)
        amount = generator.integers(100, 10_000_000, rows) * 100
        ordinary = arrays.table(
            contract("bob_sales_order"),
            {
                "order_id": arrays.numbered(f"B{period.key}-", np.arange(1, rows + 1, dtype=np.int64), 8),
                "order_date": arrays.instants(
                    start + generator.integers(0, arrays.month_milliseconds(period.period_end) - start, rows)
                ),
                "customer_id": arrays.numbered("C", generator.integers(1, 50_000, rows)),
                "total_amount": arrays.decimals(amount),
                "order_status": arrays.choose(STATUSES, generator.integers(0, len(STATUSES), rows)),
            },
            rows,
        )
        planted = [order for order in ORDERS if order.placed.startswith(period.key)]
        totals.rows[period.key] = rows + len(planted)
        totals.amounts[period.key] = int(amount.sum()) + sum(arrays.units(order.amount) for order in planted)
        yield period, pa.concat_tables([ordinary, _planted(planted)])


def _planted(orders: list[Order]) -> pa.Table:
    return arrays.records(
        contract("bob_sales_order"),
        [
            {
                "order_id": order.order_id,
                "order_date": datetime.fromisoformat(order.placed),
                "customer_id": order.customer,
                "total_amount": Decimal(order.amount),
                "order_status": order.status,
            }
            for order in orders
        ],
    )
