"""Contract types: the few column types that sources, extracts, datasets and digests share.

Here belongs the type vocabulary and its name in each engine. What does not belong here: Arrow or pandas objects
(``extraction``), schemas of items (``catalog/<item>``).

Money is decimal, identifiers are strings even when numeric, a point in time has milliseconds because that is what Athena
reads (a finer instant is rounded half up by the engine before any filter sees it).
"""

import re
from dataclasses import dataclass
from typing import Literal

Kind = Literal["string", "bool", "int64", "date", "timestamp", "decimal"]

_TRINO = {
    "string": "varchar",
    "bool": "boolean",
    "int64": "bigint",
    "date": "date",
    "timestamp": "timestamp(3)",
}
_DUCKDB = {
    "string": "VARCHAR",
    "bool": "BOOLEAN",
    "int64": "BIGINT",
    "date": "DATE",
    "timestamp": "TIMESTAMP_MS",
}
_DECIMAL = re.compile(r"^decimal\((\d+),\s*(\d+)\)$")


@dataclass(frozen=True)
class ContractType:
    """One column type of the contracts.

    Attributes:
        kind: The family.
        precision: Digits in all; only for decimals.
        scale: Digits after the point; only for decimals.
    """

    kind: Kind
    precision: int = 0
    scale: int = 0

    @property
    def name(self) -> str:
        """The name used in contracts, records and digests, for example ``decimal(18,4)``."""
        return f"decimal({self.precision},{self.scale})" if self.kind == "decimal" else self.kind

    @property
    def trino(self) -> str:
        """The type's name in Athena and Trino SQL."""
        return self.name if self.kind == "decimal" else _TRINO[self.kind]

    @property
    def duckdb(self) -> str:
        """The type's name in DuckDB."""
        return self.name.upper() if self.kind == "decimal" else _DUCKDB[self.kind]

    @classmethod
    def parse(cls, name: str) -> "ContractType":
        """Read a contract type's name; the inverse of :attr:`name`.

        Raises:
            ValueError: The text names no contract type.
        """
        if match := _DECIMAL.match(name):
            return cls("decimal", int(match.group(1)), int(match.group(2)))
        if name not in _TRINO:
            raise ValueError(f"{name!r} is no contract type")
        return cls(name)  # type: ignore[arg-type]

    def __str__(self) -> str:
        return self.name


STRING = ContractType("string")
BOOL = ContractType("bool")
INT64 = ContractType("int64")
DATE = ContractType("date")
TIMESTAMP = ContractType("timestamp")
MONEY = ContractType("decimal", 18, 4)
SUM = ContractType("decimal", 38, 4)
RATE = ContractType("decimal", 18, 8)
