"""Rule files of the reconciliation: what accounting may change without changing code.

Here belongs reading a rule file and its identity (version, status, digest). What does not belong here: what its entries
mean, which the part that uses it says.

A file lies in ``rules/<name>.yaml`` with ``version``, ``status`` (``assumed`` or ``confirmed``), ``source`` and its entries.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from soxauto_assets.canonical import digest_of
from soxauto_assets.errors import CatalogError

FOLDER = Path(__file__).with_name("rules")


@dataclass(frozen=True)
class RuleFile:
    """A rule file as it is in force.

    Attributes:
        name: Its name.
        version: Its version, as written.
        status: ``assumed`` or ``confirmed``.
        source: Section of the domain reference.
        digest: SHA-256 of its canonical JSON.
        content: Everything in it.
    """

    name: str
    version: str
    status: str
    source: str
    digest: str
    content: Mapping[str, Any]

    def to_json(self) -> dict[str, Any]:
        """Return its identity for the evidence."""
        return {
            "name": self.name,
            "version": self.version,
            "status": self.status,
            "source": self.source,
            "sha256": self.digest,
        }


@cache
def load_rules(name: str, folder: Path = FOLDER) -> RuleFile:
    """Read a rule file.

    Raises:
        CatalogError: It cannot be read, or lacks version, status or source.
    """
    path = folder / f"{name}.yaml"
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise CatalogError(f"the rule file {path.name} cannot be read: {error}", action="correct the file") from error
    if not isinstance(content, dict) or not all(
        isinstance(content.get(n), str) for n in ("version", "status", "source")
    ):
        raise CatalogError(f"{path.name} lacks version, status or source", action="write all three as texts")
    if content["status"] not in ("assumed", "confirmed"):
        raise CatalogError(f"{path.name} has the status {content['status']!r}", action="write assumed or confirmed")
    return RuleFile(name, content["version"], content["status"], content["source"], digest_of(content), content)
