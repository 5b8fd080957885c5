"""Bringing sources in from the command line: discover, bindings, ddl, translate."""

import json
import os
from datetime import UTC, datetime
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from click.testing import CliRunner
from rich.console import Console

from soxauto_assets.cli import main
from soxauto_assets.commands.bindings import confirm_binding
from soxauto_assets.extraction.reads import columns_read
from soxauto_assets.settings import PROJECT, Settings
from soxauto_assets.sources.bindings import load_bindings
from soxauto_assets.sources.confirmation import Wish
from soxauto_assets_tests.lakes import write_lake

LEDGER = """
    id_company | entry_no | posting_date | gl_account_no | amount | document_description | g_l_creation_date
    EC_NG      | 17       | 2025-09-30   | 18412         | 5.25   | Bello                | 2025-10-02T10:00:00
    EC_NG      | 18       | 2025-10-31   | 18412         | 5.25   | Musa                 | 2025-11-02T10:00:00
"""
ORDERS = """
    order_id | order_date          | customer_id | total_amount | order_status
    300112   | 2025-10-16T08:00:00 | 77          | 5            | closed
"""


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """A lake with the ledger under another name and a renamed column, a decoy, and the orders of BOB."""
    lake = write_lake(tmp_path / "lake", {"gl_entries": LEDGER, "bob_sales_order": ORDERS})
    rows = pq.read_table(lake / "exports" / "gl_entries" / "rows.parquet")
    put(lake, "finance", "nav_gl_entry", rows.rename_columns({"entry_no": "entry_no_"}))
    put(lake, "finance", "g_l_entries", pa.table({"ticket": ["a"], "owner": ["b"]}))
    put(lake, "process_pg_bob", "pg_bob_sales_order", pq.read_table(lake / "exports/bob_sales_order/rows.parquet"))
    for source in ("gl_entries", "bob_sales_order"):
        (lake / "exports" / source / "rows.parquet").unlink()
    return lake


def put(lake: Path, database: str, table: str, rows: pa.Table) -> None:
    (lake / database / table).mkdir(parents=True)
    pq.write_table(rows, lake / database / table / "rows.parquet")


@pytest.fixture
def bindings(tmp_path: Path) -> Path:
    path = tmp_path / "bindings.yaml"
    path.write_text((PROJECT / "bindings" / "aws.yaml").read_text().replace("    catalog: AwsDataCatalog\n", ""))
    return path


