"""The verifier: every bit of every file is covered, and hostile packages give a reason, never an exception."""

import hashlib
import json
import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soxauto_assets.canonical import canonical_json
from soxauto_assets.evidence import form, verify
from soxauto_assets.evidence.store import LocalEvidenceStore

DATASET = {"name": "dataset", "digest": {"sha256": "ab" * 32}}
STATEMENT = {"_type": form.STATEMENT_TYPE, "predicateType": "urn:t", "subject": [DATASET], "predicate": {"rows": 1}}


@pytest.fixture
def package(tmp_path: Path) -> Path:
    store = LocalEvidenceStore(tmp_path / "evidence")
    payload = {"rows/part-00000.parquet": b"PAR1", "checks.json": b'{"a":1}', "query/extract.sql": b"select 1\n"}
    return store.folder(store.write("IPE_07", "2025-09", 1, payload, STATEMENT, {"Bag-Software-Agent": "test"}))


def faults(package: Path) -> dict[str, str]:
    """Return the reason code of the layer that failed; those behind it were not evaluated."""
    failed = {layer.name: layer.code for layer in verify.verify_package(package).layers if layer.status == "fail"}
    return {name: code for name, code in failed.items() if code != "not-evaluated"}


def fixity_fault(code: str) -> dict[str, str]:
    return {"fixity": code}


