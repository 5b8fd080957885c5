"""Objects: created once, checked by the server, read by version."""

import base64
import hashlib
import os
import threading
import tracemalloc
from pathlib import Path

import pytest
from botocore.exceptions import ClientError

from soxauto_assets.aws.cache import Cache
from soxauto_assets.aws.objects import Bucket, ObjectExists
from soxauto_assets.aws.versions import StoredObject
from soxauto_assets.errors import StorageError
from soxauto_assets_tests.aws.stores.faults import FaultySession, lost_connection

MB = 2**20
SMALL = {"single_put_bytes": 5 * MB, "part_bytes": 5 * MB}


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def versions_of(s3, bucket: Bucket, key: str) -> list[str]:
    return [entry["VersionId"] for entry in s3.list_object_versions(Bucket=bucket.name, Prefix=key).get("Versions", [])]


# Writing.


def test_an_object_is_created_once(data, s3):
    stored = data.put("a/k", b"x")
    assert stored == StoredObject(data.name, "a/k", stored.version_id, 1, sha256(b"x"))
    assert stored.uri == f"s3://{data.name}/a/k"
    assert data.put("a/k", b"x") == stored
    with pytest.raises(ObjectExists, match=f"s3://{data.name}/a/k is there already, with other content"):
        data.put("a/k", b"y")
    assert versions_of(s3, data, "a/k") == [stored.version_id]


def test_a_file_is_written_as_bytes_are(data, tmp_path):
    (tmp_path / "f").write_bytes(b"content")
    (tmp_path / "empty").write_bytes(b"")
    assert data.put("f", tmp_path / "f") == data.put("f", b"content")
    assert data.put("empty", tmp_path / "empty").bytes == 0


def test_the_server_refuses_bytes_that_were_damaged_on_their_way(session, data, s3, monkeypatch):
    """The checksum is of what was meant; what arrives is something else."""
    client = session.client("s3")
    real = client.put_object
    monkeypatch.setattr(client, "put_object", lambda **arguments: real(**{**arguments, "Body": b"damaged"}))
    with pytest.raises(StorageError, match="BadDigest"):
        data.put("k", b"content")
    assert versions_of(s3, data, "k") == []


def test_the_server_refuses_a_damaged_part(session, data, s3, monkeypatch, tmp_path):
    client = session.client("s3")
    real = client.upload_part
    monkeypatch.setattr(client, "upload_part", lambda **arguments: real(**{**arguments, "Body": b"damaged"}))
    (tmp_path / "large").write_bytes(b"a" * (6 * MB))
    with pytest.raises(StorageError, match="BadDigest"):
        Bucket(session, data.name, **SMALL).put("k", tmp_path / "large")
    assert versions_of(s3, data, "k") == [] and "Uploads" not in s3.list_multipart_uploads(Bucket=data.name)


def test_a_file_that_changes_while_it_is_written_in_parts_is_refused(session, data, s3, monkeypatch, tmp_path):
    large = tmp_path / "large"
    large.write_bytes(b"a" * (6 * MB))
    client = session.client("s3")
    real = client.create_multipart_upload

    def change(**arguments):
        large.write_bytes(b"b" * (6 * MB))
        return real(**arguments)

    monkeypatch.setattr(client, "create_multipart_upload", change)
    with pytest.raises(StorageError, match="changed while it was written"):
        Bucket(session, data.name, **SMALL).put("k", large)
    assert versions_of(s3, data, "k") == []


