"""Asking a time authority for a token (RFC 3161).

Here belongs the request, its answer, and the check of the answer before it is stored. What does not belong here: reading and
judging a token later (``evidence.times``).

An authority that is configured is required: when it does not answer, nothing is sealed, so that a package without a token means
that none was configured.
"""

import hashlib
import secrets
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from cryptography import x509
from cryptography.hazmat import asn1

from soxauto_assets.errors import SettingsError, SigningError
from soxauto_assets.evidence.form import Fault
from soxauto_assets.evidence.times import (
    MAX_TOKEN_BYTES,
    SHA256_OID,
    Algorithm,
    Imprint,
    TimeRequest,
    read_token,
    require_authority,
)

_SECONDS = 30
_ATTEMPTS = 3


class TimeAuthority:
    """An authority that is asked over HTTP.

    Args:
        url: Its address.
        roots: Certificates that its tokens must lead to.
    """

    def __init__(self, url: str, roots: Sequence[x509.Certificate]):
        self.url = url
        self._roots = tuple(roots)

    @classmethod
    def open(cls, url: str, ca_file: Path) -> "TimeAuthority":
        """Return the authority that the settings name.

        Raises:
            SettingsError: The address is none, or the file holds no certificate.
        """
        if not url.startswith(("https://", "http://")):
            raise SettingsError(f"SOXAUTO_TSA_URL is {url!r}", action="set it to https://… or http://…")
        return cls(url, read_certificates(ca_file))

    def token(self, message: bytes) -> bytes:
        """Return a time-stamp response over a message, after it was verified.

        Raises:
            SigningError: The authority did not answer, refused, or its answer does not hold.
        """
        nonce = secrets.randbits(63)
        digest = hashlib.sha256(message).digest()
        imprint = Imprint(algorithm=Algorithm(algorithm=SHA256_OID, parameters=asn1.Null()), digest=digest)
        request = asn1.encode_der(TimeRequest(version=1, imprint=imprint, nonce=nonce, certificates=True))
        answer = self._ask(request)
        try:
            token = read_token(answer, message, self._roots)
            require_authority(token, self._roots)
        except Fault as fault:
            raise self._refused(fault.text) from fault
        if token.nonce != nonce:
            raise self._refused("its answer is to another request")
        return answer

    def _ask(self, request: bytes) -> bytes:
        """Send a request; one that meets a passing fault is sent again, since a token too many does no harm."""
        headers = {"Content-Type": "application/timestamp-query", "Accept": "application/timestamp-reply"}
        reason = ""
        for _ in range(_ATTEMPTS):
            question = urllib.request.Request(self.url, request, headers)
            try:
                with urllib.request.urlopen(question, timeout=_SECONDS) as answer:
                    return bytes(answer.read(MAX_TOKEN_BYTES + 1))
            except urllib.error.HTTPError as error:
                reason = f"HTTP status {error.code}"
                error.close()
                if error.code < 500:
                    break
            except (OSError, ValueError) as error:
                reason = str(getattr(error, "reason", None) or error)
        raise self._refused(reason)

    def _refused(self, reason: str) -> SigningError:
        return SigningError(
            f"the time authority {self.url} gave no token: {reason}",
            action="see whether it can be reached, and whether SOXAUTO_TSA_CA holds its root; then start again",
        )


def read_certificates(path: Path) -> list[x509.Certificate]:
    """Return the certificates of a PEM file.

    Raises:
        SettingsError: It cannot be read, or holds none.
    """
    try:
        return x509.load_pem_x509_certificates(path.read_bytes())
    except OSError as error:
        raise SettingsError(f"{path} cannot be read ({error.strerror})", action="name another file") from error
    except ValueError as error:
        raise SettingsError(
            f"{path} holds no certificate in PEM", action="name the file of the authority's root certificate"
        ) from error
