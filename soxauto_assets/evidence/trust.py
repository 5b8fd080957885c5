"""Trust: whose keys count, for what, and when.

Here belongs the trust file, read strictly, and the judgement of a verified signature by it. What does not belong here:
whether the signature was made by the key (``evidence.envelope``), and editing the file (``evidence.trust_edit``). It is part
of the verifier that auditors run alone, so it imports the standard library, ``cryptography`` and its neighbours alone.

An auditor gets the trust file by another way than the packages, and compares the key ids with the owners. It says::

    {"format": "soxauto-trust/v1", "production": true,
     "required": {"package": {"extractor": 1}, "period": {"period": 1}},
     "time_authorities": [PEM, ...], "time_required": false,
     "keys": [{"id": SHA-256, "public_key": PEM, "owner": text, "roles": [...], "environments": [...],
               "not_before": instant, "not_after": instant or null,
               "revoked_at": instant or null, "revoked_reason": text or null}]}

- What is counted are keys and owners, not names of keys: one key cannot stand twice, and two keys of one owner count once.
- A key counts for what was sealed within its validity. The time is ``sealed_at`` of the signed statement; it is the signer's
  claim, so a *revoked* key counts only where a time token shows that the signature is older than the revocation. A key that
  is merely replaced gets ``not_after`` instead.
- A time token counts when it leads to one of ``time_authorities``; with ``time_required`` a signature needs one.
- Preparer and reviewer are not the same owner (DECISIONS A17).
- A production file accepts no package of the environments ``demo`` and ``lake`` (DECISIONS A14).
"""

import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_pem_public_key

from soxauto_assets.evidence.envelope import key_id_of, load_public_key, spki_of
from soxauto_assets.evidence.form import Fault

TRUST_FORMAT = "soxauto-trust/v1"
ROLES = ("extractor", "preparer", "reviewer", "period")
DOCUMENTS = ("package", "period")
NOT_IN_PRODUCTION = ("demo", "lake")
TRUSTED_ENVIRONMENTS = ("demo", "lake", "aws", "trino")
MAX_TRUST_BYTES = 2**20
_MEMBERS = {"format", "production", "required", "time_authorities", "time_required", "keys"}
_KEY_MEMBERS = {
    "id", "public_key", "owner", "roles", "environments", "not_before", "not_after", "revoked_at", "revoked_reason",
}  # fmt: skip
_INSTANT = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]{3})?Z")
# Only one may apply, so that a person cannot count for both sides of a review.
_APART = ("preparer", "reviewer")


@dataclass(frozen=True)
class TrustedKey:
    """A key that counts.

    Attributes:
        id: SHA-256 of its SubjectPublicKeyInfo.
        public_key: The SubjectPublicKeyInfo, DER.
        owner: Who signs with it: a person, or a service.
        roles: What a signature by it says: see :data:`ROLES`.
        environments: Of which environments.
        not_before: From when on.
        not_after: Until when; None = no end is set.
        revoked_at: When it was revoked.
        revoked_reason: Why.
    """

    id: str
    public_key: bytes
    owner: str
    roles: tuple[str, ...]
    environments: tuple[str, ...]
    not_before: datetime
    not_after: datetime | None = None
    revoked_at: datetime | None = None
    revoked_reason: str | None = None


