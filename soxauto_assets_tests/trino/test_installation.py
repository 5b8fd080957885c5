"""What is said where Java or Maven is missing, and how TRINO_URL is read. Needs no server."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from soxauto_assets.catalog.types import INT64, STRING, TIMESTAMP, ContractType
from soxauto_assets_tests.trino import installation
from soxauto_assets_tests.trino.comparing import Address, Rows, counted, differences, trino_type
from soxauto_assets_tests.trino.installation import Unavailable, cache_folder, find_java, java_candidates, java_version


def fake_java(folder: Path, told: str) -> Path:
    """Write a ``java`` that says which version it is."""
    path = folder / "bin" / "java"
    path.parent.mkdir(parents=True)
    path.write_text(f"#!/bin/sh\necho '{told}' >&2\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize(
    ("told", "version"),
    [('openjdk version "25.0.1" 2025-10-21 LTS', 25), ('java version "1.8.0_401"', 8), ("nothing of the kind", 0)],
)
def test_the_release_of_a_java_is_read(told: str, version: int, tmp_path: Path):
    assert java_version(fake_java(tmp_path, told)) == version


def test_the_first_java_that_is_new_enough_is_taken(tmp_path: Path):
    old = fake_java(tmp_path / "old", 'openjdk version "17.0.1"')
    new = fake_java(tmp_path / "new", 'openjdk version "24"')
    assert find_java([old, new]) == new


def test_a_java_that_is_too_old_is_named(tmp_path: Path):
    old = fake_java(tmp_path, 'openjdk version "17.0.1"')
    with pytest.raises(Unavailable, match=rf"needs Java 24 or newer \({old} is 17\).*JAVA_HOME"):
        find_java([old])
    with pytest.raises(Unavailable, match="no java was found"):
        find_java([])


def test_java_home_comes_first(tmp_path: Path):
    java = fake_java(tmp_path, "")
    assert java_candidates({"JAVA_HOME": str(tmp_path), "PATH": ""})[0] == java


def test_without_maven_the_message_says_how_to_install_it(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    java = fake_java(tmp_path / "jdk", 'openjdk version "25"')
    monkeypatch.setattr(installation, "java_candidates", lambda _: [java])
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(Unavailable, match=r"Maven is missing.*apt-get install maven"):
        installation.installation()
    assert list((tmp_path / "cache").rglob("trino-server-*")) == []


def test_the_cache_lies_outside_the_repository():
    assert cache_folder({}) == Path.home() / ".cache" / "soxauto" / "trino"
    assert cache_folder({"XDG_CACHE_HOME": "/elsewhere"}) == Path("/elsewhere/soxauto/trino")


def test_the_address_names_server_catalog_and_folder():
    address = Address.parse("http://127.0.0.1:8080/hive?files=/data/files")
    assert address == Address("127.0.0.1", 8080, "hive", Path("/data/files"))
    with pytest.raises(ValueError, match="files=FOLDER"):
        Address.parse("http://127.0.0.1:8080")


def test_types_of_trino_in_contract_terms():
    assert trino_type("decimal(18, 4)") == ContractType("decimal", 18, 4)
    assert trino_type("integer") == trino_type("bigint") == INT64
    assert trino_type("varchar(3)") == STRING
    assert trino_type("timestamp(3)") == TIMESTAMP
    for name in ("double", "char(5)", "timestamp(3) with time zone"):
        with pytest.raises(ValueError, match="no contract type"):
            trino_type(name)


def test_a_difference_is_named_with_its_rows():
    ours = Rows((("id", INT64), ("code", STRING)), counted([(1, "a"), (1, "a"), (2, "b")]))
    theirs = Rows((("id", INT64), ("code", INT64)), counted([(1, "a"), (2, "c")]))
    assert differences(ours, ours) == []
    assert differences(theirs, ours) == [
        "code: int64 in Trino, string in DuckDB",
        "1 rows in Trino only: (2, 'c')",
        "2 rows in DuckDB only: (1, 'a'); (2, 'b')",
    ]


def test_the_command_runs_the_suite_without_a_server_where_none_can_be_had(tmp_path: Path):
    """The tests then skip, with the reason; the command says it, too."""
    code = "import os; print(os.environ.get('TRINO_URL'), os.environ['TRINO_UNAVAILABLE'][:12])"
    starter = (
        "import sys; from soxauto_assets_tests.trino import installation, server; "
        "installation.java_candidates = lambda _: []; sys.exit(server.main(sys.argv[1:]))"
    )
    done = subprocess.run(
        [sys.executable, "-c", starter, "--", sys.executable, "-c", code],
        capture_output=True,
        text=True,
        env={**{k: v for k, v in os.environ.items() if k != "TRINO_URL"}, "XDG_CACHE_HOME": str(tmp_path)},
        check=False,
    )
    assert done.returncode == 0
    assert done.stdout.strip() == "None Trino 476 ne"
    assert "needs Java 24 or newer" in done.stderr
