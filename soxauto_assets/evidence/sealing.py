"""Sealing: from record, rows and check results to an evidence package, or to a heartbeat.

Here belongs what goes into a package, and whether an extraction is a new attempt. What does not belong here: the bag and
the seal themselves (``evidence.bag``, ``evidence.store``).

Whether an attempt is new is decided by content, never by a clock: equal content leaves the current attempt as it is and a
heartbeat says that the control was performed again.
"""

import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

import pyarrow.parquet as pq

from soxauto_assets.canonical import canonical_json, digest_of
from soxauto_assets.catalog.model import Item
from soxauto_assets.checks import CheckContext, CheckResult, Verdict, verdict_of
from soxauto_assets.checks.drift import figures
from soxauto_assets.checks.totals import landed_totals
from soxauto_assets.engines.lineage import column_lineage
from soxauto_assets.evidence.environment import build_environment
from soxauto_assets.evidence.form import STATEMENT_TYPE
from soxauto_assets.evidence.store import AttemptExists, EvidenceStore, SealedPackage, Sign
from soxauto_assets.evidence.trust import instant_text
from soxauto_assets.evidence.verify import PACKAGE_TYPE
from soxauto_assets.extraction.landing import Dataset
from soxauto_assets.extraction.record import ExtractionRecord
from soxauto_assets.extraction.uploads import UploadStore
from soxauto_assets.period import Period
from soxauto_assets.records import RecordLog

_BATCH_ROWS = 65_536
_VOLATILE = ("run_id", "performed_by", "sources", "engine_files", "objects")


@dataclass(frozen=True)
class Sealing:
    """What sealing did.

    Attributes:
        package: The current package: the new one, or the one whose content was equal.
        outcome: ``sealed`` (a new attempt) or ``unchanged`` (a heartbeat).
        verdict: Verdict of the package.
        results: Check results it holds.
        reason: Why a new attempt exists.
    """

    package: SealedPackage
    outcome: Literal["sealed", "unchanged"]
    verdict: Verdict
    results: tuple[CheckResult, ...]
    reason: str


