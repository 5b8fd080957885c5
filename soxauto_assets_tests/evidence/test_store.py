"""The evidence store: whole or not at all, once."""

import resource
import signal
import threading
from pathlib import Path

import pytest

from soxauto_assets.errors import StorageError
from soxauto_assets.evidence.store import AttemptExists, LocalEvidenceStore
from soxauto_assets.evidence.verify import verify_package
from soxauto_assets_tests.evidence.test_verify import STATEMENT


def write(
    store: LocalEvidenceStore,
    attempt: int = 1,
    payload: dict | None = None,
    item: str = "IPE_07",
    period: str = "2025-09",
):
    return store.write(item, period, attempt, payload or {"a.txt": b"x"}, STATEMENT, {"Bag-Software-Agent": "test"})


def everything(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def test_attempts_are_listed_in_order_and_the_newest_is_the_last(tmp_path):
    store = LocalEvidenceStore(tmp_path)
    assert store.newest("IPE_07", "2025-09") is None
    packages = [write(store, attempt) for attempt in (1, 2, 3)]
    assert store.attempts("IPE_07", "2025-09") == packages
    assert store.newest("IPE_07", "2025-09") == packages[-1]


def test_a_sealed_attempt_is_never_overwritten(tmp_path):
    store = LocalEvidenceStore(tmp_path)
    first = write(store)
    with pytest.raises(AttemptExists, match="IPE_07 2025-09: attempt 1 was sealed by another run"):
        write(store, payload={"a.txt": b"other"})
    assert verify_package(first.path).verified
    assert (first.path / "data" / "a.txt").read_bytes() == b"x"
    assert not any(".staging" in name for name in everything(tmp_path))


def test_of_many_writers_at_once_exactly_one_seals(tmp_path):
    store, outcomes = LocalEvidenceStore(tmp_path), []
    start = threading.Barrier(6)

    def run(number: int) -> None:
        start.wait()
        try:
            outcomes.append(write(store, payload={"a.txt": str(number).encode()}))
        except AttemptExists:
            outcomes.append(None)

    threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(outcome is not None for outcome in outcomes) == 1
    (package,) = store.attempts("IPE_07", "2025-09")
    assert verify_package(package.path).verified


def test_a_crash_before_the_rename_leaves_no_package(tmp_path):
    store = LocalEvidenceStore(tmp_path)
    staged = tmp_path / "IPE_07" / "2025-09" / ".staging-0"
    staged.mkdir(parents=True)
    (staged / "seal.json").write_bytes(b"{}")
    assert store.attempts("IPE_07", "2025-09") == []
    assert write(store).attempt == 1


def test_a_disk_that_refuses_leaves_nothing_and_says_what_to_do(tmp_path):
    """The kernel itself refuses to write past a file size limit, as a full disk would."""
    store = LocalEvidenceStore(tmp_path / "evidence")
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
    assert str(refused.value) == (
        "IPE_07 2025-09: the evidence package could not be written (File too large). "
        "Next: free disk space or correct the permissions, then run the same command again."
    )
    assert everything(tmp_path / "evidence") == []


@pytest.mark.parametrize("item", ["../escape", "ipe_07", "", "I", "IPE-07", "A" * 25, "IPE_07/x"])
def test_an_item_id_cannot_lead_out_of_the_store(tmp_path, item):
    with pytest.raises(StorageError, match="no valid form"):
        write(LocalEvidenceStore(tmp_path / "evidence"), item=item)
    assert everything(tmp_path) == []


@pytest.mark.parametrize("path", ["../x", "/x", "a/../b", ".hidden", "a//b", "a b", "a\\b", "", "a/", "é"])
def test_a_payload_path_cannot_lead_out_of_the_package(tmp_path, path):
    with pytest.raises(StorageError, match="no path a package may hold"):
        write(LocalEvidenceStore(tmp_path), payload={path: b"x"})
    assert everything(tmp_path) == []
