"""A sealed reconciliation computed again: equal, and a forgery in which everything agrees with everything else is found."""

import shutil
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from soxauto_assets.catalog.companies import known_companies
from soxauto_assets.commands.recompute import layers_of
from soxauto_assets.evidence.recompute import verify_and_recompute
from soxauto_assets.evidence.sealing import Sealer
from soxauto_assets.evidence.store import LocalEvidenceStore
from soxauto_assets.evidence.verify import Layer
from soxauto_assets.reconciliation import recompute as module
from soxauto_assets.reconciliation.package import ID, seal_reconciliation
from soxauto_assets.reconciliation.reconcile import reconcile
from soxauto_assets.runtime import Runtime
from soxauto_assets_tests.reconciliation.test_month import PERIOD, close_month

D = Decimal


@pytest.fixture(scope="module")
def month(tmp_path_factory: pytest.TempPathFactory) -> Runtime:
    runtime = close_month(tmp_path_factory.mktemp("recomputed"))
    yield runtime
    runtime.close()


@pytest.fixture(scope="module")
def package(month: Runtime) -> Path:
    return month.evidence.folder(month.reconcile(PERIOD, "run-1")[1].package)


@pytest.fixture(scope="module")
def forged(month: Runtime, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Egypt's balance is lowered until the variance is gone, and lines, totals, balances, checks and status follow."""
    with reconcile(month.evidence, PERIOD, month.configuration, known_companies("lake")) as (result, session):
        lines = tuple(
            replace(line, actual=line.target, status="reconciled")
            if (line.company, line.component) == ("JM_EG", "IPE_07")
            else line
            for line in result.lines
        )
        balances = tuple(
            replace(one, amount=D(200))
            if (one.company, one.component, one.side, one.kind) == ("JM_EG", "IPE_07", "actual", "component")
            else one
            for one in result.balances.lines
        )
        better = replace(
            result,
            lines=lines,
            balances=replace(result.balances, lines=balances),
            results=tuple(
                replace(one, status="passed", details=()) if one.name == "unexplained_within_threshold" else one
                for one in result.results
            ),
        )
        root = tmp_path_factory.mktemp("forged") / "evidence"
        sealer = Sealer(LocalEvidenceStore(root), month.heartbeats, month.uploads, None)
        sealed = seal_reconciliation(sealer, better, session, "run-1", {})
        return LocalEvidenceStore(root).folder(sealed.package)


def status(layers: list[Layer]) -> dict[str, tuple[str, str]]:
    return {layer.name: (layer.status, layer.code) for layer in layers}


def failed(layers: list[Layer]) -> set[str]:
    return {layer.name for layer in layers if layer.status == "fail"}


def test_a_sealed_reconciliation_is_computed_again_from_its_inputs(month, package):
    layers = layers_of(month, package)
    assert failed(layers) == set()
    found = status(layers)
    parts = (
        "inputs",
        "rules",
        "lines",
        "totals",
        "balances",
        "rates",
        "bridges",
        "readings",
        "vouchers",
        "rows",
        "tables",
    )
    assert {name: found[name] for name in parts} == dict.fromkeys(parts, ("pass", "ok"))
    assert found["check unexplained_within_threshold"] == found["check control_totals"] == ("pass", "ok")


def test_a_forgery_that_agrees_with_itself_is_found(month, forged):
    own = verify_and_recompute(forged)
    assert failed(own) == set(), "bytes, digest, totals and verdict of the forgery agree"
    layers = layers_of(month, forged)
    assert {"lines", "balances", "rows", "check unexplained_within_threshold"} <= failed(layers)
    said = {layer.name: layer.text for layer in layers}
    assert "JM_EG IPE_07" in said["lines"] and "actual_lcy 200" in said["lines"] and "-> 12200" in said["lines"]
    assert "company JM_EG, component IPE_07: status reconciled -> unexplained above threshold" in said["rows"]


def test_an_input_that_is_not_in_the_store_is_said(month, package, tmp_path):
    shutil.copytree(month.evidence.root, tmp_path / "evidence")
    shutil.rmtree(tmp_path / "evidence" / "IPE_12")
    layers = layers_of(month, package, LocalEvidenceStore(tmp_path / "evidence"))
    found = status(layers)
    assert found["inputs"] == ("not present", "missing-input")
    assert found["figures"] == ("not present", "not-evaluated")
    assert "lines" not in found
    assert "IPE_12 attempt 1" in next(layer.text for layer in layers if layer.name == "inputs")


def test_another_package_in_the_place_of_an_input_is_found(month, package, tmp_path):
    store = LocalEvidenceStore(tmp_path / "evidence")
    shutil.copytree(month.evidence.root, store.root)
    file = store.root / "IPE_12" / "2025-09" / "attempt-0001" / "data" / "checks.json"
    file.chmod(0o644)
    file.write_bytes(file.read_bytes().replace(b"passed", b"Passed"))
    layers = layers_of(month, package, store)
    assert status(layers)["inputs"] == ("fail", "other-input")


def test_other_rules_in_force_are_named_and_nothing_is_implied(month, package, monkeypatch):
    rules = tuple(replace(rule, digest="0" * 64) if rule.name == "thresholds" else rule for rule in module.rule_files())
    monkeypatch.setattr(module, "rule_files", lambda: rules)
    layers = layers_of(month, package)
    assert status(layers)["rules"] == ("not present", "other-rules")
    assert "rules/thresholds" in next(layer.text for layer in layers if layer.name == "rules")
    assert "lines" not in status(layers)


def test_the_package_is_where_the_store_says(package):
    assert package.parts[-3:] == (ID, "2025-09", "attempt-0001")
