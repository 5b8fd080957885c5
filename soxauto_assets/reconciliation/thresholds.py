"""Threshold contracts: above which amount somebody must look.

Here belongs reading the contracts and finding the rule that decides. What does not belong here: the amounts.

Source: domain 7.7, DECISIONS B18. A value equal to its threshold is investigated.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal, InvalidOperation
from typing import Any, Literal

from soxauto_assets.errors import CatalogError
from soxauto_assets.reconciliation.rules import RuleFile

Kind = Literal["bucket", "line_item", "country"]
_KINDS = ("bucket", "line_item", "country")
_SCOPE = ("account", "category", "voucher_type")
DEFAULT = "DEFAULT"
FALLBACK = "fallback"


@dataclass(frozen=True)
class Threshold:
    """The rule that decides one amount.

    Attributes:
        usd: Amount in US dollars from which on somebody must look.
        contract: Country code of the contract, ``DEFAULT`` or ``fallback``.
        version: Version of the contract.
        rule: The rule in words.
        specificity: How many of account, category and voucher type it names.
        sha256: Digest of the file with all contracts.
    """

    usd: Decimal
    contract: str
    version: str
    rule: str
    specificity: int
    sha256: str

    def reached(self, usd: Decimal) -> bool:
        """Say whether an amount must be investigated: equal to the threshold is enough."""
        return abs(usd) >= self.usd

    def to_json(self) -> dict[str, Any]:
        """Return the threshold as plain values."""
        return {
            "usd": self.usd,
            "contract": self.contract,
            "version": self.version,
            "rule": self.rule,
            "specificity": self.specificity,
            "sha256": self.sha256,
        }


@dataclass(frozen=True)
class _Rule:
    kind: str
    usd: Decimal
    scope: Mapping[str, str]
    description: str


@dataclass(frozen=True)
class _Contract:
    country: str
    version: str
    effective_from: date
    rules: tuple[_Rule, ...]


class Thresholds:
    """All threshold contracts.

    Args:
        file: The rule file ``thresholds``.

    Raises:
        CatalogError: An entry is malformed, or two contracts of a country begin on one day, or two rules of one contract
            decide the same.
    """

    def __init__(self, file: RuleFile):
        self.file = file
        try:
            self._contracts = tuple(_contract(entry) for entry in file.content["contracts"])
            self._fallback = {kind: Decimal(file.content["fallback"][kind]) for kind in _KINDS}
        except (KeyError, TypeError, ValueError, InvalidOperation) as error:
            raise CatalogError(
                f"thresholds.yaml is malformed ({error})", action="compare it with the file that is delivered"
            ) from error
        self._require_unambiguous()

    def _require_unambiguous(self) -> None:
        seen = set()
        for contract in self._contracts:
            if (contract.country, contract.effective_from) in seen:
                raise CatalogError(
                    f"two contracts of {contract.country} are effective from {contract.effective_from}",
                    action="give each its own day",
                )
            seen.add((contract.country, contract.effective_from))
            rules = [(rule.kind, tuple(sorted(rule.scope.items()))) for rule in contract.rules]
            if len(set(rules)) < len(rules):
                raise CatalogError(
                    f"the contract of {contract.country} from {contract.effective_from} has two rules of one scope",
                    action="leave one of them",
                )

    def resolve(
        self,
        kind: Kind,
        country: str | None,
        on: date,
        account: str | None = None,
        category: str | None = None,
        voucher_type: str | None = None,
    ) -> Threshold:
        """Return the threshold that decides an amount.

        Args:
            kind: What is compared.
            country: ISO code; None = only DEFAULT and the fallback can fit.
            on: Last day of the month.
            account: Group account, when the amount is of one account.
            category: Voucher category, for a bucket.
            voucher_type: Voucher type, for a bucket.
        """
        asked = {"account": account, "category": category, "voucher_type": voucher_type}
        for owner in (country, DEFAULT):
            contract = self._effective(owner, on)
            fitting = [
                rule
                for rule in (contract.rules if contract else ())
                if rule.kind == kind and all(asked[name] == value for name, value in rule.scope.items())
            ]
            if contract and fitting:
                rule = max(fitting, key=lambda candidate: len(candidate.scope))
                named = "".join(f", {name.replace('_', ' ')} {value}" for name, value in sorted(rule.scope.items()))
                text = f"{kind.replace('_', ' ')}: {rule.description}{named}"
                return Threshold(rule.usd, contract.country, contract.version, text, len(rule.scope), self.file.digest)
        text = f"{kind.replace('_', ' ')}: no contract is effective on {on}"
        return Threshold(self._fallback[kind], FALLBACK, self.file.version, text, 0, self.file.digest)

    def _effective(self, country: str | None, on: date) -> _Contract | None:
        begun = [c for c in self._contracts if c.country == country and c.effective_from <= on]
        return max(begun, key=lambda contract: contract.effective_from, default=None)


def _contract(entry: Mapping[str, Any]) -> _Contract:
    return _Contract(
        country=entry["country"],
        version=entry["version"],
        effective_from=date.fromisoformat(entry["effective_from"]),
        rules=tuple(_rule(rule) for rule in entry["rules"]),
    )


def _rule(entry: Mapping[str, Any]) -> _Rule:
    if entry["kind"] not in _KINDS or not isinstance(entry["usd"], str) or Decimal(entry["usd"]) < 0:
        raise ValueError(f"rule {dict(entry)}")
    unknown = set(entry) - {"kind", "usd", "description", *_SCOPE}
    if unknown:
        raise ValueError(f"unknown fields {sorted(unknown)}")
    scope = {name: entry[name] for name in _SCOPE if name in entry}
    return _Rule(entry["kind"], Decimal(entry["usd"]), scope, entry["description"])
