"""Resource of the Trino environment.

Here belongs what a deployment on a Trino cluster configures, field by field; each has an environment variable
(``trino_settings``). What does not belong here: the secret, which is named and never a field, and connections.
"""

from pydantic import Field

from soxauto_assets.defs.resources import EngineResource
from soxauto_assets.engines.contract import Engine
from soxauto_assets.settings import Settings
from soxauto_assets.trino_settings import NEEDED, Auth, TrinoSettings

_DEFAULT = TrinoSettings()


class TrinoResource(EngineResource):
    """A Trino cluster; datasets, records and evidence stay in the home folder."""

    host: str = Field(description="Host of the coordinator (TRINO_HOST).")
    port: int | None = Field(
        default=None, description="Its port; 443 with https, 8080 with http where none is given (TRINO_PORT)."
    )
    scheme: str = Field(default=_DEFAULT.scheme, description="https or http (TRINO_SCHEME).")
    ca_file: str | None = Field(default=None, description="Authorities that sign its certificate (TRINO_CA_FILE).")
    user: str = Field(description="User that asks (TRINO_USER).")
    auth: Auth = Field(default=_DEFAULT.auth, description="none, password or jwt (TRINO_AUTH).")
    secret_env: str | None = Field(
        default=None, description="Name of the variable that holds password or token (TRINO_SECRET_ENV)."
    )
    secret_file: str | None = Field(default=None, description="File that holds it (TRINO_SECRET_FILE).")
    catalog: str = Field(description="Catalog of table names that name none (TRINO_CATALOG).")
    # A field called schema would hide a method of pydantic's.
    scratch_schema: str = Field(description="Schema in which helper tables are created (TRINO_SCHEMA).")
    unload_location: str = Field(description="Folder of that schema, as Trino names it (TRINO_UNLOAD_LOCATION).")
    unload_path: str = Field(description="The same folder as this machine reads it (TRINO_UNLOAD_PATH).")
    sources_location: str | None = Field(
        default=None, description="Folder above the sources' files, as Trino names it (TRINO_SOURCES_LOCATION)."
    )
    sources_path: str | None = Field(
        default=None, description="The same folder as this machine reads it (TRINO_SOURCES_PATH)."
    )
    session: str | None = Field(default=None, description="Session properties, name=value,name=value (TRINO_SESSION).")
    timeout_seconds: int = Field(
        default=_DEFAULT.timeout_seconds, gt=0, description="When a query is stopped (TRINO_TIMEOUT_SECONDS)."
    )
    scan_limit_bytes: int | None = Field(
        default=None, gt=0, description="Bytes that a query may not exceed (TRINO_SCAN_LIMIT_BYTES)."
    )

    def variables(self) -> dict[str, str]:
        """Return the fields as environment variables."""
        fields = {name: getattr(self, name) for name in type(self).model_fields}
        return TrinoSettings(schema=fields.pop("scratch_schema"), **fields).variables()

    def open(self, settings: Settings) -> Engine:
        """Return the engine; no call is made before the first statement."""
        from soxauto_assets.engines.trino import TrinoEngine

        assert settings.trino is not None
        return TrinoEngine(settings.trino, work=settings.home / "work" / "trino")


def trino_resource(settings: TrinoSettings) -> TrinoResource:
    """Return the resource that the settings describe.

    Raises:
        SettingsError: The cluster, the user or the place of helper tables is not named.
    """
    needed = {name: settings.require(name) for name in NEEDED}
    fields = {name: getattr(settings, name) for name in TrinoResource.model_fields if hasattr(settings, name)}
    return TrinoResource(scratch_schema=needed.pop("schema"), **{**fields, **needed})
