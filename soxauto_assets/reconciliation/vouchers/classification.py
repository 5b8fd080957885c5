"""What each entry of the voucher liability is: category and voucher type, by ordered rules (domain 7.5).

Here belongs running the rules over the entries. What does not belong here: the rules (``rules/classification.yaml``), their
form (``vouchers.entry_rules``), and what the categories are compared with (``vouchers.pivots``).
"""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from soxauto_assets.catalog import get_item
from soxauto_assets.reconciliation.inputs import Session, decimal_sum
from soxauto_assets.reconciliation.matching import remarks_by_company, voucher_key
from soxauto_assets.reconciliation.model import Remark
from soxauto_assets.reconciliation.rules import load_rules
from soxauto_assets.reconciliation.vouchers.entry_rules import (
    LOOK_UP,
    NONE,
    EntryRule,
    entry_rules,
    quoted,
    words_columns,
)
from soxauto_assets.reconciliation.vouchers.voucher_types import UNKNOWN, VoucherTypes, look_up_table, voucher_types

ENTRIES = "CR_03_MOV"
TABLE = "voucher_entries"
UNCATEGORIZED = "Uncategorized"
REVERSED = "Reversed"
_LOOK_UP_TABLE = "voucher_uses"


@dataclass(frozen=True)
class CategoryTotal:
    """Entries of one company, category and voucher type.

    Attributes:
        company: Company code.
        category: ``Issuance``, ``Usage``, ``Cancellation``, ``Expired``, ``VTC``, ``Reversed`` or ``Uncategorized``.
        voucher_type: Harmonised voucher type.
        amount: LCY, debit positive.
        rows: Number of entries.
    """

    company: str
    category: str
    voucher_type: str
    amount: Decimal
    rows: int

    def to_json(self) -> dict[str, Any]:
        """Return the total as plain values."""
        return {name: getattr(self, name) for name in self.__dataclass_fields__}


