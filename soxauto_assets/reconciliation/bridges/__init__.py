"""Bridges: what explains a variance, or helps to investigate it.

Here belongs one module per bridge, each a function of a session. What does not belong here: the variance, and what of it stays
unexplained (``reconciliation.variances``).
"""

from soxauto_assets.reconciliation.bridges.business_lines import business_line_bridge
from soxauto_assets.reconciliation.bridges.integration_errors import integration_errors_bridge
from soxauto_assets.reconciliation.bridges.open_items import open_items_bridge
from soxauto_assets.reconciliation.bridges.posting_groups import posting_group_bridge
from soxauto_assets.reconciliation.bridges.timing import timing_bridge
from soxauto_assets.reconciliation.bridges.vtc import vtc_bridge
from soxauto_assets.reconciliation.inputs import Session
from soxauto_assets.reconciliation.model import Bridge

_BRIDGES = (
    timing_bridge,
    vtc_bridge,
    integration_errors_bridge,
    posting_group_bridge,
    business_line_bridge,
    open_items_bridge,
)

__all__ = [
    "all_bridges",
    "business_line_bridge",
    "integration_errors_bridge",
    "open_items_bridge",
    "posting_group_bridge",
    "timing_bridge",
    "vtc_bridge",
]


def all_bridges(session: Session) -> tuple[Bridge, ...]:
    """Return every bridge in a fixed order: those that explain first. One whose inputs are missing says which.

    Args:
        session: The inputs of the month.
    """
    return tuple(bridge(session) for bridge in _BRIDGES)
