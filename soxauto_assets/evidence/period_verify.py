"""Verification of a month: its manifests against one another, against trust, and against the packages.

Here belongs finding what was left out, taken away, put back or put elsewhere. What does not belong here: the form of a
manifest (``evidence.period_manifest``) and of a package (``evidence.verify``).
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from soxauto_assets.errors import PeriodError, SoxautoError
from soxauto_assets.evidence.form import Fault
from soxauto_assets.evidence.period_manifest import SEALED, Manifest, chain_faults, missing_of, read_manifest
from soxauto_assets.evidence.store import EvidenceStore, SealedPackage
from soxauto_assets.evidence.trust import Trust
from soxauto_assets.evidence.verify import Layer, trusted, verify_package
from soxauto_assets.period import Period

PERIOD_LAYERS = ("manifests", "chain", "trust", "items", "packages")
_HEAD = re.compile(r"([0-9]+):([0-9a-f]{64})")


@dataclass(frozen=True)
class PeriodReport:
    """What all layers say of a month.

    Attributes:
        layers: At least one for each of :data:`PERIOD_LAYERS`; one for each fault where there are several.
        manifest: The newest manifest of the month, where there is one.
        head: Number and SHA-256 of the last manifest, to keep and to compare with later.
    """

    layers: tuple[Layer, ...]
    manifest: Manifest | None = None
    head: str | None = None

    @property
    def verified(self) -> bool:
        """Whether no layer failed."""
        return all(layer.status != "fail" for layer in self.layers)


def verify_period(
    period: Period,
    texts: Mapping[int, bytes],
    store: EvidenceStore,
    expected: Iterable[str],
    trust: Trust | None = None,
    head: str | None = None,
) -> PeriodReport:
    """Verify a month.

    Args:
        period: The month.
        texts: All manifests by their place in the sequence.
        store: The packages.
        expected: Ids of the items that the catalog expects.
        trust: The trust file that the reader brought.
        head: ``NUMBER:SHA256`` of a manifest that the reader saw earlier; the sequence must still hold it.

    Raises:
        PeriodError: ``head`` has another form.
    """
    manifests, faults = _read(texts)
    layers = faults or [Layer("manifests", "pass", "ok", f"{len(manifests)} manifests are signed and in their places")]
    layers += _chain(manifests, list(texts), head)
    last = manifests.get(max(texts, default=0))
    shown = f"{last.sequence}:{last.sha256}" if last else None
    newest = next((manifests[n] for n in sorted(manifests, reverse=True) if manifests[n].period == period.key), None)
    if newest is None:
        text = f"there is no manifest of {period.key}"
        return PeriodReport(
            (*layers, *(Layer(name, "fail", "no-manifest", text) for name in PERIOD_LAYERS[2:])), None, shown
        )
    layers.append(_trust(newest, trust))
    layers += _items(newest, expected)
    layers += _packages(newest, period, store, expected, trust)
    return PeriodReport(tuple(layers), newest, shown)


def _read(texts: Mapping[int, bytes]) -> tuple[dict[int, Manifest], list[Layer]]:
    manifests, faults = {}, []
    for number, text in texts.items():
        try:
            manifests[number] = read_manifest(text, number)
            Period.parse(manifests[number].period)
        except Fault as fault:
            faults.append(Layer("manifests", "fail", fault.code, fault.text))
        except PeriodError as error:
            del manifests[number]
            faults.append(Layer("manifests", "fail", "statement", f"manifest {number:04d}: {error.cause}"))
    return manifests, faults


def _chain(manifests: Mapping[int, Manifest], numbers: Sequence[int], head: str | None) -> list[Layer]:
    before = {m.period: Period.parse(m.period).previous().key for m in manifests.values()}
    faults = [Layer("chain", "fail", "broken", text) for text in chain_faults(manifests, numbers, before)]
    if head is not None:
        match = _HEAD.fullmatch(head)
        if not match:
            raise PeriodError(f"{head!r} is no head", action="give NUMBER:SHA256, as 'soxauto verify-period' prints it")
        kept = manifests.get(int(match.group(1)))
        if kept is None or kept.sha256 != match.group(2):
            text = f"manifest {int(match.group(1)):04d} is not the one that was seen before: the sequence was put back"
            faults.append(Layer("chain", "fail", "rolled-back", text))
    seen = "and lead on from the head that was seen before" if head else "its end was compared with nothing (--head)"
    return faults or [Layer("chain", "pass", "ok", f"each names its predecessor and the month before; {seen}")]


def _trust(manifest: Manifest, trust: Trust | None) -> Layer:
    try:
        return trusted("period", manifest.predicate, list(manifest.signers), trust, None)
    except Fault as fault:
        return Layer("trust", "fail", fault.code, f"manifest {manifest.sequence:04d}: {fault.text}")


def _items(manifest: Manifest, expected: Iterable[str]) -> list[Layer]:
    items = manifest.items
    left_out = sorted(set(expected) - items.keys())
    faults = [Layer("items", "fail", "omitted", f"{item} is expected and not in the manifest") for item in left_out]
    faults += [
        Layer("items", "fail", "missing", f"{item} is missing: {items[item]['reason']}") for item in missing_of(items)
    ]
    states = [entry["state"] for entry in items.values()]
    counts = ", ".join(f"{states.count(state)} {state}" for state in sorted(set(states)))
    return faults or [Layer("items", "pass", "ok", f"{len(items)} expected: {counts}")]


def _packages(
    manifest: Manifest, period: Period, store: EvidenceStore, expected: Iterable[str], trust: Trust | None
) -> list[Layer]:
    faults: list[Layer] = []
    verified = 0
    for item in sorted({*manifest.items, *expected}):
        entry = manifest.items.get(item)
        try:
            found = {package.attempt: package for package in store.attempts(item, period.key)}
            faults += _compare(item, entry, found)
            for package in found.values():
                # A superseded attempt was signed by the key of its time; whether it still holds is asked like of any.
                fault = verify_package(store.folder(package), trust).fault
                verified += fault is None
                if fault:
                    text = f"{item} attempt {package.attempt} does not verify: {fault.name}: {fault.text}"
                    faults.append(Layer("packages", "fail", fault.code, text))
        except SoxautoError as error:
            faults.append(Layer("packages", "fail", "unreadable", f"{item}: {error.cause}"))
    return faults or [Layer("packages", "pass", "ok", f"{verified} packages are those of the manifest, and verify")]


def _compare(item: str, entry: Mapping[str, Any] | None, found: Mapping[int, SealedPackage]) -> list[Layer]:
    """Compare the packages of an item with what a manifest lists."""

    def fault(code: str, text: str) -> Layer:
        return Layer("packages", "fail", code, f"{item} {text}")

    listed = {package["attempt"]: package["seal_sha256"] for package in (entry["superseded"] if entry else ())}
    if entry is not None and entry["state"] == SEALED:
        listed[entry["attempt"]] = entry["seal_sha256"]
    faults = []
    for attempt in sorted(listed.keys() | found.keys()):
        if attempt not in found:
            newest = attempt == max(listed) and len(found) > 0
            code, what = ("rolled-back", "so that an older one is the newest") if newest else ("deleted", "")
            faults.append(fault(code, f"attempt {attempt} is listed and not there {what}".rstrip()))
        elif attempt not in listed:
            faults.append(fault("unlisted", f"attempt {attempt} is there and not in the manifest"))
        elif found[attempt].seal_sha256 != listed[attempt]:
            faults.append(fault("other-package", f"attempt {attempt} is another package than the listed one"))
    return faults
