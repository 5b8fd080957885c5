"""``soxauto manifest`` and ``soxauto verify-period``: what a month should hold, recorded and verified.

Here belongs what the two commands print. What does not belong here: the manifest (``evidence.period_manifest``) and its
verification (``evidence.period_verify``).
"""

import json
from pathlib import Path

from rich.console import Console

from soxauto_assets.catalog import all_items
from soxauto_assets.evidence.period_manifest import Manifest, missing_of
from soxauto_assets.evidence.period_verify import PeriodReport, verify_period
from soxauto_assets.evidence.trust_edit import open_trust
from soxauto_assets.period import Period
from soxauto_assets.runtime import Runtime

_SIGNS = {"pass": "✓", "fail": "✗", "not present": "–"}


def write_manifest(runtime: Runtime, period_key: str, reason: str, console: Console) -> int:
    """Write the manifest of a month from the stores, whatever they hold.

    Returns:
        0 when the month is complete, 2 when a required item is missing.

    Raises:
        SoxautoError: It could not be signed or kept.
    """
    manifest = runtime.write_manifest(runtime.require_period(period_key), reason)
    say_manifest(manifest, console)
    return 2 if missing_of(manifest.items) else 0


def say_manifest(manifest: Manifest, console: Console) -> None:
    """Print one line on a manifest, and the names of what is missing."""
    missing = missing_of(manifest.items)
    text = f"Manifest {manifest.sequence:04d} of {manifest.period}: {manifest.predicate['status']}"
    _say(console, f"{text}, missing {', '.join(missing)}" if missing else text)


def show_period(
    runtime: Runtime, period_key: str, trust_file: Path | None, head: str | None, machine: bool, console: Console
) -> int:
    """Verify a month and print what each layer says.

    Returns:
        0 when it verified, 1 when it did not.

    Raises:
        SoxautoError: A store cannot be read, or the trust file or head cannot be used.
    """
    period = Period.parse(period_key)
    trust = open_trust(trust_file) if trust_file else runtime.trust
    expected = [item.id for item in all_items()]
    report = verify_period(period, runtime.manifests.texts(), runtime.evidence, expected, trust, head)
    if machine:
        print(json.dumps(_plain(period.key, report), indent=2))
    else:
        word = "[green]VERIFIED[/green]" if report.verified else "[red]NOT VERIFIED[/red]"
        console.print(f"{word} {period.key}", highlight=False)
        for layer in report.layers:
            _say(console, f"  {_SIGNS[layer.status]} {layer.name}: {layer.status} ({layer.code}). {layer.text}")
        if report.head:
            _say(console, f"  The head of the sequence, to keep and to give as --head next time: {report.head}")
    return 0 if report.verified else 1


def _plain(period: str, report: PeriodReport) -> dict[str, object]:
    return {
        "period": period,
        "verified": report.verified,
        "head": report.head,
        "layers": [layer.to_json() for layer in report.layers],
        "manifest": dict(report.manifest.predicate) if report.manifest else None,
    }


def _say(console: Console, text: str) -> None:
    console.print(text, markup=False, highlight=False, soft_wrap=True)
