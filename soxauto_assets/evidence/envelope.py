"""Signatures: a statement in a DSSE envelope, ECDSA P-256 with SHA-256.

Here belongs the one form in which a signature may be written, and the check that a key made it. What does not belong here:
making signatures (``evidence.signing``), and whose key it is (``evidence.trust``). It is part of the verifier that auditors
run alone, so it imports the standard library, ``cryptography`` and its neighbours alone.

The envelope is DSSE 1.0 (https://github.com/secure-systems-lab/dsse) over an in-toto Statement v1: what is signed is not the
payload but its pre-authentication encoding (PAE), which says type and length first. The form is narrower than DSSE allows, so
that a signed statement has one spelling only:

- canonical JSON, canonical base64, signatures ordered by key id, no key twice;
- ``keyid`` is the SHA-256 of the key's SubjectPublicKeyInfo, which stands beside it as ``public_key``: the signature can be
  checked without another file, and whether the key is to be trusted is asked of the trust file alone;
- signatures are strict DER with ``s`` in the lower half of the group's order: (r, n - s) verifies as well as (r, s), so
  without this rule anybody could write a second valid signature without the key.
"""

import base64
import binascii
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass

from cryptography.exceptions import InvalidSignature, UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat, load_der_public_key

from soxauto_assets.evidence.form import SIGNATURE, Fault, canonical, parse_canonical

PAYLOAD_TYPE = "application/vnd.in-toto+json"
MAX_SIGNATURES = 16
# The order of the group of P-256 (SEC 2, section 2.4.2).
P256_ORDER = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551


@dataclass(frozen=True)
class Signature:
    """A signature of an envelope, and the key that it names.

    Attributes:
        key_id: SHA-256 of the key's SubjectPublicKeyInfo.
        public_key: The SubjectPublicKeyInfo, DER.
        der: The signature, DER.
    """

    key_id: str
    public_key: bytes
    der: bytes


def pae(payload: bytes, payload_type: str = PAYLOAD_TYPE) -> bytes:
    """Return DSSE's pre-authentication encoding: the bytes that are signed."""
    kind = payload_type.encode()
    return b"DSSEv1 %d %s %d %s" % (len(kind), kind, len(payload), payload)


def key_id_of(public_key: bytes) -> str:
    """Return the id of a key: SHA-256 of its SubjectPublicKeyInfo."""
    return hashlib.sha256(public_key).hexdigest()


def spki_of(key: ec.EllipticCurvePublicKey) -> bytes:
    """Return a key as SubjectPublicKeyInfo, DER, with the point written out."""
    return key.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)


def load_public_key(public_key: bytes) -> ec.EllipticCurvePublicKey:
    """Return a P-256 key from its SubjectPublicKeyInfo in the one spelling that has the point written out.

    A compressed point would be a second spelling of the same key, and so the same key under a second id.

    Raises:
        ValueError: It is no such key, or another spelling of one.
    """
    try:
        key = load_der_public_key(public_key)
    except UnsupportedAlgorithm as error:
        raise ValueError("the key is of an unknown kind") from error
    if not isinstance(key, ec.EllipticCurvePublicKey) or not isinstance(key.curve, ec.SECP256R1):
        raise ValueError("the key is no P-256 key")
    if spki_of(key) != public_key:
        raise ValueError("the key is written in another form")
    return key


def low_s(der: bytes) -> bytes:
    """Return the spelling of a signature whose ``s`` is in the lower half of the order.

    Raises:
        ValueError: It is no DER signature.
    """
    r, s = decode_dss_signature(der)
    return encode_dss_signature(r, min(s, P256_ORDER - s))


def is_signature(key: ec.EllipticCurvePublicKey, der: bytes, message: bytes) -> bool:
    """Return whether a key made a signature over a message, in the one spelling that is accepted; never raises."""
    try:
        r, s = decode_dss_signature(der)
        if not (0 < r < P256_ORDER and 0 < s <= P256_ORDER // 2 and encode_dss_signature(r, s) == der):
            return False
        key.verify(der, message, ec.ECDSA(hashes.SHA256()))
    except (InvalidSignature, ValueError):
        return False
    return True


def envelope_bytes(payload: bytes, signatures: Mapping[bytes, bytes]) -> bytes:
    """Return the envelope of a payload.

    Args:
        payload: The statement.
        signatures: DER signature by SubjectPublicKeyInfo.
    """
    entries = [
        {"keyid": key_id_of(key), "public_key": _base64(key), "sig": _base64(der)} for key, der in signatures.items()
    ]
    return canonical(
        {
            "payload": _base64(payload),
            "payloadType": PAYLOAD_TYPE,
            "signatures": sorted(entries, key=lambda entry: entry["keyid"]),
        }
    )


def parse_envelope(data: bytes, name: str = SIGNATURE) -> tuple[bytes, list[Signature]]:
    """Return payload and signatures of an envelope whose every signature was made by the key beside it.

    Raises:
        Fault: It has another form, or a signature was not made by the key that it names.
    """
    try:
        value = parse_canonical(data, name)
    except Fault as fault:
        raise Fault("signature", fault.code, fault.text) from fault
    if not isinstance(value, dict) or value.keys() != {"payload", "payloadType", "signatures"}:
        raise Fault("signature", "envelope", f"{name} is no DSSE envelope")
    if value["payloadType"] != PAYLOAD_TYPE:
        raise Fault("signature", "envelope", f"{name} holds another kind of payload")
    payload, entries = _bytes(value["payload"], name), value["signatures"]
    if not isinstance(entries, list) or not 0 < len(entries) <= MAX_SIGNATURES:
        raise Fault("signature", "envelope", f"{name} holds no signature, or more than {MAX_SIGNATURES}")
    signatures = [_signature(entry, name) for entry in entries]
    ids = [signature.key_id for signature in signatures]
    if ids != sorted(set(ids)):
        raise Fault("signature", "envelope", f"{name} holds a key twice or out of order")
    for signature in signatures:
        _require_made(signature, payload)
    return payload, signatures


def _signature(entry: object, name: str) -> Signature:
    if not isinstance(entry, dict) or entry.keys() != {"keyid", "public_key", "sig"}:
        raise Fault("signature", "envelope", f"a signature of {name} has other members")
    public_key, der = _bytes(entry["public_key"], name), _bytes(entry["sig"], name)
    if entry["keyid"] != key_id_of(public_key):
        raise Fault("signature", "key-id", f"a key id of {name} is not the SHA-256 of its key")
    return Signature(entry["keyid"], public_key, der)


def _require_made(signature: Signature, payload: bytes) -> None:
    try:
        key = load_public_key(signature.public_key)
    except ValueError as error:
        raise Fault("signature", "key", f"key {signature.key_id[:16]}: {error}") from error
    if not is_signature(key, signature.der, pae(payload)):
        raise Fault("signature", "bad-signature", f"key {signature.key_id[:16]} did not make this signature")


def _base64(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: object, name: str) -> bytes:
    """Return what base64 text says, where it is the only text that says it."""
    try:
        data = base64.b64decode(text, validate=True) if isinstance(text, str) else None
    except (binascii.Error, ValueError):
        data = None
    if data is None or _base64(data) != text:
        raise Fault("signature", "envelope", f"a value of {name} is not in canonical base64")
    return data
