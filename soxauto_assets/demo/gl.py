"""General ledger entries of the demo's voucher account, from the life of the vouchers, and planted ones.

Here belongs ``gl_entries`` and ``detailed_gl_entry`` of account 18412. What does not belong here: the planted entries
(``demo.planted_entries``), the life of planted vouchers (``demo.voucher_life``), and balances (``demo.ledger``), which add
these entries up.
"""

from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa

from soxauto_assets.demo import arrays
from soxauto_assets.demo.arrays import Integers
from soxauto_assets.demo.companies import CODES, MONTHS
from soxauto_assets.demo.planted_entries import ACCOUNTANT, BATCH_USER, ENTRIES, Entry
from soxauto_assets.demo.receivables import VOUCHER_ACCOUNT
from soxauto_assets.demo.voucher_life import bookings
from soxauto_assets.demo.vouchers import LedgerEvent, VoucherBook, ledger_events, voucher_ids
from soxauto_assets.period import Period
from soxauto_assets.sources.contracts import contract

_FIRST_ORDINARY_ENTRY = 1_001
_FIRST_VOUCHER_ENTRY = 800_000_001
DAY = 86_400_000


def tables(book: VoucherBook) -> tuple[pa.Table, pa.Table, Integers]:
    """Return entries, detailed entries, and the posted amounts by company and month in units of 0.0001."""
    posted = np.zeros((len(CODES), len(MONTHS)), dtype=np.int64)
    entries, details = [], []
    next_entry = dict.fromkeys(CODES, _FIRST_ORDINARY_ENTRY)
    for event in ledger_events(book):
        first = next_entry[event.company.code]
        next_entry[event.company.code] += len(event.amount)
        entries.append(_entries(event, first))
        details.append(_details(event, first))
        _add(posted, event)
    for entry in ENTRIES:
        if "gl_account_no" not in entry.fields:
            month = MONTHS.index(Period.of(date.fromisoformat(entry.posted)))
            posted[CODES.index(entry.company), month] += arrays.units(entry.amount)
    for booking in bookings():
        posted[CODES.index(booking.voucher.company), MONTHS.index(Period.of(booking.day))] += booking.amount
    for rows, movements in (_planted(), _planted_vouchers()):
        entries.append(rows)
        details.append(movements)
    return pa.concat_tables(entries), pa.concat_tables(details), posted


def _entries(event: LedgerEvent, first: int) -> pa.Table:
    rows = len(event.amount)
    number = np.arange(first, first + rows, dtype=np.int64)
    day = arrays.days(event.at // DAY)
    return arrays.table(
        contract("gl_entries"),
        {
            "id_company": arrays.repeated(event.company.code, rows),
            "entry_no": pa.array(number),
            "document_no": arrays.numbered("GJ", number, 8),
            "voucher_no": voucher_ids(event.company.code, event.number),
            "posting_date": day,
            "document_date": day,
            "gl_account_no": arrays.repeated(VOUCHER_ACCOUNT[0], rows),
            "document_description": arrays.numbered(event.text, event.number, 7),
            "amount": arrays.decimals(event.amount),
            "busline_code": arrays.repeated("BL01", rows),
            "reversed": pa.array(np.zeros(rows, dtype=np.bool_)),
            "user_id": arrays.repeated(BATCH_USER if event.batch else ACCOUNTANT, rows),
            "system_created_entry": pa.array(np.full(rows, event.batch)),
        },
        rows,
    )


def _details(event: LedgerEvent, first: int) -> pa.Table:
    rows = len(event.amount)
    number = np.arange(first, first + rows, dtype=np.int64)
    return arrays.table(
        contract("detailed_gl_entry"),
        {
            "id_company": arrays.repeated(event.company.code, rows),
            "entry_no": pa.array(number),
            "gen_ledger_entry_no": pa.array(number),
            "g_l_account_no": arrays.repeated(VOUCHER_ACCOUNT[0], rows),
            "posting_date": arrays.days(event.at // DAY),
            "amount": arrays.decimals(event.amount),
        },
        rows,
    )


def _add(posted: Integers, event: LedgerEvent) -> None:
    company = CODES.index(event.company.code)
    day = event.at // DAY
    for month, period in enumerate(MONTHS):
        first, last = arrays.day_number(period.period_start.date()), arrays.day_number(period.last_day)
        posted[company, month] += int(event.amount[(day >= first) & (day <= last)].sum())


def _movement_account(entry: Entry) -> object:
    """Return the account of an entry's movements: the entry's own, where the chart knows it."""
    own = entry.fields.get("gl_account_no", VOUCHER_ACCOUNT[0])
    return VOUCHER_ACCOUNT[0] if own == "999999" else own


def _planted() -> tuple[pa.Table, pa.Table]:
    rows: list[dict[str, object]] = []
    movements: list[dict[str, object]] = []
    for entry in ENTRIES:
        common = {"id_company": entry.company}
        rows.append(
            {
                **common, "entry_no": entry.entry_no, "document_no": f"PLANTED-{entry.entry_no}",
                "posting_date": date.fromisoformat(entry.posted), "gl_account_no": VOUCHER_ACCOUNT[0],
                "amount": Decimal(entry.amount), "busline_code": "BL01", "reversed": False,
                "system_created_entry": False, **entry.fields,
            }
        )  # fmt: skip
        for day, amount in entry.movements:
            movements.append(
                {
                    **common, "entry_no": 900_000_000 + len(movements), "gen_ledger_entry_no": entry.entry_no,
                    "g_l_account_no": _movement_account(entry), "posting_date": date.fromisoformat(day),
                    "amount": Decimal(amount),
                }
            )  # fmt: skip
    return arrays.records(contract("gl_entries"), rows), arrays.records(contract("detailed_gl_entry"), movements)


def _planted_vouchers() -> tuple[pa.Table, pa.Table]:
    """Return entries and detailed entries of the planted vouchers."""
    rows: list[dict[str, object]] = []
    movements: list[dict[str, object]] = []
    for number, booking in enumerate(bookings(), _FIRST_VOUCHER_ENTRY):
        amount = Decimal(arrays.amount_text(booking.amount))
        common = {
            "id_company": booking.voucher.company,
            "entry_no": number,
            "posting_date": booking.day,
            "amount": amount,
        }
        rows.append(
            {
                **common, "document_no": f"PV-{number}", "voucher_no": booking.voucher.id, "document_date": booking.day,
                "gl_account_no": VOUCHER_ACCOUNT[0], "document_description": f"{booking.text}{number}",
                "busline_code": "BL01", "reversed": booking.reversed,
                "user_id": BATCH_USER if booking.batch else ACCOUNTANT, "system_created_entry": booking.batch,
            }
        )  # fmt: skip
        movements.append({**common, "gen_ledger_entry_no": number, "g_l_account_no": VOUCHER_ACCOUNT[0]})
    return arrays.records(contract("gl_entries"), rows), arrays.records(contract("detailed_gl_entry"), movements)


def small_tables() -> dict[str, pa.Table]:
    """Return ``ifrs_mapping``."""
    groups = {"18412": "Other liabilities", "13003": "Trade receivables", "13004": "Other receivables"}
    return {
        "ifrs_mapping": arrays.records(
            contract("ifrs_mapping"),
            [
                {"level_4_code": code, "level_1_name": "Balance sheet", "level_2_name": "Current", "level_3_name": name}
                for code, name in groups.items()
            ],
        )
    }
