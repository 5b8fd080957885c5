"""A deployment on a Trino server of the tests: the place of helper tables, the variables, the command line, the packages.

Here belongs what every test that closes on Trino needs. What does not belong here: servers (``server``), tables of a lake
(``tables``), and the tests.
"""

import os
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any
from uuid import uuid4

import yaml

from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import PROJECT
from soxauto_assets.trino_settings import TrinoSettings
from soxauto_assets_tests.trino.comparing import Address
from soxauto_assets_tests.trino.tables import run


class Scratch:
    """The schema of helper tables."""

    def __init__(self, address: Address, connection: Any):
        self.address = address
        self.connection = connection
        self.schema = f"scratch_{uuid4().hex[:8]}"
        # The metastore of the test server keeps the tables it manages in its own folder.
        self.location = f"local:///.metastore/{self.schema}"
        self.path = address.files / ".metastore" / self.schema
        run(connection, f"create schema hive.{self.schema}")
        self.path.mkdir(exist_ok=True)

    def variables(self) -> dict[str, str]:
        """Return the variables of a deployment on the server."""
        return {
            "TRINO_HOST": self.address.host,
            "TRINO_PORT": str(self.address.port),
            "TRINO_SCHEME": "http",
            "TRINO_USER": "closer",
            "TRINO_CATALOG": self.address.catalog,
            "TRINO_SCHEMA": self.schema,
            "TRINO_UNLOAD_LOCATION": self.location,
            "TRINO_UNLOAD_PATH": str(self.path),
            "TRINO_SOURCES_LOCATION": "local:///lake",
            "TRINO_SOURCES_PATH": str(self.address.files / "lake"),
        }

    def settings(self, **changes: Any) -> TrinoSettings:
        return replace(TrinoSettings.from_environment(self.variables()), **changes)

    def leavings(self) -> list[str]:
        """Return the tables and files that are left."""
        tables = [row[0] for row in run(self.connection, f"show tables from hive.{self.schema}")]
        return tables + [str(path.relative_to(self.path)) for path in self.path.rglob("*")]

    def states(self, mark: str) -> set[str]:
        """Return the states of the queries whose text holds a mark."""
        asked = f"select state, query from system.runtime.queries where user = 'closer' and strpos(query, '{mark}') > 0"
        return {row[0] for row in run(self.connection, asked)}


def variables_of(place: Scratch, base: Path) -> dict[str, str]:
    """Write confirmed bindings with names of three parts over the demo lake; return the variables of a deployment on them."""
    content = yaml.safe_load((PROJECT / "bindings" / "demo.yaml").read_text("utf-8"))
    for entry in content["sources"].values():
        entry["catalog"] = place.address.catalog
    (base / "trino.yaml").write_text(yaml.safe_dump({**content, "environment": "trino"}), "utf-8")
    return {
        **place.variables(),
        "SOXAUTO_ENV": "trino",
        "SOXAUTO_HOME": str(base / "home"),
        "SOXAUTO_BINDINGS": str(base),
        "SOXAUTO_WITNESSES": str(PROJECT / "witnesses" / "demo.yaml"),
    }


def environment_of(variables: dict[str, str]) -> dict[str, str]:
    """Return the whole environment of a process of the product; nothing of this process's own settings is in it."""
    home = Path(variables["SOXAUTO_HOME"])
    home.mkdir(parents=True, exist_ok=True)
    return {"PATH": os.environ["PATH"], "HOME": str(home), "PYTHONPATH": str(PROJECT), **variables}


COMMAND = (sys.executable, "-c", "from soxauto_assets.cli import main; main()")


def soxauto(variables: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command line to its end."""
    return subprocess.run(
        [*COMMAND, *arguments],
        env=environment_of(variables),
        cwd=variables["SOXAUTO_HOME"],
        capture_output=True,
        text=True,
        check=False,
        timeout=1200,
    )


def predicate(runtime: Runtime, item: str, period: str) -> dict[str, Any]:
    """Return what the newest package of an item says."""
    package = runtime.evidence.newest(item, period)
    assert package is not None
    found: dict[str, Any] = runtime.evidence.statement(package)["predicate"]
    return found