def test_a_large_file_goes_in_parts_and_its_own_sha256_is_kept(session, data, s3, tmp_path):
    """S3's checksum of an object in parts is one of checksums, which no file has."""
    large = tmp_path / "large"
    large.write_bytes(os.urandom(11 * MB))
    bucket = Bucket(session, data.name, **SMALL)
    stored = bucket.put("large", large)
    head = s3.head_object(Bucket=data.name, Key="large", ChecksumMode="ENABLED")
    assert head["ChecksumSHA256"].endswith("-3") and head["Metadata"] == {"sha256": stored.sha256}
    assert bucket.facts(bucket.first("large")) == stored == bucket.put("large", large)
    bucket.download(stored, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == large.read_bytes()
    assert (tmp_path / "copy").stat().st_mode & 0o777 == 0o444


def test_memory_does_not_grow_with_the_file(session, data, tmp_path):
    large = tmp_path / "large"
    with open(large, "wb") as file:
        file.truncate(96 * MB)
    bucket = Bucket(session, data.name, single_put_bytes=200 * MB)
    parts = Bucket(session, data.name, **SMALL)
    for number, act in enumerate((bucket.put, parts.put)):
        tracemalloc.start()
        stored = act(f"k{number}", large)
        data.download(stored, tmp_path / f"copy-{number}")
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < 16 * MB


def test_of_many_claims_at_once_exactly_one_succeeds_even_with_equal_content(data):
    start, won = threading.Barrier(8), []

    def claim() -> None:
        start.wait()
        won.append(data.claim("name", b"x"))

    threads = [threading.Thread(target=claim) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(won) == 8 and len([stored for stored in won if stored]) == 1


def test_a_name_that_was_taken_cannot_be_claimed_behind_a_delete_marker(data, s3):
    """S3's own condition looks at the current version alone and would let it pass."""
    first = data.claim("name", b"x")
    s3.delete_object(Bucket=data.name, Key="name")
    assert data.claim("name", b"x") is None and data.claim("name", b"y") is None
    assert data.first("name").version_id == first.version_id


def test_a_race_with_a_delete_is_tried_again(session, data):
    """409: the local AWS never answers it, S3 does while another write or a delete of the key is under way."""
    conflict = ClientError({"Error": {"Code": "ConditionalRequestConflict", "Message": ""}}, "PutObject")
    faulty = FaultySession(session, 1, "before", lambda: conflict)
    assert Bucket(faulty, data.name).put("k", b"x").bytes == 1 and faulty.fired == "put_object"
    forever = FaultySession(session, 1, "before", lambda: conflict, forever=True)
    with pytest.raises(StorageError):
        Bucket(forever, data.name).put("other", b"x")


# Reading.


def test_what_was_put_on_top_changes_nothing_for_a_reader_by_version(data, s3, tmp_path):
    stored = data.put("k", b"x")
    s3.put_object(Bucket=data.name, Key="k", Body=b"on top")
    assert data.first("k").version_id == stored.version_id and data.find("k", stored.sha256) == stored
    s3.delete_object(Bucket=data.name, Key="k")
    assert data.firsts("k") == {"k": data.first("k")} and data.first("k").version_id == stored.version_id
    s3.put_object(Bucket=data.name, Key="k", Body=b"after the marker")
    assert data.get("k", stored.version_id, stored.sha256) == b"x" == data.get("k", data.first("k").version_id)
    assert data.put("k", b"x") == stored
    data.download(stored, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == b"x"


def test_the_oldest_version_is_found_on_the_last_page_of_a_listing(session, data, s3, monkeypatch):
    stored = data.put("k", b"x")
    for number in range(12):
        s3.put_object(Bucket=data.name, Key="k", Body=str(number).encode())
    client, pages = session.client("s3"), []
    client.meta.events.register("before-call.s3.ListObjectVersions", lambda **_: pages.append(1), "pages")
    real = client.get_paginator

    class Small:
        def __init__(self, name):
            self._real = real(name)

        def paginate(self, **arguments):
            return self._real.paginate(**arguments, PaginationConfig={"PageSize": 5})

    monkeypatch.setattr(client, "get_paginator", Small)
    assert data.first("k").version_id == stored.version_id and len(pages) == 3
    client.meta.events.unregister("before-call.s3.ListObjectVersions", unique_id="pages")


def test_a_version_that_was_deleted_is_named(data, s3):
    stored = data.put("k", b"x")
    data.delete("k", stored.version_id)
    with pytest.raises(StorageError, match=f"could not read s3://{data.name}/k: the object is gone"):
        data.get("k", stored.version_id, stored.sha256)
    assert data.first("k") is None and data.find("k", stored.sha256) is None


def test_bytes_that_differ_from_their_record_are_refused_and_leave_no_file(data, tmp_path):
    stored = data.put("k", b"x")
    wrong = StoredObject(data.name, "k", stored.version_id, 1, sha256(b"y"))
    with pytest.raises(StorageError, match="differs from its record"):
        data.download(wrong, tmp_path / "copy")
    with pytest.raises(StorageError, match="differs from its record"):
        data.get("k", stored.version_id, sha256(b"y"))
    with pytest.raises(StorageError, match="differs from its record"):
        data.get("k", stored.version_id, limit=0)
    assert list(tmp_path.iterdir()) == []


def test_bytes_damaged_on_their_way_back_are_refused(session, data, monkeypatch, tmp_path):
    stored = data.put("k", b"content")
    client = session.client("s3")
    real = client.get_object

    class Body:
        def __init__(self, body):
            self._body = body

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self._body.close()

        def read(self, size):
            return bytes(byte ^ 1 for byte in self._body.read(size))

    def damaged(**arguments):
        answer = real(**arguments)
        return {**answer, "Body": Body(answer["Body"])}

    monkeypatch.setattr(client, "get_object", damaged)
    with pytest.raises(StorageError, match="differs from its record"):
        data.download(stored, tmp_path / "copy")
    with pytest.raises(StorageError, match="differs from its record"):
        data.get("k", stored.version_id)


def test_a_connection_that_breaks_half_way_is_opened_again(session, data, monkeypatch, tmp_path):
    content = os.urandom(3 * MB)
    stored = data.put("k", content)
    client, real, calls = session.client("s3"), session.client("s3").get_object, []

    class Body:
        def __init__(self, body, breaks):
            self._body, self._left = body, 1 if breaks else 99

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self._body.close()

        def read(self, size):
            if not self._left:
                raise lost_connection()
            self._left -= 1
            return self._body.read(size)

    def breaking(**arguments):
        calls.append(arguments)
        answer = real(**arguments)
        return {**answer, "Body": Body(answer["Body"], breaks=len(calls) < 3)}

    monkeypatch.setattr(client, "get_object", breaking)
    data.download(stored, tmp_path / "copy")
    assert (tmp_path / "copy").read_bytes() == content and len(calls) == 3
    calls.clear()
    assert data.get("k", stored.version_id, stored.sha256) == content


def test_an_object_without_sha256_is_not_taken_for_ours(data, s3):
    s3.put_object(Bucket=data.name, Key="k", Body=b"x", ChecksumAlgorithm="CRC32")
    with pytest.raises(StorageError, match="written without a SHA-256"):
        data.facts(data.first("k"))
    with pytest.raises(ObjectExists):
        data.put("k", b"x")


def test_a_listing_leaves_out_what_lies_deeper(data):
    for key in ("p/1.json", "p/1.json2", "p/deep/1.json", "q/1.json"):
        data.put(key, b"x")
    assert list(data.firsts("p/")) == ["p/1.json", "p/1.json2"]
    assert data.first("p/1") is None


# The bucket.


def test_a_bucket_that_is_not_there_is_named(session):
    with pytest.raises(StorageError, match=r"bucket nowhere-at-all does not exist\. Next: create it"):
        Bucket(session, "nowhere-at-all").require(lock=True)
    with pytest.raises(StorageError, match="bucket nowhere-at-all does not exist"):
        Bucket(session, "nowhere-at-all").put("k", b"x")


def test_a_bucket_without_lock_or_versioning_is_refused_with_the_commands(session, make_bucket):
    plain = Bucket(session, make_bucket(lock=False, versioned=False))
    with pytest.raises(StorageError) as refused:
        plain.require(lock=True)
    assert str(refused.value) == (
        f"bucket {plain.name} has no versioning and no Object Lock. Next: "
        f"aws s3api put-bucket-versioning --bucket {plain.name} --versioning-configuration Status=Enabled && "
        f"aws s3api put-object-lock-configuration --bucket {plain.name} "
        "--object-lock-configuration ObjectLockEnabled=Enabled."
    )
    versioned = Bucket(session, make_bucket(lock=False))
    with pytest.raises(StorageError, match=f"bucket {versioned.name} has no Object Lock. Next: aws s3api put-object"):
        versioned.require(lock=True)
    versioned.require(lock=False)


def test_a_bucket_that_is_fit_is_asked_once(session, make_bucket):
    faulty = FaultySession(session, 3, "before", lost_connection, forever=True)
    bucket = Bucket(faulty, make_bucket())
    for _ in range(3):
        bucket.require(lock=True)
    assert faulty.fired is None


def test_the_owner_is_asked_for_with_every_request(session, data, monkeypatch, tmp_path):
    """The local AWS does not compare owners; S3 answers 403 for another account's bucket."""
    client, owners = session.client("s3"), []
    client.meta.events.register("before-call.s3", lambda params, **_: owners.append(params["headers"]), "owner")
    bucket = Bucket(session, data.name, owner="000000000000", **SMALL)
    (tmp_path / "large").write_bytes(b"a" * (6 * MB))
    stored = bucket.put("k", tmp_path / "large")
    bucket.claim("n", b"x")
    bucket.download(stored, tmp_path / "copy")
    bucket.missing(lock=True)
    client.meta.events.unregister("before-call.s3", unique_id="owner")
    assert len(owners) > 8 and {headers.get("x-amz-expected-bucket-owner") for headers in owners} == {"000000000000"}


def test_the_kms_key_is_recorded_with_the_object(session, data, s3):
    """The local AWS also takes a key that does not exist; S3 answers KMS.NotFoundException."""
    key = session.client("kms").create_key()["KeyMetadata"]["Arn"]
    bucket = Bucket(session, data.name, kms_key=key)
    for name, content in (("a", b"x"), ("b", b"y")):
        bucket.put(name, content)
        head = s3.head_object(Bucket=data.name, Key=name)
        assert (head["ServerSideEncryption"], head["SSEKMSKeyId"]) == ("aws:kms", key)
    checksum = s3.head_object(Bucket=data.name, Key="a", ChecksumMode="ENABLED")["ChecksumSHA256"]
    assert base64.b64decode(checksum).hex() == sha256(b"x")


# Copies on this machine.


def test_a_copy_is_fetched_once_and_again_when_it_was_changed(session, data, tmp_path):
    stored = data.put("folder/part.parquet", b"content")
    cache = Cache(tmp_path / "cache")
    path = cache.fetch(data, stored)
    assert path.name == "part.parquet" and path.read_bytes() == b"content"
    nowhere = Bucket(FaultySession(session, 1, "before", lost_connection, forever=True), data.name)
    assert cache.fetch(nowhere, stored) == path
    for damage in (b"contenx", b"conten", b""):
        path.chmod(0o644)
        path.write_bytes(damage)
        assert cache.fetch(data, stored).read_bytes() == b"content"
    path.unlink()
    path.symlink_to(tmp_path / "elsewhere")
    (tmp_path / "elsewhere").write_bytes(b"content")
    assert not cache.fetch(data, stored).is_symlink()
    assert [p.name for p in (tmp_path / "cache").rglob("*") if not p.is_dir()] == ["part.parquet"]


def test_copies_of_two_versions_are_two_files(data, s3, tmp_path: Path):
    first = data.put("k", b"x")
    s3.delete_object(Bucket=data.name, Key="k")
    second = data.put("k2", b"y")
    cache = Cache(tmp_path)
    assert {cache.fetch(data, stored).read_bytes() for stored in (first, second)} == {b"x", b"y"}


def test_a_cache_that_cannot_be_written_is_said_plainly(data, tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(StorageError, match="a copy of an S3 object could not be kept"):
        Cache(tmp_path / "file").fetch(data, data.put("k", b"x"))
