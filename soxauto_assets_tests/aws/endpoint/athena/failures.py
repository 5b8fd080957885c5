"""How a query fails: Trino's error names, with Athena's categories.

Here belongs the exception that ends a query and the numbers Athena gives it. What does not belong here: refusals of a call
(``endpoint.errors``).
"""

from dataclasses import dataclass

import duckdb

from soxauto_assets_tests.aws.endpoint.errors import AwsError

SYSTEM, USER, OTHER = 1, 2, 3
# Numbers that have been seen on AWS; names without one get 1000.
_TYPES = {
    "DIVISION_BY_ZERO": 1001,
    "TYPE_MISMATCH": 1002,
    "COLUMN_NOT_FOUND": 1006,
    "INVALID_CAST_ARGUMENT": 1100,
    "NOT_SUPPORTED": 1200,
    "TABLE_NOT_FOUND": 1301,
    "SCHEMA_NOT_FOUND": 1301,
    "FUNCTION_NOT_FOUND": 1303,
    "GENERIC_INTERNAL_ERROR": 200,
}

_NAMED = {
    duckdb.ConversionException: "INVALID_CAST_ARGUMENT",
    duckdb.OutOfRangeException: "NUMERIC_VALUE_OUT_OF_RANGE",
    duckdb.OutOfMemoryException: "EXCEEDED_LOCAL_MEMORY_LIMIT",
}


@dataclass
class QueryFailure(Exception):
    """A query ends as FAILED.

    Attributes:
        name: Trino's error name; empty where the message carries none.
        message: The text after it.
        category: 1 system, 2 user, 3 other.
        error_type: Athena's number; None = the one known for the name.
        retryable: What Athena says of a further try.
    """

    name: str
    message: str
    category: int = USER
    error_type: int | None = None
    retryable: bool = False

    @property
    def reason(self) -> str:
        """The state change reason."""
        return f"{self.name}: {self.message}" if self.name else self.message

    def to_json(self) -> dict[str, object]:
        """Return the AthenaError of the execution."""
        return {
            "ErrorCategory": self.category,
            "ErrorType": self.error_type if self.error_type is not None else _TYPES.get(self.name, 1000),
            "Retryable": self.retryable,
            "ErrorMessage": self.reason,
        }


class QueryStopped(Exception):
    """A query was stopped."""


class QueryCancelled(Exception):
    """A query ends as CANCELLED, though nobody stopped it: it would read more than its workgroup allows, or a fault says so."""


def invalid_request(message: str, code: str = "INVALID_INPUT") -> AwsError:
    """Return an InvalidRequestException with the code that Athena adds."""
    return AwsError("InvalidRequestException", message, 400, {"AthenaErrorCode": code, "ErrorCode": code})


def malformed(message: str) -> AwsError:
    """Return how StartQueryExecution refuses a text that does not parse."""
    return invalid_request(message, "MALFORMED_QUERY")


def engine_failure(error: duckdb.Error) -> QueryFailure:
    """Return Trino's name for what DuckDB refused."""
    text = str(error).splitlines()[0]
    if isinstance(error, duckdb.BinderException) and "GROUP BY" in text:
        return QueryFailure(
            "EXPRESSION_NOT_AGGREGATE", f"line 1:1: {text} must be an aggregate expression or appear in GROUP BY clause"
        )
    if isinstance(error, duckdb.BinderException):
        return QueryFailure("TYPE_MISMATCH", f"line 1:1: {text}")
    if "ivision by zero" in text:
        return QueryFailure("DIVISION_BY_ZERO", "Division by zero")
    name = next((name for kind, name in _NAMED.items() if isinstance(error, kind)), "NOT_SUPPORTED")
    return QueryFailure(name, text)
