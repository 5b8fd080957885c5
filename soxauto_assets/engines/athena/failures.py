"""Failed queries, in a person's words: what Athena says of them, whether asking again can help.

Here belongs reading a failed execution. What does not belong here: refusals of an API call (``aws.refusals``).

Athena's message may quote the value it stumbled over, which is a customer's. So only messages about the statement, the
tables and the limits are shown; of all others the kind is.
"""

import re
from collections.abc import Mapping
from typing import Any

from soxauto_assets.engines.contract import Errand
from soxauto_assets.engines.error_names import quotes_no_row
from soxauto_assets.errors import ExtractionError

SYSTEM, USER = 1, 2
_NAMED = re.compile(r"^(?:[A-Z][A-Za-z]*Exception: )?([A-Z][A-Z0-9_]{3,}): ?(.*)", re.DOTALL)
_ABOUT_LIMITS = re.compile(r"(exhausted resources|bytes scanned limit|exceeded|timed? ?out)", re.IGNORECASE)


class QueryFailed(ExtractionError):
    """A query ended as failed, or was cancelled by somebody else.

    Attributes:
        transient: Whether Athena says that the same query may succeed when asked again.
    """

    transient = False


def failure_of(errand: Errand, execution: Mapping[str, Any]) -> QueryFailed:
    """Return the error of a query that did not succeed.

    Args:
        errand: What it was run for.
        execution: ``QueryExecution`` of the API, in a final state.
    """
    status = execution["Status"]
    query = execution["QueryExecutionId"]
    reason = str(status.get("StateChangeReason") or "").strip()
    if status["State"] == "CANCELLED":
        limited = "scanned" in reason.lower()
        return QueryFailed(
            f"{errand.purpose} was cancelled in Athena (query {query}){_shown(reason)}",
            action=_SCAN_ACTION if limited else "find out who stopped it, then start again",
        )
    known = status.get("AthenaError") or {}
    category = known.get("ErrorCategory")
    message = str(known.get("ErrorMessage") or reason)
    failed = QueryFailed(
        f"{errand.purpose} failed in Athena (query {query}, {_CATEGORY.get(category, 'no category')}){_shown(message)}",
        action=_action(category, message),
    )
    # Only what Athena itself calls retryable; a category alone is no promise, and a user error comes back as it was.
    failed.transient = category != USER and bool(known.get("Retryable", category == SYSTEM))
    return failed


_CATEGORY: dict[int | None, str] = {1: "error of the system", 2: "error of the statement", 3: "other error"}
_SCAN_ACTION = (
    "narrow the query, or have the workgroup's scan limit (and SOXAUTO_ATHENA_SCAN_LIMIT_GB) raised by its owner"
)


def _shown(message: str) -> str:
    """Return the part of a message that quotes no row."""
    named = _NAMED.match(message)
    if named:
        shown = quotes_no_row(named.group(1))
        detail = named.group(2).splitlines()[0][:500] if named.group(2) else ""
        return f": {named.group(1)}: {detail}" if shown and detail else f": {named.group(1)}"
    return f": {message.splitlines()[0][:500]}" if message and _ABOUT_LIMITS.search(message) else ""


def _action(category: int | None, message: str) -> str:
    if "scanned" in message.lower() and "limit" in message.lower():
        return _SCAN_ACTION
    if category == USER:
        return "run 'soxauto doctor': it names the binding, column or statement to correct"
    if category == SYSTEM:
        return "start again; nothing was landed"
    return "look the query up in Athena by its id, then start again"
