"""Dagster's storage folder, shared by command line and UI."""

from pathlib import Path

from soxauto_assets.errors import StorageError
from soxauto_assets.settings import Settings

_CONFIG = """\
# Written by soxauto. Storage is SQLite in this folder; for production see deploy/.
telemetry:
  enabled: false
nux:
  enabled: false
"""


def ensure_dagster_home(settings: Settings) -> Path:
    """Create the folder with telemetry and first-visit pop-ups off; return it.

    Raises:
        StorageError: It cannot be created.
    """
    home = settings.dagster_home
    try:
        home.mkdir(parents=True, exist_ok=True)
        if not (home / "dagster.yaml").exists():
            (home / "dagster.yaml").write_text(_CONFIG, "utf-8")
    except OSError as error:
        raise StorageError(
            f"{home} cannot be written ({error.strerror})", action="set SOXAUTO_HOME to a folder you may write"
        ) from error
    return home
