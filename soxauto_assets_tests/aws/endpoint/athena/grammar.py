"""Trino's grammar where the parser used here is laxer.

Here belongs what sqlglot would take and Trino does not: T-SQL first of all. What does not belong here: names and types
(``analysis``).
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import sqlglot
from sqlglot.errors import SqlglotError
from sqlglot.tokens import Token, TokenType

from soxauto_assets_tests.aws.endpoint.athena.failures import malformed
from soxauto_assets_tests.aws.endpoint.athena.functions import BEFORE_PARENTHESIS, TYPES
from soxauto_assets_tests.aws.endpoint.errors import AwsError

# A string may follow these words: typed literals, and clauses that take a text.
_BEFORE_STRING_WORDS = """
date timestamp time interval decimal char varchar double real bigint integer int smallint tinyint boolean varbinary
json uuid ipaddress zone escape like in select distinct all when then else case and or not between by on where having
limit precision separator from using to with values overflow fill x u
"""
_BEFORE_STRING = frozenset(_BEFORE_STRING_WORDS.split())
_FOREIGN = {
    TokenType.DCOLON: "::",
    TokenType.ILIKE: "ilike",
    TokenType.QUALIFY: "qualify",
    TokenType.PIVOT: "pivot",
    TokenType.UNPIVOT: "unpivot",
    TokenType.NULLSAFE_EQ: "<=>",
    TokenType.PARAMETER: "@",
    TokenType.HASH: "#",
    TokenType.AMP: "&",
    TokenType.PIPE: "|",
    TokenType.CARET: "^",
    TokenType.TILDE: "~",
    TokenType.NOTNULL: "notnull",
}
_BEFORE_BRACKET = (TokenType.ARRAY, TokenType.VAR, TokenType.IDENTIFIER, TokenType.R_PAREN, TokenType.R_BRACKET)
_NAMES = (TokenType.VAR, TokenType.IDENTIFIER)


@dataclass(frozen=True)
class Named:
    """A function or a type as the text names it.

    Attributes:
        name: The name, in lower case.
        offset: Where it stands.
    """

    name: str
    offset: int


@dataclass(frozen=True)
class Words:
    """What the text names and no schema knows.

    Attributes:
        functions: Functions in order.
        types: Types of casts, in order.
    """

    functions: tuple[Named, ...]
    types: tuple[Named, ...]


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of a text.

    Raises:
        AwsError: It has none that could be read.
    """
    try:
        return sqlglot.tokenize(text, read="trino")
    except SqlglotError as error:
        raise malformed("line 1:1: the text cannot be read: an unclosed quote or comment") from error


def at(text: str, offset: int) -> str:
    """Return where an offset is, as Trino says it: ``line 1:8``."""
    before = text[:offset]
    return f"line {before.count(chr(10)) + 1}:{offset - (before.rfind(chr(10)) + 1) + 1}"


def check(text: str, tokens: Sequence[Token]) -> Words:
    """Refuse what Trino's grammar refuses, and return the functions and types that the text names.

    Raises:
        AwsError: The text is no Trino SQL.
    """
    for number, token in enumerate(tokens):
        before = tokens[number - 1] if number else None
        after = tokens[number + 1] if number + 1 < len(tokens) else None
        _word(text, token, before, after)
        if token.token_type is TokenType.SELECT:
            _top(text, tokens, number)
        if token.token_type is TokenType.LIMIT:
            _limit(text, tokens, number)
    return Words(tuple(_functions(text, tokens)), tuple(_types(tokens)))


def mismatched(text: str, token: Token) -> AwsError:
    """Return the refusal of a token."""
    return malformed(f"{at(text, token.start)}: mismatched input '{text[token.start : token.end + 1]}'")


