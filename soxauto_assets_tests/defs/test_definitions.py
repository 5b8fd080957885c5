"""The Dagster face: keys, groups, partitions, metadata, and what a month's run leaves behind."""

import json
import subprocess
import sys
import tomllib
from pathlib import Path

import dagster as dg
import pytest
import yaml

from soxauto_assets.catalog import all_items
from soxauto_assets.checks import check_plan
from soxauto_assets.defs.build import build_defs
from soxauto_assets.defs.jobs import CLOSE
from soxauto_assets.defs.packages import PACKAGE_VERIFIES
from soxauto_assets.reconciliation.findings import CHECKS
from soxauto_assets.reconciliation.package import ID
from soxauto_assets.settings import PROJECT, Settings
from soxauto_assets_tests.catalog.test_cr_04 import BALANCES
from soxauto_assets_tests.lakes import write_table

ITEMS = [item.id for item in all_items()]


@pytest.fixture
def settings(tmp_path: Path, lake: Path) -> Settings:
    return Settings.from_environment({"SOXAUTO_HOME": str(tmp_path / "home")}, lake=lake)


@pytest.fixture
def instance(tmp_path: Path):
    (tmp_path / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(tmp_path / "dagster")) as opened:
        yield opened


def run(settings: Settings, instance: dg.DagsterInstance, items=ITEMS, period="2025-09", **arguments):
    keys = [dg.AssetKey([stage, item]) for item in items for stage in ("extract", "evidence")]
    return (
        build_defs(settings)
        .resolve_job_def(CLOSE)
        .execute_in_process(
            partition_key=period, instance=instance, asset_selection=keys, raise_on_error=False, **arguments
        )
    )


def evaluations(result) -> dict[tuple[str, str], dg.AssetCheckEvaluation]:
    return {("/".join(e.asset_key.path), e.check_name): e for e in result.get_asset_check_evaluations()}


def test_definitions_load_and_hold_the_house_as_designed(settings):
    definitions = build_defs(settings)
    dg.Definitions.validate_loadable(definitions)
    specs = {spec.key.to_user_string(): spec for spec in definitions.resolve_all_asset_specs()}
    assert set(specs) == {
        *(f"source/{name}" for item in all_items() for name in item.sources),
        "source/jdash_upload",
        *(f"extract/{item}" for item in ITEMS),
        *(f"evidence/{item}" for item in ITEMS),
        *(f"reconciliation/{name}" for name in ("balances", "vouchers", "bridges", "variances")),
        "evidence/RECONCILIATION",
    }
    assert {key.split("/")[0]: spec.group_name for key, spec in specs.items()} == {
        "source": "source",
        "extract": "extract",
        "evidence": "evidence",
        "reconciliation": "reconciliation",
    }
    ipe_07 = specs["extract/IPE_07"]
    assert {dep.asset_key.to_user_string() for dep in ipe_07.deps} >= {"source/customers", "source/dim_company"}
    assert ipe_07.owners == ["team:accounting-excellence"]
    assert ipe_07.tags["sox/control"] == "C-PG-1"
    assert len(ipe_07.code_version) == 64
    assert [c.name for c in ipe_07.metadata["dagster/column_schema"].columns][:2] == [
        "id_company",
        "company_country",
    ]


def test_partitions_are_closed_months_from_the_first_period(settings):
    partitions = build_defs(settings).resolve_job_def(CLOSE).partitions_def
    keys = partitions.get_partition_keys()
    assert keys[0] == "2024-08" and "2025-09" in keys
    from datetime import date

    assert date.today().strftime("%Y-%m") not in keys


def test_every_check_spec_carries_the_months(settings):
    definitions = build_defs(settings)
    graph = definitions.resolve_asset_graph()
    checks = {
        (key.asset_key.to_user_string(), key.name): graph.get(key).partitions_def for key in graph.asset_check_keys
    }
    expected = {(f"extract/{item.id}", planned.name) for item in all_items() for planned in check_plan(item)}
    expected |= {(f"evidence/{item}", "verdict") for item in ITEMS}
    expected |= {("reconciliation/variances", name) for name in CHECKS}
    expected |= {(f"evidence/{item}", PACKAGE_VERIFIES) for item in (*ITEMS, ID)}
    assert set(checks) == expected
    assert all(partitions is not None for partitions in checks.values())


def test_a_month_is_extracted_checked_and_sealed(settings, instance):
    result = run(settings, instance, ["IPE_07", "CR_05", "IPE_09"])
    assert result.success
    checks = evaluations(result)
    assert all(evaluation.passed for (_, name), evaluation in checks.items() if name == "verdict")
    assert not checks[("extract/IPE_07", "account_in_component")].passed
    assert checks[("extract/IPE_07", "account_in_component")].severity == dg.AssetCheckSeverity.WARN
    (extracted,) = result.asset_materializations_for_node("extract__IPE_07")
    metadata = {name: value.value for name, value in extracted.metadata.items()}
    assert metadata["dagster/partition_row_count"] == 7
    assert len(metadata["dataset_digest"]) == 64 and len(metadata["query_digest"]) == 64
    assert "CAST('2025-09-30' AS DATE)" in metadata["query"]
    lineage = metadata["dagster/column_lineage"].deps_by_column["rem_amt_lcy"]
    assert [(d.asset_key.to_user_string(), d.column_name) for d in lineage] == [
        ("source/detailed_customer_ledger_entry", "amount_lcy")
    ]
    (sealed,) = result.asset_materializations_for_node("evidence__IPE_07")
    assert sealed.metadata["verdict"].value == "passed" and sealed.metadata["attempt"].value == 1
    assert Path(sealed.metadata["package"].value, "seal.json").is_file()
    assert len(sealed.metadata["signed_by"].value) == 64 and sealed.metadata["sealed_at"].value.endswith("Z")
    assert sealed.metadata["version_id"].value == "none: a folder has no versions"


