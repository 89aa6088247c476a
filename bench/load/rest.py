"""HTTP/1.1: kept-alive connections with one request in flight each."""

import json
import time
from typing import NamedTuple
from urllib.parse import quote

from bench.load.connection import BrokenError, Connection
from bench.load.members import batches
from bench.load.tally import Tally
from bench.load.traffic import Traffic

_HEAD_ENDS = b"\r\n\r\n"
_LENGTH = b"\r\ncontent-length:"


class Reply(NamedTuple):
    """A whole reply."""

    status: bytes
    body: bytes


def read_reply(data: bytes) -> Reply | None:
    r"""The reply that the data holds, or None while some of it is yet to come.

    Example:
        >>> read_reply(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK")
        Reply(status=b'200', body=b'OK')
    """
    head_ends = data.find(_HEAD_ENDS)
    if head_ends < 0:
        return None
    head = data[:head_ends].lower()
    at = head.find(_LENGTH)
    if at < 0:  # chunked replies are not read: no contender sends one
        raise BrokenError(f"a reply without Content-Length: {head!r}")
    begins = head_ends + len(_HEAD_ENDS)
    missing = begins + int(head[at + len(_LENGTH) :].split(b"\r\n", 1)[0]) - len(data)
    if missing < 0:
        raise BrokenError(f"more than one reply to one request: {data!r}")
    return None if missing else Reply(data[9:12], data[begins:])


class RestConnection(Connection):
    """Sends the next request as soon as the last is answered."""

    def __init__(self, tally: Tally, traffic: Traffic) -> None:
        super().__init__(tally)
        self._traffic = traffic
        self._partial = b""
        self._since = 0.0
        self._waits = False
        self.ready.set_result(None)

    @property
    def in_flight(self) -> int:
        """The updates of the one request."""
        return self._traffic.updates if self._waits else 0

    def start(self) -> None:
        """Send the first request."""
        self.running = True
        self.proceed()

    def send(self, since: float) -> None:
        """Send a request whose time counts from `since`."""
        self._waits = True
        self._since = since
        self.transport.write(self._traffic.next())

    def proceed(self) -> None:
        """Go on, now that nothing is in flight."""
        if self.running:
            self.send(time.perf_counter())
        else:
            self.finish()

    def data_received(self, data: bytes) -> None:
        """Take a reply, or a piece of one."""
        self._partial += data
        reply = read_reply(self._partial)
        if reply is None:
            return
        self._partial = b""
        self._waits = False
        self._count(reply)
        self.proceed()

    def _count(self, reply: Reply) -> None:
        good = self._traffic.good(reply.body) if reply.status == b"200" else 0
        if good:
            self.tally.answer(time.perf_counter() - self._since, good)
        if good != self._traffic.updates:
            self.tally.fail(f"{reply.status.decode()} {reply.body.decode()}", self._traffic.updates - good)
        elif not self.tally.sample:
            self.tally.sample = reply.body.decode()


class Requests:
    """Builds requests, whole and ready to send."""

    def __init__(self, host: str, token: str, board: str) -> None:
        self._head = f"Host: {host}\r\nAuthorization: Bearer {token}\r\n"
        self._board = f"/api/v1/dashboards/{quote(board, safe='')}"

    def increments(self, names: list[str]) -> Traffic:
        """One update a request."""
        paths = (f"{self._board}/members/{name}/increment" for name in names)
        return Traffic([self._post(path, {"increment": 1}) for path in paths], mark=b'"rank"')

    def increment_batches(self, names: list[str], size: int) -> Traffic:
        """So many updates a request."""
        lists = [[{"member_id": name, "increment": 1} for name in batch] for batch in batches(names, size)]
        bodies = ({"increments": increments} for increments in lists)
        return Traffic([self._post(f"{self._board}/increments", body) for body in bodies], size, b'"rank"')

    def top(self) -> Traffic:
        """The first ten."""
        return Traffic([self._request(f"GET {self._board}/top?limit=10", b"")], mark=b'"members"')

    def post(self, path: str) -> Traffic:
        """An increment's body to any path; every 200 is good."""
        return Traffic([self._post(path, {"increment": 1})])

    def get(self, path: str) -> Traffic:
        """Any path; every 200 is good."""
        return Traffic([self._request(f"GET {path}", b"")])

    def _post(self, path: str, body: object) -> bytes:
        content = json.dumps(body).encode()
        return self._request(
            f"POST {path}", content, f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n"
        )

    def _request(self, line: str, content: bytes, headers: str = "") -> bytes:
        return f"{line} HTTP/1.1\r\n{self._head}{headers}\r\n".encode() + content
