"""The extraction of one item for one period.

Here belongs the order of things: bindings confirmed, tables fit, look-ups sound, statements run, rows landed, record
written. What does not belong here: whether the result is right (``checks``).
"""

import getpass
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq

from soxauto_assets.canonical import digest_of, plain, sha256_hex
from soxauto_assets.catalog.configuration import Configuration
from soxauto_assets.catalog.model import Item
from soxauto_assets.catalog.types import INT64, SUM
from soxauto_assets.catalog.witnesses import Witness, witnesses_of
from soxauto_assets.engines.contract import Engine, Errand, Execution, TableDescription
from soxauto_assets.engines.sql import BoundStatement, Statement, bind
from soxauto_assets.errors import ExtractionError, SoxautoError
from soxauto_assets.extraction.dimensions import PREFIX, judge, lookups
from soxauto_assets.extraction.extractions import Extractions
from soxauto_assets.extraction.fidelity import FIDELITY, Looked, answer_of, freshness_of, look
from soxauto_assets.extraction.generated import ROW_DIGEST, advisory, statements_of
from soxauto_assets.extraction.landing import Dataset, DatasetStore, file_facts
from soxauto_assets.extraction.record import ExtractionRecord, StatementRecord
from soxauto_assets.extraction.row_texts import digest_of_values
from soxauto_assets.extraction.tables import TypedTable
from soxauto_assets.extraction.uploads import UploadStore
from soxauto_assets.extraction.uploads import parse as parse_upload
from soxauto_assets.period import Period
from soxauto_assets.records import RecordLog
from soxauto_assets.sources.bindings import Binding, Bindings
from soxauto_assets.sources.contracts import contract
from soxauto_assets.sources.fitting import require_fit

# Statements of one item start together: on a remote engine they queue side by side, here DuckDB shares its threads.
_PARALLEL = 4


