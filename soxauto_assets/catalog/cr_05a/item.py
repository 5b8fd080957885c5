"""CR_05a spot FX rates of Algeria, input of control C-FA-12: domain sections 2.1, 3.4, 4.3.4."""

from decimal import Decimal

from soxauto_assets.catalog.model import ControlTotals, Cutoff, Drift, Expectation, Item, LegacyDifference, Population
from soxauto_assets.catalog.model import OutputColumn as Column
from soxauto_assets.catalog.types import DATE, INT64, RATE, STRING

ITEM = Item(
    id="CR_05a",
    title="FA table / spot FX rates",
    kind="CR",
    purpose="The spot rate of each currency needed that was valid at the month end, in Algerian dinar per unit.",
    owner="team:accounting-excellence",
    control="C-FA-12",
    sources=("currency_exchange_rate",),
    columns=(
        Column("currency_code", STRING, "Currency", nullable=False, pattern=r"[A-Z]{3} *"),
        Column("year", INT64, "Calendar year of the starting date", nullable=False),
        Column("month", INT64, "Calendar month of the starting date", nullable=False, minimum=1),
        Column(
            "relational_exch_rate_amount",
            RATE,
            "Rate",
            nullable=False,
            minimum=Decimal("0.00000001"),
            unit="DZD per unit",
        ),
        Column("starting_date", DATE, "First day of validity", nullable=False),
    ),
    key=("currency_code",),
    company_column=None,
    cutoff=Cutoff("up_to", "starting_date"),
    control_totals=ControlTotals(
        group_by=("currency_code",), sums=("relational_exch_rate_amount",), bounds=("starting_date",)
    ),
    configuration=("currencies_needed",),
    expectations=(
        Expectation(
            "year_and_month_recomputed",
            violation=(
                "(year, month) is distinct from (extract(year from starting_date), extract(month from starting_date))"
            ),
            meaning="Year and month are those of the starting date (domain 3.4).",
        ),
    ),
    legacy_differences=(
        LegacyDifference(
            "date of the rate",
            "the rate that starts on the very day: empty when none was entered on it",
            "the latest rate that starts on or before the last day",
            "a rate is valid until the next one",
        ),
        LegacyDifference("starting date", "not in the output", "starting_date", "it shows how old the rate is"),
        LegacyDifference(
            "equal rows",
            "listed as often as they occur",
            "listed once; two different rates of one day make the control totals differ",
            "a currency has one rate",
        ),
        LegacyDifference(
            "synthetic dollar row",
            "an archived design added USD = 1",
            "only rates of the source",
            "nothing is invented",
        ),
    ),
    metadata={
        "source_system": "NAV Business Central (Algeria)",
        "output_type": "PowerPivot query",
        "change_status": "No changes, 2025-10-22",
        "descriptor_file": "CR_05a IPE baseline",
    },
    population=Population(
        meaning="a spot rate of any currency, whenever it starts; the amount is the sum of the rates (domain 3.4)",
        amount="cast(sum(relational_exch_rate_amount) as decimal(38,4))",
    ),
    drift=Drift(amount="relational_exch_rate_amount", codes=("currency_code",)),
    required_for_close=False,
    allow_empty=True,
)
