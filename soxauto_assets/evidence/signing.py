"""Signing: a key in a local file or in AWS KMS, and the envelope that it makes.

Here belongs making a signature, in the one spelling that ``evidence.envelope`` accepts, and checking it before it is stored.
What does not belong here: whether a key is trusted (``evidence.trust``), and where the envelope goes (``evidence.store``).
"""

import hashlib
import os
import stat
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol
from uuid import uuid4

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    load_pem_private_key,
)

from soxauto_assets.aws.session import AwsSession
from soxauto_assets.errors import SigningError
from soxauto_assets.evidence.envelope import (
    envelope_bytes,
    is_signature,
    key_id_of,
    load_public_key,
    low_s,
    pae,
    parse_envelope,
    spki_of,
)
from soxauto_assets.evidence.form import SIGNATURE, TOKEN, Fault
from soxauto_assets.evidence.time_authority import TimeAuthority
from soxauto_assets.numbered import sync_folder

_IGNORE = ".gitignore"
_KMS_PREFIXES = ("arn:", "alias/")


class Signer(Protocol):
    """A P-256 key that can sign."""

    @property
    def place(self) -> str:
        """Where the key is, for messages: never the key itself."""

    @property
    def public_key(self) -> bytes:
        """The key's SubjectPublicKeyInfo, DER.

        Raises:
            SigningError: It cannot be asked, or is no P-256 key for signatures.
        """

    def sign(self, message: bytes) -> bytes:
        """Return an ECDSA signature with SHA-256 over a message, DER, in any spelling.

        Raises:
            SigningError: The key refused.
        """


class LocalSigner:
    """A key in a file.

    Args:
        key: The key.
        place: Where it is.
    """

    def __init__(self, key: ec.EllipticCurvePrivateKey, place: str):
        self._key = key
        self.place = place
        self.public_key = spki_of(key.public_key())

    @classmethod
    def open(cls, path: Path) -> "LocalSigner":
        """Read a key that nobody else can read.

        Raises:
            SigningError: There is none, others can read it, it lies in a git checkout, or it is no P-256 key in PEM.
        """
        _require_outside_git(path)
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW)
            with open(handle, "rb") as file:
                facts = os.fstat(handle)
                if not stat.S_ISREG(facts.st_mode) or facts.st_mode & 0o077:
                    raise SigningError(
                        f"signing key {path} can be read by others than its owner",
                        action=f"find out who has read it; if nobody has, 'chmod 600 {path}', otherwise make a new one",
                    )
                text = file.read(2**16)
        except OSError as error:
            raise SigningError(
                f"signing key {path} cannot be read ({error.strerror})",
                action="set SOXAUTO_SIGNING_KEY to the key, or make one with 'soxauto keys init'",
            ) from error
        try:
            key = load_pem_private_key(text, None)
        except (ValueError, TypeError, UnsupportedAlgorithm):
            # The library's own message may quote the file.
            key = None
        if not isinstance(key, ec.EllipticCurvePrivateKey) or not isinstance(key.curve, ec.SECP256R1):
            raise SigningError(
                f"signing key {path} is no P-256 key in PEM, without a passphrase",
                action="make one with 'soxauto keys init'",
            )
        return cls(key, str(path))

    @classmethod
    def create(cls, path: Path) -> "LocalSigner":
        """Make a key file, mode 0600, and open it; one that is there already is opened as it is.

        Raises:
            SigningError: It cannot be written, or cannot be used.
        """
        if not os.path.lexists(path):
            _require_outside_git(path)
            key = ec.generate_private_key(ec.SECP256R1())
            text = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
            try:
                path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
                _write_once(path, text)
            except OSError as error:
                raise SigningError(
                    f"signing key {path} cannot be written ({error.strerror})",
                    action="correct the permissions, or set SOXAUTO_SIGNING_KEY to another place",
                ) from error
        return cls.open(path)

    def sign(self, message: bytes) -> bytes:
        """See :meth:`Signer.sign`; the same message gives the same signature (RFC 6979)."""
        return self._key.sign(message, ec.ECDSA(hashes.SHA256(), deterministic_signing=True))


