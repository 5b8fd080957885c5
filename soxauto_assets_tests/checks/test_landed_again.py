"""Landed files are digested again, and one DuckDB serves all rules of a run."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import duckdb
import pytest

from soxauto_assets.catalog import get_item
from soxauto_assets.checks import CheckContext, run_checks
from soxauto_assets.extraction import landing
from soxauto_assets.extraction.landing import Dataset
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime

CR_05 = get_item("CR_05")


@pytest.fixture
def landed(open_runtime: Callable[[], Runtime]):
    return open_runtime().extractor.extract(CR_05, Period(2025, 9), "run-1")


def digested(record, dataset):
    [result] = run_checks(CR_05, record, dataset, CheckContext(), ["dataset_digest"])
    return result


def test_the_landed_files_hold_what_was_landed(landed):
    record, dataset = landed
    result = digested(record, dataset)
    assert (result.status, result.severity) == ("passed", "error")
    assert record.dataset.digest in result.expected and record.dataset.digest in result.actual


def test_a_changed_text_is_seen_and_its_company_named(landed, tmp_path):
    record, dataset = landed
    part, code = tmp_path / "part.parquet", record.dataset.companies[0].company
    duckdb.execute(
        f"copy (select * replace (case when company_code = '{code}' then 'x' else company_name end as company_name) "
        f"from '{dataset.files[0]}') to '{part}' (format parquet)"
    )
    result = digested(record, Dataset(CR_05, (part,), dataset.digest))
    assert result.status == "failed"
    assert [line.split(":")[0] for line in result.details] == [code]


def test_a_file_that_is_gone_is_an_error(landed):
    record, dataset = landed
    result = digested(record, replace(dataset, files=(Path("gone.parquet"),)))
    assert (result.status, result.good) == ("error", False)


def test_all_rules_of_a_run_share_one_connection(landed, monkeypatch):
    record, dataset = landed
    opened = []

    def counted():
        opened.append(1)
        return session()

    session = landing.session
    monkeypatch.setattr(landing, "session", counted)
    run_checks(CR_05, record, dataset, CheckContext(), ["not_null", "key_unique", "control_totals", "cutoff"])
    assert len(opened) == 1


def test_rows_kept_open_are_opened_by_the_first_query_and_closed_at_the_end(landed):
    _, dataset = landed
    with replace(dataset, files=(Path("gone.parquet"),)).kept_open() as rows:
        for _ in range(2):
            with pytest.raises(duckdb.IOException), rows.query():
                pass
    with dataset.kept_open() as rows:
        with rows.query() as first, rows.query() as second:
            assert first is second
        assert first.execute("select count(*) from landed").fetchone() == (dataset.digest.rows,)
    with pytest.raises(duckdb.ConnectionException):
        first.execute("select 1")
