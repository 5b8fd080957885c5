"""Short names for the long columns of partners and sellers, so that a hand-made table stays readable on one screen.

Instants are short as well: ``09-02`` is that day of 2025; ``last`` and ``next`` are the last millisecond of 2025-09 and the
first instant of 2025-10.
"""

import re
from datetime import datetime

FIRST, LAST, NEXT = datetime(2025, 9, 1), datetime(2025, 9, 30, 23, 59, 59, 999000), datetime(2025, 10, 1)

_COLUMNS = {
    "company": "id_company",
    "created": "created_date",
    "entity": "related_entity",
    "kind": "transaction_type",
    "id": "id_transaction",
    "vendor": "bob_id_vendor",
    "held_by": "ring_id_transaction_statement",
    "sold": "transaction_amount",
    "list": "packlist_no",
    "list_status": "packlist_status",
    "opened": "packlist_created_date",
    "partner": "collection_partner_name",
    "received": "amount_received",
    "payment": "oms_payment_no",
    "applied": "payment_reconciled_amount",
    "extra": "charges_reconciled_amount",
    "paid_on": "oms_payment_date",
    "reversed": "payment_reversal_date",
    "on": "payment_date",
    "status": "payment_status",
    "sum": "payment_amount",
    "charges": "charges_amount",
    "settled_by": "transaction_list_nr",
    "settled": "transaction_list_date",
    "original": "original_transaction_date",
    "moved": "reallocated_transaction_date",
    "from": "collection_partner_from",
    "to": "collection_partner_to",
}


def partner_table(text: str) -> str:
    """Return the table with columns and instants written out; other names and cells stay."""
    header, *rows = [[cell.strip() for cell in line.split("|")] for line in text.strip().splitlines()]
    written = [[_COLUMNS.get(name, name) for name in header], *([_cell(cell) for cell in row] for row in rows)]
    return "\n".join(" | ".join(row) for row in written)


def _cell(cell: str) -> str:
    if re.fullmatch(r"\d\d-\d\d", cell):
        return f"2025-{cell}"
    return {"last": LAST.isoformat(" "), "next": NEXT.isoformat(" ")}.get(cell, cell)
