"""Fixtures: a runtime over a hand-made lake of all four items, and a close on it."""

import os
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner
from hypothesis import settings

from soxauto_assets.cli import main
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings
from soxauto_assets_tests.catalog.test_cr_04 import LEDGER
from soxauto_assets_tests.catalog.test_cr_05 import TABLES as RATES
from soxauto_assets_tests.catalog.test_ipe_07 import TABLES as RECEIVABLES
from soxauto_assets_tests.catalog.test_ipe_09 import ORDERS
from soxauto_assets_tests.lakes import write_lake

# How long an example takes says more of the machine than of the code.
settings.register_profile("any machine", deadline=None)
settings.load_profile("any machine")

VOUCHER_ACCOUNT = "        EC_NG        | 184120A              | 18412                | Voucher liability\n"
HAND_MADE = {
    **RATES,
    **LEDGER,
    **RECEIVABLES,
    **ORDERS,
    # One chart for both: the receivables' accounts, and the one whose entries the balance is tied to.
    "dim_chart_of_accounts": RECEIVABLES["dim_chart_of_accounts"].rstrip() + "\n" + VOUCHER_ACCOUNT,
}


@pytest.fixture
def lake(tmp_path: Path) -> Path:
    """A fresh copy of the hand-made lake that a test may change."""
    return write_lake(tmp_path / "lake", HAND_MADE)


@pytest.fixture
def open_runtime(tmp_path: Path, lake: Path) -> Callable[[], Runtime]:
    """A factory of runtimes on the same lake and home: each reads the lake anew, as a new process would."""
    opened: list[Runtime] = []

    def open_() -> Runtime:
        runtime = Runtime(Settings.from_environment({"SOXAUTO_HOME": str(tmp_path / "home")}, lake=lake))
        opened.append(runtime)
        return runtime

    yield open_
    for runtime in opened:
        runtime.close()


@pytest.fixture
def soxauto(tmp_path: Path, lake: Path, monkeypatch: pytest.MonkeyPatch):
    """Run a command in this process on the hand-made lake."""
    monkeypatch.setenv("SOXAUTO_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("SOXAUTO_LAKE", str(lake))
    monkeypatch.setenv("SOXAUTO_ENV", "lake")
    for name in (
        "SOXAUTO_BINDINGS",
        "SOXAUTO_CONFIGURATION",
        "DAGSTER_HOME",
        "SOXAUTO_FIRST_PERIOD",
        "SOXAUTO_SIGNING_KEY",
        "SOXAUTO_TRUST",
        "SOXAUTO_TSA_URL",
        "SOXAUTO_TSA_CA",
        "SOXAUTO_MEMORY_LIMIT",
    ):
        monkeypatch.delenv(name, raising=False)

    def run(*arguments: str):
        before = dict(os.environ)
        result = CliRunner().invoke(main, list(arguments))
        for name in set(os.environ) - set(before):
            monkeypatch.delenv(name)
        return result

    return run
