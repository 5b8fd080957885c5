"""The shapes that the parts of a reconciliation hand to each other.

Here belongs what a bridge, a remark and a finding are. What does not belong here: how any of them is computed.

Amounts are ``Decimal`` in local currency (LCY) of the company unless a name says USD. A company is always part of the key.
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any


@dataclass(frozen=True)
class BridgeLine:
    """What a bridge explains for one company and component.

    Attributes:
        company: Company code, see :data:`soxauto_assets.reconciliation.inputs.COMPANY`.
        component: Item id of the component, for example ``IPE_08``.
        amount: LCY, signed like the variance: component sign x bridge amount (DECISIONS B2).
        rows: Number of proof rows it is the sum of.
    """

    company: str
    component: str
    amount: Decimal
    rows: int

    def to_json(self) -> dict[str, Any]:
        """Return the line as plain values."""
        return {"company": self.company, "component": self.component, "amount": self.amount, "rows": self.rows}


@dataclass(frozen=True)
class Remark:
    """Rows that a part of the reconciliation saw and did not use, or what a person should know of a figure.

    Attributes:
        code: Short name of the reason, for machines: ``null_id``, ``not_in_ipe_08``.
        text: The reason in words.
        company: Company code; None where the rows have none or the remark is about all.
        rows: How many rows.
        amount: Their sum in LCY; None where there is no amount.
    """

    code: str
    text: str
    company: str | None = None
    rows: int = 0
    amount: Decimal | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the remark as plain values."""
        return {
            "code": self.code,
            "text": self.text,
            "company": self.company,
            "rows": self.rows,
            "amount": self.amount,
        }


@dataclass(frozen=True)
class Bridge:
    """One explanation of a variance.

    Attributes:
        name: Its name everywhere: ``timing``, ``vtc``, ``integration_errors``, ``posting_group``, ``business_line``,
            ``open_items``.
        title: Title for people.
        meaning: The rule in words.
        source: Section of the domain reference and of DECISIONS that states it.
        explains: Whether its amounts count as explained; False = information or a proposal, and no line of it is added.
        components: Item ids of the components whose variance it explains; without it, they are incomplete.
        lines: What it explains, by company and component, in that order.
        remarks: What it did not consider.
        missing: Items without which it could not be computed; not empty = every company of it is incomplete.
        incomplete: Companies for which it is incomplete although it was computed.
        proof: Name of the kept table with its proof rows, see :meth:`soxauto_assets.reconciliation.inputs.Session.keep`.
    """

    name: str
    title: str
    meaning: str
    source: str
    explains: bool
    components: tuple[str, ...] = ()
    lines: tuple[BridgeLine, ...] = ()
    remarks: tuple[Remark, ...] = ()
    missing: tuple[str, ...] = ()
    incomplete: tuple[str, ...] = ()
    proof: str | None = None

    def to_json(self) -> dict[str, Any]:
        """Return the bridge as plain values; proof rows are a table of their own."""
        return {
            "name": self.name,
            "title": self.title,
            "meaning": self.meaning,
            "source": self.source,
            "components": list(self.components),
            "explains": self.explains,
            "lines": [line.to_json() for line in self.lines],
            "remarks": [remark.to_json() for remark in self.remarks],
            "missing": list(self.missing),
            "incomplete": list(self.incomplete),
            "proof": self.proof,
        }
