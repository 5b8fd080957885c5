"""The baseline of an item: all that its extract is made from, in parts that a person can read and approve.

Here belongs what the parts are, of the item as it is and of an extraction as it was made, and the approval. What does not
belong here: the rule that compares both (``checks.approval``).

No part names a period: another account list is a change, another month is not (PCAOB AS 2201 .B28 to .B33).
"""

import difflib
import json
from collections.abc import Iterator, Mapping
from dataclasses import asdict, replace
from datetime import UTC, date, datetime
from functools import cache
from importlib import metadata
from typing import Any

import sqlglot

from soxauto_assets.acts import Act
from soxauto_assets.canonical import plain, sha256_hex
from soxauto_assets.catalog.configuration import Configuration
from soxauto_assets.catalog.model import Item
from soxauto_assets.checks.model import Baseline
from soxauto_assets.checks.suite import check_plan, code_digest
from soxauto_assets.decisions.register import Decision
from soxauto_assets.decisions.writing import APPROVE_BASELINE, decision, require_words
from soxauto_assets.engines.sql import DIALECT
from soxauto_assets.errors import CatalogError
from soxauto_assets.extraction.extract import Extractor
from soxauto_assets.extraction.generated import without_witnesses
from soxauto_assets.extraction.record import ExtractionRecord
from soxauto_assets.period import Period

YEARS = "baseline_years"
# Who confirmed a binding, and when, is an act of its own; another confirmation of the same table changes nothing.
_BINDING = ("catalog", "database", "table", "columns", "status", "snapshot", "zone")


def current_parts(item: Item, extractor: Extractor) -> dict[str, str]:
    """Return the texts of an item as it is now, by part.

    Raises:
        BindingError: A source is not confirmed.
        CatalogError: A text is not sound.
    """
    # The period is left as placeholders, so that any will do; witnesses are examples, not definition.
    bound = replace(extractor, witnesses=()).statements(item, Period(2000, 1))
    # A tie that only warns is left out where its source is not confirmed, and that source with it.
    read = {source for statement in bound.values() for source in statement.statement.reads}
    return _parts(
        item,
        extractor.configuration,
        {purpose: statement.baseline for purpose, statement in bound.items()},
        {source: extractor.bindings.confirmed(source).to_json() for source in item.sources if source in read},
        {name: list(key.values) for name, key in extractor.configuration.select(item.configuration).items()},
        {"engine": extractor.engine.name, "version": extractor.engine.version} if bound else {},
    )


def recorded_parts(item: Item, record: ExtractionRecord, configuration: Configuration) -> dict[str, str]:
    """Return the texts that an extraction was made from, by part: what it recorded, and the rules that judge it now.

    Nothing is asked of the engine, so that it works when the source is gone.
    """
    made = record.statements.get("extract")
    return _parts(
        item,
        configuration,
        without_witnesses({purpose: statement.baseline for purpose, statement in record.statements.items()}),
        {source: record.bindings[source] for source in item.sources if source in record.bindings},
        {name: key["values"] for name, key in record.configuration.items()},
        {"engine": made.execution["engine"], "version": made.execution["version"]} if made else {},
    )


def baseline_of(approval: Decision | None, parts: Mapping[str, str], today: date) -> Baseline:
    """Return what the rule ``baseline`` may know: the approval beside the parts."""
    current = digests(parts)
    if approval is None:
        return Baseline(approved=None, current=current)
    return Baseline(
        approved={name: part["sha256"] for name, part in approval.details["parts"].items()},
        current=current,
        person=approval.person,
        approved_on=approval.decided_on,
        expires=approval.details["expires"],
        expired=expired(approval, today),
        act_sha256=approval.sha256,
    )


def approval_act(
    item: Item,
    parts: Mapping[str, str],
    environment: str,
    by: str,
    reason: str,
    configuration: Configuration,
    now: datetime,
    performed_by: Mapping[str, str],
) -> Act:
    """Return the act of approving parts as they are; it keeps their texts, so that a later change can be shown.

    Raises:
        DecisionError: Nobody or no reason is named.
        CatalogError: The configuration does not say for how long an approval counts.
    """
    person, why = require_words(by, reason, item.id)
    details = {
        "environment": environment,
        "item": item.id,
        "expires": _expiry(now.astimezone(UTC).date(), years(configuration)).isoformat(),
        "parts": {name: {"sha256": sha256_hex(text.encode()), "text": text} for name, text in parts.items()},
    }
    return decision(APPROVE_BASELINE, details, person, why, now, performed_by)


def digests(parts: Mapping[str, str]) -> dict[str, str]:
    """Return the SHA-256 of each part's text."""
    return {name: sha256_hex(text.encode()) for name, text in parts.items()}


