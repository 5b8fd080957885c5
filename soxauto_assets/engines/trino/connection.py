"""Connections to a coordinator.

Here belongs opening one, with the credentials that the settings name and no others. What does not belong here: queries.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from soxauto_assets.engines.contract import Errand
from soxauto_assets.errors import SettingsError
from soxauto_assets.trino_settings import TrinoSettings

if TYPE_CHECKING:
    from trino.dbapi import Connection

SOURCE = "soxauto"
# A server stops what this process can no longer stop itself, this long after it would have.
_GRACE_SECONDS = 60


@contextmanager
def connected(settings: TrinoSettings, errand: Errand) -> Iterator["Connection"]:
    """Open a connection of a statement's own, and close it.

    Raises:
        CredentialsError: The secret is not where the settings say.
        SettingsError: Host, user or catalog is not set, or the file of authorities does not exist.
    """
    import requests
    from trino.dbapi import connect

    if settings.ca_file and not Path(settings.ca_file).is_file():
        raise SettingsError(f"TRINO_CA_FILE is no file: {settings.ca_file}", action="correct the path")
    with requests.Session() as session:
        # Otherwise .netrc would give credentials that nobody named, and REQUESTS_CA_BUNDLE would replace TRINO_CA_FILE.
        session.trust_env = False
        session.verify = settings.ca_file or True
        connection = connect(
            host=settings.require("host"),
            port=settings.port_number,
            user=settings.require("user"),
            catalog=settings.require("catalog"),
            schema=settings.schema,
            http_scheme=settings.scheme,
            auth=_authentication(settings),
            http_session=session,
            source=SOURCE,
            client_tags=[part for part in (errand.item, errand.period, errand.purpose, errand.run_id) if part],
            session_properties=session_properties(settings),
            # An instant without a zone is read as it is written; the zone of this machine must not matter.
            timezone="UTC",
        )
        yield connection


def session_properties(settings: TrinoSettings) -> dict[str, str]:
    """Return what the server is told to hold to; what the settings say themselves comes first."""
    ours = {"query_max_run_time": f"{settings.timeout_seconds + _GRACE_SECONDS}s"}
    if settings.scan_limit_bytes is not None:
        ours["query_max_scan_physical_bytes"] = f"{settings.scan_limit_bytes}B"
    return {**ours, **settings.session_properties}


def _authentication(settings: TrinoSettings) -> Any:
    secret = settings.secret()
    if secret is None:
        return None
    from trino.auth import BasicAuthentication, JWTAuthentication

    if settings.auth == "password":
        return BasicAuthentication(settings.require("user"), secret)
    return JWTAuthentication(secret)
