"""Failures of Trino in a person's words: of a query, and of the way to the coordinator.

Here belongs reading the client's errors and whether asking again can help. What does not belong here: which messages may be
shown (``engines.error_names``).
"""

from typing import TYPE_CHECKING

from soxauto_assets.engines.contract import Errand
from soxauto_assets.engines.error_names import quotes_no_row
from soxauto_assets.errors import CredentialsError, ExtractionError, SoxautoError
from soxauto_assets.trino_settings import TrinoSettings

if TYPE_CHECKING:
    from trino.exceptions import TrinoQueryError

# A type is no promise: EXTERNAL is also a damaged file, INSUFFICIENT_RESOURCES also a limit, and both come back as they were.
_TRANSIENT_TYPES = {"INTERNAL_ERROR"}
_TRANSIENT_NAMES = {
    "ADMINISTRATIVELY_PREEMPTED", "CLUSTER_OUT_OF_MEMORY", "HIVE_CURSOR_ERROR", "HIVE_FILESYSTEM_ERROR", "HIVE_METASTORE_ERROR",
    "HIVE_WRITER_CLOSE_ERROR", "HIVE_WRITER_OPEN_ERROR", "ICEBERG_CANNOT_OPEN_SPLIT", "ICEBERG_FILESYSTEM_ERROR",
    "NO_NODES_AVAILABLE", "QUERY_QUEUE_FULL",
}  # fmt: skip
# Errors of Trino's own code come back as they were, too.
_LASTING_NAMES = {"COMPILER_ERROR", "FUNCTION_IMPLEMENTATION_ERROR", "OPTIMIZER_TIMEOUT"}
_CANCELLED = {"USER_CANCELED", "ADMINISTRATIVELY_KILLED"}
_TYPES = {
    "USER_ERROR": "error of the statement",
    "INTERNAL_ERROR": "error of the cluster",
    "INSUFFICIENT_RESOURCES": "a limit was reached",
    "EXTERNAL": "error of storage, metastore or source",
}


class QueryFailed(ExtractionError):
    """A query ended as failed, was cancelled by somebody else, or was lost.

    Attributes:
        transient: Whether the same query may succeed when asked again.
    """

    transient = False


def failure_of(errand: Errand, error: "TrinoQueryError") -> QueryFailed:
    """Return the error of a query that did not succeed.

    Args:
        errand: What it was run for.
        error: What the client raised.
    """
    name, kind = str(error.error_name or "UNKNOWN"), str(error.error_type or "")
    lines = error.message.splitlines()
    detail = f": {lines[0][:500]}" if quotes_no_row(name) and lines else ""
    if name in _CANCELLED:
        return QueryFailed(
            f"{errand.purpose} was cancelled in Trino (query {error.query_id}): {name}",
            action="find out who stopped it, then start again",
        )
    failed = QueryFailed(
        f"{errand.purpose} failed in Trino (query {error.query_id}, {_TYPES.get(kind, 'no type')}): {name}{detail}",
        action=_action(name, kind),
    )
    failed.transient = name in _TRANSIENT_NAMES or (kind in _TRANSIENT_TYPES and name not in _LASTING_NAMES)
    return failed


def lost(errand: Errand, settings: TrinoSettings, query: str, error: Exception) -> SoxautoError:
    """Return the error of a query that was begun and whose coordinator then did not answer any more."""
    known = _refused_by_name(settings, error)
    if known is not None:
        return known
    failed = QueryFailed(
        f"{errand.purpose} was lost: {settings.server} no longer answers for query {query} ({type(error).__name__})",
        action="look at the coordinator, then start again; nothing was landed",
    )
    failed.transient = True
    return failed


def unreadable(errand: Errand, query: str, error: Exception) -> ExtractionError:
    """Return the error of an answer that the client cannot read; what it says may quote a row, so its kind is all there is."""
    return ExtractionError(
        f"the answer of {errand.purpose} (query {query}) cannot be read ({type(error).__name__})",
        action="look for values that Python has no type for, such as years before 1 or after 9999, and cast the column",
    )


