"""Extractions that were made: records and rows, read again as often as anybody likes.

Here belongs finding one. What does not belong here: making one (``extraction.extract``), and the source, which nothing here
asks.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from soxauto_assets.catalog.model import Item
from soxauto_assets.errors import ExtractionError
from soxauto_assets.extraction.landing import Dataset, DatasetStore
from soxauto_assets.extraction.record import ExtractionRecord
from soxauto_assets.period import Period
from soxauto_assets.records import RecordLog

Extraction = tuple[ExtractionRecord, Dataset]


@dataclass(frozen=True)
class Extractions:
    """The extractions of a deployment.

    Attributes:
        records: Log of extraction records.
        datasets: Where rows landed.
    """

    records: RecordLog
    datasets: DatasetStore

    def newest(self, item: Item, period: Period, run_id: str | None = None) -> Extraction:
        """Return the newest extraction of an item and period, of one run when it is given and has one.

        Raises:
            ExtractionError: The item was never extracted for the period.
        """
        found = (run_id and self.of_run(item, period, run_id)) or self._last(item, period, lambda record: True)
        if found is None:
            raise ExtractionError(
                "nothing was extracted yet", action="materialise the extract first", item=item.id, period=period.key
            )
        return found

    def of_run(self, item: Item, period: Period, run_id: str) -> Extraction | None:
        """Return the newest extraction that a run made of an item and period; None when it made none."""
        return self._last(item, period, lambda record: record["run_id"] == run_id)

    def numbered(self, item: Item, period: Period, ordinal: int) -> Extraction:
        """Return the extraction with that number in the log of the item and period.

        Raises:
            ExtractionError: There is none.
        """
        found = self._last(item, period, lambda record: record["ordinal"] == ordinal)
        if found is None:
            raise ExtractionError(
                f"extraction record {ordinal:04d} is not in the log",
                action="restore the log of extraction records, or close the month again",
                item=item.id,
                period=period.key,
            )
        return found

    def _last(self, item: Item, period: Period, wanted: Callable[[Mapping[str, Any]], bool]) -> Extraction | None:
        chosen = next((r for r in reversed(self.records.all(item.id, period.key)) if wanted(r)), None)
        if chosen is None:
            return None
        record = ExtractionRecord.from_json(chosen)
        return record, self.datasets.open(item, period.key, record.dataset, record.files, record.objects)
