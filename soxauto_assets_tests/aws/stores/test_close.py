"""Closing with everything in S3: the same packages as on a disk, and nothing above the stores knows the difference."""

import itertools
import os
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import yaml
from click.testing import CliRunner

import soxauto_assets
from soxauto_assets.aws.objects import Bucket
from soxauto_assets.aws.session import AwsSession
from soxauto_assets.canonical import read_json
from soxauto_assets.catalog import get_item
from soxauto_assets.cli import main
from soxauto_assets.decisions.overrides import OverrideWish, override_act
from soxauto_assets.engines.duckdb_engine import DuckDBEngine
from soxauto_assets.errors import FailedVerdict, SettingsError, StorageError
from soxauto_assets.evidence.recompute import verify_and_recompute
from soxauto_assets.evidence.sealing import Sealer
from soxauto_assets.evidence.store_s3 import S3EvidenceStore
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings
from soxauto_assets.sources.bindings import find_by_name
from soxauto_assets_tests.aws.cloud import make_signing_key
from soxauto_assets_tests.aws.ministack import REGION, MiniStack
from soxauto_assets_tests.aws.stores.conftest import CREDENTIALS, LOCK
from soxauto_assets_tests.aws.stores.faults import FAULTS, MOMENTS, FaultySession, Killed
from soxauto_assets_tests.catalog.test_ipe_07 import TABLES
from soxauto_assets_tests.closing import close
from soxauto_assets_tests.lakes import write_table

ITEMS = ("IPE_07", "CR_04", "JDASH")
PERIOD = "2025-09"


@pytest.fixture
def bindings(tmp_path: Path, lake: Path) -> Path:
    """The hand-made lake's tables, bound by name, as the environment ``aws``."""
    engine = DuckDBEngine(lake)
    found = find_by_name(engine)
    engine.close()
    sources = {name: binding.to_json() for name, binding in found.items()}
    path = tmp_path / "bindings.yaml"
    path.write_text(yaml.safe_dump({"environment": "aws", "sources": sources}))
    return path


@pytest.fixture
def variables(
    monkeypatch: pytest.MonkeyPatch,
    ministack: MiniStack,
    session: AwsSession,
    make_bucket: Callable[..., str],
    bindings: Path,
    tmp_path: Path,
) -> dict[str, str]:
    """The environment variables of an S3 deployment, with fresh buckets; they are those of the process, too."""
    for name in [name for name in os.environ if name.startswith(("AWS_", "SOXAUTO_"))]:
        monkeypatch.delenv(name)
    given = {
        **CREDENTIALS,
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_REGION": REGION,
        "AWS_ENDPOINT_URL": ministack.url,
        "SOXAUTO_ENV": "aws",
        "SOXAUTO_HOME": str(tmp_path / "home"),
        "SOXAUTO_BINDINGS": str(bindings),
        "SOXAUTO_WITNESSES": str(tmp_path / "none.yaml"),
        "S3_BUCKET_DATA": make_bucket(lock=False),
        "S3_BUCKET_EVIDENCE": make_bucket(),
        "SOXAUTO_SIGNING_KEY": make_signing_key(session.client("kms")),
    }
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    return given


@pytest.fixture
def open_s3_runtime(variables: dict[str, str], lake: Path, tmp_path: Path):
    """A factory of runtimes whose stores are in S3; the SQL runs in DuckDB. Each machine has a home of its own."""
    opened: list[Runtime] = []

    def open_(machine: str = "home") -> Runtime:
        settings = Settings.from_environment({**variables, "SOXAUTO_HOME": str(tmp_path / machine)})
        opened.append(Runtime(settings, DuckDBEngine(lake)))
        return opened[-1]

    yield open_
    for runtime in opened:
        runtime.close()


def hand_in(runtime: Runtime, folder: Path) -> None:
    (folder / "export.csv").write_text("id,amount\n7,1.5\n7,2\n8,4\n")
    runtime.uploads.ingest(get_item("JDASH"), Period.parse(PERIOD), folder / "export.csv", "Uploader")


