"""Checks: pure functions of (item, extraction record, dataset, context).

Here belongs what proves an extract complete and accurate. What does not belong here: the source (checks read only what was
landed and recorded), the orchestrator, and sealing. A rule that was not evaluated is a failure, never a pass.
"""

from soxauto_assets.checks.model import CheckContext, CheckResult, Verdict, verdict_of
from soxauto_assets.checks.suite import check_plan, run_checks

__all__ = ["CheckContext", "CheckResult", "Verdict", "check_plan", "run_checks", "verdict_of"]
