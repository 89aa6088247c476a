"""Bad input to the HTTP port, as bytes: each row has its one right answer, and nobody else notices."""

from collections.abc import Iterator

import httpx
import pytest
from raw_http import RawConnection, chunked, request
from services import TOKEN, Service

HOST, AUTH = b"Host: localhost", b"Authorization: " + TOKEN.encode()
BOARD = b"/api/v1/dashboards/untouched"
INCREMENT = BOARD + b"/members/m/increment"
GOOD = b'{"increment": 1}'
CHUNKED = b"Transfer-Encoding: chunked"
NOT_HTTP = None
"""The server that reads HTTP answers, with no body, and closes: it does not know where the next request begins."""
INVALID, LARGE, CODING = "invalid_argument", "too_large", "unsupported_encoding"


def get(target: bytes, *headers: bytes, method: str = "GET", version: bytes = b"HTTP/1.1") -> bytes:
    return request(method, target, HOST, AUTH, *headers, version=version)


def post(body: bytes, *headers: bytes, length: bytes | None = b"") -> bytes:
    """Write an increment; `length` is what Content-Length says, None: nothing."""
    size = [] if length is None else [b"Content-Length: " + (length or b"%d" % len(body))]
    return request("POST", INCREMENT, HOST, AUTH, *size, *headers, body=body)


def sent(raw: bytes, *headers: bytes, coding: bytes = CHUNKED) -> bytes:
    """Write an increment whose body is sent in chunks, or said to be."""
    return post(raw, coding, *headers, length=None)


def flood(count: int) -> list[bytes]:
    return [b"X-%d: a" % number for number in range(count)]