def _word(text: str, token: Token, before: Token | None, after: Token | None) -> None:
    kind = token.token_type
    word = token.text.lower()
    if token.text == "`":
        raise malformed(
            f"{at(text, token.start)}: backquoted identifiers are not supported; use double quotes to quote identifiers"
        )
    if kind in _FOREIGN or (kind is TokenType.EQ and token.text == "==") or token.text in ("#", "@", "$"):
        raise mismatched(text, token)
    if kind is TokenType.L_BRACKET and (before is None or before.token_type not in _BEFORE_BRACKET):
        raise mismatched(text, token)
    if kind is TokenType.WITH and after and after.token_type is TokenType.L_PAREN:
        raise mismatched(text, token)
    if kind is TokenType.ISNULL and not _opens(after):
        raise mismatched(text, token)
    if word in ("left", "right") and _opens(after) and kind in (TokenType.LEFT, TokenType.RIGHT, TokenType.VAR):
        assert after is not None
        raise mismatched(text, after)
    if kind is TokenType.STRING and before:
        _string(text, token, before)
    if kind is TokenType.INTERVAL and after and after.token_type is TokenType.NUMBER:
        raise mismatched(text, after)
    if kind is TokenType.COMMA and (
        after is None or after.token_type in (TokenType.FROM, TokenType.R_PAREN, TokenType.WHERE)
    ):
        raise mismatched(text, after or token)
    if kind is TokenType.IS and after and after.text.lower() in ("true", "false"):
        raise mismatched(text, after)
    if word == "apply" and before and before.text.lower() in ("cross", "outer"):
        raise mismatched(text, token)
    if kind is TokenType.DISTINCT and after and after.token_type is TokenType.ON:
        raise mismatched(text, after)


def _string(text: str, token: Token, before: Token) -> None:
    """Refuse a string where an alias would stand."""
    alias = before.token_type in (TokenType.ALIAS, TokenType.R_PAREN, TokenType.NUMBER, TokenType.STRING)
    name = before.token_type in _NAMES and before.text.lower() not in _BEFORE_STRING
    if (alias and before.text.lower() not in _BEFORE_STRING) or name:
        raise mismatched(text, token)


def _top(text: str, tokens: Sequence[Token], number: int) -> None:
    rest = [token for token in tokens[number + 1 : number + 4] if token.token_type is not TokenType.DISTINCT]
    if len(rest) > 1 and rest[0].text.lower() == "top" and rest[1].token_type in (TokenType.NUMBER, TokenType.L_PAREN):
        raise mismatched(text, rest[1])


def _limit(text: str, tokens: Sequence[Token], number: int) -> None:
    """Refuse ``LIMIT n, m`` and an OFFSET after LIMIT."""
    for token in tokens[number + 2 : number + 3]:
        if token.token_type in (TokenType.COMMA, TokenType.OFFSET):
            raise mismatched(text, token)


def _functions(text: str, tokens: Sequence[Token]) -> Iterator[Named]:
    """Yield every name that stands before a parenthesis and is no keyword, no alias and no common table expression."""
    for number, token in enumerate(tokens[:-1]):
        if tokens[number + 1].token_type is not TokenType.L_PAREN or not (
            token.text[:1].isalpha() or token.text[:1] == "_"
        ):
            continue
        word = token.text.lower()
        if word in BEFORE_PARENTHESIS or " " in word or token.token_type in (TokenType.STRING, TokenType.NUMBER):
            continue
        before = tokens[number - 1] if number else None
        if before and (before.token_type in (TokenType.ALIAS, TokenType.R_PAREN, *_NAMES)):
            continue
        if _defines_table(tokens, number):
            continue
        if word not in ("unnest", "table", "lateral") and _in_from(tokens, number):
            raise mismatched(text, tokens[number + 1])
        yield Named(word, token.start)


def _in_from(tokens: Sequence[Token], number: int) -> bool:
    """Say whether a name, with the names it is qualified by, stands where a table does."""
    while number > 1 and tokens[number - 1].token_type is TokenType.DOT:
        number -= 2
    return number > 0 and tokens[number - 1].token_type in (TokenType.FROM, TokenType.JOIN)


def _defines_table(tokens: Sequence[Token], number: int) -> bool:
    depth = 0
    for position in range(number + 1, len(tokens)):
        kind = tokens[position].token_type
        depth += (kind is TokenType.L_PAREN) - (kind is TokenType.R_PAREN)
        if not depth:
            after = tokens[position + 1 : position + 3]
            return len(after) == 2 and after[0].token_type is TokenType.ALIAS and _opens(after[1])
    return False


def _types(tokens: Sequence[Token]) -> Iterator[Named]:
    """Yield the type of every cast."""
    openers: list[str] = []
    for number, token in enumerate(tokens):
        if token.token_type is TokenType.L_PAREN:
            openers.append(tokens[number - 1].text.lower() if number else "")
        elif token.token_type is TokenType.R_PAREN and openers:
            openers.pop()
        elif token.token_type is TokenType.ALIAS and openers and openers[-1] in ("cast", "try_cast"):
            named = tokens[number + 1]
            if named.text.lower() not in TYPES:
                yield Named(named.text.lower(), named.start)


def _opens(token: Token | None) -> bool:
    return token is not None and token.token_type is TokenType.L_PAREN
