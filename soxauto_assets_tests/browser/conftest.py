"""A web interface over a demo home, and a browser that looks at it."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from soxauto_assets.demo.lake import generate_lake
from soxauto_assets.settings import PROJECT

_STARTS_WITHIN = 120
_SOXAUTO = str(Path(sys.executable).with_name("soxauto"))


@dataclass(frozen=True)
class Desk:
    """Where an accountant sits: a home with a lake, the command line, and the web interface's address.

    Attributes:
        home: ``SOXAUTO_HOME``.
        url: Address of the web interface.
        variables: Environment of both.
        shots: Folder for pictures (``SOXAUTO_SCREENSHOTS``, or a temporary one).
    """

    home: Path
    url: str
    variables: dict[str, str]
    shots: Path

    def soxauto(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run the command line."""
        command = [_SOXAUTO, *arguments]
        return subprocess.run(command, env=self.variables, cwd=PROJECT, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="session")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Desk]:
    base = tmp_path_factory.mktemp("desk")
    home = base / "home"
    generate_lake(home / "lake", PROJECT / "bindings" / "demo.yaml")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    shots = Path(os.environ.get("SOXAUTO_SCREENSHOTS", base / "shots"))
    shots.mkdir(parents=True, exist_ok=True)
    variables = {**os.environ, "SOXAUTO_HOME": str(home), "SOXAUTO_ENV": "demo", "PYTHONPATH": str(PROJECT)}
    log = (base / "ui.log").open("w")
    server = subprocess.Popen(
        [_SOXAUTO, "ui", "--port", str(port)],
        env=variables, cwd=PROJECT, stdout=log, stderr=log, start_new_session=True,
    )  # fmt: skip
    try:
        url = f"http://127.0.0.1:{port}"
        _wait_for(f"{url}/server_info", server)
        yield Desk(home, url, variables, shots)
    finally:
        os.killpg(server.pid, signal.SIGTERM)
        server.wait(30)
        log.close()


@pytest.fixture(scope="session")
def page() -> Iterator[Page]:
    """A page of Debian's Chromium; skipped, with what to install, where there is none."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    if chromium is None:
        pytest.skip("no browser: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        shown = browser.new_page(viewport={"width": 1600, "height": 1000})
        shown.set_default_timeout(60_000)
        yield shown
        browser.close()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    ends = time.monotonic() + _STARTS_WITHIN
    while time.monotonic() < ends:
        assert server.poll() is None, "the web interface ended"
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except (urllib.error.URLError, OSError):
            time.sleep(0.5)
    raise AssertionError(f"the web interface did not answer within {_STARTS_WITHIN} s")
