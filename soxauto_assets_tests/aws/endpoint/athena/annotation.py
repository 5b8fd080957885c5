"""Types of expressions that the parser's own tables leave open.

Here belongs what a Trino function returns. What does not belong here: whether its operands are allowed (``operands``).
"""

from typing import Any

from sqlglot import exp
from sqlglot.dialects import Athena
from sqlglot.optimizer.annotate_types import annotate_types

_TEXT = (exp.RegexpExtract, exp.RegexpReplace, exp.SplitPart, exp.Pad, exp.Replace, exp.Reverse, exp.Decode, exp.Hex)
_MORE_TEXT = (exp.JSONExtractScalar, exp.Normalize, exp.Translate)
_BINARY = (exp.Encode, exp.SHA2Digest, exp.MD5Digest, exp.SHA1Digest, exp.Unhex)
_OF_FIRST = (exp.TimestampTrunc, exp.DateTrunc, exp.ArgMax, exp.ArgMin, exp.Trunc)


def annotated(tree: exp.Query, schema: dict[str, object]) -> exp.Query:
    """Return a qualified query with the type of every expression that is known."""
    return annotate_types(tree, schema=schema, dialect="athena", expression_metadata=_METADATA)


def _like_first(annotator: Any, node: exp.Expr) -> exp.Expr:
    annotator._set_type(node, node.this.type)
    return node


_METADATA: dict[Any, Any] = {
    **Athena().EXPRESSION_METADATA,
    **{kind: {"returns": exp.DataType.Type.VARCHAR} for kind in (*_TEXT, *_MORE_TEXT)},
    **{kind: {"returns": exp.DataType.Type.VARBINARY} for kind in _BINARY},
    **{kind: {"annotator": _like_first} for kind in _OF_FIRST},
    exp.FromBase: {"returns": exp.DataType.Type.BIGINT},
    exp.FromISO8601Date: {"returns": exp.DataType.Type.DATE},
}
