"""Landing: what an engine leaves becomes the dataset."""

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from soxauto_assets.catalog import get_item
from soxauto_assets.errors import ExtractionError
from soxauto_assets.extraction.landing import LocalDatasetStore
from soxauto_assets.extraction.tables import arrow_type

ERRORS = get_item("IPE_REC_ERRORS")


def land(tmp_path, item, files):
    store = LocalDatasetStore(tmp_path / "datasets")
    with store.staging(item.id, "2025-09") as staging:
        return store.land(item, "2025-09", files, staging)


def test_no_file_is_the_same_dataset_as_a_file_without_rows(tmp_path):
    """Athena leaves no file where no row was answered; DuckDB leaves one without rows."""
    schema = pa.schema([(column.name, arrow_type(column.type)) for column in ERRORS.columns])
    pq.write_table(schema.empty_table(), tmp_path / "empty.parquet")
    from_file, from_none = land(tmp_path, ERRORS, [tmp_path / "empty.parquet"]), land(tmp_path, ERRORS, [])
    assert from_none.digest == from_file.digest
    assert from_none.digest.rows == 0
    assert pq.read_schema(from_none.files[0]).names == [column.name for column in ERRORS.columns]


def test_an_item_that_may_not_be_empty_is_refused_without_files(tmp_path):
    with pytest.raises(ExtractionError, match="the source answered no row"):
        land(tmp_path, get_item("IPE_09"), [])
