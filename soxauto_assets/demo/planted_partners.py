"""Planted cases of IPE_31: what is open with a collection partner at each month end, written by hand.

Here belongs each planted transaction, reallocation, list and payment with the month ends at which it is open and its amount
there. What does not belong here: the rows of the tables (``demo.partners``).

Nothing of them happens before 2025-09, so month ends that are not named have nothing open.
"""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True)
class OpenCase:
    """One planted event of the cash reconciliation.

    Attributes:
        kind: Transaction type as IPE_31 names it.
        entity: Related entity.
        open: Month end to the amount that is open, as text.
        company: Company code.
        listed: Whether IPE_31 is extracted for the company.
    """

    kind: str
    entity: str
    open: Mapping[str, str]
    company: str = "EC_NG"
    listed: bool = True


def _both(amount: str) -> dict[str, str]:
    return {"2025-09": amount, "2025-10": amount}


_TRANSACTION, _LIST, _PAYMENT = "Cash In", "Translist in progress", "Payment in progress"
CASES = (
    OpenCase(_TRANSACTION, "open", _both("100.0000")),
    OpenCase(_TRANSACTION, "listed_at_cutoff", {"2025-09": "101.0000"}),
    OpenCase(_TRANSACTION, "waiting_approval", _both("102.0000")),
    OpenCase(_TRANSACTION, "waiting_confirmation", _both("103.0000")),
    OpenCase(_TRANSACTION, "unknown_partner", _both("106.0000")),
    OpenCase(_TRANSACTION, "after_cutoff", {"2025-10": "1.0000"}),
    OpenCase("Transfer to", "PAY-TRANSFER", _both("104.5000")),
    OpenCase("Reallocation", "moved", {"2025-09": "105.0000"}),
    # Closed by force on 2025-10-01.
    OpenCase(_LIST, "LIST-OPEN", {"2025-09": "60.0000"}),
    # Paid on 2025-10-01.
    OpenCase(_LIST, "LIST-LATER", {"2025-09": "50.0000"}),
    # 160 received, 1 applied.
    OpenCase(_LIST, "LIST-FUTURE", {"2025-10": "159.0000"}),
    OpenCase(_LIST, "W3", {"2025-10": "159.0000"}),
    OpenCase(_PAYMENT, "PAY-OPEN", _both("-70.2500")),
    OpenCase(_PAYMENT, "PAY-NOTHING", _both("-31.0000")),
    # LIST-FUTURE, which exists from October on, takes 1 of it.
    OpenCase(_PAYMENT, "PAY-A", {"2025-09": "-10.0000", "2025-10": "-9.0000"}),
    OpenCase(_PAYMENT, "PAY-B", {"2025-09": "-50.0000"}),
    OpenCase(_PAYMENT, "PAY-C", _both("-30.0000")),
    # Closed on 2025-10-01.
    OpenCase(_PAYMENT, "PAY-D", {"2025-09": "-20.0000"}),
    OpenCase(_PAYMENT, "PAY-FUTURE", {"2025-10": "-9.0000"}),
    OpenCase(_TRANSACTION, "in_tunisia", _both("1.0000"), "AT_TN", listed=False),
    OpenCase(_TRANSACTION, "out_of_scope", _both("1.0000"), "ZZ_US", listed=False),
)
# What IPE_31 must not list for 2025-09.
ABSENT = (
    "listed_before", "excluded_type", "after_cutoff", "nothing", "moved_back", "LIST-CLOSED", "LIST-FORCED", "PAY-CLOSED",
    "in_tunisia", "out_of_scope", "confirmed", "moved_future", "LIST-DONE", "LIST-NULL", "LIST-FUTURE", "PAY-FUTURE", "PAY-ADJ",
)  # fmt: skip


def present(month: str) -> list[list[str]]:
    """Return what IPE_31 must list of a month: company, type, related entity, amount."""
    return [
        [case.company, case.kind, case.entity, case.open[month]] for case in CASES if case.listed and month in case.open
    ]
