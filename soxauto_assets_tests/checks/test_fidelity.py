"""Source fidelity: what a declared table hides of its files is named with table, file, column and total."""

import os
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from soxauto_assets.canonical import read_json
from soxauto_assets.catalog import get_item
from soxauto_assets.checks.fidelity import source_fidelity
from soxauto_assets.checks.model import CheckContext
from soxauto_assets.doctor import examine
from soxauto_assets.extraction import fidelity
from soxauto_assets.extraction.fidelity import FIDELITY, kind_name
from soxauto_assets.extraction.fidelity_values import changes_of, rounded_instants
from soxauto_assets.period import Period
from soxauto_assets_tests.closing import close
from soxauto_assets_tests.lakes import DATABASE
from soxauto_assets_tests.planting import PLANTED, TOLD

SEPTEMBER = Period(2025, 9)
TABLE = f"{DATABASE}.bob_sales_order"
FIRST, SECOND = (f"{DATABASE}/bob_sales_order/{name}.parquet" for name in ("rows", "second"))


def sealed_check(runtime, item: str = "IPE_09", period: str = "2025-09") -> dict:
    package = runtime.evidence.newest(item, period)
    checks = read_json(runtime.evidence.read(package, "data/checks.json"))
    (found,) = [check for check in checks["results"] if check["name"] == FIDELITY]
    return found


def test_files_as_they_are_declared_pass(open_runtime):
    runtime = open_runtime()
    assert close(runtime, "IPE_09").package is not None
    found = sealed_check(runtime)
    assert (found["status"], found["actual"]) == ("passed", "0 differences change a figure, 0 may; 1 files looked at")
    (record,) = runtime.extractor.records.all("IPE_09", "2025-09")
    assert record["sources"]["bob_sales_order"]["files_looked_at"] == 1
    assert record["answers"][FIDELITY]["rows"] == []


@pytest.mark.parametrize("fault", list(PLANTED))
def test_a_planted_file_fails_the_item_and_is_named_with_its_total(fault: str, open_runtime, lake: Path):
    plant, column = PLANTED[fault]
    plant(lake)
    runtime = open_runtime()
    close(runtime, "IPE_09")
    found = sealed_check(runtime)
    assert (found["status"], found["severity"]) == ("failed", "error")
    told = TOLD[fault].format(first=FIRST, second=SECOND)
    assert f"{TABLE} {SECOND} {column}: {told}" in found["details"]
    statement = runtime.evidence.statement(runtime.evidence.newest("IPE_09", "2025-09"))
    assert statement["predicate"]["verdict"] == "failed"


@pytest.mark.parametrize("fault", list(PLANTED))
def test_the_doctor_names_it_before_the_close(fault: str, open_runtime, lake: Path):
    plant, column = PLANTED[fault]
    plant(lake)
    found = [f for f in examine(open_runtime(), [get_item("IPE_09")], SEPTEMBER) if f.area == "fidelity"]
    faults = {f.text: f.remedy for f in found if f.status == "fault"}
    told = f"{TABLE} {SECOND} {column}: {TOLD[fault].format(first=FIRST, second=SECOND)}"
    assert "declaration corrected" in str(faults[told])


def test_the_doctor_says_how_many_files_are_good(open_runtime):
    found = [f for f in examine(open_runtime(), [get_item("IPE_09")], SEPTEMBER) if f.area == "fidelity"]
    assert [(f.status, f.text) for f in found] == [("good", "1 of 1 files are read as they are stored")]


def test_control_totals_cannot_see_it(open_runtime, lake: Path):
    """Why the check exists: every other rule of the item agrees with itself."""
    PLANTED["scale"][0](lake)
    runtime = open_runtime()
    close(runtime, "IPE_09")
    package = runtime.evidence.newest("IPE_09", "2025-09")
    checks = read_json(runtime.evidence.read(package, "data/checks.json"))["results"]
    failed = {check["name"] for check in checks if check["status"] != "passed" and check["severity"] == "error"}
    assert FIDELITY in failed and not failed & {"control_totals", "row_digest", "dropped_rows", "schema"}


def test_a_finer_unit_without_finer_values_is_a_note(open_runtime, lake: Path):
    path = lake / FIRST
    rows = pq.read_table(path)
    position = rows.column_names.index("order_date")
    pq.write_table(rows.set_column(position, "order_date", rows["order_date"].cast(pa.timestamp("us"))), path)
    runtime = open_runtime()
    close(runtime, "IPE_09")
    found = sealed_check(runtime)
    assert found["status"] == "passed"
    assert found["details"] == [f"{TABLE} {FIRST} order_date: instant, declared timestamp(3), found timestamp(6)"]


def test_a_file_that_cannot_be_read_as_declared_is_named(open_runtime, lake: Path):
    path = PLANTED["scale"][0](lake)
    rows = pq.read_table(path)
    floats = rows["total_amount"].cast(pa.float64())
    pq.write_table(rows.set_column(rows.column_names.index("total_amount"), "total_amount", floats), path)
    with pytest.raises(Exception, match=r"total_amount is double in second\.parquet, contract decimal\(18,4\)"):
        close(open_runtime(), "IPE_09")


