"""``python -m soxauto_assets_tests.effectiveness [--write]``: measure, print, and write the page when asked.

Here belongs the command that ``make effectiveness WRITE=1`` calls. What does not belong here: the test that compares
(``test_effectiveness``).
"""

import argparse
from pathlib import Path
from tempfile import TemporaryDirectory

from rich.console import Console

from soxauto_assets_tests.effectiveness.measurement import measure, prepare
from soxauto_assets_tests.effectiveness.report import PAGE, page, show


def main() -> None:
    """Measure; exit 1 when a fault is not caught or an unchanged copy fails."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--write", action="store_true", help=f"write {PAGE.name}")
    arguments = parser.parse_args()
    with TemporaryDirectory() as folder:
        prepare(Path(folder))
        measured = measure(Path(folder))
    show(measured, Console(width=240))
    if arguments.write:
        PAGE.write_text(page(measured), "utf-8")
    raise SystemExit(bool(measured.missed() or measured.alarms))


if __name__ == "__main__":
    main()
