"""The composed product: settings become engine, bindings, stores, extractor and sealer.

Here belongs wiring that the command line and the orchestrator share. What does not belong here: any rule.
"""

from datetime import date
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from soxauto_assets.acts import ActLog
from soxauto_assets.aws.cache import Cache
from soxauto_assets.aws.objects import Bucket
from soxauto_assets.aws.session import AwsSession
from soxauto_assets.aws.settings import AwsSettings
from soxauto_assets.aws.versions import Lock
from soxauto_assets.canonical import read_json
from soxauto_assets.catalog.companies import known_companies
from soxauto_assets.catalog.configuration import Configuration, load_configuration
from soxauto_assets.catalog.model import Item
from soxauto_assets.catalog.witnesses import load_witnesses
from soxauto_assets.errors import PeriodError
from soxauto_assets.evidence.sealing import Sealer, Sealing
from soxauto_assets.evidence.store import EvidenceStore, LocalEvidenceStore
from soxauto_assets.evidence.store_s3 import S3EvidenceStore
from soxauto_assets.extraction.extract import Extractor
from soxauto_assets.extraction.landing import DatasetStore, LocalDatasetStore
from soxauto_assets.extraction.landing_s3 import S3DatasetStore
from soxauto_assets.extraction.originals import LocalOriginals, S3Originals
from soxauto_assets.extraction.uploads import UploadStore
from soxauto_assets.numbered import LocalNumberedLog, S3NumberedLog
from soxauto_assets.period import Period
from soxauto_assets.records import LocalRecordLog, RecordLog, S3RecordLog
from soxauto_assets.settings import Settings
from soxauto_assets.sources.bindings import Bindings, load_bindings

