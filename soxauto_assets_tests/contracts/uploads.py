"""The contract of upload stores."""

import pytest

from soxauto_assets.canonical import sha256_hex
from soxauto_assets.catalog import get_item
from soxauto_assets.errors import ExtractionError, StorageError
from soxauto_assets.period import Period

JDASH = get_item("JDASH")
SEPTEMBER = Period(2025, 9)


class UploadStoreContract:
    """A subclass gives the fixture ``open_uploads``, which opens the same store again as another process would."""

    @pytest.fixture
    def hand_in(self, open_uploads, tmp_path):
        def hand_in(text: str) -> dict:
            (tmp_path / "export.csv").write_bytes(text.encode())
            record, _ = open_uploads().ingest(JDASH, SEPTEMBER, tmp_path / "export.csv", "Uploader", "EC_NG")
            return record

        return hand_in

    def test_the_bytes_come_back_as_they_were_handed_in(self, open_uploads, hand_in):
        text = "\ufeffid;amount\r\n7;1.5\r\n"
        record = hand_in(text)
        newest, content = open_uploads().newest(JDASH, SEPTEMBER)
        assert newest == record and content == text.encode()
        assert sha256_hex(content) == record["sha256"] and len(content) == record["bytes"]
        assert open_uploads().original(JDASH, SEPTEMBER, record["sha256"]).read_bytes() == content

    def test_the_newest_file_is_the_one_that_counts_and_older_ones_stay(self, open_uploads, hand_in):
        first, second, third = hand_in("id,amount\n1,5\n"), hand_in("id,amount\n1,6\n"), hand_in("id,amount\n1,5\n")
        assert [record["ordinal"] for record in (first, second, third)] == [1, 2, 3]
        assert open_uploads().newest(JDASH, SEPTEMBER)[0] == third
        assert b"1,6" in open_uploads().original(JDASH, SEPTEMBER, second["sha256"]).read_bytes()

    def test_bytes_that_cannot_be_read_are_kept_all_the_same(self, open_uploads, hand_in):
        text = "no header of ours\n"
        with pytest.raises(ExtractionError):
            hand_in(text)
        assert open_uploads().original(JDASH, SEPTEMBER, sha256_hex(text.encode())).read_bytes() == text.encode()
        with pytest.raises(ExtractionError, match="no file was handed in"):
            open_uploads().newest(JDASH, SEPTEMBER)

    def test_what_was_never_handed_in_is_not_there(self, open_uploads):
        with pytest.raises(StorageError, match="JDASH 2025-09: the kept original is missing or was changed"):
            open_uploads().original(JDASH, SEPTEMBER, "0" * 64)