@pytest.fixture
def soxauto(tmp_path: Path, lake: Path, bindings: Path, monkeypatch: pytest.MonkeyPatch):
    """Run a command in this process on that lake."""
    for name in [name for name in os.environ if name.startswith("SOXAUTO_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("SOXAUTO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SOXAUTO_LAKE", str(lake))
    monkeypatch.setenv("SOXAUTO_ENV", "lake")
    monkeypatch.setenv("SOXAUTO_BINDINGS", str(bindings))
    return lambda *arguments: CliRunner().invoke(main, list(arguments))


def flat(result) -> str:
    return " ".join(result.output.split())


def test_discover_proposes_shows_facts_and_answers_without_changing_anything(soxauto, bindings):
    before = bindings.read_bytes()
    result = soxauto("discover", "gl_entries", "bob_sales_order")
    assert result.exit_code == 0, result.output
    text = flat(result)
    assert "→ finance.nav_gl_entry" in text and "→ process_pg_bob.pg_bob_sales_order" in text
    assert "entry_no → entry_no_ bigint fits 99" in text
    assert "2025-11-02 g_l_creation_date" in text
    assert "Xxxxx" in text and "Bello" not in text and "Musa" not in text and "300112" not in text
    assert "finance.nav_gl_entry (30 of 30 contract columns found, 30 with a fitting type)" in text
    assert "not answered: rpt_soi was not among the sources asked for" in text
    assert "yes: process_pg_bob.pg_bob_sales_order" in text
    assert "newest values: gl_entries 2025-11-02 (g_l_creation_date), bob_sales_order 2025-10-16 (order_date)" in text
    assert bindings.read_bytes() == before


def test_discover_writes_proposals_and_a_person_confirms_one(soxauto, bindings, tmp_path):
    written = soxauto("discover", "--write", "--no-facts")
    assert written.exit_code == 1, "sources without any candidate remain"
    assert "2 proposals written to" in flat(written)
    bound = load_bindings(bindings).sources
    assert (str(bound["gl_entries"].table), bound["gl_entries"].status) == ("finance.nav_gl_entry", "proposed")
    assert bound["gl_entries"].columns == {"entry_no": "entry_no_"}
    assert bound["rpt_soi"].status == "unknown"

    confirmed = soxauto("bindings", "confirm", "gl_entries", "--by", "A Controller", "--snapshot", "append_only")
    assert confirmed.exit_code == 0, confirmed.output
    assert "act 0001 recorded, unsigned; bindings.yaml written" in flat(confirmed)
    binding = load_bindings(bindings).sources["gl_entries"]
    assert (binding.status, binding.confirmed_by, binding.snapshot) == ("confirmed", "A Controller", "append_only")
    act = json.loads((tmp_path / "home" / "acts" / "0001.json").read_text())
    assert act["person"] == "A Controller" and act["performed_by"]["os_user"]
    assert act["details"]["before"]["status"] == "proposed"

    kept = bindings.read_text()
    again = soxauto("discover", "gl_entries", "--write", "--database", "finance")
    assert "confirmed by A Controller: finance.nav_gl_entry" in flat(again)
    assert "0 proposals written" in flat(again) and bindings.read_text() == kept


def test_the_date_of_a_confirmation_is_the_clocks(soxauto, bindings, tmp_path):
    wish = Wish("bob_sales_order", "A Controller", reason="agreed")
    clock = datetime(2025, 10, 17, 23, 30, tzinfo=UTC)
    confirm_binding(Settings.from_environment(), wish, Console(quiet=True), lambda: clock)
    assert load_bindings(bindings).sources["bob_sales_order"].confirmed_on == "2025-10-17"
    act = json.loads((tmp_path / "home" / "acts" / "0001.json").read_text())
    assert (act["time"], act["reason"]) == ("2025-10-17T23:30:00.000+00:00", "agreed")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("discover", "gl_entry"), "gl_entry is no logical source; known are asg_dim"),
        (("discover", "--database", "nowhere"), "the databases nowhere hold no table"),
        (("bindings", "confirm", "gl_entry", "--by", "A"), "'gl_entry' is no logical source"),
        (("bindings", "confirm", "gl_entries", "--by", " "), "nobody is named who confirms gl_entries"),
        (
            ("bindings", "confirm", "rpt_soi", "--by", "A"),
            "table process_central_fin_dwh.rpt_soi (logical source rpt_soi)",
        ),
        (
            ("bindings", "confirm", "gl_entries", "--by", "A", "--table", "finance.g_l_entries"),
            "table finance.g_l_entries (logical source gl_entries) has no column amount",
        ),
        (("ddl", "gl_entry", "--location", "s3://bucket/p/"), "'gl_entry' is no logical source"),
        (("ddl", "gl_entries", "--location", "s3://bucket/p"), "does not end in a slash"),
        (("translate", "/nowhere.sql"), "nowhere.sql cannot be read as text"),
    ],
)
def test_what_cannot_be_done_names_cause_and_action_and_changes_nothing(
    soxauto, bindings, tmp_path, arguments, message
):
    before = bindings.read_bytes()
    result = soxauto(*arguments)
    assert result.exit_code == 2, result.output
    assert message in flat(result) and "Next:" in flat(result) and "Traceback" not in result.output
    assert bindings.read_bytes() == before and not (tmp_path / "home" / "acts").exists()


def test_a_column_option_of_another_form_is_refused(soxauto):
    result = soxauto("bindings", "confirm", "gl_entries", "--by", "A", "--column", "entry_no")
    assert result.exit_code == 2 and "'entry_no' is not LOGICAL=PHYSICAL" in flat(result)


def test_bindings_list_counts_by_status(soxauto):
    result = soxauto("bindings", "list")
    assert result.exit_code == 1
    assert "process_pg_bob.pg_bob_sales_order" in result.output
    assert "0 confirmed, 1 proposed, 50 unknown" in flat(result)


def test_what_the_catalog_reads_of_a_source_is_what_must_fit():
    assert columns_read("bob_sales_order") == ("customer_id", "order_date", "order_id", "order_status", "total_amount")
    assert "company_code" in columns_read("dim_company")
    assert columns_read("nothing") == ()


def test_ddl_takes_its_names_from_the_bindings(soxauto):
    result = soxauto("ddl", "rpt_soi", "--location", "s3://exports-bucket/soi/")
    assert result.exit_code == 0
    assert result.stdout.startswith("CREATE EXTERNAL TABLE process_central_fin_dwh.rpt_soi (\n")
    assert "note:" in result.stderr and "note:" not in result.stdout
    named = soxauto("ddl", "rpt_soi", "--location", "s3://b-b/s/", "--database", "d", "--table", "t", "--format", "csv")
    assert "CREATE EXTERNAL TABLE d.t_csv (" in named.stdout and 'VIEW "d"."t"' in named.stdout


@pytest.mark.parametrize(
    ("sql", "encoding", "code", "said"),
    [
        ("SELECT c.country_code FROM dim_country c", "utf-8", 0, ""),
        ("SELECT c.country_code, GETDATE() AS d FROM dim_country c", "utf-16", 1, "line 1: GETDATE: reads the clock"),
        ("SELECT FROM WHERE", "utf-8", 2, "does not parse as T-SQL"),
    ],
)
def test_translate_prints_the_text_and_what_needs_a_person_apart(soxauto, tmp_path, sql, encoding, code, said):
    (tmp_path / "q.sql").write_text(sql, encoding)
    result = soxauto("translate", str(tmp_path / "q.sql"))
    assert result.exit_code == code
    assert said in result.stderr and said in result.output
    if code < 2:
        assert "FROM dim_country AS c" in result.stdout and "line 1" not in result.stdout
