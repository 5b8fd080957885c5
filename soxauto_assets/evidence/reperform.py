"""Reperformance: the sealed SQL once more at the source, compared with what is sealed.

Here belongs running the sealed texts and comparing what they answer now. What does not belong here: recomputation from the
package alone (``evidence.recheck``), sealing (nothing is) and landing (the rows are thrown away).

A source that shows only its current state cannot be read as it was at the cut-off (DECISIONS B19), so an item that reads
one cannot be reperformed, only recomputed.
"""

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import sqlglot
from sqlglot import exp

from soxauto_assets.canonical import sha256_hex
from soxauto_assets.catalog.model import Item
from soxauto_assets.engines.contract import Engine, Errand
from soxauto_assets.engines.sql import DIALECT, normalised
from soxauto_assets.errors import ExtractionError, SourceMismatch
from soxauto_assets.evidence.difference import RowDifference, compare_rows, compare_totals
from soxauto_assets.evidence.sealed import document, predicate_of, rows_of, sealed_record
from soxauto_assets.evidence.verify import Layer
from soxauto_assets.extraction.generated import ROW_DIGEST
from soxauto_assets.extraction.landing import rewrite
from soxauto_assets.extraction.record import ExtractionRecord
from soxauto_assets.extraction.tables import TypedTable
from soxauto_assets.sources.bindings import Bindings

EXTRACT, TOTALS = "extract", "control_totals"


@dataclass(frozen=True)
class Reperformance:
    """What the sealed SQL answers now, beside what is sealed.

    Attributes:
        layers: ``rows``, ``source totals``, ``row digest``, ``dataset digest``; or why nothing was run.
        rows: How the rows moved; None where nothing was run.
        totals: Groups of the control totals that moved: sealed and now.
    """

    layers: tuple[Layer, ...]
    rows: RowDifference | None = None
    totals: Sequence[Mapping[str, Any]] = ()

    @property
    def possible(self) -> bool:
        """Whether the source was asked."""
        return self.rows is not None

    @property
    def equal(self) -> bool:
        """Whether the source answers what is sealed."""
        return self.possible and all(layer.status == "pass" for layer in self.layers)

    def to_json(self) -> dict[str, Any]:
        """Return it as plain values."""
        return {
            "possible": self.possible,
            "equal": self.equal,
            "layers": [layer.to_json() for layer in self.layers],
            "rows": self.rows.to_json() if self.rows else None,
            "totals": [dict(group) for group in self.totals],
        }


def reperform(package: Path, item: Item, engine: Engine, bindings: Bindings, limit: int) -> Reperformance:
    """Run the sealed statements of a package again, and compare.

    Args:
        package: Its folder, which was verified.
        item: The item in force.
        engine: The engine of the environment in force.
        bindings: Its bindings.
        limit: How many rows the sample shows of each kind.

    Raises:
        ExtractionError: The engine refused or failed, or the sealed text is no query of the sealed tables.
        SourceMismatch: The package is of another environment, or the item has other columns now.
    """
    record = sealed_record(package)
    if reason := not_possible(record, bindings):
        return Reperformance((Layer("source", "not present", reason[0], reason[1]),))
    _require_same(record, item, bindings)
    texts = {purpose: record.statements[purpose].executed for purpose in (EXTRACT, TOTALS, ROW_DIGEST)}
    for purpose, text in texts.items():
        _require_query(record, purpose, text)
    run = str(uuid4())
    with tempfile.TemporaryDirectory(prefix="soxauto-") as scratch:
        target = Path(scratch) / "unload"
        target.mkdir()
        unloaded = engine.unload(texts[EXTRACT], Errand(EXTRACT, item.id, record.period, run), target)
        answers = {
            purpose: TypedTable.from_arrow(
                engine.query(texts[purpose], Errand(purpose, item.id, record.period, run)).table
            )
            for purpose in (TOTALS, ROW_DIGEST)
        }
        part, digest = rewrite(item, record.period, unloaded.files, Path(scratch))
        personal = {column.name for column in item.columns if column.personal}
        rows = compare_rows(rows_of(package), [part], document(package, "contract.json"), personal, limit)
    moved = compare_totals(record.answers[TOTALS], answers[TOTALS], item.control_totals.group_by)
    digests = record.answers[ROW_DIGEST] == answers[ROW_DIGEST]
    layers = (
        _layer("rows", rows.equal, f"{rows.rows[1]} rows, as sealed", "; ".join(rows.lines())),
        _layer("control totals", not moved, "the source answers the sealed ones", f"{len(moved)} groups moved"),
        _layer("row digest", digests, "the source adds up to the sealed one", "the source adds up to another one"),
        _layer(
            "dataset digest",
            digest.digest == record.dataset.digest,
            f"sha256:{digest.digest}, as sealed",
            f"sealed {record.dataset.digest}, now {digest.digest}",
        ),
    )
    return Reperformance(layers, rows, moved)


