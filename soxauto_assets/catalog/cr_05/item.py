"""CR_05 monthly closing FX rates: domain sections 2.1, 3.3, 4.3.3, 7.3."""

from decimal import Decimal

from soxauto_assets.catalog.model import (
    ControlTotals,
    Cutoff,
    Dimension,
    Drift,
    Expectation,
    Item,
    LegacyDifference,
    Population,
)
from soxauto_assets.catalog.model import OutputColumn as Column
from soxauto_assets.catalog.types import INT64, RATE, STRING

ITEM = Item(
    id="CR_05",
    title="Monthly closing FX rates",
    kind="CR",
    purpose="Local currency per US dollar at the month end, one row per company: USD = LCY / fx_rate.",
    owner="team:accounting-excellence",
    sources=("dim_company", "rpt_fx_rates", "dim_country"),
    columns=(
        Column("company_code", STRING, "Company code", nullable=False, pattern=r"[A-Z]{2}_[A-Z_]+ *"),
        Column("company_name", STRING, "Company name"),
        Column("opco_central", STRING, "Operating company or central"),
        Column("company_country", STRING, "ISO country code of the company"),
        Column("is_active", INT64, "1 = active"),
        Column("rate_type", STRING, "Kind of rate"),
        Column("year", INT64, "Calendar year of the rate"),
        Column("cod_month", INT64, "Calendar month of the rate"),
        Column("fx_rate", RATE, "Local currency per US dollar", minimum=Decimal("0.00000001"), unit="LCY per USD"),
        Column("country_name", STRING, "Country name"),
        Column("flg_in_conso_scope", INT64, "1 = in the consolidation scope, so in the scope of items that ask for it"),
    ),
    key=("company_code",),
    company_column="company_code",
    cutoff=Cutoff("month", "year", "cod_month"),
    control_totals=ControlTotals(group_by=("company_code",), sums=("fx_rate",)),
    dimensions=(
        Dimension("dim_country", ("country_code",), ("country_name",)),
        Dimension(
            "dim_company",
            ("company_code",),
            ("company_name", "opco_central", "company_country", "is_active", "flg_in_conso_scope"),
        ),
    ),
    expectations=(
        Expectation(
            "rate_present",
            violation="fx_rate is null",
            meaning="Every company has a rate; without one its amounts cannot be converted (domain 7.3).",
            severity="warn",
        ),
        Expectation(
            "one_rate_per_country",
            violation=(
                "not ends_with(lower(rtrim(company_code)), '_usd') and company_country in ("
                "select company_country from landed where not ends_with(lower(rtrim(company_code)), '_usd') "
                "group by company_country having count(distinct fx_rate) > 1)"
            ),
            meaning="Companies of one country have one rate (domain 3.3).",
        ),
        Expectation(
            "one_rate_per_currency",
            violation=(
                "upper(rtrim(company_country)) in ('CI', 'SN', 'BF') and (select count(distinct fx_rate) from landed "
                "where upper(rtrim(company_country)) in ('CI', 'SN', 'BF')) > 1"
            ),
            meaning="XOF is the currency of several countries, and has one rate (domain 3.3, 11).",
        ),
    ),
    legacy_differences=(
        LegacyDifference(
            "company without a rate",
            "downstream code put 1.0 in its place",
            "the rate stays empty and the check rate_present names the company",
            "600,000 XOF must never be read as 600,000 USD",
        ),
        LegacyDifference(
            "consolidation scope",
            "not in the output",
            "column flg_in_conso_scope at the end",
            "the reconciliation must know for which companies an item was extracted, from data",
        ),
        LegacyDifference(
            "country text of the excluded rate",
            "one spelling, by collation",
            "the same text on lower case without trailing blanks",
            "Trino compares bytes",
        ),
    ),
    metadata={
        "source_system": "FinRec",
        "output_type": "PowerPivot query",
        "change_status": "No changes, 2025-10-22",
        "descriptor_file": "baseline in the May-25 consolidation file",
        "month_end_workbook": "Consolidation",
    },
    # No tie: no other table of the reference holds a closing rate whose meaning is known.
    population=Population(
        meaning="a rate of the month, of whatever kind; companies are all listed, with a rate or without (domain 3.3)",
        rows="count(distinct lower(rtrim(company_country, ' ')))",
        where="rate_type is not null",
    ),
    # The amount is the rate itself: it warns below half and above one and a half times the rate of the month before.
    drift=Drift(amount="fx_rate", codes=("country_name", "rate_type")),
    freshness_reason="the source holds closing rates of the month",
)
