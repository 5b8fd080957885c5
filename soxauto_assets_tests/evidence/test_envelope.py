"""Signatures: published vectors, and one spelling for each signed statement."""

import base64
import json
from collections.abc import Callable

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature, encode_dss_signature
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from soxauto_assets.evidence.envelope import (
    MAX_SIGNATURES,
    P256_ORDER,
    envelope_bytes,
    is_signature,
    key_id_of,
    load_public_key,
    low_s,
    pae,
    parse_envelope,
    spki_of,
)
from soxauto_assets.evidence.form import Fault, canonical
from soxauto_assets.evidence.signing import LocalSigner, sign_statement
from soxauto_assets_tests.evidence.signed import signer
from soxauto_assets_tests.evidence.wycheproof import score

STATEMENT = b'{"a":1}'
ONE, TWO = signer(1), signer(2)


def envelope(*keys: LocalSigner) -> bytes:
    return sign_statement(STATEMENT, keys or (ONE,))


def code(data: bytes) -> str:
    """Return the reason code with which an envelope is refused."""
    with pytest.raises(Fault) as refused:
        parse_envelope(data)
    assert refused.value.layer == "signature"
    return refused.value.code


def test_the_pre_authentication_encoding_is_that_of_the_dsse_protocol():
    """The example of https://github.com/secure-systems-lab/dsse/blob/master/protocol.md."""
    encoded = pae(b"hello world", "http://example.com/HelloWorld")
    assert encoded == b"DSSEv1 29 http://example.com/HelloWorld 11 hello world"


def test_a_local_key_signs_as_rfc_6979_says():
    """Appendix A.2.5, P-256 with SHA-256, messages "sample" and "test"; ``s`` may be n - s."""
    x = 0xC9AFA9D845BA75166B5C215767B1D6934E50C3DB36E89B127B8A622B120F6721
    known = {
        b"sample": (
            0xEFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716,
            0xF7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8,
        ),
        b"test": (
            0xF1ABB023518351CD71D881567B1EA663ED3EFCF6C5132B354F28D3B0B7D38367,
            0x019F4113742A2B14BD25926B49C649155F267E60D3814B4C0CC84250E46F0083,
        ),
    }
    key = LocalSigner(ec.derive_private_key(x, ec.SECP256R1()), "a key")
    for message, (r, s) in known.items():
        assert decode_dss_signature(key.sign(message)) == (r, s)
        assert decode_dss_signature(low_s(key.sign(message))) == (r, min(s, P256_ORDER - s))


def test_an_envelope_gives_back_the_statement_and_its_keys_in_order():
    payload, signatures = parse_envelope(envelope(ONE, TWO))
    ids = [signature.key_id for signature in signatures]
    assert payload == STATEMENT
    assert ids == sorted([key_id_of(ONE.public_key), key_id_of(TWO.public_key)])
    assert envelope(ONE, TWO) == envelope(TWO, ONE)


def test_the_envelope_is_this_text():
    """Written here with nothing but json and base64."""
    der = low_s(ONE.sign(b"DSSEv1 28 application/vnd.in-toto+json 7 " + STATEMENT))
    text = {
        "payload": base64.b64encode(STATEMENT).decode(),
        "payloadType": "application/vnd.in-toto+json",
        "signatures": [
            {
                "keyid": key_id_of(ONE.public_key),
                "public_key": base64.b64encode(ONE.public_key).decode(),
                "sig": base64.b64encode(der).decode(),
            }
        ],
    }
    assert envelope() == json.dumps(text, separators=(",", ":")).encode()


# One spelling of each signature.


def test_the_other_s_is_refused_although_the_library_accepts_it():
    """(r, n - s) verifies by ECDSA: without the rule anybody could write a second valid envelope."""
    message, key = pae(STATEMENT), load_public_key(ONE.public_key)
    r, s = decode_dss_signature(low_s(ONE.sign(message)))
    other = encode_dss_signature(r, P256_ORDER - s)
    key.verify(other, message, ec.ECDSA(hashes.SHA256()))
    assert not is_signature(key, other, message)
    assert code(envelope_bytes(STATEMENT, {ONE.public_key: other})) == "bad-signature"


