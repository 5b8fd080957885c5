"""The command line as people use it: exit codes, messages, figures."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from soxauto_assets.catalog import all_items
from soxauto_assets_tests.catalog.test_cr_04 import BALANCES
from soxauto_assets_tests.lakes import write_table


def test_items_lists_key_sources_accounts_and_component(soxauto):
    result = soxauto("items")
    assert result.exit_code == 0
    for text in ("IPE_07", "entry_no", "customer_ledger_entries", "13009", "+rem_amt_lcy", "JDASH"):
        assert text in result.output


def test_items_as_json_has_columns_and_configuration(soxauto):
    described = {item["id"]: item for item in json.loads(soxauto("items", "--json").output)}
    assert list(described) == [item.id for item in all_items()]
    ipe_07 = described["IPE_07"]
    assert ipe_07["key"] == ["id_company", "entry_no"]
    assert len(ipe_07["columns"]) == 40
    assert ipe_07["component"] == {
        "amount": "rem_amt_lcy",
        "sign": 1,
        "accounts": "accounts_IPE_07",
        "where": "true",
    }
    assert ipe_07["configuration"]["customer_posting_groups"]["status"] == "assumed"


def test_sql_prints_the_text_that_runs(soxauto):
    athena = soxauto("sql", "IPE_09", "--period", "2025-09")
    assert athena.exit_code == 0
    assert "CAST('2025-10-01 00:00:00.000' AS TIMESTAMP(3))" in athena.output
    assert "exports.bob_sales_order" in athena.output
    duckdb = soxauto("sql", "IPE_09", "--period", "2025-09", "--engine", "duckdb", "--purpose", "control_totals")
    assert duckdb.exit_code == 0 and "COUNT_IF" in duckdb.output
    unknown = soxauto("sql", "IPE_09", "--period", "2025-09", "--purpose", "nothing")
    assert unknown.exit_code == 2 and "choose one of extract, control_totals" in unknown.output


def test_close_passes_fails_and_cannot(soxauto, lake, tmp_path):
    three = ("--item", "IPE_07", "--item", "IPE_09", "--item", "CR_05")
    good = soxauto("close", "2025-09", *three)
    assert good.exit_code == 0, good.output
    assert "attempt-0001, new" in good.output and re.search(r"\d+ passed, 0 failed, \d+ warned", good.output)

    failed = soxauto("close", "2025-09", *three, "--item", "CR_04")
    assert failed.exit_code == 1
    assert "CR_04 freshness (error)" in failed.output
    assert "unchanged" in failed.output

    (lake / "exports" / "bob_sales_order" / "rows.parquet").unlink()
    cannot = soxauto("close", "2025-09", *three, "--item", "CR_04")
    assert cannot.exit_code == 2, "what could not be extracted wins over a failed verdict"
    assert "IPE_09: logical source bob_sales_order (BOB) is not bound" in " ".join(cannot.output.split())

    status = soxauto("status", "2025-09")
    assert status.exit_code == 2 and "✗ failed" in status.output, "items that were never closed are missing"
    assert "2025-09" in soxauto("status").output

    verified = soxauto("verify", str(tmp_path / "home" / "evidence"))
    assert verified.exit_code == 0 and verified.output.count("NOT VERIFIED") == 0
    assert verified.output.count("VERIFIED") == 4


def test_a_corrected_source_makes_the_second_attempt_with_the_given_reason(soxauto, lake, tmp_path):
    assert soxauto("close", "2025-09", "--item", "CR_04").exit_code == 1
    write_table(lake, "bs_balances_view", BALANCES["bs_balances_view"].replace("2025-09-29", "2025-10-06"))
    again = soxauto("close", "2025-09", "--item", "CR_04", "--reason", "balances refreshed")
    assert again.exit_code == 0 and "attempt-0002, new" in again.output
    statement = tmp_path / "home" / "evidence" / "CR_04" / "2025-09" / "attempt-0002" / "statement.json"
    assert json.loads(statement.read_text())["predicate"]["reason"] == "balances refreshed"


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("close", "2025-9"), "'2025-9' is no accounting period"),
        (("close", "2024-07"), "the first period offered is 2024-08"),
        (("close", "2999-12"), "lies in the future"),
        (("close", "2025-09", "--item", "IPE_99"), "the catalog has no item 'IPE_99'"),
        (("close", "2025-09", "--lake", "/nowhere"), "the lake folder /nowhere does not exist"),
        (("verify", "/nowhere"), "/nowhere is no folder"),
        (("sql", "IPE_99", "--period", "2025-09"), "the catalog has no item"),
    ],
)
def test_what_cannot_be_done_is_one_line_with_the_next_action_and_exit_code_2(soxauto, arguments, message):
    result = soxauto(*arguments)
    assert result.exit_code == 2, result.output
    text = " ".join(result.output.split())
    assert message in text and "Next:" in text
    assert "Traceback" not in text


def test_verify_rejects_a_package_after_one_byte_a_removed_and_an_added_file(soxauto, tmp_path):
    assert soxauto("close", "2025-09", "--item", "IPE_09").exit_code == 0
    package = tmp_path / "home" / "evidence" / "IPE_09" / "2025-09" / "attempt-0001"
    for path in sorted(p for p in package.rglob("*") if p.is_file()):
        original = path.read_bytes()
        path.chmod(0o644)
        changed = bytearray(original)
        changed[len(changed) // 2] ^= 1
        path.write_bytes(bytes(changed))
        result = soxauto("verify", str(package))
        assert result.exit_code == 1 and "NOT VERIFIED" in result.output, path.name
        path.unlink()
        assert soxauto("verify", str(package)).exit_code == 1, path.name
        path.write_bytes(original)
        assert soxauto("verify", str(package)).exit_code == 0
    (package / "data" / "extra.txt").write_text("x")
    result = soxauto("verify", "--json", str(package))
    assert result.exit_code == 1
    said = json.loads(result.output)[str(package)]
    assert (said["verified"], said["seal_sha256"], said["signers"]) == (False, None, [])
    assert said["layers"][0] == {
        "name": "fixity",
        "status": "fail",
        "code": "extra-file",
        "text": "data/extra.txt is not in the seal",
    }


def test_config_shows_values_and_where_they_came_from(soxauto):
    result = soxauto("config")
    assert result.exit_code == 0
    assert "SOXAUTO_ENV" in result.output and "default" in result.output


def test_a_taken_port_is_said_plainly(soxauto):
    import socket

    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        result = soxauto("ui", "--port", port)
    assert result.exit_code == 2 and f"port {port} on 127.0.0.1 cannot be used" in result.output


def test_a_home_that_cannot_be_written_is_said_plainly(soxauto, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("not a folder")
    monkeypatch.setenv("SOXAUTO_HOME", str(tmp_path / "file" / "home"))
    result = soxauto("close", "2025-09")
    assert result.exit_code == 2 and "cannot be made" in result.output and "Traceback" not in result.output


def test_the_installed_command_runs(tmp_path):
    script = Path(sys.executable).with_name("soxauto")
    done = subprocess.run([str(script), "--version"], capture_output=True, text=True, check=True)
    assert "0.1.0" in done.stdout


def test_the_makefile_has_the_promised_targets():
    text = (Path(__file__).parents[2] / "Makefile").read_text()
    for target in ("help", "demo", "test", "ui", "check"):
        assert f"\n{target}:" in text


def test_ingest_says_what_was_taken_and_what_was_not(soxauto, tmp_path):
    (tmp_path / "j.csv").write_text("id,amount,usage date\n1,5,\n2,6,2025-10-02\n")
    taken = soxauto("ingest", "jdash", str(tmp_path / "j.csv"), "--period", "2025-09", "--uploader", "Uploader")
    assert taken.exit_code == 0
    assert "1 lines taken, 1 vouchers, total 5; 1 lines not taken" in taken.output
    assert "line 3: usage date lies after the period" in taken.output
    (tmp_path / "j.csv").write_text("id,amount\n1,five\n")
    faulty = soxauto("ingest", "jdash", str(tmp_path / "j.csv"), "--period", "2025-09", "--uploader", "Uploader")
    assert faulty.exit_code == 1 and "line 2: amount is not readable beyond doubt" in faulty.output
    wrong = soxauto("ingest", "ipe_07", str(tmp_path / "j.csv"), "--period", "2025-09", "--uploader", "Uploader")
    assert wrong.exit_code == 2 and "extracted with SQL, not handed in" in wrong.output
