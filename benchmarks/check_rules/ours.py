"""Our checks of IPE_07: ``python -m benchmarks.check_rules.ours [--all] SPEC``.

Prints seconds and the failed rules as JSON. Without ``--all`` only the rules that the peers evaluate, too.
"""

import json
import sys
import time
from pathlib import Path

from benchmarks.check_rules.rows import ITEM, opened
from soxauto_assets.catalog.companies import known_companies
from soxauto_assets.checks import CheckContext, run_checks
from soxauto_assets.checks import schema as _schema  # noqa: F401 - pandera's import is not a rule's time

SHARED = ("schema", "not_null", "key_unique", "company_known", "control_totals", "cutoff")


def main() -> None:
    """Evaluate and print."""
    record, dataset = opened(Path(sys.argv[-1]))
    context = CheckContext(record.definition_digest, known_companies("demo"))
    own = tuple(rule.name for rule in ITEM.expectations)
    started = time.perf_counter()
    results = run_checks(ITEM, record, dataset, context, None if "--all" in sys.argv else (*SHARED, *own))
    seconds = time.perf_counter() - started
    print(
        json.dumps(
            {
                "seconds": seconds,
                "failed": [result.name for result in results if not result.good],
                "errors": [result.name for result in results if result.status == "error"],
                "rules": {result.name: round(result.duration, 2) for result in results},
            }
        )
    )


if __name__ == "__main__":
    main()
