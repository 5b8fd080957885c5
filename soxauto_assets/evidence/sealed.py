"""A sealed package read back as the extraction that it was sealed from.

Here belongs the way from the documents of a package to record, rows and what the checks knew, so that they can be
evaluated, compared or run again. What does not belong here: whether the package holds (``evidence.verify``), and judging
what is read (``evidence.recheck``, ``evidence.difference``).
"""

from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

from soxauto_assets.canonical import read_json
from soxauto_assets.catalog.companies import Companies
from soxauto_assets.catalog.model import Item
from soxauto_assets.checks.model import Baseline, CheckContext, Override, Previous
from soxauto_assets.extraction.landing import Dataset
from soxauto_assets.extraction.record import FORMAT, ExtractionRecord


def document(package: Path, name: str, absent: Any = None) -> Any:
    """Return a document of a package by its path below ``data/``; ``absent`` where there is none."""
    path = package / "data" / name
    return read_json(path.read_bytes()) if path.is_file() else absent


def predicate_of(package: Path) -> dict[str, Any]:
    """Return what the statement of a package says."""
    return dict(read_json((package / "statement.json").read_bytes())["predicate"])


def rows_of(package: Path) -> tuple[Path, ...]:
    """Return the Parquet files of a package's rows, in order."""
    return tuple(sorted((package / "data" / "rows").glob("*.parquet")))


def texts_of(package: Path) -> dict[str, dict[str, str]]:
    """Return every sealed SQL text by purpose, then ``template``, ``baseline`` and ``executed``."""
    found: dict[str, dict[str, str]] = {}
    for path in sorted((package / "data" / "query").glob("*.sql")):
        purpose, kind, _ = path.name.rsplit(".", 2)
        text = path.read_text("utf-8")
        # Baseline and executed text are sealed with a line end of their own; the template is the catalog's file.
        found.setdefault(purpose, {})[kind] = text if kind == "template" else text.removesuffix("\n")
    return found


def sealed_record(package: Path) -> ExtractionRecord:
    """Return the extraction record that a package of an item was sealed from.

    Raises:
        KeyError: A document lacks what a record needs.
        OSError: A document is not there.
    """
    predicate, execution = predicate_of(package), document(package, "execution.json")
    parameters, totals = document(package, "query/parameters.json"), document(package, "control_totals.json")
    digests, dataset = document(package, "query/digests.json"), document(package, "dataset.json")
    statements = {
        purpose: {**texts, "digests": digests[purpose], "execution": execution["executions"].get(purpose, {})}
        for purpose, texts in texts_of(package).items()
    }
    return ExtractionRecord.from_json(
        {
            "format": FORMAT,
            **{name: predicate[name] for name in ("item", "period", "environment", "definition_digest")},
            **{name: execution[name] for name in ("run_id", "performed_by", "sources", "engine_files", "objects")},
            "parameters": parameters["parameters"],
            "configuration": parameters["configuration"],
            "bindings": document(package, "bindings.json"),
            "statements": statements,
            "answers": {"control_totals": totals["source"], **document(package, "probes.json")},
            "dataset": dataset["digest"],
            "files": dataset["files"],
            "warnings": execution["warnings"],
            "custody": document(package, "custody.json"),
            "witnesses": document(package, "context.json")["witnesses"],
            "ordinal": execution.get("extraction_record", 0),
        }
    )


def sealed_dataset(package: Path, item: Item, record: ExtractionRecord) -> Dataset:
    """Return the rows of a package as the checks read them."""
    return Dataset(item, rows_of(package), record.dataset, record.files)


def sealed_context(
    package: Path, companies: Companies, previous: Previous | None, definition: str | None
) -> CheckContext:
    """Return what the checks knew when the package was sealed.

    Args:
        package: Its folder.
        companies: The known companies; the package holds their digest alone.
        previous: Figures of the package that ``drift`` compared with, which is another package.
        definition: Definition digest of the item in force.
    """
    known, predicate = document(package, "context.json"), predicate_of(package)
    return CheckContext(
        expected_definition=definition,
        companies=companies,
        previous=previous,
        baseline=_baseline(known["baseline"], str(predicate["sealed_at"])[:10]),
        overrides=tuple(
            Override(check, one["person"], one["reason"], one["act_sha256"], one["accepts_sha256"], one["until"])
            for check, one in known["overrides"].items()
        ),
    )


def _baseline(known: Mapping[str, Any] | None, sealed_on: str) -> Baseline | None:
    if known is None:
        return None
    expires = known["expires"]
    return Baseline(
        **{name: known[name] for name in ("approved", "current", "person", "approved_on", "expires", "act_sha256")},
        expired=expires is not None and date.fromisoformat(expires) < date.fromisoformat(sealed_on),
    )