if TYPE_CHECKING:
    import pandas as pd

    from soxauto_assets.checks import CheckContext, CheckResult
    from soxauto_assets.checks.model import Previous
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
        if self.aws:
            from soxauto_assets.engines.athena import AthenaEngine

            return AthenaEngine(self.aws, work=self.settings.home / "work" / "athena")
        if self.settings.trino:
            from soxauto_assets.engines.trino import TrinoEngine

            return TrinoEngine(self.settings.trino, work=self.settings.home / "work" / "trino")
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
    def aws(self) -> AwsSession | None:
        """The AWS session, in environment ``aws``."""
        return AwsSession(self.settings.aws) if self.settings.aws else None

    @cached_property
    def data_bucket(self) -> Bucket | None:
        """The bucket of datasets and records, in environment ``aws``."""
        aws = self.settings.aws
        if self.aws is None or aws is None:
            return None
        return Bucket(self.aws, aws.require("data_bucket"), aws.kms_key, aws.data_bucket_owner)

    @cached_property
    def evidence_bucket(self) -> Bucket | None:
        """The bucket of evidence and uploads, in environment ``aws``."""
        aws = self.settings.aws
        if self.aws is None or aws is None:
            return None
        return Bucket(self.aws, aws.require("evidence_bucket"), aws.kms_key, aws.evidence_bucket_owner)

    @cached_property
    def evidence(self) -> EvidenceStore:
        """The evidence store."""
        if self.evidence_bucket:
            return S3EvidenceStore(self.evidence_bucket, "evidence", self._lock_of, self._cache / "evidence")
        return LocalEvidenceStore(self.settings.home / "evidence")

    @cached_property
    def datasets(self) -> DatasetStore:
        """The landed rows."""
        if self.data_bucket:
            work = self.settings.home / "work" / "datasets"
            return S3DatasetStore(self.data_bucket, "datasets", work, Cache(self._cache / "objects"))
        return LocalDatasetStore(self.settings.home / "datasets")

    @cached_property
    def failures(self) -> RecordLog:
        """Log of failed extractions."""
        return self._log("failures")

    @cached_property
    def acts(self) -> ActLog:
        """Log of what people decided; in AWS beside the evidence."""
        if self.evidence_bucket:
            return ActLog(S3NumberedLog(self.evidence_bucket, "acts"))
        return ActLog(LocalNumberedLog(self.settings.home / "acts"))

    @cached_property
    def uploads(self) -> UploadStore:
        """Files that people handed in."""
        if self.evidence_bucket:
            originals = S3Originals(self.evidence_bucket, "uploads", self._lock_of, Cache(self._cache / "objects"))
            return UploadStore(originals, S3RecordLog(self.evidence_bucket, "uploads", self._lock_of))
        root = self.settings.home / "uploads"
        return UploadStore(LocalOriginals(root), LocalRecordLog(root))

    @cached_property
    def heartbeats(self) -> RecordLog:
        """Log of closes that found the same content."""
        return self._log("heartbeats")

    @cached_property
    def extractor(self) -> Extractor:
        """The extractor over engine, bindings and dataset store."""
        return Extractor(
            engine=self.engine,
            bindings=self.bindings,
            configuration=self.configuration,
            datasets=self.datasets,
            records=self._log("extractions"),
            failures=self.failures,
            uploads=self.uploads,
            witnesses=load_witnesses(self.settings.witnesses),
        )

    @property
    def _cache(self) -> Path:
        """Local copies of S3 objects; the folder may be deleted at any time."""
        return self.settings.home / "cache"

    def _log(self, kind: str) -> RecordLog:
        if self.data_bucket:
            return S3RecordLog(self.data_bucket, f"records/{kind}")
        return LocalRecordLog(self.settings.home / kind)

    def _lock_of(self, period: str) -> Lock | None:
        """Return the Object Lock of a period's evidence; see :func:`lock_of`."""
        assert self.settings.aws is not None
        return lock_of(self.settings.aws, period)

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
        from soxauto_assets.checks import run_checks

        record, dataset = self.extractor.newest(item, period, run_id)
        return run_checks(item, record, dataset, self.context(item, period), names)

    def context(self, item: Item, period: Period) -> "CheckContext":
        """Return what the rules of an item may know beside its record and rows."""
        from soxauto_assets.checks import CheckContext

        return CheckContext(
            expected_definition=self.extractor.definition_digest(item),
            companies=known_companies(self.settings.environment),
            previous=self._previous(item, period),
        )

    def _previous(self, item: Item, period: Period) -> "Previous | None":
        """Return the figures of the month before, from its current package; None where there is none."""
        from soxauto_assets.checks.model import Previous

        before = period.previous()
        package = self.evidence.newest(item.id, before.key)
        if package is None:
            return None
        figures = read_json(self.evidence.read(package, "data/figures.json"))
        return Previous(before.key, package.seal_sha256, figures)

    def seal(self, item: Item, period: Period, run_id: str | None, reason: str | None = None) -> Sealing:
        """Check and seal the newest extraction of an item (of a run, when it has one)."""
        from soxauto_assets.checks import run_checks

        record, dataset = self.extractor.newest(item, period, run_id)
        context = self.context(item, period)
        return self.sealer.seal(item, record, dataset, run_checks(item, record, dataset, context), context, reason)

    def load(self, item: str, period: str, attempt: int | None = None, allow_failed: bool = False) -> "pd.DataFrame":
        """See :func:`soxauto_assets.load`."""
        from soxauto_assets.evidence.loading import load_rows

        return load_rows(self.evidence, item, period, attempt, allow_failed)

    def close(self) -> None:
        """Release engine and connections."""
        if "engine" in self.__dict__:
            self.engine.close()
        if self.__dict__.get("aws"):
            self.__dict__["aws"].close()


def lock_of(settings: AwsSettings, period: str) -> Lock | None:
    """Return the Object Lock that the settings give a period's evidence; None in lock mode ``NONE``."""
    if settings.lock_mode == "NONE":
        return None
    return Lock(settings.lock_mode, settings.retain_until(Period.parse(period)))
