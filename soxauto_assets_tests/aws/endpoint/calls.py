"""One call: what a request asks for, in AWS's words.

Here belongs reading service, region, action and resource from a request. What does not belong here: whether it is allowed
(``credentials``) and what is done with it (``gateway``).
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import IO
from urllib.parse import parse_qs, parse_qsl, unquote

from botocore.loaders import Loader

_SCOPE = re.compile(r"Credential=([^/,\s]+)/(\d{8})/([^/]+)/([^/]+)/aws4_request")
_PRESIGNED = "X-Amz-Credential"
# IAM names an operation of S3 after what it permits, which is not always the operation.
_S3_PERMISSIONS = {
    "ListObjects": "ListBucket", "ListObjectsV2": "ListBucket", "HeadBucket": "ListBucket", "HeadObject": "GetObject",
    "ListBuckets": "ListAllMyBuckets", "UploadPart": "PutObject", "CreateMultipartUpload": "PutObject",
    "CompleteMultipartUpload": "PutObject", "CopyObject": "PutObject", "DeleteObjects": "DeleteObject",
    "ListObjectVersions": "ListBucketVersions", "GetObjectLockConfiguration": "GetBucketObjectLockConfiguration",
    "PutObjectLockConfiguration": "PutBucketObjectLockConfiguration",
    "GetBucketEncryption": "GetEncryptionConfiguration", "PutBucketEncryption": "PutEncryptionConfiguration",
}  # fmt: skip


@dataclass
class Request:
    """A request as it came in.

    Attributes:
        method: HTTP method.
        path: Path as on the wire, percent-encoded.
        query: Query as on the wire.
        headers: Headers; names in lower case, repeated ones joined by a comma.
        body: The body, at its start.
        length: Bytes of the body.
        sha256: Hex digest of the body.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    body: IO[bytes]
    length: int
    sha256: str

    def text(self) -> str:
        """Return the whole body as text; for the small bodies of other services than S3."""
        self.body.seek(0)
        return self.body.read().decode("utf-8", "replace")

    def document(self) -> object:
        """Return the body as JSON.

        Raises:
            ValueError: It is none.
        """
        return json.loads(self.text() or "{}")

    def form(self) -> dict[str, str]:
        """Return the form fields of the query protocol."""
        return dict(parse_qsl(self.text(), keep_blank_values=True))


@dataclass
class Call:
    """One call, as the log keeps it.

    Attributes:
        service: Service of the credential scope, such as ``s3``.
        action: API operation, such as ``ListObjectsV2``.
        region: Region of the credential scope.
        key_id: Access key id; empty when the request carries none.
        resource: ARN of the bucket or object; ``*`` for other services.
        outcome: ``carried out``, or the code of the error that was sent.
        parameters: What a test may look at: the document of a JSON call.
        versioned: Whether it names a version of an object.
        locked: Whether it sets an Object Lock.
    """

    service: str
    action: str
    region: str
    key_id: str
    resource: str = "*"
    outcome: str = ""
    parameters: Mapping[str, object] = field(default_factory=dict)
    versioned: bool = False
    locked: bool = False

    @property
    def name(self) -> str:
        """Service and action, ``s3:GetObject``."""
        return f"{self.service}:{self.action}"

    @property
    def permissions(self) -> frozenset[str]:
        """What must not be denied: the operation's name and IAM's names for it."""
        return frozenset({self.name}) | self.needed

    @property
    def needed(self) -> frozenset[str]:
        """What a policy must allow, in IAM's words: a read by version and a lock have permissions of their own."""
        if self.service != "s3":
            return frozenset({self.name})
        permission = _S3_PERMISSIONS.get(self.action, self.action)
        if permission == "GetObject" and self.versioned:
            permission = "GetObjectVersion"
        return frozenset({f"s3:{permission}", *(("s3:PutObjectRetention",) if self.locked else ())})


