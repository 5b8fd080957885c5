"""The contract of record logs."""

import threading

import pytest

from soxauto_assets.errors import StorageError
from soxauto_assets.records import RecordLog

ITEM, PERIOD = "IPE_07", "2025-09"


class RecordLogContract:
    """A subclass gives the fixture ``open_log``, which opens the same log again as another process would."""

    def test_records_are_numbered_in_order(self, open_log):
        assert open_log().append(ITEM, PERIOD, {"b": 1, "a": "é"}) == 1
        assert open_log().append(ITEM, PERIOD, {"b": 2}) == 2
        assert open_log().all(ITEM, PERIOD) == [{"a": "é", "b": 1, "ordinal": 1}, {"b": 2, "ordinal": 2}]

    def test_items_and_periods_have_logs_of_their_own(self, open_log):
        open_log().append(ITEM, PERIOD, {"n": 1})
        assert open_log().append(ITEM, "2025-08", {"n": 2}) == 1
        assert open_log().append("IPE_071", PERIOD, {"n": 3}) == 1
        assert [record["n"] for record in open_log().all(ITEM, PERIOD)] == [1]
        assert open_log().all("CR_04", PERIOD) == []

    def test_equal_records_are_two_records(self, open_log):
        assert [open_log().append(ITEM, PERIOD, {"n": 1}) for _ in range(2)] == [1, 2]

    @pytest.mark.parametrize("same", [True, False])
    def test_of_many_writers_at_once_every_record_is_kept(self, open_log, same):
        start, ordinals = threading.Barrier(8), []

        def write(number: int) -> None:
            log: RecordLog = open_log()
            start.wait()
            ordinals.append(log.append(ITEM, PERIOD, {"n": 0 if same else number}))

        threads = [threading.Thread(target=write, args=(number,)) for number in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        records = open_log().all(ITEM, PERIOD)
        assert sorted(ordinals) == list(range(1, 9)) == [record["ordinal"] for record in records]
        assert sorted(record["n"] for record in records) == ([0] * 8 if same else list(range(8)))

    @pytest.mark.parametrize(
        ("item", "period"),
        [("../x", PERIOD), (ITEM, "2025-9"), (ITEM, "2025-09\n"), ("IPE_07\n", PERIOD), (ITEM, "٢٠٢٥-09")],
    )
    def test_an_id_cannot_lead_elsewhere(self, open_log, item, period):
        with pytest.raises(StorageError, match="no valid form"):
            open_log().append(item, period, {})
        with pytest.raises(StorageError, match="no valid form"):
            open_log().all(item, period)
