"""Watchers of a board where nothing happens: each opens a connection, asks, and is ready when it has the snapshot."""

from asyncio import BaseTransport
from urllib.parse import quote

from bench.load.connection import BrokenError, Receiver
from bench.load.grpc import call_headers
from bench.load.http2 import END_STREAM, Http2Connection, data_frame, headers_frame
from bench.load.protobuf import watch_request
from bench.load.tally import Tally
from bench.load.websocket import Socket

WATCH = "/dashboard.DashboardService/WatchStandings"
SNAPSHOT = b'"type":"snapshot"'


def events_request(host: str, board: str, token: str) -> bytes:
    """The request for a stream of server-sent events."""
    path = f"/api/v1/dashboards/{quote(board, safe='')}/live?top=10"
    return f"GET {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n".encode()


class IdleSocket(Receiver, Socket):
    """One WebSocket."""

    def __init__(self, tally: Tally, upgrade: bytes, request: bytes) -> None:
        super().__init__(tally, upgrade)
        self._request = request

    def opened(self) -> None:
        """Ask."""
        self.transport.write(self._request)

    def text_came(self, payload: bytes) -> None:
        """Take the snapshot."""
        if not self.ready.done():
            if SNAPSHOT not in payload:
                raise BrokenError(f"no snapshot: {payload[:300]!r}")
            self.ready.set_result(None)


class IdleEvents(Receiver):
    """One stream of server-sent events."""

    def __init__(self, tally: Tally, request: bytes) -> None:
        super().__init__(tally)
        self._request = request
        self._came = b""

    def connection_made(self, transport: BaseTransport) -> None:
        """Ask."""
        super().connection_made(transport)
        self.transport.write(self._request)

    def data_received(self, data: bytes) -> None:
        """Take the snapshot."""
        if self.ready.done():
            return
        self._came += data
        if not b"HTTP/1.1 200".startswith(self._came[:12]):
            raise BrokenError(f"no stream: {self._came[:300]!r}")
        if SNAPSHOT in self._came:
            self._came = b""
            self.ready.set_result(None)


class IdleCalls(Receiver, Http2Connection):
    """One gRPC connection with so many watching calls."""

    def __init__(self, tally: Tally, calls: int, authority: str, board: str, token: str) -> None:
        super().__init__(tally)
        self._block = call_headers(WATCH, authority, token)
        self._message = watch_request(board, 10)
        self._missing = set(range(1, 2 * calls, 2))
        """The calls that have no snapshot yet."""

    def opened(self) -> None:
        """Make the calls."""
        if len(self._missing) > self.concurrent_streams:
            raise BrokenError(f"the server allows {self.concurrent_streams} calls at a time")
        for stream in sorted(self._missing):
            self.write(headers_frame(stream, self._block), data_frame(stream, self._message, END_STREAM))

    def data_came(self, stream: int, payload: bytes, *, ended: bool) -> None:  # noqa: ARG002 -- the first is the snapshot
        """Take a snapshot."""
        self._missing.discard(stream)
        if ended:
            raise BrokenError(f"call {stream} ended")
        if not self._missing and not self.ready.done():
            self.ready.set_result(None)

    def headers_came(self, stream: int, headers: dict[str, str], *, ended: bool) -> None:
        """Take what begins an answer; a call that ends is one that was refused."""
        if ended:
            raise BrokenError(f"call {stream} ended: {headers}")

    def reset_came(self, stream: int, reason: str) -> None:
        """A call was refused."""
        raise BrokenError(f"call {stream}: {reason}")