def rewrite(path: Path, content: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(content)


def files(package: Path) -> list[Path]:
    return sorted(path for path in package.rglob("*") if path.is_file())


def seal_again(package: Path) -> None:
    """Do what a forger would: fit both manifests and the seal to the files as they are now, but not the statement."""
    facts = {path.relative_to(package).as_posix(): form.file_fact(path) for path in files(package)}
    del facts["seal.json"]
    tags = {name: facts[name].sha256 for name in form.TAG_FILES}
    rewrite(package / "tagmanifest-sha256.txt", form.manifest_bytes(tags))
    facts["tagmanifest-sha256.txt"] = form.file_fact(package / "tagmanifest-sha256.txt")
    rewrite(package / "seal.json", form.seal_bytes(facts))


def test_a_fresh_package_verifies_and_says_that_it_is_not_signed(package):
    report = verify.verify_package(package)
    assert report.verified
    assert [(layer.name, layer.status, layer.code) for layer in report.layers] == [
        ("fixity", "pass", "ok"),
        ("seal", "pass", "ok"),
        ("statement", "pass", "ok"),
        ("signature", "not present", "unsigned"),
        ("time", "not present", "no-token"),
        ("trust", "not present", "no-trust-file"),
    ]
    assert report.seal_sha256 == hashlib.sha256((package / "seal.json").read_bytes()).hexdigest()


def test_the_seal_is_this_text(package):
    """Rebuilt here from the files with nothing but json and hashlib."""

    def fact(path: Path) -> tuple[str, int, str]:
        content = path.read_bytes()
        return path.relative_to(package).as_posix(), len(content), hashlib.sha256(content).hexdigest()

    facts = sorted(fact(path) for path in files(package) if path.name != "seal.json")
    digests = {path: sha256 for path, _, sha256 in facts}
    seal = {
        "files": [{"bytes": size, "path": path, "sha256": sha256} for path, size, sha256 in facts],
        "format": "soxauto-seal/v1",
        "manifest_sha256": digests["manifest-sha256.txt"],
        "statement_sha256": digests["statement.json"],
        "tagmanifest_sha256": digests["tagmanifest-sha256.txt"],
    }
    assert (package / "seal.json").read_bytes() == json.dumps(seal, separators=(",", ":")).encode()


def test_the_statement_names_the_manifest_the_bags_info_and_then_the_dataset(package):
    statement = json.loads((package / "statement.json").read_bytes())
    named = [
        {"name": name, "digest": {"sha256": hashlib.sha256((package / name).read_bytes()).hexdigest()}}
        for name in ("manifest-sha256.txt", "bag-info.txt")
    ]
    assert statement["subject"] == [*named, DATASET]


# A change of any kind, anywhere.


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


def test_each_file_removed_cut_short_or_made_longer_is_found(package):
    for path in files(package):
        original = path.read_bytes()
        path.unlink()
        assert faults(package), path
        for changed in (original[:-1], original + b"\n", b""):
            path.write_bytes(changed)
            assert faults(package), path
        path.write_bytes(original)
    assert verify.verify_package(package).verified


def test_each_file_renamed_or_exchanged_for_another_is_found(package):
    every = files(package)
    for path in every:
        path.rename(path.with_name("renamed"))
        assert faults(package), path
        path.with_name("renamed").rename(path)
    for one in every:
        for other in every:
            first, second = one.read_bytes(), other.read_bytes()
            rewrite(one, second)
            rewrite(other, first)
            assert bool(faults(package)) == (one != other), (one, other)
            rewrite(one, first)
            rewrite(other, second)


@pytest.mark.parametrize("name", ["data/extra.txt", "extra.txt", "data/rows/part-00001.parquet", "fetch.txt"])
def test_an_added_file_is_found(package, name):
    (package / name).write_bytes(b"x")
    assert faults(package) == fixity_fault("extra-file")


@pytest.mark.parametrize(
    "name", [".hidden", "data/.hidden", "data/a b", "data/a\nb", "data/a\n", "data/\udcff", "data/é"]
)
def test_a_name_that_no_package_holds_is_found(package, name):
    (package / os.fsencode(name).decode("utf-8", "surrogateescape")).write_bytes(b"x")
    assert faults(package) == fixity_fault("strange-file")


def test_links_folders_and_pipes_are_found(package):
    target, link = package / "data" / "checks.json", package / "data" / "link"
    link.symlink_to("/etc/hostname")
    assert faults(package) == fixity_fault("strange-file")
    link.unlink()
    target.rename(package.parent / "elsewhere.json")
    target.symlink_to(package.parent / "elsewhere.json")
    assert faults(package) == fixity_fault("strange-file")
    target.unlink()
    (package.parent / "elsewhere.json").rename(target)
    (package / "data" / "empty" / "deep").mkdir(parents=True)
    assert faults(package) == fixity_fault("empty-folder")
    shutil.rmtree(package / "data" / "empty")
    os.mkfifo(package / "data" / "pipe")
    assert faults(package) == fixity_fault("strange-file")


def test_a_link_to_a_package_is_no_package(package, tmp_path):
    (tmp_path / "link").symlink_to(package)
    assert faults(tmp_path / "link") == fixity_fault("no-package")


def test_a_folder_without_seal_and_a_path_that_is_no_folder(package, tmp_path):
    (package / "seal.json").unlink()
    assert faults(package) == fixity_fault("no-seal")
    (tmp_path / "empty").mkdir()
    assert faults(tmp_path / "empty") == fixity_fault("no-seal")
    assert faults(tmp_path / "nothing") == fixity_fault("no-package")
    assert faults(Path("nul\0byte")) == fixity_fault("no-package")


# Other spellings of the same value.

SPELLINGS: dict[str, Callable[[bytes], bytes]] = {
    "pretty": lambda text: json.dumps(json.loads(text), indent=1, sort_keys=True).encode(),
    "other order of keys": lambda text: json.dumps(
        dict(reversed(json.loads(text).items())), separators=(",", ":")
    ).encode(),
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "UTF-16": lambda text: text.decode().encode("utf-16"),
    "trailing line end": lambda text: text + b"\n",
    "carriage returns": lambda text: text.replace(b",", b",\r\n", 1),
    "duplicate key": lambda text: text[:-1] + b',"zz":1,"zz":1}',
    "the same key twice": lambda text: text.replace(b'"sha256":', b'"sha256":"","sha256":', 1),
    "escaped": lambda text: text.replace(b"a", b"\\u0061", 1),
    "float": lambda text: text[:-1] + b',"zz":4.0}',
    "exponent": lambda text: text[:-1] + b',"zz":1e3}',
    "minus zero": lambda text: text[:-1] + b',"zz":-0}',
    "more than 53 bits": lambda text: text[:-1] + b',"zz":9007199254740993}',
    "a very long number": lambda text: text[:-1] + b',"zz":' + b"1" * 5000 + b"}",
    "no number": lambda text: text[:-1] + b',"zz":NaN}',
    "half a character": lambda text: text[:-1] + b',"zz":"\\ud800"}',
    "a key beyond ASCII": lambda text: text[:-1] + ',"é":1}'.encode(),
    "deep": lambda text: b"[" * 100_000,
    "no object": lambda text: b"[]",
    "null": lambda text: b"null",
    "empty": lambda text: b"",
    "no text": lambda text: b"\xff\xfe",
}


@pytest.mark.parametrize("spelling", SPELLINGS)
@pytest.mark.parametrize("name", ["seal.json", "statement.json"])
def test_another_spelling_of_seal_or_statement_is_refused(package, name, spelling):
    """For the statement everything else is made to fit, so that the spelling itself is what is refused."""
    rewrite(package / name, SPELLINGS[spelling]((package / name).read_bytes()))
    if name == "statement.json":
        seal_again(package)
    assert set(faults(package).values()) & {"not-canonical", "no-seal", "statement"}


LISTS = {
    "a file twice": lambda files: [*files, files[0]],
    "another order": lambda files: files[::-1],
    "a path that is no text": lambda files: [{**files[0], "path": 1}, *files[1:]],
    "a path out of the package": lambda files: [{**files[0], "path": "../x"}, *files[1:]],
    "a size that is no number": lambda files: [{**files[0], "bytes": True}, *files[1:]],
    "a digest in upper case": lambda files: [{**files[0], "sha256": files[0]["sha256"].upper()}, *files[1:]],
    "one member more": lambda files: [{**files[0], "zz": 1}, *files[1:]],
    "one member less": lambda files: [{"path": files[0]["path"]}, *files[1:]],
    "no members": lambda files: [None, *files],
    "no list": lambda files: {"a": files},
    "nothing": lambda files: [],
}


@pytest.mark.parametrize("change", LISTS)
def test_another_list_of_files_in_the_seal_is_refused(package, change):
    seal = json.loads((package / "seal.json").read_bytes())
    rewrite(package / "seal.json", canonical_json({**seal, "files": LISTS[change](seal["files"])}))
    assert faults(package)


MANIFEST_NAME = "manifest-sha256.txt"
STATEMENTS = {
    "another type": lambda s: {**s, "_type": "https://in-toto.io/Statement/v0.1"},
    "one member more": lambda s: {**s, "signatures": []},
    "no predicate": lambda s: {key: value for key, value in s.items() if key != "predicate"},
    "no subject": lambda s: {**s, "subject": []},
    "subject is no list": lambda s: {**s, "subject": s["subject"][0]},
    "without the manifest": lambda s: {**s, "subject": s["subject"][1:]},
    "another bag-info.txt": lambda s: {
        **s,
        "subject": [s["subject"][0], {**s["subject"][1], "digest": {"sha256": "0" * 64}}],
    },
    "the manifest second": lambda s: {**s, "subject": s["subject"][::-1]},
    "another manifest": lambda s: {**s, "subject": [{**s["subject"][0], "digest": {"sha256": "0" * 64}}]},
    "two manifests": lambda s: {**s, "subject": [*s["subject"], s["subject"][0]]},
    "two digests": lambda s: {
        **s,
        "subject": [s["subject"][0], {**DATASET, "digest": {"md5": "", "sha256": "0" * 64}}],
    },
    "a digest that is none": lambda s: {**s, "subject": [s["subject"][0], {**DATASET, "digest": {"sha256": "x"}}]},
    "a name that is no text": lambda s: {**s, "subject": [s["subject"][0], {**DATASET, "name": []}]},
}


@pytest.mark.parametrize("change", STATEMENTS)
def test_a_statement_that_does_not_speak_of_this_package_is_refused(package, change):
    path = package / "statement.json"
    rewrite(path, canonical_json(STATEMENTS[change](json.loads(path.read_bytes()))))
    seal_again(package)
    assert faults(package) == {"statement": "statement"}


@pytest.mark.parametrize("member", ["format", "manifest_sha256", "tagmanifest_sha256", "statement_sha256", "more"])
def test_a_seal_that_is_not_what_the_files_give_is_refused(package, member):
    seal = json.loads((package / "seal.json").read_bytes())
    rewrite(package / "seal.json", canonical_json({**seal, member: "other"}))
    assert faults(package) == {"seal": "other-seal"}


def test_a_manifest_with_other_lines_is_refused_even_when_all_above_it_is_made_to_fit(package):
    manifest = package / MANIFEST_NAME
    rewrite(manifest, manifest.read_bytes().replace(b"  data/", b" *data/"))
    seal_again(package)
    assert faults(package) == fixity_fault("bag")


def test_a_changed_payload_is_refused_even_when_manifests_and_seal_are_made_to_fit(package):
    """Only the statement still names the old manifest; a signature would stand there."""
    rewrite(package / "data" / "checks.json", b'{"a":2}')
    digests = {p.relative_to(package).as_posix(): form.file_fact(p).sha256 for p in files(package / "data")}
    rewrite(package / MANIFEST_NAME, form.manifest_bytes(digests))
    seal_again(package)
    assert faults(package) == {"statement": "statement"}


values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5) | st.just("0" * 64),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
shaped = st.fixed_dictionaries(
    {}, optional={"files": values, "_type": values, "subject": values, "predicate": values, "predicateType": values}
)


