"""A failing month in the web interface, and the same month after its correction.

The demo's source holds one entry of HF_SN twice in 2025-06 (``demo.planted``): the key check fails. Then the source is
corrected, as its owner would, and the month is closed again.
"""

import duckdb
import pytest
from playwright.sync_api import Page, expect

from soxauto_assets_tests.browser.conftest import Desk

pytestmark = pytest.mark.browser
PERIOD = "2025-06"


def look(page: Page, desk: Desk, path: str, wait_for: str, shot: str) -> str:
    """Open a page, wait until it shows a text, take its picture, and return what it says."""
    page.goto(f"{desk.url}{path}")
    expect(page.get_by_text(wait_for, exact=False).first).to_be_visible(timeout=60_000)
    page.wait_for_timeout(1500)
    page.screenshot(path=desk.shots / f"{shot}.png")
    return page.inner_text("body")


def test_a_failing_month_is_red_with_figures_and_sample_and_green_after_correction(page: Page, desk: Desk):
    closed = desk.soxauto("close", PERIOD, "--item", "IPE_07")
    assert closed.returncode == 1, closed.stdout + closed.stderr

    body = look(
        page, desk, "/assets/extract/IPE_07?view=checks&checkDetail=key_unique", "rows_concerned", "1-check-failed"
    )
    assert "id_company HF_SN" in body

    look(page, desk, f"/assets/evidence/IPE_07?view=partitions&partition={PERIOD}", "failed", "2-evidence-failed")

    correct(desk)
    closed = desk.soxauto(
        "close", PERIOD, "--item", "IPE_07", "--reason", "the source was loaded twice and is corrected"
    )
    assert closed.returncode == 0, closed.stdout + closed.stderr

    look(page, desk, "/assets/extract/IPE_07?view=checks&checkDetail=key_unique", "Passed", "3-check-passed")
    body = look(
        page, desk, f"/assets/evidence/IPE_07?view=partitions&partition={PERIOD}", "passed", "4-evidence-passed"
    )
    assert "the source was loaded twice and is corrected" in body
    attempts = sorted(path.name for path in (desk.home / "evidence" / "IPE_07" / PERIOD).iterdir())
    assert attempts == ["attempt-0001", "attempt-0002"]


def correct(desk: Desk) -> None:
    """Take the second copy of each entry out of the source."""
    for path in sorted((desk.home / "lake").glob("*/customer_ledger_entries/**/*.parquet")):
        corrected = path.with_suffix(".corrected")
        with duckdb.connect() as connection:
            connection.execute(f"copy (select distinct * from '{path}') to '{corrected}' (format parquet)")
        corrected.replace(path)
