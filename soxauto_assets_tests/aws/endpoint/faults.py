"""Faults that a test asks for, and the log of calls that it counts.

Here belongs which call meets which fault. What does not belong here: faults inside an Athena query
(``athena.settings``), which no call shows.
"""

import threading
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from soxauto_assets_tests.aws.endpoint.calls import Call
from soxauto_assets_tests.aws.endpoint.errors import JSON_SERVICES, AwsError

Drop = Literal["before", "after"]

_MESSAGES = {
    "ThrottlingException": ("Rate exceeded", 400),
    "TooManyRequestsException": ("Rate exceeded", 400),
    "SlowDown": ("Please reduce your request rate.", 503),
    "ServiceUnavailable": ("Service is unable to handle request.", 503),
    "InternalError": ("We encountered an internal error. Please try again.", 500),
    "InternalServerException": ("Internal server error", 500),
    "AccessDenied": ("Access Denied", 403),
    "AccessDeniedException": ("Access denied", 400),
    "ExpiredToken": ("The provided token has expired.", 400),
    "ExpiredTokenException": ("The security token included in the request is expired", 400),
    "RequestTimeTooSkewed": ("The difference between the request time and the current time is too large.", 403),
    "KMSInternalException": ("The request was rejected because an internal exception occurred.", 500),
    "DisabledException": ("The key is disabled.", 400),
}


@dataclass
class Fault:
    """One fault: what it meets, how often, and what happens then.

    Attributes:
        pattern: ``service:Action``; ``*`` as wildcard.
        times: Calls that meet it; None = every one.
        skip: Calls that pass before the first one meets it.
        code: Error that is sent instead of the answer.
        message: Its text; None = AWS's usual one.
        status: Its HTTP status; None = the usual one.
        drop: Whether the connection is dropped ``before`` the action, or ``after`` it was carried out.
        delay: Seconds before the answer.
        key_id: Only calls of this key.
        met: How many calls met it.
    """

    pattern: str
    times: int | None = 1
    skip: int = 0
    code: str | None = None
    message: str | None = None
    status: int | None = None
    drop: Drop | None = None
    delay: float = 0.0
    key_id: str | None = None
    met: int = 0

    def error(self, call: Call) -> AwsError | None:
        """Return the error it sends; None when it only delays or drops."""
        if self.code is None:
            return None
        message, status = _MESSAGES.get(self.code, (self.code, 400))
        extra = {}
        if call.service == "athena" and self.code == "TooManyRequestsException":
            extra["Reason"] = "CONCURRENT_QUERY_LIMIT_EXCEEDED"
        if self.code.startswith("Access") and call.service in JSON_SERVICES:
            message = f"User is not authorized to perform: {call.name}"
        return AwsError(self.code, self.message or message, self.status or status, extra)


class Faults:
    """The faults that are set, and the calls that were made. Used by several threads."""

    def __init__(self) -> None:
        self._faults: list[Fault] = []
        self._calls: list[Call] = []
        self._lock = threading.Lock()

    def add(self, fault: Fault) -> Fault:
        """Set a fault; the first one that fits a call meets it."""
        if fault.code is None and fault.drop is None and not fault.delay:
            raise ValueError(f"the fault for {fault.pattern} does nothing: give code, drop or delay")
        with self._lock:
            self._faults.append(fault)
        return fault

    def log(self, call: Call) -> None:
        """Keep a call, whether or not it is refused later."""
        with self._lock:
            self._calls.append(call)

    def meet(self, call: Call) -> Fault | None:
        """Return the fault that a call meets."""
        with self._lock:
            for fault in self._faults:
                if not any(fnmatchcase(name, fault.pattern) for name in call.permissions):
                    continue
                if fault.key_id not in (None, call.key_id):
                    continue
                if fault.skip:
                    fault.skip -= 1
                    continue
                if fault.times is None or fault.met < fault.times:
                    fault.met += 1
                    return fault
        return None

    def calls(self, pattern: str = "*") -> list[Call]:
        """Return the calls whose ``service:Action`` fits a pattern, in order."""
        with self._lock:
            return [call for call in self._calls if fnmatchcase(call.name, pattern)]

    def clear(self) -> None:
        """Forget faults and calls."""
        with self._lock:
            self._faults.clear()
            self._calls.clear()
