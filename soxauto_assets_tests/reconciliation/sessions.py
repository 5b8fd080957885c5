"""Sessions over rows that are written by hand: an item is a text table, as in ``soxauto_assets_tests.lakes``."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq

from soxauto_assets.catalog import get_item
from soxauto_assets.catalog.configuration import Configuration, load_configuration
from soxauto_assets.extraction.tables import arrow_type
from soxauto_assets.period import Period
from soxauto_assets.reconciliation.inputs import Inputs, SealedInput, Session, open_session
from soxauto_assets_tests.lakes import cell_value

PERIOD = Period(2025, 9)


def write_rows(folder: Path, item_id: str, text: str) -> SealedInput:
    """Write rows as a package holds them; columns that the table leaves out are null."""
    item = get_item(item_id)
    lines = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    header, rows = lines[0], lines[1:]
    unknown = set(header) - {column.name for column in item.columns}
    assert not unknown, f"{item_id} has no column {unknown}"
    columns = {}
    for column in item.columns:
        cells = [row[header.index(column.name)] if column.name in header else "-" for row in rows]
        columns[column.name] = pa.array([cell_value(cell, column.type) for cell in cells], arrow_type(column.type))
    package = folder / item_id
    (package / "data" / "rows").mkdir(parents=True)
    pq.write_table(pa.table(columns), package / "data" / "rows" / "part-00000.parquet")
    digest = "0" * 64
    return SealedInput(item, 1, "passed", digest, digest, digest, "demo", package)


@contextmanager
def session_of(
    folder: Path,
    tables: Mapping[str, str],
    period: Period = PERIOD,
    configuration: Configuration | None = None,
) -> Iterator[Session]:
    """Open a session over hand-written rows; an item that is not given is missing."""
    sealed = {item: write_rows(folder, item, text) for item, text in tables.items()}
    with open_session(Inputs(period, sealed, {}), configuration or load_configuration()) as opened:
        yield opened
