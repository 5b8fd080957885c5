"""IPE_08 on a lake that can be read as a table: which vouchers are listed, and what was used of each."""

from datetime import datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from soxauto_assets.catalog import get_item
from soxauto_assets_tests.catalog.running import run
from soxauto_assets_tests.catalog.third_paths import cells, landed_as_listed, tie_differences
from soxauto_assets_tests.catalog.voucher_tables import uses, vouchers
from soxauto_assets_tests.lakes import write_lake

PERIOD = "2025-09"
LAST_INSTANT = datetime(2025, 9, 30, 23, 59, 59, 999000)

TABLES = {
    # V01 two items of one order; V02 two types; V03 the same code in another company; V04 created, ended in the last instant;
    # V05 created after; V06 to V09 dropped, but V08 lies just inside; V10 other case, no code, no amount, no end; V11 to V13
    # JPay; V14 the edges of the usage
    "voucher_closing": vouchers(
        """
        company | id  | code | use                | on | issued | until | created    | inactive   | template   | left | taken
        EC_NG   | V01 | C-1  | refund             | 1  | 100    | far   | 2025-08-01 | 2025-09-10 | 2025-09-05 | 60   | day
        EC_NG   | V02 | C-2  | Store_Credit·      | 1  | 50.125 | far   | 2025-09-01 | -          | 2025-09-05 | 50   | day
        JD_GH   | V01 | C-1  | refund             | 0  | 20     | far   | 2025-08-01 | -          | -          | 13   | next
        EC_NG   | V04 | C-4  | refund             | 1  | 30     | last  | last       | 2025-09-12 | -          | 30   | day
        EC_NG   | V05 | C-5  | refund             | 1  | 1000   | far   | next       | -          | -          | 1000 | day
        EC_NG   | V06 | C-6  | refund             | 1  | 61     | far   | -          | -          | -          | 61   | day
        EC_NG   | V07 | C-7  | refund             | 1  | 71.5   | far   | 2016-12-31 | -          | -          | 71   | day
        EC_NG   | V08 | C-8  | -                  | -  | 80     | next  | low        | 2025-11-01 | 2025-12-01 | 80   | day
        AT_TN   | V09 | C-9  | refund             | 1  | 90     | far   | 2025-08-01 | -          | -          | 90   | -
        ec_ng·  | V10 | -    | refund             | 1  | -      | -     | 2025-08-01 | 2025-09-01 | -          | -    | day
        EC_NG   | V11 | gC-1 | JPAY_store_credit· | 1  | 1      | far   | 2025-08-01 | -          | -          | 1    | day
        EC_NG   | V12 | JP1  | jpay_store_credit  | 1  | 2      | far   | 2025-08-01 | -          | -          | 2    | day
        EC_NG   | V13 | -    | jpay_store_credit  | 1  | 3      | far   | 2025-08-01 | -          | -          | 3    | day
        EC_NG   | V14 | C-14 | marketing          | 1  | 10     | far   | 2025-08-01 | -          | -          | 10   | day
        """
    ),
    "store_credit_voucher": """
        id_company | id   | template_id | template_name
        EC_NG      | v01· | T1          | Café
        EC_NG      | v01· | T1          | Café
        EC_NG      | V02  | T2          | Template 2
        JD_GH      | V02  | T9          | Another company's
        JD_GH      | V01  | T3          | Template 3
    """,
    "rpt_soi": uses(
        """
        company | item | order | code   | kind            | mpl | delivered  | packaged   | coupon | ship | ship_off
        EC_NG   | 1    | O1    | C-1    | ReusableCredit· | 1   | 2025-09-10 | 2025-09-10 | 10.125 | -    | 0.5
        EC_NG   | 2    | O1    | c-1··  | reusablecredit  | 0   | 2025-09-10 | 2025-09-10 | 15     | 5    | -
        EC_NG   | 3    | O2    | C-2    | reusablecredit  | 1   | 2025-09-11 | 2025-09-11 | 1      | -    | -
        EC_NG   | 4    | O2    | C-2    | coupon          | 1   | 2025-09-11 | 2025-09-11 | 2      | -    | -
        JD_GH   | 5    | O1    | C-1    | coupon          | 0   | 2025-09-10 | 2025-09-10 | 7      | -    | -
        EC_NG   | 6    | O3    | C-14   | reusablecredit  | -   | 2015-01-01 | last       | 4.001  | -    | -
        EC_NG   | 7    | O3    | C-14   | -               | 2   | day        | day        | 8      | 0.25 | -
        EC_NG   | 8    | O3    | C-14   | reusablecredit  | 1   | day        | next       | 100    | -    | -
        EC_NG   | 9    | O3    | C-14   | reusablecredit  | 1   | day        | -          | 200    | -    | -
        EC_NG   | 10   | O3    | C-14   | reusablecredit  | 1   | -          | day        | 400    | 1    | -
        EC_NG   | 11   | O3    | C-14   | reusablecredit  | 1   | old        | day        | 800    | -    | -
        EC_NG   | 12   | O4    | C-4    | reusablecredit  | 1   | -          | -          | 9      | -    | -
        EC_NG   | 13   | O5    | NOBODY | reusablecredit  | 1   | day        | day        | 16     | -    | -
        EC_NG   | 14   | O6    | -      | -               | 1   | day        | day        | 32     | -    | -
        AT_TN   | 15   | O7    | C-9    | reusablecredit  | 1   | day        | day        | 64     | -    | -
        """
    ),
}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lake(tmp_path_factory.mktemp("lake"), TABLES)


