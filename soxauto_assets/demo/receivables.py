"""Customer receivables of the demo: entries and movements, by month, from seeded events.

Here belongs what happens to customers and how NAV BI would hold it. What does not belong here: the general ledger's view of
the same events (``demo.ledger``), which reads the postings that are added up here.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal

import numpy as np
import pyarrow as pa

from soxauto_assets.demo import arrays
from soxauto_assets.demo.arrays import Integers
from soxauto_assets.demo.companies import CODES, COMPANIES, LAST, MONTHS, Company
from soxauto_assets.demo.planted import CUSTOMER_NAMES, ENTRIES, LATE, Entry
from soxauto_assets.period import Period
from soxauto_assets.sources.contracts import contract

# Posting group -> local account, group account, name; ordinary entries use the first four.
GROUPS = {
    "NATIONAL": ("130030", "13003", "Customer AR trade"),
    "NAT": ("130031", "13003", "Customer AR trade"),
    "EXPORT": ("130040", "13004", "Customer AR other"),
    "OM": ("130090", "13009", "Allowance for doubtful customer accounts"),
    "EMP-NAT": ("130100", "13010", "Employee receivables"),
    "VENDORS": ("220010", "22001", "Trade payables"),
}
# The one account of the chart that is no receivable: ledger entries are extracted by its group account.
VOUCHER_ACCOUNT = ("184120", "18412", "Voucher liability")
ORDINARY_GROUPS = ("NATIONAL", "NAT", "EXPORT", "OM")
BUSLINES = ("BL01", "BL02")
_FIRST_ORDINARY_ENTRY = 1_001
_CUSTOMERS_PER_WEIGHT = 4
_LAST_DAY = arrays.day_number(LAST.last_day)


def account_of(group: str | None) -> str | None:
    """Return the group account that a posting group leads to."""
    return GROUPS[group.strip().upper()][1] if group and group.strip().upper() in GROUPS else None


@dataclass
class Postings:
    """Amounts posted to receivables, by (company, group, business line, month): what the ledger is made from.

    Attributes:
        amounts: Units of 0.0001, cumulated later by the ledger.
        rows: Number of entries open at each month end, by (company, group, month).
        remaining: Their remaining amount.
    """

    amounts: Integers = field(
        default_factory=lambda: np.zeros((len(CODES), len(GROUPS), len(BUSLINES), len(MONTHS)), dtype=np.int64)
    )
    rows: Integers = field(default_factory=lambda: np.zeros((len(CODES), len(GROUPS), len(MONTHS)), dtype=np.int64))
    remaining: Integers = field(
        default_factory=lambda: np.zeros((len(CODES), len(GROUPS), len(MONTHS)), dtype=np.int64)
    )


@dataclass(frozen=True)
class Month:
    """The rows of one posting month: the two ledger tables."""

    period: Period
    entries: pa.Table
    movements: pa.Table


def ledger_months(seed: int, scale: int, postings: Postings) -> Iterator[Month]:
    """Yield the ledger tables month by month, and add up what they post.

    Args:
        seed: Seed of the ordinary rows.
        scale: Multiplies the ordinary rows.
        postings: Receives the sums.
    """
    next_entry = dict.fromkeys(CODES, _FIRST_ORDINARY_ENTRY)
    next_movement = dict.fromkeys(CODES, 1)
    for number, period in enumerate(MONTHS):
        generator = arrays.Draws(seed, number)
        parts = []
        for company in COMPANIES:
            ordinary = _ordinary(generator, company, period, company.weight * scale, next_entry[company.code])
            next_entry[company.code] += len(ordinary.entry_no)
            ordinary.add_to(postings)
            parts.append(ordinary.tables(next_movement[company.code]))
            next_movement[company.code] += ordinary.movement_count
        planted = [entry for entry in ENTRIES if Period.of(entry.posted) == period]
        for entry in planted:
            _add_planted(entry, postings)
        parts.append(planted_tables(planted, 900_000_000 + number * 1_000))
        entries, movements = (pa.concat_tables(tables) for tables in zip(*parts, strict=True))
        yield Month(period, entries, movements)


@dataclass(frozen=True)
class _Events:
    """Ordinary entries of a company and month, as parallel arrays; amounts in units, days since 1970-01-01."""

    company: Company
    period: Period
    entry_no: Integers
    customer: Integers
    group: Integers
    busline: Integers
    posted: Integers
    amount: Integers
    settled: Integers
    settlement: Integers

    @property
    def movement_count(self) -> int:
        return len(self.entry_no) + int(np.count_nonzero(self.settled))

    def add_to(self, postings: Postings) -> None:
        """Add every posting of the entries, and what is open at each month end."""
        company = CODES.index(self.company.code)
        month = MONTHS.index(self.period)
        np.add.at(postings.amounts[company, :, :, month], (self.group, self.busline), self.amount)
        for later in range(month, len(MONTHS)):
            first, last = (arrays.day_number(d) for d in (MONTHS[later].period_start.date(), MONTHS[later].last_day))
            due = (self.settled >= first) & (self.settled <= last)
            where = (self.group[due], self.busline[due])
            np.add.at(postings.amounts[company, :, :, later], where, self.settlement[due])
            remaining = self.amount + np.where((self.settled > 0) & (self.settled <= last), self.settlement, 0)
            np.add.at(postings.rows[company, :, later], self.group[remaining != 0], 1)
            np.add.at(postings.remaining[company, :, later], self.group, remaining)

    def tables(self, first_movement: int) -> tuple[pa.Table, pa.Table]:
        """Return the entries and their movements."""
        rows = len(self.entry_no)
        code = arrays.repeated(self.company.code, rows)
        invoice = (self.amount > 0).astype(np.int64)
        customer = arrays.numbered("C", self.customer)
        amount = arrays.decimals(self.amount)
        entries = arrays.table(
            contract("customer_ledger_entries"),
            {
                "id_company": code,
                "entry_no": pa.array(self.entry_no),
                "gl_entry_no": pa.array(self.entry_no * 3),
                "document_no": arrays.numbered(f"{self.company.country}INV", self.entry_no, 8),
                "document_type": arrays.choose(["Credit Memo", "Invoice"], invoice),
                "posting_date": arrays.days(self.posted),
                "customer_no": customer,
                "automatically_integrated": pa.array(self.entry_no % 5 != 0),
                "customer_posting_group": arrays.choose(ORDINARY_GROUPS, self.group),
                "description": arrays.choose(["Credit memo", "Order invoice"], invoice),
                "source_code": arrays.choose(["SALES"], invoice * 0),
                "busline_code": arrays.choose(BUSLINES, self.busline),
                "department_code": arrays.choose(["D100", "D200", None], self.entry_no % 3),
                "original_amount": amount,
                "currency": arrays.repeated(self.company.currency, rows),
                "original_amount_lcy": amount,
                "open": pa.array(self.amount + np.where(self.settled > 0, self.settlement, 0) != 0),
                "due_date": arrays.days(self.posted + 30),
                "posted_by": arrays.choose(
                    ["JUMIA/NAV31AFR.BATCH.SRVC", "JUMIA/ACCOUNTANT"], (self.entry_no % 5 == 0) * 1
                ),
            },
            rows,
        )
        paid = self.settled > 0
        movements = arrays.table(
            contract("detailed_customer_ledger_entry"),
            {
                "id_company": arrays.repeated(self.company.code, self.movement_count),
                "entry_no": pa.array(np.arange(first_movement, first_movement + self.movement_count, dtype=np.int64)),
                "cust_ledger_entry_no": pa.array(np.concatenate([self.entry_no, self.entry_no[paid]])),
                "customer_no": arrays.numbered("C", np.concatenate([self.customer, self.customer[paid]])),
                "posting_date": arrays.days(np.concatenate([self.posted, self.settled[paid]])),
                "amount_lcy": arrays.decimals(np.concatenate([self.amount, self.settlement[paid]])),
            },
            self.movement_count,
        )
        return entries, movements


def _ordinary(generator: arrays.Draws, company: Company, period: Period, rows: int, first: int) -> _Events:
    """Draw the ordinary entries of a company and month."""
    first_day = arrays.day_number(period.period_start.date())
    length = arrays.day_number(period.last_day) - first_day + 1
    group = np.searchsorted([60, 80, 95], generator.integers(0, 100, rows), side="right").astype(np.int64)
    cents = generator.integers(100, 5_000_000, rows)
    thousandths = generator.integers(0, 10, rows) * (generator.integers(0, 50, rows) == 0)
    credit = (generator.integers(0, 100, rows) < 15) | (group == ORDINARY_GROUPS.index("OM"))
    amount = (cents * 100 + thousandths * 10) * np.where(credit, -1, 1)
    posted = first_day + generator.integers(0, length, rows)
    settled = posted + generator.integers(5, 71, rows)
    fate = generator.integers(0, 100, rows)
    settlement = np.where(fate < 80, -amount, -(amount * 6 // 10))
    settled = np.where((fate < 90) & (settled <= _LAST_DAY), settled, 0)
    return _Events(
        company=company,
        period=period,
        entry_no=np.arange(first, first + rows, dtype=np.int64),
        customer=generator.integers(1, company.weight * _CUSTOMERS_PER_WEIGHT + 1, rows),
        group=group,
        busline=generator.integers(0, len(BUSLINES), rows),
        posted=posted,
        amount=amount,
        settled=settled,
        settlement=settlement,
    )


def _add_planted(entry: Entry, postings: Postings) -> None:
    """Add a planted entry to what the ledger and the answers know; an entry that is never listed posts elsewhere."""
    if entry.fate not in ("open", "not in scope"):
        return
    assert entry.group is not None
    company, group = CODES.index(entry.company), list(GROUPS).index(entry.group.strip().upper())
    for day, amount in entry.movements:
        month = MONTHS.index(Period.of(date.fromisoformat(day)))
        postings.amounts[company, group, 0, month] += arrays.units(amount)
    for month, period in enumerate(MONTHS):
        if entry.listed(period) or (entry.fate == "not in scope" and entry.posted <= period.last_day):
            postings.rows[company, group, month] += entry.copies
            postings.remaining[company, group, month] += entry.remaining(period) * entry.copies


def planted_tables(entries: list[Entry], first_movement: int) -> tuple[pa.Table, pa.Table]:
    """Return planted entries and their movements."""
    rows: list[dict[str, object]] = []
    movements: list[dict[str, object]] = []
    for entry in entries:
        posted, amount = entry.movements[0]
        value = Decimal(amount)
        row = {
            "id_company": entry.company,
            "entry_no": entry.entry_no,
            "gl_entry_no": entry.entry_no * 3,
            "document_no": f"PLANTED-{entry.entry_no:04d}",
            "document_type": "Invoice" if value > 0 else "Credit Memo",
            "posting_date": date.fromisoformat(posted),
            "customer_no": entry.customer,
            "automatically_integrated": False,
            "customer_posting_group": entry.group,
            "description": entry.why,
            "busline_code": entry.busline,
            "original_amount": value,
            "currency": next(c.currency for c in COMPANIES if c.code == entry.company),
            "original_amount_lcy": value,
            "open": entry.remaining(LAST) != 0,
            "due_date": date.fromisoformat(entry.due) if entry.due else None,
            "posted_by": "JUMIA/ACCOUNTANT",
        }
        rows += [row] * entry.copies
        for day, part in entry.movements:
            movements.append(
                {
                    "id_company": entry.company,
                    "entry_no": first_movement + len(movements),
                    "cust_ledger_entry_no": entry.entry_no,
                    "customer_no": entry.customer,
                    "posting_date": date.fromisoformat(day),
                    "amount_lcy": Decimal(part),
                }
            )
    return (
        arrays.records(contract("customer_ledger_entries"), rows),
        arrays.records(contract("detailed_customer_ledger_entry"), movements),
    )


def late_tables() -> tuple[pa.Table, pa.Table]:
    """Return the tables of the late row."""
    return planted_tables([LATE], 990_000_000)


def customers_table() -> pa.Table:
    """Return ``customers``: planted ones with difficult names, and the ordinary ones of each company."""
    parts = [
        arrays.records(
            contract("customers"),
            [
                {
                    "id_company": company.code,
                    "customer_no": no,
                    "name": name,
                    "customer_posting_group": "NATIONAL",
                    "stream": "B2C",
                }
                for company in COMPANIES
                for no, name in CUSTOMER_NAMES.items()
            ],
        )
    ]
    for company in COMPANIES:
        numbers = np.arange(1, company.weight * _CUSTOMERS_PER_WEIGHT + 1, dtype=np.int64)
        parts.append(
            arrays.table(
                contract("customers"),
                {
                    "id_company": arrays.repeated(company.code, len(numbers)),
                    "customer_no": arrays.numbered("C", numbers),
                    "name": arrays.numbered("Customer ", numbers, 4),
                    "customer_posting_group": arrays.choose(ORDINARY_GROUPS[:2], numbers % 2),
                    "customer_busline": arrays.choose(BUSLINES, numbers % 2),
                    "stream": arrays.choose(["B2B", "B2C"], numbers % 2),
                },
                len(numbers),
            )
        )
    return pa.concat_tables(parts)


def small_tables() -> dict[str, pa.Table]:
    """Return posting groups, chart of accounts and business lines; one business line row stands there twice."""
    buslines = [
        {
            "company_code": company.code,
            "busline_code": code,
            "busline_vertical_name_1": "Retail",
            "busline_vertical_name_2": "Phones" if code == "BL01" else "Fashion",
        }
        for company in COMPANIES
        for code in BUSLINES
    ]
    return {
        "customer_posting_group": arrays.records(
            contract("customer_posting_group"),
            [
                {"id_company": company.code, "code": code, "receivables_account": local}
                for company in COMPANIES
                for code, (local, _, _) in GROUPS.items()
            ],
        ),
        "dim_chart_of_accounts": arrays.records(
            contract("dim_chart_of_accounts"),
            [
                {
                    "company_code": company.code,
                    "chart_of_accounts_no": local,
                    "account_name": f"{name}, {company.name}",
                    "group_coa_account_no": group,
                    "group_coa_account_name": name,
                }
                for company in COMPANIES
                for local, group, name in (*GROUPS.values(), VOUCHER_ACCOUNT)
            ],
        ),
        "dim_busline": arrays.records(contract("dim_busline"), [*buslines, buslines[0]]),
    }
