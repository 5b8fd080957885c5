"""IPE_31 on a lake that can be read as a table: four kinds of events that are open at the cut-off."""

from datetime import date, datetime
from decimal import Decimal
from pathlib import Path

import duckdb
import pytest

from soxauto_assets.catalog import get_item
from soxauto_assets_tests.catalog.partner_tables import LAST, NEXT, partner_table
from soxauto_assets_tests.catalog.running import run
from soxauto_assets_tests.catalog.third_paths import cells, landed_as_listed, tie_differences
from soxauto_assets_tests.lakes import write_lake

PERIOD = "2025-09"
_TIE = "tie__balance_per_partner"

TABLES = {
    "dim_company": """
        company_code | company_country | flg_in_conso_scope
        EC_NG        | NG              | 1
        ec_ng·       | NG              | 1
        JD_GH        | GH              | 1
        AT_TN        | tn·             | 1
        XX_NO        | -               | 1
        ZZ_OUT       | US              | 0
    """,
    # T listed, N not listed, G dropped because something is missing; D1 to D5 are numbers of deposits.
    "cashrec_transaction": partner_table("""
        company | created | cp    | kind                   | entity | settled_by | settled | amount
        EC_NG   | 09-01   | HUB1  | Cash In                | T1     | -          | -       | 10.125
        EC_NG   | last    | hub1· | Cash In                | T2     | L1         | next    | 20
        EC_NG   | 09-01   | HUB1  | Cash In                | T3     | w1·        | 09-15   | 30
        EC_NG   | 09-01   | HUB1  | Cash In                | T4     | W2         | 09-15   | 40
        EC_NG   | 10-02   | HUB2  | transfer to·           | d1·    | -          | -       | 50
        EC_NG   | 09-01   | HUB1  | Payment - Rev          | D3     | -          | -       | 60
        EC_NG   | 09-02   | HUB9  | Transfer to            | D9     | -          | -       | 70
        EC_NG   | 09-03   | HUB1  | Transfer to            | D2     | -          | -       | 80
        EC_NG   | 09-04   | HUB1  | Third Party Collection | D4     | -          | -       | 90
        EC_NG   | 09-05   | HUB1  | Cash In                | T5     | -          | -       | 5
        EC_NG   | 09-05   | HUB1  | Cash In                | T5     | -          | -       | 5
        EC_NG   | 09-05   | HUB1  | Cash In                | T6     | W1         | -       | -15
        EC_NG   | next    | HUB1  | Cash In                | N1     | -          | -       | 1000
        EC_NG   | 09-01   | HUB1  | Cash In                | N2     | L1         | last    | 2000
        EC_NG   | 09-01   | HUB1  | Cash In                | N3     | W3         | 09-15   | 4000
        EC_NG   | 09-01   | HUB1  | payment charges··      | N4     | -          | -       | 8000
        EC_NG   | 09-01   | HUB1  | Third Party Collection | D2     | -          | -       | 16000
        EC_NG   | 09-01   | HUB1  | Cash In                | N5     | -          | -       | 0
        EC_NG   | 09-01   | HUB1  | Cash In                | N6     | W4         | 09-15   | 32000
        EC_NG   | 09-01   | HUB1  | -                      | G1     | -          | -       | 100
        EC_NG   | 09-01   | HUB1  | Cash In                | G2     | -          | -       | -
        EC_NG   | -       | HUB1  | Cash In                | G3     | -          | -       | 110
        EC_NG   | 09-01   | HUB1  | Cash In                | G4     | L9         | -       | 120
        EC_NG   | 09-01   | HUB1  | Cash In                | G5     | W3         | -       | 130
        EC_NG   | 09-06   | HUB1  | Cash In                | T7     | W2         | -       | 4
        EC_NG   | -       | HUB1  | Transfer to            | D5     | -          | -       | 6
        JD_GH   | 09-03   | HUB1  | Cash In                | T1     | -          | -       | 7
        JD_GH   | 09-03   | HUB1  | Cash In                | N1     | W1         | 09-15   | 64000
        AT_TN   | 09-03   | HUB1  | Cash In                | N1     | -          | -       | 128000
        XX_NO   | 09-03   | HUB1  | Cash In                | G1     | -          | -       | 2
        ZZ_OUT  | 09-03   | HUB1  | Cash In                | G1     | -          | -       | 1
    """),
    "cashrec_reallocations": partner_table("""
        company | original | moved | from | to   | entity | amount
        EC_NG   | 09-12    | next  | HUB2 | HUB1 | R1     | 200
        EC_NG   | last     | 10-05 | HUB1 | HUB2 | R2     | -3
        EC_NG   | 09-12    | last  | HUB1 | HUB2 | R3     | 1000
        EC_NG   | next     | 10-05 | HUB1 | HUB2 | R4     | 2000
        EC_NG   | -        | 10-05 | HUB1 | HUB2 | R5     | 1
        EC_NG   | 09-12    | -     | HUB1 | HUB2 | R6     | 2
        AT_TN   | 09-12    | next  | HUB1 | HUB2 | R1     | 4000
    """),
    # W1 and W2 wait; W3 is confirmed by a payment, W4 is done, in this company; W1 is done in the other one.
    "packlist_packages": """
        id_company | packlist_no | packlist_status     | package_nr
        EC_NG      | W1          | WaitingApproval·    | PK1
        EC_NG      | W1          | WaitingApproval·    | PK2
        EC_NG      | W2          | waitingConfirmation | PK3
        EC_NG      | W3          | waitingConfirmation | PK4
        EC_NG      | W4          | closed              | PK5
        JD_GH      | W1          | closed              | PK1
    """,
    # L10: 160.125 received, 100 applied in time, 20 later. L12 is closed by force, L13 only after the cut-off; L19 paid then.
    "packlist_payments": partner_table("""
        company | list | list_status         | opened | partner | received | payment | on    | status     | applied | extra
        EC_NG   | L10  | inprogress··        | 09-05  | HUB1    | 160.125  | P1      | last  | inProgress | 90      | 10
        EC_NG   | L10  | inprogress··        | 09-05  | HUB1    | 160.125  | P2      | next  | inProgress | 20      | -
        EC_NG   | L11  | closed              | 09-05  | HUB1    | 100      | P4      | 09-25 | closed     | 100     | -
        EC_NG   | L12  | inProgress          | 09-05  | HUB1    | 50       | -       | 09-25 | closed     | 20      | -
        EC_NG   | L13  | inProgress          | last   | HUB2    | 50       | P7      | 09-25 | rejected   | 20      | -
        EC_NG   | L14  | inProgress          | next   | HUB1    | 1000     | P8      | 09-25 | closed     | 1       | -
        EC_NG   | L15  | done                | 09-05  | HUB1    | 2000     | -       | 09-25 | closed     | 1       | -
        EC_NG   | L16  | inProgress          | 09-05  | HUB1    | 6        | P3      | 09-25 | inProgress | -       | 2
        EC_NG   | L17  | inProgress          | -      | HUB1    | 4        | -       | 09-25 | inProgress | 1       | -
        EC_NG   | L18  | -                   | 09-05  | HUB1    | 5        | -       | 09-25 | inProgress | 1       | -
        EC_NG   | L19  | inProgress          | 09-07  | HUB1    | 12       | -       | next  | inProgress | 3       | -
        EC_NG   | W3   | done                | 09-05  | HUB1    | 9        | -       | 10-05 | inProgress | 1       | -
        EC_NG   | W2   | done                | 09-05  | HUB1    | 9        | -       | 09-05 | inProgress | -       | -
        JD_GH   | W2   | done                | 09-05  | HUB1    | 9        | -       | 09-05 | inProgress | 1       | -
        JD_GH   | L12  | waitingConfirmation | 09-06  | HUB1    | 40       | P3      | 09-25 | closed     | 15      | -
    """),
    # P1 twice, equal. P4 is allocated; P5 and P6 are closed; P7 is closed after the cut-off, its allocation was rejected.
    "cashdeposit": partner_table("""
        company | payment | oms_type  | paid_on | reversed | status              | partner | sum    | charges
        EC_NG   | P1      | Payment   | 09-20   | -        | inprogress··        | HUB2    | 165.25 | 5
        EC_NG   | P1      | Payment   | 09-20   | -        | inprogress··        | HUB2    | 165.25 | 5
        EC_NG   | P2      | Payment   | last    | -        | closed              | HUB1    | 30     | -
        EC_NG   | P3      | Transfer  | 09-20   | -        | waitingConfirmation | HUB1    | 31     | -
        EC_NG   | P4      | Payment   | 09-20   | -        | closed              | HUB1    | 100    | -
        EC_NG   | P5      | Payment   | 09-20   | -        | closed              | HUB1    | 8      | -
        EC_NG   | P6      | Payment   | 09-20   | -        | closed              | HUB1    | 9      | -
        EC_NG   | P7      | Payment   | 09-20   | -        | closed              | HUB1    | 11     | -
        EC_NG   | P8      | Payment   | 09-21   | -        | closed              | HUB1    | 14     | -
        EC_NG   | P10     | Payment   | next    | -        | closed              | HUB1    | 1000   | -
        EC_NG   | P11     | Payment   | 09-20   | -        | done                | HUB1    | 2000   | -
        EC_NG   | P12     | Payment   | -       | -        | closed              | HUB1    | 12     | -
        EC_NG   | P13     | Payment   | 09-20   | -        | -                   | HUB1    | 12.5   | 0.5
        EC_NG   | D1      | Transfer· | 09-18   | -        | done                | HUB1    | 50     | -
        EC_NG   | D2      | Payment   | next    | -        | done                | HUB1    | 50     | -
        EC_NG   | D3      | Payment   | 08-01   | last     | done                | HUB1    | 60     | -
        EC_NG   | D4      | Payment   | -       | -        | done                | HUB1    | 90     | -
        EC_NG   | D5      | Transfer  | 09-08   | -        | done                | HUB1    | 6      | -
        JD_GH   | D1      | Transfer  | 09-17   | -        | done                | HUB1    | 50     | -
        JD_GH   | P3      | Payment   | 09-20   | -        | closed              | HUB1    | 17     | -
        JD_GH   | P5      | Payment   | 09-22   | -        | closed              | HUB1    | 18     | -
        JD_GH   | P9      | Payment   | 09-22   | -        | closed              | HUB1    | 15     | -
    """),
    "collection_adj": partner_table("""
        id_company | entity_type | entity_no | force_closed | close_date
        EC_NG      | Packlist·   | l12·      | 1            | -
        EC_NG      | packlist    | L13       | 1            | next
        EC_NG      | packlist    | L13       | 0            | 09-20
        EC_NG      | payment     | L10       | 1            | 09-20
        EC_NG      | payment     | P5        | 0            | last
        EC_NG      | transfer    | p6·       | 1            | -
        EC_NG      | payment     | P7        | 1            | next
        EC_NG      | payment     | P7        | 0            | -
        EC_NG      | packlist    | P3        | 1            | 09-20
    """),
    "hubs_3pl_mapping": """
        id_company | node  | service_provider
        EC_NG      | HUB1  | Provider 1
        EC_NG      | hub1· | Provider 1
        EC_NG      | HUB3  | Provider 3
        JD_GH      | HUB1  | Provider Accra
    """,
    "collection_partners": """
        id_company | name  | type  | erp_name
        EC_NG      | HUB1  | 3PL   | sp1·
        EC_NG      | hub1· | 3PL   | sp1·
        EC_NG      | HUB2  | Agent | SP2
        JD_GH      | HUB1  | Bank  | SP1
    """,
    # SP1: two spellings of one account, and the excluded one. SP2: two accounts. Blank and unmapped ones lead nowhere.
    "bank_accounts": """
        id_company | bank_account_no | service_provider_no | bank_account_posting_group
        EC_NG      | B1              | SP1                 | COLLECT
        EC_NG      | B2              | sp1·                | collect·
        EC_NG      | B3              | SP1                 | BLANKS
        EC_NG      | B4              | SP1                 | EXCLUDED
        EC_NG      | B5              | SP1                 | UNKNOWN
        EC_NG      | B6              | SP2                 | COLLECT
        EC_NG      | B7              | SP2                 | OTHER
        EC_NG      | B8              | ··                  | OTHER
        EC_NG      | B9              | -                   | OTHER
        JD_GH      | B1              | SP1                 | COLLECT
    """,
    "bank_account_posting_group": """
        id_company | code     | g_l_bank_account_no
        EC_NG      | COLLECT  | 13011
        EC_NG      | BLANKS   | 13011·
        EC_NG      | EXCLUDED | 10058·
        EC_NG      | OTHER    | 13012
        JD_GH      | COLLECT  | 10590
        JD_GH      | UNKNOWN  | 13012
    """,
}