def test_packages_in_s3_are_those_of_a_disk(open_s3_runtime, open_runtime, tmp_path):
    """Everything but who, when and where is equal: rows, digests, checks, verdicts."""
    remote, local = open_s3_runtime(), open_runtime()
    for runtime in (remote, local):
        hand_in(runtime, tmp_path)
    for item in ITEMS:
        sealings = {runtime: close(runtime, item) for runtime in (remote, local)}
        folders = {runtime: runtime.evidence.folder(sealing.package) for runtime, sealing in sealings.items()}
        assert sealings[remote].verdict == sealings[local].verdict
        names = [
            sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
            for folder in folders.values()
        ]
        assert names[0] == names[1]
        for name in names[0]:
            equal = (folders[remote] / name).read_bytes() == (folders[local] / name).read_bytes()
            volatile = name.rpartition("/")[2] in {
                "execution.json", "bindings.json", "custody.json",
                "manifest-sha256.txt", "tagmanifest-sha256.txt", "statement.json", "signature.dsse.json", "seal.json",
            }  # fmt: skip
            assert equal or volatile, name
        assert all(layer.status != "fail" for layer in verify_and_recompute(folders[remote]))


def test_another_machine_sees_the_same_and_seals_nothing_new(open_s3_runtime, tmp_path):
    first = open_s3_runtime("machine-1")
    hand_in(first, tmp_path)
    for item in ITEMS:
        assert close(first, item).outcome == "sealed"
    second = open_s3_runtime("machine-2")
    for item in ITEMS:
        assert close(second, item, run_id="run-2").outcome == "unchanged"
        (beat,) = first.heartbeats.all(item, PERIOD)
        assert (beat["attempt"], beat["run_id"]) == (1, "run-2")
    assert len(second.load("JDASH", PERIOD)) == 2 and len(second.load("IPE_07", PERIOD)) == 7
    with pytest.raises(FailedVerdict):
        second.load("CR_04", PERIOD)


def test_a_changed_source_makes_the_second_attempt(open_s3_runtime, lake):
    first = close(open_s3_runtime(), "IPE_07").package
    text = TABLES["detailed_customer_ledger_entry"].replace("10.125", "10.126")
    write_table(lake, "detailed_customer_ledger_entry", text)
    runtime = open_s3_runtime()
    second = close(runtime, "IPE_07", run_id="run-2")
    assert (second.outcome, second.package.attempt) == ("sealed", 2)
    assert runtime.evidence.statement(second.package)["predicate"]["supersedes"]["seal_sha256"] == first.seal_sha256
    assert len(runtime.load("IPE_07", PERIOD, attempt=1)) == len(runtime.load("IPE_07", PERIOD)) == 7


def test_the_record_and_the_package_name_the_landed_objects(open_s3_runtime, variables):
    runtime = open_s3_runtime()
    package = close(runtime, "IPE_07").package
    record, dataset = runtime.extractor.newest(get_item("IPE_07"), Period.parse(PERIOD))
    (entry,) = record.objects
    digest = record.dataset.digest
    assert entry["uri"] == f"s3://{variables['S3_BUCKET_DATA']}/datasets/IPE_07/{PERIOD}/{digest}/part-00000.parquet"
    assert dataset.uri == entry["uri"].rpartition("/")[0]
    assert read_json(runtime.evidence.read(package, "data/execution.json"))["objects"] == [entry]
    assert package.uri == f"s3://{variables['S3_BUCKET_EVIDENCE']}/evidence/IPE_07/{PERIOD}/attempt-0001.json"


def test_what_lies_where(open_s3_runtime, variables, s3, tmp_path):
    runtime = open_s3_runtime()
    hand_in(runtime, tmp_path)
    close(runtime, "JDASH")
    close(runtime, "JDASH", run_id="run-2")
    with pytest.raises(Exception, match="not bound"):
        close(runtime, "IPE_31")

    def keys(bucket: str) -> set[str]:
        entries = s3.list_object_versions(Bucket=variables[bucket])["Versions"]
        return {"/".join(entry["Key"].split("/")[:3]) for entry in entries}

    assert keys("S3_BUCKET_DATA") == {
        "datasets/JDASH/2025-09", "records/extractions/JDASH", "records/failures/IPE_31", "records/heartbeats/JDASH",
    }  # fmt: skip
    assert keys("S3_BUCKET_EVIDENCE") == {"evidence/JDASH/2025-09", "uploads/JDASH/2025-09"}
    assert {path.name for path in (tmp_path / "home").iterdir()} == {"cache", "work"}


