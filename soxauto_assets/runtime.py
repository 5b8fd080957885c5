"""The composed product: settings become engine, bindings, stores, extractor and sealer.

Here belongs wiring that the command line and the orchestrator share. What does not belong here: any rule.
"""

import getpass
import os
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime
from functools import cached_property, partial
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
from soxauto_assets.decisions.register import Register
from soxauto_assets.errors import NotSealed, PeriodError, StorageError
from soxauto_assets.evidence.form import MANIFEST
from soxauto_assets.evidence.period_manifest import Manifest
from soxauto_assets.evidence.period_store import ManifestStore
from soxauto_assets.evidence.sealing import Sealer, Sealing
from soxauto_assets.evidence.signing import (
    KmsSigner,
    LocalSigner,
    Signer,
    Signing,
    is_kms,
    keep_out_of_git,
    sign_statement,
)
from soxauto_assets.evidence.store import EvidenceStore, LocalEvidenceStore, SealedPackage
from soxauto_assets.evidence.store_s3 import S3EvidenceStore
from soxauto_assets.evidence.time_authority import TimeAuthority
from soxauto_assets.evidence.trust import Trust, instant_text
from soxauto_assets.evidence.trust_edit import open_trust
from soxauto_assets.extraction.extract import Extractor, definition_digest
from soxauto_assets.extraction.extractions import Extraction, Extractions
from soxauto_assets.extraction.landing import DatasetStore, LocalDatasetStore
from soxauto_assets.extraction.landing_s3 import S3DatasetStore
from soxauto_assets.extraction.originals import LocalOriginals, S3Originals
from soxauto_assets.extraction.record import ExtractionRecord
from soxauto_assets.extraction.uploads import UploadStore
from soxauto_assets.numbered import LocalNumberedLog, S3NumberedLog
from soxauto_assets.period import Period
from soxauto_assets.records import LocalRecordLog, RecordLog, S3RecordLog
from soxauto_assets.settings import Settings
from soxauto_assets.sources.bindings import Bindings, load_bindings
from soxauto_assets.sources.fitting import declared_columns

if TYPE_CHECKING:
    import pandas as pd

    from soxauto_assets.checks import CheckContext, CheckResult
    from soxauto_assets.checks.model import Baseline, Previous
    from soxauto_assets.engines.contract import Engine
    from soxauto_assets.reconciliation.package import SealedReconciliation
    from soxauto_assets.reconciliation.reconcile import Reconciliation


