"""A time authority of our own: ``openssl ts`` behind a small HTTP server.

Here belongs making its certificates, answering requests, and misbehaving when a test asks for it. What does not belong here:
expectations.
"""

import subprocess
import threading
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

_CONFIGURATION = """\
[tsa]
default_tsa = authority
[authority]
serial = {folder}/serial
default_policy = 1.2.3.4.1
digests = sha256
signer_digest = {digest}
ess_cert_id_alg = {digest}
accuracy = secs:1, millisecs:500, microsecs:100
clock_precision_digits = 0
ordering = no
tsa_name = {named}
ess_cert_id_chain = no
"""
Answer = Callable[[bytes], bytes]


class Authority:
    """An authority with a root, an authority below it and a certificate for time stamps.

    Args:
        folder: Where its files lie.
        kind: Kind of its key: ``ec`` or ``rsa``.
        digest: Its digest.
        usages: What the certificate is for.
        critical: Whether that is critical.
        days: From and until when the certificate is valid, in days from now.
        below: Whether an authority stands between root and certificate.
        named: Whether tokens name the authority.
    """

    def __init__(
        self,
        folder: Path,
        kind: str = "ec",
        digest: str = "sha256",
        usages: Sequence[x509.ObjectIdentifier] = (ExtendedKeyUsageOID.TIME_STAMPING,),
        critical: bool = True,
        days: tuple[int, int] = (-10, 10),
        below: bool = False,
        named: bool = False,
    ):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        root_key = ec.generate_private_key(ec.SECP256R1())
        self.root = _certificate("Root", root_key.public_key(), None, root_key, (-100, 100), True)
        issuer, issuer_key, chain = self.root, root_key, []
        if below:
            issuer_key = ec.generate_private_key(ec.SECP256R1())
            issuer = _certificate("Below", issuer_key.public_key(), self.root, root_key, (-100, 100), True)
            chain = [issuer]
        key = rsa.generate_private_key(65537, 2048) if kind == "rsa" else ec.generate_private_key(ec.SECP256R1())
        usage = x509.ExtendedKeyUsage(usages) if usages else None
        signer = _certificate("Clock", key.public_key(), issuer, issuer_key, days, False, usage, critical)
        self.root_file = self._write("root.pem", self.root.public_bytes(Encoding.PEM))
        self._write("signer.pem", signer.public_bytes(Encoding.PEM))
        self._write("chain.pem", b"".join(certificate.public_bytes(Encoding.PEM) for certificate in chain))
        self._write("key.pem", key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
        text = _CONFIGURATION.format(folder=folder, digest=digest, named="yes" if named else "no")
        self._write("openssl.cnf", (text + (f"certs = {folder}/chain.pem\n" if below else "")).encode())
        self._write("serial", b"01\n")
        self.misbehave: Answer | None = None
        self.asked = 0
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/"
        threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True).start()

    def reply(self, request: bytes) -> bytes:
        """Return what ``openssl ts`` answers to a request."""
        query, answer = self._write("query.tsq", request), self.folder / "answer.tsr"
        run = ["openssl", "ts", "-reply", "-config", str(self.folder / "openssl.cnf"), "-section", "authority"]
        run += ["-queryfile", str(query), "-signer", str(self.folder / "signer.pem"), "-out", str(answer)]
        subprocess.run([*run, "-inkey", str(self.folder / "key.pem")], check=True, capture_output=True)
        return answer.read_bytes()

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()

    def _write(self, name: str, content: bytes) -> Path:
        (self.folder / name).write_bytes(content)
        return self.folder / name


def _handler(authority: Authority) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            authority.asked += 1
            request = self.rfile.read(int(self.headers["Content-Length"]))
            assert self.headers["Content-Type"] == "application/timestamp-query"
            try:
                answer = (authority.misbehave or authority.reply)(request)
            except RuntimeError as error:
                self.send_error(int(str(error)))
                return
            except subprocess.CalledProcessError:
                self.send_error(500)
                return
            self.send_response(200)
            self.send_header("Content-Type", "application/timestamp-reply")
            self.send_header("Content-Length", str(len(answer)))
            self.end_headers()
            self.wfile.write(answer)

        def log_message(self, *arguments: object) -> None:
            """Say nothing."""

    return Handler


def _certificate(
    name: str,
    public_key,
    issuer: x509.Certificate | None,
    key: ec.EllipticCurvePrivateKey,
    days: tuple[int, int],
    authority: bool,
    usage: x509.ExtendedKeyUsage | None = None,
    critical: bool = True,
) -> x509.Certificate:
    subject, now = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)]), datetime.now(UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer.subject if issuer else subject)
        .public_key(public_key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now + timedelta(days=days[0]))
        .not_valid_after(now + timedelta(days=days[1]))
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
    )
    if usage is not None:
        builder = builder.add_extension(usage, critical=critical)
    return builder.sign(key, hashes.SHA256())
