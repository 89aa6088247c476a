"""PUBLIC_READ: what a visitor, who shows no token, may do, and where it is off: nothing."""

import json
from collections.abc import Iterator
from unittest.mock import ANY

import httpx
import pytest
from joserfc import jwt
from joserfc.jwk import OctKey
from rest_board import Board
from rest_problems import assert_problem
from services import Service, goboard_serve
from watch_events import events, live_url
from watch_socket import opened
from websockets.exceptions import InvalidStatus

KEY = OctKey.import_key(SECRET := "a key for the tests, long enough for HS256")
BOSS = jwt.encode({"alg": "HS256"}, {"user_id": "boss", "scope": "goboard:server"}, KEY)
ANN = jwt.encode({"alg": "HS256"}, {"user_id": "ann"}, KEY)

READING_POSTS = {("post", "/api/v1/dashboards/{dashboard}/lookup")}
"""Routes that read though their method does not say so."""
BODIES = {
    "lookup": {"member_ids": ["ann"]},
    "increment": {"increment": 1},
    "increments": {"increments": [{"member_id": "ann", "increment": 1}]},
    "score": {"score": 1},
    "scores": {"scores": [{"member_id": "ann", "score": 1}]},
    "rules": {"order": "asc"},
    "archive": {"name": "a"},
}
MISSING = {
    "type": "urn:goboard:auth:missing-token",
    "title": "Unauthorized",
    "status": 401,
    "detail": "authentication token is required",
    "instance": "/ws",
    "code": "auth_missing_token",
    "request_id": ANY,
}

Route = tuple[str, str]
"""The method, and the path as the OpenAPI document has it."""


