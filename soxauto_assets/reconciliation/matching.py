"""How vouchers, texts and instants of two systems are compared; the same words for every part of a reconciliation.

Here belongs SQL for keys and windows, and the counting of rows that a part does not consider. What does not belong here:
what is matched with what, which each part says.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from soxauto_assets.catalog import get_item
from soxauto_assets.errors import CatalogError
from soxauto_assets.reconciliation.inputs import Session
from soxauto_assets.reconciliation.model import BridgeLine, Remark

LIABILITY = "IPE_08"
# CR_03_MOV and IPE_08 as the reference asks for them reach back no further (DECISIONS B9).
_LONGEST_WINDOW = 12


def folded(expression: str) -> str:
    """Return the SQL of a text as codes, statuses and types are compared: lower case, no trailing blanks (DECISIONS B21)."""
    return f"lower(rtrim({expression}, ' '))"


def voucher_key(expression: str) -> str:
    """Return the SQL of a voucher id as it is compared: trimmed, upper case, ``12345.0`` as ``12345`` (domain 7.6.2).

    A blank id is null, and null equals nothing.
    """
    trimmed = f"upper(trim({expression}, ' ' || chr(9) || chr(10) || chr(13) || chr(160)))"
    # The pattern is tried only where it can match: most ids end otherwise, and this runs over millions of them.
    plain = f"regexp_replace({trimmed}, '^([0-9]+)\\.0$', '\\1')"
    return f"nullif(CASE WHEN ends_with({trimmed}, '.0') THEN {plain} ELSE {trimmed} END, '')"


def use_key(expression: str) -> str:
    """Return the SQL of a business use as it is compared: folded, blanks as underscores (DECISIONS B3)."""
    return f"replace({folded(expression)}, ' ', '_')"


def uses(session: Session, name: str) -> list[str]:
    """Return the business uses of a configuration key in the form of :func:`use_key`."""
    return [value.lower().rstrip(" ").replace(" ", "_") for value in session.setting(name)]


@dataclass(frozen=True)
class Window:
    """The months that voucher flows look back, half open.

    Attributes:
        start: First instant, inclusive.
        end: First instant after the period, exclusive.
        month_start: First instant of the period itself.
        first_day: First day, for date-only columns.
        last_day: Last day, for date-only columns.
    """

    start: datetime
    end: datetime
    month_start: datetime
    first_day: date
    last_day: date

    @property
    def parameters(self) -> dict[str, Any]:
        """The window as named parameters of a query."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}

    def select(self, *names: str) -> dict[str, Any]:
        """Return some of its parameters: DuckDB refuses one that a query does not use."""
        return {name: getattr(self, name) for name in names}


def window(session: Session) -> Window:
    """Return the window: the period and the months before it (domain 7.6.1).

    Cut-off 2025-09-30 and twelve months give 2024-10-01T00:00 up to, not including, 2025-10-01T00:00.

    Raises:
        CatalogError: The configured number of months is not between 1 and 12.
    """
    text = session.setting("voucher_window_months")
    if len(text) != 1 or not text[0].isdigit() or not 1 <= int(text[0]) <= _LONGEST_WINDOW:
        raise CatalogError(
            "voucher_window_months is no number of months that the entries reach back",
            action=f"write one number from 1 to {_LONGEST_WINDOW}",
        )
    first = session.period
    for _ in range(int(text[0]) - 1):
        first = first.previous()
    return Window(
        start=first.period_start,
        end=session.period.period_end,
        month_start=session.period.period_start,
        first_day=first.period_start.date(),
        last_day=session.period.last_day,
    )


def component_sign(item_id: str) -> int:
    """Return the sign that turns a component's amounts into NAV's: what an explained amount is multiplied by (DECISIONS B2).

    Raises:
        CatalogError: The item is no component, or has no sign.
    """
    component = get_item(item_id).component
    if component is None or not component.sign:
        raise CatalogError("the item has no sign", action="declare it as a component", item=item_id)
    return int(component.sign)


def remarks_by_company(
    session: Session, code: str, text: str, sql: str, parameters: Mapping[str, Any] | None = None
) -> list[Remark]:
    """Return one remark per company for rows that a query finds.

    Args:
        session: The inputs of the month.
        code: Short name of the reason.
        text: The reason in words.
        sql: A query that answers company, number of rows, amount in LCY (or null); it is ordered here.
        parameters: Its named parameters.
    """
    found = session.rows(f"SELECT * FROM ({sql}) ORDER BY ALL NULLS LAST", parameters)
    return [Remark(code, text, company, rows, amount) for company, rows, amount in found if rows]


def lines_of(session: Session, component: str, sql: str) -> tuple[BridgeLine, ...]:
    """Return a bridge's lines from a query that answers company, amount in LCY, number of proof rows; ordered by company."""
    return tuple(
        BridgeLine(company, component, amount, rows)
        for company, amount, rows in session.rows(f"SELECT * FROM ({sql}) ORDER BY ALL")
    )
