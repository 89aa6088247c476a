"""The shortcut and the framework's own routes answer alike: the same requests with and without an Origin."""

from typing import Any

import httpx
import pytest
from services import TOKEN, Service

AUTH = {"Authorization": f"Bearer {TOKEN}"}
LONG = "x" * 257
REQUESTS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "increment": ("POST", "{board}/members/ada/increment", {"content": b'{"increment": 0}'}),
    "increment, escaped names": ("POST", "{board}%2F1/members/a%2Fb%25/increment", {"content": b'{"increment": 0}'}),
    "increment, a query": ("POST", "{board}/members/ada/increment?x=1", {"content": b'{"increment": 0}'}),
    "increment, bad body": ("POST", "{board}/members/ada/increment", {"content": b"{"}),
    "increment, too large": ("POST", "{board}/members/ada/increment", {"content": b" " * 70_000}),
    "increment, no member": ("POST", "{board}/members//increment", {"content": b'{"increment": 0}'}),
    "increment, no board": ("POST", "/members/ada/increment", {"content": b'{"increment": 0}'}),
    "increment, long member": ("POST", f"{{board}}/members/{LONG}/increment", {"content": b'{"increment": 0}'}),
    "increment, braces": ("POST", "%7Bb%7D/members/ada/increment", {"content": b'{"increment": 0}'}),
    "increment, bad escape": ("POST", "{board}/members/a%zz/increment", {"content": b'{"increment": 0}'}),
    "increment, no UTF-8": ("POST", "{board}/members/%FF/increment", {"content": b'{"increment": 0}'}),
    "increment, out of range": ("POST", "{board}/members/ada/increment", {"content": b'{"increment": 1e300}'}),
    "increment by GET": ("GET", "{board}/members/ada/increment", {}),
    "increment, slash at the end": ("POST", "{board}/members/ada/increment/", {"content": b'{"increment": 0}'}),
    "increments": ("POST", "{board}/increments", {"content": b'{"increments": [{"member_id": "a", "increment": 0}]}'}),
    "increments, bad item": ("POST", "{board}/increments", {"content": b'{"increments": [1]}'}),
    "increments, bad body": ("POST", "{board}/increments", {"content": b"[]"}),
    "score": ("POST", "{board}/members/ada/score", {"content": b'{"score": 0, "metadata": {"a": 1}}'}),
    "score, a query": ("POST", "{board}/members/ada/score?x=1", {"content": b'{"score": 0}'}),
    "score, bad body": ("POST", "{board}/members/ada/score", {"content": b'{"score": "0"}'}),
    "score, too large": ("POST", "{board}/members/ada/score", {"content": b" " * 70_000}),
    "score, out of range": ("POST", "{board}/members/ada/score", {"content": b'{"score": 1e300}'}),
    "score by GET": ("GET", "{board}/members/ada/score", {}),
    "rank": ("GET", "{board}/members/ada/rank", {}),
    "rank of nobody": ("GET", "{board}/members/nobody/rank", {}),
    "rank of a window": ("GET", "{board}/members/ada/rank?window=all", {}),
    "rank, bad window": ("GET", "{board}/members/ada/rank?window=daily", {}),
    "rank by POST": ("POST", "{board}/members/ada/rank", {}),
    "top": ("GET", "{board}/top", {}),
    "top, limit": ("GET", "{board}/top?limit=1", {}),
    "top, limit 0": ("GET", "{board}/top?limit=0", {}),
    "top, negative limit": ("GET", "{board}/top?limit=-3", {}),
    "top, signed limit": ("GET", "{board}/top?limit=%2B3", {}),
    "top, empty limit": ("GET", "{board}/top?limit=", {}),
    "top, bad limit": ("GET", "{board}/top?limit=ten", {}),
    "top, digits of another script": ("GET", "{board}/top?limit=%D9%A3", {}),
    "top, limit too high": ("GET", "{board}/top?limit=1001", {}),
    "top, two limits": ("GET", "{board}/top?limit=1&limit=2", {}),
    "top, another query": ("GET", "{board}/top?limit=1&x=2", {}),
    "top of a window": ("GET", "{board}/top?window=all", {}),
    "top, bad window": ("GET", "{board}/top?limit=1&window=daily", {}),
    "top, metadata": ("GET", "{board}/top?metadata=true", {}),
    "stats": ("GET", "{board}/stats", {}),
    "nothing there": ("GET", "{board}/bottom", {}),
    "HEAD": ("HEAD", "{board}/top", {}),
}
TOKENS = {
    "right": AUTH,
    "bare": {"Authorization": TOKEN},
    "none": {},
    "wrong": {"Authorization": "Bearer wrong"},
    "empty": {"Authorization": "Bearer"},
    "too long": {"Authorization": "Bearer " + "x" * 9000},
}
SHOWN = (
    *("content-type", "content-length", "www-authenticate", "allow", "retry-after", "x-request-id"),
    *("cache-control", "x-content-type-options", "content-security-policy", "referrer-policy"),
    "strict-transport-security",
)


