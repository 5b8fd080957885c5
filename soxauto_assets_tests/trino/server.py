"""A Trino server of our own: a coordinator, workers where they are asked for, and the command that runs them by hand.

Here belongs configuration, start, readiness and end of the nodes. What does not belong here: where the files come from
(``installation``) and the tables (``tables``).

The nodes listen on loopback only. The hive catalog reads one folder, ``files``; the lake is linked into it as ``files/lake``,
so that nothing is written into the lake itself. ``TRINO_URL`` names server, catalog and that folder:
``http://127.0.0.1:PORT/hive?files=FOLDER``.
"""

import argparse
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from types import TracebackType
from urllib.parse import urlencode

from soxauto_assets_tests.trino.installation import Installation, Unavailable, cache_folder, installation

HOST = "127.0.0.1"
CATALOG = "hive"
# The full set of plugins takes minutes to load.
# The connector to PostgreSQL asks for a type that the geospatial functions bring.
PLUGINS = ("hive", "memory", "postgresql", "geospatial")
_SECONDS_TO_START = 300


def free_port() -> int:
    """Return a port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


class Node:
    """One process of a cluster.

    Args:
        installed: Java and the server's files.
        folder: The node's own folder: configuration, data, log.
        files: The folder that the hive catalog reads.
        coordinator: Port of the coordinator. A node on that port is the coordinator, every other is a worker.
        port: The node's port.
        heap: Java heap.
    """

    def __init__(
        self, installed: Installation, folder: Path, files: Path, *, coordinator: int, port: int, heap: str = "4G"
    ):
        self.port = port
        self.folder = folder
        _write_configuration(installed, folder, files, coordinator, port)
        self._log = open(folder / "server.log", "wb")  # noqa: SIM115
        self.process = subprocess.Popen(
            _command(installed, folder, port, heap),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            # Not ended by the terminal's Ctrl-C: whoever started the node stops it, after its own work.
            start_new_session=True,
        )

    def wait(self) -> None:
        """Wait until the node answers and has finished starting.

        Raises:
            RuntimeError: It ended, or took too long; names its log.
        """
        end = time.monotonic() + _SECONDS_TO_START
        while time.monotonic() < end:
            if self.process.poll() is not None:
                raise RuntimeError(f"Trino ended at once; see {self.folder / 'server.log'}")
            if _is_ready(self.port):
                return
            time.sleep(0.2)
        raise RuntimeError(f"Trino did not answer in {_SECONDS_TO_START} seconds; see {self.folder / 'server.log'}")

    def freeze(self) -> None:
        """Stop the process where it is: it still holds its connections, and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def kill(self) -> None:
        """End the process as a lost machine ends: without a word to anybody."""
        self.process.kill()
        self.process.wait()

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        try:
            self.process.wait(20)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self._log.close()


class Cluster:
    """A coordinator and its workers over one lake; a context manager.

    Args:
        folder: Folder of the nodes, of the metastore and of ``files``; it may be removed afterwards.
        lake: The lake folder; it need not exist yet.
        workers: Nodes beside the coordinator, which works too.
        port: The coordinator's port; None = a free one.
    """

    def __init__(self, folder: Path, lake: Path, *, workers: int = 0, port: int | None = None):
        self.installed = installation()
        self.folder = folder
        self.files = folder / "files"
        self.files.mkdir(parents=True)
        (self.files / "lake").symlink_to(lake.resolve(), target_is_directory=True)
        self.port = port or free_port()
        self.nodes: list[Node] = []
        try:
            self.start(self.port)
            for _ in range(workers):
                self.start(free_port(), heap="2G")
        except BaseException:
            self.stop()
            raise

    @property
    def url(self) -> str:
        """The value of ``TRINO_URL``."""
        return f"http://{HOST}:{self.port}/{CATALOG}?{urlencode({'files': str(self.files)}, safe='/')}"

    def start(self, port: int, heap: str = "4G") -> Node:
        """Start a node and wait until it answers: the coordinator on the cluster's port, else a worker."""
        folder = self.folder / f"node-{port}"
        node = Node(self.installed, folder, self.files, coordinator=self.port, port=port, heap=heap)
        self.nodes.append(node)
        node.wait()
        return node

    def stop(self) -> None:
        """End all nodes, workers first."""
        while self.nodes:
            self.nodes.pop().stop()

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _write_configuration(installed: Installation, folder: Path, files: Path, coordinator: int, port: int) -> None:
    for name in ("etc/catalog", "plugin", "secrets-plugin", "data"):
        (folder / name).mkdir(parents=True, exist_ok=True)
    for plugin in PLUGINS:
        link = folder / "plugin" / plugin
        if not link.exists():
            link.symlink_to(installed.home / "plugin" / plugin, target_is_directory=True)
    leads = port == coordinator
    _properties(
        folder / "etc" / "config.properties",
        {
            "coordinator": str(leads).lower(),
            **({"node-scheduler.include-coordinator": "true"} if leads else {}),
            "http-server.http.port": str(port),
            # A test adds the database that it has started.
            "catalog.management": "dynamic",
            "discovery.uri": f"http://{HOST}:{coordinator}",
            # A lost node is given up after a quarter of the minute that is usual.
            "query.remote-task.max-error-duration": "15s",
            "exchange.max-error-duration": "15s",
        },
    )
    _properties(
        folder / "etc" / "catalog" / f"{CATALOG}.properties",
        {
            "connector.name": "hive",
            "hive.metastore": "file",
            "hive.metastore.catalog.dir": "local:///.metastore",
            "fs.native-local.enabled": "true",
            "local.location": str(files),
            "hive.non-managed-table-writes-enabled": "true",
        },
    )
    _properties(folder / "etc" / "catalog" / "memory.properties", {"connector.name": "memory"})
    # The server's own log lines are for the file; a line per query would be a lake of its own.
    _properties(folder / "etc" / "log.properties", {"io.trino": "WARN", "io.airlift": "WARN"})


