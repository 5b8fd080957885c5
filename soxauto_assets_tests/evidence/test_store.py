"""The evidence store: whole or not at all, once; and the records beside it."""

import errno
import itertools
import os
import re
import resource
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from soxauto_assets.errors import NotVerified, StorageError
from soxauto_assets.evidence import form
from soxauto_assets.evidence.store import AttemptExists, LocalEvidenceStore, SealedPackage
from soxauto_assets.evidence.verify import verify_package
from soxauto_assets_tests.evidence.test_verify import DATASET, STATEMENT

ITEM, PERIOD = "IPE_07", "2025-09"
AGAIN = "Next: free disk space or correct the permissions, then run the same command again."


@pytest.fixture
def store(tmp_path: Path) -> LocalEvidenceStore:
    return LocalEvidenceStore(tmp_path / "evidence")


def write(
    store: LocalEvidenceStore,
    attempt: int = 1,
    payload: dict | None = None,
    item: str = ITEM,
    period: str = PERIOD,
    statement: dict | None = None,
) -> SealedPackage:
    info = {"Bag-Software-Agent": "test"}
    return store.write(item, period, attempt, payload or {"a.txt": b"x"}, statement or STATEMENT, info)


def everything(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


# Writing and reading.


def test_a_package_lies_under_item_period_and_attempt(store):
    package = write(store, 12)
    assert store.folder(package) == store.root / "IPE_07" / "2025-09" / "attempt-0012"
    assert package.uri == store.folder(package).as_uri() and package.uri.startswith(f"{store.uri}/")
    assert everything(store.folder(package)) == [
        "bag-info.txt",
        "bagit.txt",
        "data/a.txt",
        "manifest-sha256.txt",
        "seal.json",
        "statement.json",
        "tagmanifest-sha256.txt",
    ]
    assert verify_package(store.folder(package)).seal_sha256 == package.seal_sha256


def test_equal_content_has_an_equal_seal(store, tmp_path):
    """No clock and no chance in a package."""
    assert write(store).seal_sha256 == write(LocalEvidenceStore(tmp_path / "other")).seal_sha256


def test_attempts_are_listed_in_order_and_the_newest_is_the_last(store):
    assert store.newest(ITEM, PERIOD) is None
    packages = [write(store, attempt) for attempt in (1, 2, 9, 10, 9_999, 10_000)]
    assert store.attempts(ITEM, PERIOD) == packages
    assert store.newest(ITEM, PERIOD) == packages[-1]
    assert store.attempts(ITEM, "2025-08") == []


def test_a_package_is_read_by_paths_within_it(store, tmp_path):
    source = tmp_path / "source"
    source.write_bytes(b"from a file")
    package = write(store, payload={"rows/a.parquet": source})
    assert store.read(package, "data/rows/a.parquet") == b"from a file"
    statement = store.statement(package)
    assert statement["predicate"] == STATEMENT["predicate"]
    assert [subject["name"] for subject in statement["subject"]] == ["manifest-sha256.txt", "bag-info.txt", "dataset"]


@pytest.mark.parametrize("name", ["../attempt-0002/seal.json", "/etc/hostname", "", "data/../seal.json", "data"])
def test_nothing_else_can_be_read(store, name):
    package = write(store)
    with pytest.raises(StorageError):
        store.read(package, name)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b'{"a": 1}'])
def test_a_damaged_statement_is_named(store, text):
    package = write(store)
    (store.folder(package) / "statement.json").chmod(0o644)
    (store.folder(package) / "statement.json").write_bytes(text)
    with pytest.raises(NotVerified, match="IPE_07 2025-09: the statement of attempt 1 is damaged"):
        store.statement(package)


# Once.


def test_a_sealed_attempt_is_never_overwritten(store):
    first = write(store)
    with pytest.raises(AttemptExists, match="IPE_07 2025-09: attempt 1 was sealed by another run"):
        write(store, payload={"a.txt": b"other"})
    assert verify_package(store.folder(first)).verified
    assert store.read(first, "data/a.txt") == b"x"
    assert not any(".staging" in name for name in everything(store.root))


def test_of_many_writers_at_once_exactly_one_seals(store):
    outcomes: list[SealedPackage | None] = []
    start = threading.Barrier(8)

    def run(number: int) -> None:
        start.wait()
        try:
            outcomes.append(write(store, payload={"a.txt": str(number).encode()}))
        except AttemptExists:
            outcomes.append(None)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [outcome for outcome in outcomes if outcome] == store.attempts(ITEM, PERIOD)
    assert len(outcomes) == 8 and len(store.attempts(ITEM, PERIOD)) == 1
    assert verify_package(store.folder(store.attempts(ITEM, PERIOD)[0])).verified
    assert os.listdir(store.root / ITEM / PERIOD) == ["attempt-0001"]


