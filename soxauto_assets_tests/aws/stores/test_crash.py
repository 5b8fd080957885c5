"""A fault at every call of every store, before and after its effect: a reader sees all or nothing, and a second run completes.

The calls are enumerated: the first one fails, then the second and so on, until a run gets through without a fault.
"""

import contextlib
import itertools
from collections.abc import Iterator

import pytest

from soxauto_assets.aws.cache import Cache
from soxauto_assets.aws.objects import Bucket
from soxauto_assets.aws.session import AwsSession
from soxauto_assets.errors import CredentialsError, SoxautoError, StorageError
from soxauto_assets.evidence.store import AttemptExists
from soxauto_assets.evidence.store_s3 import S3EvidenceStore
from soxauto_assets.extraction.landing_s3 import S3DatasetStore
from soxauto_assets.extraction.originals import S3Originals
from soxauto_assets.extraction.uploads import UploadStore
from soxauto_assets.records import S3RecordLog
from soxauto_assets_tests.aws.stores.conftest import LOCK
from soxauto_assets_tests.aws.stores.faults import FAULTS, MOMENTS, FaultySession, Killed
from soxauto_assets_tests.contracts.datasets import land, open_again, rows
from soxauto_assets_tests.contracts.evidence import ITEM, require_whole, write
from soxauto_assets_tests.contracts.uploads import JDASH, SEPTEMBER

each_fault = pytest.mark.parametrize("fault", FAULTS)
each_moment = pytest.mark.parametrize("moment", MOMENTS)
FEWEST_CALLS = 3
FILES_AND_COMMIT = 8


@pytest.fixture
def until_through(session: AwsSession, moment: str, fault: str):
    """Yield faulty sessions, one per call, and stop after the first run that met no fault."""

    def sessions() -> Iterator[FaultySession]:
        for number in itertools.count(1):
            faulty = FaultySession(session, number, moment, FAULTS[fault])
            yield faulty
            if faulty.fired is None:
                assert number > FEWEST_CALLS
                return

    return sessions


@contextlib.contextmanager
def failing(faulty: FaultySession, fault: str) -> Iterator[None]:
    """Let the fault through in the form that a person sees it, and no other."""
    try:
        yield
    except Killed:
        assert fault == "killed"
    except CredentialsError as error:
        assert fault == "expired token" and "the AWS credentials have expired. Next: export new AWS_" in str(error)
    except StorageError as error:
        assert fault in ("lost connection", "slow down") and faulty.fired
        assert "did not answer" in str(error) or "throttling" in str(error)


def periods() -> Iterator[str]:
    return (f"{year}-{month:02d}" for year in itertools.count(2000) for month in range(1, 13))


@each_fault
@each_moment
def test_an_evidence_package_is_whole_or_absent(session, vault, until_through, fault, tmp_path):
    def open_store(used: object) -> S3EvidenceStore:
        return S3EvidenceStore(Bucket(used, vault.name), "evidence", lambda period: LOCK, tmp_path / "cache")

    reader = open_store(session)
    for faulty, period in zip(until_through(), periods(), strict=False):
        sealed = None
        with failing(faulty, fault):
            sealed = write(open_store(faulty), period=period)
        seen = reader.attempts(ITEM, period)
        assert len(seen) <= 1 and (sealed is None or seen == [sealed])
        for package in seen:
            require_whole(reader, package)
        try:
            again = write(open_store(session), period=period)
            assert seen == []
        except AttemptExists:
            again = seen[0]
        assert reader.attempts(ITEM, period) == [again]
        require_whole(open_store(session), again)
    assert list((tmp_path / "cache" / "staging").iterdir()) == []


@pytest.mark.parametrize("fault", ["killed", "lost connection"])
@each_moment
def test_the_leavings_of_one_crash_after_another_do_not_stop_the_last_run(
    session, vault, until_through, fault, tmp_path
):
    """One attempt, written again after a fault at its first call, at its second and so on."""
    store = S3EvidenceStore(vault, "evidence", lambda period: LOCK, tmp_path / "cache")
    for faulty in until_through():
        sealed = None
        with failing(faulty, fault), contextlib.suppress(AttemptExists):
            used = Bucket(faulty, vault.name)
            sealed = write(S3EvidenceStore(used, "evidence", lambda period: LOCK, tmp_path / "cache"))
        seen = store.attempts(ITEM, "2025-09")
        assert len(seen) <= 1 and (sealed is None or seen == [sealed])
    require_whole(store, *seen)


@each_fault
@each_moment
def test_reading_evidence_gives_the_right_bytes_or_an_error(session, vault, until_through, fault, tmp_path):
    package = write(S3EvidenceStore(vault, "evidence", lambda period: LOCK, tmp_path / "written"))
    for number, faulty in enumerate(until_through()):
        cache = tmp_path / str(number)
        with failing(faulty, fault):
            require_whole(S3EvidenceStore(Bucket(faulty, vault.name), "evidence", lambda period: LOCK, cache), package)
        copies = list(cache.rglob("seal.json")) if cache.exists() else []
        assert all(path.parent.name == package.seal_sha256 for path in copies)
        require_whole(S3EvidenceStore(vault, "evidence", lambda period: LOCK, cache), package)


