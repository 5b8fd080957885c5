"""What the doctor finds: one line per thing looked at."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from soxauto_assets.errors import SoxautoError

Status = Literal["good", "warning", "fault", "not looked at"]


@dataclass(frozen=True)
class Finding:
    """One line.

    Attributes:
        area: What part of the deployment: ``identity``, ``workgroup``, ``bucket``, ``binding``, ``query``, ``freshness``.
        subject: Which one.
        status: ``good``; ``warning`` (a close can run); ``fault`` (it cannot); ``not looked at``.
        text: What was found.
        remedy: What to do; None where nothing is to be done.
    """

    area: str
    subject: str
    status: Status
    text: str
    remedy: str | None = None


Look = Callable[[], Iterable[Finding]]


def looked(area: str, subject: str, look: Look) -> Iterator[Finding]:
    """Yield what a look finds; a refusal on the way is a fault with its own remedy, never the end of the visit."""
    try:
        yield from look()
    except SoxautoError as error:
        yield Finding(area, subject, "fault", error.cause, error.action)
