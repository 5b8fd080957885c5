"""Masking: the shape of a value without the value.

Here belongs the one way in which a customer's data may be looked at before a source is confirmed. What does not belong
here: reading values (``engines.sampling``).
"""

import string
import unicodedata

LONGEST = 20
_KEPT = set(string.punctuation) | {" "}


def mask(value: object) -> str:
    """Return a value's shape: a capital is ``X``, any other letter ``x``, a digit ``9``; punctuation and length stay.

    At most 20 characters are shown, then ``…``. Null is ``null``, an empty text ``''``, true and false are both ``bool``,
    and a character that is none of these is ``·``.
    """
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "bool"
    text = str(value)
    if not text:
        return "''"
    shape = "".join(_shape(character) for character in text[:LONGEST])
    return shape + ("…" if len(text) > LONGEST else "")


def _shape(character: str) -> str:
    if character in _KEPT:
        return character
    category = unicodedata.category(character)
    if category == "Lu":
        return "X"
    if category[0] in "LM":
        return "x"
    return "9" if category[0] == "N" else "·"
