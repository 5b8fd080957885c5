"""A sealed reconciliation, computed again from the very attempts that it lists.

Here belongs finding those attempts, comparing the sealed rules with those in force, and comparing every figure. What does
not belong here: digest, totals and verdict of the package (``evidence.recompute``), how figures come about (``reconcile``).

A package whose figures agree with one another proves nothing about its inputs: whoever changes a line can fit everything
else to it. So nothing of what it says is taken for granted but the list of its inputs.
"""

import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from soxauto_assets.canonical import canonical_json, digest_of, read_json
from soxauto_assets.catalog import get_item
from soxauto_assets.catalog.companies import Companies
from soxauto_assets.catalog.configuration import Configuration
from soxauto_assets.evidence.difference import compare_rows
from soxauto_assets.evidence.documents import entries, words
from soxauto_assets.evidence.recheck import compared
from soxauto_assets.evidence.sealed import document, predicate_of, rows_of
from soxauto_assets.evidence.store import EvidenceStore
from soxauto_assets.evidence.verify import Layer
from soxauto_assets.extraction.landing import PART
from soxauto_assets.extraction.parquet import scan
from soxauto_assets.period import Period
from soxauto_assets.reconciliation.inputs import Inputs, SealedInput, Session, input_of, open_session
from soxauto_assets.reconciliation.package import document_of, results_of, write_lines, write_tables
from soxauto_assets.reconciliation.reconcile import (
    Reconciliation,
    compute,
    configuration_keys,
    last_rates,
    rule_files,
)
from soxauto_assets.reconciliation.rules import load_rules
from soxauto_assets.reconciliation.thresholds import Thresholds

# Part of the document, and what identifies an entry of it.
PARTS: Mapping[str, tuple[str, ...]] = {
    "lines": ("company", "component"),
    "totals": ("name",),
    "balances": ("company", "component", "side", "kind", "account", "name"),
    "rates": ("company",),
    "bridges": ("name",),
    "readings": ("company", "target_amount", "vtc_amount"),
    "vouchers": (),
}
_SHOWN = 5


def recompute_reconciliation(
    package: Path, store: EvidenceStore, configuration: Configuration, companies: Companies
) -> list[Layer]:
    """Reconcile again from the attempts that a sealed reconciliation lists, and compare every figure.

    Args:
        package: The folder of the package, which was verified.
        store: Where its inputs are.
        configuration: The configuration in force.
        companies: The companies that are known in the package's environment.

    Returns:
        ``inputs``, ``rules``, and a layer for each part of the result. Where an input is not in the store, or other rules are
        in force, the parts are ``not present``.

    Raises:
        StorageError: The store cannot be read.
    """
    found, inputs = _inputs(package, store)
    rules = _rules(package, configuration)
    layers = [inputs, rules]
    blocked = next((layer for layer in layers if layer.status != "pass"), None)
    if blocked or found is None:
        text = f"not computed again, since {inputs.name if blocked is inputs else rules.name} did not pass"
        return [*layers, Layer("figures", "not present", "not-evaluated", text)]
    last = last_rates(store, found.period, configuration)
    with open_session(found, configuration) as session:
        result = compute(session, companies, Thresholds(load_rules("thresholds")), last)
        with tempfile.TemporaryDirectory(prefix="soxauto-") as scratch:
            return [*layers, *_figures(package, result, session, Path(scratch))]


def _inputs(package: Path, store: EvidenceStore) -> tuple[Inputs | None, Layer]:
    """Return the very inputs that the package lists, and what is to be said of them."""
    predicate, listed = predicate_of(package), document(package, "inputs.json")
    if listed["sealed"] != predicate["inputs"]:
        return None, Layer("inputs", "fail", "differs", "statement and package list other inputs")
    period = Period.parse(predicate["period"])
    sealed: dict[str, SealedInput] = {}
    missing, other = [], []
    for one in listed["sealed"]:
        name = f"{one['item']} attempt {one['attempt']}"
        packages = store.attempts(one["item"], period.key)
        at = next((p for p in packages if p.attempt == one["attempt"]), None)
        if at is None:
            missing.append(name)
            continue
        used = input_of(store, at, get_item(one["item"]))
        if isinstance(used, str):
            other.append(f"{name}: {used}")
        elif used.to_json() != one:
            other.append(f"{name}: the store holds another package than the listed one")
        else:
            sealed[one["item"]] = used
    if other:
        return None, Layer("inputs", "fail", "other-input", "; ".join(other[:_SHOWN]))
    if missing:
        text = f"not in the store: {', '.join(missing)}; next: give the store that holds them"
        return None, Layer("inputs", "not present", "missing-input", text)
    text = f"{len(sealed)} attempts, each verified and with the listed seal, content and rows"
    return Inputs(period, sealed, listed["missing"]), Layer("inputs", "pass", "ok", text)


