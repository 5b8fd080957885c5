"""Evidence of a reconciliation: what its package holds, and whether it is a new attempt.

Here belongs the package ``RECONCILIATION`` of a month. What does not belong here: how figures come about
(``reconciliation.reconcile``), the form of a package (``evidence.bag``, ``evidence.verify``).

The lines are rows like those of an item, so that digest, totals and verdict of the package are recomputed by the same
commands. It lists every input by attempt, seal and dataset digest.
"""

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any, Literal

import pyarrow as pa
import pyarrow.parquet as pq

from soxauto_assets.canonical import canonical_json, digest_of
from soxauto_assets.catalog.model import ControlTotals, Cutoff, Item, OutputColumn
from soxauto_assets.catalog.types import BOOL, INT64, RATE, STRING, SUM, ContractType
from soxauto_assets.checks.model import CheckResult, Verdict, verdict_of
from soxauto_assets.checks.totals import landed_totals
from soxauto_assets.evidence.environment import build_environment
from soxauto_assets.evidence.form import STATEMENT_TYPE
from soxauto_assets.evidence.sealing import Sealer, contract_of
from soxauto_assets.evidence.store import AttemptExists, SealedPackage
from soxauto_assets.evidence.trust import instant_text
from soxauto_assets.evidence.verify import PACKAGE_TYPE
from soxauto_assets.extraction.digest import DatasetDigest, dataset_digest
from soxauto_assets.extraction.landing import PART, Dataset
from soxauto_assets.extraction.parquet import text
from soxauto_assets.extraction.tables import TypedTable, arrow_type
from soxauto_assets.reconciliation.findings import CHECKS
from soxauto_assets.reconciliation.inputs import Session, decimal_sum
from soxauto_assets.reconciliation.reconcile import Reconciliation, components
from soxauto_assets.reconciliation.variances import Line

ID = "RECONCILIATION"
USD = ContractType("decimal", 38, 6)
_EXPLAINING = ("timing", "vtc")

LINES = Item(
    id=ID,
    title="Reconciliation of C-PG-1: actuals against target values",
    kind="DOC",
    purpose="One line per company and component: actuals, target value, variance, what bridges explain, what is unexplained.",
    owner="team:accounting-excellence",
    sources=(),
    columns=(
        OutputColumn("company", STRING, "Company code", nullable=False),
        OutputColumn("component", STRING, "Item id of the component", nullable=False),
        OutputColumn("country", STRING, "ISO country code"),
        OutputColumn("status", STRING, "Status of the line", nullable=False),
        OutputColumn("actual_lcy", SUM, "Balances of the ledger, debit positive", unit="LCY"),
        OutputColumn("target_lcy", SUM, "Target value in NAV's sign", unit="LCY"),
        OutputColumn("variance_lcy", SUM, "Actuals minus target value", unit="LCY"),
        OutputColumn("timing_lcy", SUM, "Explained by the timing difference", unit="LCY"),
        OutputColumn("vtc_lcy", SUM, "Explained by voucher to cash", unit="LCY"),
        OutputColumn("unexplained_lcy", SUM, "Variance minus what is explained", unit="LCY"),
        OutputColumn("over_explained", BOOL, "The bridges leave more than the variance was", nullable=False),
        OutputColumn("fx_rate", RATE, "LCY per US dollar", unit="LCY per USD"),
        OutputColumn("cr_05_digest", STRING, "Dataset digest of the package that the rate is from"),
        OutputColumn("actual_usd", USD, "Actuals", unit="USD"),
        OutputColumn("target_usd", USD, "Target value", unit="USD"),
        OutputColumn("variance_usd", USD, "Actuals minus target value", unit="USD"),
        OutputColumn("timing_usd", USD, "Explained by the timing difference", unit="USD"),
        OutputColumn("vtc_usd", USD, "Explained by voucher to cash", unit="USD"),
        OutputColumn("unexplained_usd", USD, "Variance minus what is explained", unit="USD"),
        OutputColumn("threshold_usd", USD, "From here on somebody must look", unit="USD"),
        OutputColumn("threshold_contract", STRING, "Contract of the threshold", nullable=False),
        OutputColumn("reasons", INT64, "How many things are missing for the line", nullable=False),
    ),
    key=("company", "component"),
    company_column="company",
    cutoff=Cutoff("none", ""),
    control_totals=ControlTotals(group_by=("company",), sums=("actual_lcy", "target_lcy", "variance_lcy")),
)


