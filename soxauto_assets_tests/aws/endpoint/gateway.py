"""The gateway: one URL for every service.

Here belongs the HTTP server and the order in which a call is verified, met by a fault, carried out and answered. What does
not belong here: what any of these steps does.
"""

import contextlib
import hashlib
import http.client
import socket
import tempfile
import threading
import time
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import boto3
from botocore.config import Config

from soxauto_assets_tests.aws.endpoint import sts
from soxauto_assets_tests.aws.endpoint.athena.service import Athena
from soxauto_assets_tests.aws.endpoint.athena.settings import WorkGroup
from soxauto_assets_tests.aws.endpoint.calls import Call, Request, call_of
from soxauto_assets_tests.aws.endpoint.credentials import Credential, Credentials
from soxauto_assets_tests.aws.endpoint.errors import AwsError, Response, error_response
from soxauto_assets_tests.aws.endpoint.faults import Drop, Fault, Faults
from soxauto_assets_tests.aws.endpoint.strictness import require_allowed
from soxauto_assets_tests.aws.endpoint.upstream import Forwarded, Upstream

_IN_MEMORY = 1 << 23
_BLOCK = 1 << 16


class Endpoint:
    """The local AWS that tests talk to.

    Args:
        upstream_url: URL of ministack.
        folder: Where it may keep files.
        region: Region of clients that name none.
        account: Account of keys that name none.
        trino: ``TRINO_URL`` of a server that runs Athena's queries; None = DuckDB does.
    """

    def __init__(self, upstream_url: str, folder: Path, *, region: str, account: str, trino: str | None = None):
        self.region = region
        self.account = account
        self.faults = Faults()
        self.credentials = Credentials(account)
        self.upstream = Upstream(upstream_url)
        self.athena = Athena(self.upstream, folder / "athena", trino)
        self._session = boto3.Session()
        self._clients: dict[tuple[object, ...], Any] = {}
        self.tester = self.credentials.register(name="tester")
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.endpoint = self
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        self._thread.start()

    def environment(self, credential: Credential | None = None, region: str | None = None) -> dict[str, str]:
        """Return the environment variables that make any AWS client use this endpoint.

        Args:
            credential: The key; None = the tester's.
            region: The region; None = the endpoint's.
        """
        key = credential or self.tester
        token = {"AWS_SESSION_TOKEN": key.token} if key.token else {}
        return {
            "AWS_ENDPOINT_URL": self.url,
            "AWS_ACCESS_KEY_ID": key.key_id,
            "AWS_SECRET_ACCESS_KEY": key.secret,
            "AWS_REGION": region or self.region,
            "AWS_DEFAULT_REGION": region or self.region,
            "AWS_EC2_METADATA_DISABLED": "true",
            **token,
        }

    def client(
        self, service: str, credential: Credential | None = None, region: str | None = None, *, attempts: int = 1
    ) -> Any:
        """Return a boto3 client of this endpoint.

        Args:
            service: Name of the service.
            credential: The key; None = the tester's.
            region: The region; None = the endpoint's.
            attempts: Tries in all; 1 = an error is raised at once.
        """
        key = credential or self.tester
        wanted = (service, key.key_id, key.secret, key.token, region or self.region, attempts)
        if wanted in self._clients:
            return self._clients[wanted]
        retries = {"mode": "standard", "total_max_attempts": attempts}
        self._clients[wanted] = self._session.client(
            service,
            endpoint_url=self.url,
            region_name=region or self.region,
            aws_access_key_id=key.key_id,
            aws_secret_access_key=key.secret,
            aws_session_token=key.token or None,
            config=Config(retries=retries, read_timeout=60),  # type: ignore[arg-type]
        )
        return self._clients[wanted]

    def fail(
        self,
        pattern: str,
        *,
        times: int | None = 1,
        skip: int = 0,
        code: str | None = None,
        message: str | None = None,
        status: int | None = None,
        drop: Drop | None = None,
        delay: float = 0.0,
        key_id: str | None = None,
    ) -> Fault:
        """Let calls fail; see :class:`faults.Fault`. The answer counts how many calls met it."""
        return self.faults.add(Fault(pattern, times, skip, code, message, status, drop, delay, key_id))

    def workgroup(
        self, name: str, *, region: str | None = None, account: str | None = None, **values: Any
    ) -> WorkGroup:
        """Make or replace an Athena workgroup.

        Args:
            name: Its name.
            region: Its region; None = the endpoint's.
            account: Its account; None = the endpoint's.
            **values: Fields of :class:`athena.settings.WorkGroup`: output, enforced, scan_limit, enabled, encryption.
        """
        return self.athena.workgroup(account or self.account, region or self.region, WorkGroup(name, **values))

    def calls(self, pattern: str = "*") -> list[Call]:
        """Return the calls so far whose ``service:Action`` fits a pattern."""
        return self.faults.calls(pattern)

    def count(self, pattern: str) -> int:
        """Return how many calls fit a pattern."""
        return len(self.calls(pattern))

    def now(self) -> datetime:
        """Return the endpoint's time."""
        return self.credentials.now()

    def reset(self) -> None:
        """Forget faults, calls, shifted clock and changed settings; buckets, tables and past queries stay."""
        self.faults.clear()
        self.credentials.clock_offset = timedelta()
        self.athena.reset()

    def stop(self) -> None:
        """End the server, its connections and the queries."""
        self._server.shutdown()
        self._server.close_connections()
        self._server.server_close()
        self._thread.join(10)
        self.athena.stop()
        for client in self._clients.values():
            client.close()
        self.upstream.close()

    def carry_out(self, request: Request, call: Call, connection: http.client.HTTPConnection) -> Response | Forwarded:
        """Verify a call, let it meet its fault, and carry it out.

        Raises:
            AwsError: It is refused.
            ConnectionAbortedError: A fault drops the connection.
        """
        self.faults.log(call)
        credential = self.credentials.verify(request, call)
        fault = self.faults.meet(call)
        if fault is None:
            return self._answer(request, call, credential, connection)
        if fault.delay:
            time.sleep(fault.delay)
        if fault.drop == "before":
            raise ConnectionAbortedError("dropped before")
        if error := fault.error(call):
            raise error
        answer = self._answer(request, call, credential, connection)
        if fault.drop == "after":
            if isinstance(answer, Forwarded):
                for _ in answer.blocks():
                    pass
            call.outcome = "carried out"
            raise ConnectionAbortedError("dropped after")
        return answer

    def _answer(
        self, request: Request, call: Call, credential: Credential, connection: http.client.HTTPConnection
    ) -> Response | Forwarded:
        if call.service == "athena":
            return self.athena.answer(call, request, credential)
        if call.service == "sts":
            return sts.answer(self.credentials, credential, call, request)
        require_allowed(self.upstream, credential, call, request)
        return self.upstream.forward(connection, request, call, credential.account)


