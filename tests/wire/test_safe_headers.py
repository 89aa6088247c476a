"""Every answer over HTTP tells browsers and caches what not to do with it."""

from typing import Any

import httpx
import operations
import pytest
from services import TOKEN, Service

SAFE = {
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "content-security-policy": "default-src 'none'; frame-ancestors 'none'",
    "referrer-policy": "no-referrer",
}
TLS_ONLY = "strict-transport-security"
SENDERS = {
    "a program": {"Authorization": f"Bearer {TOKEN}"},
    "a page of ours": {"Authorization": f"Bearer {TOKEN}", "Origin": "http://own"},
    "a page of another": {"Authorization": f"Bearer {TOKEN}", "Origin": "http://localhost:3000"},
    "nobody": {},
    "an impostor": {"Authorization": "Bearer wrong"},
}
ELSEWHERE: dict[str, tuple[str, str, int]] = {
    "no such path": ("GET", "/nothing", 404),
    "no such method": ("POST", "/health", 405),
    "a handshake that is none": ("GET", "/ws", 426),
    "a bad name": ("GET", "/api/v1/dashboards/a%zz/top", 400),
    "what methods there are": ("OPTIONS", "/api/v1/dashboards", 204),
    "the OpenAPI document": ("GET", "/schema/openapi.json", 200),
}


def safe(reply: httpx.Response) -> dict[str, Any]:
    """Give the headers that matter, each of which is there once."""
    told = {name: reply.headers.get_list(name) for name in SAFE}
    return {name: ", ".join(values) for name, values in told.items()}


@pytest.mark.parametrize("who", SENDERS)
def test_every_route_tells(service: Service, board: str, who: str) -> None:
    with httpx.Client(base_url=service.base, headers=SENDERS[who]) as http:
        for route, (_, body, query) in operations.REST.items():
            verb, path = route.split(" ")
            reply = http.request(verb, path.format(dashboard=board, member_id="ann"), json=body, params=query)
            assert (route, safe(reply)) == (route, SAFE)
            assert TLS_ONLY not in reply.headers
        with http.stream("GET", operations.STREAM.split(" ")[1].format(dashboard=board)) as events:
            assert safe(events) == SAFE


@pytest.mark.parametrize("what", ELSEWHERE)
def test_so_does_whatever_else_is_answered(service: Service, what: str) -> None:
    verb, path, status = ELSEWHERE[what]
    reply = httpx.request(verb, service.base + path, headers=SENDERS["a program"])
    assert (reply.status_code, safe(reply)) == (status, SAFE)


def test_a_refused_handshake_tells(service: Service) -> None:
    upgrade = {"Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13"}
    reply = httpx.get(f"{service.base}/ws", headers={**upgrade, "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ=="})
    assert (reply.status_code, safe(reply)) == (401, SAFE)
