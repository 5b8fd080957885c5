"""CR_05 on a lake that can be read as a table: which rate a company gets."""

from decimal import Decimal

import pytest

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
