"""Collection partners and sellers of the demo: each branch of IPE_31 and the cases of IPE_11, mostly planted.

Here belongs the cash reconciliation with partners and the sellers' transactions. What does not belong here: what is open of
the planted events (``demo.planted_partners``), packages of order items (``demo.order_items``).
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal

import numpy as np
import pyarrow as pa

from soxauto_assets.demo import arrays, planted_partners
from soxauto_assets.demo.arrays import Integers
from soxauto_assets.demo.companies import CODES, COMPANIES, MONTHS, Company
from soxauto_assets.period import Period
from soxauto_assets.sources.contracts import contract

# What IPE_11 must list for 2025-09 of the planted rows: transaction and amount.
IPE_11_PRESENT = {
    "S-open": "10.5000", "S-later": "11.0000", "S-last": "12.0000", "S-first": "13.0000", "S-novendor": "14.0000",
}  # fmt: skip
IPE_11_ABSENT = ("S-stated", "S-other", "S-next", "S-before")


def tables() -> dict[str, pa.Table]:
    """Return every table of partners and sellers."""
    rows = {**_transactions(), **_lists(), **_look_ups(), **_sellers()}
    return {source: arrays.records(contract(source), list(_dated(members))) for source, members in rows.items()}


def _dated(rows: Iterable[Mapping[str, object]]) -> Iterable[dict[str, object]]:
    """Read dates and amounts that are written as text."""
    for row in rows:
        yield {
            name: datetime.fromisoformat(value)
            if isinstance(value, str) and "date" in name
            else Decimal(value)
            if isinstance(value, str) and "amount" in name
            else value
            for name, value in row.items()
        }


def _transaction(entity: str, amount: str, company: str = "EC_NG", **fields: object) -> dict[str, object]:
    plain: dict[str, object] = {
        "id_company": company, "created_date": "2025-09-10T10:00:00", "cp": "HUB1", "transaction_type": "Cash In",
        "related_entity": entity, "amount": amount,
    }  # fmt: skip
    return {**plain, **fields}


@dataclass(frozen=True)
class _CashIn:
    """An ordinary transaction: open from its creation until it is on a list."""

    company: Company
    name: str
    amount: int
    created: datetime
    listed: datetime


def _ordinary() -> Iterator[_CashIn]:
    for company in COMPANIES:
        for period in MONTHS:
            for number in range(4):
                yield _CashIn(
                    company, f"{company.country}-{period.key}-{number}", 1_000 + number,
                    period.period_start + timedelta(days=3 + 7 * number),
                    period.period_start + timedelta(days=20 + 7 * number),
                )  # fmt: skip


def open_amounts() -> Integers:
    """Return what partners owe at each month end, by company and month in units of 0.0001, whether IPE_31 lists it or not."""
    amounts = np.zeros((len(CODES), len(MONTHS)), dtype=np.int64)
    for cash in _ordinary():
        for month, period in enumerate(MONTHS):
            if cash.created < period.period_end <= cash.listed:
                amounts[CODES.index(cash.company.code), month] += cash.amount * arrays.UNIT
    for case in planted_partners.CASES:
        for key, amount in case.open.items():
            amounts[CODES.index(case.company), MONTHS.index(Period.parse(key))] += arrays.units(amount)
    return amounts


def _transactions() -> dict[str, list[dict[str, object]]]:
    ordinary = [
        _transaction(
            f"T-{cash.name}", str(cash.amount), cash.company.code, created_date=cash.created.isoformat(),
            transaction_list_nr=f"L-{cash.name}", transaction_list_date=cash.listed.isoformat(),
        )
        for cash in _ordinary()
    ]  # fmt: skip
    planted = [
        _transaction("open", "100"),
        _transaction("listed_before", "1", transaction_list_nr="L1", transaction_list_date="2025-09-30T23:59:59.999"),
        _transaction("listed_at_cutoff", "101", transaction_list_nr="L2", transaction_list_date="2025-10-01T00:00:00"),
        _transaction("waiting_approval", "102", transaction_list_nr="W1", transaction_list_date="2025-09-15T00:00:00"),
        _transaction(
            "waiting_confirmation", "103", transaction_list_nr="W2", transaction_list_date="2025-09-15T00:00:00"
        ),
        _transaction("confirmed", "1", transaction_list_nr="W3", transaction_list_date="2025-09-15T00:00:00"),
        _transaction("excluded_type", "1", transaction_type="Payment Charges"),
        _transaction("after_cutoff", "1", created_date="2025-10-01T00:00:00"),
        _transaction("nothing", "0"),
        _transaction("PAY-TRANSFER", "104.5", transaction_type="Transfer to", created_date="2025-10-02T00:00:00"),
        _transaction("unknown_partner", "106", cp="HUB9"),
        _transaction("in_tunisia", "1", "AT_TN"),
        _transaction("out_of_scope", "1", "ZZ_US"),
    ]
    return {
        "cashrec_transaction": [*ordinary, *planted],
        "cashrec_reallocations": [
            _reallocation("moved", "2025-09-12T00:00:00", "2025-10-01T00:00:00"),
            _reallocation("moved_back", "2025-09-12T00:00:00", "2025-09-30T23:59:59.999"),
            _reallocation("moved_future", "2025-10-01T00:00:00", "2025-10-05T00:00:00"),
        ],
    }  # fmt: skip


def _reallocation(entity: str, original: str, moved: str) -> dict[str, object]:
    return {
        "id_company": "EC_NG", "original_transaction_date": original, "reallocated_transaction_date": moved,
        "collection_partner_from": "HUB1", "collection_partner_to": "HUB2", "related_entity": entity, "amount": "105",
    }  # fmt: skip


def _payment(no: str, amount: str, charges: str | None = None, **fields: object) -> dict[str, object]:
    plain: dict[str, object] = {
        "id_company": "EC_NG", "oms_payment_no": no, "oms_type": "Payment", "oms_payment_date": "2025-09-20T00:00:00",
        "payment_status": "inProgress", "collection_partner_name": "HUB1", "payment_amount": amount,
        "charges_amount": charges,
    }  # fmt: skip
    return {**plain, **fields}


def _allocation(list_no: str, reconciled: str | None, **fields: object) -> dict[str, object]:
    plain: dict[str, object] = {
        "id_company": "EC_NG", "packlist_no": list_no, "packlist_status": "inProgress",
        "packlist_created_date": "2025-09-05T00:00:00", "collection_partner_name": "HUB1", "amount_received": "160",
        "payment_date": "2025-09-25T00:00:00", "payment_status": "inProgress", "payment_reconciled_amount": reconciled,
    }  # fmt: skip
    return {**plain, **fields}


def _closed(kind: str, no: str, **fields: object) -> dict[str, object]:
    plain: dict[str, object] = {
        "id_company": "EC_NG", "entity_type": kind, "entity_no": no, "force_closed": 1, "close_date": "2025-09-28T00:00:00",
    }  # fmt: skip
    return {**plain, **fields}


def _lists() -> dict[str, list[dict[str, object]]]:
    return {
        "packlist_packages": [
            {"id_company": "EC_NG", "packlist_no": "W1", "packlist_status": "waitingApproval", "package_nr": "PKG-W1"},
            {"id_company": "EC_NG", "packlist_no": "W2", "packlist_status": "waitingConfirmation", "package_nr": "PKG-W2"},
            {"id_company": "EC_NG", "packlist_no": "W3", "packlist_status": "waitingConfirmation", "package_nr": "PKG-W3"},
            {"id_company": "JD_GH", "packlist_no": "L1", "packlist_status": "waitingApproval", "package_nr": "PKG-L1"},
        ],
        "packlist_payments": [
            # A list of 160, of which 90 and charges of 10 are applied: 60 are open.
            _allocation("LIST-OPEN", "90", charges_reconciled_amount="10", oms_payment_no="PAY-OPEN"),
            _allocation("LIST-CLOSED", "160", oms_payment_no="PAY-CLOSED"),
            _allocation("LIST-FORCED", "20", oms_payment_no="PAY-CLOSED"),
            # Paid with the first instant after: the list is open, and so is the payment that it will settle.
            _allocation("LIST-LATER", "50", amount_received="50", payment_date="2025-10-01T00:00:00", oms_payment_no="PAY-B"),
            _allocation("LIST-DONE", "1", packlist_status="done"),
            _allocation("LIST-NULL", None),
            _allocation("LIST-FUTURE", "1", packlist_created_date="2025-10-01T00:00:00", oms_payment_no="PAY-A"),
            _allocation("LIST-C", "3", packlist_status="done", payment_status="rejected", oms_payment_no="PAY-C"),
            _allocation("LIST-D", None, packlist_status="done", charges_reconciled_amount="2", oms_payment_no="PAY-D"),
            _allocation("W2", None, packlist_status="done"),
            # The same numbers in another company, which must not reach this one.
            _allocation("W2", "1", packlist_status="done", id_company="JD_GH"),
            _allocation("LIST-OPEN", "3", packlist_status="done", id_company="JD_GH", oms_payment_no="PAY-NOTHING"),
            _allocation("W3", "1", packlist_status="waitingConfirmation", payment_date="2025-10-05T00:00:00",
                        packlist_created_date="2025-10-03T00:00:00"),
        ],
        "cashdeposit": [
            # A payment of 165.25 with charges of 5, of which 100 are allocated: 70.25 are open.
            _payment("PAY-OPEN", "165.25", "5"),
            _payment("PAY-NOTHING", "31"),
            _payment("PAY-CLOSED", "180"),
            _payment("PAY-A", "10"),
            _payment("PAY-B", "50"),
            _payment("PAY-C", "30"),
            _payment("PAY-D", "20"),
            _payment("PAY-ADJ", "8"),
            _payment("PAY-FUTURE", "9", oms_payment_date="2025-10-01T00:00:00"),
            # Deposits that a transfer must not find: another type, another number, another company.
            _payment("PAY-TRANSFER", "1", oms_payment_date="2025-09-16T00:00:00", payment_status="done"),
            _payment("PAY-TRANSFER-2", "1", oms_type="Transfer", oms_payment_date="2025-09-17T00:00:00",
                     payment_status="done"),
            _payment("PAY-TRANSFER", "1", oms_type="Transfer", oms_payment_date="2025-09-19T00:00:00",
                     payment_status="done", id_company="JD_GH"),
            _payment("PAY-TRANSFER", "104.5", oms_type="Transfer", oms_payment_date="2025-09-18T00:00:00",
                     payment_status="done"),
        ],
        "collection_adj": [
            _closed("packlist", "LIST-FORCED"),
            _closed("payment", "PAY-ADJ", force_closed=0),
            # What must not close a list or a payment: another kind, not forced, closed later, another company.
            _closed("payment", "LIST-OPEN"),
            _closed("packlist", "LIST-OPEN", force_closed=0),
            _closed("packlist", "LIST-OPEN", close_date="2025-10-01T00:00:00"),
            _closed("packlist", "LIST-OPEN", id_company="JD_GH"),
            _closed("packlist", "PAY-OPEN"),
            _closed("payment", "PAY-D", close_date="2025-10-01T00:00:00"),
            _closed("payment", "PAY-NOTHING", id_company="JD_GH"),
        ],
    }  # fmt: skip


def _look_ups() -> dict[str, list[dict[str, object]]]:
    codes = [company.code for company in COMPANIES]
    return {
        "hubs_3pl_mapping": [
            {"id_company": code, "node": f"HUB{number}", "service_provider": f"Provider {number}"}
            for code in codes
            for number in (1, 2)
        ],
        "collection_partners": [
            {"id_company": code, "name": name, "type": "3PL", "erp_name": f"SP{number}"}
            for code in codes
            for number, name in enumerate(("HUB1", "HUB2"), 1)
        ],
        "bank_accounts": [
            {
                "id_company": code,
                "bank_account_no": f"B{number}",
                "service_provider_no": provider,
                "bank_account_posting_group": group,
            }
            for code in codes
            for number, (provider, group) in enumerate(
                (("SP1", "COLLECT"), ("SP1", "COLLECT"), ("SP1", "EXCLUDED"), ("SP2", "COLLECT")), 1
            )
        ],
        "bank_account_posting_group": [
            {"id_company": code, "code": group, "g_l_bank_account_no": account}
            for code in codes
            for group, account in (("COLLECT", "13011"), ("EXCLUDED", "10058"))
        ],
    }


def _sale(no: str, amount: str, company: str = "EC_NG", **fields: object) -> dict[str, object]:
    plain: dict[str, object] = {
        "id_company": company, "created_date": "2025-09-10T00:00:00", "id_transaction": no, "transaction_no": f"N-{no}",
        "transaction_type": "Commission", "transaction_amount": amount, "created_manually": 0, "bob_id_vendor": "7",
    }  # fmt: skip
    return {**plain, **fields}


def _sellers() -> dict[str, list[dict[str, object]]]:
    codes = [company.code for company in COMPANIES]
    ordinary = [
        _sale(
            f"{company.country}-{period.key}-{number}", str(50 + number), company.code,
            created_date=(period.period_start + timedelta(days=2 + 6 * number)).isoformat(),
        )
        for company in COMPANIES
        for period in MONTHS
        for number in range(5)
    ]  # fmt: skip
    planted = [
        _sale("S-open", "10.5"),
        _sale("S-later", "11", ring_id_transaction_statement="ST-LATER"),
        _sale("S-stated", "1", ring_id_transaction_statement="ST-BEFORE"),
        _sale("S-last", "12", created_date="2025-09-30T23:59:59.999"),
        _sale("S-first", "13", created_date="2025-09-01T00:00:00"),
        _sale("S-next", "1", created_date="2025-10-01T00:00:00"),
        _sale("S-before", "1", created_date="2025-08-31T23:59:59.999"),
        _sale("S-other", "1", transaction_type="Payout"),
        _sale("S-novendor", "14", bob_id_vendor="99"),
    ]
    return {
        "transactions_seller": [*ordinary, *planted],
        "ring_account_statements": [
            {"id_company": "EC_NG", "id_account_statement": "ST-LATER", "end_date": "2025-10-01T00:00:00", "paid": 0},
            {
                "id_company": "EC_NG",
                "id_account_statement": "ST-BEFORE",
                "end_date": "2025-09-30T23:59:59.999",
                "paid": 1,
            },
            {"id_company": "JD_GH", "id_account_statement": "ST-LATER", "end_date": "2025-10-05T00:00:00", "paid": 0},
        ],
        "ring_transactions": [
            {"id_company": company, "id_transaction": transaction, "transaction_type_name": "Item commission"}
            for company, transaction in (("EC_NG", "S-open"), ("EC_NG", "S-last"), ("JD_GH", "S-open"))
        ],
        "vendors": [
            {
                "id_company": code,
                "bob_id_vendor": no,
                "vendor_short_code": f"V00{no}",
                "vendor_name": f"Vendor {no}",
                "is_global": 0,
            }
            for code in codes
            for no in ("7", "8")
        ],
        "asg_dim": [
            {"id_company": code, "sc_asg_name": name, "asg_level_1": level, "asg_level_2": "Marketplace"}
            for code in codes
            for name, level in (("commission ", "REVENUES"), ("Payout", "Payments"))
        ],
    }