def unreachable(settings: TrinoSettings, error: Exception) -> SoxautoError:
    """Return the error of a first contact that failed; it names what to correct."""
    import requests

    known = _refused_by_name(settings, error)
    if known is not None:
        return known
    causes = list(_causes(error))
    if any(isinstance(cause, requests.exceptions.SSLError) for cause in causes):
        return ExtractionError(
            f"no TLS connection to {settings.server} could be set up{_certificate(causes)}",
            action="set TRINO_CA_FILE to the authority that signs the coordinator's certificate, and look at TRINO_HOST, "
            "TRINO_PORT and TRINO_SCHEME",
        )
    if any(isinstance(cause, requests.exceptions.RequestException) for cause in causes):
        return ExtractionError(
            f"Trino at {settings.server} cannot be reached ({_kind(causes)})",
            action="look at TRINO_HOST, TRINO_PORT and TRINO_SCHEME, and whether the cluster runs",
        )
    return ExtractionError(
        f"what answers at {settings.server} is no Trino coordinator ({_status(error)})",
        action="look at TRINO_HOST, TRINO_PORT and TRINO_SCHEME",
    )


def _refused_by_name(settings: TrinoSettings, error: Exception) -> SoxautoError | None:
    """Return the error where the coordinator knows us and refuses: wrong secret, no right, overloaded."""
    from trino.exceptions import Http502Error, Http503Error, Http504Error

    status = _status(error)
    if status == "status 401":
        how = "no secret was given" if settings.auth == "none" else f"by {settings.auth}"
        return CredentialsError(
            f"Trino at {settings.server} does not accept user {settings.user} ({how})",
            action="set TRINO_USER, TRINO_AUTH and the secret that TRINO_SECRET_ENV or TRINO_SECRET_FILE names",
        )
    if status == "status 403":
        return CredentialsError(
            f"Trino at {settings.server} does not let {settings.user} run queries",
            action="have the user admitted, or set TRINO_USER to the one whose secret is given",
        )
    if isinstance(error, (Http502Error, Http503Error, Http504Error)):
        return ExtractionError(
            f"Trino at {settings.server} is not available ({error})",
            action="wait until it has started, then start again",
        )
    return None


def _status(error: Exception) -> str:
    """Return the HTTP status in words; the client keeps it in the text alone."""
    words = str(error).split(":", 1)[0].split()
    if type(error).__name__ == "HttpError" and len(words) == 2 and words[1].isdigit():
        return f"status {words[1]}"
    return type(error).__name__


def _causes(error: BaseException | None) -> "list[BaseException]":
    found: list[BaseException] = []
    while error is not None and error not in found:
        found.append(error)
        error = error.__cause__ or error.__context__
    return found


def _kind(causes: "list[BaseException]") -> str:
    text = " ".join(str(cause) for cause in causes)
    for mark, words in (
        ("NameResolution", "no such host"),
        ("Name or service", "no such host"),
        ("Connection refused", "the connection is refused"),
        ("timed out", "no answer in time"),
        ("ProxyError", "the proxy refuses"),
    ):
        if mark in text:
            return words
    return type(causes[-1]).__name__


def _certificate(causes: "list[BaseException]") -> str:
    text = " ".join(str(cause) for cause in causes)
    if "CERTIFICATE_VERIFY_FAILED" in text:
        return ": its certificate is not signed by a known authority, or is for another host"
    return ": it does not speak TLS" if "WRONG_VERSION_NUMBER" in text or "record layer" in text else ""


def _action(name: str, kind: str) -> str:
    if name == "EXCEEDED_SCAN_LIMIT":
        return "narrow the query, or raise TRINO_SCAN_LIMIT_BYTES with the agreement of the cluster's owner"
    if name.startswith("EXCEEDED_TIME") or name == "EXCEEDED_CPU_LIMIT":
        return "start again, or raise TRINO_TIMEOUT_SECONDS and the cluster's own limit"
    if name in ("CATALOG_NOT_FOUND", "MISSING_CATALOG_NAME"):
        return "correct TRINO_CATALOG, or the catalog in the bindings file"
    if name in ("SCHEMA_NOT_FOUND", "MISSING_SCHEMA_NAME"):
        return "correct TRINO_SCHEMA, or the database in the bindings file"
    if name == "INVALID_SESSION_PROPERTY":
        return "correct TRINO_SESSION"
    if name == "PERMISSION_DENIED":
        return "have TRINO_USER granted the right, then start again"
    if kind == "USER_ERROR":
        return "run 'soxauto doctor': it names the binding, column or statement to correct"
    if kind == "INSUFFICIENT_RESOURCES":
        return "narrow the query, or have the cluster's limit raised by its owner"
    return "look the query up in Trino by its id, then start again; nothing was landed"