@dataclass(frozen=True)
class Classification:
    """The classified entries.

    Attributes:
        table: Name of the kept table, None where the entries are missing. Columns: company, entry_no, posting_date,
            voucher_no, document_no, document_description, amount (LCY, debit positive), integration_type, category (null =
            not classified), voucher_type (harmonised), business_use (as the look-up found it), rule.
        totals: Classified entries, in order of company, category, voucher type.
        remarks: Entries without a category, rules and look-ups that can never decide anything, conflicts.
        missing: Items that are missing; without ``CR_03_MOV`` there is no table, without the others types stay Unknown.
    """

    table: str | None
    totals: tuple[CategoryTotal, ...] = ()
    remarks: tuple[Remark, ...] = ()
    missing: tuple[str, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the result as plain values; entries are a table of their own."""
        return {
            "table": self.table,
            "totals": [total.to_json() for total in self.totals],
            "remarks": [remark.to_json() for remark in self.remarks],
            "missing": list(self.missing),
        }


def classify_entries(session: Session) -> Classification:
    """Give every entry of the voucher liability its category and voucher type.

    Entries of amount 0, and of accounts outside the liability, get none. The look-up reads IPE_08, then IPE_08_USAGE.

    Args:
        session: The inputs of the month.
    """
    missing = session.without(ENTRIES, "IPE_08", "IPE_08_USAGE")
    if ENTRIES in missing:
        return Classification(None, missing=missing)
    types = voucher_types(load_rules("voucher_types"))
    rules = entry_rules(load_rules("classification"))
    held = {column.name for column in get_item(ENTRIES).columns}
    live = [rule for rule in rules if set(rule.columns) <= held]
    remarks = [_unreachable(rule, held) for rule in rules if rule not in live]
    remarks += look_up_table(session, types, _LOOK_UP_TABLE)
    table = session.keep(
        TABLE,
        _entries_sql(live, types),
        {"users": _users(session), "accounts": list(session.setting("accounts_IPE_08"))},
    )
    totals = session.rows(
        f"SELECT company, category, voucher_type, {decimal_sum('amount')}, count(*) FROM {table} "
        "WHERE category IS NOT NULL GROUP BY ALL ORDER BY ALL"
    )
    remarks += _remarks(session, table)
    return Classification(table, tuple(CategoryTotal(*row) for row in totals), tuple(remarks), missing)


def classified(session: Session) -> str:
    """Return the name of the table of classified entries; make it when no part of this session has made it."""
    if TABLE not in session.kept:
        classify_entries(session)
    return TABLE


def _users(session: Session) -> list[str]:
    return [user.upper().strip().replace("\\", "/") for user in session.setting("integration_users")]


def _unreachable(rule: EntryRule, held: set[str]) -> Remark:
    lacking = ", ".join(sorted(set(rule.columns) - held))
    return Remark(
        "unreachable_rule", f"rule {rule.id} ({rule.category}) can never decide: {ENTRIES} has no column {lacking}"
    )


def _entries_sql(rules: list[EntryRule], types: VoucherTypes) -> str:
    """Return the query of the table: one CASE for the rule, and what follows from it.

    Conditions are computed once per entry; category and type are read off the number of the rule that decided.
    """
    cases = " ".join(f"WHEN {rule.predicate} THEN {quoted(rule.id)}" for rule in rules)
    category = " ".join(f"WHEN {quoted(rule.id)} THEN {quoted(rule.category)}" for rule in rules)
    given = " ".join(
        f"WHEN {quoted(rule.id)} THEN {quoted(UNKNOWN if rule.voucher_type == NONE else rule.voucher_type)}"
        for rule in rules
        if rule.voucher_type != LOOK_UP
    )
    # Columns of the entry in the order in which the steps of the look-up name them first.
    order = list(dict.fromkeys(step.entry for step in types.steps if not step.lacking))
    joins = " ".join(
        f"LEFT JOIN {_LOOK_UP_TABLE} AS by_{entry} ON by_{entry}.company = e.company "
        f"AND by_{entry}.entry_column = {quoted(entry)} AND by_{entry}.voucher_key = {voucher_key(f'e.{entry}')}"
        for entry in order
    )
    found = ", ".join((*(f"by_{entry}.business_use" for entry in order), "NULL"))
    return f"""
        WITH entry AS (
            SELECT *, CASE WHEN replace(upper(trim(user_id)), chr(92), '/') IN (SELECT unnest($users))
                THEN 'Integration' ELSE 'Manual' END AS integration_type{words_columns(rules)},
                coalesce(amount <> 0 AND list_contains($accounts, rtrim(group_coa_account_no, ' ')), false) AS counts
            FROM {ENTRIES.lower()}
        ),
        ruled AS (
            SELECT *, CASE WHEN NOT counts THEN NULL {cases} END AS rule
            FROM entry
        ),
        typed AS (
            SELECT e.*, coalesce({found}) AS business_use FROM ruled AS e {joins}
        )
        SELECT company, entry_no, posting_date, voucher_no, document_no, document_description, amount, integration_type,
            CASE WHEN counts THEN CASE rule {category} ELSE '{UNCATEGORIZED}' END END AS category,
            CASE WHEN counts THEN CASE rule {given} ELSE {types.sql("business_use")} END END AS voucher_type,
            business_use, rule
        FROM typed"""


def _remarks(session: Session, table: str) -> list[Remark]:
    sums = f"SELECT company, count(*), {decimal_sum('amount')} FROM {table} WHERE {{}} GROUP BY company"
    counted = (
        ("zero_amount", "entries of amount 0, which are never classified", "amount = 0"),
        (
            "other_account",
            "entries of accounts outside the voucher liability, which are not classified",
            "amount <> 0 AND category IS NULL",
        ),
        ("uncategorized", "entries that no rule takes", f"category = '{UNCATEGORIZED}'"),
        ("reversed", "entries that another one takes back, in a category of their own", f"category = '{REVERSED}'"),
        (
            "type_unknown",
            "entries whose voucher type neither a rule nor the look-up gives",
            f"voucher_type = '{UNKNOWN}'",
        ),
    )
    return [
        remark
        for code, text, where in counted
        for remark in remarks_by_company(session, code, text, sums.format(where))
    ]