@pytest.fixture(scope="module")
def lake(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_lake(tmp_path_factory.mktemp("lake"), TABLES)


@pytest.fixture(scope="module")
def listed(lake: Path) -> list[dict]:
    return run(lake, "IPE_31", PERIOD)


@pytest.fixture(scope="module")
def rows(listed: list[dict]) -> dict[tuple, dict]:
    keyed = {
        (row["id_company"], row["branch"], row["transaction_type"], row["related_entity"], row["occurrence"]): row
        for row in listed
    }
    assert len(keyed) == len(listed)
    return keyed


def test_open_transactions(rows):
    assert {key[0:1] + key[2:]: (r["event_date"], r["amount"]) for key, r in rows.items() if key[1] == 1} == {
        ("EC_NG", "Cash In", "T1", 1): (datetime(2025, 9, 1), Decimal("10.1250")),
        ("EC_NG", "Cash In", "T2", 1): (LAST, Decimal(20)),
        ("EC_NG", "Cash In", "T3", 1): (datetime(2025, 9, 1), Decimal(30)),
        ("EC_NG", "Cash In", "T4", 1): (datetime(2025, 9, 1), Decimal(40)),
        ("EC_NG", "transfer to ", "d1 ", 1): (datetime(2025, 9, 18), Decimal(50)),
        ("EC_NG", "Payment - Rev", "D3", 1): (LAST, Decimal(60)),
        ("EC_NG", "Transfer to", "D9", 1): (datetime(2025, 9, 2), Decimal(70)),
        ("EC_NG", "Transfer to", "D2", 1): (datetime(2025, 9, 3), Decimal(80)),
        ("EC_NG", "Third Party Collection", "D4", 1): (datetime(2025, 9, 4), Decimal(90)),
        ("EC_NG", "Cash In", "T5", 1): (datetime(2025, 9, 5), Decimal(5)),
        ("EC_NG", "Cash In", "T5", 2): (datetime(2025, 9, 5), Decimal(5)),
        ("EC_NG", "Cash In", "T6", 1): (datetime(2025, 9, 5), Decimal(-15)),
        ("EC_NG", "Cash In", "T7", 1): (datetime(2025, 9, 6), Decimal(4)),
        ("EC_NG", "Transfer to", "D5", 1): (datetime(2025, 9, 8), Decimal(6)),
        ("JD_GH", "Cash In", "T1", 1): (datetime(2025, 9, 3), Decimal(7)),
    }


@pytest.mark.parametrize(
    ("branch", "name", "expected"),
    [
        (2, "Reallocation", {("EC_NG", "R1", "HUB2"): Decimal(200), ("EC_NG", "R2", "HUB1"): Decimal(-3)}),
        (
            3,
            "Translist in progress",
            {
                ("EC_NG", "L10", "HUB1"): Decimal("60.1250"),
                ("EC_NG", "L13", "HUB2"): Decimal(30),
                ("EC_NG", "L19", "HUB1"): Decimal(12),
                ("JD_GH", "L12", "HUB1"): Decimal(25),
            },
        ),
        (
            4,
            "Payment in progress",
            {
                ("EC_NG", "P1", "HUB2"): Decimal("-70.2500"),
                ("EC_NG", "P2", "HUB1"): Decimal(-30),
                ("EC_NG", "P3", "HUB1"): Decimal(-31),
                ("EC_NG", "P7", "HUB1"): Decimal(-11),
                ("EC_NG", "P8", "HUB1"): Decimal(-14),
                ("JD_GH", "P3", "HUB1"): Decimal(-2),
                ("JD_GH", "P5", "HUB1"): Decimal(-18),
                ("JD_GH", "P9", "HUB1"): Decimal(-15),
            },
        ),
    ],
)
def test_reallocations_lists_and_payments(listed, branch, name, expected):
    found = [row for row in listed if row["branch"] == branch]
    assert {(row["id_company"], row["related_entity"], row["cp"]): row["amount"] for row in found} == expected
    assert len(found) == len(expected)
    assert {row["transaction_type"] for row in found} == {name}


def test_event_dates_of_the_other_branches(rows):
    assert rows[("EC_NG", 2, "Reallocation", "R2", 1)]["event_date"] == LAST
    assert rows[("EC_NG", 3, "Translist in progress", "L13", 1)]["event_date"] == LAST
    assert rows[("EC_NG", 4, "Payment in progress", "P2", 1)]["event_date"] == LAST
    assert {row["closing_date"] for row in rows.values()} == {date(2025, 9, 30)}


@pytest.mark.parametrize(
    ("key", "partner", "bank"),
    [
        (("EC_NG", 1, "Cash In", "T1", 1), ("Provider 1", "3PL", "sp1 ", "NG"), ("13011", 1)),
        (("EC_NG", 1, "Cash In", "T2", 1), ("Provider 1", "3PL", "sp1 ", "NG"), ("13011", 1)),
        (("EC_NG", 1, "transfer to ", "d1 ", 1), (None, "Agent", "SP2", "NG"), (None, 2)),
        (("EC_NG", 1, "Transfer to", "D9", 1), (None, None, None, "NG"), (None, 0)),
        (("JD_GH", 1, "Cash In", "T1", 1), ("Provider Accra", "Bank", "SP1", "GH"), ("10590", 1)),
    ],
)
def test_the_partner_is_looked_up_in_its_company_and_its_account_named_when_there_is_one(rows, key, partner, bank):
    row = rows[key]
    assert (row["service_provider"], row["type"], row["erp_name"], row["company_country"]) == partner
    assert (row["g_l_bank_account_no"], row["bank_account_count"]) == bank


def test_output_keeps_the_raw_text(rows):
    assert rows[("EC_NG", 1, "Cash In", "T2", 1)]["cp"] == "hub1 "


def _total(company: str, name: str, rows: int, amount: str, first: datetime, last: datetime) -> dict:
    return {
        "id_company": company,
        "transaction_type": name,
        "row_count": rows,
        "sum_amount": Decimal(amount),
        "min_event_date": first,
        "max_event_date": last,
    }


def test_control_totals_are_those_of_the_hand_made_rows(lake):
    found = run(lake, "IPE_31", PERIOD, "control_totals")
    assert sorted(found, key=lambda row: (row["id_company"], row["transaction_type"])) == [
        _total("EC_NG", "Cash In", 8, "99.125", datetime(2025, 9, 1), LAST),
        _total("EC_NG", "Payment - Rev", 1, "60", LAST, LAST),
        _total("EC_NG", "Payment in progress", 5, "-156.25", datetime(2025, 9, 20), LAST),
        _total("EC_NG", "Reallocation", 2, "197", datetime(2025, 9, 12), LAST),
        _total("EC_NG", "Third Party Collection", 1, "90", datetime(2025, 9, 4), datetime(2025, 9, 4)),
        _total("EC_NG", "Transfer to", 3, "156", datetime(2025, 9, 2), datetime(2025, 9, 8)),
        _total("EC_NG", "Translist in progress", 3, "102.125", datetime(2025, 9, 5), LAST),
        _total("EC_NG", "transfer to ", 1, "50", datetime(2025, 9, 18), datetime(2025, 9, 18)),
        _total("JD_GH", "Cash In", 1, "7", datetime(2025, 9, 3), datetime(2025, 9, 3)),
        _total("JD_GH", "Payment in progress", 3, "-35", datetime(2025, 9, 20), datetime(2025, 9, 22)),
        _total("JD_GH", "Translist in progress", 1, "25", datetime(2025, 9, 6), datetime(2025, 9, 6)),
    ]


def test_every_event_stands_in_one_cell(lake):
    found = cells(lake, "IPE_31", PERIOD)
    assert found == {
        "listed": (29, Decimal(595)),
        "transaction: type is null": (1, Decimal(100)),
        "transaction: type is left out": (1, Decimal(8000)),
        "transaction: event date is null": (1, Decimal(110)),
        "transaction: after the cut-off": (2, Decimal(17000)),
        "transaction: amount is null": (1, None),
        "transaction: amount is 0": (1, Decimal(0)),
        "transaction: settling list without a date": (2, Decimal(250)),
        "transaction: settled by a list": (4, Decimal(102000)),
        "reallocation: of a transaction after the cut-off": (1, Decimal(2000)),
        "reallocation: done before the cut-off": (1, Decimal(1000)),
        "reallocation: without a date": (2, Decimal(3)),
        # What is open of each: L17 has 1 of 4 applied, L16 charges of 2 of 6.
        "list: without a created date": (1, Decimal(3)),
        "list: created after the cut-off": (1, Decimal(999)),
        "list: status is null": (1, Decimal(4)),
        "list: in another status": (4, Decimal(1999 + 9 + 9 + 8)),
        "list: without a reconciled amount": (1, Decimal(4)),
        "list: nothing is open": (1, Decimal(0)),
        "list: closed by force": (1, Decimal(30)),
        "payment: without a date": (2, Decimal(-102)),
        "payment: after the cut-off": (2, Decimal(-1050)),
        "payment: status is null": (1, Decimal(-13)),
        "payment: in another status": (5, Decimal(-2166)),
        "payment: nothing is open": (1, Decimal(0)),
        "payment: closed": (2, Decimal(-17)),
        "company without a country": (1, Decimal(2)),
        "company outside the consolidation scope": (1, Decimal(1)),
        "country left out": (2, Decimal(132000)),
    }
    assert found["listed"] == landed_as_listed(lake, "IPE_31", PERIOD)


def test_balance_of_each_partner_by_another_path(lake):
    balances = {(r["id_company"], r["cp"]): (r["row_count"], r["amount"]) for r in run(lake, "IPE_31", PERIOD, _TIE)}
    assert balances == {
        ("ec_ng", "hub1"): (19, Decimal("318.25")),
        ("ec_ng", "hub2"): (4, Decimal("209.75")),
        ("ec_ng", "hub9"): (1, Decimal(70)),
        ("jd_gh", "hub1"): (5, Decimal(-3)),
    }
    assert tie_differences(lake, "IPE_31", PERIOD, "balance_per_partner") == (set(), set())


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ("DELETE FROM landed WHERE related_entity = 'T1' AND id_company = 'EC_NG'", ("hub1", 18, Decimal("308.125"))),
        ("UPDATE landed SET amount = amount + 1 WHERE related_entity = 'R1'", ("hub2", 4, Decimal("210.75"))),
        ("UPDATE landed SET amount = 0 WHERE related_entity = 'L13'", ("hub2", 4, Decimal("179.75"))),
        ("DELETE FROM landed WHERE related_entity = 'P2'", ("hub1", 18, Decimal("348.25"))),
        ("INSERT INTO landed SELECT * FROM landed WHERE related_entity = 'D9'", ("hub9", 2, Decimal(140))),
    ],
)
def test_a_changed_event_shows_in_the_balance_of_its_partner(lake, change, line):
    source, ours = tie_differences(lake, "IPE_31", PERIOD, "balance_per_partner", change)
    assert ours == {("ec_ng", *line)}
    assert [row[:2] for row in source] == [("ec_ng", line[0])]