@pytest.fixture(scope="module")
def rows(lake: Path) -> dict[tuple[str, str], dict]:
    found = run(lake, "IPE_08", PERIOD)
    keyed = {(row["id_company"].upper().strip(), row["id"]): row for row in found}
    assert len(keyed) == len(found)
    return keyed


def test_amounts_used_and_remaining_of_exactly_the_listed_vouchers(rows):
    assert {key: (row["totalamountused"], row["totalremainingamount"]) for key, row in rows.items()} == {
        ("EC_NG", "V01"): (Decimal("30.1250"), Decimal("69.8750")),
        ("EC_NG", "V02"): (Decimal("3.0000"), Decimal("47.1250")),
        ("JD_GH", "V01"): (Decimal("7.0000"), Decimal("13.0000")),
        ("EC_NG", "V04"): (Decimal("0.0000"), Decimal("30.0000")),
        ("EC_NG", "V08"): (Decimal("0.0000"), Decimal("80.0000")),
        ("EC_NG", "V10"): (Decimal("0.0000"), Decimal("0.0000")),
        ("EC_NG", "V11"): (Decimal("0.0000"), Decimal("1.0000")),
        ("EC_NG", "V12"): (Decimal("0.0000"), Decimal("2.0000")),
        ("EC_NG", "V13"): (Decimal("0.0000"), Decimal("3.0000")),
        ("EC_NG", "V14"): (Decimal("12.2510"), Decimal("-2.2510")),
    }


@pytest.mark.parametrize(
    ("key", "parts"),
    [
        (("EC_NG", "V01"), ("0.5", "5", "10.125", "15", "0")),
        (("EC_NG", "V02"), ("0", "0", "3", "0", "0")),
        (("JD_GH", "V01"), ("0", "0", "0", "7", "0")),
        (("EC_NG", "V14"), ("0", "0.25", "0", "0", "12.001")),
        (("EC_NG", "V04"), (None,) * 5),
    ],
)
def test_parts_of_the_usage(rows, key, parts):
    names = (
        "shipping_discount",
        "shipping_storecredit",
        "mpl_storecredit",
        "rtl_storecredit",
        "unassigned_storecredit",
    )
    found = tuple(rows[key][name] for name in names)
    assert found == tuple(None if part is None else Decimal(part) for part in parts)


def test_voucher_type_is_given_only_when_it_is_the_only_one(rows):
    # V01: two spellings of one type; V02: two types; V14: one type and none; V04: never used
    assert rows[("EC_NG", "V01")]["voucher_type"] == "ReusableCredit "
    assert rows[("JD_GH", "V01")]["voucher_type"] == "coupon"
    assert [rows[("EC_NG", id_)]["voucher_type"] for id_ in ("V02", "V14", "V04")] == [None, None, None]


def test_validity_at_the_cutoff(rows):
    assert {key: row["is_valid"] for key, row in rows.items() if row["is_valid"] == "expired"} == {
        ("EC_NG", "V04"): "expired"
    }
    assert rows[("EC_NG", "V08")]["to_date"] == datetime(2025, 10, 1)
    assert rows[("EC_NG", "V10")]["to_date"] is None


@pytest.mark.parametrize(
    ("id_", "formatted"),
    [
        ("V01", "refund"),
        ("V02", "Store_Credit "),
        ("V08", None),
        ("V11", "jpay_store_credit_gift"),
        ("V12", "jpay_store_credit_DS"),
        ("V13", "jpay_store_credit_other"),
    ],
)
def test_jpay_store_credit_is_split_by_the_prefix_of_the_code(rows, id_, formatted):
    assert rows[("EC_NG", id_)]["business_use_formatted"] == formatted


