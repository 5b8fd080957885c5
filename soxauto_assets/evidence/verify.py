"""The verifier of evidence packages: each layer says pass, fail or not present, with a reason code.

    python verifier.py PACKAGE [PACKAGE ...] [--trust FILE] [--json] [--explain]

Here belongs which layers there are, and their report. What does not belong here: the form of the files (``evidence.form``),
signatures (``evidence.envelope``), whose keys count (``evidence.trust``), what the rows say (``evidence.recompute``). It
imports the standard library, ``cryptography`` and these neighbours alone; ``soxauto verifier FILE`` writes them all as one
file that an auditor can read and run without the product (``evidence.standalone``).

The layers, in the order in which they are evaluated; what stands behind a failed one was not evaluated, which is a failure,
too:

- ``fixity``: the list of files is closed, and each has the size and SHA-256 that seal and manifests say;
- ``seal``: ``seal.json`` is exactly the text that all other files give;
- ``statement``: the in-toto Statement names this package's manifest and this place;
- ``signature``: the DSSE envelope holds exactly that statement, and the keys in it made its signatures;
- ``time``: a token of a trusted authority says when the signature existed;
- ``trust``: the keys count by the trust file that the reader brought.

Without a trust file nobody's signature is trusted: a forger can sign with a key of his own. The layer says so.
"""

import argparse
import json
import re
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Literal

from soxauto_assets.evidence.envelope import Signature, parse_envelope
from soxauto_assets.evidence.explain import commands
from soxauto_assets.evidence.form import (
    INFO,
    MANIFEST,
    SEAL,
    SHA256,
    SIGNATURE,
    STATEMENT,
    STATEMENT_TYPE,
    TOKEN,
    Fault,
    FileFact,
    check_fixity,
    parse_canonical,
    parse_info,
    read_contents,
    seal_bytes,
)
from soxauto_assets.evidence.times import read_token, require_authority
from soxauto_assets.evidence.trust import Trust, parse_instant, read_trust

PACKAGE_TYPE = "urn:soxauto:evidence-package:v1"
# The clock of the machine that seals may be wrong; a day is no error of a clock.
MAX_CLOCK_DIFFERENCE = timedelta(hours=24)
LAYERS = ("fixity", "seal", "statement", "signature", "time", "trust")

Status = Literal["pass", "fail", "not present"]

# Where a store keeps a package; the last part is there in local copies of packages from S3.
_PLACE = re.compile(
    r".*/([A-Z][A-Za-z0-9_]{1,23})/([0-9]{4}-[0-9]{2})/attempt-([0-9]{4,})(?:/([0-9a-f]{64}))?", re.DOTALL
)


@dataclass(frozen=True)
class Layer:
    """What one layer says: its name, its status, a reason code and the reason in words."""

    name: str
    status: Status
    code: str
    text: str

    def to_json(self) -> dict[str, str]:
        """Return the layer as plain values."""
        return {"name": self.name, "status": self.status, "code": self.code, "text": self.text}


@dataclass(frozen=True)
class Report:
    """What all layers say of a package.

    Attributes:
        layers: The layers of :data:`LAYERS`, always all of them.
        seal_sha256: SHA-256 of ``seal.json``, to compare with one kept elsewhere; None unless fixity and seal passed.
        statement_sha256: SHA-256 of ``statement.json``, likewise.
        signers: Ids of the keys whose signatures were verified.
    """

    layers: tuple[Layer, ...]
    seal_sha256: str | None = None
    statement_sha256: str | None = None
    signers: tuple[str, ...] = ()

    @property
    def verified(self) -> bool:
        """Whether no layer failed."""
        return all(layer.status != "fail" for layer in self.layers)

    @property
    def fault(self) -> Layer | None:
        """The first layer that failed."""
        return next((layer for layer in self.layers if layer.status == "fail"), None)


@dataclass
class _Found:
    """What was learned on the way."""

    seal_sha256: str | None = None
    statement_sha256: str | None = None
    signatures: list[Signature] = field(default_factory=list)


def verify_package(package: Path, trust: Trust | None = None) -> Report:
    """Verify a package; a damaged or hostile one gives a failed layer, never an exception.

    Args:
        package: Its folder. Where the path is that of a store, the package must be the one of that place.
        trust: The trust file that the reader brought.
    """
    found, layers = _Found(), list[Layer]()
    try:
        for layer in _evaluated(package, trust, found):
            layers.append(layer)
    except Fault as fault:
        layers.append(Layer(fault.layer, "fail", fault.code, fault.text))
    except OSError as error:
        text = f"a file or folder cannot be read ({error.strerror})"
        layers.append(Layer("fixity", "fail", "unreadable", text))
    behind = f"not evaluated, since {layers[-1].name} failed"
    left = [Layer(name, "fail", "not-evaluated", behind) for name in LAYERS[len(layers) :]]
    signers = tuple(signature.key_id for signature in found.signatures)
    return Report((*layers, *left), found.seal_sha256, found.statement_sha256, signers)


