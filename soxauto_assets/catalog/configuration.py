"""Configuration parameters of the catalog: account lists, posting groups.

Here belongs reading, merging and rendering the configuration. What does not belong here: the period parameters
(``period``) and settings of a deployment (``settings``).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from soxauto_assets.canonical import digest_of
from soxauto_assets.errors import CatalogError

DEFAULTS = Path(__file__).with_name("configuration.yaml")


@dataclass(frozen=True)
class ConfigKey:
    """One configuration parameter.

    Attributes:
        name: Key, used as ``:name`` in SQL.
        values: The values as written.
        folded: The query compares on lower case without trailing blanks.
        meaning: What it decides.
        source: Section of the domain reference that gives the default.
        status: ``assumed`` or ``confirmed``.
        by: Who confirmed it.
        on: When, as a date.
    """

    name: str
    values: tuple[str, ...]
    folded: bool
    meaning: str
    source: str
    status: str
    by: str | None = None
    on: str | None = None

    @property
    def parameter(self) -> tuple[str, ...]:
        """The values as the query compares them."""
        return tuple(value.lower().rstrip(" ") for value in self.values) if self.folded else self.values

    def to_json(self) -> dict[str, Any]:
        """Return the key for the record and the evidence."""
        return {
            "values": list(self.values),
            "meaning": self.meaning,
            "source": self.source,
            "status": self.status,
            "by": self.by,
            "on": self.on,
        }


@dataclass(frozen=True)
class Configuration:
    """All configuration parameters in force.

    Attributes:
        keys: By name.
    """

    keys: Mapping[str, ConfigKey]

    def __getitem__(self, name: str) -> ConfigKey:
        """Return one key.

        Raises:
            CatalogError: There is no such key.
        """
        if name not in self.keys:
            raise CatalogError(
                f"there is no configuration key {name!r}", action=f"choose one of {', '.join(sorted(self.keys))}"
            )
        return self.keys[name]

    def select(self, names: tuple[str, ...]) -> dict[str, ConfigKey]:
        """Return the keys of those names."""
        return {name: self[name] for name in names}

    def digest(self, names: tuple[str, ...]) -> str:
        """Return the digest of some keys: values, status and confirmation."""
        return digest_of({name: key.to_json() for name, key in self.select(names).items()})


def load_configuration(override: Path | None = None) -> Configuration:
    """Read the defaults and an optional file that replaces single keys.

    Args:
        override: A YAML file of the same form, or None.

    Raises:
        CatalogError: A file is missing or malformed, an override names an unknown key, or two components share an account.
    """
    return _load(str(override) if override else None)


@cache
def _load(override: str | None) -> Configuration:
    raw = _read(DEFAULTS)
    if override:
        for name, entry in _read(Path(override)).items():
            if name not in raw:
                raise CatalogError(
                    f"{override} sets the unknown configuration key {name!r}",
                    action=f"use one of {', '.join(sorted(raw))}",
                )
            raw[name] = {**raw[name], **entry}
    keys = {name: _key(name, entry, raw) for name, entry in raw.items()}
    _require_disjoint(keys)
    return Configuration(keys)


def _read(path: Path) -> dict[str, dict[str, Any]]:
    try:
        content = yaml.safe_load(path.read_text("utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise CatalogError(f"the configuration {path} cannot be read: {error}", action="correct the file") from error
    if not isinstance(content, dict) or not all(isinstance(entry, dict) for entry in content.values()):
        raise CatalogError(f"the configuration {path} is no mapping of keys", action="correct the file")
    return content


def _key(name: str, entry: dict[str, Any], raw: dict[str, dict[str, Any]]) -> ConfigKey:
    if "union_of" in entry and "values" not in entry:
        values = sorted({value for part in entry["union_of"] for value in raw[part]["values"]})
    else:
        values = entry.get("values", [])
    if not values or not all(isinstance(value, str) for value in values):
        raise CatalogError(
            f"configuration key {name!r} needs a list of texts",
            action="write each value in quotes, as an account is text",
        )
    if entry.get("status") not in {"assumed", "confirmed"}:
        raise CatalogError(f"configuration key {name!r} has no status", action="write assumed or confirmed")
    return ConfigKey(
        name=name,
        values=tuple(values),
        folded=entry.get("compare") == "folded",
        meaning=entry.get("meaning", ""),
        source=entry.get("source", ""),
        status=entry["status"],
        by=entry.get("by"),
        on=str(entry["on"]) if entry.get("on") else None,
    )


def _require_disjoint(keys: Mapping[str, ConfigKey]) -> None:
    """Refuse an account that two components claim: its balance would be compared twice."""
    owner: dict[str, str] = {}
    for name, key in keys.items():
        for account in key.values if name.startswith("accounts_") else ():
            if account in owner:
                raise CatalogError(
                    f"account {account} is in {owner[account]} and in {name}",
                    action="leave each account in one component",
                )
            owner[account] = name
