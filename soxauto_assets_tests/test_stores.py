"""The stores in local folders, held to the contract that those in S3 are held to (``aws/stores``)."""

from pathlib import Path

import pytest

from soxauto_assets.evidence.period_store import ManifestStore
from soxauto_assets.evidence.store import LocalEvidenceStore
from soxauto_assets.extraction.landing import LocalDatasetStore
from soxauto_assets.extraction.originals import LocalOriginals
from soxauto_assets.extraction.uploads import UploadStore
from soxauto_assets.numbered import LocalNumberedLog
from soxauto_assets.records import LocalRecordLog
from soxauto_assets_tests.contracts.datasets import DatasetStoreContract
from soxauto_assets_tests.contracts.evidence import EvidenceStoreContract
from soxauto_assets_tests.contracts.manifests import ManifestStoreContract
from soxauto_assets_tests.contracts.records import RecordLogContract
from soxauto_assets_tests.contracts.uploads import UploadStoreContract


class TestLocalRecordLog(RecordLogContract):
    @pytest.fixture
    def open_log(self, tmp_path: Path):
        return lambda: LocalRecordLog(tmp_path / "records")


class TestLocalDatasetStore(DatasetStoreContract):
    @pytest.fixture
    def open_store(self, tmp_path: Path):
        return lambda: LocalDatasetStore(tmp_path / "datasets")


class TestLocalUploadStore(UploadStoreContract):
    @pytest.fixture
    def open_uploads(self, tmp_path: Path):
        return lambda: UploadStore(LocalOriginals(tmp_path / "uploads"), LocalRecordLog(tmp_path / "uploads"))


class TestLocalManifestStore(ManifestStoreContract):
    @pytest.fixture
    def open_store(self, tmp_path: Path):
        return lambda: ManifestStore(lambda period: LocalNumberedLog(tmp_path / "manifests"))


class TestLocalEvidenceStore(EvidenceStoreContract):
    @pytest.fixture
    def open_store(self, tmp_path: Path):
        return lambda: LocalEvidenceStore(tmp_path / "evidence")