@pytest.mark.parametrize(
    ("id_", "expected"),
    [
        ("V01", datetime(2025, 9, 5)),  # the template's date is the earlier one
        ("V02", datetime(2026, 1, 1)),  # without the voucher's own date the template's does not count
        ("V04", datetime(2025, 9, 12)),  # only the voucher's own
        ("V08", datetime(2025, 10, 1)),  # the end of validity is the earliest
        ("V10", None),  # no end of validity
    ],
)
def test_first_inactive_date(rows, id_, expected):
    assert rows[("EC_NG", id_)]["min_inactive_date"] == expected


def test_month_texts_have_a_leading_zero(rows):
    row = rows[("EC_NG", "V01")]
    assert (row["creation_ym"], row["expiration_ym"], row["codeinactive_ym"]) == ("2025-08", "2026-01", "2025-09")
    assert row["templateinactive_ym"] == "2025-09"
    assert row["last_update_ym"] is None


def test_template_of_the_company_and_identical_rows_do_not_multiply(rows):
    named = {key: row["template_id"] for key, row in rows.items() if row["template_id"]}
    assert named == {("EC_NG", "V01"): "T1", ("EC_NG", "V02"): "T2", ("JD_GH", "V01"): "T3"}
    assert rows[("EC_NG", "V01")]["template_name"] == "Café"


def test_output_keeps_the_raw_text(rows):
    assert rows[("EC_NG", "V10")]["id_company"] == "ec_ng "
    assert rows[("EC_NG", "V11")]["business_use"] == "JPAY_store_credit "
    assert rows[("EC_NG", "V11")]["code"] == "gC-1"


def _totals(company: str, is_valid: str, count: int, **figures: object) -> dict:
    row: dict[str, object] = {"id_company": company, "is_valid": is_valid, "row_count": count}
    for name, value in figures.items():
        row[f"sum_{name}"] = None if value is None else Decimal(str(value))
    return row


def test_control_totals_are_those_of_the_hand_made_rows(lake):
    found = sorted(run(lake, "IPE_08", PERIOD, "control_totals"), key=lambda r: (r["id_company"], r["is_valid"]))
    amounts = [{name: value for name, value in row.items() if not name.startswith(("min_", "max_"))} for row in found]
    unused = {
        "shipping_discount": None,
        "shipping_storecredit": None,
        "mpl_storecredit": None,
        "rtl_storecredit": None,
        "unassigned_storecredit": None,
        "totalamountused": 0,
    }
    assert amounts == [
        _totals(
            "EC_NG", "expired", 1, discount_amount=30, used_discount_amount=None, remaining_amount=30, **unused,
            totalremainingamount=30,
        ),
        _totals(
            "EC_NG", "valid", 7, discount_amount="246.125", used_discount_amount=None, remaining_amount=206,
            shipping_discount="0.5", shipping_storecredit="5.25", mpl_storecredit="13.125", rtl_storecredit=15,
            unassigned_storecredit="12.001", totalamountused="45.376", totalremainingamount="200.749",
        ),
        _totals(
            "JD_GH", "valid", 1, discount_amount=20, used_discount_amount=None, remaining_amount=13, shipping_discount=0,
            shipping_storecredit=0, mpl_storecredit=0, rtl_storecredit=7, unassigned_storecredit=0, totalamountused=7,
            totalremainingamount=13,
        ),
        _totals(
            "ec_ng ", "valid", 1, discount_amount=None, used_discount_amount=None, remaining_amount=None, **unused,
            totalremainingamount=0,
        ),
    ]  # fmt: skip
    bounds = [{name: value for name, value in row.items() if name.startswith(("min_", "max_"))} for row in found[:2]]
    assert bounds == [
        {
            "min_created_at": LAST_INSTANT,
            "max_created_at": LAST_INSTANT,
            "min_to_date": LAST_INSTANT,
            "max_to_date": LAST_INSTANT,
            "min_min_inactive_date": datetime(2025, 9, 12),
            "max_min_inactive_date": datetime(2025, 9, 12),
            "min_template_id": None,
            "max_template_id": None,
        },
        {
            "min_created_at": datetime(2016, 12, 31, 0, 0, 0, 1000),
            "max_created_at": datetime(2025, 9, 1),
            "min_to_date": datetime(2025, 10, 1),
            "max_to_date": datetime(2026, 1, 1),
            "min_min_inactive_date": datetime(2025, 9, 5),
            "max_min_inactive_date": datetime(2026, 1, 1),
            "min_template_id": "T1",
            "max_template_id": "T2",
        },
    ]


def test_every_voucher_stands_in_one_cell(lake):
    found = cells(lake, "IPE_08", PERIOD)
    assert found == {
        "listed": (10, Decimal("296.1250")),
        "company not in the list": (1, Decimal(90)),
        "created_at is null": (1, Decimal(61)),
        "created after the cut-off": (1, Decimal(1000)),
        "created on or before 2016-12-31": (1, Decimal("71.5")),
    }
    assert found["listed"] == landed_as_listed(lake, "IPE_08", PERIOD)