@each_fault
@each_moment
def test_a_dataset_is_whole_or_absent(session, data, until_through, fault, tmp_path):
    for number, faulty in enumerate(until_through()):
        prefix = f"datasets-{number}"

        def open_store(used: object, prefix: str = prefix) -> S3DatasetStore:
            bucket = Bucket(used, data.name)
            return S3DatasetStore(bucket, prefix, tmp_path / "work", Cache(tmp_path / "cache" / prefix))

        with failing(faulty, fault):
            land(open_store(faulty))
        again = land(open_store(session))
        assert len(rows(open_again(open_store(session), again))) == 2
        (entry,) = again.objects
        versions = data._s3.list_object_versions(Bucket=data.name, Prefix=f"{prefix}/")["Versions"]
        assert [version["VersionId"] for version in versions] == [entry["version_id"]]
    assert [path for path in (tmp_path / "work").rglob("*") if path.is_file()] == []


@each_fault
@each_moment
def test_a_record_is_whole_or_absent_and_the_next_one_follows(session, data, until_through, fault):
    for faulty, period in zip(until_through(), periods(), strict=False):
        with failing(faulty, fault):
            S3RecordLog(Bucket(faulty, data.name), "records").append(ITEM, period, {"run": 1})
        log = S3RecordLog(data, "records")
        before = log.all(ITEM, period)
        assert before in ([], [{"run": 1, "ordinal": 1}])
        ordinal = log.append(ITEM, period, {"run": 2})
        assert log.all(ITEM, period) == [*before, {"run": 2, "ordinal": ordinal}] and ordinal == len(before) + 1


@each_fault
@each_moment
def test_an_upload_is_in_custody_or_not(session, vault, until_through, fault, tmp_path):
    (tmp_path / "export.csv").write_text("id,amount\n1,5\n")
    for number, faulty in enumerate(until_through()):

        def open_uploads(used: object, prefix: str = f"uploads-{number}") -> UploadStore:
            bucket = Bucket(used, vault.name)
            originals = S3Originals(bucket, prefix, lambda period: LOCK, Cache(tmp_path / "cache"))
            return UploadStore(originals, S3RecordLog(bucket, prefix, lambda period: LOCK))

        with failing(faulty, fault):
            open_uploads(faulty).ingest(JDASH, SEPTEMBER, tmp_path / "export.csv", "Uploader")
        uploads = open_uploads(session)
        before = uploads.records.all(JDASH.id, SEPTEMBER.key)
        assert len(before) <= 1
        record, _ = uploads.ingest(JDASH, SEPTEMBER, tmp_path / "export.csv", "Uploader")
        newest, content = uploads.newest(JDASH, SEPTEMBER)
        assert newest == record and content == b"id,amount\n1,5\n"
        assert all(entry["object"] == record["object"] for entry in before)


@each_fault
@each_moment
def test_an_object_in_parts_is_whole_or_absent_and_no_upload_is_left(
    session, data, s3, until_through, moment, fault, tmp_path
):
    file = tmp_path / "large"
    file.write_bytes(b"a" * (5 * 2**20) + b"b")
    sizes = {"single_put_bytes": 5 * 2**20, "part_bytes": 5 * 2**20}
    for number, faulty in enumerate(until_through()):
        key = f"large-{number}"
        with failing(faulty, fault):
            Bucket(faulty, data.name, **sizes).put(key, file)
        # The answer that named the upload was lost: nobody can take it back but the bucket's lifecycle rule.
        unknown = (faulty.fired, moment) == ("create_multipart_upload", "after")
        unknown = unknown or faulty.fired == "abort_multipart_upload"
        assert unknown or "Uploads" not in s3.list_multipart_uploads(Bucket=data.name, Prefix=key)
        stored = Bucket(session, data.name, **sizes).put(key, file)
        data.download(stored, tmp_path / key)
        assert (tmp_path / key).read_bytes() == file.read_bytes()
        assert len(s3.list_object_versions(Bucket=data.name, Prefix=key)["Versions"]) == 1


def test_a_lost_answer_after_a_write_is_success_wherever_it_is_lost(session, vault, tmp_path):
    """What is there with our bytes, and for the commit with our token, is ours: no second attempt, no error."""
    lost = 0
    for number, period in zip(itertools.count(1), periods(), strict=False):
        faulty = FaultySession(session, number, "after", FAULTS["lost connection"])
        store = S3EvidenceStore(Bucket(faulty, vault.name), "evidence", lambda period: LOCK, tmp_path / "cache")
        sealed = None
        with contextlib.suppress(SoxautoError):
            sealed = write(store, period=period)
        if faulty.fired == "put_object":
            assert sealed and store.attempts(ITEM, period) == [sealed]
            lost += 1
        if faulty.fired is None:
            break
    assert lost == FILES_AND_COMMIT