@pytest.fixture(scope="module")
def public(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("public")
    environment = {"PUBLIC_READ": "true", "AUTH_MODE": "jwt", "JWT_SECRET": SECRET, "ALLOW_SELF_DELETE": "true"}
    with goboard_serve(folder, "--store", "memory", **environment) as running:
        yield running


@pytest.fixture
def on(public: Service, board: str) -> Iterator[Board]:
    """A board as the role server sees it."""
    with httpx.Client(base_url=public.api, headers={"Authorization": f"Bearer {BOSS}"}) as client:
        on = Board(client, board)
        on.fill({"ann": 20, "bob": 10})
        yield on


@pytest.fixture
def visitor() -> Iterator[httpx.Client]:
    with httpx.Client() as client:
        yield client


def routes(service: Service) -> tuple[list[Route], list[Route]]:
    """Give the routes that read and those that write, as the server describes them."""
    document = httpx.get(f"{service.base}/schema/openapi.json").json()
    found = [
        (method, path)
        for path, methods in document["paths"].items()
        if path.startswith("/api/v1/") and not path.endswith("/live")
        for method in methods
    ]
    reading = [route for route in found if route[0] == "get" or route in READING_POSTS]
    return reading, [route for route in found if route not in reading]


def all_routes(service: Service) -> list[Route]:
    reading, writing = routes(service)
    return [*reading, *writing]


def call(
    client: httpx.Client, service: Service, route: Route, board: str, token: str = "", **headers: str
) -> httpx.Response:
    """Ask for what a route offers, of the member ann; an empty token is none."""
    method, path = route
    url = service.base + path.replace("{dashboard}", board).replace("{member_id}", "ann")
    query = {"window": "all"} if path.endswith("/periods") else {}
    body = None if method == "get" else BODIES.get(path.rpartition("/")[2])
    if token:
        headers["Authorization"] = token
    return client.request(method.upper(), url, params=query, json=body, headers=headers)


def test_a_visitor_reads_what_anybody_reads(public: Service, on: Board, visitor: httpx.Client) -> None:
    reading, _ = routes(public)
    assert len(reading) >= 10
    for route in reading:
        plain, known = call(visitor, public, route, on.name), call(on.http, public, route, on.name)
        assert (route, plain.status_code, plain.json()) == (route, 200, known.json())
        crossing = call(visitor, public, route, on.name, Origin="http://localhost:3000")  # which takes no shortcut
        assert (route, crossing.status_code) == (route, 200)


def test_a_visitor_writes_nothing(public: Service, on: Board, visitor: httpx.Client) -> None:
    _, writing = routes(public)
    assert len(writing) >= 9
    for route in writing:
        for headers in ({}, {"Origin": "http://localhost:3000"}):
            assert_problem(call(visitor, public, route, on.name, **headers), 401, "auth_missing_token")
    assert on.get("/top")["members"] == [{"id": "ann", "rank": 1, "score": 20.0}, {"id": "bob", "rank": 2, "score": 10}]


def test_a_bad_token_is_refused_also_where_none_is_needed(public: Service, on: Board, visitor: httpx.Client) -> None:
    for route in all_routes(public):
        assert_problem(call(visitor, public, route, on.name, "wrong"), 403, "auth_invalid_token")
    reply = visitor.get(live_url(public, on.name), params={"token": "wrong"})
    assert_problem(reply, 403, "auth_invalid_token")


def test_the_routes_that_are_not_public_elsewhere_ask_for_a_token(
    service: Service, board: str, visitor: httpx.Client
) -> None:
    for route in [*all_routes(service), ("get", "/api/v1/dashboards/{dashboard}/live")]:
        assert_problem(call(visitor, service, route, board), 401, "auth_missing_token")


def test_a_visitor_s_rank_is_of_whom_it_names(public: Service, on: Board, visitor: httpx.Client) -> None:
    for query in ({}, {"window": "all"}):
        for member, rank in (("ann", 1), ("bob", 2)):
            reply = visitor.get(f"{public.api}/dashboards/{on.name}/members/{member}/rank", params=query)
            assert (reply.json()["member_id"], reply.json()["rank"]) == (member, rank)
            own = visitor.get(str(reply.url), headers={"Authorization": ANN})
            assert own.json()["member_id"] == "ann"
    reply = visitor.get(f"{public.api}/dashboards/{on.name}/members/visitor/rank")
    assert_problem(reply, 404, "member_not_found")


async def test_a_visitor_watches(public: Service, on: Board) -> None:
    async with opened(public, "") as socket, events(public, on.name, token="", around="bob") as stream:
        view = await socket.watch(on.name)
        on.fill({"bob": 30})
        for shown, way in ((view, socket), (stream.view, stream)):
            await way.until(lambda shown=shown: shown.ranks == {"bob": 1, "ann": 2})


async def test_a_visitor_s_updates_are_refused_and_nothing_else(public: Service, on: Board) -> None:
    update = {"dashboard": on.name, "member_id": "ann", "increment": 1}
    async with opened(public, "") as socket:
        view = await socket.watch(on.name)
        assert await socket.ask({**update, "id": 7}) == {"problem": MISSING, "id": 7}
        assert await socket.ask([update, {**update, "id": "x"}]) == [
            {"problem": MISSING},
            {"problem": MISSING, "id": "x"},
        ]
        assert await socket.ask({**update, "member_id": ""}) == {"problem": MISSING}
        assert await socket.ask({"op": "ping"}) == {"op": "pong"}
        on.json("POST", "/members/bob/increment", json={"increment": 100})
        await socket.until(lambda: view.places == [("bob", 1, 110), ("ann", 2, 20)])


async def test_who_shows_a_token_is_no_visitor(public: Service, on: Board) -> None:
    async with opened(public, ANN) as socket:
        assert (await socket.ask({"dashboard": on.name, "member_id": "ann", "increment": 1}))["score"] == 21


async def test_a_bad_token_opens_no_socket(public: Service) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with opened(public, "wrong"):
            pass
    assert json.loads(refused.value.response.body)["code"] == "auth_invalid_token"


async def test_where_reading_is_not_public_a_visitor_opens_no_socket(service: Service) -> None:
    with pytest.raises(InvalidStatus) as refused:
        async with opened(service, ""):
            pass
    assert json.loads(refused.value.response.body) == MISSING
