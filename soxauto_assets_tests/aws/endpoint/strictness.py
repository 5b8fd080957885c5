"""Where ministack is laxer than AWS: refused at the gateway.

Here belongs each refusal of AWS that ministack lacks. What does not belong here: credentials and faults.
"""

import binascii
from base64 import b64decode

from botocore.exceptions import ClientError

from soxauto_assets_tests.aws.endpoint.calls import Call, Request
from soxauto_assets_tests.aws.endpoint.credentials import Credential
from soxauto_assets_tests.aws.endpoint.errors import AwsError
from soxauto_assets_tests.aws.endpoint.upstream import Upstream

_MAX_MESSAGE = 4096
_LOCKS = ("x-amz-object-lock-mode", "x-amz-object-lock-retain-until-date", "x-amz-object-lock-legal-hold")


def require_allowed(upstream: Upstream, credential: Credential, call: Call, request: Request) -> None:
    """Refuse what AWS refuses and ministack does not.

    Raises:
        AwsError: A message to KMS is too long, the versioning of a locked bucket would be suspended, or an object with a
            lock comes without checksum.
    """
    if call.name in ("kms:Sign", "kms:Verify"):
        _message(call)
    elif call.name == "s3:PutBucketVersioning" and "<Status>Suspended</Status>" in request.text():
        _versioning(upstream, credential, call)
    elif call.name in ("s3:PutObject", "s3:CreateMultipartUpload") and any(name in request.headers for name in _LOCKS):
        _checksum(request)


def _message(call: Call) -> None:
    try:
        length = len(b64decode(str(call.parameters.get("Message", ""))))
    except binascii.Error:
        return
    if call.parameters.get("MessageType", "RAW") == "RAW" and length > _MAX_MESSAGE:
        raise AwsError(
            "ValidationException",
            "1 validation error detected: Value at 'message' failed to satisfy constraint: Member must have length less than "
            f"or equal to {_MAX_MESSAGE}",
        )


def _versioning(upstream: Upstream, credential: Credential, call: Call) -> None:
    bucket = call.resource.removeprefix("arn:aws:s3:::")
    try:
        upstream.client("s3", credential.account, call.region).get_object_lock_configuration(Bucket=bucket)
    except ClientError:
        return
    raise AwsError(
        "InvalidBucketState",
        "An Object Lock configuration is present on this bucket, so the versioning state cannot be changed.",
        409,
    )


def _checksum(request: Request) -> None:
    names = request.headers.keys()
    if not any(name == "content-md5" or name.startswith(("x-amz-checksum-", "x-amz-sdk-checksum-")) for name in names):
        raise AwsError(
            "InvalidRequest",
            "Content-MD5 OR x-amz-checksum- HTTP header is required for Put Object requests with Object Lock parameters",
        )
