"""Logical sources of BOB, the shop back office: domain sections 2.2, 3.14."""

from soxauto_assets.catalog.types import MONEY, STRING, TIMESTAMP
from soxauto_assets.sources.model import SourceColumn as Column
from soxauto_assets.sources.model import SourceContract

CONTRACTS = (
    SourceContract(
        name="bob_sales_order",
        system="BOB",
        sql_server=None,
        meaning="One sales order of the shop.",
        athena_candidate="process_pg_bob.pg_bob_sales_order",
        columns=(
            Column("order_id", STRING, "Order id", nullable=False),
            Column("order_date", TIMESTAMP, "When the order was placed", nullable=False),
            Column("customer_id", STRING, "Customer id"),
            Column("total_amount", MONEY, "Order total in the shop's currency"),
            Column("order_status", STRING, "Order status"),
        ),
    ),
)
