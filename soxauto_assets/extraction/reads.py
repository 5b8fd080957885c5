"""What the catalog reads of a logical source: the columns that a physical table must have.

Here belongs the union over all items and all their statements. What does not belong here: one item's own reading, which
its extraction compares with the table (``extraction.extract``).
"""

from soxauto_assets.catalog.registry import all_items
from soxauto_assets.engines.sql import parse
from soxauto_assets.extraction.dimensions import dimension_statements


def columns_read(source: str) -> tuple[str, ...]:
    """Return the columns of a source that any statement of any item reads; none when no item reads it.

    Raises:
        CatalogError: A text of the catalog is not sound.
    """
    columns: set[str] = set()
    for item in all_items():
        if source not in item.sources or item.upload:
            continue
        for purpose, text in {**item.statements(), **dimension_statements(item)}.items():
            columns |= set(parse(item.id, purpose, text, item.configuration).reads.get(source, ()))
    return tuple(sorted(columns))
