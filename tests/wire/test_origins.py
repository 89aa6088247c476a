"""Whence a browser may call: over WebSocket the handshake is refused, over REST and SSE the browser is not told yes."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from urllib.parse import urlsplit

import httpx
import pytest
from raw_http import RawConnection, request
from services import TOKEN, Service, goboard_serve
from websockets.asyncio.client import connect
from websockets.exceptions import InvalidStatus

ALLOWED = ["https://example.org", "http://example.org:3000", "https://xn--mnchen-3ya.example", "app://goboard"]
SERVERS = {
    "listed": {"CORS_ALLOWED_ORIGINS": ", ".join(ALLOWED), "CORS_ALLOW_CREDENTIALS": "true"},
    "any": {"CORS_ALLOWED_ORIGINS": "*"},
}
HTTP = httpx.Client(verify=False, timeout=20)
"""One for all: reading the system's certificates takes longer than a call."""


@pytest.fixture(scope="module", autouse=True)
def _closed() -> Iterator[None]:
    yield
    HTTP.close()


# Each is like an allowed one, or like the server's own, to somebody who compares carelessly.
LOOK_ALIKES = {
    "a longer host": "https://example.org.evil.com",
    "a host that ends alike": "https://evilexample.org",
    "a subdomain": "https://www.example.org",
    "the parent": "https://org",
    "another scheme": "http://example.org",
    "the default port, said": "https://example.org:443",
    "another port": "http://example.org:3001",
    "no port": "http://example.org",
    "a port that begins alike": "http://example.org:30000",
    "a trailing dot": "https://example.org.",
    "a trailing slash": "https://example.org/",
    "a path": "https://example.org/page",
    "upper case": "https://EXAMPLE.org",
    "an upper-case scheme": "HTTPS://example.org",
    "a name before the host": "https://example.org@evil.com",
    "a name and password": "https://ada:word@example.org",
    "an allowed host as a path": "https://evil.com/https://example.org",
    "an allowed host as a query": "https://evil.com?https://example.org",
    "an allowed host as a fragment": "https://evil.com#https://example.org",
    "two origins": "https://example.org https://evil.com",
    "two with a comma": "https://example.org,https://evil.com",
    "the whole list": ", ".join(ALLOWED),
    "the name that is written in punycode": "https://m\u00fcnchen.example",
    "a letter that looks alike": "https://ex\u0430mple.org",
    "a backslash": "https://example.org\\@evil.com",
    "a space within": "https://example .org",
    "percent-encoded": "https://example%2eorg",
    "null": "null",
    "null in capitals": "NULL",
    "a star": "*",
    "the host alone": "example.org",
    "no host": "https://",
    "a file": "file://",
    "an app of another name": "app://goboard2",
}
MALFORMED = {"nothing": b"", "a NUL within": b"https://example.org\x00.evil.com", "other bytes": b"\xff\xfe"}


@pytest.fixture(scope="module")
def servers(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Service]]:
    def started(name: str) -> Service:
        return running.enter_context(
            goboard_serve(tmp_path_factory.mktemp("origins"), "--store", "memory", **SERVERS[name])
        )

    with ExitStack() as running, ThreadPoolExecutor(len(SERVERS)) as pool:
        yield dict(zip(SERVERS, pool.map(started, SERVERS), strict=True))


async def opens(service: Service, origin: str | None) -> bool:
    """Tell whether a page at `origin` gets a socket; else it must hear that its origin is why."""
    headers = [] if origin is None else [("Origin", origin)]
    try:
        async with connect(f"{service.ws}?token={TOKEN}", additional_headers=headers):
            return True
    except InvalidStatus as refused:
        problem = json.loads(refused.response.body)
        assert (problem["status"], problem["code"]) == (403, "origin_not_allowed")
        assert problem["detail"] == "this Origin is not in CORS_ALLOWED_ORIGINS"
        return False


def handshake(origin: bytes) -> bytes:
    fields = [b"Upgrade: websocket", b"Connection: Upgrade", b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="]
    target = f"/ws?token={TOKEN}".encode()
    return request("GET", target, b"Host: localhost", *fields, b"Sec-WebSocket-Version: 13", b"Origin: " + origin)


def told(service: Service, origin: str, path: str) -> str | None:
    """What origin the browser is told may read the answer."""
    headers = {"Authorization": TOKEN, "Origin": origin.encode()}
    with HTTP.stream("GET", f"{service.api}/dashboards{path}", headers=headers) as reply:  # type: ignore[arg-type]
        assert reply.status_code == 200
        assert "origin" in reply.headers.get("vary", "").lower() or reply.headers.get(ALLOW) in {None, "*"}
        assert reply.headers.get(ALLOW) != "*" or "access-control-allow-credentials" not in reply.headers
        return reply.headers.get(ALLOW)


ALLOW = "access-control-allow-origin"


async def test_allowed_origins_and_the_server_s_own_get_a_socket(servers: dict[str, Service]) -> None:
    own = urlsplit(servers["listed"].base).netloc
    for origin in (*ALLOWED, f"http://{own}", f"https://{own}", None):
        assert await opens(servers["listed"], origin), origin


async def test_look_alikes_get_no_socket(servers: dict[str, Service]) -> None:
    own = servers["listed"].base
    for origin in (*LOOK_ALIKES.values(), f"{own}.evil.com", own.replace("127.0.0.1", "localhost."), f"{own}0"):
        sent = origin.encode().decode("latin-1")  # the bytes of UTF-8, which the client would not write otherwise
        assert not await opens(servers["listed"], sent), origin


@pytest.mark.parametrize("case", MALFORMED)
def test_origins_that_are_none_get_no_socket(servers: dict[str, Service], case: str) -> None:
    connection = RawConnection(servers["listed"].base)
    connection.send(handshake(MALFORMED[case]))
    assert connection.answer("GET").status in {400, 403}
    connection.close()


def test_two_origins_get_no_socket(servers: dict[str, Service]) -> None:
    for pair in ([ALLOWED[0], ALLOWED[1]], [ALLOWED[0], "https://evil.com"], ["https://evil.com", ALLOWED[0]]):
        connection = RawConnection(servers["listed"].base)
        connection.send(handshake("\r\nOrigin: ".join(pair).encode()))
        assert connection.answer("GET").status == 403
        connection.close()


@pytest.mark.parametrize("path", ["/b/top", "/b/stats", "/b/live"])
def test_a_browser_is_told_yes_for_allowed_origins_alone(servers: dict[str, Service], path: str) -> None:
    for origin in ALLOWED:
        assert told(servers["listed"], origin, path) == origin
    for case, origin in LOOK_ALIKES.items():
        assert told(servers["listed"], origin, path) not in {origin, "*", "null"}, case


async def test_a_star_lets_every_page_in_and_no_credentials(servers: dict[str, Service]) -> None:
    for origin in ("https://evil.com", "null", "https://example.org"):
        assert await opens(servers["any"], origin)
        assert told(servers["any"], origin, "/b/top") == "*"


@pytest.mark.parametrize(("origin", "yes"), [(ALLOWED[0], True), ("https://evil.com", False), ("null", False)])
def test_a_preflight_says_the_same(servers: dict[str, Service], origin: str, *, yes: bool) -> None:
    reply = HTTP.options(
        f"{servers['listed'].api}/dashboards/b/members/ann/increment",
        headers={
            "Origin": origin,
            "Access-Control-Request-Method": "POST",
            "Access-Control-Request-Headers": "authorization",
        },
    )
    assert (reply.headers.get(ALLOW) == origin) is yes
    assert (reply.headers.get("access-control-allow-credentials") == "true") is yes
