"""``soxauto verify`` and ``soxauto verifier``: packages on disk or in S3, layer by layer; the verifier as one file."""

import json
import os
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from rich.console import Console

from soxauto_assets.aws.objects import Bucket
from soxauto_assets.aws.session import AwsSession
from soxauto_assets.aws.settings import AwsSettings
from soxauto_assets.errors import StorageError
from soxauto_assets.evidence.explain import commands
from soxauto_assets.evidence.recompute import recompute
from soxauto_assets.evidence.standalone import standalone_verifier
from soxauto_assets.evidence.store_s3 import S3EvidenceStore
from soxauto_assets.evidence.trust_edit import open_trust
from soxauto_assets.evidence.verify import Layer, Report, as_json, verify_package
from soxauto_assets.settings import Settings

_S3 = "s3://"
_SIGNS = {"pass": "✓", "fail": "✗", "not present": "–"}


def verify_places(
    places: Sequence[str], machine: bool, console: Console, trust_file: Path | None = None, explain: bool = False
) -> int:
    """Verify packages and print what each layer says.

    Args:
        places: Folders, or ``s3://bucket/evidence/ITEM/PERIOD/attempt-0001.json``, which is fetched.
        machine: Print JSON.
        console: Where to print.
        trust_file: Whose keys count; None = the one that ``SOXAUTO_TRUST`` names, if any.
        explain: Also print the commands that check the same with other tools.

    Returns:
        0 when every package verified, 1 when one did not.

    Raises:
        SettingsError: The trust file cannot be used.
        StorageError: A path does not exist or holds no package, or an object cannot be fetched.
    """
    if trust_file is None and (named := os.environ.get("SOXAUTO_TRUST")):
        trust_file = Path(named).expanduser()
    trust = open_trust(trust_file) if trust_file else None
    packages = {name: folder for place in places for name, folder in packages_at(place).items()}
    reports = {name: verify_package(folder, trust) for name, folder in packages.items()}
    recomputed = {name: recompute(packages[name]) if report.verified else [] for name, report in reports.items()}
    if machine:
        print(json.dumps({name: _plain(report, recomputed[name]) for name, report in reports.items()}, indent=2))
    else:
        for name, report in reports.items():
            _show(name, report, recomputed[name], console)
            if explain:
                console.print(commands(packages[name]), markup=False, highlight=False, soft_wrap=True)
        if not explain:
            console.print(
                "The same by hand: sha256sum -c, bagit.py --validate, openssl; --explain prints the commands.",
                highlight=False,
                soft_wrap=True,
            )
    return 0 if all(_good((*reports[name].layers, *recomputed[name])) for name in reports) else 1


def write_verifier(path: Path, console: Console) -> None:
    """Write the verifier as one file.

    Raises:
        StorageError: It cannot be written.
    """
    try:
        path.write_text(standalone_verifier(), "utf-8")
    except OSError as error:
        raise StorageError(f"{path} cannot be written ({error.strerror})", action="name another file") from error
    console.print(f"Wrote {path}: python {path} PACKAGE --trust FILE", highlight=False, soft_wrap=True, markup=False)


def _good(layers: Sequence[Layer]) -> bool:
    return all(layer.status != "fail" for layer in layers)


def _plain(report: Report, recomputed: Sequence[Layer]) -> dict[str, Any]:
    layers = (*report.layers, *recomputed)
    return {**as_json(report), "verified": _good(layers), "layers": [layer.to_json() for layer in layers]}


def _show(package: str, report: Report, recomputed: Sequence[Layer], console: Console) -> None:
    layers = (*report.layers, *recomputed)
    word = "[green]VERIFIED[/green]" if _good(layers) else "[red]NOT VERIFIED[/red]"
    console.print(f"{word} {package}", highlight=False, soft_wrap=True)
    lines = [f"{_SIGNS[layer.status]} {layer.name}: {layer.status} ({layer.code}). {layer.text}" for layer in layers]
    if report.seal_sha256:
        lines.append(f"  SHA-256 of the seal: {report.seal_sha256}")
    lines += [f"  key: {signer}" for signer in report.signers]
    for line in lines:
        console.print(f"  {line}", markup=False, highlight=False, soft_wrap=True)


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
