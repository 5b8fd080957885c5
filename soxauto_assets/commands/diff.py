"""``soxauto diff``: two packages side by side on the terminal.

Here belongs finding the packages and showing what differs. What does not belong here: comparing (``evidence.comparison``).
"""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from rich.console import Console

from soxauto_assets.commands.recompute import one_package
from soxauto_assets.errors import NotVerified, StorageError
from soxauto_assets.evidence.comparison import Comparison, compare_packages
from soxauto_assets.evidence.sealed import predicate_of
from soxauto_assets.evidence.verify import verify_package

_SHOWN = 20


def diff_places(first: str, second: str, machine: bool, limit: int, console: Console) -> int:
    """Compare two packages and print what differs.

    Args:
        first: A package, or ``s3://…/attempt-0001.json``.
        second: Another one of the same item.
        machine: Print JSON.
        limit: How many rows are shown of each kind.
        console: Where to print.

    Returns:
        0 when the content is the same, 1 when it differs.

    Raises:
        StorageError: There is no package, or the two are of different items.
        NotVerified: One does not verify.
    """
    packages = {place: _verified(place) for place in (first, second)}
    one, other = packages[first], packages[second]
    items = [predicate_of(package)["item"] for package in (one, other)]
    if items[0] != items[1]:
        raise StorageError(
            f"the first package is of {items[0]}, the second of {items[1]}", action="give two packages of one item"
        )
    found = compare_packages(one, other, limit)
    if machine:
        print(json.dumps({"first": first, "second": second, **found.to_json()}, indent=2))
    else:
        word = "[green]SAME CONTENT[/green]" if found.equal else "[red]DIFFERENT[/red]"
        console.print(f"{word} {first} {second}", highlight=False, soft_wrap=True)
        for line in _lines(found):
            console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)
    return 0 if found.equal else 1


def _verified(place: str) -> Path:
    package = one_package(place)
    fault = verify_package(package).fault
    if fault:
        raise NotVerified(
            f"{place} does not verify: {fault.name}: {fault.text}",
            action="run 'soxauto verify' on it; what it says of itself means nothing",
        )
    return package


def _lines(found: Comparison) -> Iterator[str]:
    sections: dict[str, Mapping[str, Any]] = {
        "circumstances": found.circumstances,
        "statement": found.statement,
        "parameters": found.parameters,
        "configuration": found.configuration,
    }
    for title, pairs in sections.items():
        yield from _pairs(title, pairs)
    for name, text in found.query.items():
        yield f"query {name}"
        yield from (f"    {line}" for line in text.splitlines())
    for group in found.control_totals[:_SHOWN]:
        place = ", ".join(f"{name} {value}" for name, value in group["group"].items()) or "all"
        yield f"control totals of {place}: {_changes(group)}"
    if len(found.control_totals) > _SHOWN:
        yield f"control totals: {len(found.control_totals) - _SHOWN} groups more; --json shows them"
    yield f"rows: {found.rows.rows[0]} in the first, {found.rows.rows[1]} in the second"
    yield from (f"    {line}" for line in found.rows.lines())
    for name, said in found.checks.items():
        yield f"check {name}: {', '.join(said)}"
    for title, entries in {"inputs": found.inputs, **found.reconciliation}.items():
        yield from (f"{title}: {entry}" for entry in entries[:_SHOWN])
        if len(entries) > _SHOWN:
            yield f"{title}: {len(entries) - _SHOWN} more; --json shows them"
    yield from _pairs("environment", found.environment)


def _pairs(title: str, pairs: Mapping[str, Any]) -> Iterator[str]:
    for name, (before, after) in pairs.items():
        yield f"{title} {name}: {_short(before)} -> {_short(after)}"


def _changes(group: Mapping[str, Any]) -> str:
    return ", ".join(f"{name} {pair[0]} -> {pair[1]}" for name, pair in group.items() if name != "group")


def _short(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value)
    return text if len(text) <= 100 else f"{text[:97]}…"