@dataclass(frozen=True)
class Extractor:
    """What an extraction needs, once for all items.

    Attributes:
        engine: Where SQL runs.
        bindings: Where the sources are.
        configuration: Configuration parameters in force.
        datasets: Where rows land.
        records: Log of extraction records.
        failures: Log of failed extractions.
        uploads: Files that people handed in.
        witnesses: The register of witnesses.
    """

    engine: Engine
    bindings: Bindings
    configuration: Configuration
    datasets: DatasetStore
    records: RecordLog
    failures: RecordLog
    uploads: UploadStore
    witnesses: tuple[Witness, ...] = ()

    def extract(self, item: Item, period: Period, run_id: str) -> tuple[ExtractionRecord, Dataset]:
        """Extract an item for a period.

        Args:
            item: The catalog item.
            period: A closed period.
            run_id: The run that asks, for the record.

        Returns:
            The record as written to the log, and the landed dataset.

        Raises:
            SoxautoError: Something stopped it; a failure record names the cause, and no dataset and no record remain.
        """
        try:
            # Credentials that have expired stop the item before it asks for anything.
            _ = self.engine.identity()
            return self._extract_upload(item, period, run_id) if item.upload else self._extract(item, period, run_id)
        except SoxautoError as error:
            self._note_failure(error.for_item(item.id, period.key), item, period, run_id)
            raise

    def _note_failure(self, error: SoxautoError, item: Item, period: Period, run_id: str) -> None:
        """Write the failure record; where the store refuses it, too, the first cause is the one that a person reads."""
        record = {
            "run_id": run_id,
            "environment": self.bindings.environment,
            "error": type(error).__name__,
            "cause": error.cause,
            "action": error.action,
        }
        try:
            self.failures.append(item.id, period.key, record)
        except SoxautoError as refusal:
            error.add_note(f"no failure record could be written: {refusal.cause}")

    def newest(self, item: Item, period: Period, run_id: str | None = None) -> tuple[ExtractionRecord, Dataset]:
        """Return the newest extraction of an item and period, of one run when it is given and has one.

        Raises:
            ExtractionError: The item was never extracted for the period.
        """
        return Extractions(self.records, self.datasets).newest(item, period, run_id)

    def statements(self, item: Item, period: Period) -> dict[str, BoundStatement]:
        """Bind every statement of an item; a tie that only warns is left out where its source is not confirmed.

        Raises:
            BindingError: A source is not confirmed.
            CatalogError: A text is not sound.
        """
        parsed = statements_of(item, witnesses_of(self.witnesses, item, period.key))
        confirmed = {name for name, binding in self.bindings.sources.items() if binding.status == "confirmed"}
        for purpose in advisory(item):
            if not confirmed.issuperset(parsed[purpose].reads):
                del parsed[purpose]
        bound = {source: self.bindings.confirmed(source) for source in _sources(parsed)}
        values = {name: key.parameter for name, key in self.configuration.select(item.configuration).items()}
        return {purpose: bind(statement, period, values, bound) for purpose, statement in parsed.items()}

    def definition_digest(self, item: Item) -> str:
        """Return the digest of the item folder and its configuration in force."""
        return definition_digest(item, self.configuration)

    def _extract(self, item: Item, period: Period, run_id: str) -> tuple[ExtractionRecord, Dataset]:
        statements = self.statements(item, period)
        begun = datetime.now(UTC)
        described = self._require_sources({p: b.statement for p, b in statements.items()})
        with self.datasets.staging(item.id, period.key) as staging:
            unload = staging / "unload"
            unload.mkdir()
            answers, executions, unloaded = self._run(statements, Errand("", item.id, period.key, run_id), unload)
            warnings = judge(item, answers)
            looked = self._look(statements, period, answers, begun)
            dataset = self.datasets.land(item, period.key, unloaded, staging)
            engine_files = file_facts(unloaded)
        record = replace(
            self._record(item, period, run_id, dataset),
            bindings={name: self.bindings.sources[name].to_json() for name in described},
            sources={
                name: {"files": found.files, "bytes": found.bytes, **looked[name].to_json()}
                for name, found in described.items()
            },
            statements={purpose: _recorded(statements[purpose], executions[purpose]) for purpose in statements},
            answers={
                **{purpose: answer for purpose, answer in answers.items() if not purpose.startswith(PREFIX)},
                **({"lookups": lookups(item, answers)} if item.dimensions else {}),
                FIDELITY: answer_of(looked),
            },
            engine_files=engine_files,
            warnings=tuple(warnings),
        )
        return self._write(record), dataset

    def _extract_upload(self, item: Item, period: Period, run_id: str) -> tuple[ExtractionRecord, Dataset]:
        """Land the newest file that was handed in for the period; the custody record takes the place of the query."""
        custody, content = self.uploads.newest(item, period)
        parsed = parse_upload(item, content, period, custody["company"])
        # SQL's sum of no rows is null, and an empty file is compared with it.
        total = parsed.total.quantize(Decimal("0.0001")) if parsed.rows else None
        totals = TypedTable((("row_count", INT64), ("sum_amount_used", SUM)), ((len(parsed.rows), total),))
        with self.datasets.staging(item.id, period.key) as staging:
            part = staging / "parsed.parquet"
            pq.write_table(parsed.table(item), part)
            dataset = self.datasets.land(item, period.key, [part], staging)
        record = replace(
            self._record(item, period, run_id, dataset),
            answers={"control_totals": totals, ROW_DIGEST: digest_of_values(item, parsed.rows)},
            warnings=tuple(f"line {r.line} was not taken: {r.reason}" for r in parsed.rejected),
            custody=custody,
        )
        return self._write(record), dataset

    def _record(self, item: Item, period: Period, run_id: str, dataset: Dataset) -> ExtractionRecord:
        """Return the part of the record that every extraction has."""
        return ExtractionRecord(
            item=item.id,
            period=period.key,
            environment=self.bindings.environment,
            run_id=run_id,
            performed_by={"os_user": getpass.getuser(), **self.engine.identity()},
            parameters={**plain(period.parameters()), **self._rendered(item)},
            configuration={n: k.to_json() for n, k in self.configuration.select(item.configuration).items()},
            definition_digest=self.definition_digest(item),
            bindings={},
            sources={},
            statements={},
            answers={},
            dataset=dataset.digest,
            files=dataset.facts,
            engine_files=(),
            objects=dataset.objects,
            witnesses=tuple(witness.to_json() for witness in witnesses_of(self.witnesses, item, period.key)),
        )

    def _write(self, record: ExtractionRecord) -> ExtractionRecord:
        return replace(record, ordinal=self.records.append(record.item, record.period, record.to_json()))

    def _rendered(self, item: Item) -> dict[str, list[str]]:
        return {name: list(key.parameter) for name, key in self.configuration.select(item.configuration).items()}

    def _require_sources(self, parsed: Mapping[str, Statement]) -> dict[str, TableDescription]:
        """Return the description of every source the statements read.

        Raises:
            SourceMismatch: A table is missing or does not fit its contract.
        """
        described = {}
        for source, columns in _sources(parsed).items():
            binding: Binding = self.bindings.confirmed(source)
            found = self.engine.describe(binding.table)
            require_fit(contract(source), binding, found.columns if found else None, columns)
            if found:
                described[source] = found
        return described

    def _look(
        self,
        statements: Mapping[str, BoundStatement],
        period: Period,
        answers: Mapping[str, TypedTable],
        begun: datetime,
    ) -> dict[str, Looked]:
        """Compare every table that the statements read with its files."""
        columns = _sources({purpose: bound.statement for purpose, bound in statements.items()})
        freshness = freshness_of({p: b.statement for p, b in statements.items()}, answers.get("freshness"), begun)

        def seen(source: str) -> Looked:
            return look(self.engine, self.bindings.confirmed(source), columns[source], period, freshness)

        # A remote engine is asked for each table's files.
        with ThreadPoolExecutor(_PARALLEL) as pool:
            return dict(zip(columns, pool.map(seen, columns), strict=True))

    def _run(
        self, statements: Mapping[str, BoundStatement], errand: Errand, unload: Path
    ) -> tuple[dict[str, TypedTable], dict[str, Execution], tuple[Path, ...]]:
        """Run all statements side by side; the first failure stops the item, an interruption stops its queries."""
        errands = {purpose: replace(errand, purpose=purpose) for purpose in statements}
        with ThreadPoolExecutor(_PARALLEL) as pool:
            try:
                extract = pool.submit(self.engine.unload, statements["extract"].executed, errands["extract"], unload)
                small = {
                    purpose: pool.submit(self.engine.query, bound.executed, errands[purpose])
                    for purpose, bound in statements.items()
                    if purpose != "extract"
                }
                unloaded = extract.result()
                answers = {purpose: future.result() for purpose, future in small.items()}
            except BaseException:
                # Also a cancelled or killed run, which is no Exception: nothing may go on reading the source for nobody.
                pool.shutdown(wait=False, cancel_futures=True)
                self.engine.stop()
                raise
        tables = {purpose: _typed(purpose, answer.table) for purpose, answer in answers.items()}
        executions = {purpose: answer.execution for purpose, answer in answers.items()}
        return tables, {**executions, "extract": unloaded.execution}, unloaded.files


def definition_digest(item: Item, configuration: Configuration) -> str:
    """Return the digest of an item folder and its resolved configuration: what "the same definition" means."""
    files = {name: sha256_hex(content) for name, content in item.definition_files().items()}
    return digest_of({"files": files, "configuration": configuration.digest(item.configuration)})


def _sources(parsed: Mapping[str, Statement]) -> dict[str, tuple[str, ...]]:
    """Return every logical source that statements read, with all columns read from it."""
    columns: dict[str, set[str]] = {}
    for statement in parsed.values():
        for source, names in statement.reads.items():
            columns.setdefault(source, set()).update(names)
    return {source: tuple(sorted(names)) for source, names in sorted(columns.items())}


def _recorded(bound: BoundStatement, execution: Execution) -> StatementRecord:
    return StatementRecord(
        template=bound.statement.template,
        baseline=bound.baseline,
        executed=bound.executed,
        digests=bound.digests,
        execution=execution.to_json(),
    )


def _typed(purpose: str, table: Any) -> TypedTable:
    try:
        return TypedTable.from_arrow(table)
    except ValueError as error:
        raise ExtractionError(
            f"the answer of {purpose} has a column without contract type ({error})",
            action=f"cast the column in {purpose}.sql",
        ) from error
