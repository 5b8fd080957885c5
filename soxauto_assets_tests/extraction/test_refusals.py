"""Bad input gets a clear error: item, period, cause, next action; nothing half written."""

import resource
import shutil
import signal

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from soxauto_assets.catalog import get_item
from soxauto_assets.engines.contract import Errand
from soxauto_assets.errors import (
    BindingError,
    ExtractionError,
    PeriodError,
    SourceMismatch,
    StorageError,
    UnknownItem,
)
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings
from soxauto_assets_tests.catalog.test_ipe_09 import ORDERS
from soxauto_assets_tests.closing import close
from soxauto_assets_tests.lakes import DATABASE, write_table


def refused(runtime: Runtime, item: str, kind: type[Exception]) -> str:
    """Close an item, expect the error, and make sure that nothing of the extraction remains but its failure record."""
    with pytest.raises(kind) as caught:
        close(runtime, item)
    home = runtime.settings.home
    left = {p.relative_to(home).as_posix() for p in home.rglob("*") if p.is_file() and p.parts[-4] != "failures"}
    assert left == set()
    (failure,) = runtime.failures.all(item, "2025-09")
    assert failure["error"] == kind.__name__ and failure["cause"] in str(caught.value)
    return str(caught.value)


def replace_column(lake, source: str, column: str, values: pa.Array | None) -> None:
    path = lake / DATABASE / source / "rows.parquet"
    table = pq.read_table(path).drop_columns([column])
    pq.write_table(table if values is None else table.append_column(column, values), path)


def test_an_unknown_item_lists_the_known_ones():
    with pytest.raises(UnknownItem, match=r"the catalog has no item 'IPE_99'. Next: choose one of CR_03, "):
        get_item("IPE_99")


@pytest.mark.parametrize(
    ("period", "cause"),
    [("2026-13", "no accounting period"), ("2024-07", "first period offered is 2024-08"), ("2999-01", "in the future")],
)
def test_a_period_that_cannot_be_closed(open_runtime, period, cause):
    with pytest.raises(PeriodError, match=cause):
        open_runtime().require_period(period)


def test_a_missing_table(open_runtime, lake):
    shutil.rmtree(lake / DATABASE / "bob_sales_order")
    assert refused(open_runtime(), "IPE_09", BindingError) == (
        "IPE_09 2025-09: logical source bob_sales_order (BOB) is not bound to a table in lake.yaml. Next: export a table with "
        "order_id, order_date, customer_id, total_amount, order_status, or find it with 'soxauto discover bob_sales_order' "
        "and run 'soxauto bindings confirm bob_sales_order --by NAME --table DATABASE.TABLE'."
    )


def test_a_missing_column(open_runtime, lake):
    replace_column(lake, "bob_sales_order", "order_status", None)
    assert refused(open_runtime(), "IPE_09", SourceMismatch) == (
        "IPE_09 2025-09: table exports.bob_sales_order (logical source bob_sales_order) has no column order_status; it has "
        "customer_id, order_date, order_id, total_amount. Next: export the column, or name its physical column in the binding."
    )


@pytest.mark.parametrize(
    ("values", "found"),
    [
        (pa.array([1.5, 2.5, 3.5, 4.5]), "double"),
        (pa.array(["1", "2", "3", "4"]), "varchar"),
    ],
)
def test_a_type_that_differs_from_the_source_contract(open_runtime, lake, values, found):
    replace_column(lake, "bob_sales_order", "total_amount", values)
    message = refused(open_runtime(), "IPE_09", SourceMismatch)
    assert "total_amount is " in message and "contract decimal(18,4)" in message
    assert found.replace("\\", "") in message


def test_files_of_a_table_that_nobody_declared_and_that_differ(open_runtime, lake):
    """A declared table is read as Athena reads it, and source fidelity names the file (checks/test_fidelity.py)."""
    other = pq.read_table(lake / DATABASE / "bob_sales_order" / "rows.parquet")
    position = other.schema.get_field_index("total_amount")
    changed = other.set_column(position, "total_amount", other["total_amount"].cast(pa.decimal128(20, 5)))
    (lake / DATABASE / "unknown").mkdir()
    pq.write_table(other, lake / DATABASE / "unknown" / "first.parquet")
    pq.write_table(changed, lake / DATABASE / "unknown" / "second.parquet")
    with pytest.raises(ExtractionError) as caught:
        open_runtime().engine.query(f"select total_amount from {DATABASE}.unknown", Errand("probe"))
    assert "second.parquet has other columns or types" in str(caught.value)
    assert "total_amount: decimal(18,4) / decimal(20,5)" in str(caught.value)