@dataclass(frozen=True)
class Sealer:
    """Seals extractions into a store.

    Attributes:
        store: The evidence store.
        heartbeats: Log of closes that found nothing new.
        uploads: Where the originals of uploads are kept.
        sign: Signs statements; None = packages are not signed.
        clock: Says what time it is.
    """

    store: EvidenceStore
    heartbeats: RecordLog
    uploads: UploadStore
    sign: Sign | None = None
    clock: Callable[[], datetime] = lambda: datetime.now(UTC)

    def seal(
        self,
        item: Item,
        record: ExtractionRecord,
        dataset: Dataset,
        results: Sequence[CheckResult],
        context: CheckContext,
        reason: str | None = None,
    ) -> Sealing:
        """Seal an extraction with its check results.

        Args:
            item: The catalog item.
            record: The extraction record.
            dataset: The landed rows.
            results: All check results of the item.
            context: What they were evaluated with.
            reason: Why it is extracted again, in a person's words; None = the difference in content is named.

        Raises:
            StorageError: The store refused; no package appears.
            SigningError: The signing key refused; no package appears. A heartbeat needs none.
        """
        verdict = verdict_of(results)
        content = content_of(record, results)
        while True:
            current = self.store.newest(item.id, record.period)
            previous = self.store.statement(current)["predicate"] if current else None
            if current and previous and previous["content_id"] == content["content_id"]:
                self._beat(current, record, content["content_id"])
                return Sealing(current, "unchanged", verdict, tuple(results), "the content is the same")
            why = reason or (_difference(previous, content) if previous else "first attempt")
            try:
                package = self._write(item, record, dataset, results, context, content, verdict, current, why)
            except AttemptExists:
                continue  # another run sealed meanwhile: compare with its attempt
            return Sealing(package, "sealed", verdict, tuple(results), why)

    def _beat(self, package: SealedPackage, record: ExtractionRecord, content_id: str) -> None:
        self.heartbeats.append(
            record.item,
            record.period,
            {
                "attempt": package.attempt,
                "content_id": content_id,
                "run_id": record.run_id,
                "finished": self.clock().isoformat(timespec="milliseconds"),
                "performed_by": dict(record.performed_by),
            },
        )

    def _write(
        self,
        item: Item,
        record: ExtractionRecord,
        dataset: Dataset,
        results: Sequence[CheckResult],
        context: CheckContext,
        content: Mapping[str, Any],
        verdict: Verdict,
        supersedes: SealedPackage | None,
        reason: str,
    ) -> SealedPackage:
        attempt = supersedes.attempt + 1 if supersedes else 1
        predicate = {
            **content,
            "attempt": attempt,
            # What the validity of the signing key is compared with; no part of the content (DECISIONS A4).
            "sealed_at": instant_text(self.clock()),
            "verdict": verdict,
            "reason": reason,
            "supersedes": (
                {"attempt": supersedes.attempt, "seal_sha256": supersedes.seal_sha256} if supersedes else None
            ),
            "rows": record.dataset.rows,
        }
        statement = {
            "_type": STATEMENT_TYPE,
            "predicateType": PACKAGE_TYPE,
            "subject": [{"name": "dataset", "digest": {"sha256": record.dataset.digest}}],
            "predicate": predicate,
        }
        with tempfile.TemporaryDirectory(prefix="soxauto-") as scratch:
            return self.store.write(
                item.id,
                record.period,
                attempt,
                {
                    **payload(item, record, dataset, results, context, verdict),
                    **failing_keys(dataset, results, Path(scratch)),
                    **self._original(item, record),
                },
                statement,
                {
                    "External-Identifier": f"{item.id}/{record.period}/attempt-{attempt:04d}",
                    "External-Description": f"{item.control} {item.id} {item.title}, {record.period}",
                    "Bag-Software-Agent": "soxauto_assets",
                },
                self.sign,
            )

    def _original(self, item: Item, record: ExtractionRecord) -> dict[str, bytes | Path]:
        """Return the original of an upload with its custody record; nothing for a query."""
        if record.custody is None:
            return {}
        path = self.uploads.original(item, Period.parse(record.period), record.custody["sha256"])
        return {"original/original.csv": path, "custody.json": canonical_json(dict(record.custody))}


def content_of(record: ExtractionRecord, results: Sequence[CheckResult]) -> dict[str, Any]:
    """Return the content of an attempt and its id.

    The id covers environment, item, period, definition, executed query, rows, each check's name, severity and status, and the
    act behind each failure that a person accepted; never times, run or query ids, users or the code's commit.
    """
    content = {
        "environment": record.environment,
        "item": record.item,
        "period": record.period,
        "definition_digest": record.definition_digest,
        "executed_digest": record.executed_digest,
        "dataset_digest": record.dataset.digest,
        "checks": [[result.name, result.severity, result.status] for result in results],
        "overrides": [[result.name, result.override.digest] for result in results if result.override],
        "inputs": [],
    }
    return {**content, "content_id": digest_of(content)}


