"""The stores in S3, held to the contract that those in local folders are held to (``test_stores.py``)."""

from pathlib import Path

import pytest

from soxauto_assets.aws.cache import Cache
from soxauto_assets.aws.objects import Bucket
from soxauto_assets.evidence.period_store import ManifestStore
from soxauto_assets.evidence.store_s3 import S3EvidenceStore
from soxauto_assets.extraction.landing_s3 import S3DatasetStore
from soxauto_assets.extraction.originals import S3Originals
from soxauto_assets.extraction.uploads import UploadStore
from soxauto_assets.numbered import S3NumberedLog
from soxauto_assets.records import S3RecordLog
from soxauto_assets_tests.aws.stores.conftest import LOCK
from soxauto_assets_tests.contracts.datasets import DatasetStoreContract
from soxauto_assets_tests.contracts.evidence import EvidenceStoreContract
from soxauto_assets_tests.contracts.manifests import ManifestStoreContract, write
from soxauto_assets_tests.contracts.records import RecordLogContract
from soxauto_assets_tests.contracts.uploads import UploadStoreContract


class TestS3RecordLog(RecordLogContract):
    @pytest.fixture
    def open_log(self, data: Bucket):
        return lambda: S3RecordLog(data, "records/failures")


class TestS3DatasetStore(DatasetStoreContract):
    @pytest.fixture
    def open_store(self, data: Bucket, tmp_path: Path):
        return lambda: S3DatasetStore(data, "datasets", tmp_path / "work", Cache(tmp_path / "cache"))


class TestS3UploadStore(UploadStoreContract):
    @pytest.fixture
    def open_uploads(self, vault: Bucket, tmp_path: Path):
        originals = S3Originals(vault, "uploads", lambda period: LOCK, Cache(tmp_path / "cache"))
        return lambda: UploadStore(originals, S3RecordLog(vault, "uploads", lambda period: LOCK))


class TestS3ManifestStore(ManifestStoreContract):
    @pytest.fixture
    def open_store(self, vault: Bucket):
        return lambda: ManifestStore(lambda period: S3NumberedLog(vault, "manifests", LOCK if period else None))

    def test_a_delete_marker_hides_no_manifest(self, open_store, vault: Bucket, s3):
        written = [write(open_store()), write(open_store())]
        s3.delete_object(Bucket=vault.name, Key="manifests/0002.json")
        assert open_store().all() == written
        assert write(open_store()).sequence == 3

    def test_a_manifest_is_locked(self, open_store, vault: Bucket, s3):
        write(open_store())
        found = s3.head_object(Bucket=vault.name, Key="manifests/0001.json")
        assert (found["ObjectLockMode"], found["ObjectLockRetainUntilDate"]) == (LOCK.mode, LOCK.until)


class TestS3EvidenceStore(EvidenceStoreContract):
    @pytest.fixture
    def open_store(self, vault: Bucket, tmp_path: Path):
        return lambda: S3EvidenceStore(vault, "evidence", lambda period: LOCK, tmp_path / "cache")
