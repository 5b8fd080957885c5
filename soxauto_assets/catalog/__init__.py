"""What is extracted: one folder per item, with all that an auditor must review.

Here belongs what an item is: SQL over logical sources, columns, key, rules, configuration. What does not belong here:
physical tables (``sources``), how SQL is run (``engines``), how a check is computed (``checks``).

An item is added by adding its folder: ``item.py`` (declares ``ITEM``), ``extract.sql``, ``control_totals.sql`` and, where
they apply, ``probes/*.sql``. Nothing else changes.
"""

from soxauto_assets.catalog.model import Item
from soxauto_assets.catalog.registry import all_items, get_item

__all__ = ["Item", "all_items", "get_item"]
