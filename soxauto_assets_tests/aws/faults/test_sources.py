"""Sources that are not ready, limits, unloads, and buckets that cannot keep evidence."""

import re
from pathlib import Path
from uuid import uuid4

import pyarrow.parquet as pq
import pytest

from soxauto_assets.catalog import get_item
from soxauto_assets.engines.contract import Errand
from soxauto_assets.errors import SoxautoError
from soxauto_assets.period import Period
from soxauto_assets.sources.bindings import TableName
from soxauto_assets_tests.aws.cloud import Cloud, configure_workgroup
from soxauto_assets_tests.aws.endpoint import Endpoint
from soxauto_assets_tests.aws.faults.running import (
    ORDERS,
    PERIOD,
    athena,
    executions,
    message_of,
    passed,
    sealed,
)

# Sources


def test_an_unconfirmed_binding_stops_the_item(open_runtime, endpoint: Endpoint, cloud: Cloud, tmp_path: Path):
    bindings = cloud.edit_bindings(tmp_path / "b", bob_sales_order={"status": "proposed"})
    message = message_of(open_runtime(SOXAUTO_BINDINGS=str(bindings)))
    assert message.startswith(
        "IPE_09 2025-09: the binding of bob_sales_order (BOB) to AwsDataCatalog.exports.bob_sales_order is proposed, not "
        "confirmed. Next: "
    )
    assert "soxauto bindings confirm bob_sales_order" in message
    assert executions(endpoint) == []


def test_a_missing_column_stops_the_item_before_any_query(open_runtime, endpoint: Endpoint, cloud: Cloud, tmp_path):
    bindings = cloud.edit_bindings(tmp_path / "b", bob_sales_order={"columns": {"total_amount": "grand_total"}})
    assert message_of(open_runtime(SOXAUTO_BINDINGS=str(bindings))) == (
        "IPE_09 2025-09: table AwsDataCatalog.exports.bob_sales_order (logical source bob_sales_order) has no column "
        "grand_total; it has customer_id, order_date, order_id, order_status, total_amount. Next: export the column, or "
        "name its physical column in the binding."
    )
    assert executions(endpoint) == []


def test_a_missing_table_stops_the_item(open_runtime, cloud: Cloud, tmp_path: Path):
    bindings = cloud.edit_bindings(tmp_path / "b", bob_sales_order={"table": "pg_bob_sales_order"})
    assert message_of(open_runtime(SOXAUTO_BINDINGS=str(bindings))) == (
        "IPE_09 2025-09: table AwsDataCatalog.exports.pg_bob_sales_order (logical source bob_sales_order) does not exist. "
        "Next: correct the binding, or export the table into the lake folder."
    )


def test_a_stale_source_is_sealed_as_failed(open_runtime):
    """The hand-made orders end before the last day of October 2025, so a close of that month finds them stale."""
    runtime = open_runtime()
    sealing = sealed(runtime, "IPE_09", "2025-10")
    (stale,) = [result for result in sealing.results if result.name == "freshness"]
    assert sealing.verdict == "failed" and stale.status == "failed"


# Limits


def test_a_query_over_the_scan_limit_is_not_run(open_runtime, endpoint: Endpoint):
    message = message_of(open_runtime(SOXAUTO_ATHENA_SCAN_LIMIT_GB="0.0000001"))
    assert re.fullmatch(
        r"IPE_09 2025-09: \w+ would scan about 0\.00 GB, more than the limit of 1E-7 GB; most of it is "
        r"AwsDataCatalog\.exports\.bob_sales_order with 0\.00 GB\. It was not run\. Next: narrow the query, or raise "
        r"SOXAUTO_ATHENA_SCAN_LIMIT_GB with the agreement of the workgroup's owner\.",
        message,
    )
    assert executions(endpoint) == []


def test_a_query_that_scans_more_than_the_limit_is_stopped(open_runtime, endpoint: Endpoint):
    endpoint.athena.settings.scanned = 3 * 10**9
    endpoint.athena.settings.run_seconds = 20
    message = message_of(open_runtime(SOXAUTO_ATHENA_SCAN_LIMIT_GB="2"))
    assert re.search(r"\w+ has scanned 3\.00 GB, more than the limit of 2 GB; query <id> has been stopped\.", message)
    assert {e.state for e in executions(endpoint)} == {"CANCELLED"}


def test_the_workgroups_own_limit_is_told(open_runtime, endpoint: Endpoint):
    configure_workgroup(endpoint, scan_limit=10)
    message = message_of(open_runtime())
    assert "Bytes scanned limit was exceeded" in message
    assert "have the workgroup's scan limit (and SOXAUTO_ATHENA_SCAN_LIMIT_GB) raised by its owner" in message


# Unloads


