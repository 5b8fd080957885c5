"""Time tokens: what an authority confirms by RFC 3161, and whether it may.

Here belongs reading a time-stamp response, strictly, and the check of its signature and certificates. What does not belong
here: asking an authority for one (``evidence.time_authority``), and which authorities are trusted (``evidence.trust``). It is
part of the verifier that auditors run alone, so it imports the standard library, ``cryptography`` and its neighbours alone.

The token is over the bytes of ``signature.dsse.json``, so it confirms that statement and signature existed. The shapes are
those of RFC 3161 section 2.4.2 and RFC 5652 section 5; they are read as DER, of which a value has one spelling. What a token
leaves unsigned (a version, the list of certificates) is covered by the seal like every other byte of a package.
"""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Any

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat import asn1
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID

from soxauto_assets.evidence.form import Fault

MAX_TOKEN_BYTES = 2**18
_MAX_CHAIN = 5
_SIGNED_DATA = x509.ObjectIdentifier("1.2.840.113549.1.7.2")
_TST_INFO = x509.ObjectIdentifier("1.2.840.113549.1.9.16.1.4")
_CONTENT_TYPE = x509.ObjectIdentifier("1.2.840.113549.1.9.3")
_MESSAGE_DIGEST = x509.ObjectIdentifier("1.2.840.113549.1.9.4")
_SIGNING_CERTIFICATE_V2 = x509.ObjectIdentifier("1.2.840.113549.1.9.16.2.47")
_SIGNING_CERTIFICATE = x509.ObjectIdentifier("1.2.840.113549.1.9.16.2.12")
SHA256_OID = x509.ObjectIdentifier("2.16.840.1.101.3.4.2.1")
_HASHES: dict[x509.ObjectIdentifier, hashes.HashAlgorithm] = {
    SHA256_OID: hashes.SHA256(),
    x509.ObjectIdentifier("2.16.840.1.101.3.4.2.2"): hashes.SHA384(),
    x509.ObjectIdentifier("2.16.840.1.101.3.4.2.3"): hashes.SHA512(),
}


# rsaEncryption names no digest; the others do.
_RSA = x509.ObjectIdentifier("1.2.840.113549.1.1.1")
_SIGNATURES = {
    oid: {
        _RSA,
        x509.ObjectIdentifier(f"1.2.840.113549.1.1.{rsa_}"),
        x509.ObjectIdentifier(f"1.2.840.10045.4.3.{ecdsa}"),
    }
    for oid, (rsa_, ecdsa) in zip(_HASHES, ((11, 2), (12, 3), (13, 4)), strict=True)
}


@asn1.sequence
class Algorithm:
    """AlgorithmIdentifier, for algorithms without parameters."""

    algorithm: x509.ObjectIdentifier
    parameters: asn1.Null | None = None


@asn1.sequence
class Imprint:
    """MessageImprint."""

    algorithm: Algorithm
    digest: bytes


@asn1.sequence
class TimeRequest:
    """TimeStampReq, without policy and extensions."""

    version: int
    imprint: Imprint
    nonce: int
    certificates: bool


@asn1.sequence
class _Accuracy:
    seconds: int | None
    millis: Annotated[int | None, asn1.Implicit(0)]
    micros: Annotated[int | None, asn1.Implicit(1)]


@asn1.sequence
class _Wrapped:
    """What an explicit tag holds."""

    value: asn1.TLV


@asn1.sequence
class _Info:
    """TSTInfo."""

    version: int
    policy: x509.ObjectIdentifier
    imprint: Imprint
    serial: int
    time: asn1.GeneralizedTime
    accuracy: _Accuracy | None
    ordering: Annotated[bool, asn1.Default(False)]
    nonce: int | None
    authority: Annotated[_Wrapped | None, asn1.Implicit(0)]
    extensions: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]


@asn1.sequence
class _Attribute:
    kind: x509.ObjectIdentifier
    values: asn1.SetOf[asn1.TLV]


@asn1.sequence
class _Issued:
    """IssuerAndSerialNumber."""

    issuer: asn1.TLV
    serial: int


@asn1.sequence
class _Signer:
    """SignerInfo."""

    version: int
    issued: _Issued
    digest: Algorithm
    signed: Annotated[list[asn1.TLV], asn1.Implicit(0)]
    signature_algorithm: Algorithm
    signature: bytes
    unsigned: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]


@asn1.sequence
class _Content:
    """EncapsulatedContentInfo."""

    kind: x509.ObjectIdentifier
    text: Annotated[bytes, asn1.Explicit(0)]


