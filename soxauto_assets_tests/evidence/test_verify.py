"""The verifier: every bit of every file is covered, and hostile packages give a reason, never an exception."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from soxauto_assets.evidence import verify
from soxauto_assets.evidence.store import LocalEvidenceStore

STATEMENT = {"_type": verify.STATEMENT_TYPE, "predicateType": "urn:test", "subject": [], "predicate": {"rows": 1}}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    store = LocalEvidenceStore(tmp_path / "evidence")
    payload = {"rows/part-00000.parquet": b"PAR1", "checks.json": b'{"a":1}', "query/extract.sql": b"select 1\n"}
    return store.write("IPE_07", "2025-09", 1, payload, STATEMENT, {"Bag-Software-Agent": "test"}).path


def codes(package: Path) -> set[str]:
    return {layer.code for layer in verify.verify_package(package).layers if layer.status == "fail"}


def rewrite(path: Path, content: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(content)


def files(package: Path) -> list[Path]:
    return sorted(path for path in package.rglob("*") if path.is_file())


def test_a_fresh_package_verifies_and_says_that_it_is_not_signed(package):
    report = verify.verify_package(package)
    assert report.verified
    assert [(layer.name, layer.status) for layer in report.layers] == [
        ("bytes", "pass"),
        ("seal", "pass"),
        ("signature", "not present"),
    ]


def test_every_single_bit_of_every_file_is_covered(package):
    accepted, flips = [], 0
    for path in files(package):
        original = path.read_bytes()
        for position in range(len(original) * 8):
            changed = bytearray(original)
            changed[position // 8] ^= 1 << position % 8
            rewrite(path, bytes(changed))
            flips += 1
            if verify.verify_package(package).verified:
                accepted.append((path.name, position))
        rewrite(path, original)
    assert accepted == []
    assert flips > 10_000
    assert verify.verify_package(package).verified


def test_each_file_removed_or_truncated_is_found(package):
    for path in files(package):
        original = path.read_bytes()
        path.unlink()
        assert codes(package) <= {"missing-file", "no-seal", "empty-folder"} and codes(package), path
        path.write_bytes(original[:-1])
        assert codes(package), path
        path.write_bytes(original)
    assert verify.verify_package(package).verified


@pytest.mark.parametrize("name", ["data/extra.txt", "extra.txt", "data/rows/part-00001.parquet"])
def test_an_added_file_is_found(package, name):
    (package / name).write_bytes(b"x")
    assert codes(package) == {"extra-file"}


@pytest.mark.parametrize("name", [".hidden", "data/.hidden", "data/a b"])
def test_a_name_that_no_package_holds_is_found(package, name):
    (package / name).write_bytes(b"x")
    assert codes(package) == {"strange-file"}


def test_links_folders_and_pipes_are_found(package):
    (package / "data" / "link").symlink_to("/etc/hostname")
    assert codes(package) == {"strange-file"}
    (package / "data" / "link").unlink()
    (package / "data" / "empty").mkdir()
    assert codes(package) == {"empty-folder"}
    (package / "data" / "empty").rmdir()
    os.mkfifo(package / "data" / "pipe")
    assert codes(package) == {"strange-file"}


def test_a_renamed_file_and_two_swapped_files_are_found(package):
    data = package / "data"
    (data / "checks.json").rename(data / "cheques.json")
    assert "extra-file" in codes(package) or "missing-file" in codes(package)
    (data / "cheques.json").rename(data / "checks.json")
    first, second = (data / "checks.json").read_bytes(), (data / "query" / "extract.sql").read_bytes()
    rewrite(data / "checks.json", second)
    rewrite(data / "query" / "extract.sql", first)
    assert codes(package) == {"changed-file"}


SEAL_SPELLINGS = {
    "pretty": lambda text: json.dumps(json.loads(text), indent=1, sort_keys=True).encode(),
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "trailing line end": lambda text: text + b"\n",
    "carriage returns": lambda text: text.replace(b",", b",\r\n", 1),
    "duplicate key": lambda text: text.replace(b'{"files"', b'{"files":[],"files"', 1),
    "escaped": lambda text: text.replace(b"bagit.txt", b"bagit\\u002etxt", 1),
    "float": lambda text: text.replace(b'"bytes":4', b'"bytes":4.0', 1),
    "deep": lambda text: b"[" * 100_000,
    "no object": lambda text: b"[]",
    "no json": lambda text: b"\xff\xfe",
}


@pytest.mark.parametrize("spelling", SEAL_SPELLINGS)
def test_another_spelling_of_the_seal_is_refused(package, spelling):
    seal = package / "seal.json"
    rewrite(seal, SEAL_SPELLINGS[spelling](seal.read_bytes()))
    assert codes(package) & {"not-canonical", "no-seal", "other-seal"}


def test_a_rewritten_manifest_is_refused_even_when_the_seal_is_rebuilt_for_it(package):
    manifest = package / "manifest-sha256.txt"
    rewrite(manifest, manifest.read_bytes().replace(b"  data/", b" *data/"))
    facts = {
        path.relative_to(package).as_posix(): verify.file_fact(path)
        for path in files(package)
        if path.name != "seal.json"
    }
    rewrite(package / "seal.json", verify.seal_bytes(facts))
    assert codes(package) == {"bag"}


def test_a_folder_without_seal_and_a_path_that_is_no_folder(package, tmp_path):
    (package / "seal.json").unlink()
    assert codes(package) == {"no-seal"}
    assert codes(tmp_path / "nothing") == {"no-package"}


def test_the_verifier_is_one_file_that_runs_alone(package, tmp_path):
    alone = shutil.copy(verify.__file__, tmp_path / "verify.py")
    run = [sys.executable, "-I", "-S", str(alone), str(package)]
    good = subprocess.run(run, capture_output=True, text=True, check=False)
    assert (good.returncode, good.stdout.splitlines()[0]) == (0, f"VERIFIED {package}")
    rewrite(package / "data" / "checks.json", b"{}")
    bad = subprocess.run(run, capture_output=True, text=True, check=False)
    assert (bad.returncode, bad.stdout.splitlines()[0]) == (1, f"NOT VERIFIED {package}")


def test_sha256sum_and_bagit_agree(package):
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(["sha256sum", "--strict", "--quiet", "-c", manifest], cwd=package, check=True)
    subprocess.run([sys.executable, "-W", "ignore", "-m", "bagit", "--validate", "--quiet", str(package)], check=True)
