"""The shape of a source contract.

Here belongs what every logical source declares once: columns, types, meaning. What does not belong here: the physical
table and its column names, which are the binding's (``sources.bindings``).
"""

import re
from dataclasses import dataclass

from soxauto_assets.catalog.types import ContractType


def by_name(text: str) -> str:
    """Return the comparable form of a table or column name.

    ``[Amount (LCY)]``, ``Amount_LCY_`` and ``amount_lcy`` give the same form: lower case, every run of other characters
    one underscore, none at the ends (the naming hypothesis of domain section 3.16).
    """
    return re.sub(r"[^a-z0-9]+", "_", text.lower()).strip("_")


@dataclass(frozen=True)
class SourceColumn:
    """One column of a logical source.

    Attributes:
        name: Logical name that the catalog's SQL uses.
        type: Contract type.
        meaning: What it says.
        nullable: Whether the source may hold nulls.
        header: Name in SQL Server, when it differs from the logical name by more than case.
    """

    name: str
    type: ContractType
    meaning: str
    nullable: bool = True
    header: str | None = None

    @property
    def names(self) -> frozenset[str]:
        """The comparable names under which an exported table may carry the column."""
        return frozenset(by_name(text) for text in (self.name, self.header) if text)


@dataclass(frozen=True)
class SourceContract:
    """One logical source.

    Attributes:
        name: Logical name.
        system: System of origin: NAV BI, FinRec, BOB.
        sql_server: The object in SQL Server, ``database.schema.object``; None when there is none.
        meaning: What a row is.
        columns: Columns in order.
        athena_candidate: The guess, or the confirmed name, of its Athena table.
    """

    name: str
    system: str
    sql_server: str | None
    meaning: str
    columns: tuple[SourceColumn, ...]
    athena_candidate: str | None = None

    def column(self, name: str) -> SourceColumn:
        """Return the column of that logical name.

        Raises:
            KeyError: There is none.
        """
        for column in self.columns:
            if column.name == name:
                return column
        raise KeyError(name)

    @property
    def names(self) -> frozenset[str]:
        """The comparable table names under which the source may be found in a folder of exports."""
        found = {by_name(self.name)}
        if self.sql_server:
            found.add(by_name(self.sql_server.split(".", 2)[-1]))
        if self.athena_candidate:
            found.add(by_name(self.athena_candidate.split(".")[-1]))
        return frozenset(found)