@pytest.mark.parametrize("content", [[], ["x"], ["data", "manifest-sha256.txt"]])
def test_a_folder_without_a_seal_is_no_attempt_and_is_not_taken_away(store, content):
    """To call it an attempt would send the caller to compare with a package that is not there."""
    target = store.root / ITEM / PERIOD / "attempt-0001"
    target.mkdir(parents=True)
    for name in content:
        (target / name).write_bytes(b"x")
    assert store.newest(ITEM, PERIOD) is None
    with pytest.raises(StorageError, match="attempt-0001 is in the way: it holds no seal") as refused:
        write(store)
    assert not isinstance(refused.value, AttemptExists)
    assert sorted(os.listdir(target)) == content


@pytest.mark.parametrize(
    "name", ["attempt-1", "attempt-00001", "attempt-0000", "attempt-0001x", ".attempt-0001", "attempt-٠٠٠١"]
)
def test_a_folder_of_another_name_is_no_attempt(store, name):
    store.folder(write(store)).rename(store.root / ITEM / PERIOD / name)
    assert store.attempts(ITEM, PERIOD) == []


# Whole or not at all.


@pytest.fixture
def full_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 128 KiB."""
    place = tmp_path / "full"
    place.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", "size=128k", "none", str(place)]
    if subprocess.run(mount, capture_output=True, check=False).returncode:
        pytest.skip("mounting a file system is not permitted here")
    yield place
    subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("free", range(0, 100_001, 12_500))
def test_a_full_disk_leaves_nothing_whenever_it_fills(full_disk, free):
    store = LocalEvidenceStore(full_disk / "evidence")
    first = write(store)
    content = {"a.txt": b"x", "rows/part-00000.parquet": b"x" * (free + 1)}
    (full_disk / "ballast").write_bytes(b"x" * (4096 * ((os.statvfs(full_disk).f_bavail * 4096 - free) // 4096)))
    with pytest.raises(StorageError) as refused:
        write(store, 2, content)
    assert str(refused.value) == (
        f"IPE_07 2025-09: the evidence package could not be written (No space left on device). {AGAIN}"
    )
    assert store.attempts(ITEM, PERIOD) == [first]
    assert os.listdir(store.root / ITEM / PERIOD) == ["attempt-0001"]
    (full_disk / "ballast").unlink()
    assert verify_package(store.folder(write(store, 2))).verified


def test_a_disk_that_refuses_leaves_nothing_and_says_what_to_do(store, tmp_path):
    """The kernel itself refuses to write past a file size limit, as a full disk would."""
    source = tmp_path / "big"
    source.write_bytes(b"x" * 300_000)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, limits[1]))
        with pytest.raises(StorageError) as refused:
            write(store, payload={"a.txt": b"x", "rows/part-00000.parquet": source})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, previous)
    assert str(refused.value) == f"IPE_07 2025-09: the evidence package could not be written (File too large). {AGAIN}"
    assert everything(store.root) == []


def refuse(patch: pytest.MonkeyPatch, call: str, at: int, number: int) -> None:
    """Let the operating system refuse one call of that name, counted from 1."""
    real, calls = getattr(os, call), itertools.count(1)

    def sometimes(*args, **kwargs):
        if next(calls) == at:
            raise OSError(number, os.strerror(number))
        return real(*args, **kwargs)

    patch.setattr(os, call, sometimes)


@pytest.mark.parametrize("call", ["mkdir", "open", "fsync", "chmod", "scandir", "rename"])
@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EACCES, errno.EIO])
def test_whichever_call_the_system_refuses_nothing_half_written_remains(store, monkeypatch, call, number):
    """The first call of that name is refused, then the second and so on, until a write gets through without one."""
    folder = store.root / ITEM / PERIOD
    for attempt in itertools.count(1):
        with monkeypatch.context() as patch:
            refuse(patch, call, attempt, number)
            try:
                write(store, attempt)
                break
            except StorageError as error:
                assert str(error).startswith("IPE_07 2025-09: ") and os.strerror(number) in str(error)
        sealed = store.attempts(ITEM, PERIOD)
        # A refusal after the commit point may leave the whole package, never a part of it.
        assert all(verify_package(store.folder(package)).verified for package in sealed)
        assert sorted(os.listdir(folder) if folder.exists() else []) == [
            store.folder(package).name for package in sealed
        ]
    assert attempt > 1 and verify_package(folder / f"attempt-{attempt:04d}").verified


KILLED = """
import os, sys
from pathlib import Path
from soxauto_assets.evidence.store import LocalEvidenceStore
real, calls = os.fsync, 0
def fsync(handle):
    global calls
    calls += 1
    if calls == int(sys.argv[2]):
        os.kill(os.getpid(), 9)
    real(handle)
