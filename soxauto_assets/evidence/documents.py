"""Two documents of packages, compared: what differs, in words.

Here belongs comparing plain JSON values. What does not belong here: rows (``evidence.difference``), and which documents are
compared.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

_PLACE = ("company", "component", "code", "name")


def members(before: Any, after: Any, path: str = "") -> Iterator[tuple[str, Any, Any]]:
    """Yield path, first and second value of every member in which two plain values differ; lists are one value."""
    if isinstance(before, dict) and isinstance(after, dict):
        for name in dict.fromkeys((*before, *after)):
            yield from members(before.get(name), after.get(name), f"{path}.{name}" if path else str(name))
    elif before != after:
        yield path, before, after


def entries(sealed: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]], key: Sequence[str]) -> list[str]:
    """Say in which entries two lists differ; an entry is known by its key."""
    before, after = ({tuple(str(one[n]) for n in key): one for one in side} for side in (sealed, now))
    said = []
    for at in sorted(before.keys() | after.keys()):
        place = " ".join(part for part in at if part)
        if at not in before or at not in after:
            said.append(f"{place}: only in the {'second' if at not in before else 'first'}")
        elif before[at] != after[at]:
            said.append(f"{place}: {', '.join(words(before[at], after[at]))}")
    if not said and list(sealed) != list(now):
        said.append("another order or number of entries")
    return said


def words(before: Any, after: Any) -> list[str]:
    """Say in words what differs between two values, member by member."""
    return [f"{path} {_change(one, other)}".strip() for path, one, other in members(before, after)]


def _change(one: Any, other: Any) -> str:
    if not isinstance(one, (list, dict)) and not isinstance(other, (list, dict)):
        return f"{one} -> {other}"
    if isinstance(one, list) and isinstance(other, list):
        for before, after in zip(one, other, strict=False):
            if before != after and isinstance(before, dict) and isinstance(after, dict):
                place = " ".join(str(before[name]) for name in _PLACE if before.get(name))
                return f"({place}: {', '.join(words(before, after))})"
    return f"({len(one or ())} entries -> {len(other or ())})"
