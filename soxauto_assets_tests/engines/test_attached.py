"""Names of three parts on DuckDB: the first part is an attached database, and one query reads it and the lake."""

from pathlib import Path

import duckdb
import pytest
import yaml

from soxauto_assets.engines.contract import Errand
from soxauto_assets.engines.duckdb_engine import DuckDBEngine
from soxauto_assets.errors import ExtractionError, SettingsError
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings
from soxauto_assets.sources.bindings import TableName
from soxauto_assets_tests.closing import close
from soxauto_assets_tests.lakes import DATABASE

RATES = TableName("finance", "rates", "ledger")


@pytest.fixture
def ledger(lake: Path, tmp_path: Path) -> Path:
    """The exchange rates, moved from the lake into a database."""
    path = tmp_path / "ledger.duckdb"
    with duckdb.connect(str(path)) as connection:
        connection.execute("create schema finance")
        connection.execute(
            f"create table finance.rates as select * from read_parquet('{lake}/{DATABASE}/rpt_fx_rates/*.parquet')"
        )
    return path


def deployment(lake: Path, tmp_path: Path, ledger: Path, catalog: str = "ledger") -> Runtime:
    """Bind the rates to the database, and everything else by name."""
    bindings = tmp_path / "bindings.yaml"
    bound = {"database": "finance", "table": "rates", "catalog": catalog, "status": "confirmed"}
    bindings.write_text(
        yaml.safe_dump({"environment": "lake", "by_name": True, "sources": {"rpt_fx_rates": bound}}), "utf-8"
    )
    variables = {
        "SOXAUTO_HOME": str(tmp_path / "home-of-two"),
        "SOXAUTO_BINDINGS": str(bindings),
        "SOXAUTO_ATTACH": f"ledger={ledger}",
    }
    return Runtime(Settings.from_environment(variables, lake=lake))


def test_an_item_reads_lake_and_database_in_one_query(open_runtime, lake: Path, ledger: Path, tmp_path: Path):
    runtime, both = open_runtime(), deployment(lake, tmp_path, ledger)
    close(runtime, "CR_05")
    close(both, "CR_05")
    statements = [opened.evidence.statement(opened.evidence.newest("CR_05", "2025-09")) for opened in (runtime, both)]
    ours, theirs = (statement["predicate"] for statement in statements)
    assert (ours["dataset_digest"], ours["verdict"]) == (theirs["dataset_digest"], theirs["verdict"])
    (record,) = both.extractor.records.all("CR_05", "2025-09")
    assert "ledger.finance.rates" in record["statements"]["extract"]["executed"]
    assert f"{DATABASE}.dim_company" in record["statements"]["extract"]["executed"]
    assert record["bindings"]["rpt_fx_rates"]["catalog"] == "ledger"
    both.close()


def test_tables_of_a_database_are_listed_and_described(lake: Path, ledger: Path):
    engine = DuckDBEngine(lake, attached={"ledger": ledger})
    assert RATES in engine.tables() and TableName(DATABASE, "dim_company") in engine.tables()
    assert engine.columns(RATES) == engine.columns(TableName(DATABASE, "rpt_fx_rates"))
    assert engine.columns(TableName("finance", "nowhere", "ledger")) == {}
    files = engine.files(RATES)
    assert (files.files, files.needed) == (None, False)
    engine.close()


def test_a_database_is_only_read(lake: Path, ledger: Path):
    engine = DuckDBEngine(lake, attached={"ledger": ledger})
    with pytest.raises(duckdb.Error, match="read-only"):
        engine._connection.execute("insert into ledger.finance.rates select * from ledger.finance.rates")
    engine.close()


def test_a_catalog_that_is_not_attached_is_named(lake: Path, ledger: Path, tmp_path: Path):
    both = deployment(lake, tmp_path, ledger, catalog="elsewhere")
    with pytest.raises(
        ExtractionError, match=r"CR_05 2025-09: .*elsewhere.*not attached. Next: name its database file"
    ):
        close(both, "CR_05")
    with pytest.raises(ExtractionError, match="not attached"):
        both.engine.query("select 1 as n from elsewhere.finance.rates", Errand("probe"))
    both.close()


def test_a_file_that_is_no_database_is_named(lake: Path, tmp_path: Path):
    with pytest.raises(ExtractionError, match=r"nowhere\.duckdb of catalog ledger does not exist"):
        DuckDBEngine(lake, attached={"ledger": tmp_path / "nowhere.duckdb"})
    (tmp_path / "text.duckdb").write_text("no database, but long enough to look like something else" * 100)
    engine = DuckDBEngine(lake, attached={"ledger": tmp_path / "text.duckdb"})
    with pytest.raises(ExtractionError, match="is no database that DuckDB can read"):
        engine.columns(RATES)


@pytest.mark.parametrize("text", ["ledger", "=file", "Ledger=file", "ledger=", "memory=file"])
def test_a_setting_of_another_form_is_refused(text: str):
    with pytest.raises(SettingsError, match="SOXAUTO_ATTACH has the part"):
        Settings.from_environment({"SOXAUTO_ATTACH": text})


def test_the_setting_survives_a_child_process(tmp_path: Path):
    settings = Settings.from_environment({"SOXAUTO_ATTACH": f"a={tmp_path}/a.db, b={tmp_path}/b.db"})
    assert settings.attached == (("a", tmp_path / "a.db"), ("b", tmp_path / "b.db"))
    assert Settings.from_environment(settings.variables()).attached == settings.attached