def not_possible(record: ExtractionRecord, bindings: Bindings) -> tuple[str, str] | None:
    """Say by code and in words why the source cannot be asked again; None where it can."""
    if record.custody is not None:
        return "upload", (
            "the item is a file that somebody handed in; its original is sealed, there is no source to ask: reperformance from "
            "the source is not possible, only recomputation ('soxauto recompute')"
        )
    in_force = {name: bindings.sources[name].snapshot for name in record.bindings if name in bindings.sources}
    current = [n for n, sealed in record.bindings.items() if "current" in (sealed["snapshot"], in_force.get(n))]
    if current:
        return "current-state", (
            f"{', '.join(sorted(current))} shows its current state, not that of the cut-off: reperformance from the source is "
            "not possible, only recomputation ('soxauto recompute')"
        )
    return None


def _require_same(record: ExtractionRecord, item: Item, bindings: Bindings) -> None:
    if record.environment != bindings.environment:
        raise SourceMismatch(
            f"the package was sealed in environment {record.environment}, in force is {bindings.environment}",
            action=f"use the settings of environment {record.environment}",
            item=record.item,
            period=record.period,
        )
    if [(c.name, c.type.name) for c in item.columns] != [(name, kind) for name, kind in record.dataset.columns]:
        raise SourceMismatch(
            "the item has other columns now than the package",
            action="run this command with the code that sealed it",
            item=record.item,
            period=record.period,
        )


def _require_query(record: ExtractionRecord, purpose: str, text: str) -> None:
    """Require that a text is the one that its digest names, and a query of nothing but the sealed tables.

    A package comes from outside; its text runs with the rights of whoever reperforms it.
    """

    def refuse(cause: str) -> ExtractionError:
        return ExtractionError(
            f"the sealed text of {purpose} {cause}, so it is not run",
            action="find out who sealed the package",
            item=record.item,
            period=record.period,
        )

    if sha256_hex(normalised(text).encode()) != record.statements[purpose].digests["executed"]:
        raise refuse("is not the one that its digest names")
    try:
        trees = sqlglot.parse(text, read=DIALECT)
    except sqlglot.errors.SqlglotError as error:
        raise refuse("cannot be read") from error
    if len(trees) != 1 or not isinstance(tree := trees[0], exp.Query):
        raise refuse("is no single query")
    if tree.find(exp.DML, exp.DDL, exp.Command, exp.Into) not in (None, tree):
        raise refuse("holds more than a query")
    known = {(str(one["database"]).lower(), str(one["table"]).lower()) for one in record.bindings.values()}
    names = {cte.alias_or_name.lower() for cte in tree.find_all(exp.CTE)}
    for table in tree.find_all(exp.Table):
        place = (table.db.lower(), table.name.lower())
        if not isinstance(table.this, exp.Identifier) or (place not in known and (place[0] or place[1] not in names)):
            raise refuse(f"reads {table.sql(DIALECT)}, which is none of the sealed sources")


def _layer(name: str, equal: bool, passed: str, moved: str) -> Layer:
    return Layer(name, "pass", "ok", passed) if equal else Layer(name, "fail", "moved", moved)


def item_of(package: Path) -> str:
    """Return the item id that a package says."""
    return str(predicate_of(package)["item"])
