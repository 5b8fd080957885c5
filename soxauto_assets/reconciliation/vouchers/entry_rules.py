"""The rules that give an entry its category, read from ``rules/classification.yaml`` and compiled to SQL.

Here belongs the form of a rule and its conditions. What does not belong here: the rules themselves, which accounting may
change, and running them (``vouchers.classification``).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from soxauto_assets.errors import CatalogError
from soxauto_assets.reconciliation.matching import folded
from soxauto_assets.reconciliation.rules import RuleFile

LOOK_UP = "look_up"
NONE = "none"
_WORD_TEXT = re.compile(r"[A-Za-z0-9][A-Za-z0-9_ ]*")
# What ends a word: anything but a letter or a digit of any script. An underscore ends one too: EXPR is a word of EXPR_RFN.
_EDGE = r"[^\p{L}\p{N}]"


@dataclass(frozen=True)
class EntryRule:
    """One rule.

    Attributes:
        id: Its number in domain 7.5, with a letter where the reference has one.
        category: Category of the entries it takes.
        voucher_type: A harmonised voucher type, ``look_up`` or ``none``.
        when: Condition to value, all of which hold together.
        examples: Entries on which it fits and no earlier rule does, by column, as text.
    """

    id: str
    category: str
    voucher_type: str
    when: Mapping[str, Any]
    examples: tuple[Mapping[str, str], ...]

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns of an entry that its conditions read."""
        return tuple(_CONDITIONS[name].column for name in self.when)

    @property
    def predicate(self) -> str:
        """Its conditions as SQL over an entry with ``integration_type``; true or false, never null."""
        return " AND ".join(_CONDITIONS[name].sql(value) for name, value in self.when.items())


@dataclass(frozen=True)
class _Condition:
    column: str
    sql: Callable[[Any], str]
    valid: Callable[[Any], bool]


def words_pattern(words: Iterable[str]) -> str:
    """Return the regular expression of whole words, for an upper-case text with a blank behind it (DECISIONS B15)."""
    parts = [re.escape(word.upper()) + (_EDGE if word[-1].isalnum() else "") for word in words]
    return f"(?:^|{_EDGE})(?:{'|'.join(parts)})"


def words_text(column: str) -> str:
    """Return the name under which a column is read for whole words: upper case, a blank behind it, never null."""
    return f"{column}_words"


def words_columns(rules: Iterable[EntryRule]) -> str:
    """Return the SQL of the columns that rules read for whole words, each computed once per entry."""
    columns = sorted({_CONDITIONS[name].column for rule in rules for name in rule.when if name.endswith("_words")})
    return "".join(f", upper(coalesce({column}, '')) || ' ' AS {words_text(column)}" for column in columns)


def entry_rules(file: RuleFile) -> tuple[EntryRule, ...]:
    """Return the rules of a file in their order.

    Raises:
        CatalogError: A rule is malformed, or two share an id.
    """
    rules = tuple(_rule(entry) for entry in file.content.get("rules", ()))
    ids = [rule.id for rule in rules]
    if not rules or len(set(ids)) != len(ids):
        raise CatalogError(f"{file.name}.yaml has no rules, or two of one id", action="give each rule its own id")
    return rules


def _rule(entry: Any) -> EntryRule:
    fields = {"id", "category", "voucher_type", "when", "examples"}
    if not isinstance(entry, dict) or set(entry) != fields or not isinstance(entry["when"], dict) or not entry["when"]:
        raise CatalogError(
            "a rule of classification.yaml is malformed", action=f"write {', '.join(sorted(fields))} for each rule"
        )
    texts = (entry["id"], entry["category"], entry["voucher_type"])
    bad = [
        name for name, value in entry["when"].items() if name not in _CONDITIONS or not _CONDITIONS[name].valid(value)
    ]
    if bad or not all(isinstance(text, str) and re.fullmatch(r"\w+", text) for text in texts):
        raise CatalogError(
            f"rule {entry['id']!r} of classification.yaml has a condition or a text that is not known: {', '.join(bad)}",
            action=f"use the conditions {', '.join(_CONDITIONS)}",
        )
    return EntryRule(*texts, when=entry["when"], examples=tuple(entry["examples"]))


def quoted(text: str) -> str:
    """Return a text as an SQL text."""
    return "'" + text.replace("'", "''") + "'"


def _texts(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(text, str) and text for text in value)


def _words(value: Any) -> bool:
    return _texts(value) and all(_WORD_TEXT.fullmatch(text) for text in value)


def _word_condition(column: str) -> _Condition:
    def sql(words: list[str]) -> str:
        text = words_text(column)
        # Most texts do not hold the letters at all, which is seen at a tenth of the cost of the pattern.
        holds = " OR ".join(f"contains({text}, {quoted(word.upper())})" for word in words)
        return f"({holds}) AND regexp_matches({text}, {quoted(words_pattern(words))})"

    return _Condition(column, sql, _words)


def _equality(column: str) -> _Condition:
    def sql(values: list[str]) -> str:
        listed = ", ".join(quoted(value.lower().rstrip(" ")) for value in values)
        return f"coalesce({folded(column)} IN ({listed}), false)"

    return _Condition(column, sql, _texts)


def _prefix(column: str) -> _Condition:
    def sql(values: list[str]) -> str:
        starts = " OR ".join(f"starts_with(upper(ltrim({column})), {quoted(value.upper())})" for value in values)
        return f"coalesce({starts}, false)"

    return _Condition(column, sql, _texts)


_CONDITIONS: Mapping[str, _Condition] = {
    "integration": _Condition(
        "user_id", lambda value: f"integration_type = {quoted(value)}", lambda v: v in ("Integration", "Manual")
    ),
    "sign": _Condition(
        "amount",
        lambda value: f"amount {'>' if value == 'positive' else '<'} 0",
        lambda v: v in ("positive", "negative"),
    ),
    "reversed": _Condition("reversed", lambda _: "coalesce(reversed, false)", lambda v: v is True),
    "description_words": _word_condition("document_description"),
    "comment_words": _word_condition("comment"),
    "bal_account_type": _equality("bal_account_type"),
    "document_type": _equality("document_type"),
    "document_no_prefix": _prefix("document_no"),
}
