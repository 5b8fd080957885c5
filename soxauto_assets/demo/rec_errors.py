"""Integration errors of the demo: one row in each view, a second one in one of them; and spot rates of Algeria."""

from datetime import date
from decimal import Decimal

import pyarrow as pa

from soxauto_assets.demo.arrays import records
from soxauto_assets.sources.contracts import contract
from soxauto_assets.sources.contracts.rec_errors import VIEWS

# What CR_05a must give for 2025-09: currency, starting date, rate.
SPOT_RATES = {"USD": ("2025-09-30", "133.60000000"), "EUR": ("2025-08-15", "150.25000000")}


def tables() -> dict[str, pa.Table]:
    """Return the fifteen error views and the spot rates."""
    found = {}
    for number, (name, _, label, transaction, amount) in enumerate(VIEWS, 1):
        declared = contract(name)
        place = declared.columns[0].name
        rows = [
            {
                place: "EC_NG" if place == "id_company" else "Nigeria",
                transaction: f"ERR-{number}-{copy}",
                amount: Decimal(number * 10 + copy),
                "nav_error_message": f"{label}: account missing",
            }
            for copy in range(2 if number == 1 else 1)
        ]
        found[name] = records(declared, rows)
    rates = [
        ("USD", "2025-09-01", "133"), ("USD", "2025-09-28", "133.5"), ("USD", "2025-09-30", "133.6"),
        ("USD", "2025-10-01", "134"),
        ("EUR", "2025-08-15", "150.25"), ("GBP", "2025-09-01", "170"),
    ]  # fmt: skip
    found["currency_exchange_rate"] = records(
        contract("currency_exchange_rate"),
        [
            {
                "currency_code": code,
                "starting_date": date.fromisoformat(day),
                "relational_exch_rate_amount": Decimal(rate),
            }
            for code, day, rate in rates
        ],
    )
    return found
