"""Object Lock: what is sealed can be neither deleted nor overwritten nor released, and for how long."""

import dataclasses
from datetime import UTC, datetime, timedelta

import pytest
from botocore.exceptions import ClientError

from soxauto_assets.aws.objects import Bucket
from soxauto_assets.aws.settings import AwsSettings
from soxauto_assets.aws.versions import Lock
from soxauto_assets.canonical import read_json
from soxauto_assets.errors import NotVerified, StorageError
from soxauto_assets.evidence.store_s3 import S3EvidenceStore
from soxauto_assets.runtime import lock_of
from soxauto_assets_tests.aws.stores.conftest import LOCK
from soxauto_assets_tests.contracts.evidence import ITEM, PERIOD, require_whole, write

LONGER, SHORTER = LOCK.until + timedelta(days=365), LOCK.until - timedelta(days=1)


@pytest.fixture
def open_store(vault, tmp_path):
    return lambda name="cache", lock=LOCK: S3EvidenceStore(vault, "evidence", lambda period: lock, tmp_path / name)


def locks_of(s3, bucket: Bucket) -> set[tuple]:
    """Return mode and date of the lock of every version in a bucket."""
    found = set()
    for entry in s3.list_object_versions(Bucket=bucket.name).get("Versions", []):
        head = s3.head_object(Bucket=bucket.name, Key=entry["Key"], VersionId=entry["VersionId"])
        found.add((head.get("ObjectLockMode"), head.get("ObjectLockRetainUntilDate")))
    return found


@pytest.mark.parametrize(
    ("period", "year_end", "until"),
    [
        ("2025-01", 12, datetime(2034, 1, 1, tzinfo=UTC)),
        ("2025-12", 12, datetime(2034, 1, 1, tzinfo=UTC)),
        ("2026-01", 12, datetime(2035, 1, 1, tzinfo=UTC)),
        ("2025-06", 6, datetime(2033, 7, 1, tzinfo=UTC)),
        ("2025-07", 6, datetime(2034, 7, 1, tzinfo=UTC)),
        ("2025-12", 6, datetime(2034, 7, 1, tzinfo=UTC)),
    ],
)
def test_evidence_is_locked_until_eight_years_after_its_fiscal_year(vault, s3, tmp_path, period, year_end, until):
    settings = AwsSettings(fiscal_year_end_month=year_end)
    assert lock_of(settings, period) == Lock("COMPLIANCE", until)
    store = S3EvidenceStore(vault, "evidence", lambda period: lock_of(settings, period), tmp_path)
    write(store, period=period)
    assert locks_of(s3, vault) == {("COMPLIANCE", until)}


def test_mode_none_locks_nothing_and_asks_for_no_lock(session, make_bucket, s3, tmp_path):
    bucket = Bucket(session, make_bucket(lock=False))
    store = S3EvidenceStore(bucket, "evidence", lambda period: lock_of(AwsSettings(lock_mode="NONE"), period), tmp_path)
    require_whole(store, write(store))
    assert locks_of(s3, bucket) == {(None, None)}


@pytest.mark.parametrize(("lock", "versioned", "missing"), [(False, True, "Object Lock"), (False, False, "versioning")])
def test_a_bucket_that_cannot_keep_is_refused_before_the_first_write(
    session, make_bucket, s3, tmp_path, lock, versioned, missing
):
    bucket = Bucket(session, make_bucket(lock=lock, versioned=versioned))
    store = S3EvidenceStore(bucket, "evidence", lambda period: LOCK, tmp_path)
    with pytest.raises(StorageError, match=rf"IPE_07 2025-09: bucket {bucket.name} has no {missing}.*Next: aws s3api"):
        write(store)
    assert "Versions" not in s3.list_object_versions(Bucket=bucket.name)


def refused(act, **arguments) -> str:
    with pytest.raises(ClientError) as error:
        act(**arguments)
    return error.value.response["Error"]["Code"]


