"""The extraction record: everything about one extraction that is not a row.

Here belongs the record's shape and its JSON form. What does not belong here: how it is produced (``extraction.extract``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from soxauto_assets.extraction.digest import CompanyRoot, DatasetDigest
from soxauto_assets.extraction.tables import TypedTable

FORMAT = "soxauto-extraction-record/v1"


@dataclass(frozen=True)
class StatementRecord:
    """One statement as it was written, bound and run.

    Attributes:
        template: The catalog's text.
        baseline: Physical names and configuration inlined, the period as parameters.
        executed: The Athena text that was run.
        digests: SHA-256 of ``template``, normalised ``baseline``, normalised ``executed``.
        execution: The engine's receipt.
    """

    template: str
    baseline: str
    executed: str
    digests: Mapping[str, str]
    execution: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return the statement for the record."""
        return {
            "template": self.template,
            "baseline": self.baseline,
            "executed": self.executed,
            "digests": dict(self.digests),
            "execution": dict(self.execution),
        }


@dataclass(frozen=True)
class ExtractionRecord:
    """One extraction of an item for a period.

    Attributes:
        item: Item id.
        period: Period key.
        environment: ``demo``, ``lake``, ``aws`` or ``trino``.
        run_id: The run that extracted.
        performed_by: Identities: operating system user; the cloud identity where there is one.
        parameters: Period parameters and configuration, as rendered.
        configuration: Configuration keys with value, status and source.
        definition_digest: Digest of the item folder and its resolved configuration.
        bindings: Binding by logical source.
        sources: What the engine said of each physical table: files and bytes.
        statements: By purpose.
        answers: Typed answers of control totals and probes, by purpose.
        dataset: Digest of the landed rows.
        files: Landed Parquet files: name, SHA-256, bytes.
        engine_files: The engine's own files: name, SHA-256, bytes.
        warnings: What a person should know and no check decides.
        custody: Custody record of the file that an upload was made from.
        objects: Name, URI and version id of the landed files, where they are kept in S3.
        witnesses: Registered witnesses of the item that hold in the period.
        ordinal: Number in the log of the item and period; 0 before it is written.
    """

    item: str
    period: str
    environment: str
    run_id: str
    performed_by: Mapping[str, str]
    parameters: Mapping[str, Any]
    configuration: Mapping[str, Any]
    definition_digest: str
    bindings: Mapping[str, Any]
    sources: Mapping[str, Any]
    statements: Mapping[str, StatementRecord]
    answers: Mapping[str, TypedTable]
    dataset: DatasetDigest
    files: tuple[Mapping[str, Any], ...]
    engine_files: tuple[Mapping[str, Any], ...]
    warnings: tuple[str, ...] = ()
    custody: Mapping[str, Any] | None = None
    objects: tuple[Mapping[str, Any], ...] = ()
    witnesses: tuple[Mapping[str, Any], ...] = ()
    ordinal: int = 0

    @property
    def executed_digest(self) -> str:
        """Digest of the normalised executed text of the extract; of the original bytes for an upload."""
        if self.custody:
            return str(self.custody["sha256"])
        return self.statements["extract"].digests["executed"]

    @property
    def baseline_digest(self) -> str:
        """Digest of the extract's text with the period left as parameters; the definition's for an upload."""
        if self.custody:
            return self.definition_digest
        return self.statements["extract"].digests["baseline"]

    def to_json(self) -> dict[str, Any]:
        """Return the record in the form that is stored."""
        return {
            "format": FORMAT,
            "item": self.item,
            "period": self.period,
            "environment": self.environment,
            "run_id": self.run_id,
            "performed_by": dict(self.performed_by),
            "parameters": dict(self.parameters),
            "configuration": dict(self.configuration),
            "definition_digest": self.definition_digest,
            "bindings": dict(self.bindings),
            "sources": dict(self.sources),
            "statements": {purpose: statement.to_json() for purpose, statement in self.statements.items()},
            "answers": {purpose: answer.to_json() for purpose, answer in self.answers.items()},
            "dataset": self.dataset.to_json(),
            "files": [dict(file) for file in self.files],
            "engine_files": [dict(file) for file in self.engine_files],
            "warnings": list(self.warnings),
            "custody": dict(self.custody) if self.custody else None,
            "objects": [dict(entry) for entry in self.objects],
            "witnesses": [dict(entry) for entry in self.witnesses],
        }

    @classmethod
    def from_json(cls, value: Mapping[str, Any]) -> "ExtractionRecord":
        """Read what :meth:`to_json` wrote.

        Raises:
            ValueError: The record has another format.
        """
        if value.get("format") != FORMAT:
            raise ValueError(f"extraction record of format {value.get('format')!r}")
        return cls(
            item=value["item"],
            period=value["period"],
            environment=value["environment"],
            run_id=value["run_id"],
            performed_by=value["performed_by"],
            parameters=value["parameters"],
            configuration=value["configuration"],
            definition_digest=value["definition_digest"],
            bindings=value["bindings"],
            sources=value["sources"],
            statements={purpose: StatementRecord(**statement) for purpose, statement in value["statements"].items()},
            answers={purpose: TypedTable.from_json(answer) for purpose, answer in value["answers"].items()},
            dataset=_dataset(value["dataset"]),
            files=tuple(value["files"]),
            engine_files=tuple(value["engine_files"]),
            warnings=tuple(value["warnings"]),
            custody=value["custody"],
            objects=tuple(value.get("objects", ())),
            witnesses=tuple(value.get("witnesses", ())),
            ordinal=value.get("ordinal", 0),
        )


def _dataset(value: Mapping[str, Any]) -> DatasetDigest:
    return DatasetDigest(
        digest=value["digest"],
        rows=value["rows"],
        root=value["root"],
        companies=tuple(CompanyRoot(**company) for company in value["companies"]),
        columns=tuple((name, kind) for name, kind in value["columns"]),
    )
