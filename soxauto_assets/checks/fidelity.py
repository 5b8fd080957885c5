"""The rule of source fidelity: what the engine read is what the files hold.

Here belongs judging what extraction found in the files. What does not belong here: looking into them
(``extraction.fidelity``).
"""

from soxauto_assets.catalog.model import Item
from soxauto_assets.checks.model import CheckContext, Outcome
from soxauto_assets.extraction.fidelity import FIDELITY
from soxauto_assets.extraction.landing import Dataset
from soxauto_assets.extraction.record import ExtractionRecord
from soxauto_assets.extraction.tables import Value

_SHOWN = 20


def source_fidelity(item: Item, record: ExtractionRecord, dataset: Dataset, context: CheckContext) -> Outcome:
    """No column is absent from a file, rounded or converted on reading, and no file is older or newer than its freshness."""
    answer = record.answers.get(FIDELITY)
    if answer is None:
        return Outcome(
            held=False,
            severity="warn",
            expected="the files behind the tables were compared with their declaration",
            actual="this extraction did not look at them",
            details=("next: close the month again",),
        )
    found = answer.records()
    errors = [row for row in found if row["weight"] == "error"]
    warned = [row for row in found if row["weight"] == "warn"]
    files = sum(int(source.get("files_looked_at") or 0) for source in record.sources.values())
    rows = sum(int(str(row["changed_rows"])) for row in errors if row["changed_rows"] and row["fault"] != "mixed")
    return Outcome(
        held=not errors and not warned,
        severity=None if errors else "warn" if warned else None,
        expected=f"{len(record.sources)} tables are read as their files hold them",
        actual=f"{len(errors)} differences change a figure, {len(warned)} may; {files} files looked at",
        unit="differences",
        difference=str(len(errors) + len(warned)),
        rows=rows,
        details=tuple(said(row) for row in [*errors, *warned, *(r for r in found if r["weight"] == "note")][:_SHOWN]),
    )


def said(row: dict[str, Value]) -> str:
    """Return one difference in words: table, file, column, what is declared and found, what became of the total."""
    where = " ".join(str(row[name]) for name in ("table_name", "file", "column_name") if row[name])
    parts = [str(row["fault"])]
    if row["declared"]:
        parts.append(f"declared {row['declared']}")
    if row["found"]:
        parts.append(f"found {row['found']}")
    if row["changed_rows"]:
        parts.append(f"{row['changed_rows']} rows are read otherwise")
    if row["as_stored"]:
        parts.append(f"stored {row['as_stored']}")
    if row["as_read"]:
        parts.append(f"read {row['as_read']}")
    return f"{where}: {', '.join(parts)}"