@dataclass(frozen=True)
class SealedReconciliation:
    """What sealing a reconciliation did.

    Attributes:
        package: The current package: the new one, or the one whose content was equal.
        outcome: ``sealed`` or ``unchanged``.
        verdict: Verdict of its checks.
        reason: Why a new attempt exists.
        digest: Digest of the lines.
        results: Check results it holds.
    """

    package: SealedPackage
    outcome: Literal["sealed", "unchanged"]
    verdict: Verdict
    reason: str
    digest: str
    results: tuple[CheckResult, ...]


def seal_reconciliation(
    sealer: Sealer,
    result: Reconciliation,
    session: Session,
    run_id: str,
    performed_by: Mapping[str, str],
    reason: str | None = None,
) -> SealedReconciliation:
    """Seal a reconciliation, whatever its verdict; equal content leaves a heartbeat.

    Args:
        sealer: Store, log of heartbeats, signing key and clock.
        result: The reconciliation.
        session: The session that holds its kept tables.
        run_id: The run.
        performed_by: Who runs it.
        reason: Why it is sealed again, in a person's words; None = the difference is named.

    Raises:
        StorageError: The store refused; no package appears.
        SigningError: The signing key refused; no package appears.
    """
    period, store = result.period.key, sealer.store
    started = sealer.clock()
    with tempfile.TemporaryDirectory(prefix="soxauto-") as scratch:
        dataset = write_lines(result, Path(scratch))
        tables = write_tables(session, Path(scratch))
        results = results_of(result, dataset)
        verdict = verdict_of(results)
        content = _content(result, dataset.digest, tables, results)
        while True:
            current = store.newest(ID, period)
            previous = store.statement(current)["predicate"] if current else None
            execution = {
                "run_id": run_id,
                "performed_by": dict(performed_by),
                "started": started.isoformat(timespec="milliseconds"),
                "finished": sealer.clock().isoformat(timespec="milliseconds"),
            }
            if current and previous and previous["content_id"] == content["content_id"]:
                beat = {"attempt": current.attempt, "content_id": content["content_id"], **execution}
                sealer.heartbeats.append(ID, period, beat)
                same = "the content is the same"
                return SealedReconciliation(current, "unchanged", verdict, same, dataset.digest.digest, results)
            why = reason or (_difference(previous, content) if previous else "first attempt")
            attempt = current.attempt + 1 if current else 1
            statement = {
                "_type": STATEMENT_TYPE,
                "predicateType": PACKAGE_TYPE,
                "subject": [{"name": "dataset", "digest": {"sha256": dataset.digest.digest}}],
                "predicate": {
                    **content,
                    "attempt": attempt,
                    "sealed_at": instant_text(sealer.clock()),
                    "verdict": verdict,
                    "reason": why,
                    "supersedes": (
                        {"attempt": current.attempt, "seal_sha256": current.seal_sha256} if current else None
                    ),
                    "rows": dataset.digest.rows,
                    "status": result.status,
                    "provisional": bool(result.assumed),
                },
            }
            files = {
                **_payload(result, dataset, results, verdict, execution),
                **{f"tables/{path.name}": path for path, _ in tables.values()},
            }
            label = f"{ID}/{period}/attempt-{attempt:04d}"
            info = {
                "External-Identifier": label,
                "External-Description": f"{LINES.control} {LINES.title}, {period}",
                "Bag-Software-Agent": "soxauto_assets",
            }
            try:
                package = store.write(ID, period, attempt, files, statement, info, sealer.sign)
            except AttemptExists:
                continue  # another run sealed meanwhile: compare with its attempt
            return SealedReconciliation(package, "sealed", verdict, why, dataset.digest.digest, results)


def write_lines(result: Reconciliation, folder: Path) -> Dataset:
    """Write the lines as rows of ``LINES``, ordered by key."""
    rows = sorted((line_row(line) for line in result.lines), key=lambda row: (row["company"], row["component"]))
    columns = {
        column.name: pa.array([row[column.name] for row in rows], arrow_type(column.type)) for column in LINES.columns
    }
    path = folder / PART
    pq.write_table(pa.table(columns), path, compression="zstd")
    digest = dataset_digest([path], [(c.name, c.type) for c in LINES.columns], LINES.company_column)
    return Dataset(LINES, (path,), digest)


