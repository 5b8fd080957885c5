"""The schema rule says form once per file and counts every value that breaks a rule, in every batch of every file."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from soxauto_assets.catalog import get_item
from soxauto_assets.checks import schema
from soxauto_assets.extraction.landing import Dataset
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime

IPE_07 = get_item("IPE_07")


@pytest.fixture
def evaluated(open_runtime: Callable[[], Runtime], tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Evaluate the rule on copies of the landed rows, each given as SQL, read in batches of two rows."""
    _, dataset = open_runtime().extractor.extract(IPE_07, Period(2025, 9), "run-1")
    monkeypatch.setattr(schema, "BATCH_ROWS", 2)

    def evaluate(*texts: str):
        files = []
        for number, text in enumerate(texts):
            with duckdb.connect() as connection:
                connection.read_parquet(str(dataset.files[0])).create_view("landed")
                connection.execute(f"copy ({text}) to '{tmp_path / f'{number}.parquet'}' (format parquet)")
            files.append(tmp_path / f"{number}.parquet")
        return schema.evaluate_schema(IPE_07, replace(dataset, files=tuple(files)))

    return evaluate


def test_sound_rows_hold_and_so_does_no_row(evaluated):
    assert evaluated("select * from landed").held
    assert evaluated("select * from landed where false").held


@pytest.mark.parametrize(
    ("text", "details"),
    [
        ("select * replace (1 as stream) from landed", ("stream: dtype('String'): 1",)),
        ("select * exclude stream from landed", ("IPE_07: column_in_dataframe: 1",)),
        ("select *, 1 as another from landed", ("IPE_07: column_in_schema: 1",)),
    ],
)
def test_a_column_without_a_rule_over_values_still_has_a_name_and_a_type(evaluated, text, details):
    outcome = evaluated(text)
    assert not outcome.held and outcome.details == details


def test_columns_in_another_order_are_seen(evaluated):
    outcome = evaluated("select entry_no, * exclude entry_no from landed")
    assert not outcome.held and any("column_ordered" in line for line in outcome.details)


def test_values_are_counted_over_all_batches_of_all_files_and_a_wrong_type_does_not_hide_them(evaluated):
    broken = "select * replace (cast(0 as integer) as entry_no) from landed"
    assert evaluated(broken).details == ("entry_no: dtype('Int64'): 1", "entry_no: greater_than_or_equal_to(1): 7")
    assert evaluated("select * from landed", broken, broken).details[1] == "entry_no: greater_than_or_equal_to(1): 14"


def test_a_missing_file_is_an_error(evaluated, open_runtime):
    _, dataset = open_runtime().extractor.newest(IPE_07, Period(2025, 9))
    with pytest.raises(FileNotFoundError):
        schema.evaluate_schema(IPE_07, Dataset(IPE_07, (Path("gone.parquet"),), dataset.digest))
