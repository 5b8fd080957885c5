"""Statements: what a query string asks for.

Here belongs telling SELECT, UNLOAD and EXPLAIN apart, and refusing a text that none of them is. What does not belong here:
names and types (``analysis``), execution (``execution``).

A parameter (``?``) outside a WHERE clause is refused. Athena's guide shows parameters in WHERE only, and reports differ on
other places; this is the stricter reading.
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import sqlglot
from sqlglot import exp
from sqlglot.errors import ParseError, SqlglotError
from sqlglot.tokens import Token, TokenType

from soxauto_assets_tests.aws.endpoint.athena.failures import invalid_request, malformed
from soxauto_assets_tests.aws.endpoint.athena.functions import FUNCTIONS
from soxauto_assets_tests.aws.endpoint.athena.grammar import Words, at, check, mismatched, tokens_of

MAX_BYTES = 262_144
_QUERIES = ("select", "with", "(")
_S3 = re.compile(r"s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.*)")
_FORMATS = {"PARQUET", "ORC", "AVRO", "JSON", "TEXTFILE"}
# The tokenizer takes what follows these words as one string, so they are blanked before it reads the text.
_FIRST = re.compile(r"(?:\s|--[^\n]*(?:\n|$)|/\*.*?\*/)*(unload|explain)\b", re.IGNORECASE | re.DOTALL)
_COMPRESSIONS = {"NONE", "GZIP", "SNAPPY", "ZSTD", "LZ4"}
_PROPERTIES = {"format", "compression", "compression_level", "field_delimiter", "partitioned_by"}


@dataclass(frozen=True)
class UnloadTarget:
    """Where and how an UNLOAD writes.

    Attributes:
        bucket: Bucket.
        prefix: Key prefix; ends with ``/`` unless it is empty.
        compression: Codec as pyarrow names it.
    """

    bucket: str
    prefix: str
    compression: str


@dataclass(frozen=True)
class Statement:
    """A parsed statement.

    Attributes:
        text: The whole text; offsets of names refer to it.
        kind: ``SELECT``, ``UNLOAD`` or ``EXPLAIN``.
        tree: The query.
        words: Functions and types that the text names.
        target: Target of an UNLOAD.
        parameters: Number of parameters.
    """

    text: str
    kind: str
    tree: exp.Query
    words: Words
    target: UnloadTarget | None = None
    parameters: int = field(default=0)


def parse(text: str) -> Statement:
    """Return what a query string asks for.

    Raises:
        AwsError: It is too long, holds several statements, or is none that Athena takes or this endpoint can run.
    """
    if len(text.encode("utf-8")) > MAX_BYTES:
        raise invalid_request(
            "1 validation error detected: Value at 'queryString' failed to satisfy constraint: Member must have length less "
            f"than or equal to {MAX_BYTES}"
        )
    leading = _FIRST.match(text)
    tokens = tokens_of(text if leading is None else f"{' ' * leading.end()}{text[leading.end() :]}")
    while tokens and tokens[-1].token_type is TokenType.SEMICOLON:
        tokens.pop()
    if any(token.token_type is TokenType.SEMICOLON for token in tokens):
        raise invalid_request(f"Only one sql statement is allowed. Got: {text}", "MALFORMED_QUERY")
    if not tokens:
        raise malformed("line 1:1: mismatched input '<EOF>'")
    if leading is None:
        if tokens[0].text.lower() not in _QUERIES:
            raise invalid_request("Queries of this type are not supported", "MALFORMED_QUERY")
        return _query(text, "SELECT", tokens, 0)
    return _unload(text, tokens) if leading[1].lower() == "unload" else _explain(text, tokens)


def _query(text: str, kind: str, tokens: Sequence[Token], start: int, target: UnloadTarget | None = None) -> Statement:
    """Parse a query whose tokens are given; what stands around it is blanked, so that positions stay."""
    words = check(text, tokens)
    end = tokens[-1].end + 1
    inner = _parsed_text(text, start, end, words)
    try:
        trees = sqlglot.parse(inner, read="athena")
    except ParseError as error:
        found = error.errors[0] if error.errors else {}
        line, column = found.get("line", 1), found.get("col", 1)
        highlight = str(found.get("highlight", ""))
        raise malformed(f"line {line}:{max(1, column - len(highlight) + 1)}: mismatched input '{highlight}'") from error
    except SqlglotError as error:
        raise malformed(f"line 1:1: {error}") from error
    tree = trees[0] if trees else None
    if not isinstance(tree, exp.Query) or tree.find(exp.Into, exp.WithTableHint, exp.Command):
        raise malformed(f"{at(text, tokens[0].start)}: mismatched input '{tokens[0].text}'")
    placeholders = list(tree.find_all(exp.Placeholder))
    for placeholder in placeholders:
        if placeholder.args.get("this") or not placeholder.find_ancestor(exp.Where):
            raise malformed(f"{at(text, start)}: parameters are allowed in a WHERE clause only")
    return Statement(text, kind, tree, words, target, len(placeholders))


def _parsed_text(text: str, start: int, end: int, words: Words) -> str:
    """Return the text for the parser: what stands around the query blanked, functions that Trino lacks made opaque.

    The parser knows more functions than Trino, some with a grammar of their own; analysis refuses them by their name.
    """
    letters = list(re.sub(r"[^\n]", " ", text[:start]) + text[start:end])
    for function in words.functions:
        if function.name not in FUNCTIONS:
            letters[function.offset + len(function.name) - 1] = "_"
    return "".join(letters)


def _explain(text: str, tokens: Sequence[Token]) -> Statement:
    position = 0
    if tokens[0].text.lower() == "analyze":
        raise invalid_request("Queries of this type are not supported", "MALFORMED_QUERY")
    if len(tokens) > 1 and tokens[0].token_type is TokenType.L_PAREN and tokens[1].text.lower() in ("type", "format"):
        position = _closing(text, tokens, 0) + 1
        _explain_options(text, tokens[1 : position - 1])
    rest = tokens[position:]
    if not rest or rest[0].text.lower() not in _QUERIES:
        raise mismatched(text, rest[0] if rest else tokens[-1])
    return _query(text, "EXPLAIN", rest, rest[0].start)


def _explain_options(text: str, tokens: Sequence[Token]) -> None:
    allowed = {"type": {"logical", "distributed", "validate", "io"}, "format": {"text", "json", "graphviz"}}
    words = [token for token in tokens if token.token_type is not TokenType.COMMA]
    for name, value in zip(words[::2], words[1::2], strict=False):
        if value.text.lower() not in allowed.get(name.text.lower(), set()):
            raise mismatched(text, value)
        if name.text.lower() == "format" and value.text.lower() != "text":
            raise invalid_request("EXPLAIN is answered as text only by this endpoint", "MALFORMED_QUERY")


def _unload(text: str, tokens: Sequence[Token]) -> Statement:
    """Parse ``UNLOAD (query) TO 's3://…' WITH (property = 'value', …)``."""
    if tokens[0].token_type is not TokenType.L_PAREN:
        raise mismatched(text, tokens[0])
    close = _closing(text, tokens, 0)
    query, rest = tokens[1:close], tokens[close + 1 :]
    if not query or query[0].text.lower() not in _QUERIES:
        raise mismatched(text, query[0] if query else tokens[0])
    if len(rest) < 2 or rest[0].text.lower() != "to" or rest[1].token_type is not TokenType.STRING:
        raise mismatched(text, rest[0] if rest else tokens[-1])
    found = _S3.fullmatch(rest[1].text)
    if not found:
        raise malformed(f"{at(text, rest[1].start)}: Invalid UNLOAD location '{rest[1].text}'")
    prefix = found[2] if not found[2] or found[2].endswith("/") else f"{found[2]}/"
    properties = _properties(text, rest[2:], tokens[-1])
    return _query(text, "UNLOAD", query, query[0].start, UnloadTarget(found[1], prefix, _codec(properties)))


def _properties(text: str, tokens: Sequence[Token], last: Token) -> dict[str, str]:
    if len(tokens) < 3 or tokens[0].text.lower() != "with" or tokens[1].token_type is not TokenType.L_PAREN:
        raise mismatched(text, tokens[0] if tokens else last)
    if _closing(text, tokens, 1) != len(tokens) - 1:
        raise mismatched(text, tokens[-1])
    found: dict[str, str] = {}
    position = 2
    while position < len(tokens) - 1:
        part = tokens[position : position + 4]
        if len(part) < 4 or part[1].token_type is not TokenType.EQ:
            raise mismatched(text, part[min(1, len(part) - 1)])
        name = part[0].text.lower()
        if name not in _PROPERTIES:
            raise malformed(
                f"{at(text, part[0].start)}: Catalog 'awsdatacatalog' table property '{name}' does not exist"
            )
        if name == "partitioned_by":
            raise malformed(f"{at(text, part[0].start)}: partitioned UNLOAD is not answered by this endpoint")
        if name in found:
            raise malformed(f"{at(text, part[0].start)}: Duplicate property: {name}")
        if part[2].token_type not in (TokenType.STRING, TokenType.NUMBER):
            raise mismatched(text, part[2])
        if part[3].token_type not in (TokenType.COMMA, TokenType.R_PAREN):
            raise mismatched(text, part[3])
        found[name] = part[2].text.upper()
        position += 4
    return found


def _codec(properties: dict[str, str]) -> str:
    """Return the codec of the files: GZIP unless the statement names another, as Athena does."""
    kind = properties.get("format")
    if kind is None:
        raise malformed("line 1:1: UNLOAD requires the property 'format'")
    if kind not in _FORMATS:
        raise malformed(f"line 1:1: Invalid value for property 'format': {kind}")
    if kind != "PARQUET":
        raise malformed(f"line 1:1: UNLOAD to {kind} is not answered by this endpoint, PARQUET is")
    if "field_delimiter" in properties:
        raise malformed("line 1:1: the property 'field_delimiter' is for TEXTFILE only")
    codec = properties.get("compression", "GZIP")
    if codec not in _COMPRESSIONS:
        raise malformed(f"line 1:1: Invalid value for property 'compression': {codec}")
    if "compression_level" in properties and codec != "ZSTD":
        raise malformed("line 1:1: the property 'compression_level' is for ZSTD only")
    return codec


def _closing(text: str, tokens: Sequence[Token], opening: int) -> int:
    depth = 0
    for number in range(opening, len(tokens)):
        kind = tokens[number].token_type
        depth += (kind is TokenType.L_PAREN) - (kind is TokenType.R_PAREN)
        if not depth:
            return number
    raise malformed(f"{at(text, tokens[-1].end + 1)}: mismatched input '<EOF>'. Expecting: ')'")
