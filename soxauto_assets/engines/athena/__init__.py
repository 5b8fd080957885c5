"""The Athena engine: the production path.

Here belongs running a statement on Amazon Athena once, whatever is lost on the way, and fetching what it wrote. What does
not belong here: what is queried (``catalog``), who asks (``aws.session``) and where rows are kept (``extraction``).
"""

from soxauto_assets.engines.athena.engine import AthenaEngine

__all__ = ["AthenaEngine"]