@pytest.mark.parametrize("r", [0, 1, P256_ORDER - 1, P256_ORDER, P256_ORDER + 1, 2**256, 2**4000])
@pytest.mark.parametrize("s", [0, 1, P256_ORDER // 2, P256_ORDER, 2**256])
def test_numbers_outside_the_group_are_no_signature(r, s):
    assert not is_signature(load_public_key(ONE.public_key), encode_dss_signature(r, s), STATEMENT)


def test_any_other_der_is_no_signature():
    message, key = pae(STATEMENT), load_public_key(ONE.public_key)
    der = low_s(ONE.sign(message))
    assert is_signature(key, der, message)
    for other in (
        b"",
        der + b"\0",
        der[:-1],
        b"\x30\x81" + der[1:],
        b"\x30\x80" + der[2:] + b"\0\0",
        der[:2] + b"\2\0" + der[2:],
    ):
        assert not is_signature(key, other, message), other.hex()


def test_a_compressed_point_would_be_the_same_key_under_a_second_id():
    point = load_public_key(ONE.public_key).public_bytes(Encoding.X962, PublicFormat.CompressedPoint)
    head = bytes.fromhex("3039301306072a8648ce3d020106082a8648ce3d030107032200")
    compressed = head + point
    assert key_id_of(compressed) != key_id_of(ONE.public_key)
    der = low_s(ONE.sign(pae(STATEMENT)))
    assert code(envelope_bytes(STATEMENT, {compressed: der})) == "key"
    assert code(envelope_bytes(STATEMENT, {compressed: der, ONE.public_key: der})) in ("key", "bad-signature")


@pytest.mark.parametrize("curve", [ec.SECP384R1(), ec.SECP256K1(), ec.SECP224R1()], ids=lambda curve: curve.name)
def test_a_key_of_another_curve_is_refused(curve):
    key = ec.generate_private_key(curve)
    der = key.sign(pae(STATEMENT), ec.ECDSA(hashes.SHA256()))
    assert code(envelope_bytes(STATEMENT, {spki_of(key.public_key()): der})) == "key"


def test_what_is_no_key_is_refused():
    for text in (b"", b"\x30\0", ONE.public_key[:-1], ONE.public_key + b"\0", ONE.public_key[:-32] + b"\1" * 32):
        assert code(envelope_bytes(STATEMENT, {text: b"\x30\x06\x02\x01\x01\x02\x01\x01"})) == "key"


def test_a_signature_over_the_statement_alone_or_over_its_digest_is_none():
    for message in (STATEMENT, pae(STATEMENT, "application/json"), pae(STATEMENT + b" ")):
        assert code(envelope_bytes(STATEMENT, {ONE.public_key: low_s(ONE.sign(message))})) == "bad-signature"


def test_another_keys_signature_is_none():
    assert code(envelope_bytes(STATEMENT, {TWO.public_key: low_s(ONE.sign(pae(STATEMENT)))})) == "bad-signature"


# One spelling of the envelope.

Change = Callable[[dict], object]


def first(change: dict) -> Change:
    return lambda value: {**value, "signatures": [{**value["signatures"][0], **change}]}


CHANGES: dict[str, Change] = {
    "another payload type": lambda value: {**value, "payloadType": "application/json"},
    "one member more": lambda value: {**value, "more": 1},
    "no signatures": lambda value: {**value, "signatures": []},
    "signatures are no list": lambda value: {**value, "signatures": {}},
    "too many signatures": lambda value: {**value, "signatures": value["signatures"] * (MAX_SIGNATURES + 1)},
    "a signature twice": lambda value: {**value, "signatures": value["signatures"] * 2},
    "a signature with one member more": first({"cert": ""}),
    "a signature that is no object": lambda value: {**value, "signatures": [1]},
    "a payload that is no text": lambda value: {**value, "payload": 1},
    "a payload without padding": lambda value: {**value, "payload": value["payload"].rstrip("=")},
    "a payload in the other alphabet": lambda value: {**value, "payload": "_" + value["payload"][1:]},
    "a payload with a blank": lambda value: {**value, "payload": value["payload"] + " "},
    "a payload with loose bits": lambda value: {**value, "payload": value["payload"].replace("fQ==", "fR==")},
    "another key id": first({"keyid": "0" * 64}),
    "a key id in upper case": lambda value: first({"keyid": value["signatures"][0]["keyid"].upper()})(value),
    "a key id that is no text": first({"keyid": None}),
    "no object": lambda value: [value],
    "a signature that is no base64": first({"sig": "%"}),
}


@pytest.mark.parametrize("change", CHANGES)
def test_another_spelling_of_the_envelope_is_refused(change):
    changed = canonical(CHANGES[change](json.loads(envelope())))
    assert changed != envelope()
    assert code(changed) in ("envelope", "key-id")


def test_signatures_out_of_order_are_refused():
    value = json.loads(envelope(ONE, TWO))
    assert code(canonical({**value, "signatures": value["signatures"][::-1]})) == "envelope"


@pytest.mark.parametrize(
    "change",
    [
        lambda text: b"\xef\xbb\xbf" + text,
        lambda text: text + b"\n",
        lambda text: text.replace(b",", b", ", 1),
        lambda text: text.replace(b",", b",\r\n", 1),
        lambda text: text.replace(b'"payload":', b'"payload":"","payload":', 1),
        lambda text: text.replace(b"keyid", b"key\\u0069d", 1),
        lambda text: b"[" * 100_000,
        lambda text: b"",
    ],
)
def test_the_envelope_in_other_json_is_refused(change):
    assert code(change(envelope())) == "not-canonical"


def test_the_runner_of_published_vectors_tells_right_answers_from_wrong_ones():
    """``soxauto_assets_tests.evidence.wycheproof`` runs vectors that are not in this repository."""
    der = low_s(ONE.sign(b"m"))
    r, s = decode_dss_signature(der)
    tests = [
        {"tcId": 1, "msg": "6d", "sig": der.hex(), "result": "valid"},
        {"tcId": 2, "msg": "6d", "sig": encode_dss_signature(r, P256_ORDER - s).hex(), "result": "valid"},
        {"tcId": 3, "msg": "6e", "sig": der.hex(), "result": "invalid"},
        {"tcId": 4, "msg": "6d", "sig": der.hex(), "result": "invalid"},
        {"tcId": 5, "msg": "6e", "sig": der.hex(), "result": "valid"},
        {"tcId": 6, "msg": "6d", "sig": "00", "result": "valid"},
    ]
    counts, wrong = score({"testGroups": [{"publicKeyDer": ONE.public_key.hex(), "tests": tests}]})
    assert wrong == [4, 5, 6] and counts.total() == 6
