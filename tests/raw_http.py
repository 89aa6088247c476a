"""HTTP/1.1 by hand: bytes that no client library sends, and what comes back for them."""

import json
import socket
from typing import Any, NamedTuple, Self
from urllib.parse import urlsplit

PATIENCE = 10.0


class RawAnswer(NamedTuple):
    """The first final answer on a connection."""

    status: int
    headers: dict[str, str]
    body: bytes
    closed: bool
    """Whether the server then closed the connection, or said that it will."""

    @property
    def problem(self) -> Any:
        """The body as a problem; None: it is empty, which is how the server refuses what is no HTTP."""
        return json.loads(self.body) if self.body else None


class RawConnection:
    """A connection to the HTTP port."""

    def __init__(self, base: str) -> None:
        at = urlsplit(base)
        self._socket = socket.create_connection((at.hostname, at.port), timeout=PATIENCE)
        self._reader = self._socket.makefile("rb")

    def send(self, data: bytes, *, end: bool = False) -> None:
        """Send; with `end`, say that no more will come."""
        try:
            self._socket.sendall(data)
            if end:
                self._socket.shutdown(socket.SHUT_WR)
        except (BrokenPipeError, ConnectionResetError):  # refused before all was sent: the answer is there
            pass

    def answer(self, method: str = "POST") -> RawAnswer:
        """Read the next answer that is final."""
        status, headers = self._head()
        while status == 100:
            status, headers = self._head()
        size = 0 if method == "HEAD" else int(headers.get("content-length", "0"))
        return RawAnswer(status, headers, self._reader.read(size), headers.get("connection") == "close")

    def websocket_frame(self) -> tuple[int, bytes]:
        """Read the next frame, where a WebSocket was opened: its kind and what it holds, of up to 65,535 bytes."""
        first, size = self._reader.read(2)
        if size == 126:
            size = int.from_bytes(self._reader.read(2))
        return first & 15, self._reader.read(size)

    def is_at_end(self) -> bool:
        """Wait for the server to close."""
        try:
            return self._reader.read(1) == b""
        except ConnectionResetError:
            return True

    def close(self) -> None:
        self._reader.close()
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _head(self) -> tuple[int, dict[str, str]]:
        first = self._reader.readline()
        assert first.startswith(b"HTTP/1."), first
        headers = {}
        while (line := self._reader.readline()) not in (b"\r\n", b""):
            name, _, value = line.decode("latin-1").partition(":")
            headers[name.lower()] = value.strip()
        return int(first.split()[1]), headers


def request(method: str, target: bytes, *headers: bytes, body: bytes = b"", version: bytes = b"HTTP/1.1") -> bytes:
    """Write a request with these header lines alone."""
    head = b"".join(line + b"\r\n" for line in headers)
    return method.encode() + b" " + target + b" " + version + b"\r\n" + head + b"\r\n" + body


def chunked(*chunks: bytes) -> bytes:
    """Write a body in chunks."""
    return b"".join(b"%x\r\n%s\r\n" % (len(each), each) for each in chunks) + b"0\r\n\r\n"
