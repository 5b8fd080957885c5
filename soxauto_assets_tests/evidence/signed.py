"""Signed packages made by hand, and what a forger would do to them."""

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec

from soxauto_assets.evidence import form
from soxauto_assets.evidence.envelope import key_id_of
from soxauto_assets.evidence.signing import LocalSigner, Signing
from soxauto_assets.evidence.store import LocalEvidenceStore
from soxauto_assets.evidence.trust import Trust, TrustedKey, instant_text
from soxauto_assets.evidence.verify import PACKAGE_TYPE, Report, verify_package

ITEM, PERIOD = "IPE_07", "2025-09"
SEALED_AT = datetime(2025, 10, 8, 6, tzinfo=UTC)
SEPTEMBER, NOVEMBER = datetime(2025, 9, 1, tzinfo=UTC), datetime(2025, 11, 1, tzinfo=UTC)
PAYLOAD = {"rows/part-00000.parquet": b"PAR1", "checks.json": b'{"a":1}'}
DATASET = {"name": "dataset", "digest": {"sha256": "ab" * 32}}


def signer(number: int) -> LocalSigner:
    """Return the same key for the same number."""
    return LocalSigner(ec.derive_private_key(1000 + number, ec.SECP256R1()), f"key {number}")


def trusted_key(key: LocalSigner, roles: Sequence[str] = ("extractor",), **members) -> TrustedKey:
    """Return a key as a trust file names it: valid since September, without an end."""
    said = {"owner": key.place, "environments": ("aws",), "not_before": SEPTEMBER, **members}
    return TrustedKey(key_id_of(key.public_key), key.public_key, roles=tuple(roles), **said)


def trust_of(*keys: TrustedKey, production: bool = True, **required: int) -> Trust:
    """Return a trust file that requires an extractor, or what is given."""
    return Trust(production, {"package": required or {"extractor": 1}}, {key.id: key for key in keys})


def statement(period: str = PERIOD, attempt: int = 1, **changes) -> dict:
    """Return a statement as a sealer makes it."""
    predicate = {
        "environment": "aws",
        "item": ITEM,
        "period": period,
        "attempt": attempt,
        "sealed_at": instant_text(SEALED_AT),
        "verdict": "passed",
        **changes,
    }
    said = {name: value for name, value in predicate.items() if value is not None}
    return {"_type": form.STATEMENT_TYPE, "predicateType": PACKAGE_TYPE, "subject": [DATASET], "predicate": said}


def seal(
    root: Path,
    *keys: LocalSigner,
    payload: dict | None = None,
    period: str = PERIOD,
    attempt: int = 1,
    said: dict | None = None,
) -> Path:
    """Seal a small package, signed by the keys; return its folder."""
    store = LocalEvidenceStore(root)
    info = {"External-Identifier": f"{ITEM}/{period}/attempt-{attempt:04d}"}
    sign = Signing(tuple(keys)) if keys else None
    text = said or statement(period, attempt)
    return store.folder(store.write(ITEM, period, attempt, payload or PAYLOAD, text, info, sign))


def fault(package: Path, trust: Trust | None = None) -> tuple[str, str] | None:
    """Return layer and reason code of the first layer that failed."""
    return fault_of(verify_package(package, trust))


def fault_of(report: Report) -> tuple[str, str] | None:
    return (report.fault.name, report.fault.code) if report.fault else None


def files(package: Path) -> list[Path]:
    return sorted(path for path in package.rglob("*") if path.is_file())


def rewrite(path: Path, content: bytes) -> None:
    if path.exists():
        path.chmod(0o644)
    path.write_bytes(content)


def seal_again(package: Path) -> None:
    """Do what a forger would who has no key: fit manifests and seal to the files as they are now."""
    payload = {path.relative_to(package).as_posix(): form.file_fact(path).sha256 for path in files(package / "data")}
    rewrite(package / form.MANIFEST, form.manifest_bytes(payload))
    refit_tags(package)


def refit_tags(package: Path) -> None:
    """Fit the tag manifest and the seal alone."""
    facts = {path.relative_to(package).as_posix(): form.file_fact(path) for path in files(package)}
    tags = {n: f.sha256 for n, f in facts.items() if "/" not in n and n not in (form.SEAL, form.TAGMANIFEST)}
    rewrite(package / form.TAGMANIFEST, form.manifest_bytes(tags))
    facts[form.TAGMANIFEST] = form.file_fact(package / form.TAGMANIFEST)
    facts.pop(form.SEAL, None)
    rewrite(package / form.SEAL, form.seal_bytes(facts))
