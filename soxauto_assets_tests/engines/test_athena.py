"""The Athena engine's parts that need no AWS: types, costs, failures in words, the journal."""

import subprocess
import sys
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from soxauto_assets.engines.athena.failures import failure_of
from soxauto_assets.engines.athena.places import split
from soxauto_assets.engines.athena.queries import cost_usd
from soxauto_assets.engines.athena.tables import trino_type
from soxauto_assets.engines.contract import Errand
from soxauto_assets.engines.journal import Journal
from soxauto_assets.errors import ExtractionError
from soxauto_assets.settings import PROJECT

ERRAND = Errand("extract", "IPE_07", "2025-09", "run-1")


@pytest.mark.parametrize(
    ("hive", "trino"),
    [
        ("string", "varchar"),
        ("int", "integer"),
        ("float", "real"),
        ("TIMESTAMP", "timestamp(3)"),
        ("decimal(18, 4)", "decimal(18,4)"),
        ("decimal", "decimal(10,0)"),
        ("char(5)", "char(5)"),
        ("varchar(20)", "varchar(20)"),
        ("array<string>", "array<string>"),
    ],
)
def test_hive_types_in_trinos_words(hive: str, trino: str):
    assert trino_type(hive) == trino


@pytest.mark.parametrize(
    ("scanned", "usd"),
    [
        (0, "0.000000"),
        (1, "0.000050"),  # at least 10 MB
        (10_000_000, "0.000050"),
        (10_000_001, "0.000055"),  # whole megabytes
        (1_000_000_000_000, "5.000000"),
    ],
)
def test_what_a_query_costs(scanned: int, usd: str):
    assert cost_usd(scanned, Decimal("5")) == Decimal(usd)


def failed(category: int | None, message: str, retryable: bool | None = None, state: str = "FAILED") -> dict[str, Any]:
    """Return a failed execution as the API describes it."""
    error = {"ErrorCategory": category, "ErrorMessage": message}
    if retryable is not None:
        error["Retryable"] = retryable
    status = {"State": state, "StateChangeReason": message, **({"AthenaError": error} if category else {})}
    return {"QueryExecutionId": "q-1", "Status": status}


@pytest.mark.parametrize(
    ("category", "retryable", "transient"),
    [
        (1, True, True),
        (1, False, False),
        (1, None, True),
        (2, True, False),  # the statement is as wrong the second time
        (2, False, False),
        (3, True, True),
        (3, None, False),
        (None, None, False),
    ],
)
def test_which_failures_are_asked_again(category: int | None, retryable: bool | None, transient: bool):
    assert failure_of(ERRAND, failed(category, "INTERNAL_ERROR: x", retryable)).transient is transient


@pytest.mark.parametrize(
    ("message", "shown"),
    [
        ("COLUMN_NOT_FOUND: line 1:8: Column 'x' cannot be resolved", ": line 1:8: Column 'x' cannot be resolved"),
        ("INVALID_CAST_ARGUMENT: Cannot cast 'Ada' to BIGINT", None),
        ('HIVE_BAD_DATA: Error parsing a column: For input string: "0803 555"', None),
        ("DIVISION_BY_ZERO: / by zero", None),
        ("Query exhausted resources at this scale factor", "Query exhausted resources at this scale factor"),
        ("something about Ada", None),
        ("EXCEEDED_MEMORY_LIMIT: Query exceeded per-node memory limit", "Query exceeded per-node memory limit"),
    ],
)
def test_only_messages_that_quote_no_row_are_shown(message: str, shown: str | None):
    cause = failure_of(ERRAND, failed(3, message)).cause
    if shown:
        assert shown in cause
    else:
        assert "Ada" not in cause and "0803" not in cause and "zero" not in cause


def test_a_cancellation_by_the_scan_limit_says_whose_limit_it_is():
    error = failure_of(ERRAND, failed(None, "Query cancelled! : Bytes scanned limit was exceeded", state="CANCELLED"))
    assert "Bytes scanned limit was exceeded" in error.cause and "workgroup's scan limit" in error.action
    assert not error.transient


def test_the_journal_knows_queries_of_living_processes_from_orphans(tmp_path: Path):
    journal = Journal(tmp_path / "inflight")
    assert list(journal.orphans()) == []
    request = {"QueryString": "select 1", "ClientRequestToken": "t" * 32}
    token = journal.begin(request)
    assert list(journal.orphans()) == [], "this process lives"
    journal.abandon(token, request, "q-1")
    (entry,) = journal.orphans()
    assert (entry.query, entry.request["QueryString"]) == ("q-1", "select 1")
    journal.ended(token)
    assert list(journal.orphans()) == []


def test_the_queries_of_a_process_that_has_ended_are_orphans(tmp_path: Path):
    code = f"""
from pathlib import Path
from soxauto_assets.engines.journal import Journal
Journal(Path({str(tmp_path)!r})).begin({{"QueryString": "select 1", "ClientRequestToken": "t" * 32}})
"""
    subprocess.run([sys.executable, "-c", code], check=True, cwd=PROJECT)
    (entry,) = Journal(tmp_path).orphans()
    assert entry.query is None and entry.request["QueryString"] == "select 1"


def test_an_address_that_is_none_is_named():
    assert split("s3://bucket/a/b/") == ("bucket", "a/b/")
    with pytest.raises(ExtractionError, match="'hdfs://x' is no S3 address"):
        split("hdfs://x")
