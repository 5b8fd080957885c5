"""Credentials: which keys exist, whose they are, and whether a request was signed with one of them.

Here belongs the register of keys, signature version 4, expiry and denied actions. What does not belong here: what a call
does.

The region in a signature is not compared with anything: state is kept per region, so a client of another region finds
nothing. Signatures of single chunks of an ``aws-chunked`` body are not recomputed; the signature of its headers is.
"""

import hashlib
import hmac
import re
import threading
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from fnmatch import fnmatchcase
from secrets import token_hex
from typing import Any
from urllib.parse import parse_qsl, quote, unquote

from soxauto_assets_tests.aws.endpoint.calls import Call, Request
from soxauto_assets_tests.aws.endpoint.errors import JSON_SERVICES, AwsError

_SKEW = timedelta(minutes=15)
_HEADER = re.compile(r"AWS4-HMAC-SHA256\s+Credential=([^,]+),\s*SignedHeaders=([^,]+),\s*Signature=([0-9a-f]{64})$")


@dataclass
class Credential:
    """A key that may sign requests.

    Attributes:
        key_id: Access key id.
        secret: Secret access key.
        token: Session token; empty for a long-lived key.
        account: Account of the identity.
        arn: ARN of the identity.
        user_id: Unique id of the identity.
        expires: When it ends; None = never.
        deny: Denied actions, ``service:Action`` with ``*`` as wildcard, each with the ARN pattern it is denied on.
        calls_left: Calls after which it expires; None = no such limit.
    """

    key_id: str
    secret: str
    token: str
    account: str
    arn: str
    user_id: str
    expires: datetime | None = None
    deny: list[tuple[str, str]] = field(default_factory=list)
    calls_left: int | None = None

    def denies(self, permissions: frozenset[str], resource: str) -> bool:
        """Say whether an explicit denial meets one of the permissions on a resource."""
        return any(
            fnmatchcase(permission, action) and fnmatchcase(resource, pattern)
            for permission in permissions
            for action, pattern in self.deny
        )

    def require(self, permission: str, resource: str = "*") -> None:
        """Refuse what the identity may not do; used where a service acts on the caller's behalf.

        Raises:
            AwsError: It is denied.
        """
        if self.denies(frozenset({permission}), resource):
            raise AwsError(
                "AccessDenied",
                f"User: {self.arn} is not authorized to perform: {permission} on resource: {resource} with an explicit "
                "deny in an identity-based policy",
                403,
            )