@asn1.sequence
class _Signed:
    """SignedData. Some authorities do not sort the certificates, so that they are read as a list."""

    version: int
    digests: asn1.SetOf[Algorithm]
    content: _Content
    certificates: Annotated[list[x509.Certificate] | None, asn1.Implicit(0)]
    revocations: Annotated[list[asn1.TLV] | None, asn1.Implicit(1)]
    signers: asn1.SetOf[_Signer]


@asn1.sequence
class _Token:
    kind: x509.ObjectIdentifier
    content: Annotated[_Signed, asn1.Explicit(0)]


@asn1.sequence
class _Status:
    status: int
    text: list[str] | None
    failure: asn1.BitString | None


@asn1.sequence
class _Response:
    """TimeStampResp."""

    status: _Status
    token: _Token | None


@asn1.sequence
class _IssuedBy:
    """IssuerSerial."""

    names: list[asn1.TLV]
    serial: int


@asn1.sequence
class _NamedOne:
    """ESSCertIDv2."""

    algorithm: Algorithm | None
    digest: bytes
    issued: _IssuedBy | None


@asn1.sequence
class _NamedOneBefore:
    """ESSCertID."""

    digest: bytes
    issued: _IssuedBy | None


@asn1.sequence
class _Named:
    """SigningCertificateV2."""

    certificates: list[_NamedOne]
    policies: list[asn1.TLV] | None


@asn1.sequence
class _NamedBefore:
    """SigningCertificate."""

    certificates: list[_NamedOneBefore]
    policies: list[asn1.TLV] | None


@dataclass(frozen=True)
class TimeToken:
    """A token whose signature was verified.

    Attributes:
        time: When the authority says that the message existed.
        nonce: The number that it was asked with.
        certificate: The certificate of the key that signed it.
        others: Further certificates that came with it.
    """

    time: datetime
    nonce: int | None
    certificate: x509.Certificate
    others: tuple[x509.Certificate, ...]

    @property
    def authority(self) -> str:
        """The name that the certificate gives the authority."""
        return self.certificate.subject.rfc4514_string()


def read_token(data: bytes, message: bytes, roots: Sequence[x509.Certificate] = ()) -> TimeToken:
    """Return what a time-stamp response says of a message.

    Args:
        data: The response.
        message: What it is over.
        roots: Where the signer's certificate is looked for, too, when the token does not bring it.

    Raises:
        Fault: It is none, is over another message, or was not made by the certificate that it names.
    """
    try:
        if len(data) > MAX_TOKEN_BYTES:
            raise ValueError("it is too long")
        response = asn1.decode_der(_Response, data)
        if response.token is None or response.status.status != 0:
            raise ValueError("the authority did not grant it")
        signed, (signer,) = response.token.content, response.token.content.signers.as_list()
        _require_outside(signed, signer)
        if (response.token.kind, signed.content.kind) != (_SIGNED_DATA, _TST_INFO):
            raise ValueError("it holds something else")
        info = asn1.decode_der(_Info, signed.content.text)
        token = _verified(signed, signer, info, roots)
    except Exception as error:
        # Whatever a hostile token makes the library raise, it is no token.
        reason = str(error) or type(error).__name__
        raise Fault("time", "token", f"the time token does not hold: {reason}") from error
    if info.imprint.algorithm.algorithm != SHA256_OID or info.imprint.digest != hashlib.sha256(message).digest():
        raise Fault("time", "other-message", "the time token is over another signature than this one")
    return token


def require_authority(token: TimeToken, roots: Sequence[x509.Certificate]) -> None:
    """Require that a token's certificate leads to a trusted root and was valid, and for time stamps, when it signed.

    Raises:
        Fault: It does not, or was not.
    """
    chain = [token.certificate]
    while not any(chain[-1] == root for root in roots):
        issuer = next((found for found in (*roots, *token.others) if _issued(chain[-1], found)), None)
        if issuer is None or len(chain) >= _MAX_CHAIN or issuer in chain:
            raise Fault("time", "untrusted-authority", f"no trusted authority issued {token.authority}")
        chain.append(issuer)
    for certificate in chain:
        if not certificate.not_valid_before_utc <= token.time <= certificate.not_valid_after_utc:
            name = certificate.subject.rfc4514_string()
            raise Fault("time", "untrusted-authority", f"the certificate of {name} was not valid at that time")