class KmsSigner:
    """A key of AWS KMS, kind ECC_NIST_P256; it never leaves KMS, and every signature is in CloudTrail.

    Args:
        session: The AWS session.
        key: Its ARN or alias.
    """

    def __init__(self, session: AwsSession, key: str):
        self._session = session
        self._public_key: bytes | None = None
        self.place = key

    @property
    def public_key(self) -> bytes:
        """See :attr:`Signer.public_key`; asked once."""
        if self._public_key is None:
            with self._session.asking(f"read the public key of KMS key {self.place}", SigningError):
                answer = self._session.client("kms").get_public_key(KeyId=self.place)
            try:
                if answer["KeyUsage"] != "SIGN_VERIFY":
                    raise ValueError("its use is another one")
                load_public_key(answer["PublicKey"])
            except ValueError as error:
                raise SigningError(
                    f"KMS key {self.place} is no P-256 key for signatures ({error})",
                    action="name a key of kind ECC_NIST_P256 and use SIGN_VERIFY in SOXAUTO_SIGNING_KEY",
                ) from error
            self._public_key = bytes(answer["PublicKey"])
        return self._public_key

    def sign(self, message: bytes) -> bytes:
        """See :meth:`Signer.sign`. KMS takes messages up to 4,096 bytes, and digests: a statement may be longer."""
        with self._session.asking(f"sign with KMS key {self.place}", SigningError):
            answer = self._session.client("kms").sign(
                KeyId=self.place,
                Message=hashlib.sha256(message).digest(),
                MessageType="DIGEST",
                SigningAlgorithm="ECDSA_SHA_256",
            )
        return bytes(answer["Signature"])


@dataclass(frozen=True)
class Signing:
    """Signs statements.

    Attributes:
        signers: The keys that sign.
        authority: Confirms when; None = nobody does.
    """

    signers: tuple[Signer, ...]
    authority: TimeAuthority | None = None

    def __call__(self, statement: bytes) -> Mapping[str, bytes]:
        """Return the tag files that a signed statement adds to a package, by name.

        Raises:
            SigningError: A key or the authority refused, or what it made does not verify.
        """
        envelope = sign_statement(statement, self.signers)
        return {SIGNATURE: envelope, **({TOKEN: self.authority.token(envelope)} if self.authority else {})}


def sign_statement(statement: bytes, signers: tuple[Signer, ...]) -> bytes:
    """Return a statement's envelope, after every signature was verified.

    Raises:
        SigningError: A key refused, or what it made does not verify.
    """
    signatures = {}
    for signer in signers:
        public_key = signer.public_key
        try:
            der = low_s(signer.sign(pae(statement)))
        except ValueError:
            der = b""
        if not is_signature(load_public_key(public_key), der, pae(statement)):
            raise _unverified(signer.place)
        signatures[public_key] = der
    envelope = envelope_bytes(statement, signatures)
    try:
        parse_envelope(envelope)
    except Fault as error:
        raise _unverified(error.text) from error
    return envelope


def is_kms(key: str) -> bool:
    """Return whether a signing key is one of AWS KMS, by its name."""
    return key.startswith(_KMS_PREFIXES)


def describe(signer: Signer) -> str:
    """Return a signer in words: the id of its key, and where the key is."""
    return f"{key_id_of(signer.public_key)} ({signer.place})"


def keep_out_of_git(folder: Path) -> None:
    """Make a folder of keys that git passes over, wherever it lies.

    Raises:
        SigningError: It cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not (folder / _IGNORE).exists():
            (folder / _IGNORE).write_text("*\n")
    except OSError as error:
        raise SigningError(
            f"the folder of keys {folder} cannot be made ({error.strerror})",
            action="correct the permissions, or set SOXAUTO_SIGNING_KEY",
        ) from error


def _require_outside_git(path: Path) -> None:
    """Refuse a key that a commit could take along: in a checkout, and not in a folder that :func:`keep_out_of_git` made."""
    folder = Path(os.path.abspath(path)).parent
    ignore = folder / _IGNORE
    if ignore.is_file() and "*" in ignore.read_text("utf-8", "replace").splitlines():
        return
    if checkout := next((place for place in (folder, *folder.parents) if (place / ".git").exists()), None):
        raise SigningError(
            f"signing key {path} lies in the git checkout {checkout}",
            action="move it elsewhere and set SOXAUTO_SIGNING_KEY; if it was ever committed, make a new one",
        )


def _write_once(path: Path, text: bytes) -> None:
    """Write a file under its name whole or not at all; one that is there stays."""
    staged = path.parent / f".{uuid4().hex}"
    handle = os.open(staged, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with open(handle, "wb") as file:
            file.write(text)
            file.flush()
            os.fsync(handle)
        os.link(staged, path)
        sync_folder(path.parent)
    except FileExistsError:
        pass  # another process made it meanwhile; that one counts
    finally:
        staged.unlink()


def _unverified(which: str) -> SigningError:
    return SigningError(
        f"what signing key {which} made does not verify",
        action="look whether its alias was moved to another key; nothing was sealed",
    )
