"""Integration errors: transactions that an interface could not post to NAV, by ledger account (domain 3.15, 7.6.3).

Here belongs which account an interface's errors concern. What does not belong here: the mapping itself
(``rules/integration_errors.yaml``), which nobody has confirmed (DECISIONS B16).

The error views are read as they are today and name a country, so the bridge is information: it explains nothing.
"""

from typing import Any

from soxauto_assets.catalog import all_items, get_item
from soxauto_assets.errors import CatalogError
from soxauto_assets.reconciliation.inputs import Session, decimal_sum
from soxauto_assets.reconciliation.matching import folded, remarks_by_company
from soxauto_assets.reconciliation.model import Bridge, BridgeLine, Remark
from soxauto_assets.reconciliation.rules import RuleFile, load_rules

NAME = "integration_errors"
TITLE = "Integration errors of OMS and RING to NAV"
MEANING = (
    "Errors of each interface by the ledger account that the rule file gives it, amounts as the views give them, unsigned. "
    "Information: nothing is explained by it."
)
SOURCE = "domain 3.15, 7.6.3; DECISIONS B16"
ITEM = "IPE_REC_ERRORS"
COMPANIES = "CR_05"
PROOF = "bridge_integration_errors"


def integration_errors_bridge(session: Session) -> Bridge:
    """Return the errors by company and component.

    The views name a country. It leads to a company where the closing rates (CR_05), which list the companies with code and name
    of their country, have exactly one company for it; otherwise the errors are remarked and in no line. The proof table holds
    every row: company, place (as the view writes it), source_system, transaction_id, amount_lcy, integration_status, account,
    component, status (``mapped``, ``outside_components``, ``unmapped``, ``handled``).

    Args:
        session: The inputs of the month; needs IPE_REC_ERRORS, and reads CR_05 where it is there.
    """
    if missing := session.without(ITEM):
        return Bridge(NAME, TITLE, MEANING, SOURCE, explains=False, missing=missing)
    rules = load_rules("integration_errors")
    accounts = mapped_accounts(rules)
    components = component_of_account(session)
    session.connection.execute(
        "CREATE OR REPLACE TEMP TABLE error_accounts AS "
        "SELECT unnest($labels) AS label, unnest($accounts) AS account, unnest($components) AS component",
        {
            "labels": list(accounts),
            "accounts": list(accounts.values()),
            "components": [components.get(account) for account in accounts.values()],
        },
    )
    proof = session.keep(
        PROOF,
        _proof_sql(session.has(COMPANIES)),
        {"handled": [str(word).lower().rstrip(" ") for word in rules.content["handled"]]},
    )
    lines = session.rows(
        f"SELECT company, component, {decimal_sum('amount_lcy')}, count(*) FROM {proof} "
        "WHERE status = 'mapped' AND company IS NOT NULL GROUP BY ALL ORDER BY ALL"
    )
    return Bridge(
        NAME,
        TITLE,
        MEANING,
        SOURCE,
        explains=False,
        lines=tuple(BridgeLine(*line) for line in lines),
        remarks=tuple(_remarks(session, proof, accounts)),
        proof=proof,
    )


def mapped_accounts(file: RuleFile) -> dict[str, str]:
    """Return the account by label, labels folded.

    Raises:
        CatalogError: The file is malformed, or maps a label twice.
    """
    entries: Any = file.content.get("accounts")
    if not isinstance(entries, list) or not isinstance(file.content.get("handled"), list):
        raise CatalogError(f"{file.name}.yaml lacks accounts or handled", action="write both as lists")
    found: dict[str, str] = {}
    for entry in entries:
        if not isinstance(entry, dict) or not all(isinstance(entry.get(n), str) for n in ("label", "account", "basis")):
            raise CatalogError(
                f"an entry of {file.name}.yaml is malformed", action="write label, account and basis as texts"
            )
        label = entry["label"].lower().rstrip(" ")
        if label in found:
            raise CatalogError(f"{file.name}.yaml maps {entry['label']!r} twice", action="leave one entry")
        found[label] = entry["account"]
    return found


