"""Companies and currencies of the landed rows, compared with the known ones (domain section 11)."""

from soxauto_assets.catalog.model import Item
from soxauto_assets.checks.model import CheckContext, Failing, Outcome
from soxauto_assets.extraction.landing import Dataset
from soxauto_assets.extraction.record import ExtractionRecord


def company_known(item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext) -> Outcome:
    """Every company code is a known one, whatever its case and trailing blanks."""
    known = {code.lower() for code in context.companies.currencies}
    company = _folded(f'"{item.company_column}"')
    with dataset.query() as connection:
        found = connection.execute(f"SELECT {company}, count(*) FROM landed GROUP BY 1 ORDER BY 1").fetchall()
    unknown = {str(code): rows for code, rows in found if code not in known}
    listed = sorted(known)
    failing = Failing(
        f"SELECT {_key(item)} FROM landed WHERE {company} IS NULL OR NOT list_contains($known, {company})",
        {"known": listed},
    )
    return Outcome(
        held=not unknown,
        expected=f"{len(found)} of {len(known)} known companies",
        actual=f"{len(unknown)} unknown",
        unit="companies",
        difference=str(len(unknown)),
        rows=sum(unknown.values()),
        details=tuple(f"{code}: {rows} rows" for code, rows in unknown.items())[:20],
        failing=failing if unknown else None,
    )


def currency_of_company(item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext) -> Outcome:
    """A row's currency is its company's; a company whose currency is not known is not tested, and named."""
    currencies = {code.lower(): currency for code, currency in context.companies.currencies.items() if currency}
    company, currency = _folded(f'"{item.company_column}"'), f'upper(rtrim("{item.currency_column}"))'
    amount = f', sum("{item.drift.amount}")' if item.drift.amount else ", NULL"
    with dataset.query() as connection:
        found = connection.execute(
            f"SELECT {company}, {currency}, count(*){amount} FROM landed GROUP BY 1, 2 ORDER BY 1, 2"
        ).fetchall()
    other = [row for row in found if row[0] in currencies and row[1] != currencies[row[0]]]
    untested = sorted({str(row[0]) for row in found if row[0] not in currencies})
    failing = Failing(
        f"SELECT {_key(item)} FROM landed WHERE list_contains($pairs, concat({company}, ' ', {currency}))",
        {"pairs": [f"{row[0]} {row[1] or ''}" for row in other]},
    )
    return Outcome(
        held=not other,
        expected="0 rows in another currency than their company's",
        actual=f"{sum(row[2] for row in other)} rows",
        unit="rows",
        difference=str(sum(row[2] for row in other)),
        rows=sum(row[2] for row in other),
        details=(
            *(f"{code} {held}: {rows} rows, {total}" for code, held, rows, total in other[:20]),
            *((f"currency not known, not tested: {', '.join(untested)}",) if untested else ()),
        ),
        failing=failing if other else None,
    )


def _folded(column: str) -> str:
    return f"lower(rtrim({column}))"


def _key(item: Item) -> str:
    return ", ".join(f'"{name}"' for name in item.key)