def answer(service: Service, method: str, path: str, **options: Any) -> tuple[Any, ...]:
    with httpx.Client(headers={"X-Request-ID": "the-same"}) as http:
        reply = http.request(method, f"{service.api}/dashboards/{path}", **options)
    return reply.status_code, reply.content, [reply.headers.get(name) for name in SHOWN]


@pytest.mark.parametrize("case", REQUESTS)
def test_both_ways_answer_alike(service: Service, board: str, case: str) -> None:
    method, path, options = REQUESTS[case]
    seed = b'{"increment": 5}'
    httpx.post(f"{service.api}/dashboards/{board}/members/ada/increment", content=seed, headers=AUTH)
    direct = answer(service, method, path.format(board=board), headers=AUTH, **options)
    browser = answer(service, method, path.format(board=board), headers={**AUTH, "Origin": service.base}, **options)
    assert direct == browser


@pytest.mark.parametrize("case", TOKENS)
@pytest.mark.parametrize("route", ["increment", "increments", "score", "rank", "top"])
def test_both_ways_ask_for_the_token_alike(service: Service, board: str, case: str, route: str) -> None:
    method, path, options = REQUESTS[route]
    path = path.format(board=board)
    answer(service, "POST", f"{board}/members/ada/increment", headers=AUTH, content=b'{"increment": 0}')
    direct = answer(service, method, path, headers=TOKENS[case], **options)
    browser = answer(service, method, path, headers={**TOKENS[case], "Origin": service.base}, **options)
    assert direct == browser
    assert direct[0] in {200, 401, 403, 404}


def test_what_takes_no_shortcut_is_of_the_window_asked_for(service: Service, board: str) -> None:
    for query in ("window=daily", "window=daily&limit=1", "period=x"):
        for route in (f"top?{query}", f"members/ada/rank?{query}"):
            assert answer(service, "GET", f"{board}/{route}", headers=AUTH)[0] == 400


def test_a_browser_of_another_origin_gets_its_headers(service: Service, board: str) -> None:
    origin = {"Origin": "http://localhost:3000"}
    path = f"{service.api}/dashboards/{board}/members/ada/increment"
    reply = httpx.post(path, content=b'{"increment": 1}', headers={**AUTH, **origin})
    assert (reply.status_code, reply.headers["access-control-allow-origin"]) == (200, "http://localhost:3000")


def test_two_authorization_headers_are_refused_both_ways(service: Service, board: str) -> None:
    twice = [("Authorization", TOKEN), ("Authorization", TOKEN)]
    path = f"{board}/members/ada/increment"
    direct = answer(service, "POST", path, headers=twice, content=b'{"increment": 1}')
    browser = answer(service, "POST", path, headers=[*twice, ("Origin", service.base)], content=b'{"increment": 1}')
    assert direct == browser
    assert direct[0] == 403
