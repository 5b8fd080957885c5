"""Period manifests: what a month should hold, and what it holds, signed and chained.

Here belongs the form of a manifest, and what a sequence of them must be. What does not belong here: finding out what a
month holds (``decisions.month``), keeping manifests (``evidence.period_store``), and comparing one with the packages
(``evidence.period_verify``).

A single package cannot show that another one is missing. A manifest lists every expected item of a month as sealed
(attempt, seal, content id, verdict), not applicable with its reason, or missing with its reason, and the attempts that were
superseded. It is written for an idle month, too: then everything is missing. It is a DSSE envelope like the signature of a
package, signed in the role ``period``.

There is one sequence of manifests for all months (DECISIONS A16). Each names its predecessor, and the newest manifest of
the month before, by SHA-256: so one that was taken away, exchanged or put elsewhere shows in those that follow. What only
follows can show, the end of the sequence, is compared with a head that the auditor kept (``--head``).
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from soxauto_assets.evidence.envelope import parse_envelope
from soxauto_assets.evidence.form import SHA256, STATEMENT_TYPE, Fault, canonical, parse_canonical
from soxauto_assets.evidence.trust import parse_instant
from soxauto_assets.evidence.verify import read_subjects

PERIOD_TYPE = "urn:soxauto:period-manifest:v1"
EXPECTED = "expected-items"
SEALED, NOT_APPLICABLE, MISSING = "sealed", "not applicable", "missing"
_MEMBERS = {
    "environment", "period", "sequence", "sealed_at", "reason", "previous", "month_before", "items", "status",
}  # fmt: skip
_STATES = {
    SEALED: {"state", "required", "attempt", "seal_sha256", "content_id", "verdict", "superseded"},
    NOT_APPLICABLE: {"state", "required", "reason", "person", "act_sha256", "superseded"},
    MISSING: {"state", "required", "reason", "superseded"},
}


@dataclass(frozen=True)
class Manifest:
    """A manifest whose form and signature were verified.

    Attributes:
        sequence: Its number in the one sequence of all months.
        sha256: SHA-256 of its bytes.
        predicate: What it says.
        signers: Ids of the keys that signed it.
    """

    sequence: int
    sha256: str
    predicate: Mapping[str, Any]
    signers: tuple[str, ...]

    @property
    def period(self) -> str:
        """The month it is of."""
        return str(self.predicate["period"])

    @property
    def items(self) -> Mapping[str, Mapping[str, Any]]:
        """The expected items by id, each with its state."""
        return dict(self.predicate["items"])

    def link(self) -> dict[str, Any]:
        """Return how a later manifest names this one."""
        return {"sequence": self.sequence, "period": self.period, "sha256": self.sha256}


def manifest_statement(
    environment: str,
    period: str,
    month_before: str,
    items: Mapping[str, Mapping[str, Any]],
    earlier: Sequence[Manifest],
    sealed_at: str,
    reason: str,
) -> bytes:
    """Return the statement of the next manifest.

    Args:
        environment: The environment.
        period: The month.
        month_before: The month before it.
        items: The expected items by id, each with its state.
        earlier: The manifests so far, in order.
        sealed_at: When it is signed.
        reason: Why it is written.
    """
    listed = {item: dict(items[item]) for item in sorted(items)}
    before = [manifest for manifest in earlier if manifest.period == month_before]
    predicate = {
        "environment": environment,
        "period": period,
        "sequence": earlier[-1].sequence + 1 if earlier else 1,
        "sealed_at": sealed_at,
        "reason": reason,
        "previous": earlier[-1].link() if earlier else None,
        "month_before": before[-1].link() if before else None,
        "items": listed,
        "status": status_of(items),
    }
    return canonical(
        {
            "_type": STATEMENT_TYPE,
            "predicateType": PERIOD_TYPE,
            "subject": _subjects(period, listed),
            "predicate": predicate,
        }
    )


def status_of(items: Mapping[str, Mapping[str, Any]]) -> str:
    """Return ``complete``, or ``incomplete`` where a required item is missing."""
    return "incomplete" if missing_of(items) else "complete"


def missing_of(items: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Return the required items that are missing."""
    return [item for item, entry in items.items() if entry["state"] == MISSING and entry["required"]]


