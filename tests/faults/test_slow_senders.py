"""Who sends slowly, or stops halfway, is timed out: headers after 5 s, a body after 10; others are served meanwhile."""

import json
import socket
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import NamedTuple
from urllib.parse import urlsplit

import httpx
import pytest
from services import TOKEN, Service, goboard_serve

pytestmark = pytest.mark.faults

AUTH = b"Authorization: Bearer " + TOKEN.encode() + b"\r\n"
BOARD = b"/api/v1/dashboards/b"
SLACK = 5.0
"""What a loaded machine may add; the look for silent connections adds up to 5 s of its own."""
PATIENCE = 45.0


def head(method: bytes, path: bytes, *lines: bytes) -> bytes:
    return b"%s %s HTTP/1.1\r\nHost: b\r\n%s" % (method, path, b"".join(line + b"\r\n" for line in lines))


def body(path: bytes, *lines: bytes, method: bytes = b"POST") -> bytes:
    return head(method, BOARD + path, b"Content-Length: 200", *lines) + AUTH + b"\r\n{"


HANDSHAKE = head(b"GET", b"/ws", b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Version: 13")
PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DRIPS = 100


class Row(NamedTuple):
    """What is sent, twice a second a part, and when that is ended."""

    parts: Sequence[bytes]
    earliest: float
    latest: float
    status: int | None = None
    """What is answered; None: nothing."""


ROWS = {
    "silent": Row([b""], 5, 10),
    "one letter": Row([b"G"], 5, 5),
    "half a head": Row([head(b"GET", BOARD)], 5, 5),
    "a head in drips": Row([head(b"GET", BOARD), *[b"X: y\r\n"] * DRIPS], 5, 5),
    "half a handshake": Row([HANDSHAKE], 5, 5),
    "half of HTTP/2's preface": Row([PREFACE[:9]], 5, 10),
    "HTTP/2 and then nothing": Row([PREFACE + b"\0\0\0\4\0\0\0\0\0"], 25, 30, status=-1),
    "no body": Row([body(b"/members/m/increment")[:-1]], 10, 10, 408),
    "half a body": Row([body(b"/members/m/increment")], 10, 10, 408),
    "a body in drips": Row([body(b"/members/m/increment"), *[b" "] * DRIPS], 10, 10, 408),
    "half a batch": Row([body(b"/increments")], 10, 10, 408),
    "half a chunk": Row(
        [head(b"POST", BOARD + b"/increments", b"Transfer-Encoding: chunked") + AUTH + b"\r\n5\r\n{"], 10, 10, 408
    ),
    "half a body, a browser": Row([body(b"/members/m/increment", b"Origin: http://b")], 10, 10, 408),
    "half a body, another route": Row([body(b"/rules", method=b"PUT")], 10, 10, 408),
    "a body in drips, another route": Row([body(b"/rules", method=b"PUT"), *[b" "] * DRIPS], 10, 10, 408),
    "half a body that nobody wants": Row([body(b"/nothing")], 0, 0, 404),
}


class Outcome(NamedTuple):
    """What came back, and after how many seconds the connection was closed."""

    answer: bytes
    seconds: float


def play(base: str, parts: Sequence[bytes]) -> Outcome:
    """Send a part each half second until the server closes."""
    at = urlsplit(base)
    began = time.monotonic()
    answer = b""
    left = list(parts)
    with socket.create_connection((at.hostname, at.port), timeout=0.5) as connection:
        while time.monotonic() - began < PATIENCE:
            try:
                if left:
                    connection.sendall(left.pop(0))
                received = connection.recv(65_536)
            except TimeoutError:
                continue
            except ConnectionError:  # what was still sent came after the end
                break
            if not received:
                break
            answer += received
        return Outcome(answer, time.monotonic() - began)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    with goboard_serve(tmp_path_factory.mktemp("slow"), "--store", "memory", AUTH_STATIC_ROLE="server") as running:
        yield running


@pytest.fixture(scope="module")
def outcomes(service: Service) -> Iterator[dict[str, Future[Outcome]]]:
    """What comes of all rows, which are played at the same time."""
    with ThreadPoolExecutor(len(ROWS)) as pool:
        yield {name: pool.submit(play, service.base, row.parts) for name, row in ROWS.items()}


@pytest.mark.parametrize("name", ROWS)
def test_who_sends_slowly_is_timed_out(service: Service, outcomes: dict[str, Future[Outcome]], name: str) -> None:
    row, outcome = ROWS[name], outcomes[name].result(PATIENCE)
    assert row.earliest - 0.1 <= outcome.seconds < row.latest + SLACK
    if row.status is None:
        assert outcome.answer == b""
    elif row.status > 0:
        first, _, told = outcome.answer.partition(b"\r\n")
        assert int(first.split()[1]) == row.status
        assert json.loads(told.partition(b"\r\n\r\n")[2])["status"] == row.status
    assert httpx.get(f"{service.base}/health").text == "OK"


def test_nothing_of_it_was_applied(service: Service, outcomes: dict[str, Future[Outcome]]) -> None:
    for each in outcomes.values():
        each.result(PATIENCE)
    top = httpx.get(f"{service.api}/dashboards/b/top", headers={"Authorization": f"Bearer {TOKEN}"})
    assert top.json() == {"members": []}


def test_who_is_only_slow_is_answered(tmp_path: Path) -> None:
    """The client's time is not the server's: a body of three seconds, where a request may take one."""
    whole = b'{"increment": 1}'
    with goboard_serve(tmp_path, "--store", "memory", AUTH_STATIC_ROLE="server", REQUEST_TIMEOUT="1") as service:
        for more in ((), (b"Origin: http://b",)):
            sent = head(b"POST", BOARD + b"/members/m/increment", b"Content-Length: 16", b"Connection: close", *more)
            parts = [sent + AUTH + b"\r\n" + whole[:5], b"", b"", b"", b"", b"", whole[5:]]
            outcome = play(service.base, parts)
            assert outcome.seconds >= 2.5
            assert outcome.answer.startswith(b"HTTP/1.1 200"), outcome
