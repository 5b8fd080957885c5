"""The way to ministack: forwarding a verified request, and clients for what the endpoint itself does there.

Here belongs how a request is passed on. What does not belong here: whether it may be.

Ministack keeps its state per account and region. It learns the account from a key of twelve digits, so a request is passed
on with the account as its key.
"""

import http.client
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import boto3
from botocore.config import Config

from soxauto_assets_tests.aws.endpoint.calls import Call, Request

_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "te", "upgrade", "expect", "host", "authorization"})
_AUTH_QUERY = ("X-Amz-Algorithm", "X-Amz-Credential", "X-Amz-Date", "X-Amz-Expires", "X-Amz-SignedHeaders", "X-Amz-Sec")
_BLOCK = 1 << 16


@dataclass
class Forwarded:
    """What ministack answered, still to be read.

    Attributes:
        status: HTTP status.
        headers: Headers, without those of the connection.
        length: Bytes of the body; None when only its end tells.
    """

    status: int
    headers: list[tuple[str, str]]
    length: int | None
    _response: http.client.HTTPResponse

    def blocks(self) -> Iterator[bytes]:
        """Yield the body."""
        while block := self._response.read(_BLOCK):
            yield block


class Upstream:
    """Ministack, as the endpoint reaches it.

    Args:
        url: Its URL.
    """

    def __init__(self, url: str):
        self.url = url
        self._lock = threading.Lock()
        self._clients: dict[tuple[str, str, str], Any] = {}
        self._session = boto3.Session()
        self._host = urlsplit(url).netloc

    def connect(self) -> http.client.HTTPConnection:
        """Return a connection; each thread of the gateway holds one."""
        return http.client.HTTPConnection(self._host, timeout=120)

    def forward(self, connection: http.client.HTTPConnection, request: Request, call: Call, account: str) -> Forwarded:
        """Pass a request on and return the start of the answer."""
        headers = {
            name: value
            for name, value in request.headers.items()
            if name not in _HOP and name != "x-amz-security-token"
        }
        date = headers.get("x-amz-date", "20250101T000000Z")[:8]
        headers["authorization"] = (
            f"AWS4-HMAC-SHA256 Credential={account}/{date}/{call.region}/{call.service}/aws4_request, "
            "SignedHeaders=host, Signature=" + "0" * 64
        )
        headers["content-length"] = str(request.length)
        query = "&".join(
            part for part in request.query.split("&") if not part.startswith((*_AUTH_QUERY, "X-Amz-Signature"))
        )
        target = f"{request.path}?{query}" if query else request.path
        request.body.seek(0)
        connection.request(request.method, target, request.body if request.length else None, headers)
        response = connection.getresponse()
        length = response.getheader("Content-Length")
        kept = [(name, value) for name, value in response.getheaders() if name.lower() not in (*_HOP, "content-length")]
        return Forwarded(response.status, kept, None if length is None else int(length), response)

    def client(self, service: str, account: str, region: str) -> Any:
        """Return a client of an account and region, past the gateway."""
        with self._lock:
            if (service, account, region) not in self._clients:
                self._clients[service, account, region] = self._session.client(
                    service,
                    endpoint_url=self.url,
                    region_name=region,
                    aws_access_key_id=account,
                    aws_secret_access_key="upstream",
                    config=Config(
                        s3={"addressing_style": "path"}, max_pool_connections=32, retries={"mode": "standard"}
                    ),
                )
            return self._clients[service, account, region]

    def close(self) -> None:
        """Close the clients."""
        for client in self._clients.values():
            client.close()
