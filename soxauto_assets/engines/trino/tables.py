"""Tables as Trino's catalogs describe them.

Here belongs names, columns and types. What does not belong here: whether they fit a contract (``sources.fitting``).
"""

import re
import threading
from collections.abc import Callable, Mapping

from soxauto_assets.sources.bindings import TableName

Ask = Callable[[str], list[list[str]]]
# Helper tables begin with it.
PREFIX = "soxauto_"


class Tables:
    """Descriptions of tables, each asked for once.

    Args:
        ask: Runs a statement and returns its rows.
        catalog: Catalog of names that name none.
        scratch: Schema of helper tables.
    """

    def __init__(self, ask: Ask, catalog: Callable[[], str], scratch: str | None):
        self._ask = ask
        self._catalog = catalog
        self._scratch = scratch
        self._found: dict[TableName, dict[str, str]] = {}
        self._lock = threading.Lock()

    def names(self) -> list[TableName]:
        """List the tables of the default catalog, helper tables apart."""
        rows = self._ask(
            f"select table_schema, table_name from {quoted(self._catalog())}.information_schema.tables "
            "where table_schema <> 'information_schema'"
        )
        return sorted(
            TableName(schema, table)
            for schema, table in rows
            if not (schema == self._scratch and table.startswith(PREFIX))
        )

    def columns(self, table: TableName) -> Mapping[str, str]:
        """Return the columns of a table and their types; none when it does not exist.

        Raises:
            ExtractionError: The catalog does not exist, or the user may not look.
        """
        with self._lock:
            if table in self._found:
                return self._found[table]
        # Trino knows a table by its name in lower case, whatever the binding says.
        rows = self._ask(
            "select column_name, data_type "
            f"from {quoted(table.catalog or self._catalog())}.information_schema.columns "
            f"where table_schema = {text(table.database.lower())} and table_name = {text(table.table.lower())} "
            "order by ordinal_position"
        )
        found = {name: re.sub(r",\s+", ",", kind) for name, kind in rows}
        with self._lock:
            if found:
                self._found[table] = found
        return found


def quoted(*names: str) -> str:
    """Return a name of one or more parts as Trino takes it literally."""
    return ".".join('"' + name.replace('"', '""') + '"' for name in names)


def text(value: str) -> str:
    """Return a text literal."""
    return "'" + value.replace("'", "''") + "'"
