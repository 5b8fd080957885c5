"""Revalidation: every check again on what was landed, without the source; and the verdict in Dagster."""

import shutil
from collections.abc import Callable
from pathlib import Path

import dagster as dg
import pytest

from soxauto_assets.catalog import all_items, get_item
from soxauto_assets.defs.build import build_defs
from soxauto_assets.defs.jobs import CHECKS
from soxauto_assets.evidence.store import local_path
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings
from soxauto_assets_tests.catalog.test_cr_04 import BALANCES
from soxauto_assets_tests.decisions.test_overrides import accept
from soxauto_assets_tests.lakes import write_table

CR_04 = get_item("CR_04")
FRESHNESS = dg.AssetCheckKey(dg.AssetKey(["extract", "CR_04"]), "freshness")
VERDICT = dg.AssetCheckKey(dg.AssetKey(["evidence", "CR_04"]), "verdict")


@pytest.fixture
def settings(closed: Path) -> Settings:
    return Settings.from_environment({"SOXAUTO_HOME": str(closed / "home")}, lake=closed / "lake")


@pytest.fixture
def instance(closed: Path):
    (closed / "dagster").mkdir()
    with dg.DagsterInstance.local_temp(str(closed / "dagster")) as opened:
        yield opened


def evaluation(instance: dg.DagsterInstance, key: dg.AssetCheckKey) -> dg.AssetCheckEvaluation:
    """Return the newest evaluation of a check, as the UI reads it."""
    (record,) = instance.event_log_storage.get_asset_check_execution_history(key, limit=1)
    return record.event.dagster_event.event_specific_data


def test_an_accepted_failure_is_amber_and_what_is_below_runs(settings, instance, reopen: Callable[..., Runtime]):
    ran: list[str] = []

    @dg.asset(deps=[VERDICT.asset_key], partitions_def=dg.MonthlyPartitionsDefinition("2024-08", fmt="%Y-%m"))
    def below() -> None:
        ran.append("below")

    definitions = dg.Definitions.merge(build_defs(settings, (CR_04,)), dg.Definitions(assets=[below]))
    job = definitions.resolve_implicit_global_asset_job_def()

    def seal():
        return job.execute_in_process(
            partition_key="2025-09",
            instance=instance,
            asset_selection=[VERDICT.asset_key, dg.AssetKey("below")],
            raise_on_error=False,
        )

    assert not seal().success and ran == []
    assert (evaluation(instance, VERDICT).passed, evaluation(instance, VERDICT).severity) == (
        False,
        dg.AssetCheckSeverity.ERROR,
    )
    accept(reopen())
    assert seal().success and ran == ["below"]
    amber = evaluation(instance, VERDICT)
    assert (amber.passed, amber.severity, amber.partition) == (False, dg.AssetCheckSeverity.WARN, "2025-09")
    assert amber.metadata["verdict"].value == "passed_with_override"
    assert amber.metadata["accepted"].value == "freshness by A Reviewer: refreshed late"


def test_the_job_of_checks_runs_by_month_with_a_tag_and_asks_no_source(settings, instance, closed: Path):
    shutil.rmtree(closed / "lake")
    job = build_defs(settings, (CR_04,)).resolve_job_def(CHECKS)
    result = job.execute_in_process(instance=instance, raise_on_error=False, tags={"dagster/partition": "2025-09"})
    assert result.success, "a check that fails is a result"
    found = evaluation(instance, FRESHNESS)
    assert (found.passed, found.severity, found.partition) == (False, dg.AssetCheckSeverity.ERROR, "2025-09")
    assert result.get_asset_materialization_events() == []
    without_month = job.execute_in_process(instance=instance, raise_on_error=False)
    assert not without_month.success


def test_the_definitions_hold_one_job_of_checks_over_every_extract(settings):
    job = build_defs(settings).resolve_job_def(CHECKS)
    assert {node.name for node in job.graph.nodes} == {f"checks_{item.id}" for item in all_items()}


def test_revalidate_says_the_sealed_verdict_and_the_one_now(soxauto, reopen, closed: Path):
    accept(reopen())
    runtime = reopen()
    runtime.seal(CR_04, Period(2025, 9), None)
    shutil.rmtree(closed / "lake")
    done = soxauto("revalidate", "2025-09")
    assert done.exit_code == 0, done.output
    assert done.output.count("passed with override") == 2 and "attempt-0002" in done.output
    assert "accepted by A Reviewer: refreshed late" in done.output
    assert len(reopen().evidence.attempts("CR_04", "2025-09")) == 2, "it seals nothing"
    assert reopen().heartbeats.all("CR_04", "2025-09") == []
    with dg.DagsterInstance.from_config(str(closed / "home" / "dagster")) as instance:
        assert evaluation(instance, FRESHNESS).partition == "2025-09"
        (run,) = instance.get_runs()
        assert (run.job_name, run.tags["dagster/partition"]) == (CHECKS, "2025-09")


def test_a_failed_verdict_fails_the_revalidation_and_one_that_differs_too(soxauto, reopen, closed: Path):
    failed = soxauto("revalidate", "2025-09", "--item", "CR_04")
    assert failed.exit_code == 1 and "CR_04 freshness (error)" in failed.output and "differs" not in failed.output
    accept(reopen())
    now_accepted = soxauto("revalidate", "2025-09", "--item", "CR_04")
    assert now_accepted.exit_code == 1 and "(differs)" in now_accepted.output


def test_it_evaluates_the_extraction_that_was_sealed_and_not_a_newer_one(soxauto, reopen, lake):
    fresh = BALANCES["bs_balances_view"].replace("2025-09-29 06:00:00", "2025-10-05 06:00:00")
    write_table(lake, "bs_balances_view", fresh)
    reopen().extractor.extract(CR_04, Period(2025, 9), "run-2")
    done = soxauto("revalidate", "2025-09", "--item", "CR_04")
    assert done.exit_code == 1 and "the deciding value of the source is 2025-09-29" in " ".join(
        done.output.replace("value \n", "value ").split()
    )


def test_rows_that_are_gone_or_a_log_that_was_exchanged_are_said(soxauto, reopen, closed: Path):
    log = closed / "home" / "extractions" / "CR_04" / "2025-09" / "0001.json"
    text = log.read_text()
    log.chmod(0o644)
    log.write_text(text.replace('"run_id":"run-1"', '"run_id":"run-9"'))
    exchanged = soxauto("revalidate", "2025-09")
    assert exchanged.exit_code == 2
    assert "extraction record 0001 is not the one that attempt 1 was sealed from" in " ".join(exchanged.output.split())
    log.unlink()
    missing = soxauto("revalidate", "2025-09")
    assert missing.exit_code == 2 and "extraction record 0001 is not in the log" in " ".join(missing.output.split())
    assert local_path(reopen().current(CR_04, Period(2025, 9)).uri).is_dir()


def test_what_is_not_sealed_cannot_be_checked_again(soxauto):
    nothing = soxauto("revalidate", "2025-08")
    assert nothing.exit_code == 2 and "2025-08: nothing is sealed" in nothing.output
    one = soxauto("revalidate", "2025-09", "--item", "IPE_09")
    assert one.exit_code == 2 and "IPE_09 2025-09: nothing is sealed" in one.output
