"""IPE_09 on a lake that can be read as a table: the instant of the cut-off."""

from datetime import datetime
from decimal import Decimal

from soxauto_assets_tests.catalog.judging import cells, judge
from soxauto_assets_tests.catalog.running import run
from soxauto_assets_tests.lakes import write_lake

ORDERS = {
    "bob_sales_order": """
        order_id | order_date              | customer_id | total_amount | order_status
        A        | 2025-09-01 00:00:00     | 7           | 10.125       | completed
        B        | 2025-09-30 23:59:59.999 | -           | 0            | pending
        C        | 2025-10-01 00:00:00     | 7           | 99           | completed
        D        | 2025-08-31 23:59:59.999 | 8           | 1            | completed
    """
}


def test_orders_before_the_first_instant_of_the_next_month(tmp_path):
    rows = run(write_lake(tmp_path, ORDERS), "IPE_09", "2025-09")
    assert [(row["order_id"], row["total_amount"]) for row in rows] == [
        ("A", Decimal("10.1250")),
        ("B", Decimal("0.0000")),
        ("D", Decimal("1.0000")),
    ]
    assert rows[1]["order_date"] == datetime(2025, 9, 30, 23, 59, 59, 999000)
    assert rows[1]["customer_id"] is None


def test_control_totals(tmp_path):
    assert run(write_lake(tmp_path, ORDERS), "IPE_09", "2025-09", "control_totals") == [
        {
            "row_count": 3,
            "sum_total_amount": Decimal("11.1250"),
            "min_order_date": datetime(2025, 8, 31, 23, 59, 59, 999000),
            "max_order_date": datetime(2025, 9, 30, 23, 59, 59, 999000),
        }
    ]


def test_every_order_is_listed_or_placed_later(tmp_path):
    lake = write_lake(tmp_path, ORDERS)
    assert cells(run(lake, "IPE_09", "2025-09", "dropped_rows")) == {
        "listed": (3, Decimal("11.125")),
        "placed at or after the cut-off": (1, Decimal(99)),
    }
    assert judge(lake, "IPE_09", "2025-09", "dropped_rows").held
    assert not judge(lake, "IPE_09", "2025-09", "dropped_rows", "select * from landed where order_id <> 'B'").held


def test_an_order_without_a_date_is_in_no_month(tmp_path):
    lake = write_lake(tmp_path, {"bob_sales_order": "order_id | order_date | total_amount\nE | - | 7"})
    assert cells(run(lake, "IPE_09", "2025-09", "dropped_rows")) == {"order date is null": (1, Decimal(7))}
    assert judge(lake, "IPE_09", "2025-09", "dropped_rows").expected == "1 candidates = 0 listed + 1 left out"


def test_an_order_at_the_first_instant_belongs_to_the_next_month_only(tmp_path):
    lake = write_lake(tmp_path, ORDERS)
    assert "A" not in [row["order_id"] for row in run(lake, "IPE_09", "2025-08")]
    assert "C" in [row["order_id"] for row in run(lake, "IPE_09", "2025-10")]
