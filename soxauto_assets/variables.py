"""Values of environment variables in the types of settings.

Here belongs reading one value, writing it back, and refusing it by the variable's name. What does not belong here: which
variables there are (``settings``, ``aws.settings``, ``trino_settings``).
"""

from decimal import Decimal, InvalidOperation
from typing import Any

from soxauto_assets.errors import SettingsError

_TRUE, _FALSE = {"true", "1", "yes"}, {"false", "0", "no"}


def read(variable: str, kind: Any, text: str) -> Any:
    """Return a variable's text in the type of its setting.

    Args:
        variable: Name of the variable, for the message.
        kind: Annotation of the setting; anything but a truth value or a number is text.
        text: The variable's value.

    Raises:
        SettingsError: The text is no such value.
    """
    if kind is bool:
        if text.lower() not in _TRUE | _FALSE:
            raise refused(variable, text, "true or false")
        return text.lower() in _TRUE
    for number in (int, float, Decimal):
        if kind in (number, number | None):
            try:
                return number(text)
            except (ValueError, InvalidOperation):
                raise refused(variable, text, "a number") from None
    return text


def written(value: Any) -> str:
    """Return a setting as the text that :func:`read` reads back."""
    return str(value).lower() if isinstance(value, bool) else str(value)


def refused(variable: str, value: Any, wanted: str) -> SettingsError:
    """Return the error for a value that cannot be used."""
    return SettingsError(f"{variable} is {value!r}", action=f"set it to {wanted}")
