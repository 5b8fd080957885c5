"""Records: numbered canonical JSON, written once."""

import threading
from pathlib import Path

import pytest

from soxauto_assets.errors import StorageError
from soxauto_assets.records import LocalRecordLog

ITEM, PERIOD = "IPE_07", "2025-09"


@pytest.fixture
def log(tmp_path: Path) -> LocalRecordLog:
    return LocalRecordLog(tmp_path / "failures")


def test_records_are_numbered_canonical_json(log):
    assert log.append(ITEM, PERIOD, {"b": 1, "a": "é"}) == 1
    assert (log.root / ITEM / PERIOD / "0001.json").read_bytes() == '{"a":"é","b":1}'.encode()
    assert log.append(ITEM, PERIOD, {"b": 2}) == 2
    assert log.all(ITEM, PERIOD) == [{"a": "é", "b": 1, "ordinal": 1}, {"b": 2, "ordinal": 2}]
    assert log.all(ITEM, "2025-08") == []


def test_records_written_at_once_are_all_kept(log):
    threads = [threading.Thread(target=log.append, args=(ITEM, PERIOD, {"n": n})) for n in range(12)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    records = log.all(ITEM, PERIOD)
    assert [record["ordinal"] for record in records] == list(range(1, 13))
    assert sorted(record["n"] for record in records) == list(range(12))


@pytest.mark.parametrize(
    ("item", "period"), [("../x", PERIOD), (ITEM, "2025-9"), (ITEM, "2025-09\n"), ("IPE_07\n", PERIOD)]
)
def test_an_id_cannot_lead_elsewhere(log, item, period):
    with pytest.raises(StorageError, match="no valid form"):
        log.append(item, period, {})
    assert not log.root.exists()


def test_a_folder_that_refuses_leaves_nothing(tmp_path):
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="IPE_07 2025-09: a record could not be written"):
        LocalRecordLog(tmp_path / "file").append(ITEM, PERIOD, {})
