"""Witnesses: single rows that somebody knows, so that an extract can be tested against knowledge from outside.

Here belongs the register's shape and reading it. What does not belong here: asking the source about a witness
(``extraction.generated``) and judging the answer (``checks.accuracy``).

The domain reference knows of two, both of IPE_07 (section 5.1). Every other item has none until accounting registers one;
its witness checks then fail with a warning, because a rule that was not evaluated is no pass.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any, Literal

import yaml

from soxauto_assets.catalog.model import Item
from soxauto_assets.errors import CatalogError

_FORM = "item, name, kind (present or absent), key, source; values for present; table and without for absent"


@dataclass(frozen=True)
class Witness:
    """One registered row.

    Attributes:
        item: Item id.
        name: Short name, ``^[a-z][a-z0-9_]*$``.
        kind: ``present`` = the extract must list it; ``absent`` = the source has it and the extract must not.
        key: Columns and values that find it: of the extract where it is present, of ``table`` where it is absent.
        source: Who knows, or where it is written.
        values: Further columns and the values they must have in the extract, for example the amount; for ``present``.
        table: Logical source that holds it; for ``absent``.
        listed: Columns and values that would find it in the extract, where they differ from ``key``; for ``absent``.
        without: Text that marks the conditions which keep it out: each condition of the extract that contains the text,
            blanks apart, is left out by the mutation; for ``absent``.
        first: First period it holds for; None = from the beginning.
        last: Last period it holds for; None = for ever.
    """

    item: str
    name: str
    kind: Literal["present", "absent"]
    key: Mapping[str, str]
    source: str
    values: Mapping[str, str] = field(default_factory=dict)
    table: str | None = None
    listed: Mapping[str, str] = field(default_factory=dict)
    without: str | None = None
    first: str | None = None
    last: str | None = None

    def holds_in(self, period: str) -> bool:
        """Return whether the witness is of a period."""
        return (self.first or period) <= period <= (self.last or period)

    @property
    def in_extract(self) -> Mapping[str, str]:
        """Columns of the extract and values that find it there."""
        return self.listed or self.key

    def to_json(self) -> dict[str, Any]:
        """Return the witness for the record; the inverse of :func:`read_witness`."""
        return {
            "item": self.item,
            "name": self.name,
            "kind": self.kind,
            "key": dict(self.key),
            "source": self.source,
            "values": dict(self.values),
            "table": self.table,
            "listed": dict(self.listed),
            "without": self.without,
            "first": self.first,
            "last": self.last,
        }


def read_witness(entry: Mapping[str, Any]) -> Witness:
    """Read one entry of a register.

    Raises:
        CatalogError: It lacks something, or holds something unknown.
    """
    try:
        witness = Witness(**entry)
    except TypeError as error:
        raise CatalogError(f"a witness has another form ({error})", action=f"give {_FORM}") from error
    wanted = witness.table and witness.without if witness.kind == "absent" else witness.kind == "present"
    texts = (*witness.key.values(), *witness.values.values(), *witness.listed.values())
    if not wanted or not witness.key or not all(isinstance(value, str) for value in texts):
        raise CatalogError(
            f"witness {witness.name!r} of {witness.item} is not complete",
            action=f"give {_FORM}; write every value as text, in quotes",
        )
    return witness


def load_witnesses(path: Path) -> tuple[Witness, ...]:
    """Read a register; a file that does not exist registers nothing.

    Raises:
        CatalogError: The file is malformed, or names a witness twice.
    """
    return _load(path) if path.is_file() else ()


@cache
def _load(path: Path) -> tuple[Witness, ...]:
    try:
        entries = yaml.safe_load(path.read_text("utf-8")) or []
    except (OSError, yaml.YAMLError) as error:
        raise CatalogError(f"the register of witnesses {path} cannot be read", action="correct the file") from error
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        raise CatalogError(f"the register of witnesses {path} is no list", action=f"give a list of {_FORM}")
    witnesses = tuple(read_witness(entry) for entry in entries)
    names = [(witness.item, witness.name) for witness in witnesses]
    if twice := sorted({name for name in names if names.count(name) > 1}):
        raise CatalogError(f"witness {twice[0][1]!r} of {twice[0][0]} is registered twice", action="rename one")
    return witnesses


def witnesses_of(register: tuple[Witness, ...], item: Item, period: str) -> tuple[Witness, ...]:
    """Return an item's witnesses that hold in a period."""
    return tuple(witness for witness in register if witness.item == item.id and witness.holds_in(period))