def _evaluated(package: Path, trust: Trust | None, found: _Found) -> Iterator[Layer]:
    contents = read_contents(package)
    facts = check_fixity(contents)
    yield Layer("fixity", "pass", "ok", "the file list is closed, every size and SHA-256 agrees")
    if contents.documents[SEAL] != seal_bytes(facts):
        raise Fault("seal", "other-seal", "seal.json is not the text that the files give")
    found.seal_sha256, found.statement_sha256 = contents.facts[SEAL].sha256, facts[STATEMENT].sha256
    yield Layer("seal", "pass", "ok", "the seal is the one that these files give")
    signed = SIGNATURE in facts
    statement = _statement(contents.documents[STATEMENT], facts, signed)
    predicate: dict[str, Any] = statement["predicate"] if isinstance(statement["predicate"], dict) else {}
    if statement["predicateType"] == PACKAGE_TYPE:
        _require_place(package, predicate, parse_info(contents.documents[INFO]), found.seal_sha256)
    yield Layer("statement", "pass", "ok", "the statement names this package's manifest, and this place")
    if not signed:
        yield Layer("signature", "not present", "unsigned", "the statement carries no signature")
    else:
        payload, signatures = parse_envelope(contents.documents[SIGNATURE])
        if payload != contents.documents[STATEMENT]:
            raise Fault("signature", "other-statement", "what was signed is another statement than this one")
        found.signatures = signatures
        keys = ", ".join(signature.key_id[:16] for signature in signatures)
        yield Layer("signature", "pass", "ok", f"the statement was signed by key {keys}")
    time, proven = timed(contents.documents.get(TOKEN), contents.documents.get(SIGNATURE), predicate, trust)
    yield time
    yield trusted("package", predicate, [signature.key_id for signature in found.signatures], trust, proven)


def timed(
    token: bytes | None, envelope: bytes | None, predicate: Mapping[str, Any], trust: Trust | None
) -> tuple[Layer, datetime | None]:
    """Return the layer ``time`` of a document, and the time that a trusted authority confirms.

    Raises:
        Fault: The token does not hold, is of an authority that is not trusted, or contradicts the statement.
    """
    if token is None or envelope is None:
        if token is not None:
            raise Fault("time", "token", "there is a time token and no signature")
        if trust is not None and trust.time_required and envelope is not None:
            raise Fault("time", "no-token", "a time token is required, and there is none")
        return Layer("time", "not present", "no-token", "no time authority confirmed when it was signed"), None
    roots = trust.roots if trust else []
    found = read_token(token, envelope, roots)
    said = f"{found.authority} says {found.time.isoformat()}"
    if not roots:
        return Layer("time", "not present", "no-authority", f"{said}, and no trust file says whose word that is"), None
    require_authority(found, roots)
    sealed_at = parse_instant(predicate.get("sealed_at"))
    if sealed_at is None or abs(found.time - sealed_at) > MAX_CLOCK_DIFFERENCE:
        raise Fault("time", "clock", f"{said}; the statement says {predicate.get('sealed_at')!r}")
    return Layer("time", "pass", "ok", said), found.time


def trusted(
    kind: str, predicate: Mapping[str, Any], signers: list[str], trust: Trust | None, proven: datetime | None
) -> Layer:
    """Return the layer ``trust`` of a document.

    Raises:
        Fault: The signatures do not count.
    """
    if trust is None:
        text = "no trust file was given, so whose keys these are is not known" if signers else "there is no signature"
        return Layer("trust", "not present", "no-trust-file", text)
    text = trust.judge(kind, predicate, signers, proven)
    return Layer("trust", "pass" if signers else "not present", "ok" if signers else "unsigned", text)


def _statement(text: bytes, facts: Mapping[str, FileFact], signed: bool) -> dict[str, Any]:
    """Return an in-toto Statement v1 whose first subject is this package's manifest and whose subjects are unambiguous.

    ``bag-info.txt`` is no part of the manifest, so the statement names it, too; packages from before signatures do not.
    """
    try:
        statement = parse_canonical(text, STATEMENT)
    except Fault as fault:
        raise Fault("statement", fault.code, fault.text) from fault
    subjects = read_subjects(statement)
    names = [subject["name"] for subject in subjects]
    digests = {subject["name"]: subject["digest"]["sha256"] for subject in subjects}
    if names[0] != MANIFEST or digests[MANIFEST] != facts[MANIFEST].sha256:
        raise Fault("statement", "statement", "the statement does not name this package's manifest")
    if digests.get(INFO, facts[INFO].sha256) != facts[INFO].sha256 or (signed and INFO not in digests):
        raise Fault("statement", "statement", f"the statement does not name this package's {INFO}")
    return dict(statement)


