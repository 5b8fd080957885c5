"""Rendering: how columns, checks and lineage look in Dagster, the same on every page.

Here belongs the translation of plain records into metadata. What does not belong here: computing them.
"""

import re
from collections.abc import Sequence
from typing import Any

import dagster as dg

from soxauto_assets.catalog.model import Item, OutputColumn
from soxauto_assets.checks import CheckResult
from soxauto_assets.sources.model import SourceColumn

_SIGNS = {"passed": "✓ passed", "failed": "✗ failed", "error": "✗ not evaluated", "not_applicable": "– not applicable"}


def source_key(name: str) -> dg.AssetKey:
    """Return the asset key of a logical source."""
    return dg.AssetKey(["source", name])


def upload_key(item: Item) -> dg.AssetKey:
    """Return the asset key of the file that an item is made from."""
    return source_key(f"{item.id.lower()}_upload")


def extract_key(item: Item) -> dg.AssetKey:
    """Return the asset key of an item's extract."""
    return dg.AssetKey(["extract", item.id])


def evidence_key(item: Item) -> dg.AssetKey:
    """Return the asset key of an item's evidence."""
    return dg.AssetKey(["evidence", item.id])


def table_schema(columns: Sequence[OutputColumn | SourceColumn]) -> dg.TableSchema:
    """Return declared columns as Dagster shows them."""
    return dg.TableSchema(
        columns=[
            dg.TableColumn(
                name=column.name,
                type=column.type.name,
                description=column.meaning,
                constraints=dg.TableColumnConstraints(nullable=column.nullable),
            )
            for column in columns
        ]
    )


def column_lineage(item: Item) -> dg.TableColumnLineage:
    """Return the lineage of an extract's columns, derived from its SQL, or from the headers of its file."""
    if item.upload:
        return dg.TableColumnLineage(
            deps_by_column={
                column: [dg.TableColumnDep(asset_key=upload_key(item), column_name=names[0])]
                for column, names in item.upload.headers.items()
            }
        )
    from soxauto_assets.engines.lineage import column_lineage as derive

    return dg.TableColumnLineage(
        deps_by_column={
            column: [dg.TableColumnDep(asset_key=source_key(source), column_name=name) for source, name in leaves]
            for column, leaves in derive(item.id).items()
        }
    )


def check_metadata(result: CheckResult) -> dict[str, dg.MetadataValue]:
    """Return the figures of a check result."""
    shown: dict[str, dg.MetadataValue] = {
        "status": dg.MetadataValue.text(_SIGNS[result.status]),
        "method": dg.MetadataValue.text(result.method),
        "expected": dg.MetadataValue.text(result.expected),
        "actual": dg.MetadataValue.text(result.actual),
    }
    for name, value in (("unit", result.unit), ("difference", result.difference), ("reason", result.reason)):
        if value is not None:
            shown[name] = dg.MetadataValue.text(value)
    if result.rows is not None:
        shown["rows_concerned"] = dg.MetadataValue.int(result.rows)
    if result.details:
        shown["details"] = dg.MetadataValue.md("\n".join(f"- {_escaped(line)}" for line in result.details))
    if result.sample:
        # As text it is read at a glance; Markdown hides behind a click.
        shown["sample"] = dg.MetadataValue.text("; ".join(result.sample))
    if result.override:
        shown["accepted"] = dg.MetadataValue.text(f"by {result.override.person}: {result.override.reason}")
        shown["override"] = dg.MetadataValue.json(result.override.to_json())
    shown["seconds"] = dg.MetadataValue.float(round(result.duration, 3))
    shown["code_version"] = dg.MetadataValue.text(result.code_version)
    return shown


def evaluated(evaluation: dg.AssetCheckEvaluation) -> dict[str, Any]:
    """Return an evaluated check as plain values: the inverse of :func:`check_metadata`, as far as a terminal shows it."""
    said = {name: str(value.value) for name, value in evaluation.metadata.items()}
    return {
        "name": evaluation.check_name,
        "status": next(status for status, sign in _SIGNS.items() if sign == said["status"]),
        "severity": "error" if evaluation.severity == dg.AssetCheckSeverity.ERROR else "warn",
        "expected": said["expected"],
        "actual": said["actual"],
        "details": [_plain(line.removeprefix("- ")) for line in said.get("details", "").splitlines()],
        "override": evaluation.metadata["override"].value if "override" in evaluation.metadata else None,
    }


def checks_table(results: Sequence[CheckResult]) -> dg.MetadataValue:
    """Return all check results of an item as one table."""
    lines = ["| check | result | severity | expected | actual |", "|---|---|---|---|---|"]
    lines += [
        f"| {r.name} | {_SIGNS[r.status]} | {r.severity} | {_escaped(r.expected)} | {_escaped(r.actual)} |"
        for r in results
    ]
    return dg.MetadataValue.md("\n".join(lines))


def severity(result: CheckResult) -> dg.AssetCheckSeverity:
    """Return a result's severity in Dagster's words."""
    return dg.AssetCheckSeverity.ERROR if result.severity == "error" else dg.AssetCheckSeverity.WARN


def _plain(text: str) -> str:
    """Undo :func:`_escaped`."""
    return re.sub(r"\\([|<>\[\]`*_])", r"\1", text)


def _escaped(text: str) -> str:
    """Keep a data value from being read as Markdown."""
    return "".join(f"\\{mark}" if mark in "|<>[]`*_" else mark for mark in text)