def test_an_unload_that_lacks_a_file_of_its_manifest_is_refused(open_runtime, endpoint: Endpoint, monkeypatch):
    runtime = open_runtime()
    engine = athena(runtime)
    listed = engine.places.listed
    monkeypatch.setattr(engine.places, "listed", lambda uri, limit=20_000: listed(uri, limit)[1:])
    assert message_of(runtime) == (
        "IPE_09 2025-09: the unload of query <id> is not whole: 1 of 3 files of its manifest are missing, 0 files are not "
        "in it. Next: start again; the place of each try is its own."
    )


@pytest.mark.parametrize("unload", ["true", "false"])
def test_an_unload_of_no_rows_leaves_no_file_and_is_no_evidence(open_runtime, unload: str):
    runtime = open_runtime(SOXAUTO_ATHENA_UNLOAD=unload)
    with pytest.raises(SoxautoError, match="IPE_09 2000-01: the source answered no row"):
        runtime.extractor.extract(get_item("IPE_09"), Period(2000, 1), str(uuid4()))


def test_where_unload_is_not_allowed_the_csv_keeps_null_and_empty_text_apart(
    open_runtime, endpoint: Endpoint, tmp_path: Path
):
    text = (
        "SELECT order_id, nullif(order_id, order_id) AS nothing, '' AS empty, 'a\"b,\nc' AS quoted, "
        "cast(total_amount AS decimal(18,4)) AS total, order_date, order_date IS NULL AS undated, "
        f"cast(order_date AS date) AS day {ORDERS[ORDERS.index('FROM') :]}"
    )
    folders = {mode: tmp_path / mode for mode in ("true", "false")}
    tables = {}
    for mode, folder in folders.items():
        folder.mkdir()
        engine = athena(open_runtime(SOXAUTO_ATHENA_UNLOAD=mode))
        unloaded = engine.unload(text, Errand("extract", "IPE_09", PERIOD, f"run-csv-{mode}"), folder)
        rows = [row for file in unloaded.files for row in pq.read_table(file).to_pylist()]
        tables[mode] = sorted(rows, key=lambda row: row["order_id"])
        assert unloaded.execution.details["unload"] == ("parquet" if mode == "true" else "csv")
    assert tables["false"] == tables["true"]
    assert {(row["nothing"], row["empty"]) for row in tables["false"]} == {(None, "")}
    assert passed(sealed(open_runtime("csv", SOXAUTO_ATHENA_UNLOAD="false"), "IPE_07"))


def test_small_answers_keep_null_and_empty_text_apart(open_runtime):
    engine = athena(open_runtime())
    answer = engine.query(
        "SELECT cast(NULL AS varchar) AS nothing, '' AS empty, cast('1.5' AS decimal(18,4)) AS money, "
        "cast(NULL AS bigint) AS n, true AS flag, cast('2025-09-30 23:59:59.999' AS timestamp(3)) AS instant",
        Errand("probe"),
    )
    (row,) = answer.table.to_pylist()
    assert (row["nothing"], row["empty"], str(row["money"]), row["n"], row["flag"]) == (None, "", "1.5000", None, True)
    assert row["instant"].isoformat() == "2025-09-30T23:59:59.999000"


# Evidence


def test_a_bucket_without_lock_takes_no_evidence(open_runtime, cloud: Cloud, endpoint: Endpoint):
    s3 = cloud.s3()
    s3.create_bucket(Bucket="sox-unlocked", CreateBucketConfiguration={"LocationConstraint": endpoint.region})
    s3.put_bucket_versioning(Bucket="sox-unlocked", VersioningConfiguration={"Status": "Enabled"})
    with pytest.raises(SoxautoError) as caught:
        sealed(open_runtime(S3_BUCKET_EVIDENCE="sox-unlocked"), "CR_05")
    assert "sox-unlocked" in str(caught.value) and "Object Lock" in str(caught.value)
    assert "Contents" not in s3.list_objects_v2(Bucket="sox-unlocked")


def test_a_denied_action_names_the_grant(open_runtime, endpoint: Endpoint):
    endpoint.fail("glue:GetTable", times=None, code="AccessDeniedException")
    assert message_of(open_runtime()) == (
        "IPE_09 2025-09: the role may not describe table AwsDataCatalog.exports.bob_sales_order (User is not authorized "
        "to perform: glue:GetTable). Next: grant the action (deploy/aws/policies.yaml lists what each role needs)."
    )


def test_the_tables_of_a_federated_catalog_are_described_by_athena(open_runtime):
    """Glue does not know them. The local Athena has one catalog only, so it is asked for that one in this way, too."""
    engine = athena(open_runtime())
    table = TableName("exports", "bob_sales_order")
    federated = engine.glue._federated(table, "AwsDataCatalog")
    assert federated is not None and federated.columns == engine.columns(table)
    assert engine.glue._federated(TableName("exports", "nothing"), "AwsDataCatalog") is None
