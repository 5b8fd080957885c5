"""IPE_34 on a lake that can be read as a table: of refund and return, one is done at the cut-off and the other is not."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest

from soxauto_assets.catalog import get_item
from soxauto_assets_tests.catalog.running import run
from soxauto_assets_tests.catalog.short_tables import order_items, turned
from soxauto_assets_tests.catalog.third_paths import cells, landed_as_listed
from soxauto_assets_tests.lakes import write_lake

PERIOD = "2025-09"
REFUNDED, RETURNED = "Refunded not yet returned", "Returned not yet refunded"
LAST = datetime(2025, 9, 30, 23, 59, 59, 999000)
NEXT = datetime(2025, 10, 1)

# F refunded first, T returned first, N neither or both, X companies that stay out.
TABLES = {
    "rpt_soi": order_items("""
        company | item | order | status   | mpl | pre | oms_type | customer | paid  | deliv | refunded | returned | after
        EC_NG   | F1   | O1    | refunded | 1   | 1   | WRONG    | B2C      | 08-01 | 09-01 | 09-15    | -        | 10.125
        EC_NG   | F2   | O1    | Refunded | 0   | 1   | WRONG    | b2c·     | -     | 09-01 | last     | next     | 20
        EC_NG   | F3   | O2    | refunded | -   | 1   | -        | UNKNOWN  | 08-01 | next  | =2019    | -        | 30
        EC_NG   | F4   | O3    | refunded | 1   | 1   | -        | B2C      | 08-01 | 09-01 | <2019    | -        | 1.5
        EC_NG   | F5   | O4    | refunded | 1   | 1   | -        | B2C      | 08-01 | -     | 09-15    | -        | 2.5
        EC_NG   | T1   | O5    | returned | 1   | 0   | WRONG    | B2C      | 08-01 | 09-01 | -        | last     | 40
        EC_NG   | T2   | O6    | returned | 0   | 0   | -        | B2C      | -     | -     | next     | 09-02    | 50
        EC_NG   | T3   | O7    | returned | 1   | 0   | -        | B2B      | 08-01 | 09-01 | -        | =2019    | 60
        EC_NG   | T4   | O8    | returned | 1   | 0   | -        | B2B      | 08-01 | 09-01 | -        | <2019    | 3.5
        EC_NG   | N1   | O9    | refunded | 1   | 1   | -        | B2C      | 08-01 | 09-01 | 09-15    | last     | 1000
        EC_NG   | N2   | O10   | refunded | 1   | 1   | -        | B2C      | 08-01 | 09-01 | last     | 09-15    | 2000
        EC_NG   | N3   | O11   | refunded | 1   | 1   | -        | B2C      | 08-01 | 09-01 | next     | -        | 4000
        EC_NG   | N4   | O12   | returned | 1   | 1   | -        | B2C      | 08-01 | 09-01 | -        | next     | 8000
        EC_NG   | N5   | O13   | shipped  | 1   | 1   | -        | B2C      | 08-01 | 09-01 | -        | -        | 16000
        EC_NG   | N6   | O14   | returned | 1   | 1   | -        | B2C      | 08-01 | 09-01 | <2019    | 09-15    | 32000
        EC_NG   | N7   | O15   | returned | 1   | 1   | -        | B2C      | 08-01 | 09-01 | 09-15    | <2019    | 64000
        JD_GH   | F1   | O1    | refunded | 1   | 1   | WRONG    | B2C      | 08-01 | 09-01 | 09-16    | -        | 7
        AT_TN   | F1   | O1    | refunded | 1   | 1   | -        | B2C      | 08-01 | 09-01 | 09-16    | -        | 8
        ec_cm·  | T1   | O1    | returned | 1   | 0   | -        | B2C      | 08-01 | 09-01 | -        | 09-16    | 16.25
    """),
    # EC_NG F1 twice, equal; F1 of the other company is of another type.
    "refund_no_return": """
        id_company | oms_id_sales_order_item | oms_type
        EC_NG      | F1                      | Lost
        ec_ng      | f1·                     | Lost
        EC_NG      | f2·                     | Damaged
        EC_NG      | N5                      | Lost
        JD_GH      | F1                      | Gift
        JD_GH      | T1                      | Gift
    """,
    "bob_customer_type": """
        bob_customer_type | customer_type_l1
        B2C               | Individual
        b2c               | Individual
        B2B               | Corporate
    """,
}

# Each part has its own digit, so that a wrong sign or a missing part shows; the voucher counts when it is a coupon.
PRICES = {
    "rpt_soi": order_items(
        turned("""
        company      | EC_NG     | EC_NG     | EC_NG | EC_NG      | EC_NG | EC_NG
        item         | REFUND    | RETURN    | OTHER | NO_VOUCHER | NONE  | DISCOUNTS
        order        | O1        | O1        | O1    | O1         | O1    | O1
        deliv        | 09-01     | 09-01     | 09-01 | 09-01      | 09-01 | 09-01
        refunded     | 09-10     | -         | 09-10 | 09-10      | 09-10 | 09-10
        returned     | -         | 09-10     | -     | -          | -     | -
        voucher_type | coupon    | Coupon·   | jpay  | -          | -     | coupon
        after        | 10000.125 | 10000.125 | 100   | 100        | -     | -
        ship         | 2000      | 2000      | -     | -          | -     | -
        customs      | 300       | 300       | -     | -          | -     | -
        c_cart       | 40        | 40        | -     | -          | -     | 1
        s_cart       | 5         | 5         | -     | -          | -     | 2
        s_vou        | 0.5       | 0.5       | 64    | 64         | -     | 4
        freight      | 99999     | 99999     | 99999 | 99999      | 99999 | 99999
    """)
    ),
    "refund_no_return": "id_company | oms_id_sales_order_item",
    "bob_customer_type": "bob_customer_type | customer_type_l1",
}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lake(tmp_path_factory.mktemp("lake"), TABLES)


@pytest.fixture(scope="module")
def rows(lake: Path) -> dict[tuple[str, str], dict]:
    found = run(lake, "IPE_34", PERIOD)
    assert len({(row["id_company"], row["cod_oms_sales_order_item"]) for row in found}) == len(found)
    return {(row["id_company"], row["cod_oms_sales_order_item"]): row for row in found}


def test_lists_exactly_the_cases_that_are_open_at_the_cutoff(rows):
    names = ("case_type", "case_date", "amounttorefund")
    assert {key: tuple(row[name] for name in names) for key, row in rows.items()} == {
        ("EC_NG", "F1"): (REFUNDED, datetime(2025, 9, 15), Decimal("10.1250")),
        ("EC_NG", "F2"): (REFUNDED, LAST, Decimal("20.0000")),
        ("EC_NG", "F3"): (REFUNDED, datetime(2019, 1, 1), Decimal("30.0000")),
        ("EC_NG", "T1"): (RETURNED, LAST, Decimal("-40.0000")),
        ("EC_NG", "T2"): (RETURNED, datetime(2025, 9, 2), Decimal("-50.0000")),
        ("EC_NG", "T3"): (RETURNED, datetime(2019, 1, 1), Decimal("-60.0000")),
        ("JD_GH", "F1"): (REFUNDED, datetime(2025, 9, 16), Decimal("7.0000")),
    }


def test_types_come_from_the_look_ups_of_the_same_company(rows):
    assert {key: (row["oms_type"], row["customer_type_l1"]) for key, row in rows.items()} == {
        ("EC_NG", "F1"): ("Lost", "Individual"),
        ("EC_NG", "F2"): ("Damaged", "Individual"),
        ("EC_NG", "F3"): (None, None),
        ("EC_NG", "T1"): (None, "Individual"),
        ("EC_NG", "T2"): (None, "Individual"),
        ("EC_NG", "T3"): (None, "Corporate"),
        ("JD_GH", "F1"): ("Gift", "Individual"),
    }


def test_retail_unpaid_and_never_delivered_rows_can_be_told_apart(rows):
    names = ("is_marketplace", "finance_verified_date", "delivered_date")
    paid, delivered = datetime(2025, 8, 1), datetime(2025, 9, 1)
    assert {key[1]: tuple(row[name] for name in names) for key, row in rows.items() if key[0] == "EC_NG"} == {
        "F1": (1, paid, delivered),
        "F2": (0, None, delivered),
        "F3": (None, paid, NEXT),
        "T1": (1, paid, delivered),
        "T2": (0, None, None),
        "T3": (1, paid, delivered),
    }


def test_two_items_of_one_order_stay_apart_and_texts_stay_raw(rows):
    assert rows["EC_NG", "F1"]["order_nr"] == rows["EC_NG", "F2"]["order_nr"] == "O1"
    assert rows["EC_NG", "F2"]["current_status"] == "Refunded"
    assert (rows["EC_NG", "F2"]["refund_date"], rows["EC_NG", "F2"]["return_date"]) == (LAST, NEXT)
    assert (rows["EC_NG", "T2"]["refund_date"], rows["EC_NG", "T2"]["return_date"]) == (NEXT, datetime(2025, 9, 2))


def test_amounts_by_part(tmp_path):
    lake = write_lake(tmp_path, PRICES)
    assert {row["cod_oms_sales_order_item"]: row["amounttorefund"] for row in run(lake, "IPE_34", PERIOD)} == {
        "REFUND": Decimal("12254.6250"),
        "RETURN": Decimal("-12254.6250"),
        "OTHER": Decimal("100.0000"),
        "NO_VOUCHER": Decimal("100.0000"),
        "NONE": Decimal("0.0000"),
        "DISCOUNTS": Decimal("-7.0000"),
    }
    totals = run(lake, "IPE_34", PERIOD, "control_totals")
    assert {row["case_type"]: (row["row_count"], row["sum_amounttorefund"]) for row in totals} == {
        REFUNDED: (5, Decimal("12447.6250")),
        RETURNED: (1, Decimal("-12254.6250")),
    }


def test_control_totals_are_those_of_the_hand_made_rows(lake):
    totals = run(lake, "IPE_34", PERIOD, "control_totals")
    names = get_item("IPE_34").control_totals.columns
    day = {number: datetime(2025, 9, number) for number in (1, 2, 15, 16)}
    start = datetime(2019, 1, 1)
    assert {tuple(row[name] for name in names[:4]): tuple(row[name] for name in names[4:]) for row in totals} == {
        ("EC_NG", REFUNDED, "Lost", "Individual"): (
            *(1, Decimal("10.1250")),
            *(day[15], day[15]),
            *(None, None),
            *(day[1], day[1]),
            *(day[15], day[15]),
        ),
        ("EC_NG", REFUNDED, "Damaged", "Individual"): (
            *(1, Decimal("20.0000")),
            *(LAST, LAST),
            *(NEXT, NEXT),
            *(day[1], day[1]),
            *(LAST, LAST),
        ),
        ("EC_NG", REFUNDED, None, None): (
            *(1, Decimal("30.0000")),
            *(start, start),
            *(None, None),
            *(NEXT, NEXT),
            *(start, start),
        ),
        ("EC_NG", RETURNED, None, "Individual"): (
            *(2, Decimal("-90.0000")),
            *(NEXT, NEXT),
            *(day[2], LAST),
            *(day[1], day[1]),
            *(day[2], LAST),
        ),
        ("EC_NG", RETURNED, None, "Corporate"): (
            *(1, Decimal("-60.0000")),
            *(None, None),
            *(start, start),
            *(day[1], day[1]),
            *(start, start),
        ),
        ("JD_GH", REFUNDED, "Gift", "Individual"): (
            *(1, Decimal("7.0000")),
            *(day[16], day[16]),
            *(None, None),
            *(day[1], day[1]),
            *(day[16], day[16]),
        ),
    }


def test_every_order_item_stands_in_one_cell(lake):
    found = cells(lake, "IPE_34", PERIOD)
    refund, back = "refunded, not returned", "not refunded, returned"
    assert found == {
        "listed": (7, Decimal("-82.8750")),
        f"prepaid, delivered, {refund}: company not in scope": (1, Decimal(8)),
        f"not prepaid, delivered, {back}: company not in scope": (1, Decimal("-16.25")),
        f"prepaid, delivered, {refund}: refunded or returned before 2019": (1, Decimal("1.5")),
        f"not prepaid, delivered, {back}: refunded or returned before 2019": (1, Decimal("-3.5")),
        f"prepaid, never delivered, {refund}: no refund without a delivery": (1, Decimal("2.5")),
        "prepaid, delivered, refunded, returned": (4, Decimal(99000)),
        "prepaid, delivered, not refunded, not returned": (3, Decimal(28000)),
    }
    assert sum(rows for rows, _ in found.values()) == 19
    assert found["listed"] == landed_as_listed(lake, "IPE_34", PERIOD)


def test_the_listed_amount_has_every_part_and_the_sign_of_its_case(tmp_path):
    lake = write_lake(tmp_path, PRICES)
    assert cells(lake, "IPE_34", PERIOD) == {"listed": (6, Decimal(193))}
    assert landed_as_listed(lake, "IPE_34", PERIOD) == (6, Decimal(193))


def test_both_sides_of_the_cutoff_are_seen_at_the_source(lake):
    assert run(lake, "IPE_34", PERIOD, "cutoff_edges") == [
        {"id_company": "EC_NG", "last_before": LAST, "first_after": NEXT, "rows_after": 4},
        {"id_company": "JD_GH", "last_before": datetime(2025, 9, 16), "first_after": None, "rows_after": 0},
    ]


@pytest.mark.parametrize(("period", "fresh"), [("2025-09", True), ("2025-10", False)])
def test_freshness_asks_for_a_refund_or_return_of_the_last_day_or_later(lake, period, fresh):
    assert run(lake, "IPE_34", period, "freshness") == [{"newest": NEXT, "fresh": fresh}]


def test_the_neighbouring_months_see_what_was_open_then(lake):
    august = {row["cod_oms_sales_order_item"]: row["case_type"] for row in run(lake, "IPE_34", "2025-08")}
    assert august == {"F3": REFUNDED, "T3": RETURNED}
    october = {(row["id_company"], row["cod_oms_sales_order_item"]) for row in run(lake, "IPE_34", "2025-10")}
    assert october == {("EC_NG", name) for name in ("F1", "F3", "T1", "T3", "N3", "N4")} | {("JD_GH", "F1")}