def line_row(line: Line) -> dict[str, Any]:
    """Return a line as a row of ``LINES``."""
    explained_usd = line.explained_usd
    return {
        "company": line.company,
        "component": line.component,
        "country": line.country,
        "status": line.status,
        "actual_lcy": line.actual,
        "target_lcy": line.target,
        "variance_lcy": line.variance,
        **{f"{name}_lcy": line.explained.get(name) for name in _EXPLAINING},
        "unexplained_lcy": line.unexplained,
        "over_explained": line.over_explained,
        "fx_rate": line.rate.value,
        "cr_05_digest": line.rate.evidence,
        "actual_usd": line.actual_usd,
        "target_usd": line.target_usd,
        "variance_usd": line.variance_usd,
        **{f"{name}_usd": explained_usd.get(name) for name in _EXPLAINING},
        "unexplained_usd": line.unexplained_usd,
        "threshold_usd": line.threshold.usd,
        "threshold_contract": line.threshold.contract,
        "reasons": len(line.reasons),
    }


def write_tables(session: Session, folder: Path) -> dict[str, tuple[Path, str]]:
    """Write every kept table, ordered by all columns; return path and a digest of its count and sums by name.

    A table follows from inputs, rules and code; what it adds up to is enough to tell whether an attempt is a new one.
    """
    tables = {}
    for name in session.kept:
        path = folder / f"{name}.parquet"
        session.connection.execute(
            f"COPY (SELECT * FROM {name} ORDER BY ALL) TO {text(path)} (FORMAT parquet, COMPRESSION zstd)"
        )
        money = [column for column, kind, *_ in session.rows(f"DESCRIBE {name}") if kind.startswith("DECIMAL")]
        sums = ", ".join(("count(*)", *(decimal_sum(f'"{column}"') for column in money)))
        (figures,) = session.rows(f"SELECT {sums} FROM {name}")
        tables[name] = (path, digest_of([str(figure) for figure in figures]))
    return tables


def document_of(result: Reconciliation) -> dict[str, Any]:
    """Return the whole result as plain values, for the package, the report and the workpaper."""
    return {
        "period": result.period.key,
        "status": result.status,
        "assumed": list(result.assumed),
        "lines": [line.to_json() for line in result.lines],
        "totals": [total.to_json() for total in result.totals],
        "balances": [balance.to_json() for balance in result.balances.lines],
        "rates": [rate.to_json() for rate in result.rates.all()],
        "bridges": [bridge.to_json() for bridge in result.bridges],
        "vouchers": result.vouchers.to_json(),
        "readings": [reading.to_json() for reading in result.readings],
        "components": {
            item.id: {
                "amount": item.component.amount,
                "where": item.component.where,
                "sign": item.component.sign,
                "accounts": list(result.configuration[item.component.accounts].values),
            }
            for item in components()
            if item.component
        },
    }


def _content(
    result: Reconciliation,
    digest: DatasetDigest,
    tables: Mapping[str, tuple[Path, str]],
    results: tuple[CheckResult, ...],
) -> dict[str, Any]:
    """Return the content of an attempt and its id: what decides whether it is a new one (DECISIONS A4)."""
    document = document_of(result)
    content: dict[str, Any] = {
        "environment": result.environment,
        "item": ID,
        "period": result.period.key,
        "definition_digest": digest_of(
            {
                "components": document["components"],
                "configuration": {name: key.to_json() for name, key in result.configuration.items()},
                "rules": [rule.to_json() for rule in result.rules],
            }
        ),
        "executed_digest": digest_of({name: fold for name, (_, fold) in tables.items()} | {"document": document}),
        "dataset_digest": digest.digest,
        "checks": [[r.name, r.severity, r.status] for r in results],
        "overrides": [],
        "inputs": [sealed.to_json() for _, sealed in sorted(result.inputs.sealed.items())],
    }
    # An input counts by its content: the same rows sealed again change nothing here.
    compared = [{name: one[name] for name in ("item", "content_id")} for one in content["inputs"]]
    return {**content, "content_id": digest_of({**content, "inputs": compared})}


