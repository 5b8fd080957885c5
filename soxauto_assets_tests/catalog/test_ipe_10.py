"""IPE_10 on a lake that can be read as a table: which paid items are still open at the cut-off."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from soxauto_assets_tests.catalog.running import run
from soxauto_assets_tests.catalog.short_tables import order_items, turned
from soxauto_assets_tests.catalog.third_paths import cells, landed_as_listed, tie_differences
from soxauto_assets_tests.lakes import write_lake

PERIOD = "2025-09"

# M marketplace, R retail, D digital, E edges of the window, X flags and dates that are missing.
TABLES = {
    "rpt_soi": order_items("""
    company | item | order | pre | mpl | type            | status    | created | paid  | deliv | packed | refunded | unit
    EC_NG   | M1   | O1    | 1   | 1   | -               | shipped   | 09-01   | 09-01 | -     | -      | -        | 10.125
    EC_NG   | M2   | O1    | 1   | 1   | Normal          | Closed··  | 09-01   | last  | next  | 09-15  | -        | 20
    EC_NG   | M3   | O2    | 1   | 1   | Normal          | closed    | 09-01   | 09-02 | last  | -      | -        | 1000
    EC_NG   | M4   | O3    | 1   | 1   | Normal          | -         | 09-01   | 09-02 | -     | -      | next     | 30
    EC_NG   | M5   | O4    | 1   | 1   | Normal          | refunded  | 09-01   | 09-02 | -     | -      | last     | 2000
    EC_NG   | R1   | O5    | 1   | 0   | Normal          | shipped   | 09-01   | 09-02 | 09-03 | -      | -        | 40
    EC_NG   | R2   | O6    | 1   | 0   | Normal          | shipped   | 09-01   | 09-02 | 09-03 | next   | -        | 50
    EC_NG   | R3   | O7    | 1   | 0   | Normal          | delivered | 09-01   | 09-02 | -     | last   | -        | 4000
    EC_NG   | R4   | O8    | 1   | 0   | Normal          | refunded  | 09-01   | 09-02 | -     | -      | 09-20    | 8000
    EC_NG   | D1   | O9    | 1   | 0   | Digital Content | shipped   | 09-01   | 09-02 | -     | 09-03  | -        | 60
    EC_NG   | D2   | O10   | 1   | 0   | gift card·      | shipped   | 09-01   | 09-02 | next  | 09-03  | -        | 70
    EC_NG   | D3   | O11   | 1   | 0   | DIGITAL CONTENT | delivered | 09-01   | 09-02 | last  | -      | -        | 16000
    EC_NG   | D4   | O12   | 1   | 0   | Gift Card       | refunded  | 09-01   | 09-02 | -     | -      | 09-20    | 32000
    EC_NG   | E1   | O13   | 1   | 1   | Normal          | shipped   | >2018   | =2018 | -     | -      | -        | 80
    EC_NG   | E2   | O14   | 1   | 1   | Normal          | shipped   | =2018   | >2018 | -     | -      | -        | 64000
    EC_NG   | E3   | O15   | 1   | 1   | Normal          | shipped   | >2018   | <2018 | -     | -      | -        | 128000
    EC_NG   | E4   | O16   | 1   | 1   | Normal          | shipped   | 09-01   | next  | -     | -      | -        | 256000
    EC_NG   | E5   | O17   | 1   | 1   | Normal          | shipped   | 09-01   | -     | -     | -      | -        | 512000
    EC_NG   | X1   | O18   | 0   | 1   | Normal          | shipped   | 09-01   | 09-02 | -     | -      | -        | 1
    EC_NG   | X2   | O19   | -   | 1   | Normal          | shipped   | 09-01   | 09-02 | -     | -      | -        | 2
    EC_NG   | X3   | O20   | 1   | -   | Normal          | shipped   | 09-01   | 09-02 | -     | -      | -        | 3.5
    EC_NG   | X4   | O21   | 1   | 0   | -               | shipped   | 09-01   | 09-02 | -     | -      | -        | 4.5
    EC_NG   | X5   | O22   | 1   | 0   | -               | delivered | 09-01   | 09-02 | 09-04 | 09-05  | -        | 5
    EC_NG   | X6   | O23   | 1   | 1   | Normal          | shipped   | -       | 09-02 | -     | -      | -        | 6
    EC_NG   | X7   | O24   | 1   | -   | Normal          | refunded  | 09-01   | 09-02 | -     | -      | 09-20    | 7
    JD_GH   | M1   | O1    | 1   | 1   | Normal          | shipped   | 09-01   | 08-31 | -     | -      | -        | -
    """),
}

# Each part of the price has its own digit, so that a wrong sign or a missing part shows.
PRICES = {
    "rpt_soi": order_items(
        turned("""
        company | EC_NG     | EC_NG | EC_NG
        item    | ALL       | NONE  | DISCOUNTS
        pre     | 1         | 1     | 1
        mpl     | 1         | 1     | 1
        created | 09-01     | 09-01 | 09-01
        paid    | 09-01     | 09-01 | 09-01
        unit    | 500.125   | -     | -
        coupon  | 20        | -     | 1
        cart    | 3         | -     | 2
        price   | 450.5     | -     | -
        ship    | 10000.375 | -     | -
        s_cart  | 2000      | -     | 4
        s_vou   | 300       | -     | 8
        customs | 40        | -     | -
        c_cart  | 5         | -     | 16
        freight | 0.25      | -     | -
        s_off   | 99999     | -     | -
        i_cart  | 99999     | -     | -
    """)
    )
}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lake(tmp_path_factory.mktemp("lake"), TABLES)


@pytest.fixture(scope="module")
def rows(lake: Path) -> dict[tuple[str, str], dict]:
    return {(row["id_company"], row["cod_oms_sales_order_item"]): row for row in run(lake, "IPE_10", PERIOD)}


def test_lists_exactly_the_items_that_are_open_at_the_cutoff(rows):
    assert {key: row["paid_for_items"] for key, row in rows.items()} == {
        ("EC_NG", "M1"): Decimal("10.1250"),
        ("EC_NG", "M2"): Decimal("20.0000"),
        ("EC_NG", "M4"): Decimal("30.0000"),
        ("EC_NG", "R1"): Decimal("40.0000"),
        ("EC_NG", "R2"): Decimal("50.0000"),
        ("EC_NG", "D1"): Decimal("60.0000"),
        ("EC_NG", "D2"): Decimal("70.0000"),
        ("EC_NG", "E1"): Decimal("80.0000"),
        ("JD_GH", "M1"): Decimal("0.0000"),
    }


def test_closed_is_the_status_of_today_and_texts_stay_raw(rows):
    assert {key[1]: row["is_closed"] for key, row in rows.items() if row["is_closed"]} == {"M2": 1}
    assert rows["EC_NG", "M2"]["current_status"] == "Closed  "
    assert rows["EC_NG", "D2"]["delivery_type"] == "gift card "
    assert rows["EC_NG", "M4"]["current_status"] is None and rows["EC_NG", "M4"]["is_closed"] == 0


def test_two_items_of_one_order_and_one_code_in_two_companies_stay_apart(rows):
    assert rows["EC_NG", "M1"]["order_nr"] == rows["EC_NG", "M2"]["order_nr"] == rows["JD_GH", "M1"]["order_nr"] == "O1"
    assert rows["EC_NG", "M1"]["finance_verified_date"] == datetime(2025, 9, 1)
    assert rows["JD_GH", "M1"]["finance_verified_date"] == datetime(2025, 8, 31)


def test_amounts_by_part(tmp_path):
    rows = run(write_lake(tmp_path, PRICES), "IPE_10", PERIOD)
    amounts = ("paid_for_items", "paid_price", "paid_for_shipping")
    assert {row["cod_oms_sales_order_item"]: tuple(row[name] for name in amounts) for row in rows} == {
        "ALL": (Decimal("477.1250"), Decimal("450.5000"), Decimal("7735.6250")),
        "NONE": (Decimal(0), Decimal(0), Decimal(0)),
        "DISCOUNTS": (Decimal(-3), Decimal(0), Decimal(-28)),
    }


def test_control_totals_by_part(tmp_path):
    (total,) = run(write_lake(tmp_path, PRICES), "IPE_10", PERIOD, "control_totals")
    assert (
        total["row_count"],
        total["sum_paid_for_items"],
        total["sum_paid_price"],
        total["sum_paid_for_shipping"],
    ) == (
        3,
        Decimal("474.1250"),
        Decimal("450.5000"),
        Decimal("7707.6250"),
    )


def test_control_totals_are_those_of_the_hand_made_rows(lake):
    def bounds(name: str, low: datetime | None, high: datetime | None) -> dict[str, datetime | None]:
        return {f"min_{name}": low, f"max_{name}": high}

    october = datetime(2025, 10, 1)
    assert run(lake, "IPE_10", PERIOD, "control_totals") == [
        {
            "id_company": "EC_NG",
            "is_marketplace": 0,
            "row_count": 4,
            "sum_paid_for_items": Decimal("220.0000"),
            "sum_paid_price": Decimal("0.0000"),
            "sum_paid_for_shipping": Decimal("0.0000"),
            **bounds("order_creation_date", datetime(2025, 9, 1), datetime(2025, 9, 1)),
            **bounds("finance_verified_date", datetime(2025, 9, 2), datetime(2025, 9, 2)),
            **bounds("delivered_date", datetime(2025, 9, 3), october),
            **bounds("package_delivery_date", datetime(2025, 9, 3), october),
            **bounds("refund_date", None, None),
        },
        {
            "id_company": "EC_NG",
            "is_marketplace": 1,
            "row_count": 4,
            "sum_paid_for_items": Decimal("140.1250"),
            "sum_paid_price": Decimal("0.0000"),
            "sum_paid_for_shipping": Decimal("0.0000"),
            **bounds("order_creation_date", datetime(2018, 1, 1, 0, 0, 0, 1000), datetime(2025, 9, 1)),
            **bounds("finance_verified_date", datetime(2018, 1, 1), datetime(2025, 9, 30, 23, 59, 59, 999000)),
            **bounds("delivered_date", october, october),
            **bounds("package_delivery_date", datetime(2025, 9, 15), datetime(2025, 9, 15)),
            **bounds("refund_date", october, october),
        },
        {
            "id_company": "JD_GH",
            "is_marketplace": 1,
            "row_count": 1,
            "sum_paid_for_items": Decimal("0.0000"),
            "sum_paid_price": Decimal("0.0000"),
            "sum_paid_for_shipping": Decimal("0.0000"),
            **bounds("order_creation_date", datetime(2025, 9, 1), datetime(2025, 9, 1)),
            **bounds(
                "finance_verified_date",
                datetime(2025, 8, 31),
                datetime(2025, 8, 31),
            ),
            **bounds("delivered_date", None, None),
            **bounds("package_delivery_date", None, None),
            **bounds("refund_date", None, None),
        },
    ]


def test_every_order_item_stands_in_one_cell(lake):
    found = cells(lake, "IPE_10", PERIOD)
    opened = "prepaid, not delivered, not refunded, not returned"
    assert found == {
        "listed": (9, Decimal("360.1250")),
        f"{opened}: order creation date is null": (1, Decimal(6)),
        f"{opened}: ordered on or before 2018-01-01": (1, Decimal(64000)),
        f"{opened}: payment not verified": (1, Decimal(512000)),
        f"{opened}: payment verified after the cut-off": (1, Decimal(256000)),
        f"{opened}: payment verified before 2018": (1, Decimal(128000)),
        "prepaid, delivered, not refunded, not returned": (3, Decimal(21000)),
        "prepaid, not delivered, refunded, not returned": (3, Decimal(42000)),
        "prepaid, delivery type is null (retail), not refunded, not returned": (2, Decimal("9.5")),
        "prepaid, marketplace flag is null, not refunded, not returned": (1, Decimal("3.5")),
        "prepaid, marketplace flag is null, refunded, not returned": (1, Decimal(7)),
        "not prepaid, not delivered, not refunded, not returned": (1, Decimal(1)),
        "prepayment flag is null, not delivered, not refunded, not returned": (1, Decimal(2)),
    }
    assert sum(rows for rows, _ in found.values()) == 26
    assert found["listed"] == landed_as_listed(lake, "IPE_10", PERIOD)


def test_items_that_ipe_34_lists_too_are_named_with_both_amounts(tmp_path):
    # B1 and B2 are returned and not refunded; freight is paid and not refunded, and the voucher of B2 is no coupon. The others
    # are in one extract or none: B3 refunded, B4 not returned, B5 delivered, B6 not prepaid, B7 returned later, B8 not in scope
    # of IPE_34.
    table = turned("""
        company      | EC_NG  | EC_NG  | EC_NG | EC_NG | EC_NG | EC_NG | EC_NG | AT_TN
        item         | B1     | B2     | B3    | B4    | B5    | B6    | B7    | B8
        pre          | 1      | 1      | 1     | 1     | 1     | 0     | 1     | 1
        mpl          | 1      | 0      | 1     | 1     | 1     | 1     | 1     | 1
        type         | Normal | Normal | -     | -     | -     | -     | -     | -
        voucher_type | coupon | jpay   | -     | -     | -     | -     | -     | -
        created      | 09-01  | 09-01  | 09-01 | 09-01 | 09-01 | 09-01 | 09-01 | 09-01
        paid         | 09-01  | 09-01  | 09-01 | 09-01 | 09-01 | 09-01 | 09-01 | 09-01
        deliv        | -      | 09-02  | -     | -     | 09-03 | -     | -     | -
        refunded     | -      | next   | 09-25 | -     | -     | -     | -     | -
        returned     | 09-20  | last   | 09-20 | -     | 09-20 | 09-20 | next  | 09-20
        unit         | 100    | 50.5   | 1000  | 1000  | 1000  | 1000  | 1000  | 1000
        after        | 100    | 50     | 1000  | 1000  | 1000  | 1000  | 1000  | 1000
        s_vou        | 4      | 2      | -     | -     | -     | -     | -     | -
        freight      | -      | 8      | -     | -     | -     | -     | -     | -
    """)
    look_ups = {
        "refund_no_return": "id_company | oms_id_sales_order_item",
        "bob_customer_type": "bob_customer_type",
    }
    lake = write_lake(tmp_path, {"rpt_soi": order_items(table), **look_ups})
    overlapping = {
        ("EC_NG", "B1", datetime(2025, 9, 20), Decimal(96), Decimal(-96)),
        ("EC_NG", "B2", datetime(2025, 9, 30, 23, 59, 59, 999000), Decimal("56.5"), Decimal(-50)),
    }
    assert tie_differences(lake, "IPE_10", PERIOD, "overlap_with_ipe_34") == (overlapping, set())
    prepaid, refunds = (
        {(row["id_company"], row["cod_oms_sales_order_item"]) for row in run(lake, item, PERIOD)}
        for item in ("IPE_10", "IPE_34")
    )
    assert prepaid & refunds == {line[:2] for line in overlapping}
    assert cells(lake, "IPE_10", PERIOD) == {
        "listed": (5, Decimal("3152.5")),
        "prepaid, not delivered, refunded, returned": (1, Decimal(1000)),
        "prepaid, delivered, not refunded, returned": (1, Decimal(1000)),
        "not prepaid, not delivered, not refunded, returned": (1, Decimal(1000)),
    }
    assert landed_as_listed(lake, "IPE_10", PERIOD) == (5, Decimal("3152.5"))


def test_without_an_item_of_both_the_overlap_holds(lake):
    assert tie_differences(lake, "IPE_10", PERIOD, "overlap_with_ipe_34") == (set(), set())


def test_the_dropped_amount_is_that_of_the_component(tmp_path):
    text = PRICES["rpt_soi"].replace("| 1 | 1 |", "| 1 | - |")
    assert cells(write_lake(tmp_path, {"rpt_soi": text}), "IPE_10", PERIOD) == {
        "prepaid, marketplace flag is null, not refunded, not returned": (3, Decimal("8181.7500"))
    }


def test_both_sides_of_the_cutoff_are_seen_at_the_source(lake):
    assert run(lake, "IPE_10", PERIOD, "cutoff_edges") == [
        {
            "id_company": "EC_NG",
            "last_before": datetime(2025, 9, 30, 23, 59, 59, 999000),
            "first_after": datetime(2025, 10, 1),
            "rows_after": 1,
        },
        {
            "id_company": "JD_GH",
            "last_before": datetime(2025, 8, 31),
            "first_after": None,
            "rows_after": 0,
        },
    ]


@pytest.mark.parametrize(("period", "fresh"), [("2025-09", True), ("2025-10", False)])
def test_freshness_asks_for_a_payment_of_the_last_day_or_later(lake, period, fresh):
    assert run(lake, "IPE_10", period, "freshness") == [{"newest": datetime(2025, 10, 1), "fresh": fresh}]


def test_the_neighbouring_months_see_what_was_open_then(lake):
    august = {(row["id_company"], row["cod_oms_sales_order_item"]) for row in run(lake, "IPE_10", "2025-08")}
    assert august == {("EC_NG", "E1"), ("JD_GH", "M1")}
    october = {(row["id_company"], row["cod_oms_sales_order_item"]) for row in run(lake, "IPE_10", "2025-10")}
    assert october == {("EC_NG", name) for name in ("M1", "R1", "D1", "E1", "E4")} | {("JD_GH", "M1")}