@pytest.mark.parametrize("mode", ["COMPLIANCE", "GOVERNANCE"])
def test_no_object_of_a_package_can_be_deleted_or_released(open_store, vault, s3, mode):
    store = open_store(lock=Lock(mode, LOCK.until))
    package = write(store)
    entries = s3.list_object_versions(Bucket=vault.name)["Versions"]
    assert len(entries) == 8
    for entry in entries:
        version = {"Bucket": vault.name, "Key": entry["Key"], "VersionId": entry["VersionId"]}
        assert refused(s3.delete_object, **version) == "AccessDenied"
        for mode_then, until in ((mode, SHORTER), ("GOVERNANCE", SHORTER)):
            retention = {"Mode": mode_then, "RetainUntilDate": until}
            assert refused(s3.put_object_retention, **version, Retention=retention) == "AccessDenied"
        if mode == "COMPLIANCE":
            bypass = {**version, "BypassGovernanceRetention": True}
            assert refused(s3.delete_object, **bypass) == "AccessDenied"
        s3.put_object_retention(**version, Retention={"Mode": mode, "RetainUntilDate": LONGER})
    require_whole(open_store("again"), package)


def test_what_is_put_over_a_package_changes_nothing_for_a_reader(open_store, vault, s3):
    """Object Lock keeps versions; it does not keep anybody from putting a marker or a version on top."""
    package = write(open_store())
    keys = [entry["Key"] for entry in s3.list_object_versions(Bucket=vault.name)["Versions"]]
    for step in ("on top", "delete marker", "after the marker"):
        for key in keys:
            if step == "delete marker":
                s3.delete_object(Bucket=vault.name, Key=key)
            else:
                s3.put_object(Bucket=vault.name, Key=key, Body=step.encode(), ChecksumAlgorithm="SHA256")
        store = open_store(step)
        assert store.attempts(ITEM, PERIOD) == [package]
        require_whole(store, package)
        assert store.read(package, "data/a.txt") == b"x"
        with pytest.raises(StorageError, match="attempt 1 was sealed by another run"):
            write(store)


def test_an_attempt_hidden_by_a_marker_is_not_forgotten(open_store, vault, s3):
    """Else the next close would seal attempt 1 a second time."""
    packages = [write(open_store(), attempt) for attempt in (1, 2)]
    for package in packages:
        s3.delete_object(Bucket=vault.name, Key=package.uri.removeprefix(f"s3://{vault.name}/"))
    assert open_store("again").attempts(ITEM, PERIOD) == packages


def test_the_leavings_of_a_run_without_lock_are_locked_when_they_are_used(open_store, vault, s3, tmp_path):
    """A crashed run's files are taken over by content; their lock must be the one that is asked for now."""
    weak = [None, Lock("GOVERNANCE", SHORTER), Lock("COMPLIANCE", SHORTER), Lock("GOVERNANCE", LONGER)]
    for number, lock in enumerate(weak):
        vault.put(f"left-{number}", b"x", lock)
        vault.put(f"left-{number}", b"x", LOCK)
    vault.put("strong", b"x", Lock("COMPLIANCE", LONGER))
    vault.put("strong", b"x", Lock("GOVERNANCE", LOCK.until))
    assert locks_of(s3, vault) == {("COMPLIANCE", LOCK.until), ("COMPLIANCE", LONGER)}


def test_an_object_in_parts_is_locked_like_another(session, vault, s3, tmp_path):
    """The local AWS forgets the lock that a multipart upload began with; it is set again where it is missing."""
    (tmp_path / "large").write_bytes(b"a" * (6 * 2**20))
    Bucket(session, vault.name, single_put_bytes=2**20, part_bytes=5 * 2**20).put("large", tmp_path / "large", LOCK)
    assert locks_of(s3, vault) == {("COMPLIANCE", LOCK.until)}


# Commits that are not ours.