class Credentials:
    """The registered keys and roles.

    Args:
        account: Account of keys that name none.
    """

    def __init__(self, account: str):
        self._account = account
        self._keys: dict[str, Credential] = {}
        self._roles: dict[str, dict[str, Any]] = {}
        self._lock = threading.Lock()
        self.clock_offset = timedelta()

    def now(self) -> datetime:
        """Return the endpoint's time, which a test may shift against the client's."""
        return datetime.now(UTC) + self.clock_offset

    def register(
        self,
        *,
        name: str = "tester",
        account: str | None = None,
        arn: str | None = None,
        temporary: bool = False,
        expires: datetime | None = None,
        deny: list[tuple[str, str]] | list[str] | None = None,
        calls_left: int | None = None,
    ) -> Credential:
        """Make a key.

        Args:
            name: Name of the user.
            account: Account; None = the endpoint's.
            arn: ARN; None = that of an IAM user of that name.
            temporary: Whether it has a session token; a key that expires always has one.
            expires: When it ends.
            deny: Denied actions, or pairs of action and ARN pattern.
            calls_left: Calls after which it expires.
        """
        account = account or self._account
        temporary = temporary or expires is not None or calls_left is not None
        credential = Credential(
            key_id=f"{'ASIA' if temporary else 'AKIA'}{token_hex(8).upper()}",
            secret=token_hex(20),
            token=f"FwoG{token_hex(60)}" if temporary else "",
            account=account,
            arn=arn or f"arn:aws:iam::{account}:user/{name}",
            user_id=f"AIDA{token_hex(8).upper()}",
            expires=expires,
            deny=[(entry, "*") if isinstance(entry, str) else entry for entry in deny or []],
            calls_left=calls_left,
        )
        with self._lock:
            self._keys[credential.key_id] = credential
        return credential

    def register_role(
        self,
        arn: str,
        *,
        deny: list[str] | None = None,
        lifetime: timedelta | None = None,
        external_id: str | None = None,
    ) -> None:
        """Make a role that may be assumed.

        Args:
            arn: ARN of the role.
            deny: Denied actions of its sessions.
            lifetime: Ends its sessions earlier than the caller asked for.
            external_id: External id that the caller must give.
        """
        with self._lock:
            self._roles[arn] = {"deny": deny or [], "lifetime": lifetime, "external_id": external_id}

    def role(self, arn: str) -> dict[str, Any] | None:
        """Return what is registered for a role; None = it may not be assumed."""
        with self._lock:
            return self._roles.get(arn)

    def verify(self, request: Request, call: Call) -> Credential:
        """Return whose request this is.

        Raises:
            AwsError: There is no signature, the key is unknown or has expired, the signature is wrong, or the action is
                denied.
        """
        signed = _Signed.of(request)
        if signed is None:
            raise _refusal(call.service, "missing")
        with self._lock:
            credential = self._keys.get(signed.key_id)
        if credential is None:
            raise _refusal(call.service, "unknown")
        if not hmac.compare_digest(signed.signature, signed.expected(request, credential.secret)):
            raise _refusal(call.service, "signature")
        if abs(self.now() - signed.time()) > _SKEW and not signed.presigned:
            raise _refusal(call.service, "skewed")
        if signed.presigned and self.now() > signed.time() + timedelta(seconds=signed.lifetime):
            raise AwsError("AccessDenied", "Request has expired", 403)
        self._require_valid(credential, signed.token, call)
        if credential.denies(call.permissions, call.resource):
            raise _denied(credential, call)
        return credential

    def _require_valid(self, credential: Credential, token: str, call: Call) -> None:
        if token != credential.token:
            raise _refusal(call.service, "token")
        with self._lock:
            spent = credential.calls_left is not None and credential.calls_left <= 0
            if credential.calls_left is not None:
                credential.calls_left -= 1
        if spent or (credential.expires and self.now() >= credential.expires):
            raise _refusal(call.service, "expired")


