"""IPE_08_USAGE on a lake that can be read as a table: what was used, of which voucher, in which month."""

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
    "voucher_closing": vouchers(
        """
        company | id  | code  | use          | created
        EC_NG   | V01 | C-1   | refund       | 2024-12-31 23:59:59.999
        EC_NG   | V01 | C-1   | refund       | 2024-12-31 23:59:59.999
        EC_NG   | V02 | c-2·· | store_credit | -
        JD_GH   | V01 | C-1   | jforce       | 2025-01-01
        EC_NG   | V03 | -     | refund       | 2025-01-01
        """
    ),
    # 1 + 2 one package, two spellings; 3 the month before; 4 last instant; 5 first instant after; 6 the same code in another
    # company; 7 + 8 no voucher has the code, or there is no code; 9 to 15 dropped; 16 an undelivered item
    "rpt_soi": uses(
        """
        company | item | package | code   | kind            | mpl | delivered  | packaged                | coupon | ship
        EC_NG   | 1    | P1      | C-1    | reusablecredit  | 1   | 2025-09-10 | 2025-09-10              | 10.125 | -
        ec_ng·  | 2    | P1      | c-1·   | ReusableCredit· | 0   | 2025-09-10 | 2025-09-10              | 15     | 5
        EC_NG   | 3    | P2      | C-1    | reusablecredit  | 1   | 2015-01-01 | 2025-08-31 23:59:59.999 | 1      | -
        EC_NG   | 4    | P3      | C-2    | reusablecredit  | -   | day        | last                    | 2.001  | -
        EC_NG   | 5    | P4      | C-2    | reusablecredit  | 1   | day        | next                    | 100    | -
        JD_GH   | 6    | P1      | C-1    | reusablecredit  | 0   | 2025-09-10 | 2025-09-01              | 7      | 0.5
        EC_NG   | 7    | P5      | NOBODY | reusablecredit  | 1   | 2025-09-10 | 2025-09-12              | 3      | -
        EC_NG   | 8    | P6      | -      | reusablecredit  | 2   | 2025-09-10 | 2025-09-05              | 4      | -
        AT_TN   | 9    | P7      | C-1    | reusablecredit  | 1   | 2025-09-10 | 2025-09-10              | 11     | -
        EC_NG   | 10   | P7      | C-1    | -               | 1   | 2025-09-10 | 2025-09-10              | 12     | -
        EC_NG   | 11   | P7      | C-1    | coupon          | 1   | 2025-09-10 | 2025-09-10              | 13     | 1
        EC_NG   | 12   | P7      | C-1    | reusablecredit  | 1   | 2025-09-10 | -                       | 14     | -
        EC_NG   | 13   | P7      | C-1    | reusablecredit  | 1   | -          | 2025-09-10              | 15     | -
        EC_NG   | 14   | P7      | C-1    | reusablecredit  | 1   | old        | 2025-09-10              | 16     | -
        EC_NG   | 15   | P7      | -      | -               | 1   | 2025-09-10 | 2025-09-10              | 17     | -
        EC_NG   | 16   | P8      | C-1    | reusablecredit  | 1   | -          | -                       | 18     | -
        """
    ),
}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lake(tmp_path_factory.mktemp("lake"), TABLES)


def _row(company, id_, use, year, month, shipping, mpl, rtl, unassigned, total, last, kind="reusablecredit") -> dict:
    return {
        "id_company": company,
        "id": id_,
        "voucher_type": kind,
        "business_use": use,
        "creation_year": year,
        "delivery_mth": month,
        "shipping_storecredit": Decimal(shipping),
        "mpl_storecredit": Decimal(mpl),
        "rtl_storecredit": Decimal(rtl),
        "totalamountused": Decimal(total),
        "unassigned_storecredit": Decimal(unassigned),
        "last_package_delivery": last,
    }


