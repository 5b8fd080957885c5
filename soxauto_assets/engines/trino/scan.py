"""The estimate of what a query will read, made by the planner before it runs.

Here belongs reading ``EXPLAIN (TYPE IO)``. What does not belong here: what it did read, which the coordinator says while it
runs (``engines.trino.queries``).

The planner knows a table's size from its statistics. Where it has none, the estimate leaves that table out and says so: the
limit is then held while the query runs, by the server and by whoever watches it.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from soxauto_assets.engines.contract import Errand
from soxauto_assets.errors import ExtractionError
from soxauto_assets.sources.bindings import TableName


@dataclass(frozen=True)
class Estimate:
    """What the planner expects a query to read.

    Attributes:
        sizes: Bytes of each table of which it has statistics.
        unknown: Tables of which it has none.
    """

    sizes: Mapping[str, int] = field(default_factory=dict)
    unknown: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the estimate for the record."""
        return {"bytes": sum(self.sizes.values()), "without_statistics": list(self.unknown)}


def text_of(executed: str) -> str:
    """Return the statement that asks for the estimate."""
    return f"EXPLAIN (TYPE IO, FORMAT JSON)\n{executed}"


def read(answer: str) -> Estimate:
    """Read the planner's answer; a table that is read twice counts twice."""
    sizes: dict[str, int] = {}
    unknown: set[str] = set()
    for read in json.loads(answer).get("inputTableColumnInfos") or ():
        names = read["table"]
        table = str(TableName(names["schemaTable"]["schema"], names["schemaTable"]["table"], names["catalog"]))
        size = float((read.get("estimate") or {}).get("outputSizeInBytes", "nan"))
        if math.isfinite(size):
            sizes[table] = sizes.get(table, 0) + int(size)
        else:
            unknown.add(table)
    return Estimate(dict(sorted(sizes.items())), tuple(sorted(unknown)))


def require_within(estimate: Estimate, errand: Errand, limit: int) -> None:
    """Refuse a query whose estimate exceeds the limit.

    Raises:
        ExtractionError: Names the estimate, the limit and the largest table.
    """
    total = sum(estimate.sizes.values())
    if total > limit:
        largest = max(estimate.sizes, key=lambda table: estimate.sizes[table])
        raise ExtractionError(
            f"{errand.purpose} would read about {total:,} bytes by Trino's estimate, more than the limit of {limit:,}; "
            f"most of it is {largest} with {estimate.sizes[largest]:,}. It was not run",
            action="narrow the query, or raise TRINO_SCAN_LIMIT_BYTES with the agreement of the cluster's owner",
        )
