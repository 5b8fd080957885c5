"""The rule catalogue for open items: which rule each open collection and prepayment falls under (domain 7.6.6).

Here belongs applying the rules and saying which of them can never decide. What does not belong here: the rules
(``rules/open_items.yaml``), and journals: accounts are hints until accounting confirms their directions (DECISIONS B17).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from soxauto_assets.catalog import get_item
from soxauto_assets.errors import CatalogError
from soxauto_assets.reconciliation.inputs import Session, decimal_sum
from soxauto_assets.reconciliation.matching import folded
from soxauto_assets.reconciliation.model import Bridge, BridgeLine, Remark
from soxauto_assets.reconciliation.rules import RuleFile, load_rules
from soxauto_assets.reconciliation.vouchers.entry_rules import quoted

NAME = "open_items"
TITLE = "Open items by rule"
MEANING = (
    "Open collections and prepayments by the first rule whose texts one of their columns equals. Accounts are hints; nothing "
    "is explained and no journal is proposed."
)
SOURCE = "domain 7.6.6; DECISIONS B17, B24"
PROOF = "bridge_open_items"
_TYPE = "transaction_type"


@dataclass(frozen=True)
class OpenItemRule:
    """One rule.

    Attributes:
        key: Its name.
        rank: The lowest decides; of equal ranks the first in the file.
        when: Texts by column, folded; all columns hold together.
        debit: Accounts as hints.
        credit: Accounts as hints.
        enrichment: What a person would look up.
    """

    key: str
    rank: int
    when: Mapping[str, tuple[str, ...]]
    debit: tuple[str, ...]
    credit: tuple[str, ...]
    enrichment: str

    def applies_to(self, item_id: str) -> bool:
        """Say whether the item holds every column that the rule reads."""
        return set(self.when) <= {column.name for column in get_item(item_id).columns}

    @property
    def predicate(self) -> str:
        """Its conditions as SQL over the item."""
        return " AND ".join(
            f"coalesce({folded(f'CAST({column} AS VARCHAR)')} IN ({', '.join(map(quoted, texts))}), false)"
            for column, texts in self.when.items()
        )


@dataclass(frozen=True)
class OpenItemRules:
    """The catalogue.

    Attributes:
        rules: In the order in which they decide.
        items: Extracts that they run over.
        transaction_types: Every type that IPE_31 can give, folded.
    """

    rules: tuple[OpenItemRule, ...]
    items: tuple[str, ...]
    transaction_types: tuple[str, ...]

    def for_item(self, item_id: str) -> tuple[OpenItemRule, ...]:
        """Return the rules that an item's columns can trigger."""
        return tuple(rule for rule in self.rules if rule.applies_to(item_id))

    def never_decides(self, excluded_types: tuple[str, ...]) -> dict[str, str]:
        """Return why a rule can never decide, by its key: for want of a column, shadowed, or texts that nothing gives.

        Args:
            excluded_types: Transaction types that IPE_31 leaves out, folded.
        """
        found = {rule.key: reason for rule in self.rules if (reason := self._lacks(rule))}
        for number, rule in enumerate(self.rules):
            if rule.key in found or len(rule.when) > 1:
                continue
            column, texts = next(iter(rule.when.items()))
            before = [r for r in self.rules[:number] if set(r.when) == {column} and r.key not in found]
            left = [text for text in texts if not any(text in earlier.when[column] for earlier in before)]
            if not left:
                names = sorted({earlier.key for earlier in before if set(earlier.when[column]) & set(texts)})
                found[rule.key] = f"shadowed by {', '.join(names)}"
            elif column == _TYPE and not any(self._given(text, excluded_types) for text in left):
                found[rule.key] = f"no extract gives the transaction types {', '.join(left)}"
        return found

    def texts_never_given(self, rule: OpenItemRule, excluded_types: tuple[str, ...]) -> tuple[str, ...]:
        """Return the transaction types of a rule that IPE_31 never gives."""
        return tuple(text for text in rule.when.get(_TYPE, ()) if not self._given(text, excluded_types))

    def _given(self, text: str, excluded_types: tuple[str, ...]) -> bool:
        return text in self.transaction_types and text not in excluded_types

    def _lacks(self, rule: OpenItemRule) -> str | None:
        if any(rule.applies_to(item) for item in self.items):
            return None
        lacking = [
            f"{item} has no column {', '.join(sorted(set(rule.when) - {c.name for c in get_item(item).columns}))}"
            for item in self.items
        ]
        return "; ".join(lacking)


