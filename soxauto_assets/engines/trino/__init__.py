"""Trino as an engine: any cluster that the client reaches, with the sources in its catalogs.

Here belongs everything that is said to a coordinator. What does not belong here: settings (``trino_settings``) and what becomes
of the answer (``extraction``).
"""

from soxauto_assets.engines.trino.engine import TrinoEngine

__all__ = ["TrinoEngine"]
