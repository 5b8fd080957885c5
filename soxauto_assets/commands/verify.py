"""``soxauto verify``: packages on disk or in S3, layer by layer."""

import json
import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from rich.console import Console

from soxauto_assets.aws.objects import Bucket
from soxauto_assets.aws.session import AwsSession
from soxauto_assets.aws.settings import AwsSettings
from soxauto_assets.errors import StorageError
from soxauto_assets.evidence.recompute import Layer, verify_and_recompute
from soxauto_assets.evidence.store_s3 import S3EvidenceStore
from soxauto_assets.settings import Settings

_S3 = "s3://"


def verify_places(places: Sequence[str], as_json: bool, console: Console) -> int:
    """Verify packages and print what each layer says.

    Args:
        places: Folders, or ``s3://bucket/evidence/ITEM/PERIOD/attempt-0001.json``, which is fetched.
        as_json: Print JSON.
        console: Where to print.

    Returns:
        0 when every package verified, 1 when one did not.

    Raises:
        StorageError: A path does not exist or holds no package, or an object cannot be fetched.
    """
    packages = {name: folder for place in places for name, folder in packages_at(place).items()}
    results = {name: verify_and_recompute(folder) for name, folder in packages.items()}
    if as_json:
        print(json.dumps({name: [layer.to_json() for layer in layers] for name, layers in results.items()}, indent=2))
    else:
        for package, layers in results.items():
            _show(package, layers, console)
    return 0 if all(_good(layers) for layers in results.values()) else 1


def _good(layers: Sequence[Layer]) -> bool:
    return all(layer.status != "fail" for layer in layers)


def _show(package: str, layers: Sequence[Layer], console: Console) -> None:
    word = "[green]VERIFIED[/green]" if _good(layers) else "[red]NOT VERIFIED[/red]"
    console.print(f"{word} {package}", highlight=False, soft_wrap=True)
    for layer in layers:
        sign = {"pass": "✓", "fail": "✗", "not present": "–"}[layer.status]
        console.print(
            f"  {sign} {layer.name}: {layer.status}. {layer.text}", markup=False, highlight=False, soft_wrap=True
        )


def packages_at(place: str) -> dict[str, Path]:
    """Return the local folders of the packages at a place, by the names they are shown with.

    Args:
        place: A folder, or ``s3://bucket/evidence/ITEM/PERIOD/attempt-0001.json``, which is fetched.

    Raises:
        StorageError: A path does not exist or holds no package, or an object cannot be fetched.
    """
    if place.startswith(_S3):
        return {place: _fetched(place)}
    return {str(folder): folder for folder in _folders(Path(place))}


def _fetched(uri: str) -> Path:
    """Fetch a package from S3. An auditor needs no more settings than credentials."""
    bucket = uri.removeprefix(_S3).partition("/")[0]
    with closing(AwsSession(AwsSettings.from_environment(os.environ))) as session:
        cache = Settings.from_environment().home / "cache" / "evidence"
        # The store is only read, so nothing is locked.
        store = S3EvidenceStore(Bucket(session, bucket), "evidence", lambda period: None, cache)
        return store.folder(store.at(uri))


def _folders(path: Path) -> list[Path]:
    """Return the package at a path, or the packages below it; a damaged package is one, too."""
    if not path.is_dir():
        raise StorageError(f"{path} is no folder", action="give a package folder, or a folder that holds packages")
    if any((path / name).exists() for name in ("seal.json", "bagit.txt", "statement.json")):
        return [path]
    found = sorted({p.parent for name in ("seal.json", "bagit.txt") for p in path.rglob(name) if "/." not in str(p)})
    if not found:
        raise StorageError(f"{path} holds no evidence package", action="run 'soxauto status' to see what is sealed")
    return found
