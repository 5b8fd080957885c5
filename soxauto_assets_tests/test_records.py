"""Records: numbered canonical JSON, written once."""

import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from soxauto_assets.errors import StorageError
from soxauto_assets.records import Act, ActLog, RecordLog

ITEM, PERIOD = "IPE_07", "2025-09"


@pytest.fixture
def log(tmp_path: Path) -> RecordLog:
    return RecordLog(tmp_path / "failures")


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
        RecordLog(tmp_path / "file").append(ITEM, PERIOD, {})


def act(person: str = "A Reviewer") -> Act:
    return Act(
        act="confirm_binding",
        subject_kind="binding",
        subject="gl_entries",
        digest="ab" * 32,
        person=person,
        reason=None,
        time=datetime(2025, 10, 17, 9, 30, tzinfo=UTC),
        performed_by={"os_user": "u"},
        details={"table": "a.b"},
    )


def test_an_act_says_who_did_what_to_which_content_and_that_it_is_unsigned(tmp_path):
    log = ActLog(tmp_path / "acts")
    assert log.all() == []
    assert log.append(act()) == 1
    assert log.all() == [
        {
            "act": "confirm_binding",
            "subject": {"kind": "binding", "name": "gl_entries", "sha256": "ab" * 32},
            "person": "A Reviewer",
            "reason": None,
            "time": "2025-10-17T09:30:00.000+00:00",
            "performed_by": {"os_user": "u"},
            "key": None,
            "signature": "unsigned",
            "details": {"table": "a.b"},
            "ordinal": 1,
        }
    ]


def test_an_act_is_never_overwritten(tmp_path):
    log = ActLog(tmp_path / "acts")
    log.append(act())
    before = (log.root / "0001.json").read_bytes()
    assert log.append(act("Another")) == 2
    assert (log.root / "0001.json").read_bytes() == before
    assert sorted(path.name for path in log.root.iterdir()) == ["0001.json", "0002.json"]