def _payload(
    result: Reconciliation,
    dataset: Dataset,
    results: tuple[CheckResult, ...],
    verdict: Verdict,
    execution: Mapping[str, Any],
) -> dict[str, bytes | Path]:
    documents: dict[str, Any] = {
        "contract.json": contract_of(LINES),
        "dataset.json": {"digest": dataset.digest.to_json(), "files": []},
        "control_totals.json": {
            "source": totals_of_balances(result).to_json(),
            "landed": landed_totals(LINES, dataset).to_json(),
        },
        "checks.json": {"verdict": verdict, "results": [r.to_json() for r in results]},
        "reconciliation.json": document_of(result),
        "inputs.json": {
            "sealed": [sealed.to_json() for _, sealed in sorted(result.inputs.sealed.items())],
            "missing": dict(result.inputs.missing),
        },
        "configuration.json": {name: key.to_json() for name, key in result.configuration.items()},
        "rules.json": {rule.name: {**rule.to_json(), "content": dict(rule.content)} for rule in result.rules},
        "execution.json": dict(execution),
        "environment.json": build_environment(),
    }
    rows: dict[str, bytes | Path] = {f"rows/{path.name}": path for path in dataset.files}
    return {**rows, **{name: canonical_json(value) for name, value in documents.items()}}


def totals_of_balances(result: Reconciliation) -> TypedTable:
    """Return the control totals of the lines by another way: from the balances, company by company."""
    rows = []
    for company in sorted({line.company for line in result.lines}):
        lines = [line for line in result.lines if line.company == company]
        sums: dict[str, Decimal | None] = {}
        for side in ("actual", "target"):
            known = [line for line in lines if getattr(line, side) is not None]
            of = {line.component for line in known}
            amounts = [
                b.amount
                for b in result.balances.lines
                if (b.company, b.side, b.kind) == (company, side, "component") and b.component in of
            ]
            sums[side] = sum(amounts, Decimal(0)) if known else None
        compared = [line for line in lines if line.variance is not None]
        variances = [
            b.amount if b.side == "actual" else -b.amount
            for line in compared
            for b in result.balances.lines
            if (b.company, b.component, b.kind) == (company, line.component, "component")
        ]
        rows.append(
            (company, len(lines), sums["actual"], sums["target"], sum(variances, Decimal(0)) if compared else None)
        )
    names = LINES.control_totals.columns
    types = [pa.string(), pa.int64(), *([arrow_type(SUM)] * 3)]
    arrays = [pa.array([row[n] for row in rows], kind) for n, kind in enumerate(types)]
    return TypedTable.from_arrow(pa.table(dict(zip(names, arrays, strict=True))))


def results_of(result: Reconciliation, dataset: Dataset) -> tuple[CheckResult, ...]:
    """Return every check result that the package of a reconciliation holds.

    Args:
        result: The reconciliation.
        dataset: Its lines, as :func:`write_lines` wrote them.
    """
    return (*result.results, _control_totals(result, dataset))


def _control_totals(result: Reconciliation, dataset: Dataset) -> CheckResult:
    source, landed = totals_of_balances(result), landed_totals(LINES, dataset)
    equal = source == landed
    severity, method = CHECKS["control_totals"]
    return CheckResult(
        name="control_totals",
        status="passed" if equal else "failed",
        severity=severity,
        method=method,
        expected=f"{len(source.rows)} companies",
        actual="equal" if equal else "they differ",
        unit="LCY",
    )


def _difference(previous: Mapping[str, Any], content: Mapping[str, Any]) -> str:
    """Name in words what differs between two attempts; of the inputs, which."""
    names = {
        "environment": "the environment",
        "definition_digest": "rules or configuration",
        "executed_digest": "the figures",
        "dataset_digest": "the lines",
        "checks": "the check results",
    }
    before = {one["item"]: one["content_id"] for one in previous["inputs"]}
    after = {one["item"]: one["content_id"] for one in content["inputs"]}
    changed = [item for item in sorted(before.keys() | after.keys()) if before.get(item) != after.get(item)]
    words = [f"the input {item}" for item in changed] or [w for n, w in names.items() if previous[n] != content[n]]
    return f"{' and '.join(words)} changed since attempt {previous['attempt']}"
