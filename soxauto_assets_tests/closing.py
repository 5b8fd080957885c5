"""Closing one item on a runtime, as the month's job does: extract, check, seal."""

from soxauto_assets.catalog import get_item
from soxauto_assets.evidence.sealing import Sealing
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime


def close(
    runtime: Runtime, item_id: str, period: str = "2025-09", run_id: str = "run-1", reason: str | None = None
) -> Sealing:
    """Extract, check and seal."""
    item = get_item(item_id)
    runtime.extractor.extract(item, Period.parse(period), run_id)
    return runtime.seal(item, Period.parse(period), run_id, reason)