def commit_of(s3, vault, package) -> bytes:
    key = package.uri.removeprefix(f"s3://{vault.name}/")
    return s3.get_object(Bucket=vault.name, Key=key, VersionId=package.version_id)["Body"].read()


def test_the_commit_names_every_file_by_version(open_store, vault, s3):
    package = write(open_store())
    text = commit_of(s3, vault, package)
    commit = read_json(text)
    assert commit.keys() == {"attempt", "files", "format", "item", "period", "prefix", "seal_sha256"}
    assert (commit["format"], commit["item"], commit["attempt"]) == ("soxauto-commit/v1", ITEM, 1)
    assert commit["prefix"] == f"evidence/IPE_07/2025-09/attempt-0001/{package.seal_sha256}/"
    for name, fact in commit["files"].items():
        head = s3.head_object(Bucket=vault.name, Key=commit["prefix"] + name, VersionId=fact["version_id"])
        assert head["ContentLength"] == fact["bytes"]


def test_a_foreign_object_at_an_attempts_name_is_no_commit(open_store, vault, s3):
    """Also a real commit under another attempt's, item's or month's name, and one that names a place outside."""
    package = write(open_store())
    text = commit_of(s3, vault, package)
    outside = text.replace(package.seal_sha256.encode(), b"../../../../../outside")
    texts = [b"", b"{", b"[]", b"{}", b'{"files":{}}', text + b"\n", outside, text.replace(b'"bytes":', b'"bytes":-')]
    for month, foreign in enumerate(texts, 1):
        period = f"2024-{month:02d}"
        vault.put(f"evidence/{ITEM}/{period}/attempt-0001.json", foreign.replace(PERIOD.encode(), period.encode()))
        with pytest.raises(NotVerified, match=f"IPE_07 {period}: the object attempt-0001.json is no commit"):
            open_store().attempts(ITEM, period)
    vault.put(f"evidence/{ITEM}/2023-01/attempt-0001.json", text)
    with pytest.raises(NotVerified):
        open_store().attempts(ITEM, "2023-01")
    vault.put(f"evidence/{ITEM}/{PERIOD}/attempt-0002.json", text)
    with pytest.raises(NotVerified):
        open_store().attempts(ITEM, PERIOD)


@pytest.mark.parametrize(
    "name", ["attempt-1.json", "attempt-00001.json", "attempt-0000.json", "attempt-0001", "x.json"]
)
def test_an_object_of_another_name_is_no_attempt(open_store, vault, name):
    vault.put(f"evidence/{ITEM}/{PERIOD}/{name}", b"{}")
    assert open_store().attempts(ITEM, PERIOD) == []


def test_a_package_handle_that_was_changed_is_refused(open_store):
    package = write(open_store())
    forged = dataclasses.replace(package, seal_sha256="0" * 64, version_id="other")
    with pytest.raises(StorageError, match="is not the package that was asked for"):
        open_store().read(forged, "seal.json")


def test_an_uri_names_a_package(open_store, vault):
    package = write(open_store())
    store = open_store("again")
    assert store.at(package.uri) == package
    for uri in (
        "s3://other/evidence/IPE_07/2025-09/attempt-0001.json",
        f"{store.uri}/x",
        store.uri,
        f"{store.uri}/a/b/c",
    ):
        with pytest.raises(StorageError, match="names no package"):
            store.at(uri)
    with pytest.raises(StorageError, match="IPE_07 2025-09: attempt 2 is not sealed"):
        store.at(package.uri.replace("0001", "0002"))


def test_a_changed_local_copy_is_fetched_again(open_store):
    package = write(open_store())
    store = open_store("copy")
    folder = store.folder(package)
    (folder / "data" / "a.txt").chmod(0o644)
    (folder / "data" / "a.txt").write_bytes(b"y")
    require_whole(store, package)
    (folder / "data" / "extra.txt").write_bytes(b"y")
    require_whole(store, package)
    (folder / "seal.json").unlink()
    require_whole(store, package)