@dataclass(frozen=True)
class Trust:
    """A trust file.

    Attributes:
        production: Whether demo and lake are refused.
        required: How many owners must have signed each kind of document in each role.
        keys: The keys by id.
        time_authorities: Root certificates of authorities whose time tokens count, PEM.
        time_required: Whether a signature counts only with a time token.
    """

    production: bool
    required: Mapping[str, Mapping[str, int]]
    keys: Mapping[str, TrustedKey]
    time_authorities: tuple[str, ...] = ()
    time_required: bool = False

    @property
    def roots(self) -> list[x509.Certificate]:
        """The root certificates of :attr:`time_authorities`."""
        return [x509.load_pem_x509_certificate(text.encode()) for text in self.time_authorities]

    def judge(
        self, kind: str, predicate: Mapping[str, Any], signers: Iterable[str], proven: datetime | None = None
    ) -> str:
        """Say in words whose signatures count.

        Args:
            kind: Kind of document, see :data:`DOCUMENTS`.
            predicate: What the signed statement says; its ``environment`` and ``sealed_at`` are judged.
            signers: Ids of the keys whose signatures were verified.
            proven: When the signatures existed, by a trusted time token.

        Raises:
            Fault: Not enough of them count, with the reason of the first that does not.
        """
        environment = predicate.get("environment")
        if self.production and environment in NOT_IN_PRODUCTION:
            raise Fault(
                "trust", "environment", f"this trust file is of production and accepts nothing of {environment}"
            )
        refused: list[Fault] = []
        counted: dict[str, set[str]] = {role: set() for role in ROLES}
        for key_id in sorted(set(signers)):
            try:
                key = self._counting(key_id, predicate, proven)
            except Fault as fault:
                refused.append(fault)
                continue
            for role in key.roles:
                counted[role].add(key.owner)
        for role, number in self.required.get(kind, {}).items():
            if len(counted[role]) < number:
                raise self._short(role, number, counted, refused)
        if counted[_APART[0]] & counted[_APART[1]]:
            raise Fault("trust", "self-review", "the same owner signed as preparer and as reviewer")
        if refused and not any(counted.values()):
            raise refused[0]
        signed = [f"{owner} ({role})" for role, owners in counted.items() for owner in sorted(owners)]
        return f"signed by {', '.join(signed)}" if signed else "no signature is required"

    def _counting(self, key_id: str, predicate: Mapping[str, Any], proven: datetime | None) -> TrustedKey:
        """Return a key whose signature counts."""
        key = self.keys.get(key_id)
        if key is None:
            raise Fault("trust", "unknown-key", f"key {key_id[:16]} is not in the trust file")
        name = f"key {key_id[:16]} of {key.owner}"
        if predicate.get("environment") not in key.environments:
            raise Fault(
                "trust", "environment", f"{name} does not count in environment {predicate.get('environment')!r}"
            )
        sealed_at = parse_instant(predicate.get("sealed_at"))
        if sealed_at is None:
            raise Fault("trust", "no-time", "the statement does not say when it was sealed")
        # What an authority confirms goes before what the signer says.
        sealed_at = proven or sealed_at
        if sealed_at < key.not_before:
            raise Fault("trust", "not-yet-valid", f"{name} counts from {_shown(key.not_before)}, after it was sealed")
        if key.not_after is not None and sealed_at >= key.not_after:
            raise Fault("trust", "expired", f"{name} counted until {_shown(key.not_after)}, before it was sealed")
        if key.revoked_at is not None and (proven is None or proven >= key.revoked_at):
            shown = "and no trusted time shows that it signed before" if proven is None else "before it signed"
            raise Fault(
                "trust", "revoked", f"{name} was revoked at {_shown(key.revoked_at)} ({key.revoked_reason}), {shown}"
            )
        return key

    def _short(self, role: str, number: int, counted: Mapping[str, set[str]], refused: list[Fault]) -> Fault:
        if refused:
            return refused[0]
        found = len(counted[role])
        if any(counted.values()):
            return Fault("trust", "role", f"{number} signatures as {role} are required, {found} count")
        return Fault("trust", "unsigned", f"{number} signatures as {role} are required, there is none")


def read_trust(path: Path) -> Trust:
    """Read a trust file.

    Raises:
        Fault: It cannot be read, or is no trust file.
    """
    try:
        if path.stat().st_size > MAX_TRUST_BYTES:
            raise Fault("trust", "trust-file", f"{path.name} is longer than {MAX_TRUST_BYTES} bytes")
        return parse_trust(path.read_bytes())
    except OSError as error:
        raise Fault("trust", "trust-file", f"{path} cannot be read ({error.strerror})") from error


def parse_trust(data: bytes) -> Trust:
    """Read the text of a trust file; members that are not known are refused, since a misspelt one would be overlooked.

    Raises:
        Fault: It is no trust file.
    """
    try:
        value = json.loads(data.decode("utf-8", "strict"), object_pairs_hook=_no_key_twice)
    except (ValueError, RecursionError) as error:
        raise _faulty("it is no JSON text, or holds a key twice") from error
    _require(isinstance(value, dict) and value.keys() == _MEMBERS, "its members")
    _require(value["format"] == TRUST_FORMAT, "format")
    _require(isinstance(value["production"], bool), "production")
    _require(isinstance(value["keys"], list) and len(value["keys"]) <= 1000, "keys")
    keys: dict[str, TrustedKey] = {}
    for entry in value["keys"]:
        key = _key(entry)
        if key.id in keys:
            raise _faulty(f"key {key.id[:16]} stands in it twice")
        if value["production"] and set(key.environments) & set(NOT_IN_PRODUCTION):
            raise _faulty(f"key {key.id[:16]} counts in demo or lake, and the file is of production")
        keys[key.id] = key
    _require(isinstance(value["time_required"], bool), "time_required")
    authorities = _authorities(value["time_authorities"])
    _require(bool(authorities) or not value["time_required"], "time_required without a time authority")
    return Trust(value["production"], _required(value["required"]), keys, authorities, value["time_required"])