def refused_at_binding(runtime: Runtime) -> str:
    with pytest.raises(ExtractionError) as caught:
        close(runtime, "IPE_09")
    return str(caught.value)


def test_a_file_that_is_no_parquet(open_runtime, lake):
    (lake / DATABASE / "bob_sales_order" / "rows.parquet").write_bytes(b"order_id,total\n")
    assert "exports/bob_sales_order/rows.parquet is no readable Parquet file" in refused_at_binding(open_runtime())


def test_an_empty_source(open_runtime, lake):
    write_table(lake, "bob_sales_order", ORDERS["bob_sales_order"].strip().splitlines()[0])
    assert refused(open_runtime(), "IPE_09", ExtractionError) == (
        "IPE_09 2025-09: the source answered no row. Next: find out whether the source is loaded for the period; an empty "
        "extract is no evidence."
    )


def test_an_unconfirmed_binding_names_table_columns_and_what_to_do(tmp_path, lake):
    bindings = tmp_path / "bindings.yaml"
    bindings.write_text(
        "environment: lake\n"
        "sources:\n"
        "  bob_sales_order: {database: exports, table: bob_sales_order, status: proposed, columns: {order_id: id}}\n"
    )
    variables = {"SOXAUTO_HOME": str(tmp_path / "home"), "SOXAUTO_BINDINGS": str(bindings)}
    message = refused(Runtime(Settings.from_environment(variables, lake=lake)), "IPE_09", BindingError)
    assert message == (
        "IPE_09 2025-09: the binding of bob_sales_order (BOB) to exports.bob_sales_order is proposed, not confirmed. Next: "
        "ask the data team whether exports.bob_sales_order holds it with columns id, order_date, customer_id, "
        "total_amount, order_status, then run 'soxauto bindings confirm bob_sales_order --by NAME'."
    )


def test_two_tables_that_match_one_source(open_runtime, lake):
    write_table(lake, "bob_sales_order", ORDERS["bob_sales_order"])
    shutil.copytree(lake / DATABASE / "bob_sales_order", lake / "other" / "pg_bob_sales_order")
    with pytest.raises(BindingError, match=r"bob_sales_order matches 2 tables: exports.bob_sales_order, other.pg_bob"):
        close(open_runtime(), "IPE_09")


def test_look_up_rows_that_differ_stop_the_item_and_name_the_key(open_runtime, lake):
    text = """
        country_code | country_name
        NG           | Nigeria
        ng·          | Niger
    """
    write_table(lake, "dim_country", text)
    message = refused(open_runtime(), "CR_05", ExtractionError)
    assert "dim_country has 1 key(s) that lead to different rows: (ng)" in message


def test_a_customers_key_is_masked_in_messages(open_runtime, lake):
    text = """
        id_company | customer_no | name
        EC_NG      | C001SECR | One
        EC_NG      | C001SECR | Two
    """
    write_table(lake, "customers", text)
    message = refused(open_runtime(), "IPE_07", ExtractionError)
    assert "(ec_ng, c0…)" in message and "secr" not in message.lower()


def test_a_full_disk_while_landing(open_runtime):
    """The kernel refuses to write past a file size limit, as a full disk would."""
    runtime = open_runtime()
    _ = runtime.bindings
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        resource.setrlimit(resource.RLIMIT_FSIZE, (600, limits[1]))
        message = refused(runtime, "IPE_09", StorageError)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, previous)
    assert message.startswith("IPE_09 2025-09: ") and "free disk space" in message


def test_an_instant_finer_than_a_millisecond_is_read_as_athena_reads_it(open_runtime, lake):
    """23:59:59.9995 of the last day is rounded half up before the filter: it belongs to October."""
    path = lake / DATABASE / "bob_sales_order" / "rows.parquet"
    table = pq.read_table(path)
    instants = ["2025-09-30T23:59:59.9994", "2025-09-30T23:59:59.9995", "2025-09-01T00:00:00", "2025-09-02T00:00:00"]
    fine = pa.array(instants).cast(pa.timestamp("us"))
    position = table.schema.get_field_index("order_date")
    pq.write_table(table.set_column(position, "order_date", fine), path)
    runtime = open_runtime()
    close(runtime, "IPE_09")
    # Source fidelity fails: a row has left the month.
    assert sorted(runtime.load("IPE_09", "2025-09", allow_failed=True)["order_id"]) == ["A", "C", "D"]
    close(runtime, "IPE_09", period="2025-10")
    assert sorted(runtime.load("IPE_09", "2025-10", allow_failed=True)["order_id"]) == ["A", "B", "C", "D"]
