"""``soxauto items`` and ``soxauto sql``: what the catalog holds, and the text that runs."""

import json
from typing import Any

from rich import box
from rich.console import Console
from rich.table import Table

from soxauto_assets.catalog import Item, all_items, get_item
from soxauto_assets.catalog.configuration import Configuration, load_configuration
from soxauto_assets.errors import CatalogError
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings


def show_items(settings: Settings, as_json: bool, console: Console) -> None:
    """Print the catalog as a table or as JSON."""
    configuration = load_configuration(settings.configuration)
    if as_json:
        described = [
            {**describe(item), "configuration": {n: configuration[n].to_json() for n in item.configuration}}
            for item in all_items()
        ]
        print(json.dumps(described, indent=2, ensure_ascii=False))
        return
    table = Table(title="Catalog of control C-PG-1", box=box.SIMPLE_HEAD)
    table.add_column("item", max_width=20)
    for name in ("key", "sources"):
        table.add_column(name, no_wrap=True)
    table.add_column("GL accounts", max_width=14)
    table.add_column("component", overflow="fold")
    for item in all_items():
        signs = {1: "+", -1: "−", None: "beside the formula: "}
        part = f"{signs[item.component.sign]}{item.component.amount}" if item.component else "–"
        table.add_row(
            f"[bold]{item.id}[/bold]\n{item.title}",
            "\n".join(item.key),
            "\n".join(item.sources),
            ", ".join(item.gl_accounts) or "–",
            part,
        )
    console.print(table)
    console.print(_configuration_table(configuration))


def _configuration_table(configuration: Configuration) -> Table:
    """Return every configuration parameter with its values and whether somebody confirmed them."""
    table = Table(title="Configuration", box=box.SIMPLE_HEAD)
    for name in ("key", "status"):
        table.add_column(name, no_wrap=True)
    table.add_column("values")
    table.add_column("meaning")
    for name, key in sorted(configuration.keys.items()):
        table.add_row(name, key.status, ", ".join(key.values), key.meaning)
    return table


def describe(item: Item) -> dict[str, Any]:
    """Return an item's declaration as plain values."""
    return {
        "id": item.id,
        "title": item.title,
        "kind": item.kind,
        "control": item.control,
        "purpose": item.purpose,
        "owner": item.owner,
        "key": list(item.key),
        "company_column": item.company_column,
        "cutoff": {"rule": item.cutoff.rule, "column": item.cutoff.column},
        "sources": list(item.sources),
        "gl_accounts": list(item.gl_accounts),
        "component": (
            {
                "amount": item.component.amount,
                "sign": item.component.sign,
                "accounts": item.component.accounts,
                "where": item.component.where,
            }
            if item.component
            else None
        ),
        "required_for_close": item.required_for_close,
        "metadata": dict(item.metadata),
        "columns": [
            {"name": c.name, "type": c.type.name, "nullable": c.nullable, "meaning": c.meaning, "unit": c.unit}
            for c in item.columns
        ],
        "legacy_differences": [
            {"topic": d.topic, "legacy": d.legacy, "ours": d.ours, "reason": d.reason} for d in item.legacy_differences
        ],
    }


def executed_sql(settings: Settings, item_id: str, period_key: str, engine: str, purpose: str) -> str:
    """Return one statement of an item as it runs.

    Raises:
        CatalogError: The item has no statement of that purpose.
    """
    item, period = get_item(item_id), Period.parse(period_key)
    statements = Runtime(settings).extractor.statements(item, period)
    if purpose not in statements:
        raise CatalogError(
            f"there is no statement {purpose!r}", action=f"choose one of {', '.join(statements)}", item=item.id
        )
    text = statements[purpose].executed
    if engine == "duckdb":
        from soxauto_assets.engines.duckdb_engine import DuckDBEngine

        return DuckDBEngine.translate(text)
    return text