def test_usage_per_voucher_and_month(lake):
    found = sorted(
        run(lake, "IPE_08_USAGE", PERIOD), key=lambda r: (r["id_company"], r["id"] or "~", r["delivery_mth"])
    )
    ten = datetime(2025, 9, 10)
    assert found == [
        _row(
            "EC_NG", "V01", "refund", 2024, 202508, "0", "1", "0", "0", "1",
            datetime(2025, 8, 31, 23, 59, 59, 999000),
        ),
        _row("EC_NG", "V01", "refund", 2024, 202509, "5", "10.125", "15", "0", "30.125", ten, "ReusableCredit "),
        _row("EC_NG", "V02", "store_credit", None, 202509, "0", "0", "0", "2.001", "2.001", LAST_INSTANT),
        _row("EC_NG", None, None, None, 202509, "0", "3", "0", "4", "7", datetime(2025, 9, 12)),
        _row("JD_GH", "V01", "jforce", 2025, 202509, "0.5", "0", "7", "0", "7.5", datetime(2025, 9, 1)),
    ]  # fmt: skip


def _totals(company, month, count, shipping, mpl, rtl, total, unassigned, dates, years) -> dict:
    return {
        "id_company": company,
        "delivery_mth": month,
        "row_count": count,
        "sum_shipping_storecredit": Decimal(shipping),
        "sum_mpl_storecredit": Decimal(mpl),
        "sum_rtl_storecredit": Decimal(rtl),
        "sum_totalamountused": Decimal(total),
        "sum_unassigned_storecredit": Decimal(unassigned),
        "min_last_package_delivery": dates[0],
        "max_last_package_delivery": dates[1],
        "min_creation_year": years[0],
        "max_creation_year": years[1],
    }


def test_control_totals_are_those_of_the_hand_made_rows(lake):
    found = run(lake, "IPE_08_USAGE", PERIOD, "control_totals")
    august, first = datetime(2025, 8, 31, 23, 59, 59, 999000), datetime(2025, 9, 1)
    assert sorted(found, key=lambda row: (row["id_company"], row["delivery_mth"])) == [
        _totals("EC_NG", 202508, 1, "0", "1", "0", "1", "0", (august, august), (2024, 2024)),
        _totals(
            "EC_NG", 202509, 3, "5", "13.125", "15", "39.126", "6.001", (datetime(2025, 9, 10), LAST_INSTANT), (2024, 2024)
        ),
        _totals("JD_GH", 202509, 1, "0.5", "0", "7", "7.5", "0", (first, first), (2025, 2025)),
    ]  # fmt: skip


def test_every_item_with_a_voucher_stands_in_one_cell(lake):
    found = cells(lake, "IPE_08_USAGE", PERIOD)
    assert found == {
        "listed": (7, Decimal("47.626")),
        "company not in the list": (1, Decimal(11)),
        "voucher type is null": (1, Decimal(12)),
        "voucher type is not reusablecredit": (1, Decimal(14)),
        "delivered without a package delivery date": (1, Decimal(14)),
        "delivered_date is null": (1, Decimal(15)),
        "delivered before 2015": (1, Decimal(16)),
        "package delivered after the cut-off": (1, Decimal(100)),
        "not delivered at the cut-off": (1, Decimal(18)),
    }
    # Seven items are five rows, so that amounts alone are compared; item 15 has neither a code nor reusable credit.
    assert landed_as_listed(lake, "IPE_08_USAGE", PERIOD) == (None, Decimal("47.626"))


def test_both_sides_of_the_cutoff_are_seen_at_the_source(lake):
    edges = {row["id_company"]: row for row in run(lake, "IPE_08_USAGE", PERIOD, "cutoff_edges")}
    assert edges["EC_NG"] == {
        "id_company": "EC_NG",
        "last_before": LAST_INSTANT,
        "first_after": datetime(2025, 10, 1),
        "rows_after": 1,
    }
    assert edges["JD_GH"]["first_after"] is None
    assert "AT_TN" not in edges


@pytest.mark.parametrize(("period", "fresh"), [("2025-09", True), ("2025-10", False)])
def test_freshness_is_a_delivery_of_the_last_day_or_later(lake, period, fresh):
    assert run(lake, "IPE_08_USAGE", period, "freshness") == [{"newest": datetime(2025, 10, 1), "fresh": fresh}]


def test_the_first_instant_belongs_to_the_next_month(lake):
    october = [row for row in run(lake, "IPE_08_USAGE", "2025-10") if row["delivery_mth"] == 202510]
    assert [(row["id"], row["mpl_storecredit"]) for row in october] == [("V02", Decimal(100))]
