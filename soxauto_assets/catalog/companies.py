"""Known companies and their currencies (domain section 11).

Here belongs reading the list. What does not belong here: which companies are in scope, which the source's own dimension
says.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path

import yaml

from soxauto_assets.canonical import digest_of

_FILE = Path(__file__).with_name("companies.yaml")


@dataclass(frozen=True)
class Companies:
    """Known companies.

    Attributes:
        currencies: Company code to its currency; None where the reference gives none.
    """

    currencies: Mapping[str, str | None] = field(default_factory=dict)

    @property
    def digest(self) -> str:
        """SHA-256 of the list."""
        return digest_of(dict(self.currencies))


@cache
def known_companies(environment: str) -> Companies:
    """Return the companies that exist in an environment: ``demo`` has some of its own."""
    entries = yaml.safe_load(_FILE.read_text("utf-8"))
    return Companies({e["code"]: e["currency"] for e in entries if e.get("only") in (None, environment)})
