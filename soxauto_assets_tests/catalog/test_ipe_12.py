"""IPE_12 on a lake that can be read as a table: which delivered items are not settled at the cut-off."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from soxauto_assets.catalog import get_item
from soxauto_assets_tests.catalog.running import run
from soxauto_assets_tests.catalog.short_tables import order_items, turned
from soxauto_assets_tests.catalog.third_paths import cells, landed_as_listed, tie_differences
from soxauto_assets_tests.lakes import write_lake

PERIOD = "2025-09"
LAST = datetime(2025, 9, 30, 23, 59, 59, 999000)
NEXT = datetime(2025, 10, 1)

# A what the cash reconciliation says, B edges of the delivery, C how it is paid, G another company with the same codes.
TABLES = {
    "rpt_soi": order_items("""
        company | item | order | pack_id | package | method           | pre | customer | deliv | s_mod | price | amount
        EC_NG   | A1   | O1    | 1       | PK1     | CashOnDelivery   | 0   | B2C      | 09-10 | 1.5   | 101   | 100.125
        EC_NG   | A2   | O1    | 1       | PK1     | CashOnDelivery·· | 0   | b2c·     | 09-11 | -     | 201   | 200
        EC_NG   | A3   | O2    | 2       | pk2·    | CashOnDelivery   | 0   | B2B      | 09-12 | -     | 31    | 30
        EC_NG   | A4   | O3    | 3       | PK3     | CashOnDelivery   | 0   | B2C      | 09-13 | -     | 1000  | 1000
        EC_NG   | A5   | O4    | 4       | PK4     | CashOnDelivery   | 0   | UNKNOWN  | 09-14 | -     | 51    | 50
        EC_NG   | A6   | O5    | 5       | -       | CashOnDelivery   | 0   | -        | 09-15 | -     | 61    | 60
        EC_NG   | B1   | O6    | 6       | PK5     | CashOnDelivery   | 0   | B2B      | last  | -     | 71    | 70
        EC_NG   | B2   | O7    | 7       | PK5     | CashOnDelivery   | 0   | B2B      | next  | -     | 2000  | 2000
        EC_NG   | B3   | O8    | 8       | PK6     | CashOnDelivery   | 0   | B2C      | =2019 | -     | -     | -
        EC_NG   | B4   | O9    | 9       | PK6     | CashOnDelivery   | 0   | B2C      | <2019 | -     | 4000  | 4000
        EC_NG   | B5   | O10   | 10      | PK7     | CashOnDelivery   | 0   | B2C      | -     | -     | 8000  | 8000
        EC_NG   | C1   | O11   | 11      | PK7     | NoPayment        | 0   | B2C      | 09-20 | -     | 16000 | 16000
        EC_NG   | C2   | O12   | 12      | PK7     | nopayment·       | 0   | B2C      | 09-20 | -     | 32000 | 32000
        EC_NG   | C3   | O13   | 13      | PK7     | -                | 0   | B2C      | 09-20 | -     | 3.5   | 3.5
        EC_NG   | C4   | O14   | 14      | PK7     | CashOnDelivery   | -   | B2C      | 09-20 | -     | 4.25  | 4.25
        EC_NG   | C5   | O15   | 15      | PK7     | JumiaPay         | 1   | B2C      | 09-20 | -     | 64000 | 64000
        EC_NG   | C6   | O16   | 16      | PK3     | -                | 0   | B2C      | 09-20 | -     | 9     | 9
        EC_NG   | C7   | O17   | 17      | PK7     | NoPayment        | -   | B2C      | 09-20 | -     | 9     | 9
        JD_GH   | A1   | O1    | 1       | PK1     | CashOnDelivery   | 0   | B2C      | 09-10 | -     | 9000  | 9000
        JD_GH   | G2   | O2    | 2       | PK2     | CashOnDelivery   | 0   | B2C      | 08-31 | -     | 8     | 7
    """),
    # PK1 twice, equal; open in one company and settled in the other.
    "package_cashrec": order_items("""
        company | package_nr | order_nr | package_status | expected | received | resolved
        EC_NG   | PK1        | O1       | delivered      | 300.125  | 0.5      | -
        EC_NG   | pk1·       | O1       | delivered      | 300.125  | 0.5      | -
        EC_NG   | PK2        | O2-X     | lost           | 40       | -        | next
        EC_NG   | PK3        | O3       | paid           | 1000     | 1000     | last
        EC_NG   | PK8        | O8       | delivered      | 5        | 5        | -
        JD_GH   | PK1        | O1       | paid           | 9000     | 9000     | 09-01
    """),
    "bob_customer_type": """
        bob_customer_type | customer_type
        B2C               | Individual
        b2c·              | Individual
        B2B               | Corporate
    """,
}

# Each part has its own digit, so that a wrong sign or a missing part shows.
PRICES = {
    "rpt_soi": order_items(
        turned("""
        company | EC_NG     | EC_NG | EC_NG
        item    | ALL       | NONE  | DISCOUNTS
        pre     | 0         | 0     | 0
        method  | Cash      | Cash  | Cash
        deliv   | 09-01     | 09-01 | 09-01
        amount  | 600.125   | -     | 1
        price   | 450.5     | -     | 2
        ship    | 10000.375 | -     | -
        s_cart  | 2000      | -     | 4
        s_vou   | 300       | -     | 8
        customs | 40        | -     | -
        c_cart  | 5         | -     | 16
        freight | 0.25      | -     | -
        i_cart  | 0.5       | -     | 32
        s_off   | 99999     | -     | -
    """)
    ),
    "package_cashrec": "id_company | package_nr",
    "bob_customer_type": "bob_customer_type | customer_type",
}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lake(tmp_path_factory.mktemp("lake"), TABLES)


@pytest.fixture(scope="module")
def rows(lake: Path) -> dict[tuple[str, str], dict]:
    found = run(lake, "IPE_12", PERIOD)
    assert len({(row["id_company"], row["cod_oms_sales_order_item"]) for row in found}) == len(found)
    return {(row["id_company"], row["cod_oms_sales_order_item"]): row for row in found}


def test_lists_exactly_the_items_that_are_not_settled_at_the_cutoff(rows):
    assert {key: (row["amount_paid"], row["paid_price"]) for key, row in rows.items()} == {
        ("EC_NG", "A1"): (Decimal("100.1250"), Decimal(101)),
        ("EC_NG", "A2"): (Decimal("200.0000"), Decimal(201)),
        ("EC_NG", "A3"): (Decimal("30.0000"), Decimal(31)),
        ("EC_NG", "A5"): (Decimal("50.0000"), Decimal(51)),
        ("EC_NG", "A6"): (Decimal("60.0000"), Decimal(61)),
        ("EC_NG", "B1"): (Decimal("70.0000"), Decimal(71)),
        ("EC_NG", "B3"): (Decimal("0.0000"), Decimal(0)),
        ("JD_GH", "G2"): (Decimal("7.0000"), Decimal(8)),
    }


def test_package_data_stand_on_each_item_and_come_from_its_own_company(rows):
    names = (
        "package_order_nr",
        "package_status_cashrec",
        "amount_expected",
        "amount_received",
        "troubleshoot_resolution_date",
    )
    nothing = (None, None, None, None, None)
    assert {key: tuple(row[name] for name in names) for key, row in rows.items()} == {
        ("EC_NG", "A1"): ("O1", "delivered", Decimal("300.1250"), Decimal("0.5000"), None),
        ("EC_NG", "A2"): ("O1", "delivered", Decimal("300.1250"), Decimal("0.5000"), None),
        ("EC_NG", "A3"): ("O2-X", "lost", Decimal("40.0000"), None, NEXT),
        ("EC_NG", "A5"): nothing,
        ("EC_NG", "A6"): nothing,
        ("EC_NG", "B1"): nothing,
        ("EC_NG", "B3"): nothing,
        ("JD_GH", "G2"): nothing,
    }
    assert rows["EC_NG", "A3"]["order_nr"] == "O2"


def test_texts_compare_folded_and_stay_raw(rows):
    assert rows["EC_NG", "A3"]["package_number"] == "pk2 "
    assert rows["EC_NG", "A2"]["payment_method"] == "CashOnDelivery  "
    assert {key: row["customer_type"] for key, row in rows.items()} == {
        ("EC_NG", "A1"): "Individual",
        ("EC_NG", "A2"): "Individual",
        ("EC_NG", "A3"): "Corporate",
        ("EC_NG", "A5"): None,
        ("EC_NG", "A6"): None,
        ("EC_NG", "B1"): "Corporate",
        ("EC_NG", "B3"): "Individual",
        ("JD_GH", "G2"): "Individual",
    }


def test_amounts_by_part(tmp_path):
    lake = write_lake(tmp_path, PRICES)
    amounts = ("amount_paid", "paid_price", "paid_shipping")
    assert {
        row["cod_oms_sales_order_item"]: tuple(row[name] for name in amounts) for row in run(lake, "IPE_12", PERIOD)
    } == {
        "ALL": (Decimal("600.1250"), Decimal("450.5000"), Decimal("7735.1250")),
        "NONE": (Decimal(0), Decimal(0), Decimal(0)),
        "DISCOUNTS": (Decimal(1), Decimal(2), Decimal(-60)),
    }
    (total,) = run(lake, "IPE_12", PERIOD, "control_totals")
    assert (total["row_count"], *(total[f"sum_{name}"] for name in amounts)) == (
        3,
        Decimal("601.1250"),
        Decimal("452.5000"),
        Decimal("7675.1250"),
    )


def test_control_totals_are_those_of_the_hand_made_rows(lake):
    found = {(row["id_company"], row["customer_type"]): row for row in run(lake, "IPE_12", PERIOD, "control_totals")}
    names = get_item("IPE_12").control_totals.columns[2:]
    zero = Decimal(0)
    assert {group: tuple(row[name] for name in names) for group, row in found.items()} == {
        ("EC_NG", "Individual"): (
            3,
            Decimal("300.1250"),
            Decimal("302.0000"),
            zero,
            Decimal("1.5000"),
            Decimal("600.2500"),
            Decimal("1.0000"),
            *(datetime(2019, 1, 1), datetime(2025, 9, 11)),
            *(None, None),
        ),
        ("EC_NG", "Corporate"): (
            2,
            Decimal("100.0000"),
            Decimal("102.0000"),
            zero,
            None,
            Decimal("40.0000"),
            None,
            *(datetime(2025, 9, 12), LAST),
            *(NEXT, NEXT),
        ),
        ("EC_NG", None): (
            2,
            Decimal("110.0000"),
            Decimal("112.0000"),
            zero,
            None,
            None,
            None,
            *(datetime(2025, 9, 14), datetime(2025, 9, 15)),
            *(None, None),
        ),
        ("JD_GH", "Individual"): (
            1,
            Decimal("7.0000"),
            Decimal("8.0000"),
            zero,
            None,
            None,
            None,
            *(datetime(2025, 8, 31), datetime(2025, 8, 31)),
            *(None, None),
        ),
    }


def test_every_order_item_stands_in_one_cell(lake):
    found = cells(lake, "IPE_12", PERIOD)
    delivered = "not prepaid, delivered, not refunded, not returned"
    assert found == {
        "listed": (8, Decimal("517.1250")),
        f"{delivered}: delivered before 2019": (1, Decimal(4000)),
        f"{delivered}: nothing to pay": (2, Decimal(48000)),
        f"{delivered}: package settled": (2, Decimal(10000)),
        f"{delivered}: payment method is null": (2, Decimal("12.5")),
        "not prepaid, not delivered, not refunded, not returned": (2, Decimal(10000)),
        "prepaid, delivered, not refunded, not returned": (1, Decimal(64000)),
        "prepayment flag is null, delivered, not refunded, not returned": (2, Decimal("13.25")),
    }
    assert sum(rows for rows, _ in found.values()) == 20
    assert found["listed"] == landed_as_listed(lake, "IPE_12", PERIOD)


def test_refunds_and_returns_up_to_the_cutoff_make_cells_of_their_own(tmp_path):
    table = order_items("""
        company | item | package | method | pre | deliv | refunded | returned | amount
        EC_NG   | A    | PK1     | Cash   | 0   | 09-10 | last     | next     | 1
        EC_NG   | B    | PK1     | Cash   | 0   | next  | next     | last     | 2
        EC_NG   | C    | PK1     | Cash   | 1   | -     | 09-01    | 09-01    | 4
    """)
    assert cells(write_lake(tmp_path, {**PRICES, "rpt_soi": table}), "IPE_12", PERIOD) == {
        "listed": (1, Decimal(1)),
        "not prepaid, not delivered, not refunded, returned": (1, Decimal(2)),
        "prepaid, not delivered, refunded, returned": (1, Decimal(4)),
    }


def test_an_item_that_ipe_10_lists_too_is_named(tmp_path):
    # Twice in the source with both flags: D1. The other pairs are not open prepayments, not packages, or of two companies.
    table = order_items("""
        company | item | method | pre | mpl | created | paid  | deliv | refunded | amount
        EC_NG   | D1   | Cash   | 0   | 1   | 09-01   | -     | 09-10 | -        | 10
        EC_NG   | d1·  | Online | 1   | 1   | 09-01   | 09-01 | -     | -        | 10
        EC_NG   | D2   | Cash   | 0   | 1   | 09-01   | -     | 09-10 | -        | 20
        EC_NG   | D2   | Online | 1   | 1   | 09-01   | 09-01 | -     | last     | 20
        EC_NG   | D3   | Cash   | 0   | 1   | 09-01   | -     | next  | -        | 30
        EC_NG   | D3   | Online | 1   | 1   | 09-01   | 09-01 | -     | -        | 30
        EC_NG   | D4   | Cash   | 0   | 1   | 09-01   | -     | 09-10 | -        | 40
        JD_GH   | D4   | Online | 1   | 1   | 09-01   | 09-01 | -     | -        | 40
    """)
    lake = write_lake(tmp_path, {**PRICES, "rpt_soi": table})
    assert tie_differences(lake, "IPE_12", PERIOD, "apart_from_ipe_10") == ({("EC_NG", "D1")}, set())


def test_items_of_the_hand_made_lake_are_apart_from_prepayments(lake):
    assert tie_differences(lake, "IPE_12", PERIOD, "apart_from_ipe_10") == (set(), set())


def test_both_sides_of_the_cutoff_are_seen_at_the_source(lake):
    assert run(lake, "IPE_12", PERIOD, "cutoff_edges") == [
        {"id_company": "EC_NG", "last_before": LAST, "first_after": NEXT, "rows_after": 1},
        {"id_company": "JD_GH", "last_before": datetime(2025, 9, 10), "first_after": None, "rows_after": 0},
    ]


@pytest.mark.parametrize(("period", "fresh"), [("2025-09", True), ("2025-10", False)])
def test_freshness_asks_for_a_delivery_of_the_last_day_or_later(lake, period, fresh):
    assert run(lake, "IPE_12", period, "freshness") == [{"newest": NEXT, "fresh": fresh}]


def test_the_neighbouring_months_see_what_was_open_then(lake):
    august = {(row["id_company"], row["cod_oms_sales_order_item"]) for row in run(lake, "IPE_12", "2025-08")}
    assert august == {("EC_NG", "B3"), ("JD_GH", "G2")}
    october = {(row["id_company"], row["cod_oms_sales_order_item"]) for row in run(lake, "IPE_12", "2025-10")}
    assert october == {("EC_NG", name) for name in ("A1", "A2", "A5", "A6", "B1", "B2", "B3")} | {("JD_GH", "G2")}