def open_item_rules(file: RuleFile) -> OpenItemRules:
    """Read the catalogue.

    Raises:
        CatalogError: The file is malformed, or two rules share a key.
    """
    content: Mapping[str, Any] = file.content
    try:
        rules = [
            OpenItemRule(
                key=entry["key"],
                rank=int(entry["rank"]),
                when={column: tuple(map(_fold, texts)) for column, texts in entry["when"].items()},
                debit=tuple(entry["debit"]),
                credit=tuple(entry["credit"]),
                enrichment=entry["enrichment"],
            )
            for entry in content["rules"]
        ]
        items, types = tuple(content["items"]), tuple(map(_fold, content["transaction_types"]))
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise CatalogError(
            f"{file.name}.yaml is malformed: {error!r}", action="write key, rank, when, debit, credit and enrichment"
        ) from error
    if len({rule.key for rule in rules}) != len(rules) or not all(rule.when for rule in rules):
        raise CatalogError(
            f"{file.name}.yaml has two rules of one key, or one without a condition", action="correct it"
        )
    return OpenItemRules(tuple(sorted(rules, key=lambda rule: rule.rank)), items, types)


def _fold(text: str) -> str:
    return text.lower().rstrip(" ")


def open_items_bridge(session: Session) -> Bridge:
    """Return the amounts that a rule takes, by company and component, unsigned.

    ``rows`` of a line counts open items. The proof table holds one row per company, item, rule and trigger: company, item,
    rule (null = none), trigger (transaction type, null for IPE_10), debit_hint, credit_hint, enrichment, amount_lcy, item_rows.
    Which rule an item falls under follows from its own columns.

    Args:
        session: The inputs of the month; needs IPE_31 and IPE_10.
    """
    catalogue = open_item_rules(load_rules("open_items"))
    if missing := session.without(*catalogue.items):
        return Bridge(NAME, TITLE, MEANING, SOURCE, explains=False, missing=missing)
    parts = [_item_sql(item, catalogue.for_item(item)) for item in catalogue.items]
    proof = session.keep(PROOF, " UNION ALL ".join(parts))
    lines = session.rows(
        f"SELECT company, item, {decimal_sum('amount_lcy')}, CAST(sum(item_rows) AS BIGINT) FROM {proof} "
        "WHERE rule IS NOT NULL GROUP BY ALL ORDER BY ALL"
    )
    return Bridge(
        NAME,
        TITLE,
        MEANING,
        SOURCE,
        explains=False,
        lines=tuple(BridgeLine(*line) for line in lines),
        remarks=tuple(_remarks(session, proof, catalogue)),
        proof=proof,
    )


def _item_sql(item_id: str, rules: tuple[OpenItemRule, ...]) -> str:
    item = get_item(item_id)
    assert item.component is not None
    trigger = folded(_TYPE) if any(column.name == _TYPE for column in item.columns) else "CAST(NULL AS VARCHAR)"

    def hint(values: Mapping[str, str]) -> str:
        cases = " ".join(f"WHEN {quoted(key)} THEN {quoted(text)}" for key, text in values.items())
        return f"CASE rule {cases} END" if cases else "CAST(NULL AS VARCHAR)"

    decide = " ".join(f"WHEN {rule.predicate} THEN {quoted(rule.key)}" for rule in rules)
    decided = f"CASE {decide} END" if decide else "CAST(NULL AS VARCHAR)"
    return f"""
        SELECT company, {quoted(item_id)} AS item, rule, trigger,
            {hint({rule.key: ", ".join(rule.debit) for rule in rules})} AS debit_hint,
            {hint({rule.key: ", ".join(rule.credit) for rule in rules})} AS credit_hint,
            {hint({rule.key: rule.enrichment for rule in rules})} AS enrichment,
            {decimal_sum("amount")} AS amount_lcy, count(*) AS item_rows
        FROM (
            SELECT company, {trigger} AS trigger, {item.component.amount} AS amount, {decided} AS rule
            FROM {item_id.lower()}
        ) GROUP BY company, rule, trigger"""


def _remarks(session: Session, proof: str, catalogue: OpenItemRules) -> list[Remark]:
    excluded = session.setting("excluded_transaction_types_ipe31")
    rows_of = dict(
        session.rows(f"SELECT rule, CAST(sum(item_rows) AS BIGINT) FROM {proof} WHERE rule IS NOT NULL GROUP BY 1")
    )
    never = catalogue.never_decides(excluded)
    found = []
    for rule in catalogue.rules:
        if rule.key in rows_of:
            continue
        reason = never.get(rule.key)
        code = "no_row" if reason is None else "shadowed_rule" if reason.startswith("shadowed") else "unreachable_rule"
        found.append(
            Remark(code, f"rule {rule.key}: {reason or 'it can decide, and no item of the month has its texts'}")
        )
    for rule in catalogue.rules:
        if rule.key not in never and (texts := catalogue.texts_never_given(rule, excluded)):
            found.append(Remark("unreachable_trigger", f"rule {rule.key}: no extract gives {', '.join(texts)}"))
    unruled = session.rows(
        f"SELECT item, trigger, company, item_rows, amount_lcy FROM {proof} WHERE rule IS NULL ORDER BY ALL NULLS FIRST"
    )
    return found + [
        Remark("no_rule", f"items of {item} that no rule takes: {trigger or 'no type'}", company, rows, amount)
        for item, trigger, company, rows, amount in unruled
    ]