os.fsync = fsync
statement = {"_type": "https://in-toto.io/Statement/v1", "predicateType": "urn:t", "subject": [], "predicate": {}}
LocalEvidenceStore(Path(sys.argv[1])).write("IPE_07", "2025-09", 1, {"a": b"x"}, statement, {"A": "b"})
"""


@pytest.mark.parametrize("moment", [1, 4, 7, 9, 10, 99])
def test_a_killed_writer_leaves_a_whole_package_or_none_and_the_next_one_goes_on(store, moment):
    """Fsyncs 1 to 7 are files, 8 and 9 the staged folders; then comes the rename, and 10 is after it."""
    run = subprocess.run([sys.executable, "-c", KILLED, str(store.root), str(moment)], check=False)
    assert run.returncode == (-9 if moment < 99 else 0)
    found = store.attempts(ITEM, PERIOD)
    left = set(os.listdir(store.root / ITEM / PERIOD)) - {"attempt-0001"}
    assert len(found) == (moment > 9) and len(left) == (moment <= 9)
    assert all(re.fullmatch(r"\.staging-[0-9a-f]{32}", name) for name in left)
    assert all(verify_package(store.folder(package)).verified for package in found)
    assert verify_package(store.folder(write(store, 1 + len(found)))).verified
    assert [package.attempt for package in store.attempts(ITEM, PERIOD)] == list(range(1, 2 + len(found)))


def test_a_source_file_that_is_missing_leaves_nothing(store, tmp_path):
    with pytest.raises(StorageError, match="No such file or directory"):
        write(store, payload={"a.txt": b"x", "b.txt": tmp_path / "nothing"})
    assert everything(store.root) == []


def test_a_store_below_a_file_is_refused(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="could not be written"):
        write(LocalEvidenceStore(tmp_path / "file" / "evidence"))


# What would not verify is not published.


@pytest.mark.parametrize(
    "statement",
    [
        {**STATEMENT, "_type": "other"},
        {**STATEMENT, "more": 1},
        {**STATEMENT, "subject": [DATASET, DATASET]},
        {**STATEMENT, "subject": [{"name": "manifest-sha256.txt", "digest": {"sha256": "0" * 64}}]},
        {**STATEMENT, "predicate": {"é": 1}},
    ],
)
def test_a_statement_that_the_verifier_refuses_is_not_sealed(store, statement):
    with pytest.raises(StorageError, match="IPE_07 2025-09: the package would not verify"):
        write(store, statement=statement)
    assert everything(store.root) == []


def test_a_package_beyond_the_bounds_of_the_verifier_is_not_sealed(store, monkeypatch):
    monkeypatch.setattr(form, "MAX_FILES", 8)
    with pytest.raises(StorageError, match="would not verify: more than 8 files"):
        write(store, payload={f"f{n}": b"x" for n in range(9)})
    assert everything(store.root) == []


def test_what_the_disk_gives_back_changed_is_not_sealed(store, monkeypatch):
    monkeypatch.setattr(form, "file_fact", lambda path, deadline: form.FileFact(1, "0" * 64))
    with pytest.raises(StorageError, match=r"would not verify: data/a\.txt differs"):
        write(store)
    assert everything(store.root) == []


# Names.


@pytest.mark.parametrize(
    "item", ["../escape", "ipe_07", "", "I", "IPE-07", "A" * 25, "IPE_07/x", "IPE_07\n", "IPE_0７"]
)
def test_an_item_id_cannot_lead_out_of_the_store(store, item):
    for act in (
        lambda: write(store, item=item),
        lambda: store.attempts(item, PERIOD),
    ):
        with pytest.raises(StorageError, match="no valid form"):
            act()
    assert everything(store.root.parent) == []


@pytest.mark.parametrize("period", ["2025-13", "2025-00", "2025-9", "2025-09-01", "..", "", "2025-09\n", "٢٠٢٥-09"])
def test_a_period_cannot_lead_out_of_the_store(store, period):
    with pytest.raises(StorageError, match="no valid form"):
        write(store, period=period)
    assert everything(store.root.parent) == []


@pytest.mark.parametrize("path", ["../x", "/x", "a/../b", ".hidden", "a//b", "a b", "a\\b", "", "a/", "é", "a\n"])
def test_a_payload_path_cannot_lead_out_of_the_package(store, path):
    with pytest.raises(StorageError, match=r"IPE_07 2025-09: .* is no path a package may hold"):
        write(store, payload={path: b"x"})
    assert everything(store.root.parent) == []


@pytest.mark.parametrize("attempt", [0, -1])
def test_attempts_count_from_one(store, attempt):
    with pytest.raises(StorageError, match=f"IPE_07 2025-09: {attempt} is no attempt number"):
        write(store, attempt)
