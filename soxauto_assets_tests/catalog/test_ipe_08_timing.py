"""IPE_08_TIMING on a lake that can be read as a table: inactive vouchers and the open items that used them."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from soxauto_assets_tests.catalog.running import run
from soxauto_assets_tests.catalog.third_paths import cells, landed_as_listed
from soxauto_assets_tests.catalog.voucher_tables import uses, vouchers
from soxauto_assets_tests.lakes import write_lake

PERIOD = "2025-09"
LAST_INSTANT = datetime(2025, 9, 30, 23, 59, 59, 999000)

TABLES = {
    # V01 three items, two of them open; V02 all items closed; V03 no item; V04 active; V05 flag null, created in the last
    # instant, ends at the cut-off; V06 ended in the last instant; V07 no end; V08 created after; V09 no creation date;
    # V10 the code of V01 in another company; V11 dates of items; V12 no code
    "voucher_closing": vouchers(
        """
        company | id  | code | on | issued | type | created    | until | taken
        EC_NG   | V01 | C-1· | 0  | 10.125 | rc   | 2025-08-01 | far   | next
        EC_NG   | V02 | C-2  | 0  | 20     | rc   | 2025-08-01 | far   | next
        EC_NG   | V03 | C-3  | 0  | 30     | rc   | 2025-08-01 | far   | next
        EC_NG   | V04 | C-4  | 1  | 40     | rc   | 2025-08-01 | far   | next
        EC_NG   | V05 | C-5  | -  | 50     | rc   | last       | next  | next
        EC_NG   | V06 | C-6  | 0  | 60     | rc   | 2025-08-01 | last  | next
        EC_NG   | V07 | C-7  | 0  | 70     | rc   | 2025-08-01 | -     | next
        EC_NG   | V08 | C-8  | 0  | 80     | rc   | next       | far   | next
        EC_NG   | V09 | C-9  | 0  | 90     | rc   | -          | far   | next
        JD_GH   | V10 | C-1  | 0  | 100    | rc   | 2025-08-01 | far   | next
        AT_TN   | V11 | C-11 | 0  | 110    | rc   | 2025-08-01 | far   | next
        EC_NG   | V12 | -    | 0  | 1      | rc   | 2025-08-01 | far   | next
        """
    ),
    "rpt_soi": uses(
        """
        company | item | shop_item | order | code | status      | ordered    | delivered  | cancelled
        EC_NG   | I1   | 1         | O1    | c-1  | shipped     | 2025-08-05 | -          | -
        EC_NG   | I2   | 2         | O1    | C-1  | -           | 2025-08-05 | -          | -
        EC_NG   | I3   | 3         | O1    | C-1  | Delivered·· | 2025-08-05 | 2025-10-05 | -
        EC_NG   | I4   | 4         | O2    | C-2  | cancelled   | 2025-08-05 | -          | -
        EC_NG   | I5   | 5         | O2    | C-2  | CLOSED      | 2025-08-05 | -          | -
        EC_NG   | I6   | 6         | O3    | -    | shipped     | 2025-08-05 | -          | -
        AT_TN   | I7   | 7         | O4    | C-11 | returned    | day        | next       | -
        AT_TN   | I8   | 8         | O4    | C-11 | returned    | day        | last       | -
        AT_TN   | I9   | 9         | O4    | C-11 | returned    | day        | -          | next
        AT_TN   | I10  | 10        | O4    | C-11 | returned    | day        | -          | last
        """
    ),
}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lake(tmp_path_factory.mktemp("lake"), TABLES)


@pytest.fixture(scope="module")
def rows(lake: Path) -> dict[tuple[str, str, str | None], dict]:
    found = run(lake, "IPE_08_TIMING", PERIOD)
    keyed = {(row["id_company"], row["voucher_id"], row["id_sales_order_item"]): row for row in found}
    assert len(keyed) == len(found)
    return keyed


def test_lists_exactly_the_inactive_vouchers_with_their_open_items(rows):
    assert {key: row["amount"] for key, row in rows.items()} == {
        ("EC_NG", "V01", "1"): Decimal("10.1250"),
        ("EC_NG", "V01", "2"): Decimal("10.1250"),
        ("EC_NG", "V03", None): Decimal("30.0000"),
        ("EC_NG", "V05", None): Decimal("50.0000"),
        ("JD_GH", "V10", None): Decimal("100.0000"),
        ("AT_TN", "V11", "7"): Decimal("110.0000"),
        ("AT_TN", "V11", "9"): Decimal("110.0000"),
        ("EC_NG", "V12", None): Decimal("1.0000"),
    }


def test_the_item_of_a_row(rows):
    row = rows[("EC_NG", "V01", "1")]
    assert (row["code"], row["origin"], row["status"]) == ("C-1 ", "rc", "inactive")
    assert (row["fk_sales_order_item"], row["order_nr"], row["order_item_status"]) == ("I1", "O1", "shipped")
    assert row["order_creation_date"] == datetime(2025, 8, 5)
    assert rows[("EC_NG", "V03", None)]["fk_sales_order_item"] is None
    assert {(row["currency"], row["wallet_name"]) for row in rows.values()} == {(None, None)}
    assert rows[("EC_NG", "V05", None)]["creation_date"] == LAST_INSTANT
    assert rows[("EC_NG", "V05", None)]["end_date"] == datetime(2025, 10, 1)


def _totals(company, count, amount, created, ends, ordered, delivered, cancelled) -> dict:
    row: dict[str, object] = {"id_company": company, "row_count": count, "sum_amount": Decimal(amount)}
    names = ("creation_date", "end_date", "order_creation_date", "order_delivery_date", "order_cancellation_date")
    for name, bounds in zip(names, (created, ends, ordered, delivered, cancelled), strict=True):
        row[f"min_{name}"], row[f"max_{name}"] = bounds
    return row


def test_control_totals_are_those_of_the_hand_made_rows(lake):
    created, ends, ordered = datetime(2025, 8, 1), datetime(2026, 1, 1), datetime(2025, 8, 5)
    cutoff, last_day, none = (datetime(2025, 10, 1),) * 2, (datetime(2025, 9, 30),) * 2, (None, None)
    found = run(lake, "IPE_08_TIMING", PERIOD, "control_totals")
    assert sorted(found, key=lambda row: row["id_company"]) == [
        _totals("AT_TN", 2, "220", (created, created), (ends, ends), last_day, cutoff, cutoff),
        _totals("EC_NG", 5, "101.25", (created, LAST_INSTANT), (cutoff[0], ends), (ordered, ordered), none, none),
        _totals("JD_GH", 1, "100", (created, created), (ends, ends), none, none, none),
    ]


def test_every_pair_of_voucher_and_item_stands_in_one_cell(lake):
    found = cells(lake, "IPE_08_TIMING", PERIOD)
    assert found == {
        "listed": (8, Decimal("421.25")),
        "created_at is null": (1, Decimal(90)),
        "created after the cut-off": (1, Decimal(80)),
        "active": (1, Decimal(40)),
        "to_date is null": (1, Decimal(70)),
        "ended before the cut-off": (1, Decimal(60)),
        "every item that used the code is closed": (2, Decimal(40)),
        "item closed, another one of the code is open": (3, Decimal("230.125")),
    }
    assert found["listed"] == landed_as_listed(lake, "IPE_08_TIMING", PERIOD)


def test_both_sides_of_the_cutoff_are_seen_at_the_source(lake):
    edges = {row["id_company"]: row for row in run(lake, "IPE_08_TIMING", PERIOD, "cutoff_edges")}
    assert edges["EC_NG"] == {
        "id_company": "EC_NG",
        "last_before": LAST_INSTANT,
        "first_after": datetime(2025, 10, 1),
        "rows_after": 1,
    }
    assert edges["AT_TN"]["first_after"] is None


@pytest.mark.parametrize(("period", "fresh"), [("2025-09", True), ("2025-10", False)])
def test_the_older_of_the_two_sources_decides_the_freshness(lake, period, fresh):
    assert run(lake, "IPE_08_TIMING", period, "freshness") == [{"newest": datetime(2025, 9, 30), "fresh": fresh}]


def test_the_next_month_sees_the_voucher_of_its_first_instant(lake):
    october = {row["voucher_id"] for row in run(lake, "IPE_08_TIMING", "2025-10")}
    assert "V08" in october and "V05" not in october