def _rules(package: Path, configuration: Configuration) -> Layer:
    """Compare sealed rules and configuration with those in force, after what the package says of itself."""
    sealed_rules, sealed_keys = document(package, "rules.json"), document(package, "configuration.json")
    identities = [{n: v for n, v in rule.items() if n != "content"} for rule in sealed_rules.values()]
    for rule in sealed_rules.values():
        if digest_of(rule["content"]) != rule["sha256"]:
            return Layer("rules", "fail", "differs", f"the sealed rule file {rule['name']} has another digest")
    definition = {
        "components": document(package, "reconciliation.json")["components"],
        "configuration": sealed_keys,
        "rules": sorted(identities, key=lambda rule: str(rule["name"])),
    }
    if digest_of(definition) != predicate_of(package)["definition_digest"]:
        return Layer("rules", "fail", "differs", "the sealed rules and keys give another definition digest")
    force = {rule.name: rule.digest for rule in rule_files()}
    sealed = {name: rule["sha256"] for name, rule in sealed_rules.items()}
    keys = {name: key.to_json() for name, key in configuration.select(configuration_keys()).items()}
    changed = [f"rules/{name}" for name in sorted(force.keys() | sealed.keys()) if force.get(name) != sealed.get(name)]
    changed += [name for name in sorted(keys.keys() | sealed_keys.keys()) if keys.get(name) != sealed_keys.get(name)]
    if changed:
        product = document(package, "environment.json")["product"]
        text = (
            f"sealed and in force differ: {', '.join(changed)}; next: run this command with the code and configuration that "
            f"sealed it, version {product['version']}, commit {product['commit']}"
        )
        return Layer("rules", "not present", "other-rules", text)
    return Layer("rules", "pass", "ok", f"{len(sealed)} rule files and {len(keys)} keys, as they are in force")


def _figures(package: Path, result: Reconciliation, session: Session, scratch: Path) -> list[Layer]:
    now = read_json(canonical_json(document_of(result)))
    sealed = document(package, "reconciliation.json")
    layers = [_part(name, key, sealed[name], now[name]) for name, key in PARTS.items()]
    status = [name for name in ("period", "status", "assumed", "components") if now[name] != sealed[name]]
    layers.append(
        _layer("status", [f"{name}: sealed {sealed[name]}, now {now[name]}" for name in status], now["status"])
    )
    dataset = write_lines(result, scratch)
    rows = [] if dataset.digest.to_json() == document(package, "dataset.json")["digest"] else _rows(package, scratch)
    layers.append(_layer("rows", rows, f"{dataset.digest.rows} lines, as computed again"))
    layers.append(_tables(package, session, scratch))
    results = {one.name: one for one in results_of(result, dataset)}
    listed = {one["name"]: one for one in document(package, "checks.json")["results"]}
    if results.keys() != listed.keys():
        layers.append(Layer("checks", "fail", "differs", "the package holds results of other checks"))
    for name in sorted(results.keys() & listed.keys()):
        passed = Layer(f"check {name}", "pass", "ok", f"evaluated again: {results[name].status}, as sealed")
        layers.append(compared(listed[name], results[name]) or passed)
    return layers


def _part(name: str, key: Sequence[str], sealed: Any, now: Any) -> Layer:
    if not isinstance(now, list):
        return _layer(name, words(sealed, now), "as computed again")
    return _layer(name, entries(sealed, now, key), f"{len(now)} as computed again")


def _layer(name: str, differing: Sequence[str], passed: str) -> Layer:
    if not differing:
        return Layer(name, "pass", "ok", passed)
    more = f" and {len(differing) - _SHOWN} more" if len(differing) > _SHOWN else ""
    return Layer(name, "fail", "differs", f"sealed -> computed again: {'; '.join(differing[:_SHOWN])}{more}")


def _rows(package: Path, scratch: Path) -> list[str]:
    """Say in which cells the sealed lines differ; the computed ones were written to ``scratch``."""
    found = compare_rows(rows_of(package), [scratch / PART], document(package, "contract.json"), (), _SHOWN)
    return [*found.lines()] or ["the digest of the sealed rows is another one"]


def _tables(package: Path, session: Session, scratch: Path) -> Layer:
    """Compare every kept table row by row."""
    sealed = {path.stem: path for path in (package / "data" / "tables").glob("*.parquet")}
    now = {name: path for name, (path, _) in write_tables(session, scratch).items()}
    differing = [f"{name} is on one side only" for name in sorted(sealed.keys() ^ now.keys())]
    for name in sorted(sealed.keys() & now.keys()):
        sides = (scan([sealed[name]]), scan([now[name]]))
        try:
            first, second = (
                session.rows(f"SELECT count(*) FROM (FROM {one} EXCEPT ALL FROM {other})")[0][0]
                for one, other in (sides, sides[::-1])
            )
        except Exception as error:
            differing.append(f"{name} has other columns ({type(error).__name__})")
            continue
        if first or second:
            differing.append(f"{name}: {first} rows only as sealed, {second} only as computed again")
    return _layer("tables", differing, f"{len(now)} tables of proof rows, row by row as computed again")