@dataclass
class _Signed:
    """The signature of a request, from its header or its query."""

    key_id: str
    scope: str
    headers: list[str]
    signature: str
    date: str
    token: str
    presigned: bool = False
    lifetime: int = 0

    @classmethod
    def of(cls, request: Request) -> "_Signed | None":
        found = _HEADER.match(request.headers.get("authorization", ""))
        if found:
            key_id, _, scope = found[1].partition("/")
            headers = request.headers
            date, token = headers.get("x-amz-date", ""), headers.get("x-amz-security-token", "")
            return cls(key_id, scope, found[2].split(";"), found[3], date, token)
        query = dict(parse_qsl(request.query, keep_blank_values=True))
        if query.get("X-Amz-Algorithm") != "AWS4-HMAC-SHA256":
            return None
        key_id, _, scope = query.get("X-Amz-Credential", "").partition("/")
        return cls(
            key_id,
            scope,
            query.get("X-Amz-SignedHeaders", "").split(";"),
            query.get("X-Amz-Signature", ""),
            query.get("X-Amz-Date", ""),
            query.get("X-Amz-Security-Token", ""),
            True,
            int(query.get("X-Amz-Expires", "0")),
        )

    def time(self) -> datetime:
        """Return when it was signed; a date that cannot be read is as old as can be."""
        try:
            return datetime.strptime(self.date, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        except ValueError:
            return datetime(1970, 1, 1, tzinfo=UTC)

    def expected(self, request: Request, secret: str) -> str:
        """Return the signature that the secret gives for this request."""
        service = self.scope.split("/")[2] if self.scope.count("/") == 3 else ""
        path = request.path if service == "s3" else quote(request.path, safe="/~")
        headers = "".join(f"{name}:{' '.join(request.headers.get(name, '').split())}\n" for name in self.headers)
        payload = "UNSIGNED-PAYLOAD" if self.presigned else _payload(request, service)
        canonical = "\n".join(
            [request.method, path, _canonical_query(request.query), headers, ";".join(self.headers), payload]
        )
        digest = hashlib.sha256(canonical.encode()).hexdigest()
        text = f"AWS4-HMAC-SHA256\n{self.date}\n{self.scope}\n{digest}"
        key = f"AWS4{secret}".encode()
        for part in self.scope.split("/"):
            key = hmac.new(key, part.encode(), hashlib.sha256).digest()
        return hmac.new(key, text.encode(), hashlib.sha256).hexdigest()


def _payload(request: Request, service: str) -> str:
    """Return the digest of the body that was signed: S3 states it, other services sign the body itself.

    Raises:
        AwsError: S3's stated digest is not that of the body.
    """
    if service != "s3":
        return request.sha256
    stated = request.headers.get("x-amz-content-sha256", "")
    if re.fullmatch(r"[0-9a-f]{64}", stated) and stated != request.sha256:
        raise AwsError(
            "XAmzContentSHA256Mismatch", "The provided 'x-amz-content-sha256' header does not match what was computed."
        )
    return stated


def _canonical_query(query: str) -> str:
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    encoded = sorted(
        (quote(unquote(name), safe="-_.~"), quote(unquote(value), safe="-_.~")) for name, _, value in pairs
    )
    return "&".join(f"{name}={value}" for name, value in encoded if name != "X-Amz-Signature")


def _refusal(service: str, kind: str) -> AwsError:
    """Return how a service refuses a request that it cannot attribute."""
    code, message, status = {
        "s3": {
            "missing": ("AccessDenied", "Access Denied", 403),
            "unknown": ("InvalidAccessKeyId", "The AWS Access Key Id you provided does not exist in our records.", 403),
            "signature": (
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. Check your key and signing "
                "method.",
                403,
            ),
            "skewed": (
                "RequestTimeTooSkewed",
                "The difference between the request time and the current time is too large.",
                403,
            ),
            "token": ("InvalidToken", "The provided token is malformed or otherwise invalid.", 400),
            "expired": ("ExpiredToken", "The provided token has expired.", 400),
        },
        "json": {
            "missing": ("MissingAuthenticationTokenException", "Missing Authentication Token", 400),
            "unknown": ("UnrecognizedClientException", "The security token included in the request is invalid.", 400),
            "signature": (
                "InvalidSignatureException",
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
                "Access Key and signing method. Consult the service documentation for details.",
                400,
            ),
            "skewed": ("InvalidSignatureException", "Signature expired or not yet current", 400),
            "token": ("UnrecognizedClientException", "The security token included in the request is invalid.", 400),
            "expired": ("ExpiredTokenException", "The security token included in the request is expired", 400),
        },
        "query": {
            "missing": ("MissingAuthenticationToken", "Request is missing Authentication Token", 403),
            "unknown": ("InvalidClientTokenId", "The security token included in the request is invalid.", 403),
            "signature": (
                "SignatureDoesNotMatch",
                "The request signature we calculated does not match the signature you provided. Check your AWS Secret "
                "Access Key and signing method. Consult the service documentation for details.",
                403,
            ),
            "skewed": ("SignatureDoesNotMatch", "Signature expired or not yet current", 403),
            "token": ("InvalidClientTokenId", "The security token included in the request is invalid.", 403),
            "expired": ("ExpiredToken", "The security token included in the request is expired", 403),
        },
    }["s3" if service == "s3" else "json" if service in JSON_SERVICES else "query"][kind]
    return AwsError(code, message, status)


def _denied(credential: Credential, call: Call) -> AwsError:
    if call.service == "s3":
        return AwsError("AccessDenied", "Access Denied", 403)
    code, status = ("AccessDeniedException", 400) if call.service in JSON_SERVICES else ("AccessDenied", 403)
    return AwsError(
        code,
        f"User: {credential.arn} is not authorized to perform: {call.name} because no identity-based policy allows the "
        f"{call.name} action",
        status,
    )