def _properties(path: Path, values: dict[str, str]) -> None:
    path.write_text("".join(f"{name}={value}\n" for name, value in values.items()), "utf-8")


def _command(installed: Installation, folder: Path, port: int, heap: str) -> list[str]:
    properties = {
        "node.environment": "soxauto",
        "node.id": f"node-{port}",
        "node.data-dir": folder / "data",
        "node.bind-ip": HOST,
        "node.internal-address": HOST,
        "config": folder / "etc" / "config.properties",
        "catalog.config-dir": folder / "etc" / "catalog",
        "plugin.dir": folder / "plugin",
        "log.levels-file": folder / "etc" / "log.properties",
        "file.encoding": "UTF-8",
        "jdk.attach.allowAttachSelf": "true",
        # Athena reads an instant without a zone as it is written; the server's own zone must not matter.
        "user.timezone": "UTC",
    }
    return [
        str(installed.java),
        f"-Xmx{heap}",
        "-XX:+ExitOnOutOfMemoryError",
        "-XX:+EnableDynamicAgentLoading",
        "--add-modules=jdk.incubator.vector",
        "--enable-native-access=ALL-UNNAMED",
        "--sun-misc-unsafe-memory-access=allow",
        *(f"-D{name}={value}" for name, value in properties.items()),
        "-cp",
        str(installed.home / "lib" / "*"),
        "io.trino.server.TrinoServer",
    ]


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/v1/info", timeout=2) as answer:
            return json.load(answer).get("starting") is False
    except (OSError, ValueError):
        return False


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a Trino over a lake, in the foreground until interrupted or as long as a command runs."""
    parser = argparse.ArgumentParser(prog="python -m soxauto_assets_tests.trino.server", description=main.__doc__)
    parser.add_argument("--lake", type=Path, help="lake folder; by default one that is gone afterwards")
    parser.add_argument("--port", type=int, help="port of the coordinator; by default a free one")
    parser.add_argument("--workers", type=int, default=0, help="nodes beside the coordinator")
    parser.add_argument("command", nargs="*", help="command to run with TRINO_URL set, after --")
    given = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    runs = cache_folder(os.environ) / "runs"
    runs.mkdir(parents=True, exist_ok=True)
    with TemporaryDirectory(dir=runs, prefix="run-") as folder:
        try:
            cluster = Cluster(Path(folder), given.lake or Path(folder) / "lake", workers=given.workers, port=given.port)
        except Unavailable as error:
            print(error, file=sys.stderr)
            # The suite then skips, with this as its reason.
            variables = {**os.environ, "TRINO_UNAVAILABLE": str(error)}
            return subprocess.run(given.command, env=variables, check=False).returncode if given.command else 2
        with cluster:
            print(f"TRINO_URL={cluster.url}", flush=True)
            if given.command:
                return subprocess.run(
                    given.command, env={**os.environ, "TRINO_URL": cluster.url}, check=False
                ).returncode
            try:
                cluster.nodes[0].process.wait()
            except KeyboardInterrupt:
                return 0
            print("Trino ended by itself", file=sys.stderr)
            return 1


if __name__ == "__main__":
    sys.exit(main())
