"""Errors as AWS sends them, in the form of each protocol.

Here belongs how an error is written on the wire. What does not belong here: when an error is raised.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import uuid4
from xml.sax.saxutils import escape

JSON_SERVICES = frozenset({"athena", "glue", "kms"})
_JSON_TYPE = "application/x-amz-json-1.1"


@dataclass
class AwsError(Exception):
    """An answer other than success.

    Attributes:
        code: Error code, as a client reads it.
        message: Text.
        status: HTTP status.
        extra: Further members of the error.
    """

    code: str
    message: str
    status: int = 400
    extra: Mapping[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.code}: {self.message}"


@dataclass
class Response:
    """An answer that the gateway gives itself.

    Attributes:
        status: HTTP status.
        headers: Headers beside Content-Length and Date.
        body: The body.
    """

    status: int
    headers: dict[str, str]
    body: bytes


def json_response(document: object, status: int = 200) -> Response:
    """Return a document in the JSON 1.1 protocol."""
    return Response(
        status, {"Content-Type": _JSON_TYPE, "x-amzn-RequestId": str(uuid4())}, json.dumps(document).encode("utf-8")
    )


def xml_response(text: str, status: int = 200) -> Response:
    """Return an XML document."""
    return Response(status, {"Content-Type": "text/xml", "x-amzn-RequestId": str(uuid4())}, text.encode("utf-8"))


def error_response(error: AwsError, service: str, resource: str = "", *, head: bool = False) -> Response:
    """Return an error in the protocol of a service.

    Args:
        error: The error.
        service: Service, as in the credential scope.
        resource: What was asked for, which S3 repeats.
        head: Whether the request was HEAD, which has no body.
    """
    if service in JSON_SERVICES:
        text = "Message" if service in ("athena", "glue") else "message"
        response = json_response({"__type": error.code, text: error.message, **error.extra}, error.status)
        response.headers["x-amzn-ErrorType"] = error.code
        return response
    code, message = escape(error.code), escape(error.message)
    if service == "s3":
        body = f"<Code>{code}</Code><Message>{message}</Message><Resource>{escape(resource)}</Resource>"
        members = "".join(f"<{name}>{escape(str(value))}</{name}>" for name, value in error.extra.items())
        request_id = uuid4().hex[:16].upper()
        document = f"<Error>{body}{members}<RequestId>{request_id}</RequestId></Error>"
        response = xml_response(f'<?xml version="1.0" encoding="UTF-8"?>\n{document}', error.status)
        response.headers.update({"Content-Type": "application/xml", "x-amz-request-id": request_id})
        return Response(response.status, response.headers, b"") if head else response
    return xml_response(
        f"<ErrorResponse><Error><Type>Sender</Type><Code>{code}</Code><Message>{message}</Message></Error>"
        f"<RequestId>{uuid4()}</RequestId></ErrorResponse>",
        error.status,
    )
