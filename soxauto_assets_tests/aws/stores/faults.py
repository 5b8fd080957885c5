"""Faults: a session whose S3 client fails at one call, before or after the call had its effect."""

import contextlib
import itertools
import threading
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError, ConnectionClosedError

from soxauto_assets.aws.session import AwsSession


class Killed(BaseException):
    """The process was killed: nothing may handle it."""


def lost_connection() -> BaseException:
    """What botocore raises when the answer did not arrive, after all its own retries."""
    return ConnectionClosedError(endpoint_url="https://s3")


def expired_token() -> BaseException:
    """What S3 answers when the session token has expired; the local AWS knows no expiry."""
    return ClientError({"Error": {"Code": "ExpiredToken", "Message": "The provided token has expired."}}, "Any")


def slow_down() -> BaseException:
    """What S3 answers when it throttles, after all of botocore's retries."""
    return ClientError({"Error": {"Code": "SlowDown", "Message": "Please reduce your request rate."}}, "Any")


FAULTS: dict[str, Callable[[], BaseException]] = {
    "killed": Killed,
    "lost connection": lost_connection,
    "expired token": expired_token,
    "slow down": slow_down,
}
MOMENTS = ("before", "after")


class FaultySession:
    """A session whose S3 client fails once.

    Args:
        session: The real session.
        at: The call that fails, counted from 1; every API call counts.
        moment: ``before`` or ``after`` the call had its effect.
        fault: Makes what is raised.
        forever: Whether every later call fails, too.
    """

    def __init__(
        self, session: AwsSession, at: int, moment: str, fault: Callable[[], BaseException], forever: bool = False
    ):
        self._session, self._at, self._moment, self._fault, self._forever = session, at, moment, fault, forever
        self._calls, self._lock = itertools.count(1), threading.Lock()
        self.fired: str | None = None
        self.asking, self.renewal, self.settings = session.asking, session.renewal, session.settings

    def client(self, service: str) -> "_Client":
        return _Client(self._session.client(service), self)

    def call(self, name: str, act: Callable[[], Any]) -> Any:
        with self._lock:
            number = next(self._calls)
        fails = number == self._at or (self._forever and number > self._at)
        if fails and self._moment == "before":
            self.fired = name
            raise self._fault()
        if not fails:
            return act()
        # What the call answered is lost, also when it was a refusal.
        with contextlib.suppress(Exception):
            act()
        self.fired = name
        raise self._fault()


class _Client:
    def __init__(self, client: Any, session: FaultySession):
        self._client, self._session = client, session

    def __getattr__(self, name: str) -> Any:
        real = getattr(self._client, name)
        if name == "get_paginator":
            return lambda operation: _Paginator(real(operation), operation, self._session)
        return lambda **arguments: self._session.call(name, lambda: real(**arguments))


class _Paginator:
    def __init__(self, paginator: Any, operation: str, session: FaultySession):
        self._paginator, self._operation, self._session = paginator, operation, session

    def paginate(self, **arguments: Any) -> list[Any]:
        return self._session.call(self._operation, lambda: list(self._paginator.paginate(**arguments)))
