"""Finding the items: every folder of the catalog that holds an ``item.py``.

Here belongs discovery and the load-time rules an item must keep. What does not belong here: the items.
"""

import importlib
from dataclasses import replace
from functools import cache
from pathlib import Path

from soxauto_assets.catalog.model import ITEM_ID, Item
from soxauto_assets.errors import CatalogError, UnknownItem

_ROOT = Path(__file__).parent


@cache
def all_items() -> tuple[Item, ...]:
    """Return every item, ordered by id.

    Raises:
        CatalogError: An item contradicts itself, or two items share an id.
    """
    items: dict[str, Item] = {}
    for path in sorted(_ROOT.glob("*/item.py")):
        declared: Item = importlib.import_module(f"{__package__}.{path.parent.name}.item").ITEM
        item = replace(declared, folder=path.parent)
        _require_sound(item)
        if item.id in items:
            raise CatalogError("two folders declare this id", action="give each item its own id", item=item.id)
        items[item.id] = item
    return tuple(items[key] for key in sorted(items))


def get_item(item_id: str) -> Item:
    """Return the item of that id.

    Raises:
        UnknownItem: The catalog has none; the message lists the known ids.
    """
    for item in all_items():
        if item.id == item_id:
            return item
    known = ", ".join(item.id for item in all_items())
    raise UnknownItem(f"the catalog has no item {item_id!r}", action=f"choose one of {known}")


def _require_sound(item: Item) -> None:
    """Refuse a declaration that names columns it does not have."""
    names = [column.name for column in item.columns]
    named = {
        "key": item.key,
        "company_column": (item.company_column,) if item.company_column else (),
        "cutoff": tuple(n for n in (item.cutoff.column, item.cutoff.month_column) if n),
        "control_totals": (*item.control_totals.group_by, *item.control_totals.sums, *item.control_totals.bounds),
    }
    faults = [f"{part} names {name!r}" for part, used in named.items() for name in used if name not in names]
    if not ITEM_ID.fullmatch(item.id):
        faults.append(f"id must match {ITEM_ID.pattern}")
    if len(set(names)) != len(names):
        faults.append("two columns share a name")
    if not item.key:
        faults.append("there is no key")
    if faults:
        raise CatalogError("; ".join(faults), action="correct the declaration in item.py", item=item.id)
