"""The type of a voucher: one vocabulary for the ledger and the target values, and where the type of an entry is found.

Here belongs reading ``rules/voucher_types.yaml`` and the look-up table. What does not belong here: which entries are looked
up (``vouchers.classification``).
"""

from dataclasses import dataclass
from typing import Any

from soxauto_assets.catalog import get_item
from soxauto_assets.errors import CatalogError
from soxauto_assets.reconciliation.inputs import Session
from soxauto_assets.reconciliation.matching import use_key, voucher_key
from soxauto_assets.reconciliation.model import Remark
from soxauto_assets.reconciliation.rules import RuleFile
from soxauto_assets.reconciliation.vouchers.entry_rules import quoted

UNKNOWN = "Unknown"
OTHER = "other"


@dataclass(frozen=True)
class LookUpStep:
    """One place where the business use of an entry is looked for.

    Attributes:
        number: Its place in the order.
        entry: Column of the entry.
        item: Item id.
        column: Column of the item that equals it, as voucher ids are compared.
    """

    number: int
    entry: str
    item: str
    column: str

    @property
    def lacking(self) -> str | None:
        """Why it can never find anything, in words; None where it can."""
        names = {column.name for column in get_item(self.item).columns}
        return None if self.column in names else f"{self.item} has no column {self.column}"


@dataclass(frozen=True)
class VoucherTypes:
    """The vocabulary.

    Attributes:
        by_use: Harmonised type by business use, as :func:`soxauto_assets.reconciliation.matching.use_key` writes it.
        steps: Where the business use of an entry is found.
    """

    by_use: dict[str, str]
    steps: tuple[LookUpStep, ...]

    @property
    def names(self) -> tuple[str, ...]:
        """The harmonised types, with those of business uses that are empty or not listed."""
        return (*sorted({*self.by_use.values(), OTHER}), UNKNOWN)

    def sql(self, expression: str) -> str:
        """Return the SQL of the harmonised type of a business use (domain 7.4)."""
        key = f"nullif({use_key(expression)}, '')"
        listed: dict[str, list[str]] = {}
        for use, name in self.by_use.items():
            listed.setdefault(name, []).append(quoted(use))
        cases = " ".join(
            f"WHEN {key} IN ({', '.join(members)}) THEN {quoted(name)}" for name, members in listed.items()
        )
        return f"CASE WHEN {key} IS NULL THEN '{UNKNOWN}' {cases} ELSE '{OTHER}' END"


def voucher_types(file: RuleFile) -> VoucherTypes:
    """Read the vocabulary.

    Raises:
        CatalogError: The file is malformed, or one business use has two types.
    """
    types, steps = file.content.get("types"), file.content.get("look_up")
    if not isinstance(types, dict) or not isinstance(steps, list):
        raise CatalogError(f"{file.name}.yaml lacks types or look_up", action="write both")
    by_use: dict[str, str] = {}
    for name, listed in types.items():
        for use in listed:
            key = str(use).lower().rstrip(" ").replace(" ", "_")
            if key in by_use:
                raise CatalogError(f"{file.name}.yaml gives {key!r} two types", action="leave it in one")
            by_use[key] = name
    return VoucherTypes(by_use, tuple(_step(number, entry) for number, entry in enumerate(steps, 1)))


def _step(number: int, entry: Any) -> LookUpStep:
    if not isinstance(entry, dict) or set(entry) != {"entry", "item", "column"}:
        raise CatalogError("a look-up of voucher_types.yaml is malformed", action="write entry, item and column")
    return LookUpStep(number, **entry)


def look_up_table(session: Session, types: VoucherTypes, name: str) -> list[Remark]:
    """Make the temporary table of business uses by company, entry column and voucher id.

    A step of an item that is missing, or over a column that the item does not hold, finds nothing. Two vouchers of one company
    whose ids are compared as equal and that differ in use give the alphabetically first business use, and a remark.

    Args:
        session: The inputs of the month.
        types: The vocabulary.
        name: Name of the table: columns company, entry_column, voucher_key, business_use.

    Returns:
        Steps that can never find anything, and ids that lead to two business uses.
    """
    remarks = [
        Remark("unreachable_look_up", f"{step.entry} = {step.item}.{step.column}: {step.lacking}")
        for step in types.steps
        if step.lacking
    ]
    live = [step for step in types.steps if not step.lacking and session.has(step.item)]
    parts = [
        f"SELECT company, {quoted(step.entry)} AS entry_column, {voucher_key(step.column)} AS voucher_key, "
        f"{step.number} AS step, {use_key('business_use')} AS use, business_use FROM {step.item.lower()}"
        for step in live
    ]
    empty = (
        "SELECT NULL::VARCHAR AS company, NULL::VARCHAR AS entry_column, NULL::VARCHAR AS voucher_key, 0 AS step, "
        "NULL::VARCHAR AS use, NULL::VARCHAR AS business_use"
    )

    def first(aggregate: str) -> str:
        """Return an aggregate over the rows of the first step that has any; ``{0}`` stands for the choice of the step."""
        return (
            f"coalesce({', '.join((*(aggregate.format(f'FILTER (step = {step.number})') for step in live), 'NULL'))})"
        )

    session.connection.execute(
        f"CREATE OR REPLACE TEMP TABLE {name} AS SELECT company, entry_column, voucher_key, "
        f"{first('min(business_use) {0}')} AS business_use, {first('min(use) {0} <> max(use) {0}')} AS two_uses "
        f"FROM ({' UNION ALL '.join(parts) or empty}) WHERE voucher_key IS NOT NULL AND use <> '' GROUP BY ALL"
    )
    for company, rows in session.rows(f"SELECT company, count(*) FROM {name} WHERE two_uses GROUP BY 1 ORDER BY 1"):
        remarks.append(
            Remark("id_of_two_uses", "ids that are compared as equal and lead to two business uses", company, rows)
        )
    return remarks