@settings(
    max_examples=150, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(value=values | shaped, name=st.sampled_from(["seal.json", "statement.json"]))
def test_no_json_whatever_raises(package, value, name):
    before = (package / name).read_bytes()
    rewrite(package / name, canonical_json(value))
    if name == "statement.json":
        seal_again(package)
    assert faults(package)
    rewrite(package / name, before)


# Bounds: a hostile package costs no more than a large one.


def test_more_files_than_the_bound_are_refused(package, monkeypatch):
    monkeypatch.setattr(form, "MAX_FILES", 5)
    assert faults(package) == fixity_fault("too-many-files")


def test_more_bytes_than_the_bound_are_refused_without_reading_them(package):
    """A file with a hole claims a tebibyte and holds nothing."""
    path = package / "data" / "checks.json"
    path.chmod(0o644)
    os.truncate(path, form.MAX_PACKAGE_BYTES + 1)
    assert faults(package) == fixity_fault("too-large")


def test_a_document_longer_than_the_bound_is_refused_without_reading_it(package):
    path = package / "seal.json"
    path.chmod(0o644)
    os.truncate(path, form.MAX_DOCUMENT_BYTES + 1)
    assert faults(package) == fixity_fault("too-large")


def test_folders_within_folders_are_followed_to_any_depth_without_an_exception(package):
    handle = os.open(package / "data", os.O_RDONLY)
    for _ in range(1500):
        os.mkdir("d", dir_fd=handle)
        deeper = os.open("d", os.O_RDONLY, dir_fd=handle)
        os.close(handle)
        handle = deeper
    os.close(handle)
    found = faults(package)
    # Deeper than Python itself removes a folder.
    subprocess.run(["rm", "-rf", str(package / "data" / "d")], check=True)
    assert found == fixity_fault("too-deep")


def test_what_cannot_be_read_is_a_failure(package, monkeypatch):
    def refuse(path: Path, deadline: float) -> form.FileFact:
        raise PermissionError(13, "Permission denied", str(path))

    monkeypatch.setattr(form, "file_fact", refuse)
    (layer, *_) = verify.verify_package(package).layers
    assert (layer.status, layer.code) == ("fail", "unreadable")
    assert layer.text == "a file or folder cannot be read (Permission denied)"


# What an auditor runs.


def test_one_bad_package_among_good_ones_decides(package, tmp_path, capsys):
    assert verify.main([str(package), str(tmp_path)]) == 1
    assert capsys.readouterr().out.count("VERIFIED") == 2
