"""Fixtures of the faults: a small deployment, and runtimes on it."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings
from soxauto_assets_tests.aws.cloud import Cloud, make_cloud
from soxauto_assets_tests.aws.endpoint import Endpoint
from soxauto_assets_tests.aws.faults.running import count_from_here
from soxauto_assets_tests.conftest import HAND_MADE
from soxauto_assets_tests.lakes import write_lake


@pytest.fixture(scope="session")
def cloud(aws: Endpoint, tmp_path_factory: pytest.TempPathFactory) -> Cloud:
    """A deployment over the hand-made lake."""
    base = tmp_path_factory.mktemp("faults")
    return make_cloud(aws, "faults", write_lake(base / "lake", HAND_MADE), base / "bindings")


@pytest.fixture(autouse=True)
def _count_from_here(endpoint: Endpoint) -> None:
    count_from_here(endpoint)


@pytest.fixture
def open_runtime(
    cloud: Cloud, endpoint: Endpoint, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[Callable[..., Runtime]]:
    """A factory of runtimes on the cloud; each has credentials and a home of its own unless one is given."""
    opened: list[Runtime] = []

    def open_(home: str = "home", **variables: str) -> Runtime:
        given = {**cloud.variables(tmp_path / home), **variables}
        for name, value in given.items():
            monkeypatch.setenv(name, value)
        runtime = Runtime(Settings.from_environment(given))
        opened.append(runtime)
        return runtime

    yield open_
    for runtime in opened:
        runtime.close()