# name → what is sent, the status, the problem's code
REQUEST_LINES: dict[str, tuple[bytes, int, str | None]] = {
    "no HTTP at all": (b"\x16\x03\x01\x02\x00\x01\x00garbage\r\n\r\n", 400, NOT_HTTP),
    "HTTP/0.9": (b"GET /health\r\n\r\n", 400, NOT_HTTP),
    "HTTP/1.2": (get(BOARD, version=b"HTTP/1.2"), 400, NOT_HTTP),
    "HTTP/2.0 in HTTP/1's form": (get(BOARD, version=b"HTTP/2.0"), 400, NOT_HTTP),
    "a version without a dot": (get(BOARD, version=b"HTTP/11"), 400, NOT_HTTP),
    "a version in small letters": (get(BOARD, version=b"http/1.1"), 400, NOT_HTTP),
    "a method with a NUL": (get(BOARD + b"/top", method="G\0T"), 400, NOT_HTTP),
    "a method in small letters": (get(BOARD + b"/top", method="get"), 405, "method_not_allowed"),
    "a method that there is not": (get(BOARD + b"/top", method="BREW"), 405, "method_not_allowed"),
    "a method of 5,000 letters": (get(BOARD + b"/top", method="G" * 5000), 405, "method_not_allowed"),
    "TRACE": (get(BOARD + b"/top", method="TRACE"), 405, "method_not_allowed"),
    "CONNECT": (get(b"localhost:80", method="CONNECT"), 400, INVALID),
    "two spaces": (get(b" " + BOARD), 400, NOT_HTTP),
    "a line of 70,000 bytes": (get(b"/" + b"x" * 70_000), 431, NOT_HTTP),
}
TARGETS: dict[str, tuple[bytes, int, str | None]] = {
    "no slash": (get(b"health"), 400, INVALID),
    "an asterisk": (get(b"*"), 400, INVALID),
    "a space": (get(BOARD + b"/to p"), 400, NOT_HTTP),
    "a NUL": (get(BOARD + b"/top\0"), 400, NOT_HTTP),
    "a bare CR": (get(BOARD + b"/t\rop"), 400, NOT_HTTP),
    "a tab": (get(BOARD + b"/t\top"), 400, NOT_HTTP),
    "a DEL": (get(BOARD + b"/top\x7f"), 400, NOT_HTTP),
    "bytes that are no UTF-8": (get(b"/api/v1/dashboards/\xff\xfe/top"), 400, NOT_HTTP),
    "overlong UTF-8": (get(b"/api/v1/dashboards/\xc0\xaf/top"), 400, NOT_HTTP),
    "overlong UTF-8, escaped": (get(b"/api/v1/dashboards/%C0%AF/top"), 400, INVALID),
    "a surrogate, escaped": (get(b"/api/v1/dashboards/%ED%A0%80/top"), 400, INVALID),
    "an escape of no digits": (get(b"/api/v1/dashboards/%zz/top"), 400, INVALID),
    "an escape cut off": (get(b"/api/v1/dashboards/a%2/top"), 400, INVALID),
    "a bare percent sign": (get(b"/api/v1/dashboards/%/top"), 400, INVALID),
    "an escape of JavaScript's": (get(b"/api/v1/dashboards/%u0041/top"), 400, INVALID),
    "an escaped NUL": (get(b"/api/v1/dashboards/a%00/top"), 400, INVALID),
    "a header injected": (get(b"/api/v1/dashboards/a%0d%0aX-Evil:1/top"), 400, INVALID),
    "a name of 257 bytes": (get(b"/api/v1/dashboards/" + b"x" * 257 + b"/top"), 400, INVALID),
    "an empty name": (get(b"/api/v1/dashboards//top"), 400, INVALID),
    "a way up": (get(b"/api/v1/../../etc/passwd"), 404, "not_found"),
    "a way up from the page": (get(b"/page/../../settings.py"), 404, "not_found"),
    "an escaped way up from the page": (get(b"/page/..%2f..%2fsettings.py"), 404, "not_found"),
    "two slashes before": (get(b"/" + BOARD + b"/top"), 404, "not_found"),
    "backslashes": (get(BOARD.replace(b"/", b"\\") + b"\\top"), 400, NOT_HTTP),
    "a parameter of a segment": (get(BOARD + b"/top;x=1"), 404, "not_found"),
}
HEADS: dict[str, tuple[bytes, int, str | None]] = {
    "no Host": (request("GET", BOARD + b"/top", AUTH), 400, INVALID),
    "an empty Host": (request("GET", BOARD + b"/top", b"Host:", AUTH), 400, INVALID),
    "two Hosts": (get(BOARD + b"/top", HOST), 400, INVALID),
    "no Host for a probe": (request("GET", b"/health"), 400, INVALID),
    "no colon": (post(GOOD, b"Nonsense"), 400, NOT_HTTP),
    "no name": (post(GOOD, b": x"), 400, NOT_HTTP),
    "a space in a name": (post(GOOD, b"X Y: x"), 400, NOT_HTTP),
    "a space before the colon": (post(GOOD, b"X-Y : x"), 400, NOT_HTTP),
    "a control character in a name": (post(GOOD, b"X\x01: x"), 400, NOT_HTTP),
    "a letter beyond ASCII in a name": (post(GOOD, "Ü: x".encode()), 400, NOT_HTTP),
    "a NUL in a value": (post(GOOD, b"X-Y: a\0b"), 400, NOT_HTTP),
    "a bare CR in a value": (post(GOOD, b"X-Y: a\rb"), 400, NOT_HTTP),
    "a value on two lines": (post(GOOD, b"X-Y: a\r\n b"), 400, NOT_HTTP),
    "101 headers": (post(GOOD, *flood(98)), 431, NOT_HTTP),
    "5,000 headers": (post(GOOD, *flood(5000)), 431, NOT_HTTP),
    "a header of 100,000 bytes": (post(GOOD, b"X-Y: " + b"a" * 100_000), 431, NOT_HTTP),
    "a token beyond ASCII": (request("GET", BOARD + b"/top", HOST, b"Authorization: \xff"), 403, "auth_invalid_token"),
    "a token of 60,000 bytes": (
        request("GET", BOARD + b"/top", HOST, b"Authorization: " + b"x" * 60_000),
        403,
        "auth_invalid_token",
    ),
    "a password": (request("GET", BOARD + b"/top", HOST, b"Authorization: Basic YTpi"), 403, "auth_invalid_token"),
    "two tokens": (get(BOARD + b"/top", AUTH), 403, "auth_invalid_token"),
    "an upgrade where there is none": (
        get(
            BOARD + b"/top",
            *(b"Connection: Upgrade", b"Upgrade: websocket", b"Sec-WebSocket-Version: 13"),
            b"Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==",
        ),
        404,
        "not_found",
    ),
    "gzip that it is not": (post(GOOD, b"Content-Encoding: gzip"), 415, CODING),
    "two codings, one of them br": (post(GOOD, b"Content-Encoding: identity, BR"), 415, CODING),
}
LENGTHS: dict[str, tuple[bytes, int, str | None]] = {
    "no length": (post(GOOD, length=None), 400, INVALID),
    "negative": (post(GOOD, length=b"-1"), 400, NOT_HTTP),
    "signed": (post(GOOD, length=b"+16"), 400, NOT_HTTP),
    "hexadecimal": (post(GOOD, length=b"0x10"), 400, NOT_HTTP),
    "blank": (post(GOOD, length=b" "), 400, NOT_HTTP),
    "of two numbers": (post(GOOD, length=b"1 6"), 400, NOT_HTTP),
    "a list": (post(GOOD, length=b"16, 16"), 400, NOT_HTTP),
    "beyond 64 bits": (post(GOOD, length=b"9" * 30), 400, NOT_HTTP),
    "the largest of 64 bits": (post(GOOD, length=b"18446744073709551615"), 431, NOT_HTTP),
    "two that differ": (post(GOOD, b"Content-Length: 5"), 400, NOT_HTTP),
    "less than there is, which is the next request": (post(GOOD, length=b"5"), 400, INVALID),
    "more than there is": (post(GOOD, length=b"30"), 400, INVALID),
    "over the limit by one": (post(b" " * 65_537), 413, LARGE),
    "over the limit by 1 MB": (post(b" " * 1_100_000), 413, LARGE),
    "over the limit, and 100-continue": (post(b" " * 1_100_000, b"Expect: 100-continue"), 413, LARGE),
}
CODINGS: dict[str, tuple[bytes, int, str | None]] = {
    "none that is known": (post(GOOD, b"Transfer-Encoding: xchunked"), 400, NOT_HTTP),
    "identity": (sent(GOOD, coding=b"Transfer-Encoding: identity"), 400, NOT_HTTP),
    "gzip alone": (sent(GOOD, coding=b"Transfer-Encoding: gzip"), 400, NOT_HTTP),
    "gzip, then chunked": (sent(chunked(GOOD), coding=b"Transfer-Encoding: gzip, chunked"), 400, INVALID),
    "chunked, then gzip": (sent(chunked(GOOD), coding=b"Transfer-Encoding: chunked, gzip"), 400, NOT_HTTP),
    "chunked twice": (sent(chunked(GOOD), CHUNKED), 400, INVALID),
    "chunked twice in one": (sent(chunked(GOOD), coding=b"Transfer-Encoding: chunked, chunked"), 400, INVALID),
    "a space before the colon": (sent(chunked(GOOD), coding=b"Transfer-Encoding : chunked"), 400, NOT_HTTP),
    "a vertical tab": (sent(chunked(GOOD), coding=b"Transfer-Encoding:\x0bchunked"), 400, NOT_HTTP),
    "a size that is none": (sent(b"zz\r\n" + chunked(GOOD)), 400, INVALID),
    "a negative size": (sent(b"-1\r\n" + chunked(GOOD)), 400, INVALID),
    "a size of 17 digits": (sent(b"f" * 17 + b"\r\n" + chunked(GOOD)), 400, INVALID),
    "a size with 0x": (sent(b"0x" + chunked(GOOD)), 400, INVALID),
    "less than there is": (sent(b"5\r\n" + GOOD + b"\r\n0\r\n\r\n"), 400, INVALID),
    "no end": (sent(b"10\r\n" + GOOD + b"\r\n"), 400, INVALID),
    "line feeds alone": (sent(chunked(GOOD).replace(b"\r", b"")), 400, INVALID),
    "an extension of 20,000 bytes": (sent(b"10;" + b"a" * 20_000 + chunked(GOOD)[2:]), 400, INVALID),
    "a trailer of 100,000 bytes": (sent(chunked(GOOD)[:-2] + b"X: " + b"x" * 100_000 + b"\r\n\r\n"), 400, INVALID),
    "the token as a trailer": (
        request("POST", INCREMENT, HOST, CHUNKED, body=chunked(GOOD)[:-2] + AUTH + b"\r\n\r\n"),
        401,
        "auth_missing_token",
    ),
    "over the limit": (sent(chunked(b" " * 70_000)), 413, LARGE),
    "over the limit in many chunks": (sent(b"10\r\n" + b" " * 16 + b"\r\n" + chunked(*[b" " * 16] * 5000)), 413, LARGE),
}
TABLES = {"line": REQUEST_LINES, "target": TARGETS, "head": HEADS, "length": LENGTHS, "coding": CODINGS}
CUT_OFF = {"length: more than there is", "coding: no end"}
"""After these the client sends nothing more, and says so."""
ROWS = {f"{table}: {name}": row for table, rows in TABLES.items() for name, row in rows.items()}


@pytest.fixture(scope="module")
def other(service: Service) -> Iterator[httpx.Client]:
    """Another client, with a connection of its own that lasts."""
    with httpx.Client(base_url=service.api, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        client.delete("/dashboards/others")
        yield client


def assert_unharmed(other: httpx.Client) -> None:
    """The other client is served, and its board and that of the bad requests are as they should be."""
    before = other.get("/dashboards/others/stats?detail=true").json()["maximum"] or 0
    after = other.post("/dashboards/others/members/m/increment", json={"increment": 1})
    assert (after.status_code, after.json()["score"]) == (200, before + 1)
    assert other.get("/dashboards/untouched/stats").json() == {"total_members": 0}


@pytest.mark.parametrize("case", ROWS)
def test_bad_bytes_get_their_one_answer(service: Service, other: httpx.Client, case: str) -> None:
    data, status, code = ROWS[case]
    with RawConnection(service.base) as connection:
        connection.send(data, end=case in CUT_OFF)
        answer = connection.answer()

        assert (answer.status, answer.problem and answer.problem["code"]) == (status, code)
        assert answer.problem is not None or (answer.closed and connection.is_at_end())
    assert_unharmed(other)
