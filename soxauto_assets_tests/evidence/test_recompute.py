"""Recomputation of an item's package: every check again from what is sealed, and what a forger changes consistently."""

import hashlib
import json
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from soxauto_assets.canonical import canonical_json, read_json
from soxauto_assets.catalog import get_item
from soxauto_assets.commands.recompute import layers_of
from soxauto_assets.evidence import recheck as module
from soxauto_assets.evidence.recompute import verify_and_recompute
from soxauto_assets.evidence.sealed import sealed_record
from soxauto_assets.evidence.store import LocalEvidenceStore
from soxauto_assets.period import Period
from soxauto_assets_tests.catalog.test_ipe_07 import TABLES
from soxauto_assets_tests.closing import close
from soxauto_assets_tests.evidence.signed import rewrite, seal_again
from soxauto_assets_tests.lakes import write_table


@pytest.fixture
def package(open_runtime) -> Path:
    runtime = open_runtime()
    return runtime.evidence.folder(close(runtime, "IPE_07").package)


def said(layers) -> dict[str, tuple[str, str]]:
    return {layer.name: (layer.status, layer.code) for layer in layers}


def failed(layers) -> dict[str, str]:
    return {layer.name: layer.code for layer in layers if layer.status == "fail"}


def reseal(package: Path, **documents) -> None:
    """Do what a forger without a key does: put documents in place, fit statement, manifests and seal, drop the signature."""
    for path, value in documents.items():
        rewrite(package / path, canonical_json(value))
    seal_again(package)
    (package / "signature.dsse.json").unlink(missing_ok=True)
    statement = read_json((package / "statement.json").read_bytes())
    manifest = (package / "manifest-sha256.txt").read_bytes()
    statement["subject"][0]["digest"]["sha256"] = hashlib.sha256(manifest).hexdigest()
    rewrite(package / "statement.json", canonical_json(statement))
    seal_again(package)


def test_every_check_of_a_package_is_evaluated_again_from_what_it_holds(open_runtime, package):
    layers = layers_of(open_runtime(), package)
    checks = {layer.name: layer for layer in layers if layer.name.startswith("check ")}
    sealed = read_json((package / "data" / "checks.json").read_bytes())["results"]
    assert set(checks) == {f"check {one['name']}" for one in sealed}
    assert {layer.status for layer in checks.values()} == {"pass"}
    assert checks["check drift"].text == "evaluated again: not_applicable, as sealed"
    assert said(layers)["content id"] == ("pass", "ok")


def test_the_record_is_read_back_whole(open_runtime, package):
    runtime = open_runtime()
    record, _ = runtime.extractions.newest(get_item("IPE_07"), Period(2025, 9))
    assert sealed_record(package).to_json() == record.to_json()


@pytest.mark.parametrize("name", ["key_unique", "row_digest", "cutoff", "query_hash"])
def test_a_result_that_a_forger_rewrote_is_found(open_runtime, package, name):
    """Words that digest, totals and verdict have nothing to do with, under a new seal and without a signature."""
    document = read_json((package / "data" / "checks.json").read_bytes())
    (one,) = (one for one in document["results"] if one["name"] == name)
    one["actual"] = "as somebody would like it"
    reseal(package, **{"data/checks.json": document})
    assert not failed(verify_and_recompute(package)), "nothing else finds it"
    assert failed(layers_of(open_runtime(), package)) == {f"check {name}": "differs"}


def test_an_answer_of_the_source_that_was_rewritten_is_found(open_runtime, package):
    """The source's row digest, which no total shows."""
    probes = read_json((package / "data" / "probes.json").read_bytes())
    probes["row_digest"]["rows"][0][-1] = "1"
    reseal(package, **{"data/probes.json": probes})
    assert not failed(verify_and_recompute(package))
    assert failed(layers_of(open_runtime(), package)) == {"check row_digest": "differs"}


def test_a_failed_check_is_evaluated_again_with_the_keys_it_concerns(open_runtime, lake):
    changed = TABLES["customer_ledger_entries"].replace(
        "| NATIONAL               | 2025-09-30 | BL1          | NGN",
        "| NATIONAL               | 2025-09-30 | BL1          | nn",
    )
    write_table(lake, "customer_ledger_entries", changed)
    runtime = open_runtime()
    sealing = close(runtime, "IPE_07")
    package = runtime.evidence.folder(sealing.package)
    keyed = sorted(path.stem for path in (package / "data" / "failed").iterdir())
    assert "schema" in keyed
    layers = layers_of(open_runtime(), package)
    assert failed(layers) == {}
    assert {layer.text for layer in layers if layer.name == "check schema"} == {"evaluated again: failed, as sealed"}
    path = package / "data" / "failed" / "schema.parquet"
    path.chmod(0o644)
    pq.write_table(pq.read_table(path).slice(0, 0), path)
    reseal(package)
    assert failed(layers_of(open_runtime(), package)) == {"check schema": "other-keys"}


def test_drift_is_evaluated_with_the_very_package_that_it_compared_with(open_runtime, tmp_path):
    close(open_runtime(), "IPE_07", "2025-08")
    runtime = open_runtime()
    package = runtime.evidence.folder(close(runtime, "IPE_07").package)
    assert said(layers_of(open_runtime(), package))["check drift"] == ("pass", "ok")
    (layer,) = (one for one in layers_of(runtime, package, LocalEvidenceStore(tmp_path)) if one.name == "check drift")
    assert (layer.status, layer.code) == ("not present", "other-package")
    assert "the package of 2025-08" in layer.text


def test_another_definition_is_said_and_nothing_is_implied(open_runtime, package, monkeypatch):
    monkeypatch.setattr(module, "definition_digest", lambda item, configuration: "0" * 64)
    layers = layers_of(open_runtime(), package)
    assert said(layers)["checks"] == ("not present", "other-definition")
    assert not [layer for layer in layers if layer.name.startswith("check ")]


def test_other_code_may_use_other_words_but_no_other_status(open_runtime, package):
    document = read_json((package / "data" / "checks.json").read_bytes())
    for one in document["results"]:
        one["code_version"] = "0.0.1+checks.000000000000"
        if one["name"] == "key_unique":
            one["method"] = "as it was tested then"
    reseal(package, **{"data/checks.json": document})
    layers = said(layers_of(open_runtime(), package))
    assert layers["check key_unique"] == ("not present", "other-code")
    assert layers["check row_digest"] == ("pass", "ok")
    (one,) = (one for one in document["results"] if one["name"] == "control_totals")
    one["rows"] = 1
    one["severity"] = "warn"
    reseal(package, **{"data/checks.json": document})
    assert said(layers_of(open_runtime(), package))["check control_totals"] == ("fail", "differs")


def test_the_command_says_equal_and_differs(soxauto, package):
    done = soxauto("recompute", str(package))
    assert done.exit_code == 0, done.output
    assert done.output.startswith("EQUAL") and "check row_digest: pass" in done.output
    machine = json.loads(soxauto("recompute", str(package), "--json").output)
    assert {layer["status"] for layer in machine["layers"]} == {"pass", "not present"}
    document = read_json((package / "data" / "checks.json").read_bytes())
    document["results"][0]["expected"] = "less"
    reseal(package, **{"data/checks.json": document})
    done = soxauto("recompute", str(package))
    assert done.exit_code == 1
    assert done.output.startswith("DIFFERS")


def test_the_command_does_not_read_a_damaged_package(soxauto, package):
    rewrite(package / "data" / "checks.json", b"{}")
    done = soxauto("recompute", str(package))
    assert done.exit_code == 1
    assert "content id" not in done.output
