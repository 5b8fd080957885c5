"""The composed product: settings become engine, bindings, stores, extractor and sealer.

Here belongs wiring that the command line and the orchestrator share. What does not belong here: any rule.
"""

from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from soxauto_assets.catalog.configuration import Configuration, load_configuration
from soxauto_assets.catalog.model import Item
from soxauto_assets.errors import PeriodError
from soxauto_assets.evidence.sealing import Sealer, Sealing
from soxauto_assets.evidence.store import LocalEvidenceStore
from soxauto_assets.extraction.extract import Extractor
from soxauto_assets.extraction.landing import DatasetStore
from soxauto_assets.extraction.uploads import UploadStore
from soxauto_assets.period import Period
from soxauto_assets.records import ActLog, RecordLog
from soxauto_assets.settings import Settings
from soxauto_assets.sources.bindings import Bindings, load_bindings

if TYPE_CHECKING:
    import pandas as pd

    from soxauto_assets.checks import CheckResult
    from soxauto_assets.engines.contract import Engine


class Runtime:
    """Everything a close needs, built on first use.

    Args:
        settings: The settings in force.
        engine: The engine; None = the one the settings describe.
    """

    def __init__(self, settings: Settings, engine: "Engine | None" = None):
        self.settings = settings
        self._engine = engine

    @classmethod
    def from_environment(cls, lake: Path | None = None) -> "Runtime":
        """Build from the environment variables."""
        return cls(Settings.from_environment(lake=lake))

    @cached_property
    def engine(self) -> "Engine":
        """The engine that reads the sources."""
        if self._engine is not None:
            return self._engine
        from soxauto_assets.engines.duckdb_engine import DuckDBEngine

        return DuckDBEngine(
            self.settings.lake, memory_limit=self.settings.memory_limit, spill=self.settings.home / "spill"
        )

    @cached_property
    def bindings(self) -> Bindings:
        """The bindings of the environment; by name where the bindings file says so."""
        return load_bindings(self.settings.bindings, self.engine if self.settings.environment == "lake" else None)

    @cached_property
    def configuration(self) -> Configuration:
        """The configuration parameters in force."""
        return load_configuration(self.settings.configuration)

    @cached_property
    def evidence(self) -> LocalEvidenceStore:
        """The evidence store."""
        return LocalEvidenceStore(self.settings.home / "evidence")

    @cached_property
    def failures(self) -> RecordLog:
        """Log of failed extractions."""
        return RecordLog(self.settings.home / "failures")

    @cached_property
    def acts(self) -> ActLog:
        """Log of what people decided."""
        return ActLog(self.settings.home / "acts")

    @cached_property
    def uploads(self) -> UploadStore:
        """Files that people handed in."""
        return UploadStore(self.settings.home / "uploads")

    @cached_property
    def heartbeats(self) -> RecordLog:
        """Log of closes that found the same content."""
        return RecordLog(self.settings.home / "heartbeats")

    @cached_property
    def extractor(self) -> Extractor:
        """The extractor over engine, bindings and dataset store."""
        return Extractor(
            engine=self.engine,
            bindings=self.bindings,
            configuration=self.configuration,
            datasets=DatasetStore(self.settings.home / "datasets"),
            records=RecordLog(self.settings.home / "extractions"),
            failures=self.failures,
            uploads=self.uploads,
        )

    @cached_property
    def sealer(self) -> Sealer:
        """The sealer over the evidence store."""
        return Sealer(self.evidence, self.heartbeats, self.uploads)

    def require_period(self, key: str) -> Period:
        """Return a period that can be closed: well formed, not before the first one, ended.

        Raises:
            PeriodError: Says which of these it is not.
        """
        period = Period.parse(key)
        if period < self.settings.first_period:
            raise PeriodError(
                f"the first period offered is {self.settings.first_period}",
                action="give a later month, or set SOXAUTO_FIRST_PERIOD",
                period=key,
            )
        return period.require_closed(date.today())

    def check(
        self, item: Item, period: Period, run_id: str | None, names: tuple[str, ...] | None = None
    ) -> "tuple[CheckResult, ...]":
        """Evaluate rules on the newest extraction of an item (of a run, when it has one), without touching the source."""
        from soxauto_assets.checks import CheckContext, run_checks

        record, dataset = self.extractor.newest(item, period, run_id)
        context = CheckContext(expected_definition=self.extractor.definition_digest(item))
        return run_checks(item, record, dataset, context, names)

    def seal(self, item: Item, period: Period, run_id: str | None, reason: str | None = None) -> Sealing:
        """Check and seal the newest extraction of an item (of a run, when it has one)."""
        record, dataset = self.extractor.newest(item, period, run_id)
        return self.sealer.seal(item, record, dataset, self.check(item, period, run_id), reason)

    def load(self, item: str, period: str, attempt: int | None = None, allow_failed: bool = False) -> "pd.DataFrame":
        """See :func:`soxauto_assets.load`."""
        from soxauto_assets.evidence.loading import load_rows

        return load_rows(self.evidence, item, period, attempt, allow_failed)

    def close(self) -> None:
        """Release the engine."""
        if "engine" in self.__dict__:
            self.engine.close()
