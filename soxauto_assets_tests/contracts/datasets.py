"""The contract of dataset stores."""

import os
import threading
from dataclasses import replace
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from soxauto_assets.catalog import get_item
from soxauto_assets.errors import ExtractionError, StorageError
from soxauto_assets.extraction.landing import Dataset, DatasetStore, file_facts
from soxauto_assets.extraction.uploads import parse
from soxauto_assets.period import Period

ITEM = get_item("JDASH")
PERIOD = "2025-09"


def unloaded(folder: Path, text: str = "id,amount\n1,5\n2,6\n", **options: object) -> Path:
    """Write rows as an engine would leave them."""
    part = folder / "unloaded.parquet"
    pq.write_table(parse(ITEM, text.encode(), Period.parse(PERIOD), None).table(ITEM), part, **options)
    return part


def land(store: DatasetStore, text: str = "id,amount\n1,5\n2,6\n") -> Dataset:
    with store.staging(ITEM.id, PERIOD) as staging:
        return store.land(ITEM, PERIOD, [unloaded(staging, text)], staging)


def open_again(store: DatasetStore, landed: Dataset) -> Dataset:
    return store.open(ITEM, PERIOD, landed.digest, landed.facts, landed.objects)


def rows(dataset: Dataset) -> list[tuple]:
    with dataset.query() as connection:
        return connection.execute("SELECT voucher_id, amount_used FROM landed ORDER BY 1").fetchall()


class DatasetStoreContract:
    """A subclass gives the fixture ``open_store``, which opens the same store again as another process would."""

    def test_what_was_landed_is_opened(self, open_store):
        landed = land(open_store())
        opened = open_again(open_store(), landed)
        assert rows(landed) == rows(opened) and [voucher for voucher, _ in rows(opened)] == ["1", "2"]
        assert (opened.facts, opened.objects, opened.uri) == (landed.facts, landed.objects, landed.uri)
        assert landed.facts == file_facts(landed.files)
        assert landed.uri.endswith(f"/{ITEM.id}/{PERIOD}/{landed.digest.digest}")

    def test_equal_rows_land_on_themselves(self, open_store):
        first, second = land(open_store()), land(open_store(), "id,amount\n2,6\n1,5\n")
        assert (first.facts, first.objects) == (second.facts, second.objects)

    def test_other_rows_leave_the_first_as_they_are(self, open_store):
        first = land(open_store())
        second = land(open_store(), "id,amount\n1,7\n")
        assert len(rows(open_again(open_store(), first))) == 2 and len(rows(open_again(open_store(), second))) == 1

    def test_of_many_landings_at_once_all_have_the_same_dataset(self, open_store):
        start, landed = threading.Barrier(4), []

        def run() -> None:
            store = open_store()
            start.wait()
            landed.append(land(store))

        threads = [threading.Thread(target=run) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert len(landed) == 4 and all(one.facts == landed[0].facts for one in landed)
        assert all(one.objects == landed[0].objects for one in landed)
        assert len(rows(open_again(open_store(), landed[0]))) == 2

    def test_nothing_unfinished_remains(self, open_store):
        store = open_store()
        with store.staging(ITEM.id, PERIOD) as staging:
            (staging / "half").write_bytes(b"x")
        with (
            pytest.raises(ExtractionError, match="answered no row"),
            store.staging("CR_04", PERIOD) as other,
        ):
            empty = pq.read_table(unloaded(other)).slice(0, 0)
            pq.write_table(empty, other / "empty.parquet")
            item = replace(ITEM, allow_empty=False)
            store.land(item, PERIOD, [other / "empty.parquet"], other)
        assert not staging.exists() and not other.exists()

    def test_a_damaged_local_file_is_never_used(self, open_store):
        landed = land(open_store())
        (path,) = landed.files
        os.chmod(path, 0o644)
        path.write_bytes(path.read_bytes()[:-1] + b"x")
        try:
            opened = open_again(open_store(), landed)
        except StorageError as error:
            assert "differs from its extraction record" in str(error)
        else:
            assert file_facts(opened.files) == landed.facts

    def test_facts_that_differ_are_refused(self, open_store):
        landed = land(open_store())
        (fact,) = landed.facts
        with pytest.raises(StorageError):
            open_store().open(ITEM, PERIOD, landed.digest, [{**fact, "sha256": "0" * 64}], landed.objects)
