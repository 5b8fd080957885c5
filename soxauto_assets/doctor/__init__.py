"""The doctor: everything a close needs, looked at before the close.

Here belongs looking without changing anything, and the remedy for each fault. What does not belong here: judging extracted
rows (``checks``), and printing (``commands.doctor``).
"""

from soxauto_assets.doctor.model import Finding
from soxauto_assets.doctor.visit import examine

__all__ = ["Finding", "examine"]
