"""The report: what was seeded, what caught it, and the score.

Here belongs the table for the terminal and the page ``docs/effectiveness.md``, which is checked in and compared with what is
measured. What does not belong here: measuring (``measurement``).
"""

from collections import Counter
from collections.abc import Collection, Iterator
from pathlib import Path

from rich.console import Console
from rich.table import Table

from soxauto_assets_tests.effectiveness.faults import FAULTS
from soxauto_assets_tests.effectiveness.measurement import DIGESTS, PERIOD, Cell, Measurement

PAGE = Path(__file__).parents[2] / "docs" / "effectiveness.md"
_SCORES: tuple[tuple[str, Collection[str]], ...] = (
    ("all checks", ()),
    ("without `dataset_digest`", ("dataset_digest",)),
    ("without `row_digest` and `dataset_digest`", DIGESTS),
)


def show(measured: Measurement, console: Console) -> None:
    """Print the table of fault classes by item, and the score."""
    table = Table("fault", *measured.items, title=f"Checks that caught it, of them without the digests ({PERIOD.key})")
    for fault in FAULTS:
        table.add_row(fault.name, *(_short(measured.cells[name, fault.name]) for name in measured.items))
    console.print(table)
    for line in _score(measured):
        console.print(line.replace("`", ""), highlight=False)
    for cell in measured.missed():
        console.print(f"[red]not caught: {cell.item} {cell.fault}[/red]", highlight=False)
    for name, checks in measured.alarms.items():
        console.print(f"[red]false alarm: {name} {', '.join(checks)}[/red]", highlight=False)


def page(measured: Measurement) -> str:
    """Return the page."""
    return "\n".join(
        (
            "# Control effectiveness",
            "",
            "Written by `make effectiveness WRITE=1`; `make effectiveness` compares it with a new measurement. Known faults",
            f"are seeded into a copy of the landed rows of each item (demo month {PERIOD.key}); all checks of the item are",
            "evaluated on the copy with the true extraction record. A fault is caught when a check of severity error fails or",
            "cannot be evaluated. A cell says how many checks caught the fault and, after the dot, how many of them are not",
            "`row_digest` or `dataset_digest`, which see any change of landed rows whatever: `0` after the dot is a fault that",
            "only they see. `–` = the fault cannot exist there, for the reason listed at the end; it is not counted.",
            "",
            "What this does not measure: a fault in the source or in the query's text, before the source was asked for its",
            "row digest. For these stand control totals, other ways to the figures, witnesses and the reviewed baseline; the",
            "mutation suite (`soxauto_assets_tests/catalog/test_mutations.py`) measures them.",
            "",
            "## Score",
            "",
            *(f"- {line}" for line in _score(measured)),
            "",
            "## Checks that caught each fault",
            "",
            *_table(
                "fault",
                measured.items,
                ((f.name, [_short(measured.cells[i, f.name]) for i in measured.items]) for f in FAULTS),
            ),
            "",
            "## Fault classes",
            "",
            *_table(
                "fault",
                ("what happened", "seeded", "seen by the digests alone in"),
                ((fault.name, [fault.meaning, *_of_class(measured, fault.name)]) for fault in FAULTS),
            ),
            "",
            "## Checks",
            "",
            "How many faults each check caught, and how many it alone caught when the two digests are left out.",
            "",
            *_table("check", ("caught", "alone"), _of_checks(measured)),
            "",
            "## By item",
            *(line for name in measured.items for line in ("", f"### {name}", "", *_of_item(measured, name))),
            "",
            "## Reasoned exceptions",
            "",
            *_exceptions(measured),
            "",
        )
    )


def _score(measured: Measurement) -> Iterator[str]:
    for words, ignored in _SCORES:
        caught, seeded = measured.score(ignored)
        yield (
            f"{words}: {caught} of {seeded} faults caught ({caught / seeded:.1%})"
            if seeded
            else f"{words}: none seeded"
        )
    yield f"reasoned exceptions, not counted: {len(measured.cells) - len(measured.seeded)}"
    yield f"false alarms on {len(measured.items)} unchanged copies: {len(measured.alarms)}"


def _short(cell: Cell) -> str:
    if cell.exception is not None:
        return "–"
    return f"{len(cell.caught)}·{sum(name not in DIGESTS for name in cell.caught)}"


def _of_class(measured: Measurement, name: str) -> tuple[str, str]:
    cells = [cell for cell in measured.seeded if cell.fault == name]
    return str(len(cells)), ", ".join(cell.item for cell in cells if not cell.caught_without(DIGESTS)) or "–"


def _of_checks(measured: Measurement) -> Iterator[tuple[str, list[str]]]:
    caught: Counter[str] = Counter()
    alone: Counter[str] = Counter()
    for cell in measured.seeded:
        caught.update(cell.caught)
        others = [name for name in cell.caught if name not in DIGESTS]
        alone.update(others if len(others) == 1 else ())
    for name, count in sorted(caught.items(), key=lambda entry: (-entry[1], entry[0])):
        yield name, [str(count), "–" if name in DIGESTS else str(alone[name])]


def _of_item(measured: Measurement, name: str) -> Iterator[str]:
    return _table(
        "fault",
        ("caught by",),
        ((c.fault, [", ".join(c.caught) or "**nothing**"]) for c in measured.seeded if c.item == name),
    )


def _exceptions(measured: Measurement) -> Iterator[str]:
    for fault in FAULTS:
        reasons: dict[str, list[str]] = {}
        for name in measured.items:
            if reason := measured.cells[name, fault.name].exception:
                reasons.setdefault(reason, []).append(name)
        for reason, names in reasons.items():
            yield f"- {fault.name}: {reason} ({', '.join(names)})"


def _table(first: str, columns: Collection[str], rows: Iterator[tuple[str, list[str]]]) -> Iterator[str]:
    yield f"| {first} | {' | '.join(columns)} |"
    yield "| --- |" + " --- |" * len(columns)
    for name, cells in rows:
        yield f"| {name} | {' | '.join(cells)} |"
