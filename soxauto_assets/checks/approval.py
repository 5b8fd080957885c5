"""The approved baseline: what an extract is made from is what somebody approved (PCAOB AS 2201 .B28 to .B33).

Here belongs comparing approved parts with current ones. What does not belong here: computing the parts and keeping the
approval (``decisions.baseline``).
"""

from soxauto_assets.catalog.model import Item
from soxauto_assets.checks.model import CheckContext, Outcome
from soxauto_assets.extraction.landing import Dataset
from soxauto_assets.extraction.record import ExtractionRecord


def baseline(item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext) -> Outcome:
    """Every part equals the approved one and the approval still counts; an item that nobody approved is a warning."""
    known = context.baseline
    if known is None or known.approved is None:
        return Outcome(
            held=False,
            expected="an approved baseline",
            actual="nobody has approved one",
            details=(
                f"next: soxauto baseline show {item.id}, then soxauto baseline approve {item.id} --by … --reason …",
            ),
            severity="warn",
        )
    parts = sorted(known.approved.keys() | known.current.keys())
    changed = [part for part in parts if known.approved.get(part) != known.current.get(part)]
    words = {part: _change(part in known.approved, part in known.current) for part in changed}
    late = known.expired
    return Outcome(
        held=not changed and not late,
        expected=f"{len(known.approved)} parts as approved by {known.person} on {known.approved_on}, until {known.expires}",
        actual=f"{len(changed)} parts differ" + ("; the approval has expired" if late else ""),
        unit="parts",
        difference=str(len(changed)),
        details=(
            *(f"{part}: {word}" for part, word in words.items()),
            *((f"next: soxauto baseline diff {item.id}",) if changed or late else ()),
        )[:20],
    )


def _change(approved: bool, current: bool) -> str:
    if approved and current:
        return "changed since the approval"
    return "added since the approval" if current else "removed since the approval"
