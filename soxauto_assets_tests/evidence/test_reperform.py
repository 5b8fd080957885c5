"""Reperformance on the hand-made lake: equal, then what moved by company and amount; what cannot be asked again says so."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from soxauto_assets.canonical import read_json, sha256_hex
from soxauto_assets.catalog import get_item
from soxauto_assets.engines.sql import normalised
from soxauto_assets.errors import ExtractionError, SourceMismatch
from soxauto_assets.evidence.reperform import not_possible, reperform
from soxauto_assets.evidence.sealed import sealed_record
from soxauto_assets_tests.catalog.test_ipe_07 import TABLES
from soxauto_assets_tests.closing import close
from soxauto_assets_tests.evidence.test_recompute import reseal
from soxauto_assets_tests.lakes import write_table

ITEM = get_item("IPE_07")


@pytest.fixture
def package(open_runtime) -> Path:
    runtime = open_runtime()
    return runtime.evidence.folder(close(runtime, "IPE_07").package)


def again(runtime, package):
    return reperform(package, ITEM, runtime.engine, runtime.bindings, 5)


def test_the_source_answers_what_is_sealed(open_runtime, package):
    runtime = open_runtime()
    found = again(runtime, package)
    assert found.equal
    assert [(layer.name, layer.status) for layer in found.layers] == [
        ("rows", "pass"),
        ("control totals", "pass"),
        ("row digest", "pass"),
        ("dataset digest", "pass"),
    ]
    assert len(runtime.evidence.attempts("IPE_07", "2025-09")) == 1, "nothing is sealed"
    assert len(runtime.extractions.records.all("IPE_07", "2025-09")) == 1, "and no extraction recorded"


def test_a_row_that_moved_is_found_with_company_and_amount(open_runtime, package, lake, soxauto):
    write_table(
        lake, "detailed_customer_ledger_entry", TABLES["detailed_customer_ledger_entry"].replace("2000.5", "2000.75")
    )
    found = again(open_runtime(), package)
    assert not found.equal
    assert {layer.name for layer in found.layers if layer.status == "fail"} == {
        "rows", "control totals", "row digest", "dataset digest",
    }  # fmt: skip
    assert found.rows.by_company == {"JD_GH": {"rows": "+0", "rem_amt_lcy": "+0.2500"}}
    (moved,) = found.totals
    assert moved["group"]["id_company"] == "JD_GH"
    assert moved["sum_rem_amt_lcy"] == ["2000.5000", "2000.7500"]
    done = soxauto("reperform", str(package))
    assert done.exit_code == 1, done.output
    assert done.output.startswith("MOVED") and "JD_GH: rows +0, rem_amt_lcy +0.2500" in done.output
    assert json.loads(soxauto("reperform", str(package), "--json").output)["rows"]["changed"] == 1


def test_the_command_on_an_unchanged_source(soxauto, package):
    done = soxauto("reperform", str(package))
    assert done.exit_code == 0, done.output
    assert done.output.startswith("EQUAL")


def test_a_source_that_shows_its_current_state_cannot_be_asked_again(open_runtime, package):
    """By its binding now, or by the one that is sealed (DECISIONS B19)."""
    runtime = open_runtime()
    name = "detailed_customer_ledger_entry"
    sources = {**runtime.bindings.sources, name: replace(runtime.bindings.sources[name], snapshot="current")}
    runtime.bindings = replace(runtime.bindings, sources=sources)

    class Unasked:
        """An engine of which every use is a failure."""

    found = reperform(package, ITEM, Unasked(), runtime.bindings, 5)
    assert not found.possible and not found.equal
    (layer,) = found.layers
    assert (layer.status, layer.code) == ("not present", "current-state")
    assert name in layer.text and "only recomputation" in layer.text
    record = sealed_record(package)
    sealed = {**record.bindings, name: {**record.bindings[name], "snapshot": "current"}}
    code, _ = not_possible(replace(record, bindings=sealed), open_runtime().bindings)
    assert code == "current-state"


def test_an_upload_has_no_source(open_runtime, package):
    code, text = not_possible(replace(sealed_record(package), custody={"sha256": "0"}), open_runtime().bindings)
    assert code == "upload" and "only recomputation" in text


@pytest.mark.parametrize(
    ("text", "cause"),
    [
        ("drop table x", "is no single query"),
        ("select 1; select 2", "is no single query"),
        ("select * from secrets.salaries", "reads secrets.salaries, which is none of the sealed sources"),
        ("select * from read_csv('/etc/passwd')", "which is none of the sealed sources"),
    ],
)
def test_a_forged_text_is_not_run(open_runtime, package, text, cause):
    """A package comes from outside, and its text runs with the rights of whoever reperforms it."""
    path = package / "data" / "query" / "extract.executed.sql"
    path.chmod(0o644)
    path.write_text(f"{text}\n")
    digests = read_json((package / "data" / "query" / "digests.json").read_bytes())
    digests["extract"]["executed"] = sha256_hex(normalised(text).encode()) if ";" not in text else "0" * 64
    reseal(package, **{"data/query/digests.json": digests})
    with pytest.raises(ExtractionError, match="is not the one that its digest names" if ";" in text else cause):
        again(open_runtime(), package)


def test_another_environment_is_refused(open_runtime, package):
    runtime = open_runtime()
    runtime.bindings = replace(runtime.bindings, environment="aws")
    with pytest.raises(SourceMismatch, match=r"sealed in environment lake, in force is aws.*IPE_07|IPE_07.*lake"):
        again(runtime, package)


def test_a_package_that_does_not_verify_is_not_run(soxauto, package):
    path = package / "data" / "query" / "extract.executed.sql"
    path.chmod(0o644)
    path.write_text("select 1\n")
    done = soxauto("reperform", str(package))
    assert done.exit_code == 2 and "its SQL is not run" in done.output
