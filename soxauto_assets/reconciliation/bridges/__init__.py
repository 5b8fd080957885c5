"""Bridges."""

from soxauto_assets.reconciliation.inputs import Session
from soxauto_assets.reconciliation.model import Bridge


def all_bridges(session: Session) -> tuple[Bridge, ...]:
    """Return every bridge."""
    return ()
