"""The terminal that commands print to.

Here belongs its one setting. What does not belong here: what is printed.
"""

import sys

from rich.console import Console

# A log file has no width of its own; rich would fold it at 80.
console = Console(width=None if sys.stdout.isatty() else 124)
