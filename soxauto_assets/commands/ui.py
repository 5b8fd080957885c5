"""``soxauto ui``: Dagster's web interface."""

import os
import socket
import sys

from soxauto_assets.commands.dagster_home import ensure_dagster_home
from soxauto_assets.errors import SoxautoError
from soxauto_assets.settings import PROJECT, Settings


def serve(settings: Settings, host: str, port: int) -> None:
    """Replace this process by ``dagster dev`` on the shared storage.

    Raises:
        SoxautoError: The port is taken.
    """
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            raise SoxautoError(
                f"port {port} on {host} cannot be used ({error.strerror})",
                action="stop what listens there, or give another one: make ui PORT=3001",
            ) from error
    ensure_dagster_home(settings)
    os.environ.update(settings.variables())
    workspace = ["-w", str(PROJECT / "workspace.yaml")] if (PROJECT / "workspace.yaml").is_file() else []
    arguments = workspace or ["-m", "soxauto_assets.definitions"]
    dagster = os.path.join(os.path.dirname(sys.executable), "dagster")
    os.execv(dagster, [dagster, "dev", *arguments, "-h", host, "-p", str(port)])