def _verified(signed: _Signed, signer: _Signer, info: _Info, roots: Sequence[x509.Certificate]) -> TimeToken:
    algorithm = _HASHES[signer.digest.algorithm]
    attributes: dict[x509.ObjectIdentifier, Any] = {}
    for entry in signer.signed:
        attribute = entry.parse(_Attribute)
        if attribute.kind in attributes:
            raise ValueError("an attribute stands in it twice")
        (attributes[attribute.kind],) = attribute.values.as_list()
    if attributes[_CONTENT_TYPE].parse(x509.ObjectIdentifier) != _TST_INFO:
        raise ValueError("its signature is over something else")
    if attributes[_MESSAGE_DIGEST].parse(bytes) != _digest(algorithm, signed.content.text):
        raise ValueError("its signature is over another content")
    others = tuple(signed.certificates or ())
    certificate = next(found for found in (*others, *roots, None) if found is None or _is_of(signer.issued, found))
    if certificate is None:
        raise ValueError("the certificate of its signer is not there")
    _require_named(certificate, attributes)
    _require_for_time(certificate)
    _require_signature(certificate, signer.signature, algorithm, _set_of(signer.signed))
    if info.version != 1:
        raise ValueError("it is of another version")
    return TimeToken(info.time.as_datetime().replace(tzinfo=UTC), info.nonce, certificate, others)


def _require_outside(signed: _Signed, signer: _Signer) -> None:
    """Require what no signature covers to be what it must be: versions and names of algorithms."""
    digests = [algorithm.algorithm for algorithm in signed.digests.as_list()]
    if (signed.version, signer.version, digests) != (3, 1, [signer.digest.algorithm]):
        raise ValueError("its versions or algorithms are other ones")
    if signer.signature_algorithm.algorithm not in _SIGNATURES[signer.digest.algorithm]:
        raise ValueError("it is signed by another algorithm")


def _is_of(issued: _Issued, certificate: x509.Certificate) -> bool:
    issuer = _tlv(issued.issuer)
    return certificate.serial_number == issued.serial and certificate.issuer.public_bytes() == issuer


def _require_named(certificate: x509.Certificate, attributes: dict[x509.ObjectIdentifier, Any]) -> None:
    """Require that the signed attributes name the certificate (RFC 5816), so that no other one of the key fits."""
    if (named := attributes.get(_SIGNING_CERTIFICATE_V2)) is not None:
        first = named.parse(_Named).certificates[0]
        if first.algorithm is not None and first.algorithm.algorithm != SHA256_OID:
            digest = _digest(_HASHES[first.algorithm.algorithm], certificate.public_bytes(Encoding.DER))
        else:
            digest = hashlib.sha256(certificate.public_bytes(Encoding.DER)).digest()
    else:
        first = attributes[_SIGNING_CERTIFICATE].parse(_NamedBefore).certificates[0]
        digest = hashlib.sha1(certificate.public_bytes(Encoding.DER)).digest()
    if first.digest != digest:
        raise ValueError("it names another certificate")


def _require_for_time(certificate: x509.Certificate) -> None:
    """Require that a certificate is for time stamps and for nothing else (RFC 3161 section 2.3)."""
    usage = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage)
    if not usage.critical or list(usage.value) != [ExtendedKeyUsageOID.TIME_STAMPING]:
        raise ValueError("its certificate is not for time stamps alone")


def _require_signature(
    certificate: x509.Certificate, signature: bytes, algorithm: hashes.HashAlgorithm, message: bytes
) -> None:
    key = certificate.public_key()
    if isinstance(key, ec.EllipticCurvePublicKey):
        key.verify(signature, message, ec.ECDSA(algorithm))
    elif isinstance(key, rsa.RSAPublicKey) and key.key_size >= 2048:
        key.verify(signature, message, padding.PKCS1v15(), algorithm)
    else:
        raise ValueError("its key is of another kind")


def _issued(certificate: x509.Certificate, issuer: x509.Certificate) -> bool:
    """Return whether a certificate authority issued a certificate."""
    try:
        constraints = issuer.extensions.get_extension_for_class(x509.BasicConstraints).value
        certificate.verify_directly_issued_by(issuer)
    except (ValueError, TypeError, InvalidSignature, x509.ExtensionNotFound):
        return False
    return constraints.ca


def _digest(algorithm: hashes.HashAlgorithm, data: bytes) -> bytes:
    digest = hashes.Hash(algorithm)
    digest.update(data)
    return digest.finalize()


def _set_of(entries: list[asn1.TLV]) -> bytes:
    """Return what the signature is over: the attributes as a SET OF, not under the tag they stand under (RFC 5652, 5.4)."""
    content = b"".join(_tlv(entry) for entry in entries)
    return b"\x31" + _length(len(content)) + content


def _tlv(entry: Any) -> bytes:
    data = bytes(entry.data)
    return bytes(entry.tag_bytes) + _length(len(data)) + data


def _length(number: int) -> bytes:
    if number < 0x80:
        return bytes([number])
    text = number.to_bytes((number.bit_length() + 7) // 8, "big")
    return bytes([0x80 | len(text)]) + text
