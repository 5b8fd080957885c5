"""Bags: the one form they are written in, second opinions on it, and every other form refused."""

import hashlib
import subprocess
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from soxauto_assets.errors import NotVerified, StorageError
from soxauto_assets.evidence import form
from soxauto_assets.evidence.bag import read_bag, write_bag
from soxauto_assets_tests.evidence.bagit_conformance import recreated

INFO = {"External-Identifier": "IPE_07/2025-09/attempt-0001", "Bag-Software-Agent": "test"}
PAYLOAD = {"rows/part-00000.parquet": b"PAR1", "checks.json": b"{}", "query/Extract.sql": b"select 1\n"}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def bag(tmp_path: Path) -> Path:
    folder = tmp_path / "bag"
    folder.mkdir()
    write_bag(folder, PAYLOAD, INFO, lambda manifest: {"note.txt": f"manifest {manifest.sha256}\n".encode()})
    return folder


def rewrite(path: Path, content: bytes) -> None:
    path.chmod(0o644)
    path.write_bytes(content)


def test_the_tag_files_are_sorted_lines_with_lower_case_digests_and_line_feeds(bag):
    manifest = (
        f"{sha256(b'{}')}  data/checks.json\n"
        f"{sha256(b'select 1' + bytes([10]))}  data/query/Extract.sql\n"
        f"{sha256(b'PAR1')}  data/rows/part-00000.parquet\n"
    ).encode()
    tags = {
        "bag-info.txt": b"Bag-Software-Agent: test\nExternal-Identifier: IPE_07/2025-09/attempt-0001\n",
        "bagit.txt": b"BagIt-Version: 1.0\nTag-File-Character-Encoding: UTF-8\n",
        "manifest-sha256.txt": manifest,
        "note.txt": f"manifest {sha256(manifest)}\n".encode(),
    }
    assert {name: (bag / name).read_bytes() for name in tags} == tags
    tagmanifest = "".join(f"{sha256(content)}  {name}\n" for name, content in tags.items())
    assert (bag / "tagmanifest-sha256.txt").read_bytes() == tagmanifest.encode()


def test_equal_content_gives_an_equal_bag_whatever_the_order_it_came_in(bag, tmp_path):
    (tmp_path / "again").mkdir()
    facts = write_bag(tmp_path / "again", dict(reversed(PAYLOAD.items())), dict(reversed(INFO.items())))
    for name in ("manifest-sha256.txt", "bag-info.txt"):
        assert (tmp_path / "again" / name).read_bytes() == (bag / name).read_bytes()
    assert facts == form.read_contents(tmp_path / "again").facts


def test_a_bag_read_back_says_what_was_written(bag):
    found = read_bag(bag)
    assert found.info == INFO
    assert found.payload == {f"data/{name}": sha256(content) for name, content in PAYLOAD.items()}
    assert sorted(found.tags) == ["bag-info.txt", "bagit.txt", "manifest-sha256.txt", "note.txt"]


def test_a_file_can_be_given_by_path_and_arrives_read_only(tmp_path):
    source = tmp_path / "source"
    source.write_bytes(b"x" * 3_000_000)
    (tmp_path / "bag").mkdir()
    facts = write_bag(tmp_path / "bag", {"a": source}, INFO)
    assert facts["data/a"] == form.FileFact(3_000_000, sha256(b"x" * 3_000_000))
    assert (tmp_path / "bag" / "data" / "a").stat().st_mode & 0o222 == 0


def test_bagit_and_sha256sum_accept_it(bag):
    for manifest in ("manifest-sha256.txt", "tagmanifest-sha256.txt"):
        subprocess.run(["sha256sum", "--strict", "--quiet", "-c", manifest], cwd=bag, check=True)
    subprocess.run([sys.executable, "-W", "ignore", "-m", "bagit", "--validate", "--quiet", str(bag)], check=True)


@pytest.mark.parametrize(
    "path", ["", "../x", "/x", "a/../b", ".hidden", "a/.b", "a//b", "a/", "a b", "a\\b", "é", "a\n"]
)
def test_a_payload_path_that_is_not_plain_is_refused_before_anything_is_written(tmp_path, path):
    with pytest.raises(StorageError, match="no path a package may hold"):
        write_bag(tmp_path, {"good": b"x", path: b"x"}, INFO)
    assert list(tmp_path.iterdir()) == []


def test_a_payload_path_cannot_be_file_and_folder_at_once(tmp_path):
    with pytest.raises(StorageError, match="'a/b/c' is no path"):
        write_bag(tmp_path, {"a/b": b"x", "a/b/c": b"x"}, INFO)


def test_a_bag_without_payload_is_refused(tmp_path):
    with pytest.raises(StorageError, match="there is no payload"):
        write_bag(tmp_path, {}, INFO)