def read_subjects(statement: Any) -> list[dict[str, Any]]:
    """Return the subjects of an in-toto Statement v1.

    Raises:
        Fault: It is none, or its subjects are not unambiguous.
    """
    members = {"_type", "predicate", "predicateType", "subject"}
    if not isinstance(statement, dict) or statement.keys() != members or statement["_type"] != STATEMENT_TYPE:
        raise Fault("statement", "statement", "statement.json is no in-toto Statement v1")
    subjects = statement["subject"] if isinstance(statement["subject"], list) else []
    if not subjects or not all(map(_is_subject, subjects)):
        raise Fault("statement", "statement", "a subject of the statement is not a name with one SHA-256")
    names = [subject["name"] for subject in subjects]
    if len(set(names)) != len(names):
        raise Fault("statement", "statement", "the statement names a subject twice")
    return subjects


def _is_subject(subject: Any) -> bool:
    if not isinstance(subject, dict) or subject.keys() != {"name", "digest"} or not isinstance(subject["name"], str):
        return False
    digest = subject["digest"]
    return isinstance(digest, dict) and digest.keys() == {"sha256"} and bool(SHA256.fullmatch(str(digest["sha256"])))


def _require_place(package: Path, predicate: Mapping[str, Any], info: Mapping[str, str], seal_sha256: str) -> None:
    """Require that a package lies where it says it belongs, so that an old one cannot stand in for a new month."""
    try:
        said = (predicate["item"], predicate["period"], f"{predicate['attempt']:04d}")
        sealed = "{}/{}/attempt-{}".format(*said)
    except (KeyError, TypeError, ValueError) as error:
        raise Fault("statement", "statement", "the statement does not say which package it is of") from error
    if info.get("External-Identifier") != sealed:
        raise Fault("statement", "other-place", f"{INFO} names another package than the statement, which is {sealed}")
    place = _PLACE.fullmatch(package.absolute().as_posix())
    if place and (place.group(1, 2, 3) != said or place.group(4) not in (None, seal_sha256)):
        raise Fault("statement", "other-place", f"this is package {sealed}, in the place of another one")


def as_json(report: Report) -> dict[str, Any]:
    """Return a report as plain values."""
    return {
        "verified": report.verified,
        "seal_sha256": report.seal_sha256,
        "statement_sha256": report.statement_sha256,
        "signers": list(report.signers),
        "layers": [layer.to_json() for layer in report.layers],
    }


def main(arguments: list[str]) -> int:
    """Verify the packages named on the command line; 0 = all verified, 1 = one is not, 2 = nothing could be verified."""
    parser = argparse.ArgumentParser(prog="verifier", description="Verify sealed evidence packages.")
    parser.add_argument("packages", nargs="+", metavar="PACKAGE", type=Path)
    parser.add_argument("--trust", metavar="FILE", type=Path, help="trust file: whose keys count")
    parser.add_argument("--json", action="store_true", help="machine-readable")
    parser.add_argument("--explain", action="store_true", help="print the commands that check the same by other tools")
    given = parser.parse_args(arguments)
    try:
        trust = read_trust(given.trust) if given.trust else None
    except Fault as fault:
        print(fault.text, file=sys.stderr)
        return 2
    reports = {str(package): verify_package(package, trust) for package in given.packages}
    if given.json:
        print(json.dumps({name: as_json(report) for name, report in reports.items()}, indent=2))
    else:
        for name, report in reports.items():
            _show(name, report, given.explain)
    return 0 if all(report.verified for report in reports.values()) else 1


def _show(name: str, report: Report, explain: bool) -> None:
    print(f"{'VERIFIED' if report.verified else 'NOT VERIFIED'} {name}")
    for layer in report.layers:
        print(f"  {layer.name}: {layer.status} ({layer.code}) {layer.text}")
    if report.seal_sha256:
        print(f"  SHA-256 of the seal: {report.seal_sha256}")
    for signer in report.signers:
        print(f"  key: {signer}")
    if explain:
        print(commands(Path(name)))
    else:
        print("  the same by hand: sha256sum -c, bagit.py --validate, openssl; --explain prints the commands")


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