def call_of(request: Request) -> Call:
    """Return what a request asks for; an unsigned request is told by its form."""
    authorization = request.headers.get("authorization", "")
    presigned = parse_qs(request.query).get(_PRESIGNED, [""])[0]
    scope = _SCOPE.search(authorization) or _SCOPE.search(f"Credential={presigned}")
    key_id, region, service = (scope[1], scope[3], scope[4]) if scope else ("", "", _guessed(request))
    target = request.headers.get("x-amz-target", "")
    if target:
        return Call(service, target.rpartition(".")[2], region, key_id, parameters=_document(request))
    if service == "s3":
        return Call(
            service,
            s3_operation(request),
            region,
            key_id,
            _arn(request.path),
            versioned="versionId" in parse_qs(request.query),
            locked="x-amz-object-lock-mode" in request.headers,
        )
    form = request.form() if request.method == "POST" else dict(parse_qsl(request.query))
    return Call(service, form.get("Action", "Unknown"), region, key_id)


def _document(request: Request) -> Mapping[str, object]:
    try:
        document = request.document()
    except ValueError:
        return {}
    return document if isinstance(document, dict) else {}


def _guessed(request: Request) -> str:
    prefix = request.headers.get("x-amz-target", "").rpartition(".")[0]
    if prefix:
        return {"AmazonAthena": "athena", "AWSGlue": "glue", "TrentService": "kms"}.get(prefix, prefix.lower())
    if request.headers.get("content-type", "").startswith("application/x-www-form-urlencoded"):
        version = request.form().get("Version", "")
        return {"2010-05-15": "cloudformation", "2010-05-08": "iam"}.get(version, "sts")
    return "s3"


def _arn(path: str) -> str:
    bucket, _, key = unquote(path).lstrip("/").partition("/")
    if not bucket:
        return "*"
    return f"arn:aws:s3:::{bucket}/{key}" if key else f"arn:aws:s3:::{bucket}"


@dataclass(frozen=True)
class _Shape:
    """What tells one S3 operation from another."""

    name: str
    method: str
    level: int
    literals: frozenset[str]
    required: frozenset[str]
    headers: frozenset[str]


def s3_operation(request: Request) -> str:
    """Return the S3 operation of a request, by method, path and query, as the service model declares them."""
    bucket, _, key = request.path.lstrip("/").partition("/")
    level = 2 if key else 1 if bucket else 0
    present = {unquote(name) for name, _ in parse_qsl(request.query, keep_blank_values=True)}
    fitting = [
        shape
        for shape in _s3_shapes()
        if shape.method == request.method
        and shape.level == level
        and shape.literals <= present
        and shape.required <= present
        and all(name in request.headers for name in shape.headers)
    ]
    if request.query.find("list-type=2") < 0:
        fitting = [shape for shape in fitting if shape.name != "ListObjectsV2"]
    best = max(
        fitting,
        key=lambda s: (len(s.literals), len(s.required), len(s.headers), -_OBSOLETE.count(s.name)),
        default=None,
    )
    return best.name if best else "Unknown"


_OBSOLETE = ("GetBucketNotification", "GetBucketLifecycle", "PutBucketNotification", "PutBucketLifecycle")


@cache
def _s3_shapes() -> tuple[_Shape, ...]:
    model = Loader().load_service_model("s3", "service-2")
    found = []
    for name, operation in model["operations"].items():
        path, _, query = operation["http"]["requestUri"].partition("?")
        shape = model["shapes"][operation["input"]["shape"]] if "input" in operation else {}
        members, required = shape.get("members", {}), shape.get("required", [])
        where = [(members[member].get("location"), members[member].get("locationName")) for member in required]
        found.append(
            _Shape(
                name,
                operation["http"]["method"],
                2 if "{Key+}" in path else 1 if "{Bucket}" in path else 0,
                frozenset(part.split("=")[0] for part in query.split("&") if part),
                frozenset(str(label) for place, label in where if place == "querystring"),
                frozenset(str(label).lower() for place, label in where if place == "header"),
            )
        )
    return tuple(found)
