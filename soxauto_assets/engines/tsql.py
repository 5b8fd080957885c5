"""T-SQL as it is written: the constructs that a person must look at, found in the text's tokens, each with its line.

Here belongs what the words alone show. What does not belong here: what needs tables, columns and types
(``engines.tsql_tree``), and the translation (``engines.translate``).
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sqlglot.dialects.tsql import TSQL
from sqlglot.tokenizer_core import Token, TokenType

from soxauto_assets.sources.model import by_name


@dataclass(frozen=True, order=True)
class Construct:
    """One thing that needs a person.

    Attributes:
        line: Line in the original text; 0 = it shows in the translated text only.
        name: The construct.
        message: What became of it, and what is to be decided.
    """

    line: int
    name: str
    message: str


_FUNCTIONS = {
    "GETDATE": "reads the clock; :period_end stands in its place, decide which period parameter is meant",
    "GETUTCDATE": "reads the clock; :period_end stands in its place, decide which period parameter is meant",
    "SYSDATETIME": "reads the clock; :period_end stands in its place, decide which period parameter is meant",
    "ISNULL": "became coalesce; ISNULL keeps type and length of its first argument: cast where the two differ",
    "DATEADD": "became date_add; on a date DuckDB gives a timestamp: wrap it in cast(… as date) where a date is meant",
    "DATEDIFF": (
        "became date_diff; T-SQL counts boundaries crossed, Trino whole units elapsed: days agree, for both sides are dates "
        "now; for months compare with period limits"
    ),
    "EOMONTH": "became last_day_of_month; where it is the cut-off, use :last_day or ts < :period_end instead",
    "LEFT": "became substr(x, 1, n); the cast to varchar is right for texts only",
    "RIGHT": "became substr from the end; of a text shorter than n Trino gives '' and T-SQL the whole text",
    "LEN": "became length; LEN does not count trailing blanks, length does",
    "TRY_CAST": "makes NULL of what it cannot read, and an amount is gone: use cast, which fails",
    "TRY_CONVERT": "makes NULL of what it cannot read, and an amount is gone: use cast, which fails",
    "DATENAME": "depends on the language of the session: use month or date_format",
    "FORMAT": "depends on the culture of the session: use date_format or a decimal cast",
    "STRING_AGG": "became listagg; say the order within the group",
    "OBJECT_ID": "looks for a temporary table, which Athena does not have: dropped with its statement",
}
_HINTS = {"NOLOCK", "READUNCOMMITTED", "READPAST", "ROWLOCK", "TABLOCK", "FORCESEEK", "FORCESCAN", "NOEXPAND"}
_MONEY = {"MONEY", "SMALLMONEY"}
_ALIASED = {TokenType.VAR, TokenType.IDENTIFIER, TokenType.R_PAREN, TokenType.NUMBER, TokenType.ALIAS, TokenType.END}
_BRACES = re.compile(r"'\{\s*([A-Za-z_]\w*)\s*\}'|\{\s*([A-Za-z_]\w*)\s*\}")
_TABLE = r"(?:[#\w.]|\[[^\]]+\])+"
_AROUND = re.compile(
    rf"""
    ^[ \t]*(?:
        SET[ \t]+(?:NOCOUNT|ANSI_NULLS|QUOTED_IDENTIFIER)[ \t]+(?:ON|OFF)
      | DECLARE[ \t]+@[^\n;]*
      | USE[ \t]+(?:\w+|\[[^\]]+\])
      | (?:IF[ \t]+OBJECT_ID\s*\([^)]*\)[ \t]+IS[ \t]+NOT[ \t]+NULL\s+)?
        DROP[ \t]+TABLE[ \t]+(?:IF[ \t]+EXISTS[ \t]+)?{_TABLE}(?:\s*,\s*{_TABLE})*
      | CREATE[ \t]+(?:(?:UNIQUE|CLUSTERED|NONCLUSTERED)[ \t]+)*INDEX[ \t]+{_TABLE}\s+ON\s+{_TABLE}\s*\([^)]*\)
        (?:\s*INCLUDE\s*\([^)]*\))?
    )[ \t]*;?
    """,
    re.IGNORECASE | re.MULTILINE | re.VERBOSE,
)
_GO = re.compile(r"^[ \t]*GO[ \t]*$", re.IGNORECASE | re.MULTILINE)


def prepared(text: str) -> str:
    """Return T-SQL that parses, on the same lines: ``{name}`` becomes a parameter, ``GO`` ends a statement."""
    return _GO.sub(";", _BRACES.sub(lambda found: f"@{found.group(1) or found.group(2)}", text))


def queries_only(text: str) -> str:
    """Return a prepared text without the statements around its queries, on the same lines.

    Scripts leave the semicolon out, and then a parser reads the next query as a part of them.
    """
    return _AROUND.sub(lambda found: ";" + "\n" * found.group().count("\n"), text)


def tokens_of(text: str) -> list[Token]:
    """Return the tokens of a prepared text.

    Raises:
        TokenError: A quote or bracket is not closed.
    """
    return list(TSQL().tokenize(text))


def constructs_of(original: str, tokens: Sequence[Token]) -> list[Construct]:
    """Return what the words show, in order.

    Args:
        original: The text as written.
        tokens: The tokens of its prepared form.
    """
    found = [*_parameters(original)]
    for number, token in enumerate(tokens):
        before = tokens[number - 1] if number else None
        after = tokens[number + 1] if number + 1 < len(tokens) else None
        found += _at(token, before, after, tokens[number + 1 :])
    first: dict[str, Construct] = {}
    for construct in found:
        first.setdefault(construct.name, construct)
    return [c for c in found if not c.name.startswith("temporary table") or first[c.name] is c]


def _parameters(original: str) -> Iterator[Construct]:
    for match in _BRACES.finditer(original):
        name = match.group(1) or match.group(2)
        yield Construct(
            original.count("\n", 0, match.start()) + 1,
            f"parameter {match.group(0)}",
            f"text pasted into the query; became :{name}: name a period parameter, or a configuration key (a list as in "
            f"(:{name}))",
        )


def _at(token: Token, before: Token | None, after: Token | None, rest: Sequence[Token]) -> Iterator[Construct]:
    word, following = _word(token), _word(after)
    line = token.line
    called = after is not None and after.token_type == TokenType.L_PAREN
    if called and word in _FUNCTIONS:
        yield Construct(line, word, _FUNCTIONS[word])
    elif called and word == "CONVERT" and (style := _third_argument(rest)):
        yield Construct(
            line,
            f"CONVERT with style {style}",
            "became date_format, date_parse or try_cast: check the pattern, and that nothing unreadable turns into NULL",
        )
    elif word == "CURRENT_TIMESTAMP":
        yield Construct(line, word, _FUNCTIONS["GETDATE"])
    elif word == "TOP" and _word(before) in ("SELECT", "DISTINCT"):
        yield Construct(line, word, "became limit; without an order by that is total, which rows come is chance")
    elif word in _MONEY:
        yield Construct(line, word.lower(), "became decimal(18,4); verify the scale of the source and what is summed")
    elif word in _HINTS or (word == "INDEX" and _word(before) in ("(", ",", "WITH") and following in ("(", "=")):
        yield Construct(
            line, f"hint {word}", "dropped; Athena reads committed files, so a row read twice or half is gone, too"
        )
    elif word == "OPTION" and called:
        yield Construct(line, "hint OPTION", "dropped; it speaks to SQL Server's planner")
    elif word == "#" and following != "#":
        yield Construct(
            line,
            f"temporary table {_dashes(before)}{after.text if after else ''}",
            "became a common table expression where a SELECT … INTO fills it; it is computed again at each use",
        )
    elif token.token_type == TokenType.STRING and _is_alias(before, after):
        yield Construct(line, f"alias '{token.text}'", f"a text as a name; became {by_name(token.text)}")
    elif token.token_type == TokenType.IDENTIFIER and before is not None and before.token_type == TokenType.ALIAS:
        yield Construct(line, f"alias [{token.text}]", f"became {by_name(token.text)}")
    elif token.token_type == TokenType.SEMICOLON and following == "WITH" and after is not None and after.line == line:
        yield Construct(line, "; before WITH", "removed; a view or an UNLOAD does not take it")
    else:
        yield from _statement(token, before, after)


def _statement(token: Token, before: Token | None, after: Token | None) -> Iterator[Construct]:
    line, word, following = token.line, _word(token), _word(after)
    if word == "SET" and following in ("NOCOUNT", "ANSI_NULLS", "QUOTED_IDENTIFIER", "DATEFORMAT", "TRANSACTION"):
        yield Construct(line, f"SET {following}", "dropped; Athena has no session settings of that kind")
    elif word == "DROP" and following == "TABLE":
        yield Construct(line, "DROP TABLE", "dropped; nothing is left behind in Athena")
    elif word.endswith("INDEX") and _word(before) in ("CREATE", "CLUSTERED", "NONCLUSTERED", "UNIQUE"):
        yield Construct(line, "CREATE INDEX", "dropped; Athena has no indexes, partitions take their place")
    elif word == "DECLARE":
        yield Construct(line, "DECLARE", "dropped; a variable becomes a period parameter or a configuration key")
    elif word in ("EXEC", "EXECUTE"):
        yield Construct(line, "EXEC", "a stored procedure or dynamic SQL is not translated: bring its SELECT over")
    elif word == "USE" and after is not None and after.token_type in (TokenType.VAR, TokenType.IDENTIFIER):
        yield Construct(line, "USE", f"dropped; tables without a database belong to {after.text}")
    elif word == "COLLATE":
        yield Construct(line, "COLLATE", "has no counterpart: fold case and blanks on both sides where it matters")


def _is_alias(before: Token | None, after: Token | None) -> bool:
    ends = after is None or _word(after) in (",", "FROM", ")", "INTO", ";")
    return ends and before is not None and before.token_type in _ALIASED and _word(before) not in ("N", "LIKE")


def _third_argument(rest: Sequence[Token]) -> str:
    """Return the text of the third argument of a call whose tokens from the opening parenthesis on are given."""
    depth, commas, words = 0, 0, []
    for token in rest:
        depth += (token.token_type == TokenType.L_PAREN) - (token.token_type == TokenType.R_PAREN)
        if depth == 0:
            break
        if depth == 1 and token.token_type == TokenType.COMMA:
            commas += 1
        elif commas == 2:
            words.append(token.text)
    return "".join(words)


def _dashes(before: Token | None) -> str:
    return "##" if before is not None and before.token_type == TokenType.HASH else "#"


def _word(token: Token | None) -> str:
    return "" if token is None or token.token_type in (TokenType.STRING, TokenType.IDENTIFIER) else token.text.upper()
