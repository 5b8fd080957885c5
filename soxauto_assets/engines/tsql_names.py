"""Names of SQL Server in our words: tables become logical sources, columns logical columns or snake_case.

Here belongs the look-up in the source contracts. What does not belong here: any other change of the text
(``engines.tsql_tree``).
"""

from collections.abc import Iterable
from dataclasses import dataclass, field

from sqlglot import exp

from soxauto_assets.sources.contracts import CONTRACTS
from soxauto_assets.sources.model import SourceColumn, SourceContract, by_name


@dataclass
class Names:
    """The sources that a text reads.

    Attributes:
        by_alias: Alias or table name, in lower case, to the source's contract.
    """

    by_alias: dict[str, SourceContract] = field(default_factory=dict)

    @property
    def contracts(self) -> list[SourceContract]:
        """The contracts in use, each once."""
        return list({contract.name: contract for contract in self.by_alias.values()}.values())

    def column(self, column: exp.Column) -> SourceColumn | None:
        """Return the contract column that a column means, or None where that is not beyond doubt."""
        owner = self.by_alias.get(column.table.lower()) if column.table else None
        if column.table:
            return _among(column.name, [owner]) if owner else None
        return _among(column.name, self.contracts)


def contract_of(table: exp.Table) -> tuple[SourceContract | None, bool]:
    """Return the contract of a physical table, and whether database, schema and object all match."""
    if not table.db and table.name.lower() in CONTRACTS:
        return CONTRACTS[table.name.lower()], True
    wanted = tuple(by_name(part) for part in (table.catalog, table.db, table.name))
    near = []
    for contract in CONTRACTS.values():
        if contract.sql_server is None:
            continue
        parts = tuple(by_name(part) for part in contract.sql_server.split(".", 2))
        if parts == wanted:
            return contract, True
        if parts[2] == wanted[2] and (not wanted[1] or parts[1] == wanted[1]):
            near.append(contract)
    return (near[0], False) if len(near) == 1 else (None, False)


def headers_like(name: str) -> list[str]:
    """Return every ``source.column`` of the contracts whose header or name is this one."""
    return [f"{c.name}.{column.name}" for c in CONTRACTS.values() if (column := _among(name, [c]))]


def _among(name: str, contracts: Iterable[SourceContract]) -> SourceColumn | None:
    found = {}
    for contract in contracts:
        # The header is the name in SQL Server; another column's logical name may look the same.
        by_header = [c for c in contract.columns if c.header and by_name(c.header) == by_name(name)]
        plain = [c for c in contract.columns if by_name(c.name) == by_name(name)]
        for column in (by_header or plain)[:1]:
            found[column.name] = column
    return next(iter(found.values())) if len(found) == 1 else None