@pytest.mark.parametrize("moment", MOMENTS)
def test_a_sealing_that_was_killed_anywhere_is_completed_by_the_next(open_s3_runtime, session, tmp_path, moment):
    """A real item's sealing, killed at every fifth call, each run over the leavings of those before.

    The sealer decides by content, so one attempt is left. Every call is met in ``test_crash``, on a smaller package.
    """
    runtime = open_s3_runtime()
    item, period = get_item("JDASH"), Period.parse(PERIOD)
    hand_in(runtime, tmp_path)
    record, dataset = runtime.extractor.extract(item, period, "run-1")
    results, context = runtime.check(item, period, "run-1"), runtime.context(item, period, record)
    killed = 0
    for number in itertools.count(1, 5):
        faulty = FaultySession(session, number, moment, FAULTS["killed"])
        bucket = Bucket(faulty, runtime.evidence_bucket.name)
        store = S3EvidenceStore(bucket, "evidence", lambda period: LOCK, tmp_path / "cache")
        try:
            sealer = Sealer(store, runtime.heartbeats, runtime.uploads)
            sealing = sealer.seal(item, record, dataset, results, context)
        except Killed:
            killed += 1
            assert len(runtime.evidence.attempts("JDASH", PERIOD)) <= 1
            continue
        if faulty.fired is None:
            break
    assert killed > 5
    (package,) = open_s3_runtime("other").evidence.attempts("JDASH", PERIOD)
    assert package == sealing.package
    assert all(layer.status != "fail" for layer in verify_and_recompute(runtime.evidence.folder(package)))


def test_verify_takes_the_uri_of_a_package(open_s3_runtime, variables, tmp_path, monkeypatch):
    package = close(open_s3_runtime(), "IPE_07").package
    # An auditor has credentials and no settings of ours.
    for name in ("SOXAUTO_ENV", "SOXAUTO_BINDINGS", "S3_BUCKET_DATA", "S3_BUCKET_EVIDENCE"):
        monkeypatch.delenv(name)
    monkeypatch.setenv("SOXAUTO_HOME", str(tmp_path / "auditor"))
    done = CliRunner().invoke(main, ["verify", package.uri])
    assert done.exit_code == 0 and f"VERIFIED {package.uri}" in done.output and "dataset digest: pass" in done.output
    missing = CliRunner().invoke(main, ["verify", package.uri.replace("0001", "0002")])
    assert missing.exit_code == 2 and "attempt 2 is not sealed" in missing.output


def test_load_and_status_read_from_s3(open_s3_runtime):
    close(open_s3_runtime(), "IPE_07")
    assert len(soxauto_assets.load("IPE_07", PERIOD)) == 7
    status = CliRunner().invoke(main, ["status", PERIOD])
    assert "✓ passed" in status.output and status.exit_code == 2


def test_a_bucket_that_is_not_configured_is_asked_for(variables):
    settings = Settings.from_environment({**variables, "S3_BUCKET_EVIDENCE": ""})
    with pytest.raises(SettingsError, match=r"S3_BUCKET_EVIDENCE is not set.*set S3_BUCKET_EVIDENCE in \.env"):
        _ = Runtime(settings).evidence


def test_a_record_of_another_store_is_not_opened_here(open_s3_runtime, open_runtime):
    local = open_runtime()
    record, _ = local.extractor.extract(get_item("IPE_07"), Period.parse(PERIOD), "run-1")
    with pytest.raises(StorageError, match="IPE_07 2025-09: the extraction record names no S3 objects"):
        open_s3_runtime().datasets.open(get_item("IPE_07"), PERIOD, record.dataset, record.files, record.objects)


def test_an_override_of_one_machine_is_sealed_on_another_from_the_same_rows(open_s3_runtime):
    cr_04, september = get_item("CR_04"), Period.parse(PERIOD)
    runtime = open_s3_runtime("first")
    package = close(runtime, "CR_04").package
    results = read_json(runtime.evidence.read(package, "data/checks.json"))["results"]
    predicate = runtime.evidence.statement(package)["predicate"]
    wish = OverrideWish("freshness", "A Reviewer", "refreshed late")
    runtime.acts.append(override_act(cr_04, wish, predicate, results, datetime.now(UTC), {"os_user": "u"}))

    other = open_s3_runtime("second")
    record, _ = other.sealed_extraction(cr_04, september, other.current(cr_04, september))
    sealing = other.seal(cr_04, september, None, extraction=record.ordinal)
    assert (sealing.verdict, sealing.package.attempt) == ("passed_with_override", 2)
    ((check, act),) = other.evidence.statement(sealing.package)["predicate"]["overrides"]
    assert (check, act) == ("freshness", other.register.override_given("CR_04", "2025-09", "freshness").sha256)
    assert other.load("CR_04", "2025-09").attrs["verdict"] == "passed_with_override"
