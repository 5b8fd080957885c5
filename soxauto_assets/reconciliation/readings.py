"""The readings of the voucher liability beside the declared one.

Here belongs computing what the other pairs of amounts would leave unexplained. What does not belong here: the declared
reading, which is the component's own (``catalog/ipe_08``).

BOB's ``remaining_amount`` and the computed ``totalremainingamount`` are two figures for what is left on a voucher (domain 3.6).
The target value and the VTC bridge may each use either; one pair is declared, the others are shown (DECISIONS B3).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from soxauto_assets.catalog import get_item
from soxauto_assets.reconciliation.balances import amount_sql, parameters_of
from soxauto_assets.reconciliation.bridges.vtc import CONSIDERED, NOTHING_REMAINS, POPULATION, PROOF
from soxauto_assets.reconciliation.inputs import Session, decimal_sum
from soxauto_assets.reconciliation.variances import Line

VOUCHERS = "IPE_08"
TARGETS = ("totalremainingamount", "remaining_amount")
BRIDGES = ("remaining_amount", "totalremainingamount")


@dataclass(frozen=True)
class VoucherReading:
    """What a pair of amounts leaves for one company.

    Attributes:
        company: Company code.
        target_amount: Column of the target value.
        vtc_amount: Column of the VTC bridge.
        declared: Whether it is the pair that counts.
        target: Target value, LCY, in NAV's sign.
        vtc: What the VTC bridge explains, LCY, signed like the variance.
        unexplained: What is left, LCY; None when the actuals are missing.
    """

    company: str
    target_amount: str
    vtc_amount: str
    declared: bool
    target: Decimal
    vtc: Decimal
    unexplained: Decimal | None

    def to_json(self) -> dict[str, Any]:
        """Return the reading as plain values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


def voucher_readings(session: Session, lines: Sequence[Line]) -> tuple[VoucherReading, ...]:
    """Return all four readings of every company with a line of the voucher liability, in order of company.

    Args:
        session: The inputs of the month, after the bridges have kept their proof.
        lines: The lines of the reconciliation.
    """
    if not session.has(VOUCHERS):
        return ()
    targets = {column: _targets(session, column) for column in TARGETS}
    bridged = {column: _bridged(session, column) for column in BRIDGES}
    found = []
    for line in lines:
        if line.component != VOUCHERS:
            continue
        others = sum((amount for name, amount in line.explained.items() if name != "vtc"), Decimal(0))
        for target_amount in TARGETS:
            for vtc_amount in BRIDGES:
                target = targets[target_amount].get(line.company, Decimal(0))
                vtc = bridged[vtc_amount].get(line.company, Decimal(0))
                declared = (target_amount, vtc_amount) == (TARGETS[0], BRIDGES[0])
                left = None if line.actual is None else line.actual - target - others - vtc
                found.append(VoucherReading(line.company, target_amount, vtc_amount, declared, target, vtc, left))
    return tuple(found)


def _targets(session: Session, column: str) -> dict[str, Decimal]:
    component = get_item(VOUCHERS).component
    assert component is not None
    assert component.sign is not None
    sql = amount_sql(VOUCHERS, component, amount=column)
    return {
        company: component.sign * amount for company, _, amount, _ in session.rows(sql, parameters_of(session, sql))
    }


def _bridged(session: Session, column: str) -> dict[str, Decimal]:
    """Return the VTC bridge by company with one of the two amounts, over the same vouchers."""
    component = get_item(VOUCHERS).component
    assert component is not None
    assert component.sign is not None
    # Without its inputs there is no bridge, and without vouchers no reading.
    if PROOF not in session.kept:
        return {}
    sql = (
        f"SELECT p.company, {decimal_sum(f'v.{column}')} FROM {POPULATION} AS p JOIN ipe_08 AS v "
        "ON v.company = p.company AND v.id IS NOT DISTINCT FROM p.id "
        f"WHERE p.fate IN ('{CONSIDERED}', '{NOTHING_REMAINS}') GROUP BY p.company ORDER BY p.company"
    )
    return {company: component.sign * amount for company, amount in session.rows(sql)}
