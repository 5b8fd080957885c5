"""Settings of Trino: which cluster, as whom, within which limits, and where helper tables write.

Here belongs reading the ``TRINO_`` variables, once, and their rules. What does not belong here: connections
(``engines.trino``), and the secret itself: a setting names where it is kept.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cached_property
from pathlib import Path
from typing import Any, Literal

from soxauto_assets.errors import CredentialsError, SettingsError
from soxauto_assets.variables import read, refused, written

Auth = Literal["none", "password", "jwt"]
_SCHEMES = ("https", "http")
_AUTHS = ("none", "password", "jwt")
_LOCATION = re.compile(r"^[a-z][a-z0-9]*://[A-Za-z0-9!_.*()=/-]*$")
_VARIABLE = re.compile(r"^[A-Z][A-Z0-9_]*$")
_PROPERTY = re.compile(r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)?$")
_PORTS = {"https": 443, "http": 8080}

# Field name -> environment variable, in the order in which people fill them in.
VARIABLES = {
    "host": "TRINO_HOST",
    "port": "TRINO_PORT",
    "scheme": "TRINO_SCHEME",
    "ca_file": "TRINO_CA_FILE",
    "user": "TRINO_USER",
    "auth": "TRINO_AUTH",
    "secret_env": "TRINO_SECRET_ENV",
    "secret_file": "TRINO_SECRET_FILE",
    "catalog": "TRINO_CATALOG",
    "schema": "TRINO_SCHEMA",
    "unload_location": "TRINO_UNLOAD_LOCATION",
    "unload_path": "TRINO_UNLOAD_PATH",
    "sources_location": "TRINO_SOURCES_LOCATION",
    "sources_path": "TRINO_SOURCES_PATH",
    "session": "TRINO_SESSION",
    "timeout_seconds": "TRINO_TIMEOUT_SECONDS",
    "scan_limit_bytes": "TRINO_SCAN_LIMIT_BYTES",
}
# What a close cannot do without.
NEEDED = ("host", "user", "catalog", "schema", "unload_location", "unload_path")


@dataclass(frozen=True)
class TrinoSettings:
    """What the Trino environment needs to know.

    Attributes:
        host: Host of the coordinator.
        port: Its port; None = 443 with https, 8080 with http.
        scheme: ``https`` or ``http``.
        ca_file: Certificate authorities that sign the coordinator's certificate; None = those that come with ``certifi``.
        user: User that asks.
        auth: How the user proves it: ``none``, ``password``, ``jwt``.
        secret_env: Name of the environment variable that holds the password or the token.
        secret_file: File that holds it; read anew for each connection, so that a token may be renewed.
        catalog: Catalog of table names that name none.
        schema: Schema of that catalog in which helper tables are created.
        unload_location: Folder of that schema, as Trino names it, for example ``s3://bucket/scratch``.
        unload_path: The same folder as this machine reads it.
        sources_location: Folder above the sources' files, as Trino names it; extraction then looks into the files.
        sources_path: The same folder as this machine reads it.
        session: Session properties, ``name=value,name=value``.
        timeout_seconds: When a query is stopped, counted from its start.
        scan_limit_bytes: Bytes that a query may not exceed; None = the cluster's limit alone.
    """

    host: str | None = None
    port: int | None = None
    scheme: str = "https"
    ca_file: str | None = None
    user: str | None = None
    auth: Auth = "none"
    secret_env: str | None = None
    secret_file: str | None = None
    catalog: str | None = None
    schema: str | None = None
    unload_location: str | None = None
    unload_path: str | None = None
    sources_location: str | None = None
    sources_path: str | None = None
    session: str | None = None
    timeout_seconds: int = 1800
    scan_limit_bytes: int | None = None

    def __post_init__(self) -> None:
        if self.scheme not in _SCHEMES:
            raise _refuse("scheme", self.scheme, f"one of {', '.join(_SCHEMES)}")
        if self.port is not None and not 1 <= self.port <= 65535:
            raise _refuse("port", self.port, "a port, 1 to 65535")
        if self.host and re.search(r"[/@:\s]", self.host):
            # An address may carry a password, so it is not shown.
            raise SettingsError(
                "TRINO_HOST is no plain host name", action="set it to the host alone; TRINO_PORT has the port"
            )
        for name in ("timeout_seconds", "scan_limit_bytes"):
            if (value := getattr(self, name)) is not None and value <= 0:
                raise _refuse(name, value, "a positive number")
        self._require_places()
        self._require_reference()
        _ = self.session_properties

    @classmethod
    def from_environment(cls, variables: Mapping[str, str]) -> "TrinoSettings":
        """Read the settings from environment variables; empty ones count as absent.

        Raises:
            SettingsError: A variable has no usable value.
        """
        kinds = {field.name: field.type for field in fields(cls)}
        given = {name: variables[variable] for name, variable in VARIABLES.items() if variables.get(variable)}
        return cls(**{name: read(VARIABLES[name], kinds[name], text) for name, text in given.items()})

    def variables(self) -> dict[str, str]:
        """Return the environment variables that give these settings to a child process."""
        values = {variable: getattr(self, name) for name, variable in VARIABLES.items()}
        return {variable: written(value) for variable, value in values.items() if value is not None}

    def require(self, name: str) -> str:
        """Return a setting that has no default.

        Raises:
            SettingsError: It is not given.
        """
        value = getattr(self, name)
        if not value:
            raise SettingsError(
                f"{VARIABLES[name]} is not set, and environment 'trino' needs it",
                action=f"set {VARIABLES[name]} in .env",
            )
        return str(value)

    @property
    def server(self) -> str:
        """Host and port, for messages and records."""
        return f"{self.require('host')}:{self.port or _PORTS[self.scheme]}"

    @property
    def port_number(self) -> int:
        """The port: the one given, or the scheme's."""
        return self.port or _PORTS[self.scheme]

    @cached_property
    def session_properties(self) -> dict[str, str]:
        """The session properties by name."""
        found = {}
        for part in (self.session or "").split(","):
            name, equals, value = (text.strip() for text in part.partition("="))
            if part.strip() and not (_PROPERTY.match(name) and equals and value):
                raise SettingsError(
                    "TRINO_SESSION has a part that is no session property", action="write it as name=value,name=value"
                )
            if name:
                found[name] = value
        return found

    def secret(self) -> str | None:
        """Return the password or token, from where the settings say it is kept; None where none is used.

        Raises:
            CredentialsError: It is not there.
        """
        if self.auth == "none":
            return None
        if self.secret_env:
            value = os.environ.get(self.secret_env, "").strip()
            if not value:
                raise CredentialsError(
                    "the environment variable that TRINO_SECRET_ENV names is not set", action="set it, then start again"
                )
            return value
        try:
            value = Path(str(self.secret_file)).expanduser().read_text("utf-8").strip()
        except (OSError, UnicodeDecodeError) as error:
            raise CredentialsError(
                f"the file that TRINO_SECRET_FILE names cannot be read ({type(error).__name__})",
                action="correct the path or its permissions",
            ) from None
        if not value:
            raise CredentialsError("the file that TRINO_SECRET_FILE names is empty", action="put the secret into it")
        return value

    def _require_places(self) -> None:
        for name in ("unload_location", "sources_location"):
            if (location := getattr(self, name)) and not _LOCATION.match(location):
                raise _refuse(name, location, "a folder as Trino names it, scheme://…/folder")
        for name in ("unload_path", "sources_path"):
            if (path := getattr(self, name)) and not path.startswith(("/", "~")):
                raise _refuse(name, path, "an absolute folder on this machine; a bucket has to be mounted as one")
        if bool(self.sources_location) != bool(self.sources_path):
            raise SettingsError(
                "of TRINO_SOURCES_LOCATION and TRINO_SOURCES_PATH one is set", action="set both: they name one folder"
            )

    def _require_reference(self) -> None:
        if self.auth not in _AUTHS:
            raise _refuse("auth", self.auth, f"one of {', '.join(_AUTHS)}")
        if self.secret_env and not _VARIABLE.match(self.secret_env):
            # What stands here by mistake may be the secret itself, so it is not shown.
            raise SettingsError(
                "TRINO_SECRET_ENV is no name of an environment variable", action="name the variable, not the secret"
            )
        references = sum(1 for given in (self.secret_env, self.secret_file) if given)
        if self.auth == "none":
            return
        if references != 1:
            raise SettingsError(
                f"TRINO_AUTH is {self.auth}, and {references} of TRINO_SECRET_ENV and TRINO_SECRET_FILE are set",
                action="set the one that says where the secret is kept",
            )
        if self.scheme != "https":
            raise SettingsError(
                f"TRINO_AUTH is {self.auth}, and TRINO_SCHEME is http: the secret would travel in the clear",
                action="set TRINO_SCHEME=https",
            )


def _refuse(name: str, value: Any, wanted: str) -> SettingsError:
    return refused(VARIABLES[name], value, wanted)