def test_usage_is_that_of_ipe_08_usage_and_what_only_one_of_them_counts_is_named(lake):
    # Another type: 2 of C-2, and 8.25 of C-14 whose use has none; 7 of C-1 in JD_GH. No voucher: 16 of NOBODY.
    assert tie_differences(lake, "IPE_08", PERIOD, "usage_of_vouchers") == (
        {
            ("ec_ng", "only in IPE_08: another voucher type", Decimal("10.25")),
            ("ec_ng", "only in IPE_08_USAGE: no listed voucher has the code", Decimal(16)),
            ("jd_gh", "only in IPE_08: another voucher type", Decimal(7)),
        },
        set(),
    )
    used = {"ec_ng": Decimal(0), "jd_gh": Decimal(0)}
    for row in run(lake, "IPE_08_USAGE", PERIOD):
        used[row["id_company"].lower()] += row["totalamountused"]
    assert used == {"ec_ng": Decimal("51.126"), "jd_gh": Decimal(0)}
    assert used["ec_ng"] - 16 + Decimal("10.25") == Decimal("45.376")


def test_a_lost_voucher_changes_the_usage_of_its_company(lake):
    lines, ours = tie_differences(
        lake, "IPE_08", PERIOD, "usage_of_vouchers", "DELETE FROM landed WHERE id = 'V01' AND id_company = 'EC_NG'"
    )
    assert ("ec_ng", "used", Decimal("45.376")) in lines
    assert ours == {("ec_ng", "used", Decimal("15.251"))}


def test_both_sides_of_the_cutoff_are_seen_at_the_source(lake):
    edges = {row["id_company"]: row for row in run(lake, "IPE_08", PERIOD, "cutoff_edges")}
    assert edges["EC_NG"] == {
        "id_company": "EC_NG",
        "last_before": LAST_INSTANT,
        "first_after": datetime(2025, 10, 1),
        "rows_after": 1,
    }
    assert edges["JD_GH"]["first_after"] is None
    assert "AT_TN" not in edges


@pytest.mark.parametrize(("period", "fresh"), [("2025-09", True), ("2025-10", False)])
def test_the_oldest_of_the_companies_snapshots_decides_the_freshness(lake, period, fresh):
    assert run(lake, "IPE_08", period, "freshness") == [{"newest": datetime(2025, 9, 30), "fresh": fresh}]


def test_the_next_month_sees_the_voucher_and_the_usage_of_its_first_instant(lake):
    october = {(r["id_company"], r["id"]): r for r in run(lake, "IPE_08", "2025-10")}
    assert ("EC_NG", "V05") in october
    assert october[("EC_NG", "V14")]["totalamountused"] == Decimal("112.2510")
    assert october[("EC_NG", "V08")]["is_valid"] == "expired"


@pytest.mark.parametrize(
    ("change", "broken"),
    [
        ("id = id", {"not_overused": 1}),
        ("totalremainingamount = 1 where id = 'V10'", {"remaining_is_issued_minus_used": 1, "not_overused": 1}),
        ("rtl_storecredit = 0 where id_company = 'JD_GH'", {"used_is_the_sum_of_its_parts": 1, "not_overused": 1}),
        ("is_valid = null where id = 'V04'", {"validity_known": 1, "not_overused": 1}),
        ("creation_ym = '2025-8' where id = 'V02'", {"months_are_those_of_the_dates": 1, "not_overused": 1}),
        ("min_inactive_date = null where id = 'V02'", {"first_inactive_date": 1, "not_overused": 1}),
        ("business_use_formatted = 'refund' where id = 'V12'", {"business_use_split": 1, "not_overused": 1}),
        ("code = 'C-1 ' where id = 'V04'", {"usage_counted_once": 1, "not_overused": 1}),
        ("snapshot_date = null where id = 'V04'", {"one_snapshot": 1, "not_overused": 1}),
    ],
)
def test_each_expectation_sees_its_fault(lake, change, broken):
    found = {}
    with duckdb.connect() as connection:
        _load(connection, run(lake, "IPE_08", PERIOD))
        connection.execute(f"update landed set {change}")
        for rule in get_item("IPE_08").expectations:
            (count,) = connection.execute(f"select count(*) from landed where {rule.violation}").fetchall()[0]
            if count:
                found[rule.name] = count
    assert found == broken


def _load(connection: duckdb.DuckDBPyConnection, rows: list[dict]) -> None:
    columns = get_item("IPE_08").columns
    connection.execute(
        f"create table landed ({', '.join(f'{column.name} {column.type.duckdb}' for column in columns)})"
    )
    connection.executemany(
        f"insert into landed values ({', '.join('?' for _ in columns)})", [list(row.values()) for row in rows]
    )
