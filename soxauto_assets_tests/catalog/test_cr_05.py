"""CR_05 on a lake that can be read as a table: which rate a company gets."""

from decimal import Decimal

import duckdb
import pytest

from soxauto_assets.catalog import get_item
from soxauto_assets_tests.catalog.judging import cells, judge
from soxauto_assets_tests.catalog.running import run
from soxauto_assets_tests.lakes import write_lake

TABLES = {
    "dim_company": """
        company_code | company_name | company_country | flg_in_conso_scope | is_active
        EC_NG        | Nigeria      | NG              | 1                  | 1
        EC_IC        | Côte d'Ivoire| CI              | 1                  | 1
        HF_SN        | Senegal      | SN              | 1                  | 1
        DE_GRP_USD   | Group USD    | DE              | 0                  | 1
        DE_GRP       | Group        | DE              | 0                  | 1
        US_INC       | Inc          | US              | 0                  | 1
        AE_CO        | Emirates     | AE              | 0                  | 1
        JD_UG        | Uganda       | UG              | 1                  | 1
    """,
    "dim_country": """
        country_code | country_name
        NG           | Nigeria
        CI           | Cote d'Ivoire
        SN           | Senegal
        DE           | Germany
        US           | United States of America
        AE           | United Arab Emirates (the)
        UG           | Uganda
    """,
    "rpt_fx_rates": """
        year | cod_month | country_code | country                    | rate_type | base_currency | fx_rate
        2025 | 9         | NG           | Nigeria                    | Closing   | USD           | 1650.5
        2025 | 9         | NG           | Nigeria                    | Closing   | USD           | 1650.5
        2025 | 9         | NG           | Nigeria                    | Average   | USD           | 1600
        2025 | 9         | NG           | Nigeria                    | Closing   | EUR           | 1900
        2025 | 8         | NG           | Nigeria                    | Closing   | USD           | 1500
        2024 | 9         | NG           | Nigeria                    | Closing   | USD           | 1400
        2025 | 9         | CI           | Cote d'Ivoire              | closing·  | usd           | 560.12345678
        2025 | 9         | SN           | Senegal                    | Closing   | USD           | 560.12345678
        2025 | 9         | DE           | Germany                    | Closing   | USD           | 0.85
        2025 | 9         | AE           | United arab emirates (the) | Closing   | USD           | 3.67
    """,
}

EXPECTED = {
    "EC_NG": Decimal("1650.5"),
    "EC_IC": Decimal("560.12345678"),
    "HF_SN": Decimal("560.12345678"),
    "DE_GRP_USD": Decimal(1),
    "DE_GRP": Decimal("0.85"),
    "US_INC": Decimal(1),
    "AE_CO": None,
    "JD_UG": None,
}


@pytest.fixture
def lake(tmp_path):
    return write_lake(tmp_path, TABLES)


def test_each_company_has_one_row_and_its_closing_rate(lake):
    rows = run(lake, "CR_05", "2025-09")
    assert len(rows) == len(EXPECTED)
    assert {row["company_code"]: row["fx_rate"] for row in rows} == EXPECTED


def test_a_company_without_a_rate_has_none_and_never_1(lake):
    (uganda,) = [row for row in run(lake, "CR_05", "2025-09") if row["company_code"] == "JD_UG"]
    assert (uganda["fx_rate"], uganda["rate_type"], uganda["year"]) == (None, None, None)


def test_control_totals_look_each_rate_up_by_value(lake):
    totals = run(lake, "CR_05", "2025-09", "control_totals")
    assert {row["company_code"]: row["sum_fx_rate"] for row in totals} == EXPECTED
    assert {row["row_count"] for row in totals} == {1}


def test_a_month_without_rates_is_not_fresh(lake):
    assert run(lake, "CR_05", "2025-09", "freshness")[0]["fresh"] is True
    assert run(lake, "CR_05", "2025-10", "freshness")[0]["fresh"] is False


def test_every_rate_of_the_month_reaches_a_company_or_is_left_out_for_a_reason(tmp_path):
    more = """
        2025 | 9         | ZZ           | Nowhere                    | Closing   | USD           | 5
        2025 | 9         | NG           | -                          | Closing   | USD           | 6
    """
    tables = {**TABLES, "rpt_fx_rates": TABLES["rpt_fx_rates"].rstrip() + more}
    lake = write_lake(tmp_path, tables)
    assert cells(run(lake, "CR_05", "2025-09", "dropped_rows")) == {
        "listed": (4, Decimal("2771.5969")),
        "equal row, listed once": (1, Decimal("1650.5")),
        "no closing rate": (1, Decimal(1600)),
        "base currency is not the dollar": (1, Decimal(1900)),
        "country text left out": (1, Decimal("3.67")),
        "no company in the country": (1, Decimal(5)),
        "country is null": (1, Decimal(6)),
    }
    outcome = judge(lake, "CR_05", "2025-09", "dropped_rows")
    assert (outcome.held, outcome.expected) == (True, "10 candidates = 4 listed + 6 left out")


def test_a_rate_that_reaches_no_company_and_a_second_rate_of_a_country_differ_from_the_population(lake, tmp_path):
    lost = "select * replace (case when company_country <> 'NG' then rate_type end as rate_type) from landed"
    assert judge(lake, "CR_05", "2025-09", "dropped_rows", lost).difference == "listed by the source 4 rows, landed 3"
    second = "        2025 | 9         | NG           | Nigeria                    | Closing   | USD           | 1651\n"
    other = write_lake(tmp_path / "two", {**TABLES, "rpt_fx_rates": TABLES["rpt_fx_rates"].rstrip() + "\n" + second})
    assert judge(other, "CR_05", "2025-09", "dropped_rows").difference == "listed by the source 5 rows, landed 4"


@pytest.mark.parametrize(("senegal", "broken"), [("560.25", 0), ("560.26", 2), ("null", 0)])
def test_countries_of_one_currency_have_one_rate(senegal, broken):
    rule = next(rule for rule in get_item("CR_05").expectations if rule.name == "one_rate_per_currency")
    found = duckdb.sql(
        "with landed(company_country, fx_rate) as (values ('CI ', 560.25), ('sn', "
        f"{senegal}), ('NG', 1650)) select count(*) from landed where {rule.violation}"
    ).fetchall()
    assert found == [(broken,)]
