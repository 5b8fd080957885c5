"""Drift: what changed since the month before. A warning with the figures, for a person to judge.

Here belongs computing an extract's figures and comparing two months of them. What does not belong here: finding the package
of the month before (``runtime``).
"""

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from soxauto_assets.catalog.model import Item
from soxauto_assets.checks.model import CheckContext, Outcome
from soxauto_assets.extraction.landing import Dataset
from soxauto_assets.extraction.record import ExtractionRecord

_CODES = 200
_SHOWN = 20


def figures(item: Item, dataset: Dataset) -> dict[str, Any]:
    """Return an extract's figures, which the next month is compared with; they are sealed as ``figures.json``.

    Returns:
        ``companies``: rows and amount by company (the one key ``all`` where the item has none); ``distinct``: the number of
        different values by column; ``codes``: the values by column, at most 200. Amounts are text.
    """
    company = f"coalesce(\"{item.company_column}\", '(none)')" if item.company_column else "'all'"
    amount = f'sum("{item.drift.amount}")' if item.drift.amount else "NULL"
    with dataset.query() as connection:
        rows = connection.execute(f"SELECT {company}, count(*), {amount} FROM landed GROUP BY 1 ORDER BY 1").fetchall()
        distinct = {
            name: connection.execute(f'SELECT count(DISTINCT "{name}") FROM landed').fetchall()[0][0]
            for name in item.drift.distinct
        }
        codes = {
            name: [
                value
                for (value,) in connection.execute(
                    f'SELECT DISTINCT CAST("{name}" AS VARCHAR) AS code FROM landed WHERE code IS NOT NULL '
                    f"ORDER BY 1 LIMIT {_CODES}"
                ).fetchall()
            ]
            for name in item.drift.codes
        }
    return {
        "companies": {c: {"rows": n, "amount": None if a is None else format(a, "f")} for c, n, a in rows},
        "distinct": distinct,
        "codes": codes,
    }


def drift(item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext) -> Outcome:
    """Rows, amounts, different customers and codes move within the tolerance, and no company or code comes or goes."""
    if context.previous is None:
        return Outcome(True, "-", "-", not_applicable="nothing is sealed for the month before")
    before, now = context.previous.figures, figures(item, dataset)
    faults = [*_companies(item, before["companies"], now["companies"]), *_others(item, before, now)]
    rows_before, rows_now = (sum(c["rows"] for c in side["companies"].values()) for side in (before, now))
    return Outcome(
        held=not faults,
        expected=f"within {item.drift.tolerance:%} of {context.previous.period}: {rows_before} rows",
        actual=f"{rows_now} rows; {len(faults)} lines to look at",
        unit="lines",
        difference=str(rows_now - rows_before),
        rows=len(faults),
        details=tuple(faults[:_SHOWN]),
    )


def _companies(item: Item, before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for company in sorted(before.keys() | now.keys()):
        if company not in now:
            yield f"{company}: vanished ({before[company]['rows']} rows, {before[company]['amount']} before)"
        elif company not in before:
            yield f"{company}: new ({now[company]['rows']} rows, {now[company]['amount']})"
        else:
            for name in ("rows", "amount"):
                was, is_ = before[company][name], now[company][name]
                if was is not None and is_ is not None and _moved(Decimal(was), Decimal(is_), item.drift.tolerance):
                    yield f"{company}: {name} {was} -> {is_}"


def _others(item: Item, before: Mapping[str, Any], now: Mapping[str, Any]) -> Iterator[str]:
    for name, is_ in now["distinct"].items():
        was = before["distinct"].get(name)
        if was is not None and _moved(Decimal(was), Decimal(is_), item.drift.tolerance):
            yield f"different {name}: {was} -> {is_}"
    for name, values in now["codes"].items():
        earlier = before["codes"].get(name)
        if earlier is None or len(earlier) >= _CODES or len(values) >= _CODES:
            continue
        if new := sorted(set(values) - set(earlier)):
            yield f"{name}: new {', '.join(new[:10])}"
        if gone := sorted(set(earlier) - set(values)):
            yield f"{name}: vanished {', '.join(gone[:10])}"


def _moved(before: Decimal, now: Decimal, tolerance: Decimal) -> bool:
    return abs(now - before) > tolerance * abs(before)
