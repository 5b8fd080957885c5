"""Everything that happened in the demo, added up: what the ledger's balances and the answers are made from.

Here belongs the sum of all events. What does not belong here: the events themselves, and what a correct close makes of them
(``demo.answers``, ``demo.reconciliation_answers``).
"""

from dataclasses import dataclass, field

import numpy as np

from soxauto_assets.demo import arrays, partners, planted_items
from soxauto_assets.demo.arrays import Integers
from soxauto_assets.demo.companies import CODES, MONTHS
from soxauto_assets.demo.ledger import other_amounts
from soxauto_assets.demo.order_items import EXTRACTS, ItemTotals
from soxauto_assets.demo.orders import OrderTotals
from soxauto_assets.demo.receivables import Postings
from soxauto_assets.demo.vouchers import VoucherBook
from soxauto_assets.period import Period


@dataclass
class Events:
    """Everything that happened, added up: what answers and balances are made from.

    Attributes:
        vouchers: Every voucher and its use.
        postings: What the receivables posted.
        orders: Shop orders.
        items: Sales order items as the extracts must list them.
        booked: What the ledger booked on the voucher account, by company and month.
    """

    vouchers: VoucherBook
    postings: Postings = field(default_factory=Postings)
    orders: OrderTotals = field(default_factory=OrderTotals)
    items: ItemTotals = field(default_factory=ItemTotals)
    booked: Integers = field(default_factory=lambda: np.zeros((len(CODES), len(MONTHS)), dtype=np.int64))

    def balances(self) -> dict[str, Integers]:
        """Return the ledger's balance of each account with a sub-ledger, by company and month, debit positive."""
        amounts = {name: self.items.amounts[name] + planted_amounts(name) for name in EXTRACTS}
        return {
            "13005": amounts["IPE_12"] - other_amounts("13024"),
            "13011": partners.open_amounts(),
            "18317": amounts["IPE_34"],
            "18350": -amounts["IPE_10"],
            "18412": self.booked.cumsum(axis=1),
        }


def planted_amounts(name: str) -> Integers:
    """Return what the planted items add to an extract, by company and month."""
    amounts = np.zeros((len(CODES), len(MONTHS)), dtype=np.int64)
    for item in planted_items.ITEMS:
        for key in item.listed.get(name, ()):
            amounts[CODES.index(item.company), MONTHS.index(Period.parse(key))] += arrays.units(item.amounts[name])
    return amounts