def test_files_older_than_the_freshness_says(open_runtime, lake: Path):
    """The newest order is of the last day, but no file was written after the 20th."""
    old = datetime(2025, 9, 20, tzinfo=UTC).timestamp()
    os.utime(lake / FIRST, (old, old))
    runtime = open_runtime()
    close(runtime, "IPE_09")
    (told,) = sealed_check(runtime)["details"]
    assert told.startswith(
        f"{TABLE} {FIRST}: older, declared loaded for 2025-09, found the newest file is of 2025-09-20"
    )
    findings = [f for f in examine(runtime, [get_item("IPE_09")], SEPTEMBER) if f.area == "freshness"]
    assert [f.status for f in findings] == ["good", "fault"]


def test_a_file_newer_than_the_extraction(open_runtime, lake: Path):
    """Written while the statements ran: they may have read two states."""
    later = (datetime.now(UTC) + timedelta(hours=1)).timestamp()
    os.utime(lake / FIRST, (later, later))
    runtime = open_runtime()
    close(runtime, "IPE_09")
    (told,) = sealed_check(runtime)["details"]
    assert told.startswith(f"{TABLE} {FIRST}: newer, declared as it was at ")


def test_of_many_files_the_first_the_last_and_those_between_are_looked_at(
    open_runtime, lake: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fidelity, "MAX_FILES", 3)
    for number in range(6):
        PLANTED["scale"][0](lake).rename(lake / DATABASE / "bob_sales_order" / f"part-{number}.parquet")
    runtime = open_runtime()
    extractor = runtime.extractor
    looked = fidelity.look(
        extractor.engine, extractor.bindings.confirmed("bob_sales_order"), ["total_amount"], SEPTEMBER
    )
    assert (looked.files, looked.of) == (3, 7)
    assert {d.file.rsplit("/", 1)[1] for d in looked.differences if d.fault == "scale"} == {
        "part-0.parquet",
        "part-3.parquet",
    }


def test_values_beyond_the_limit_warn_that_they_were_not_looked_at(
    open_runtime, lake: Path, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(fidelity, "MAX_VALUES", 1)
    PLANTED["scale"][0](lake)
    runtime = open_runtime()
    close(runtime, "IPE_09")
    found = sealed_check(runtime)
    assert (found["status"], found["severity"]) == ("failed", "warn")
    assert any("its values were not looked at" in line for line in found["details"])


def test_a_partition_key_is_in_no_file(open_runtime, lake: Path):
    path = lake / FIRST
    rows = pq.read_table(path)
    moved = path.parent / "order_status=completed" / path.name
    moved.parent.mkdir()
    pq.write_table(rows.drop_columns(["order_status"]), moved)
    path.unlink()
    runtime = open_runtime()
    close(runtime, "IPE_09")
    found = sealed_check(runtime)
    assert (found["status"], found["details"]) == ("passed", [])


def test_an_extraction_that_did_not_look_warns(open_runtime):
    runtime = open_runtime()
    record, dataset = runtime.extractor.extract(get_item("IPE_09"), SEPTEMBER, "run-1")
    del record.answers[FIDELITY]
    outcome = source_fidelity(get_item("IPE_09"), record, dataset, CheckContext())
    assert (outcome.held, outcome.severity, outcome.actual) == (False, "warn", "this extraction did not look at them")


@pytest.mark.parametrize(
    ("values", "kind", "declared", "expected"),
    [
        (["1.005", "-1.005", "1.004"], pa.decimal128(9, 3), "decimal(9,2)", ("scale", "error", 3, "total 1.004", "total 1.00")),
        (["1.000", "2.000", None], pa.decimal128(20, 3), "decimal(18,2)", ("scale", "note", 0, "total 3.000", "total 3.00")),
        (["1.00"], pa.decimal128(38, 2), "decimal(18,4)", None),
        ([1], pa.int64(), "bigint", None),
        ([1], pa.int32(), "decimal(18,4)", ("type", "note", None, None, None)),
        ([1], pa.int32(), "date", ("type", "error", 1, None, None)),
        (["x"], pa.large_string(), "varchar", None),
        ([1.5], pa.float64(), "varchar", ("type", "error", 1, None, None)),
    ],
)  # fmt: skip
def test_what_a_declared_type_does_to_values(values, kind, declared, expected, tmp_path: Path):
    cells = [Decimal(v) if isinstance(v, str) and pa.types.is_decimal(kind) else v for v in values]
    pq.write_table(pa.table({"c": pa.array(cells, kind)}), tmp_path / "f.parquet")
    with pq.ParquetFile(tmp_path / "f.parquet") as file:
        found = changes_of(file, "c", kind, declared, SEPTEMBER)
    told = (found.fault, found.weight, found.rows, found.stored, found.read) if found else None
    assert told == expected


def test_instants_are_rounded_half_up_also_before_1970():
    import numpy as np

    raw = np.array([999_499, 999_500, -500, -501, -1_500], dtype="int64")
    assert rounded_instants(raw, "us").tolist() == [999, 1000, 0, -1, -1]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        (pa.timestamp("us", "UTC"), "timestamp(6) with time zone"),
        (pa.timestamp("ms"), "timestamp(3)"),
        (pa.decimal128(20, 6), "decimal(20,6)"),
        (pa.dictionary(pa.int32(), pa.string()), "varchar"),
        (pa.int32(), "integer"),
        (pa.float64(), "double"),
    ],
)
def test_types_of_files_in_trinos_words(kind: pa.DataType, name: str):
    assert kind_name(kind) == name