class Runtime:
    """Everything a close needs, built on first use.

    Args:
        settings: The settings in force.
        engine: The engine; None = the one the settings describe.
        open_engine: Opens the engine on first use, in place of ``engine``: what does not ask the source does without one.
        clock: Says what time it is.
    """

    def __init__(
        self,
        settings: Settings,
        engine: "Engine | None" = None,
        open_engine: "Callable[[], Engine] | None" = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ):
        self.settings = settings
        self._engine = engine
        self._open_engine = open_engine
        self.clock = clock

    @classmethod
    def from_environment(cls, lake: Path | None = None) -> "Runtime":
        """Build from the environment variables."""
        return cls(Settings.from_environment(lake=lake))

    @cached_property
    def engine(self) -> "Engine":
        """The engine that reads the sources."""
        if self._engine is not None:
            return self._engine
        if self._open_engine is not None:
            return self._open_engine()
        if self.aws:
            from soxauto_assets.engines.athena import AthenaEngine

            return AthenaEngine(self.aws, work=self.settings.home / "work" / "athena")
        if self.settings.trino:
            from soxauto_assets.engines.trino import TrinoEngine

            return TrinoEngine(self.settings.trino, work=self.settings.home / "work" / "trino")
        from soxauto_assets.engines.duckdb_engine import DuckDBEngine

        return DuckDBEngine(
            self.settings.lake,
            memory_limit=self.settings.memory_limit,
            spill=self.settings.home / "spill",
            attached=dict(self.settings.attached),
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
    def register(self) -> Register:
        """What people decided, read once."""
        return Register(self.acts.all(), self.settings.environment)

    def identity(self) -> dict[str, str]:
        """Who runs this: the user of the operating system and, in AWS, the caller that STS names."""
        return {"os_user": getpass.getuser(), **(self.aws.identity if self.aws else {})}

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
    def extractions(self) -> Extractions:
        """The extractions that were made; nothing here asks the source."""
        return Extractions(self._log("extractions"), self.datasets)

    @cached_property
    def extractor(self) -> Extractor:
        """The extractor over engine, bindings and dataset store."""
        self.engine.declare(declared_columns(self.bindings.sources))
        return Extractor(
            engine=self.engine,
            bindings=self.bindings,
            configuration=self.configuration,
            datasets=self.datasets,
            records=self.extractions.records,
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
        return Sealer(self.evidence, self.heartbeats, self.uploads, self._sign, self.clock)

    @cached_property
    def signer(self) -> Signer:
        """The key that signs evidence; outside AWS, where none is named, one is made on first use.

        Raises:
            SettingsError: Environment ``aws`` names none.
            SigningError: The key file cannot be used.
        """
        key = self.settings.require_signing_key() if self.settings.aws else self.settings.signing_key
        if key and is_kms(key):
            return KmsSigner(self.aws or AwsSession(AwsSettings.from_environment(os.environ)), key)
        if key:
            return LocalSigner.open(Path(key).expanduser())
        keep_out_of_git(self.settings.keys)
        return LocalSigner.create(self.settings.keys / "signing-key.pem")

    def require_signer(self) -> None:
        """Refuse a key that is not named or cannot be used, before anything is asked of the source.

        A key of KMS is not asked: a close that finds nothing new needs no signature.

        Raises:
            SettingsError: Environment ``aws`` names none.
            SigningError: The key file cannot be used.
        """
        _ = self.signer

    def _sign(self, statement: bytes) -> Mapping[str, bytes]:
        """Sign a statement; the key is asked for then and not before, since a heartbeat needs none."""
        return self.signing(statement)

    @property
    def signing(self) -> Signing:
        """Signs what is sealed, and has its time confirmed where an authority is configured."""
        url, ca_file = self.settings.tsa_url, self.settings.tsa_ca
        authority = TimeAuthority.open(url, ca_file) if url and ca_file else None
        return Signing((self.signer,), authority)

    @cached_property
    def manifests(self) -> ManifestStore:
        """The period manifests; in AWS beside the evidence, locked as long as the evidence of their month."""
        bucket, folder = self.evidence_bucket, self.settings.home / "manifests"
        if bucket is None:
            return ManifestStore(lambda period: LocalNumberedLog(folder))
        return ManifestStore(
            lambda period: S3NumberedLog(bucket, "manifests", self._lock_of(period) if period else None)
        )

    def write_manifest(self, period: Period, reason: str) -> Manifest:
        """Write the manifest of a month from the stores, whatever they hold (DECISIONS A3).

        Raises:
            SoxautoError: A store cannot be read, or the manifest could not be signed or kept.
        """
        from soxauto_assets.catalog import all_items
        from soxauto_assets.decisions.month import month_of

        # Decisions are read anew: a close may have run for an hour.
        register = Register(self.acts.all(), self.settings.environment)
        items = month_of(all_items(), period.key, self.evidence, register, self.failures)
        now = instant_text(self.clock())
        sign = partial(sign_statement, signers=(self.signer,))
        return self.manifests.write(self.settings.environment, period, items, now, reason, sign)

    @cached_property
    def trust(self) -> Trust | None:
        """The trust file that evidence is held to when it is read.

        Raises:
            SettingsError: It cannot be used.
        """
        return open_trust(self.settings.trust) if self.settings.trust else None

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
        """Evaluate rules without touching the source.

        On the extraction that the run made; where it made none, on the one that the current package was sealed from; where
        nothing is sealed, on the newest.
        """
        from soxauto_assets.checks import run_checks

        made = self.extractions.of_run(item, period, run_id) if run_id else None
        if made is None and (package := self.evidence.newest(item.id, period.key)):
            made = self.sealed_extraction(item, period, package)
        record, dataset = made or self.extractions.newest(item, period)
        return run_checks(item, record, dataset, self.context(item, period, record), names)

    def context(self, item: Item, period: Period, record: ExtractionRecord) -> "CheckContext":
        """Return what the rules of an item may know beside its record and rows."""
        from soxauto_assets.checks import CheckContext

        return CheckContext(
            expected_definition=definition_digest(item, self.configuration),
            companies=known_companies(self.settings.environment),
            previous=self._previous(item, period),
            baseline=self._baseline(item, record),
            overrides=self.register.overrides(item.id, period.key, self.clock().date()),
        )

    def _baseline(self, item: Item, record: ExtractionRecord) -> "Baseline | None":
        """Return the approved baseline beside what the extraction was made from; None for an upload, which has no query."""
        from soxauto_assets.decisions.baseline import baseline_of, recorded_parts

        if item.upload:
            return None
        parts = recorded_parts(item, record, self.configuration)
        return baseline_of(self.register.approval(item.id), parts, self.clock().date())

    def current(self, item: Item, period: Period) -> SealedPackage:
        """Return the current package of an item.

        Raises:
            NotSealed: There is none.
        """
        package = self.evidence.newest(item.id, period.key)
        if package is None:
            action = f"run 'soxauto close {period} --item {item.id}'"
            raise NotSealed("nothing is sealed", action=action, item=item.id, period=period.key)
        return package

    def sealed_extraction(self, item: Item, period: Period, package: SealedPackage) -> Extraction:
        """Return the extraction that a package was sealed from.

        Raises:
            StorageError: The log of extraction records has another one in its place.
            ExtractionError: The log does not have it.
        """
        execution = read_json(self.evidence.read(package, "data/execution.json"))
        sealed = self.evidence.statement(package)["predicate"]
        if "extraction_record" not in execution:
            raise StorageError(
                f"attempt {package.attempt} was sealed by a version that did not name its extraction record",
                action="close the month again",
                item=item.id,
                period=period.key,
            )
        record, dataset = self.extractions.numbered(item, period, execution["extraction_record"])
        if (record.run_id, record.dataset.digest) != (execution["run_id"], sealed["dataset_digest"]):
            raise StorageError(
                f"extraction record {record.ordinal:04d} is not the one that attempt {package.attempt} was sealed from",
                action="restore the log of extraction records, or close the month again",
                item=item.id,
                period=period.key,
            )
        return record, dataset

    def _previous(self, item: Item, period: Period) -> "Previous | None":
        """Return the figures of the month before, from its current package; None where there is none."""
        from soxauto_assets.checks.model import Previous

        before = period.previous()
        package = self.evidence.newest(item.id, before.key)
        # A package that was sealed before figures were has none to compare with.
        if package is None or " data/figures.json\n" not in self.evidence.read(package, MANIFEST).decode():
            return None
        figures = read_json(self.evidence.read(package, "data/figures.json"))
        return Previous(before.key, package.seal_sha256, figures)

    def seal(
        self, item: Item, period: Period, run_id: str | None, reason: str | None = None, extraction: int | None = None
    ) -> Sealing:
        """Check and seal an extraction of an item.

        Args:
            item: The catalog item.
            period: The month.
            run_id: The run that asks; its own extraction is taken when it made one, otherwise the newest.
            reason: Why it is sealed again.
            extraction: Number of the extraction record, where it is another one.
        """
        from soxauto_assets.checks import run_checks

        if extraction is None:
            record, dataset = self.extractions.newest(item, period, run_id)
        else:
            record, dataset = self.extractions.numbered(item, period, extraction)
        context = self.context(item, period, record)
        return self.sealer.seal(item, record, dataset, run_checks(item, record, dataset, context), context, reason)

    def reconcile(
        self, period: Period, run_id: str, reason: str | None = None
    ) -> "tuple[Reconciliation, SealedReconciliation]":
        """Reconcile a month from its current packages and seal the result, whatever its verdict.

        Args:
            period: The month.
            run_id: The run that asks.
            reason: Why it is reconciled again.
        """
        from soxauto_assets.reconciliation.package import seal_reconciliation
        from soxauto_assets.reconciliation.reconcile import reconcile

        companies = known_companies(self.settings.environment)
        with reconcile(self.evidence, period, self.configuration, companies) as (result, session):
            sealed = seal_reconciliation(self.sealer, result, session, run_id, self.identity(), reason)
        return result, sealed

    def load(self, item: str, period: str, attempt: int | None = None, allow_failed: bool = False) -> "pd.DataFrame":
        """See :func:`soxauto_assets.load`."""
        from soxauto_assets.evidence.loading import load_rows

        return load_rows(self.evidence, item, period, attempt, allow_failed, self.trust)

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
