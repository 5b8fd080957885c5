"""Recomputation: what the sealed rows themselves say.

Here belongs recomputing the dataset digest, the control totals and the verdict from a package alone: without the source,
the catalog or the orchestrator. What does not belong here: bytes, seal and signature (``evidence.verify``).
"""

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

from soxauto_assets.canonical import digest_of, read_json
from soxauto_assets.catalog.model import ControlTotals
from soxauto_assets.catalog.types import ContractType
from soxauto_assets.checks.model import acceptance_of, verdict_from
from soxauto_assets.checks.totals import totals_sql
from soxauto_assets.evidence.trust import Trust
from soxauto_assets.evidence.verify import Layer, verify_package
from soxauto_assets.extraction.digest import dataset_digest
from soxauto_assets.extraction.parquet import scan, session
from soxauto_assets.extraction.tables import TypedTable


def verify_and_recompute(package: Path, trust: Trust | None = None) -> list[Layer]:
    """Verify a package, and when every layer holds recompute digest, totals and verdict from its content.

    A package whose bytes or signature do not hold is not read further: what it says of itself means nothing.

    Args:
        package: Its folder.
        trust: The trust file that the reader brought.
    """
    report = verify_package(package, trust)
    return [*report.layers, *recompute(package)] if report.verified else list(report.layers)


def recompute(package: Path) -> list[Layer]:
    """Recompute digest, totals and verdict from the content of a package that was verified."""
    steps: dict[str, Callable[[Path], str | None]] = {
        "dataset digest": _digest_fault,
        "control totals": _totals_fault,
        "verdict": _verdict_fault,
    }
    return [_layer(name, step, package) for name, step in steps.items()]


def _layer(name: str, step: Callable[[Path], str | None], package: Path) -> Layer:
    try:
        fault = step(package)
    except Exception as error:
        return Layer(name, "fail", "not-recomputed", f"it could not be recomputed ({type(error).__name__})")
    return Layer(name, "fail", "differs", fault) if fault else Layer(name, "pass", "ok", _PASSED[name])


_GOOD = ("passed", "not_applicable")
_DIGEST = re.compile(r"[0-9a-f]{64}")
_PASSED = {
    "dataset digest": "recomputed from the rows, equal to the sealed one",
    "control totals": "recomputed from the rows, equal to those sealed for rows and, where the check passed, source",
    "verdict": "follows from the sealed check results and the overrides beside them",
}


def _digest_fault(package: Path) -> str | None:
    contract = _document(package, "contract.json")
    columns = [(name, ContractType.parse(kind)) for name, kind in contract["columns"]]
    found = dataset_digest(_rows(package), columns, contract["company_column"])
    sealed = _document(package, "dataset.json")["digest"]
    if found.to_json() != sealed:
        return "the rows give another digest than the sealed one"
    statement = read_json((package / "statement.json").read_bytes())
    named = {subject["name"]: subject["digest"]["sha256"] for subject in statement["subject"]}
    if named.get("dataset") != found.digest or statement["predicate"]["dataset_digest"] != found.digest:
        return "the statement names another dataset digest"
    return None


def _totals_fault(package: Path) -> str | None:
    contract = _document(package, "contract.json")
    sealed = _document(package, "control_totals.json")
    found = _totals(_rows(package), contract)
    if found != TypedTable.from_json(sealed["landed"]):
        return "the rows give other control totals than the sealed ones"
    checks = {check["name"]: check["status"] for check in _document(package, "checks.json")["results"]}
    agree = TypedTable.from_json(sealed["source"]) == found
    if agree != (checks["control_totals"] == "passed"):
        return "the sealed check result does not follow from the totals of source and rows"
    return None


def _verdict_fault(package: Path) -> str | None:
    document = _document(package, "checks.json")
    results = document["results"]
    statement = read_json((package / "statement.json").read_bytes())["predicate"]
    for check in results:
        if check["override"] is not None and (fault := _override_fault(check, statement)):
            return f"the override of {check['name']} does not count: {fault}"
    verdict = verdict_from((check["severity"], check["status"], bool(check["override"])) for check in results)
    if verdict != document["verdict"] or verdict != statement["verdict"]:
        return f"the check results give {verdict}, the package says otherwise"
    if statement["checks"] != [[check["name"], check["severity"], check["status"]] for check in results]:
        return "the statement lists other check results than the package"
    if statement["overrides"] != [[c["name"], c["override"]["act_sha256"]] for c in results if c["override"]]:
        return "the statement lists other overrides than the package"
    return None


def _override_fault(check: dict[str, Any], statement: dict[str, Any]) -> str | None:
    """Say why a sealed override does not accept the result that it stands at; None when it does."""
    override = check["override"]
    if not (isinstance(override, dict) and all(_is_text(override.get(name)) for name in ("person", "reason"))):
        return "it names no person or no reason"
    if not _DIGEST.fullmatch(str(override.get("act_sha256"))):
        return "it names no act"
    if check["status"] in _GOOD:
        return "the check did not fail"
    environment, item, period, digest = (statement[n] for n in ("environment", "item", "period", "dataset_digest"))
    accepted = acceptance_of(environment, item, period, digest, check)
    if override.get("accepts_sha256") != digest_of(accepted):
        return "it accepted another result"
    return None


def _is_text(value: object) -> bool:
    return isinstance(value, str) and bool(value.strip())


def _totals(rows: list[Path], contract: dict[str, Any]) -> TypedTable:
    totals = ControlTotals(**{name: tuple(members) for name, members in contract["control_totals"].items()})
    kinds = {name: ContractType.parse(kind) for name, kind in contract["columns"]}
    with session() as connection:
        connection.execute(f"CREATE VIEW sealed AS SELECT * FROM {scan(rows)}")
        return TypedTable.from_arrow(connection.sql(totals_sql(totals, kinds, "sealed")).to_arrow_table())


def _rows(package: Path) -> list[Path]:
    return sorted((package / "data" / "rows").glob("*.parquet"))


def _document(package: Path, name: str) -> Any:
    return read_json((package / "data" / name).read_bytes())