@pytest.mark.parametrize("period", ["2025-08", "2025-10"])
def test_population_and_balances_hold_in_the_neighbouring_months(lake, period):
    assert cells(lake, "IPE_31", period).get("listed", (0, None)) == landed_as_listed(lake, "IPE_31", period)
    assert tie_differences(lake, "IPE_31", period, "balance_per_partner") == (set(), set())


def test_both_sides_of_the_cutoff_are_seen_at_the_source(lake):
    edges = {row["id_company"]: row for row in run(lake, "IPE_31", PERIOD, "cutoff_edges")}
    # At or after it: N1 and the transfer of 2 October, R4, L14, and the dates of P10 and D2.
    assert edges["EC_NG"] == {"id_company": "EC_NG", "last_before": LAST, "first_after": NEXT, "rows_after": 6}
    assert set(edges) == {"EC_NG", "JD_GH"}


@pytest.mark.parametrize(("period", "fresh"), [("2025-09", True), ("2025-10", False)])
def test_the_newest_transaction_decides_the_freshness(lake, period, fresh):
    assert run(lake, "IPE_31", period, "freshness") == [{"newest": datetime(2025, 10, 2), "fresh": fresh}]


def test_the_next_month_sees_what_is_open_then(lake):
    october = {(row["id_company"], row["related_entity"]): row["amount"] for row in run(lake, "IPE_31", "2025-10")}
    assert ("EC_NG", "T2") not in october and ("EC_NG", "R1") not in october
    assert october[("EC_NG", "N1")] == Decimal(1000)
    assert october[("EC_NG", "L10")] == Decimal("40.1250")
    assert october[("EC_NG", "P2")] == Decimal(-10)
    assert ("EC_NG", "P7") not in october and ("EC_NG", "L13") not in october


@pytest.mark.parametrize(
    ("name", "violating"),
    [
        ("amount_sign", {("X2", 3), ("X3", 4), ("X4", 1)}),
        ("one_bank_account", {("X1", 1)}),
        ("one_row_per_list_and_payment", {("X5", 3), ("x5 ", 3)}),
    ],
)
def test_expectations_name_the_rows_that_break_them(name, violating):
    (rule,) = (rule for rule in get_item("IPE_31").expectations if rule.name == name)
    with duckdb.connect() as connection:
        connection.execute(
            "create view landed as select 'EC_NG' as id_company, * from (values ('X1', 1, 5, 2), ('X2', 3, -1, 1), "
            "('X3', 4, 1, 0), ('X4', 1, 0, 0), ('X5', 3, 1, 0), ('x5 ', 3, 2, 0), ('X5', 4, -1, 0), ('X6', 1, 1, 0), "
            "('X6', 1, 1, 0)) as v(related_entity, branch, amount, bank_account_count)"
        )
        found = connection.execute(f"select related_entity, branch from landed where {rule.violation}").fetchall()
    assert set(found) == violating
