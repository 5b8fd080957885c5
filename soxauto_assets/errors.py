"""Errors that a person can act on.

Here belongs the one exception family of the product: every refusal names the item, the period, the cause and the next
action. What does not belong here: results of checks (a failed check is a result, not an error).
"""


class SoxautoError(Exception):
    """Something could not be done; the message says for what, why, and what to do next.

    Args:
        cause: What is wrong, in a person's words. Never a value of a customer's row, never a secret.
        action: The next action for the person who reads it.
        item: The catalog item concerned, when there is one.
        period: The accounting period concerned, as ``YYYY-MM``, when there is one.
    """

    def __init__(self, cause: str, *, action: str, item: str | None = None, period: str | None = None):
        self.cause = cause.rstrip(".")
        self.action = action.rstrip(".")
        self.item = item
        self.period = period
        super().__init__(self.render())

    def render(self) -> str:
        """Return the message as one line: where, cause, next action."""
        where = " ".join(part for part in (self.item, self.period) if part)
        return f"{where + ': ' if where else ''}{self.cause}. Next: {self.action}."

    def for_item(self, item: str, period: str) -> "SoxautoError":
        """Return the same error with item and period filled in where it did not know them."""
        self.item = self.item or item
        self.period = self.period or period
        self.args = (self.render(),)
        return self


class SettingsError(SoxautoError):
    """A setting has no usable value."""


class CredentialsError(SoxautoError):
    """There are no credentials, they have expired, or they are not those that the settings ask for."""


class CatalogError(SoxautoError):
    """An item folder, its SQL or the configuration contradicts itself."""


class UnknownItem(SoxautoError):
    """The catalog has no item of that id."""


class PeriodError(SoxautoError):
    """The text is no accounting period, or the period is not closed, or before the first period."""


class BindingError(SoxautoError):
    """A logical source has no confirmed physical table, or the bindings file is wrong."""


class SourceMismatch(SoxautoError):
    """A bound table lacks a column, or a column has another type than the source contract."""


class ExtractionError(SoxautoError):
    """The source could not be read, or what it answered cannot be landed without loss."""


class StorageError(SoxautoError):
    """A store could not be written or read (disk full, missing file, permission)."""


class DecisionError(SoxautoError):
    """A decision cannot be recorded: it names nobody, no reason, or something that is not there to be decided."""


class SigningError(SoxautoError):
    """A signature or a time token could not be made, or a key cannot be used."""


class NotSealed(SoxautoError):
    """No sealed evidence package exists for that item and period."""


class FailedVerdict(SoxautoError):
    """The newest sealed package of that item and period has the verdict failed."""


class NotVerified(SoxautoError):
    """A package does not match its seal."""


class RowError(SoxautoError):
    """A row, sample or proof that is asked for is not there, not the only one, or not named in a valid form."""