def test_a_failing_month_is_sealed_as_failed_red_in_its_month_and_green_after_correction(settings, instance, lake):
    """Characterises what we rely on in Dagster: checks by month, and a blocking check that stops what hangs below."""
    ran: list[str] = []

    @dg.asset(
        deps=[dg.AssetKey(["evidence", "CR_04"])], partitions_def=dg.MonthlyPartitionsDefinition("2024-08", fmt="%Y-%m")
    )
    def below() -> None:
        ran.append("below")

    def close(period: str):
        definitions = dg.Definitions.merge(build_defs(settings), dg.Definitions(assets=[below]))
        keys = [dg.AssetKey(["extract", "CR_04"]), dg.AssetKey(["evidence", "CR_04"]), dg.AssetKey("below")]
        job = definitions.resolve_implicit_global_asset_job_def()
        return job.execute_in_process(
            partition_key=period, instance=instance, asset_selection=keys, raise_on_error=False
        )

    failed = close("2025-09")
    assert not failed.success
    checks = evaluations(failed)
    assert not checks[("extract/CR_04", "freshness")].passed
    assert not checks[("evidence/CR_04", "verdict")].passed
    assert checks[("evidence/CR_04", "verdict")].partition == "2025-09"
    assert [e.metadata["verdict"].value for e in failed.asset_materializations_for_node("evidence__CR_04")] == [
        "failed"
    ]
    assert ran == [], "what hangs below a failed item does not run"

    good = BALANCES["bs_balances_view"].replace("2025-09-29 06:00:00", "2025-10-05 06:00:00")
    write_table(lake, "bs_balances_view", good)
    corrected = close("2025-09")
    assert corrected.success and ran == ["below"]
    (sealed,) = corrected.asset_materializations_for_node("evidence__CR_04")
    assert (sealed.metadata["attempt"].value, sealed.metadata["verdict"].value) == (2, "passed")
    assert sorted(p.name for p in (settings.home / "evidence" / "CR_04" / "2025-09").iterdir()) == [
        "attempt-0001",
        "attempt-0002",
    ]


def test_a_failed_extraction_is_red_and_its_evidence_is_not_made(settings, instance, lake):
    (lake / "exports" / "bob_sales_order" / "rows.parquet").unlink()
    result = run(settings, instance, ["IPE_09", "CR_05"])
    assert not result.success
    failure = next(e for e in result.all_events if e.event_type_value == "STEP_FAILURE")
    assert "IPE_09 2025-09: logical source bob_sales_order" in failure.step_failure_data.error.cause.to_string() or (
        "bob_sales_order" in failure.step_failure_data.user_failure_data.description
    )
    assert not (settings.home / "evidence" / "IPE_09").exists()
    assert (settings.home / "evidence" / "CR_05" / "2025-09" / "attempt-0001").exists(), "the others go on"


def test_a_reason_given_in_the_run_configuration_is_sealed(settings, instance):
    config = {"ops": {"evidence__IPE_09": {"config": {"reason": "final close"}}}}
    result = run(settings, instance, ["IPE_09"], run_config=config)
    (sealed,) = result.asset_materializations_for_node("evidence__IPE_09")
    assert sealed.metadata["reason"].value == "final close"


def test_resources_refuse_fields_they_do_not_know():
    from soxauto_assets.defs.resources import DuckDBLakeResource

    with pytest.raises(ValueError, match="memory_limmit"):
        DuckDBLakeResource(lake="x", memory_limmit="1GB")


def test_one_code_location_name_everywhere():
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text())["tool"]
    workspace = yaml.safe_load((PROJECT / "workspace.yaml").read_text())["load_from"][0]["python_module"]
    assert project["dagster"]["module_name"] == workspace["module_name"] == "soxauto_assets.definitions"
    assert project["dg"]["project"]["code_location_target_module"] == workspace["module_name"]
    assert (
        project["dagster"]["code_location_name"]
        == project["dg"]["project"]["code_location_name"]
        == workspace["location_name"]
    )


def test_importing_the_package_does_no_io_and_loads_neither_dagster_nor_pandas():
    code = (
        "import sys, json, soxauto_assets; "
        "print(json.dumps(sorted({'dagster', 'pandas', 'duckdb', 'pandera', 'boto3', 'trino'} & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_loading_the_definitions_does_not_load_the_aws_side():
    code = (
        "import sys, json, soxauto_assets.definitions; "
        "print(json.dumps(sorted({'pandera', 'boto3', 'awswrangler', 'polars', 'pandas', 'trino'} & set(sys.modules))))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == []


def test_nothing_closes_or_reconciles_by_itself_before_an_operator_says_so(settings):
    """Schedules ran on the 1st although data settle around the 8th (domain 10 row 24)."""
    definitions = build_defs(settings)
    (schedule,) = definitions.schedules
    assert schedule.default_status == dg.DefaultScheduleStatus.STOPPED
    repository = definitions.get_repository_def()
    assert repository.get_schedule_def("close_month_schedule").cron_schedule == "0 6 8 * *"
    after_close = [s for s in definitions.sensors if s.name.startswith("reconcile_after_")]
    assert [s.name for s in after_close] == [
        "reconcile_after_close_month_success",
        "reconcile_after_close_month_failure",
    ]
    assert {s.default_status for s in after_close} == {dg.DefaultSensorStatus.STOPPED}
