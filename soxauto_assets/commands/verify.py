"""``soxauto verify``: packages on disk, layer by layer."""

import json
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from soxauto_assets.errors import StorageError
from soxauto_assets.evidence.recompute import Layer, verify_and_recompute


def verify_paths(paths: Sequence[Path], as_json: bool, console: Console) -> int:
    """Verify packages and print what each layer says.

    Returns:
        0 when every package verified, 1 when one did not.

    Raises:
        StorageError: A path does not exist or holds no package.
    """
    packages = [package for path in paths for package in _packages(path)]
    results = {package: verify_and_recompute(package) for package in packages}
    if as_json:
        print(json.dumps({str(p): [layer.to_json() for layer in layers] for p, layers in results.items()}, indent=2))
    else:
        for package, layers in results.items():
            _show(package, layers, console)
    return 0 if all(_good(layers) for layers in results.values()) else 1


def _good(layers: Sequence[Layer]) -> bool:
    return all(layer.status != "fail" for layer in layers)


def _show(package: Path, layers: Sequence[Layer], console: Console) -> None:
    word = "[green]VERIFIED[/green]" if _good(layers) else "[red]NOT VERIFIED[/red]"
    console.print(f"{word} {package}", highlight=False, soft_wrap=True)
    for layer in layers:
        sign = {"pass": "✓", "fail": "✗", "not present": "–"}[layer.status]
        console.print(
            f"  {sign} {layer.name}: {layer.status}. {layer.text}", markup=False, highlight=False, soft_wrap=True
        )


def _packages(path: Path) -> list[Path]:
    """Return the package at a path, or the packages below it; a damaged package is one, too."""
    if not path.is_dir():
        raise StorageError(f"{path} is no folder", action="give a package folder, or a folder that holds packages")
    if any((path / name).exists() for name in ("seal.json", "bagit.txt", "statement.json")):
        return [path]
    found = sorted({p.parent for name in ("seal.json", "bagit.txt") for p in path.rglob(name) if "/." not in str(p)})
    if not found:
        raise StorageError(f"{path} holds no evidence package", action="run 'soxauto status' to see what is sealed")
    return found