def component_of_account(session: Session) -> dict[str, str]:
    """Return the component that a group account belongs to; accounts of lines beside the formula belong to none."""
    return {
        account: item.id
        for item in all_items()
        if item.component is not None and item.component.sign
        for account in session.setting(item.component.accounts)
    }


def _proof_sql(with_companies: bool) -> str:
    place = "upper(rtrim(id_company, ' '))"
    named = (
        f"""
        SELECT place, CASE WHEN count(DISTINCT company) = 1 THEN min(company) END AS company FROM (
            SELECT upper(rtrim(company_country, ' ')) AS place, company FROM {COMPANIES.lower()}
            UNION ALL SELECT upper(rtrim(country_name, ' ')), company FROM {COMPANIES.lower()}
        ) WHERE place IS NOT NULL AND place NOT IN (SELECT company FROM {COMPANIES.lower()}) GROUP BY 1
        UNION ALL SELECT DISTINCT company, company FROM {COMPANIES.lower()}"""
        if with_companies
        else "SELECT NULL::VARCHAR AS place, NULL::VARCHAR AS company WHERE false"
    )
    return f"""
        WITH home AS ({named})
        SELECT home.company, e.id_company AS place, e.source_system, e.transaction_id,
            CAST(e.amount AS DECIMAL(38,4)) AS amount_lcy, e.integration_status, a.account, a.component,
            CASE WHEN coalesce(list_contains($handled, {folded("e.integration_status")}), false) THEN 'handled'
                WHEN a.account IS NULL THEN 'unmapped'
                WHEN a.component IS NULL THEN 'outside_components'
                ELSE 'mapped' END AS status
        FROM {ITEM.lower()} AS e
        LEFT JOIN error_accounts AS a ON a.label = {folded("e.source_system")}
        LEFT JOIN home ON home.place = {place.replace("id_company", "e.id_company")}"""


def _remarks(session: Session, proof: str, accounts: dict[str, str]) -> list[Remark]:
    labels = get_item(ITEM).column("source_system").allowed or ()
    held = {label.lower() for label in labels}
    found = [
        Remark("unreachable_mapping", f"no error view has the label {label!r}, which is mapped to {account}")
        for label, account in accounts.items()
        if label not in held
    ]
    found += [
        Remark("unmapped_label", f"the label {label!r} is mapped to no account")
        for label in labels
        if label.lower() not in accounts
    ]
    for status, text in (
        ("unmapped", "errors of {what}, which is mapped to no account"),
        ("outside_components", "errors of {what}, whose account {account} is in no component"),
        ("handled", "rows of {what} whose message says that they were posted"),
    ):
        rows = session.rows(
            f"SELECT rtrim(source_system, ' '), account, company, count(*), {decimal_sum('amount_lcy')} FROM {proof} "
            "WHERE status = $status GROUP BY ALL ORDER BY ALL NULLS LAST",
            {"status": status},
        )
        found += [
            Remark(status, text.format(what=label, account=account), company, count, amount)
            for label, account, company, count, amount in rows
        ]
    places = session.rows(
        f"SELECT coalesce(rtrim(place, ' '), 'no country'), component, count(*), {decimal_sum('amount_lcy')} FROM {proof} "
        "WHERE status = 'mapped' AND company IS NULL GROUP BY ALL ORDER BY ALL"
    )
    found += [
        Remark(
            "company_unknown",
            f"errors of {component} in {place}, which leads to no single company",
            None,
            count,
            amount,
        )
        for place, component, count, amount in places
    ]
    return found + remarks_by_company(
        session,
        "no_amount",
        "errors without an amount",
        f"SELECT company, count(*), CAST(NULL AS DECIMAL(38,4)) FROM {proof} WHERE amount_lcy IS NULL GROUP BY 1",
    )
