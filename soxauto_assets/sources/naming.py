"""How alike two names are: tables and columns as exports, loaders and people spell them.

Here belongs the comparison of names alone. What does not belong here: columns, types and the ranking of tables
(``sources.discovery``), and the exact comparable form that bindings use (``sources.model.by_name``).
"""

from difflib import SequenceMatcher
from functools import lru_cache

from soxauto_assets.sources.model import by_name

# Layers, systems of transport and kinds of object that loaders put before a name; they say nothing about its content.
_NOISE = {
    "pg",
    "rpt",
    "v",
    "vw",
    "view",
    "t",
    "tbl",
    "table",
    "stg",
    "stage",
    "raw",
    "process",
    "consume",
    "dbo",
    "gdoc",
}
_ABBREVIATION = 3
_NEAR = 0.8


def similarity(first: str, second: str) -> float:
    """Return how alike two names are, from 0 to 1.

    1 = the same comparable form; 0.95 = the same words (``g_l_entries``, ``gl_entry``, ``v_gl_entries``,
    ``dim_chartofaccounts``); below that, the share of words they have in common.
    """
    if by_name(first) == by_name(second):
        return 1.0
    words, others = _words(first), _words(second)
    if not words or not others:
        return 0.0
    if words == others or "".join(words) == "".join(others):
        return 0.95
    return 0.9 * _common(words, others)


def compact(text: str) -> str:
    """Return a column name without the places where words meet: ``EntryNo``, ``entry_no_`` and ``Entry No_`` are one."""
    return by_name(text).replace("_", "")


@lru_cache(1 << 16)
def _words(text: str) -> tuple[str, ...]:
    """Return the words of a name in singular; single letters in a row are one word (``g_l`` is ``gl``)."""
    words: list[str] = []
    letters = ""
    for part in [*(part for part in by_name(text).split("_") if part not in _NOISE), ""]:
        if len(part) == 1:
            letters += part
            continue
        words += [word for word in (letters, part) if word]
        letters = ""
    return tuple(_singular(word) for word in words)


def _singular(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


def _common(words: tuple[str, ...], others: tuple[str, ...]) -> float:
    """Return the share of words in common; an abbreviation (``ledg``) counts as the word, a near spelling in part."""
    left = list(others)
    found = 0.0
    for word in words:
        best = max(left, key=lambda other: _alike(word, other), default=None)
        if best is not None and (alike := _alike(word, best)) > 0:
            left.remove(best)
            found += alike
    return 2 * found / (len(words) + len(others))


# A lake has thousands of tables and few words; without this a discovery takes minutes.
@lru_cache(1 << 18)
def _alike(word: str, other: str) -> float:
    if word == other:
        return 1.0
    short, long = sorted((word, other), key=len)
    if len(short) >= _ABBREVIATION and long.startswith(short):
        return 0.9
    matcher = SequenceMatcher(None, short, long)
    if matcher.real_quick_ratio() < _NEAR or matcher.quick_ratio() < _NEAR:
        return 0.0
    ratio = matcher.ratio()
    return ratio if ratio >= _NEAR else 0.0
