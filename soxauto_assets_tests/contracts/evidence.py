"""The contract of evidence stores."""

import threading

import pytest

from soxauto_assets.errors import NotVerified, StorageError
from soxauto_assets.evidence.store import AttemptExists, EvidenceStore, SealedPackage
from soxauto_assets.evidence.verify import verify_package
from soxauto_assets_tests.evidence.test_verify import DATASET, STATEMENT

ITEM, PERIOD = "IPE_07", "2025-09"
INFO = {"Bag-Software-Agent": "test"}


def write(
    store: EvidenceStore,
    attempt: int = 1,
    payload: dict | None = None,
    item: str = ITEM,
    period: str = PERIOD,
    statement: dict | None = None,
) -> SealedPackage:
    return store.write(item, period, attempt, payload or {"a.txt": b"x"}, statement or STATEMENT, INFO)


def require_whole(store: EvidenceStore, package: SealedPackage) -> None:
    """Fail unless a package verifies as it is read."""
    report = verify_package(store.folder(package))
    assert report.verified and report.seal_sha256 == package.seal_sha256


class EvidenceStoreContract:
    """A subclass gives the fixture ``open_store``, which opens the same store again as another process would."""

    def test_a_package_comes_back_whole(self, open_store, tmp_path):
        source = tmp_path / "source"
        source.write_bytes(b"from a file")
        written = write(open_store(), payload={"rows/a.parquet": source, "empty": b""})
        store = open_store()
        assert store.attempts(ITEM, PERIOD) == [written] and written.uri.startswith(f"{store.uri}/")
        require_whole(store, written)
        assert store.read(written, "data/rows/a.parquet") == b"from a file" and store.read(written, "data/empty") == b""
        statement = store.statement(written)
        assert statement["predicate"] == STATEMENT["predicate"]
        assert [subject["name"] for subject in statement["subject"]] == [
            "manifest-sha256.txt",
            "bag-info.txt",
            "dataset",
        ]

    def test_attempts_are_listed_in_order_and_the_newest_is_the_last(self, open_store):
        store = open_store()
        assert store.newest(ITEM, PERIOD) is None
        packages = [write(store, attempt) for attempt in (1, 2, 10, 10_000)]
        assert open_store().attempts(ITEM, PERIOD) == packages
        assert open_store().newest(ITEM, PERIOD) == packages[-1]
        assert store.attempts(ITEM, "2025-08") == store.attempts("IPE_0", PERIOD) == []

    def test_a_sealed_attempt_is_never_overwritten(self, open_store):
        first = write(open_store())
        for content in (b"other", b"x"):
            with pytest.raises(AttemptExists, match="IPE_07 2025-09: attempt 1 was sealed by another run"):
                write(open_store(), payload={"a.txt": content})
        assert open_store().attempts(ITEM, PERIOD) == [first]
        assert open_store().read(first, "data/a.txt") == b"x"

    @pytest.mark.parametrize("same", [True, False])
    def test_of_many_writers_at_once_exactly_one_seals(self, open_store, same):
        start = threading.Barrier(6)
        outcomes: list[SealedPackage | None] = []

        def run(number: int) -> None:
            store = open_store()
            start.wait()
            try:
                outcomes.append(write(store, payload={"a.txt": b"x" if same else str(number).encode()}))
            except AttemptExists:
                outcomes.append(None)

        threads = [threading.Thread(target=run, args=(number,)) for number in range(6)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        sealed = open_store().attempts(ITEM, PERIOD)
        assert len(outcomes) == 6 and [outcome for outcome in outcomes if outcome] == sealed and len(sealed) == 1
        require_whole(open_store(), sealed[0])

    @pytest.mark.parametrize("name", ["../attempt-0002/seal.json", "/etc/hostname", "", "data/../seal.json", "data"])
    def test_nothing_else_can_be_read(self, open_store, name):
        package = write(open_store())
        with pytest.raises(StorageError):
            open_store().read(package, name)

    @pytest.mark.parametrize(
        "statement", [{**STATEMENT, "_type": "other"}, {**STATEMENT, "subject": [DATASET, DATASET]}]
    )
    def test_what_would_not_verify_is_not_sealed(self, open_store, statement):
        with pytest.raises(StorageError, match="IPE_07 2025-09: the package would not verify"):
            write(open_store(), statement=statement)
        assert open_store().attempts(ITEM, PERIOD) == []

    def test_a_statement_that_was_changed_is_no_statement(self, open_store):
        package = write(open_store())
        path = open_store().folder(package) / "statement.json"
        path.chmod(0o644)
        path.write_bytes(b"{")
        store = open_store()
        try:
            assert store.statement(package)["predicate"] == STATEMENT["predicate"]
        except NotVerified as error:
            assert "the statement of attempt 1 is damaged" in str(error)

    @pytest.mark.parametrize("item", ["../escape", "ipe_07", "", "IPE_07/x", "IPE_07\n", "IPE_0７"])
    def test_an_item_id_cannot_lead_out_of_the_store(self, open_store, item):
        for act in (lambda: write(open_store(), item=item), lambda: open_store().attempts(item, PERIOD)):
            with pytest.raises(StorageError, match="no valid form"):
                act()

    @pytest.mark.parametrize("period", ["2025-13", "2025-9", "..", "", "2025-09\n", "٢٠٢٥-09"])
    def test_a_period_cannot_lead_out_of_the_store(self, open_store, period):
        with pytest.raises(StorageError, match="no valid form"):
            write(open_store(), period=period)

    @pytest.mark.parametrize("path", ["../x", "/x", ".hidden", "a//b", "a b", "", "é", "a\n"])
    def test_a_payload_path_cannot_lead_out_of_the_package(self, open_store, path):
        with pytest.raises(StorageError, match=r"IPE_07 2025-09: .* is no path a package may hold"):
            write(open_store(), payload={path: b"x"})

    @pytest.mark.parametrize("attempt", [0, -1])
    def test_attempts_count_from_one(self, open_store, attempt):
        with pytest.raises(StorageError, match=f"IPE_07 2025-09: {attempt} is no attempt number"):
            write(open_store(), attempt)
