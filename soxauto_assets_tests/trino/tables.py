"""The tables of a lake as Trino, Athena and Glue declare them: external tables over files that others wrote.

Here belongs creating schemas and tables: those of the demo lake from source contracts and bindings, and single ones for a
test. What does not belong here: queries of the catalog (``comparing``).
"""

from collections.abc import Mapping
from typing import Any

from soxauto_assets.sources.bindings import Binding, Bindings, TableName
from soxauto_assets.sources.contracts import contract


def create_tables(connection: Any, bindings: Bindings, location: str = "local:///lake") -> int:
    """Create the table of every bound source, over ``<location>/<database>/<table>``; one that is there is replaced.

    The declared types are those of the source contract, as a data team would declare them in Glue.

    Args:
        connection: An open ``trino`` connection whose catalog is the hive catalog.
        bindings: Where each source lies and how its columns are called there.
        location: The lake as the server names it.

    Returns:
        The number of tables.
    """
    for binding in bindings.sources.values():
        create_table(connection, binding.table, columns_of(binding), location)
    return len(bindings.sources)


def columns_of(binding: Binding) -> dict[str, str]:
    """Return the physical columns of a bound source and their declared types."""
    return {binding.physical(column.name): column.type.trino for column in contract(binding.source).columns}


def create_table(connection: Any, table: TableName, columns: Mapping[str, str], location: str) -> None:
    """Create one external table over Parquet files; dropping it leaves the files."""
    declared = ", ".join(f'"{name}" {kind}' for name, kind in columns.items())
    folder = f"{location}/{table.database}"
    run(connection, f"create schema if not exists \"{table.database}\" with (location = '{folder}')")
    run(connection, f'drop table if exists "{table.database}"."{table.table}"')
    run(
        connection,
        f'create table "{table.database}"."{table.table}" ({declared}) '
        f"with (external_location = '{folder}/{table.table}', format = 'PARQUET')",
    )


def run(connection: Any, sql: str) -> list[list[Any]]:
    """Run a statement to its end and return its rows."""
    cursor = connection.cursor()
    try:
        cursor.execute(sql)
        return list(cursor.fetchall())
    finally:
        cursor.close()