def payload(
    item: Item,
    record: ExtractionRecord,
    dataset: Dataset,
    results: Sequence[CheckResult],
    context: CheckContext,
    verdict: Verdict,
) -> dict[str, bytes | Path]:
    """Return the package's payload by path under ``data/``.

    ``query``, ``rows``, ``contract.json``, ``dataset.json``, ``control_totals.json``, ``probes.json`` and ``checks.json``
    are reproducible from the same source rows; ``execution.json`` and ``environment.json`` say who, when and with what.
    """
    recorded = record.to_json()
    files: dict[str, bytes | Path] = {f"rows/{path.name}": path for path in dataset.files}
    for purpose, statement in record.statements.items():
        files[f"query/{purpose}.template.sql"] = statement.template.encode()
        files[f"query/{purpose}.baseline.sql"] = _text(statement.baseline)
        files[f"query/{purpose}.executed.sql"] = _text(statement.executed)
    for name, content in item.definition_files().items():
        if not name.endswith(".sql"):
            files[f"query/definition/{name}"] = content
    documents: dict[str, Any] = {
        "query/parameters.json": {"parameters": recorded["parameters"], "configuration": recorded["configuration"]},
        "query/digests.json": {purpose: dict(s.digests) for purpose, s in record.statements.items()},
        "bindings.json": recorded["bindings"],
        "lineage.json": lineage_of(item),
        "contract.json": contract_of(item),
        "dataset.json": {"digest": recorded["dataset"], "files": recorded["files"]},
        "control_totals.json": {
            "source": recorded["answers"]["control_totals"],
            "landed": landed_totals(item, dataset).to_json(),
        },
        "probes.json": {name: answer for name, answer in recorded["answers"].items() if name != "control_totals"},
        "checks.json": {"verdict": verdict, "results": [result.to_json() for result in results]},
        "context.json": {**context.to_json(), "witnesses": recorded["witnesses"]},
        "figures.json": figures(item, dataset),
        "execution.json": {
            **{name: recorded[name] for name in _VOLATILE},
            "extraction_record": record.ordinal,
            "executions": {purpose: dict(s.execution) for purpose, s in record.statements.items()},
            "warnings": recorded["warnings"],
            "check_seconds": {result.name: format(result.duration, ".3f") for result in results},
        },
        "environment.json": build_environment(),
    }
    return {**files, **{name: canonical_json(value) for name, value in documents.items()}}


def lineage_of(item: Item) -> dict[str, Any]:
    """Return where the values of an item's columns come from: source columns, or the headers of its file.

    The physical tables behind the logical sources are in ``bindings.json``.
    """
    if item.upload:
        headers = {column: list(names) for column, names in item.upload.headers.items()}
        return {"file": item.upload.system, "columns": headers}
    columns = column_lineage(item.id) if item.sources else {}
    return {
        "sources": list(item.sources),
        "columns": {name: [list(leaf) for leaf in columns[name]] for name in columns},
    }


def failing_keys(dataset: Dataset, results: Sequence[CheckResult], scratch: Path) -> dict[str, bytes | Path]:
    """Write the keys of all rows that each failed check concerns, as ``failed/<check>.parquet``.

    Args:
        dataset: The landed rows.
        results: The check results.
        scratch: A folder of the caller's, where the files lie until they are sealed.
    """
    files: dict[str, bytes | Path] = {}
    for result in results:
        if result.failing is not None:
            path = scratch / f"{result.name}.parquet"
            with dataset.query() as connection:
                ordered = f"SELECT * FROM ({result.failing.sql}) ORDER BY ALL"
                parameters = dict(result.failing.parameters) or None
                keys = connection.sql(ordered, params=parameters).to_arrow_reader(_BATCH_ROWS)
                with pq.ParquetWriter(path, keys.schema, compression="zstd") as writer:
                    for batch in keys:
                        writer.write_batch(batch)
            files[f"failed/{result.name}.parquet"] = path
    return files


def contract_of(item: Item) -> dict[str, Any]:
    """Return what a verifier needs to know of an item to recompute digest and totals from the rows alone."""
    return {
        "item": item.id,
        "title": item.title,
        "control": item.control,
        "columns": [[column.name, column.type.name] for column in item.columns],
        "key": list(item.key),
        "company_column": item.company_column,
        "control_totals": {
            "group_by": list(item.control_totals.group_by),
            "sums": list(item.control_totals.sums),
            "bounds": list(item.control_totals.bounds),
        },
        "legacy_differences": [
            {"topic": d.topic, "legacy": d.legacy, "ours": d.ours, "reason": d.reason} for d in item.legacy_differences
        ],
    }


def _difference(previous: Mapping[str, Any], content: Mapping[str, Any]) -> str:
    """Name in words what differs between two attempts."""
    names = {
        "environment": "the environment",
        "definition_digest": "the item's definition or configuration",
        "executed_digest": "the executed query",
        "dataset_digest": "the rows",
        "checks": "the check results",
        "overrides": "the accepted failures",
    }
    changed = [words for name, words in names.items() if previous[name] != content[name]]
    return f"{' and '.join(changed)} changed since attempt {previous['attempt']}"


def _text(sql: str) -> bytes:
    return f"{sql}\n".encode()
