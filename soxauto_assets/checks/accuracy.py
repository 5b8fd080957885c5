"""Witnesses: rows that somebody knows must be there, and rows that must not.

Here belongs judging what the source and the landed rows say of each registered witness. What does not belong here: the
register (``catalog.witnesses``).
"""

from collections.abc import Callable
from decimal import Decimal, InvalidOperation

from soxauto_assets.catalog.model import Item
from soxauto_assets.catalog.witnesses import Witness, read_witness
from soxauto_assets.checks.model import CheckContext, Outcome
from soxauto_assets.extraction.generated import ABSENT, MUTATION
from soxauto_assets.extraction.landing import Dataset
from soxauto_assets.extraction.record import ExtractionRecord


def witness_present(item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext) -> Outcome:
    """Each registered row is landed once, with the registered values."""

    def fault(witness: Witness) -> str | None:
        rows = _landed(item, dataset, witness, tuple(witness.values))
        if len(rows) != 1:
            return f"landed {len(rows)} times"
        wrong = [
            f"{name} is {value}, registered {witness.values[name]}"
            for name, value in zip(witness.values, rows[0], strict=True)
            if not _same(value, witness.values[name])
        ]
        return "; ".join(wrong) or None

    return _judged(item, record, "present", "landed with the registered values", fault)


def witness_absent(item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext) -> Outcome:
    """Each registered row is in the source and is not landed: both are proven."""

    def fault(witness: Witness) -> str | None:
        if not _counted(record, f"{ABSENT}{witness.name}"):
            return f"{witness.table} does not hold it, so that its absence proves nothing"
        rows = _landed(item, dataset, witness, ())
        return f"landed {len(rows)} times" if rows else None

    return _judged(item, record, "absent", "in the source and not landed", fault)


def mutation(item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext) -> Outcome:
    """Without the conditions that keep a row out the query lists it: the conditions, and nothing else, keep it out."""

    def fault(witness: Witness) -> str | None:
        if not _counted(record, f"{MUTATION}{witness.name}"):
            return f"the query does not list it either without the conditions on {witness.without}"
        return None

    return _judged(item, record, "absent", "listed by the relaxed query", fault)


def _judged(
    item: Item, record: ExtractionRecord, kind: str, proven: str, fault: Callable[[Witness], str | None]
) -> Outcome:
    witnesses = [witness for witness in map(read_witness, record.witnesses) if witness.kind == kind]
    if not witnesses:
        return Outcome(
            held=False,
            expected=f"at least 1 registered witness, {proven}",
            actual="none is registered",
            unit="witnesses",
            details=("register one in the file of witnesses; until then this rule is not evaluated",),
            severity="warn",
        )
    faults = {witness.name: found for witness in witnesses if (found := fault(witness))}
    return Outcome(
        held=not faults,
        expected=f"{len(witnesses)} {proven}",
        actual=f"{len(witnesses) - len(faults)} {proven}",
        unit="witnesses",
        difference=str(len(faults)),
        rows=len(faults),
        details=tuple(f"{witness.name}: {faults.get(witness.name, proven)}" for witness in witnesses[:20]),
    )


def _landed(item: Item, dataset: Dataset, witness: Witness, values: tuple[str, ...]) -> list[tuple[object, ...]]:
    """Return the values of the landed rows that a witness's key finds."""
    key = witness.in_extract
    where = " AND ".join(f'"{name}" = CAST(${name} AS {item.column(name).type.duckdb})' for name in key)
    selected = ", ".join(f'"{name}"' for name in values) or "1"
    with dataset.query() as connection:
        return connection.execute(f"SELECT {selected} FROM landed WHERE {where}", dict(key)).fetchall()


def _counted(record: ExtractionRecord, purpose: str) -> int:
    (row,) = record.answers[purpose].records()
    return int(str(row["row_count"]))


def _same(value: object, registered: str) -> bool:
    """Return whether a landed value is the registered one; amounts are compared as numbers."""
    if isinstance(value, Decimal):
        try:
            return value == Decimal(registered)
        except InvalidOperation:
            return False
    return ("null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)) == registered
