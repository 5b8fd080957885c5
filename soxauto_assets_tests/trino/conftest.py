"""Fixtures of the Trino suite: the server that ``TRINO_URL`` names, the demo lake on it, and the figures at the end."""

import os
import shutil
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from soxauto_assets.demo.lake import generate_lake
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import PROJECT, Settings
from soxauto_assets_tests.trino.comparing import Address
from soxauto_assets_tests.trino.tables import create_tables

_HERE = Path(__file__).parent
_COMPARED = pytest.StashKey[Counter[str]]()
_WITHOUT_SERVER = {"test_installation.py"}


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs a Trino server, but what looks for one."""
    why = os.environ.get("TRINO_UNAVAILABLE") or "'make test-trino' starts one"
    skipped = pytest.mark.skipif(not os.environ.get("TRINO_URL"), reason=f"TRINO_URL names no Trino server: {why}")
    for item in items:
        if item.path.is_relative_to(_HERE) and item.path.name not in _WITHOUT_SERVER:
            item.add_marker(pytest.mark.trino)
            item.add_marker(skipped)


def pytest_configure(config: pytest.Config) -> None:
    """Start counting."""
    config.stash[_COMPARED] = Counter()


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Say what was compared."""
    counted = config.stash[_COMPARED]
    if counted:
        figures = ", ".join(f"{number:,} {what}" for what, number in counted.items())
        terminalreporter.write_line(f"compared on Trino and DuckDB: {figures}")


@pytest.fixture(scope="session")
def compared(pytestconfig: pytest.Config) -> "Counter[str]":
    """What was compared so far, for the last line of the run."""
    return pytestconfig.stash[_COMPARED]


@pytest.fixture(scope="session")
def address() -> Address:
    """What ``TRINO_URL`` says."""
    return Address.parse(os.environ["TRINO_URL"])


@pytest.fixture(scope="session")
def connection(address: Address) -> Iterator[Any]:
    """A connection to the server."""
    opened = address.connect()
    yield opened
    opened.close()


@pytest.fixture(scope="session")
def runtime(address: Address, connection: Any, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Runtime]:
    """A runtime on the demo lake that the server reads too; its tables are declared on the server."""
    generate_lake((address.files / "lake").resolve(), PROJECT / "bindings" / "demo.yaml")
    home = tmp_path_factory.mktemp("trino")
    opened = Runtime(
        Settings.from_environment({"SOXAUTO_HOME": str(home), "SOXAUTO_LAKE": str(address.files / "lake")})
    )
    create_tables(connection, opened.bindings)
    yield opened
    opened.close()


@pytest.fixture
def scratch(address: Address, connection: Any) -> Iterator[tuple[Path, str]]:
    """An empty lake of a test, as this process and as the server name it."""
    name = f"case-{uuid4().hex[:12]}"
    folder = address.files / name
    folder.mkdir()
    yield folder, f"local:///{name}"
    shutil.rmtree(folder)
