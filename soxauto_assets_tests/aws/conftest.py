"""Fixtures of the AWS path: the local AWS, and clients for it."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from soxauto_assets_tests.aws.ministack import MiniStack

_HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Everything in this folder needs the local AWS."""
    for item in items:
        if item.path.is_relative_to(_HERE):
            item.add_marker(pytest.mark.aws)


@pytest.fixture(scope="session")
def ministack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[MiniStack]:
    """The local AWS, one for the session."""
    server = MiniStack(tmp_path_factory.mktemp("ministack"))
    yield server
    server.stop()