def read_manifest(text: bytes, sequence: int) -> Manifest:
    """Read a manifest that stands at a place of the sequence.

    Raises:
        Fault: It has another form, a signature does not hold, or it belongs elsewhere.
    """
    name = f"manifest {sequence:04d}"
    payload, signatures = parse_envelope(text, name)
    try:
        statement = parse_canonical(payload, name)
        subjects = read_subjects(statement)
        predicate = statement["predicate"]
        if statement["predicateType"] != PERIOD_TYPE or not _is_predicate(predicate):
            raise Fault("statement", "statement", f"{name} does not say what a manifest says")
        if subjects != _subjects(predicate["period"], predicate["items"]):
            raise Fault("statement", "statement", f"the subjects of {name} are not those of its items")
    except Fault as fault:
        raise Fault("manifests", fault.code, f"{name}: {fault.text}") from fault
    if predicate["sequence"] != sequence:
        raise Fault("manifests", "other-place", f"{name} is number {predicate['sequence']} of the sequence")
    signers = tuple(signature.key_id for signature in signatures)
    return Manifest(sequence, hashlib.sha256(text).hexdigest(), predicate, signers)


def chain_faults(
    manifests: Mapping[int, Manifest], numbers: Sequence[int], month_before: Mapping[str, str]
) -> list[str]:
    """Return in words where a sequence of manifests does not hold together.

    Args:
        manifests: Those that could be read, by their place.
        numbers: All places that are taken.
        month_before: The month before each month that occurs.
    """
    gone = sorted(set(range(1, max(numbers, default=0) + 1)) - set(numbers))
    faults = [f"manifest {number:04d} is missing from the sequence" for number in gone]
    newest: dict[str, Manifest] = {}
    for number in sorted(manifests):
        manifest, before = manifests[number], manifests.get(number - 1)
        previous, earlier = manifest.predicate["previous"], newest.get(month_before[manifest.period])
        if number == 1 and previous is not None:
            faults.append("manifest 0001 names a predecessor")
        elif before is not None and previous != before.link():
            faults.append(f"manifest {number:04d} names another predecessor than manifest {number - 1:04d}")
        if not gone and manifest.predicate["month_before"] != (earlier.link() if earlier else None):
            faults.append(f"manifest {number:04d} names another manifest of the month before {manifest.period}")
        newest[manifest.period] = manifest
    return faults


def _subjects(period: str, items: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the subjects: the list of expected items, which an idle month has, too, and every current package."""
    expected = hashlib.sha256(canonical(sorted(items))).hexdigest()
    named = {EXPECTED: expected} | {
        f"{item}/{period}/attempt-{entry['attempt']:04d}": entry["seal_sha256"]
        for item, entry in sorted(items.items())
        if entry["state"] == SEALED
    }
    return [{"name": name, "digest": {"sha256": sha256}} for name, sha256 in named.items()]


def _is_predicate(value: Any) -> bool:
    if not isinstance(value, dict) or value.keys() != _MEMBERS:
        return False
    texts = all(isinstance(value[name], str) for name in ("environment", "period", "reason"))
    links = all(value[name] is None or _is_link(value[name]) for name in ("previous", "month_before"))
    items = value["items"]
    return (
        texts
        and links
        and type(value["sequence"]) is int
        and parse_instant(value["sealed_at"]) is not None
        and isinstance(items, dict)
        and all(map(_is_entry, items.values()))
        and value["status"] == status_of(items)
    )


def _is_link(value: Any) -> bool:
    return (
        isinstance(value, dict)
        and value.keys() == {"sequence", "period", "sha256"}
        and bool(SHA256.fullmatch(str(value["sha256"])))
    )


def _is_entry(value: Any) -> bool:
    if not isinstance(value, dict) or value.keys() != _STATES.get(str(value.get("state"))):
        return False
    if value["state"] == SEALED and not _is_package(value):
        return False
    superseded = value["superseded"]
    return (
        isinstance(value["required"], bool)
        and isinstance(superseded, list)
        and all(isinstance(entry, dict) and entry.keys() == {"attempt", "seal_sha256"} for entry in superseded)
        and all(map(_is_package, superseded))
    )


def _is_package(value: Mapping[str, Any]) -> bool:
    return type(value["attempt"]) is int and bool(SHA256.fullmatch(str(value["seal_sha256"])))
