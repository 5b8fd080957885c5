"""Resources: engine and stores, configured by fields, each with an environment variable.

Here belongs what a deployment configures. What does not belong here: what is done with it. Unknown fields are refused,
because a misspelt setting that is ignored is found months later.
"""

from abc import abstractmethod
from pathlib import Path
from typing import Any

import dagster as dg
from pydantic import ConfigDict, Field, PrivateAttr

from soxauto_assets.aws.settings import AwsSettings
from soxauto_assets.engines.contract import Engine
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings


class EngineResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where the SQL runs; one implementation per engine."""

    model_config = ConfigDict(extra="forbid")

    @abstractmethod
    def open(self, settings: Settings) -> Engine:
        """Return a ready engine."""

    def aws(self) -> dict[str, Any]:
        """Return what it adds to the AWS settings; nothing for an engine outside AWS."""
        return {}

    def variables(self) -> dict[str, str]:
        """Return the environment variables of an engine that has settings of its own."""
        return {}


class StoresResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Where datasets, records and evidence are kept: here, folders below the home folder."""

    model_config = ConfigDict(extra="forbid")

    home: str = Field(description="Folder of datasets, evidence and records, or of their local copies (SOXAUTO_HOME).")

    def aws(self) -> dict[str, Any]:
        """Return what it adds to the AWS settings; nothing for folders."""
        return {}


class DuckDBLakeResource(EngineResource):
    """DuckDB over a folder of Parquet tables: the embedded default."""

    lake: str = Field(description="Folder laid out as <database>/<table>/**/*.parquet (SOXAUTO_LAKE).")
    memory_limit: str = Field(
        default="512MB", description="What DuckDB may hold before it spills (SOXAUTO_MEMORY_LIMIT)."
    )
    threads: int = Field(default=2, ge=1, description="Threads of one statement.")
    spill: str | None = Field(default=None, description="Folder for what does not fit in memory.")
    attached: dict[str, str] = Field(
        default_factory=dict, description="Database files by the catalog that bindings name (SOXAUTO_ATTACH)."
    )

    def open(self, settings: Settings) -> Engine:
        """Return the engine over the folder.

        Raises:
            ExtractionError: The folder does not exist.
        """
        from soxauto_assets.engines.duckdb_engine import DuckDBEngine

        return DuckDBEngine(
            Path(self.lake),
            memory_limit=self.memory_limit,
            threads=self.threads,
            spill=Path(self.spill) if self.spill else None,
            attached={name: Path(path) for name, path in self.attached.items()},
        )


class PlatformResource(dg.ConfigurableResource):  # type: ignore[type-arg]
    """Bindings, configuration and stores around an engine."""

    model_config = ConfigDict(extra="forbid")

    engine: EngineResource
    stores: StoresResource
    environment: str = Field(description="demo, lake, aws or trino (SOXAUTO_ENV).")
    bindings: str = Field(description="Bindings file (SOXAUTO_BINDINGS).")
    witnesses: str = Field(default="", description="Register of witnesses (SOXAUTO_WITNESSES).")
    configuration: str | None = Field(
        None, description="File that replaces configuration keys (SOXAUTO_CONFIGURATION)."
    )
    first_period: str = Field(default="2024-08", description="First period offered (SOXAUTO_FIRST_PERIOD).")
    signing_key: str | None = Field(
        None, description="Key file, or ARN or alias of a KMS key, that signs evidence (SOXAUTO_SIGNING_KEY)."
    )
    trust: str | None = Field(None, description="Trust file that evidence is held to when read (SOXAUTO_TRUST).")
    tsa_url: str | None = Field(None, description="Time authority, RFC 3161 (SOXAUTO_TSA_URL).")
    tsa_ca: str | None = Field(None, description="File of its root certificate (SOXAUTO_TSA_CA).")

    _runtime: Runtime | None = PrivateAttr(default=None)

    @property
    def runtime(self) -> Runtime:
        """The composed product, built on first use; its engine, too: what does not ask the source does not need it."""
        if self._runtime is None:
            given = {**self.engine.aws(), **self.stores.aws()}
            settings = Settings.from_environment(
                {
                    **(AwsSettings(**given).variables() if given else {}),
                    **self.engine.variables(),
                    "SOXAUTO_ENV": self.environment,
                    "SOXAUTO_HOME": self.stores.home,
                    "SOXAUTO_LAKE": getattr(self.engine, "lake", ""),
                    "SOXAUTO_BINDINGS": self.bindings,
                    "SOXAUTO_WITNESSES": self.witnesses,
                    "SOXAUTO_CONFIGURATION": self.configuration or "",
                    "SOXAUTO_FIRST_PERIOD": self.first_period,
                    "SOXAUTO_SIGNING_KEY": self.signing_key or "",
                    "SOXAUTO_TRUST": self.trust or "",
                    "SOXAUTO_TSA_URL": self.tsa_url or "",
                    "SOXAUTO_TSA_CA": self.tsa_ca or "",
                }
            )
            self._runtime = Runtime(settings, open_engine=lambda: self.engine.open(settings))
        return self._runtime

    def period(self, partition_key: str) -> Period:
        """Return the period of a partition.

        Raises:
            PeriodError: The period is not closed.
        """
        return self.runtime.require_period(partition_key)

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:
        """Release the engine."""
        if self._runtime is not None:
            self._runtime.close()
            self._runtime = None


def platform_resource(settings: Settings) -> PlatformResource:
    """Return the resource that the settings describe.

    Raises:
        SettingsError: The AWS environment lacks a bucket's name or the signing key, or the Trino environment its cluster or its
            places.
    """
    engine: EngineResource
    stores: StoresResource
    if settings.aws is not None:
        from soxauto_assets.defs.aws_resources import athena_resource, s3_stores_resource

        engine, stores = athena_resource(settings.aws), s3_stores_resource(settings)
        settings.require_signing_key()
    elif settings.trino is not None:
        from soxauto_assets.defs.trino_resources import trino_resource

        engine, stores = trino_resource(settings.trino), StoresResource(home=str(settings.home))
    else:
        spill = str(settings.home / "spill")
        engine = DuckDBLakeResource(
            lake=str(settings.lake),
            memory_limit=settings.memory_limit,
            spill=spill,
            attached={name: str(path) for name, path in settings.attached},
        )
        stores = StoresResource(home=str(settings.home))
    return PlatformResource(
        engine=engine,
        stores=stores,
        environment=settings.environment,
        bindings=str(settings.bindings),
        witnesses=str(settings.witnesses),
        configuration=str(settings.configuration) if settings.configuration else None,
        first_period=settings.first_period.key,
        signing_key=settings.signing_key,
        trust=str(settings.trust) if settings.trust else None,
        tsa_url=settings.tsa_url,
        tsa_ca=str(settings.tsa_ca) if settings.tsa_ca else None,
    )
