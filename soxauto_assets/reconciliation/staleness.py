"""Staleness: whether the inputs of a sealed reconciliation are still the current ones, and what moved.

Here belongs comparing the inputs that a package lists with what is sealed now. What does not belong here: reconciling again.

A later attempt of an input decertifies the reconciliation: it says which input, and by how much per company.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from soxauto_assets.canonical import read_json
from soxauto_assets.catalog import all_items
from soxauto_assets.catalog.configuration import Configuration
from soxauto_assets.evidence.store import EvidenceStore, SealedPackage
from soxauto_assets.period import Period
from soxauto_assets.reconciliation.balances import ACTUALS, amount_sql, parameters_of
from soxauto_assets.reconciliation.inputs import Inputs, SealedInput, collect, decimal_sum, input_of, open_session


@dataclass(frozen=True)
class Moved:
    """An input that is not the current one any more.

    Attributes:
        item: Item id.
        sealed: Attempt that the reconciliation was made from; None when it was missing then.
        current: Current attempt; None when it cannot be used now.
        reason: Why it cannot be used now, in words; empty otherwise.
        amounts: By company, how much the item's amount moved, LCY; a company whose amount is equal is left out.
    """

    item: str
    sealed: int | None
    current: int | None
    reason: str
    amounts: Mapping[str, Decimal]

    def text(self) -> str:
        """Return the change in words."""
        if self.current is None:
            return f"{self.item}: attempt {self.sealed} was used, now: {self.reason}"
        if self.sealed is None:
            return f"{self.item}: it was missing, now attempt {self.current} is sealed"
        moved = ", ".join(f"{company} {amount:+f} LCY" for company, amount in self.amounts.items())
        return f"{self.item}: attempt {self.sealed} was used, attempt {self.current} is current; {moved or 'no amount moved'}"


def moved_inputs(store: EvidenceStore, package: SealedPackage, configuration: Configuration) -> tuple[Moved, ...]:
    """Return the inputs of a sealed reconciliation that are not current any more; none = it is not stale.

    Args:
        store: The evidence store.
        package: The package of the reconciliation.
        configuration: Configuration parameters in force, for the amounts.

    Raises:
        StorageError: The store cannot be read.
    """
    document: Mapping[str, Any] = read_json(store.read(package, "data/inputs.json"))
    period = Period.parse(package.period)
    listed = {one["item"]: one for one in document["sealed"]}
    names = {*listed, *document["missing"]}
    items = tuple(item for item in all_items() if item.id in names)
    now = collect(store, period, items)
    found = []
    for item in items:
        before, after = listed.get(item.id), now.sealed.get(item.id)
        if before is None and after is not None:
            found.append(Moved(item.id, None, after.attempt, "", {}))
        elif before is not None and after is None:
            found.append(Moved(item.id, before["attempt"], None, now.missing[item.id], {}))
        elif before is not None and after is not None and before["content_id"] != after.content_id:
            amounts = _moved(store, period, before["attempt"], after, configuration)
            found.append(Moved(item.id, before["attempt"], after.attempt, "", amounts))
    return tuple(found)


def _moved(
    store: EvidenceStore, period: Period, attempt: int, after: SealedInput, configuration: Configuration
) -> dict[str, Decimal]:
    older = next((p for p in store.attempts(after.item.id, period.key) if p.attempt == attempt), None)
    before = input_of(store, older, after.item) if older else None
    if not isinstance(before, SealedInput):
        return {}
    old, new = _amounts(before, period, configuration), _amounts(after, period, configuration)
    moved = {company: new.get(company, Decimal(0)) - old.get(company, Decimal(0)) for company in sorted({*old, *new})}
    return {company: amount for company, amount in moved.items() if amount}


def _amounts(sealed: SealedInput, period: Period, configuration: Configuration) -> dict[str, Decimal]:
    """Return the item's amount by company: of a component what counts, of another item its first control total."""
    item = sealed.item
    with open_session(Inputs(period, {item.id: sealed}, {}), configuration) as session:
        if item.component:
            sql = amount_sql(item.id, item.component)
            rows = session.rows(sql, parameters_of(session, sql))
            amounts: dict[str, Decimal] = {}
            for company, _, amount, _ in rows:
                amounts[company] = amounts.get(company, Decimal(0)) + amount
            return amounts
        column = "balance_at_date" if item.id == ACTUALS else item.control_totals.sums[0]
        company = "company" if item.company_column else "'all companies'"
        return dict(
            session.rows(f"SELECT {company}, {decimal_sum(column)} FROM {item.id.lower()} GROUP BY ALL ORDER BY ALL")
        )