class _Server(ThreadingHTTPServer):
    """Keeps its connections, so that it can end them."""

    daemon_threads = True
    block_on_close = True
    request_queue_size = 128
    endpoint: Endpoint

    def __init__(self, *arguments: Any):
        self._open: set[socket.socket] = set()
        super().__init__(*arguments)

    def process_request(self, request: Any, client_address: Any) -> None:
        self._open.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._open.discard(request)
        super().shutdown_request(request)

    def close_connections(self) -> None:
        """End every connection; the handlers then end by themselves."""
        for connection in list(self._open):
            with contextlib.suppress(OSError):
                connection.shutdown(socket.SHUT_RDWR)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that went away is nothing to report."""


class _Handler(BaseHTTPRequestHandler):
    """Reads a request, has it carried out, writes the answer."""

    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    wbufsize = -1
    server: _Server

    def setup(self) -> None:
        super().setup()
        self._upstream = self.server.endpoint.upstream.connect()

    def finish(self) -> None:
        self._upstream.close()
        super().finish()

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002
        """Calls are logged by name, not by line."""

    def handle_expect_100(self) -> bool:
        proceed = super().handle_expect_100()
        self.wfile.flush()
        return proceed

    def _handle(self) -> None:
        with tempfile.SpooledTemporaryFile(_IN_MEMORY) as body:
            request = self._read(body)
            call = call_of(request)
            try:
                answer = self.server.endpoint.carry_out(request, call, self._upstream)
                call.outcome = "carried out"
            except AwsError as error:
                call.outcome = error.code
                answer = error_response(error, call.service, request.path, head=self.command == "HEAD")
            except ConnectionAbortedError:
                self.close_connection = True
                with contextlib.suppress(OSError):
                    self.connection.shutdown(socket.SHUT_RDWR)
                return
            except (http.client.HTTPException, ConnectionError):
                self._upstream.close()
                answer = error_response(AwsError("InternalError", "ministack dropped the call", 500), call.service)
            self._write(answer)

    do_GET = do_PUT = do_POST = do_HEAD = do_DELETE = _handle  # noqa: N815

    def _read(self, body: Any) -> Request:
        digest = hashlib.sha256()
        length = 0
        for block in self._blocks():
            digest.update(block)
            body.write(block)
            length += len(block)
        headers: dict[str, str] = {}
        for name, value in self.headers.items():
            key = name.lower()
            headers[key] = f"{headers[key]},{value}" if key in headers else value
        path, _, query = self.path.partition("?")
        body.seek(0)
        return Request(self.command, path, query, headers, body, length, digest.hexdigest())

    def _blocks(self) -> Any:
        if "chunked" in self.headers.get("Transfer-Encoding", "").lower():
            while size := int(self.rfile.readline().split(b";")[0], 16):
                yield self.rfile.read(size)
                self.rfile.readline()
            while self.rfile.readline().strip():
                pass
            return
        left = int(self.headers.get("Content-Length") or 0)
        while left and (block := self.rfile.read(min(left, _BLOCK))):
            left -= len(block)
            yield block

    def _write(self, answer: Response | Forwarded) -> None:
        if isinstance(answer, Response):
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(answer.body)))
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(answer.body)
            return
        self.send_response_only(answer.status)
        for name, value in answer.headers:
            self.send_header(name, value)
        bodiless = self.command == "HEAD" or answer.status in (204, 304)
        if answer.length is not None:
            self.send_header("Content-Length", str(answer.length))
        elif not bodiless:
            self.send_header("Transfer-Encoding", "chunked")
        self.end_headers()
        for block in answer.blocks():
            if bodiless:
                continue
            self.wfile.write(block if answer.length is not None else b"%x\r\n%b\r\n" % (len(block), block))
        if answer.length is None and not bodiless:
            self.wfile.write(b"0\r\n\r\n")