def expired(approval: Decision, today: date) -> bool:
    """Say whether the last day of an approval has passed."""
    return date.fromisoformat(approval.details["expires"]) < today


def differences(approval: Decision, parts: Mapping[str, str]) -> dict[str, str]:
    """Return a unified diff, from approved to current, of each part that differs."""
    before = {name: part["text"] for name, part in approval.details["parts"].items()}
    return {
        name: "\n".join(
            difflib.unified_diff(
                before.get(name, "").splitlines(),
                parts.get(name, "").splitlines(),
                f"approved {approval.decided_on}/{name}" if name in before else "/dev/null",
                f"current/{name}" if name in parts else "/dev/null",
                lineterm="",
            )
        )
        for name in sorted(before.keys() | parts.keys())
        if before.get(name) != parts.get(name)
    }


def years(configuration: Configuration) -> int:
    """Return for how many years an approval counts.

    Raises:
        CatalogError: The configuration gives no number of years.
    """
    values = configuration[YEARS].values
    if len(values) != 1 or not values[0].isascii() or not values[0].isdigit() or not 1 <= int(values[0]) <= 99:
        raise CatalogError(
            f"configuration key {YEARS!r} is no number of years", action='give it one value from "1" to "99"'
        )
    return int(values[0])


def _expiry(day: date, count: int) -> date:
    try:
        return day.replace(year=day.year + count)
    except ValueError:  # the 29th of February
        return date(day.year + count, 2, 28)


def _parts(
    item: Item,
    configuration: Configuration,
    statements: Mapping[str, str],
    bindings: Mapping[str, Mapping[str, Any]],
    values: Mapping[str, list[str]],
    engine: Mapping[str, str],
) -> dict[str, str]:
    parts = {f"query/{purpose}": _without_comments(text) for purpose, text in statements.items()}
    documents: dict[str, Any] = {
        "schema": list(_schema(item)),
        "rules": _rules(item),
        "component": _component(item, configuration),
        "configuration": dict(values),
        "bindings": {source: {name: entry[name] for name in _BINDING} for source, entry in bindings.items()},
        "versions": {**engine, "sqlglot": metadata.version("sqlglot")} if engine else {},
    }
    return {**parts, **{name: _text(value) for name, value in documents.items() if value}}


def _schema(item: Item) -> Iterator[dict[str, Any]]:
    yield {"key": list(item.key)}
    for column in item.columns:
        said = {
            "type": column.type.name,
            "nullable": column.nullable,
            "allowed": list(column.allowed) if column.allowed else None,
            "minimum": column.minimum,
            "pattern": column.pattern,
            "unit": column.unit,
        }
        yield {"column": column.name, **{name: value for name, value in said.items() if value is not None}}


def _rules(item: Item) -> dict[str, Any]:
    """Return every threshold and rule that an item declares, and the digest of the code that evaluates them."""
    return {
        "checks": [[planned.name, planned.severity, planned.method] for planned in check_plan(item)],
        "code_sha256": code_digest(),
        "cutoff": asdict(item.cutoff),
        "control_totals": asdict(item.control_totals),
        "dimensions": [asdict(dimension) for dimension in item.dimensions],
        "expectations": [asdict(expectation) for expectation in item.expectations],
        "ties": [asdict(tie) for tie in item.ties],
        "population": asdict(item.population) if item.population else None,
        "drift": asdict(item.drift),
        "freshness": item.freshness_reason,
        "sequence": item.sequence,
        "company_column": item.company_column,
        "currency_column": item.currency_column,
        "allow_empty": item.allow_empty,
        "required_for_close": item.required_for_close,
    }


def _component(item: Item, configuration: Configuration) -> dict[str, Any]:
    if item.component is None:
        return {"component": None, "gl_accounts": list(item.gl_accounts)}
    accounts = configuration[item.component.accounts]
    scope = item.component.scope
    keys = [name for name in (scope.companies, scope.excluded, scope.excluded_countries) if name]
    return {
        "amount": item.component.amount,
        "sign": None if item.component.sign is None else f"{item.component.sign:+d}",
        "accounts": {accounts.name: list(accounts.values)},
        "where": item.component.where,
        "scope": {name: list(configuration[name].values) for name in keys} | {"consolidated": scope.consolidated},
        "gl_accounts": list(item.gl_accounts),
    }


@cache
def _without_comments(sql: str) -> str:
    return sqlglot.parse_one(sql, read=DIALECT).sql(DIALECT, pretty=True, comments=False) + "\n"


def _text(value: Any) -> str:
    """Return a value as text that a person reads and compares line by line."""
    return json.dumps(plain(value), indent=2, sort_keys=True, ensure_ascii=False) + "\n"
