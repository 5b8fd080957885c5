"""``soxauto recompute``: what a sealed package says, computed again from what it holds.

Here belongs finding the package, what it refers to, and showing the layers. What does not belong here: computing
(``evidence.recompute``, ``evidence.recheck``, ``reconciliation.recompute``). No source is asked, nothing is sealed.
"""

import json
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from soxauto_assets.canonical import read_json
from soxauto_assets.catalog import all_items
from soxauto_assets.catalog.companies import known_companies
from soxauto_assets.commands.verify import packages_at
from soxauto_assets.errors import StorageError
from soxauto_assets.evidence.recheck import NOT_DONE, Figures, content_layer, recheck
from soxauto_assets.evidence.recompute import recompute
from soxauto_assets.evidence.sealed import predicate_of
from soxauto_assets.evidence.store import EvidenceStore, LocalEvidenceStore, attempt_of
from soxauto_assets.evidence.trust_edit import open_trust
from soxauto_assets.evidence.verify import Layer, verify_package
from soxauto_assets.runtime import Runtime
from soxauto_assets.settings import Settings

_SIGNS = {"pass": "✓", "fail": "✗", "not present": "–"}


def recompute_place(settings: Settings, place: str, machine: bool, console: Console) -> int:
    """Verify a package, then compute everything again that it holds what is needed for.

    Args:
        settings: The settings in force: configuration, and the store where the package lies in none.
        place: A package, or ``s3://…/attempt-0001.json``.
        machine: Print JSON.
        console: Where to print.

    Returns:
        0 when nothing differs, 1 when something does or the package does not verify, 2 when it could not be computed again:
        another definition, other rules, an input that is not there.

    Raises:
        StorageError: There is no package, or the store cannot be read.
    """
    package = one_package(place)
    layers = layers_of(Runtime(settings), package, None if place.startswith("s3://") else _store_around(package))
    if machine:
        print(json.dumps({"package": place, "layers": [layer.to_json() for layer in layers]}, indent=2))
    else:
        _show(place, layers, console)
    if any(layer.status == "fail" for layer in layers):
        return 1
    return 2 if any(layer.code in NOT_DONE for layer in layers) else 0


def layers_of(runtime: Runtime, package: Path, store: EvidenceStore | None = None) -> list[Layer]:
    """Return what verification and recomputation say of a package.

    Args:
        runtime: Configuration and evidence store in force.
        package: The folder of the package.
        store: Where packages are that it refers to; None = the runtime's.
    """
    from soxauto_assets.reconciliation.package import ID
    from soxauto_assets.reconciliation.recompute import recompute_reconciliation

    named = os.environ.get("SOXAUTO_TRUST")
    report = verify_package(package, open_trust(Path(named).expanduser()) if named else None)
    if not report.verified:
        return list(report.layers)
    layers = [*report.layers, *recompute(package), content_layer(package)]
    predicate, around = predicate_of(package), store or runtime.evidence
    companies = known_companies(predicate["environment"])
    if predicate["item"] == ID:
        return [*layers, *recompute_reconciliation(package, around, runtime.configuration, companies)]
    item = next((one for one in all_items() if one.id == predicate["item"]), None)
    if item is None:
        text = (
            f"this code has no item {predicate['item']}; next: run this command with the code that sealed the package"
        )
        return [*layers, Layer("checks", "not present", "unknown-item", text)]
    return [*layers, *recheck(package, item, runtime.configuration, companies, _figures_in(around))]


def one_package(place: str) -> Path:
    """Return the local folder of the one package at a place.

    Raises:
        StorageError: There is none, or there are several.
    """
    packages = packages_at(place)
    if len(packages) != 1:
        raise StorageError(f"{place} holds {len(packages)} packages", action="give one package")
    return next(iter(packages.values()))


def _store_around(package: Path) -> EvidenceStore | None:
    """Return the store in which a package lies by its path, so that a copied evidence folder is a store, too."""
    folder = package.absolute()
    item, period = folder.parents[1].name, folder.parents[0].name
    predicate = predicate_of(package) if (package / "statement.json").is_file() else {}
    if attempt_of(folder.name) and (item, period) == (predicate.get("item"), predicate.get("period")):
        return LocalEvidenceStore(folder.parents[2])
    return None


def _figures_in(store: EvidenceStore) -> Figures:
    def figures(item: str, period: str, seal_sha256: str) -> Mapping[str, Any] | None:
        """Return the figures of the package with a seal, after it was verified."""
        for package in store.attempts(item, period):
            if package.seal_sha256 == seal_sha256:
                folder = store.folder(package)
                if verify_package(folder).seal_sha256 == seal_sha256:
                    found: Mapping[str, Any] = read_json((folder / "data" / "figures.json").read_bytes())
                    return found
        return None

    return figures


def _show(place: str, layers: Sequence[Layer], console: Console) -> None:
    failed = [layer for layer in layers if layer.status == "fail"]
    undone = [layer for layer in layers if layer.code in NOT_DONE]
    word = "[red]DIFFERS[/red]" if failed else "[yellow]NOT RECOMPUTED[/yellow]" if undone else "[green]EQUAL[/green]"
    console.print(f"{word} {place}", highlight=False, soft_wrap=True)
    for layer in layers:
        line = f"  {_SIGNS[layer.status]} {layer.name}: {layer.status} ({layer.code}). {layer.text}"
        console.print(line, markup=False, highlight=False, soft_wrap=True)