@pytest.mark.parametrize(
    "info",
    [
        {"A": "x\nB: y"},
        {"A": "x\r"},
        {"A": ""},
        {"A": " x"},
        {"A": "x "},
        {"A": "x\u2028y"},
        {"A": "\ud800"},
        {"": "x"},
        {"a": "x"},
        {"A:": "x"},
        {"A B": "x"},
        {"\ufeffA": "x"},
    ],
)
def test_a_label_or_value_that_is_not_one_plain_line_is_refused_before_anything_is_written(tmp_path, info):
    with pytest.raises(StorageError, match=r"label or value of bag-info\.txt has no valid form"):
        write_bag(tmp_path, PAYLOAD, info)
    assert list(tmp_path.iterdir()) == []


MANIFESTS = {
    "upper case": lambda text: text.replace(text[:64], text[:64].upper(), 1),
    "one blank": lambda text: text.replace(b"  ", b" ", 1),
    "a star": lambda text: text.replace(b"  ", b" *", 1),
    "a tab": lambda text: text.replace(b"  ", b"\t", 1),
    "carriage return": lambda text: text.replace(b"\n", b"\r\n", 1),
    "no last line end": lambda text: text[:-1],
    "an empty line": lambda text: text + b"\n",
    "byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "no UTF-8": lambda text: text.replace(b"data", b"d\xffta", 1),
    "a line twice": lambda text: text[: text.index(b"\n") + 1] + text,
    "another order": lambda text: b"".join(reversed(text.splitlines(keepends=True))),
    "a short digest": lambda text: text[1:],
    "a path out of the bag": lambda text: text.replace(b"data/checks.json", b"../checks.json", 1),
    "an encoded path": lambda text: text.replace(b"data/checks.json", b"data/%63hecks.json", 1),
    "a dot": lambda text: text.replace(b"data/checks.json", b"./data/checks.json", 1),
    "a line less": lambda text: text[text.index(b"\n") + 1 :],
    "nothing": lambda text: b"",
}


@pytest.mark.parametrize("form", MANIFESTS)
def test_every_other_form_of_a_manifest_is_refused(bag, form):
    """The tag manifest is made to fit, so that the line itself is what is refused."""
    manifest, tags = bag / "manifest-sha256.txt", bag / "tagmanifest-sha256.txt"
    before = manifest.read_bytes()
    after = MANIFESTS[form](before)
    rewrite(manifest, after)
    rewrite(tags, tags.read_bytes().replace(sha256(before).encode(), sha256(after).encode()))
    with pytest.raises(NotVerified, match=r"manifest-sha256\.txt"):
        read_bag(bag)


@pytest.mark.parametrize(
    "text", [b"A: x\r\n", b"A: x\nA: y\n", b"B: x\nA: y\n", b"A: x", b"A:x\n", b"A: x\n y\n", b"A: \xff\n"]
)
def test_every_other_form_of_the_information_is_refused(bag, text):
    info, tags = bag / "bag-info.txt", bag / "tagmanifest-sha256.txt"
    before = info.read_bytes()
    rewrite(info, text)
    rewrite(tags, tags.read_bytes().replace(sha256(before).encode(), sha256(text).encode()))
    with pytest.raises(NotVerified, match=r"bag-info\.txt"):
        read_bag(bag)


@pytest.mark.parametrize("name", ["data/more.txt", "more.txt"])
def test_a_file_that_no_manifest_lists_is_refused(bag, name):
    """bagit.py accepts the second: BagIt lets a tag manifest leave files out."""
    (bag / name).write_bytes(b"x")
    with pytest.raises(NotVerified, match=rf"{name} is not listed in"):
        read_bag(bag)


@pytest.mark.parametrize("name", ["data/checks.json", "note.txt", "bagit.txt", "tagmanifest-sha256.txt"])
def test_a_file_that_is_missing_or_changed_is_refused(bag, name):
    content = (bag / name).read_bytes()
    (bag / name).unlink()
    with pytest.raises(NotVerified, match="is no intact bag"):
        read_bag(bag)
    (bag / name).write_bytes(content + b"\n")
    with pytest.raises(NotVerified, match="is no intact bag"):
        read_bag(bag)


names = st.from_regex(form.PATH, fullmatch=True).filter(lambda path: len(path) < 60)
values = st.from_regex(r"\S(.*\S)?", fullmatch=True).filter(str.isprintable)


@settings(deadline=None, max_examples=50, derandomize=True, suppress_health_check=[HealthCheck.filter_too_much])
@given(digests=st.dictionaries(names, st.binary(max_size=4).map(sha256), max_size=5))
def test_a_manifest_read_back_is_the_one_written(digests):
    assert form.parse_manifest(form.manifest_bytes(digests), "manifest-sha256.txt") == digests


@settings(deadline=None, max_examples=50, derandomize=True, suppress_health_check=[HealthCheck.filter_too_much])
@given(info=st.dictionaries(st.from_regex(r"[A-Z][A-Za-z0-9-]*", fullmatch=True), values, max_size=5))
def test_information_read_back_is_the_one_written(info):
    assert form.parse_info(form.info_bytes(info)) == info


def test_the_cases_of_the_conformance_suite_in_our_form(tmp_path):
    """The suite's own bags are run by ``bagit_conformance.py``, outside the tests."""
    answers = {case.name: (said is None, case.valid) for case, said in recreated(tmp_path)}
    assert len(answers) == 13
    assert {name for name, (accepted, valid) in answers.items() if accepted != valid} == set()