def parse_instant(text: object) -> datetime | None:
    """Return an instant written as ``2025-10-08T06:00:00.000Z``; None for anything else."""
    if not isinstance(text, str) or not _INSTANT.fullmatch(text):
        return None
    try:
        return datetime.fromisoformat(text)
    except ValueError:
        return None


def instant_text(instant: datetime) -> str:
    """Return an instant as :func:`parse_instant` reads it."""
    return instant.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def pem_of(public_key: bytes) -> str:
    """Return a SubjectPublicKeyInfo as PEM."""
    return load_public_key(public_key).public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def _key(entry: Any) -> TrustedKey:
    _require(isinstance(entry, dict) and entry.keys() == _KEY_MEMBERS, "members of a key")
    try:
        loaded = load_pem_public_key(entry["public_key"].encode())
        # A compressed point, or another curve, is refused here.
        public_key = spki_of(loaded) if isinstance(loaded, ec.EllipticCurvePublicKey) else b""
        same = pem_of(public_key) == entry["public_key"]
    except Exception as error:
        raise _faulty("the public key of a key is no P-256 key in PEM") from error
    _require(same, "the public key of a key: it is written in another form")
    _require(entry["id"] == key_id_of(public_key), "the id of a key: it is not the SHA-256 of its SubjectPublicKeyInfo")
    roles = _names(entry["roles"], ROLES, "roles of a key")
    _require(not set(_APART) <= set(roles), "roles of a key: preparer and reviewer are apart")
    _require(isinstance(entry["owner"], str) and bool(entry["owner"].strip()), "owner of a key")
    revoked = entry["revoked_at"] is not None
    reason = entry["revoked_reason"]
    _require(isinstance(reason, str) and bool(reason.strip()) if revoked else reason is None, "revoked_reason of a key")
    not_before = parse_instant(entry["not_before"])
    if not_before is None:
        raise _faulty("not_before of a key")
    return TrustedKey(
        id=entry["id"],
        public_key=public_key,
        owner=entry["owner"].strip(),
        roles=roles,
        environments=_names(entry["environments"], TRUSTED_ENVIRONMENTS, "environments of a key"),
        not_before=not_before,
        not_after=_instant(entry["not_after"], "not_after of a key"),
        revoked_at=_instant(entry["revoked_at"], "revoked_at of a key"),
        revoked_reason=reason,
    )


def _authorities(value: Any) -> tuple[str, ...]:
    _require(
        isinstance(value, list) and len(value) <= 100 and len(set(map(str, value))) == len(value), "time_authorities"
    )
    for text in value:
        try:
            same = x509.load_pem_x509_certificate(text.encode()).public_bytes(Encoding.PEM).decode() == text
        except Exception as error:
            raise _faulty("a time authority is no certificate in PEM") from error
        _require(same, "a time authority: it is written in another form")
    return tuple(value)


def _names(value: Any, known: tuple[str, ...], what: str) -> tuple[str, ...]:
    _require(isinstance(value, list) and bool(value) and all(name in known for name in value), what)
    _require(len(set(value)) == len(value), what)
    return tuple(value)


def _required(value: Any) -> dict[str, dict[str, int]]:
    _require(isinstance(value, dict) and all(kind in DOCUMENTS for kind in value), "required")
    for counts in value.values():
        _require(isinstance(counts, dict) and all(role in ROLES for role in counts), "required")
        _require(all(type(number) is int and 0 <= number <= 10 for number in counts.values()), "required")
    return {kind: dict(counts) for kind, counts in value.items()}


def _instant(value: Any, what: str) -> datetime | None:
    instant = parse_instant(value)
    _require(value is None or instant is not None, what)
    return instant


def _require(condition: bool, what: str) -> None:
    if not condition:
        raise _faulty(f"{what}: not as the format says")


def _faulty(text: str) -> Fault:
    return Fault("trust", "trust-file", f"the trust file cannot be used: {text}")


def _no_key_twice(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise ValueError("a key occurs twice")
    return members


def _shown(instant: datetime) -> str:
    return instant.isoformat(timespec="seconds").replace("+00:00", "Z")
