"""The checks of a sealed package, evaluated again from what the package holds.

Here belongs which checks a package can answer by itself, and the comparison with the sealed results. What does not belong
here: digest, totals and verdict (``evidence.recompute``), the rules (``checks``).

Nothing is asked of a source: what it answered when the item was extracted is sealed beside the rows. A check that needs more
than the package holds is ``not present`` with the reason, never passed.
"""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from soxauto_assets.canonical import canonical_json, digest_of, read_json
from soxauto_assets.catalog.companies import Companies
from soxauto_assets.catalog.configuration import Configuration
from soxauto_assets.catalog.model import Item
from soxauto_assets.checks import CheckResult
from soxauto_assets.checks.model import Previous
from soxauto_assets.checks.suite import code_version, run_checks
from soxauto_assets.evidence.sealed import document, predicate_of, sealed_context, sealed_dataset, sealed_record
from soxauto_assets.evidence.verify import Layer
from soxauto_assets.extraction.extract import definition_digest
from soxauto_assets.extraction.landing import Dataset
from soxauto_assets.extraction.parquet import scan

# Gives the figures of the package with a seal, by item, period and SHA-256 of the seal; None where it is not there.
Figures = Callable[[str, str, str], Mapping[str, Any] | None]
# With one of these codes hardly anything was recomputed: the command says so in its exit code.
NOT_DONE = ("other-definition", "other-rules", "missing-input", "unknown-item")

_CONTENT = (
    "environment", "item", "period", "definition_digest", "executed_digest", "dataset_digest", "checks", "overrides", "inputs",
)  # fmt: skip
_COMPANIES = ("company_known", "currency_of_company")


def content_layer(package: Path) -> Layer:
    """Compute the content id again from what the statement says."""
    predicate = predicate_of(package)
    content = {name: predicate[name] for name in _CONTENT}
    # An input counts by its content.
    content["inputs"] = [{name: one[name] for name in ("item", "content_id")} for one in content["inputs"]]
    if digest_of(content) != predicate["content_id"]:
        return Layer("content id", "fail", "differs", "the statement's content gives another content id")
    return Layer("content id", "pass", "ok", "follows from what the statement says")


def recheck(
    package: Path, item: Item, configuration: Configuration, companies: Companies, figures: Figures
) -> list[Layer]:
    """Evaluate the checks of a package again and compare each with the sealed result.

    Args:
        package: The folder of a package of an item, which was verified.
        item: The item in force.
        configuration: The configuration in force.
        companies: The companies that are known in the package's environment.
        figures: Gives the figures of the package that ``drift`` compared with.

    Returns:
        One layer per check. ``not present`` where the package does not hold what the check needs.
    """
    predicate, definition = predicate_of(package), definition_digest(item, configuration)
    if predicate["definition_digest"] != definition:
        return [Layer("checks", "not present", "other-definition", _other_definition(package, predicate, definition))]
    record, known = sealed_record(package), document(package, "context.json")
    if record.executed_digest != predicate["executed_digest"]:
        return [Layer("checks", "fail", "differs", "the statement names another executed query than the package")]
    absent: dict[str, str] = {}
    previous = None
    if before := known["previous"]:
        found = figures(item.id, before["period"], before["seal_sha256"])
        if found is None:
            seal = before["seal_sha256"][:16]
            absent["drift"] = f"it compares with the package of {before['period']}, seal {seal}…, which is not here"
        else:
            previous = Previous(before["period"], before["seal_sha256"], found)
    if known["companies_sha256"] != companies.digest:
        absent |= dict.fromkeys(_COMPANIES, "the list of known companies has changed, and the package holds its digest")
    dataset = sealed_dataset(package, item, record)
    results = run_checks(item, record, dataset, sealed_context(package, companies, previous, definition))
    return _compared(package, {result.name: result for result in results}, dataset, absent)


def _compared(
    package: Path, now: Mapping[str, CheckResult], dataset: Dataset, absent: Mapping[str, str]
) -> list[Layer]:
    sealed = {one["name"]: one for one in document(package, "checks.json")["results"]}
    layers = []
    for name in dict.fromkeys((*sealed, *now)):
        if name not in sealed or name not in now:
            layers.append(_one_sided(name, sealed.get(name)))
        elif name in absent:
            layers.append(Layer(f"check {name}", "not present", "other-package", absent[name]))
        else:
            layers.append(compared(sealed[name], now[name]) or _keys(package, now[name], dataset))
    return layers


def compared(sealed: Mapping[str, Any], result: CheckResult) -> Layer | None:
    """Return what differs between a sealed result and the one of now; None where nothing does."""
    now = read_json(canonical_json(result.to_json()))
    changed = [name for name in now if name != "code_version" and now[name] != sealed.get(name)]
    if not changed:
        return None
    other_code = sealed.get("code_version") != code_version() and "code_version" in sealed
    both = f"sealed {sealed['status']} ({sealed['actual']}), now {result.status} ({result.actual})"
    said = f"{both}; differs in {', '.join(changed)}"
    if not other_code or {"status", "severity", "override"} & set(changed):
        return Layer(f"check {result.name}", "fail", "differs", said)
    by = f"other code evaluated it ({sealed['code_version']}): the status is the same, the words differ"
    return Layer(f"check {result.name}", "not present", "other-code", f"{by} in {', '.join(changed)}")


def _one_sided(name: str, sealed: Mapping[str, Any] | None) -> Layer:
    if sealed is None:
        return Layer(
            f"check {name}", "fail", "differs", "the item has this check, and the package holds no result of it"
        )
    if sealed["code_version"] != code_version():
        text = f"other code evaluated it ({sealed['code_version']}), and this code has no such check"
        return Layer(f"check {name}", "not present", "other-code", text)
    return Layer(
        f"check {name}", "fail", "differs", "the package holds a result of a check that the item does not have"
    )


def _keys(package: Path, result: CheckResult, dataset: Dataset) -> Layer:
    """Compare the sealed keys of the rows that a failed check concerns with those of now."""
    layer = Layer(f"check {result.name}", "pass", "ok", f"evaluated again: {result.status}, as sealed")
    if result.failing is None:
        return layer
    path = package / "data" / "failed" / f"{result.name}.parquet"
    sides = (f"SELECT * FROM ({result.failing.sql})", f"SELECT * FROM {scan([path])}")
    with dataset.query() as connection:
        for one, other in (sides, sides[::-1]):
            query = f"SELECT count(*) FROM (({one}) EXCEPT ALL ({other}))"
            row = connection.execute(query, dict(result.failing.parameters) or None).fetchone()
            if row is None or row[0]:
                text = "the sealed keys of the rows that it concerns are not those of the sealed rows"
                return Layer(layer.name, "fail", "other-keys", text)
    return layer


def _other_definition(package: Path, predicate: Mapping[str, Any], definition: str) -> str:
    product = document(package, "environment.json")["product"]
    return (
        f"the item was sealed with the definition {predicate['definition_digest'][:16]}…, in force is {definition[:16]}…; "
        f"next: run this command with the code that sealed it, version {product['version']}, commit {product['commit']}, "
        "and its configuration"
    )
