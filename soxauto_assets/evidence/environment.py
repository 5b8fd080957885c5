"""The environment that produced a package: code, interpreter, libraries.

Here belongs what an auditor asks about the code's origin. What does not belong here: paths, host names, variables.
"""

import os
import platform
import subprocess
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from soxauto_assets.extraction.landing import file_sha256

_LIBRARIES = ("dagster", "duckdb", "pandas", "pandera", "polars", "pyarrow", "rfc8785", "sqlglot", "trino")
_PROJECT = Path(__file__).resolve().parents[2]


@cache
def build_environment() -> dict[str, Any]:
    """Return versions of code, interpreter and libraries; ``unknown`` where it cannot be told, never a guess."""
    constraints = _PROJECT / "constraints.txt"
    return {
        "product": {"name": "soxauto_assets", "version": metadata.version("soxauto_assets"), **_commit()},
        "python": platform.python_version(),
        "system": f"{platform.system()} {platform.machine()}",
        "libraries": {name: metadata.version(name) for name in _LIBRARIES},
        "lock_sha256": file_sha256(constraints) if constraints.is_file() else "unknown",
    }


def _commit() -> dict[str, Any]:
    """Return the code's commit and whether the tree had local changes."""
    given = os.environ.get("SOXAUTO_COMMIT")
    if given:
        return {"commit": given, "tree_clean": None}
    if not (_PROJECT / ".git").exists():
        return {"commit": "unknown", "tree_clean": None}
    commit = _git("rev-parse", "HEAD")
    status = _git("status", "--porcelain")
    return {"commit": commit or "unknown", "tree_clean": None if status is None else status == ""}


def _git(*arguments: str) -> str | None:
    try:
        done = subprocess.run(["git", *arguments], cwd=_PROJECT, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return None
    return done.stdout.strip()
