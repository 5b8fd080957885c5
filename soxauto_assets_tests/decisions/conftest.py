"""Fixtures: CR_04 closed once with a failed check, and copies of that home that a test may change."""

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings
from soxauto_assets_tests.catalog.test_cr_04 import BALANCES
from soxauto_assets_tests.closing import close
from soxauto_assets_tests.lakes import write_lake


def open_on(root: Path, **more) -> Runtime:
    """Open a runtime on a folder's home and lake, as a new process would."""
    settings = Settings.from_environment({"SOXAUTO_HOME": str(root / "home")}, lake=root / "lake")
    return Runtime(settings, **more)


@pytest.fixture(scope="session")
def closed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the lake of CR_04 and a home in which 2025-09 is closed; its freshness has failed."""
    root = tmp_path_factory.mktemp("closed")
    write_lake(root / "lake", BALANCES)
    runtime = open_on(root)
    assert close(runtime, "CR_04").verdict == "failed"
    runtime.close()
    return root


@pytest.fixture
def closed(closed_once: Path, tmp_path: Path) -> Path:
    """A copy of it."""
    shutil.copytree(closed_once, tmp_path, dirs_exist_ok=True)
    return tmp_path


@pytest.fixture
def lake(closed: Path) -> Path:
    """Its lake, for the fixture ``soxauto``."""
    return closed / "lake"


@pytest.fixture
def reopen(closed: Path) -> Callable[..., Runtime]:
    """A factory of runtimes on the copy."""
    opened: list[Runtime] = []

    def open_(**more) -> Runtime:
        opened.append(open_on(closed, **more))
        return opened[-1]

    yield open_
    for runtime in opened:
        runtime.close()
