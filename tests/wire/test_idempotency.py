"""Idempotency keys on every transport: one update, however often it is sent, and whichever way its retry takes."""

import json
from typing import Any

import httpx
import pytest
from drivers import DRIVERS, Place, Problem, Unary
from rest_board import Board
from services import TOKEN, Service
from websockets.sync.client import connect

KEY = {"Idempotency-Key": "match 17"}
AUTHORIZATION = {"Authorization": f"Bearer {TOKEN}"}


@pytest.fixture
def on(service: Service, board: str) -> Any:
    with httpx.Client(base_url=service.api, headers=AUTHORIZATION) as client:
        yield Board(client, board)


@pytest.fixture
def socket(service: Service) -> Any:
    with connect(f"{service.ws}?token={TOKEN}") as opened:
        yield opened


def sent(on: Board, method: str, route: str, body: Any, **headers: str) -> tuple[int, Any]:
    reply = on.http.request(method, on.path + route, json=body, headers=KEY | headers)
    return reply.status_code, reply.json()


async def test_a_retry_takes_any_way_in_and_is_answered_as_the_first_was(service: Service, board: str) -> None:
    for first in DRIVERS:
        for kind in (DRIVERS[first], *DRIVERS.values()):
            async with kind(service, TOKEN) as driver:
                answer = await driver.increment(f"{board}-{first}", "p1", 5, f"key-{first}")
                assert answer == Place("p1", 1, 5.0), (first, kind)


async def test_another_update_with_the_same_key_is_refused_on_every_way_in(service: Service, board: str) -> None:
    for name, kind in DRIVERS.items():
        async with kind(service, TOKEN) as driver:
            await driver.increment(board, name, 5, f"key-{name}")
            refused = await driver.increment(board, name, 6, f"key-{name}")
            assert isinstance(refused, Problem), name
            assert (refused.status, refused.code) == (422, "idempotency_mismatch"), name
            assert (await driver.increment(board, name, 0)).score == 5.0, name


async def test_a_key_that_breaks_the_rules_is_refused_on_every_way_in(service: Service, board: str) -> None:
    for name, kind in DRIVERS.items():
        async with kind(service, TOKEN) as driver:
            refused = await driver.increment(board, name, 5, "k" * 256)
            assert isinstance(refused, Problem), name
            assert (refused.code, "256 characters" in refused.detail) == ("invalid_argument", True), name
            assert (await driver.increment(board, name, 0)).score == 0.0, name


def test_each_route_that_updates_takes_the_header(on: Board) -> None:
    for _ in range(3):
        assert sent(on, "POST", "/members/ada/increment", {"increment": 1})[1]["score"] == 1.0
        assert sent(on, "POST", "/members/bob/score", {"score": 2}, **{"Idempotency-Key": "b"})[1]["score"] == 2.0
        assert sent(on, "PUT", "/members/cyd/score", {"score": 3}, **{"Idempotency-Key": "c"})[1]["score"] == 3.0
    on.json("PUT", "/members/cyd/score", json={"score": 4})
    late = sent(on, "PUT", "/members/cyd/score", {"score": 3}, **{"Idempotency-Key": "c"})
    assert (late[1]["score"], on.get("/members/cyd/rank")["score"]) == (3.0, 4.0)


def test_a_key_on_a_batch_is_one_for_each_item_and_an_item_may_have_its_own(on: Board) -> None:
    items = [{"member_id": "ada", "increment": 1}, {"member_id": "ada", "increment": 2, "op_id": "own"}]
    items += [{"member_id": ""}, {"member_id": "ada", "increment": 4, "op_id": ""}]
    for _ in range(2):
        status, reply = sent(on, "POST", "/increments", {"increments": items})
        said = [each.get("score") or each["problem"]["detail"] for each in reply["results"]]
        assert (status, said[:3]) == (200, [1.0, 3.0, "missing member_id"])
        assert "0 characters" in said[3]
    assert sent(on, "POST", "/members/ada/increment", {"increment": 1}, **{"Idempotency-Key": "match 17/0"})[1] == {
        "member_id": "ada",
        "rank": 1,
        "score": 1.0,
    }
    scores = [{"member_id": "bob", "score": 8, "metadata": {"a": 1}}, {"member_id": "bob", "score": 16, "op_id": "x"}]
    for _ in range(2):
        status, reply = sent(on, "POST", "/scores", {"scores": scores}, **{"Idempotency-Key": "s"})
        assert (status, [each["score"] for each in reply["results"]]) == (200, [8.0, 24.0])
    other = {"scores": [{"member_id": "bob", "score": 8}]}
    [refused] = sent(on, "POST", "/scores", other, **{"Idempotency-Key": "s"})[1]["results"]
    assert refused["problem"]["code"] == "idempotency_mismatch"


def test_the_framework_s_route_takes_the_header_too(on: Board) -> None:
    """A browser's request, which names its origin, takes it."""
    for _ in range(2):
        reply = sent(on, "POST", "/members/ada/increment", {"increment": 1}, Origin="http://localhost:3000")
        assert reply[1]["score"] == 1.0


@pytest.mark.parametrize("extra", [{}, {"Origin": "http://localhost:3000"}])
def test_two_headers_are_refused(on: Board, extra: dict[str, str]) -> None:
    headers = [("Idempotency-Key", "a"), ("Idempotency-Key", "b"), *extra.items()]
    reply = on.http.post(f"{on.path}/members/ada/increment", json={"increment": 1}, headers=headers)
    assert (reply.status_code, reply.json()["detail"]) == (400, "two Idempotency-Key headers")
    assert on.get("/stats")["total_members"] == 0


def test_an_array_over_the_socket_has_a_key_an_update(socket: Any, board: str) -> None:
    message = [
        {"dashboard": board, "member_id": "ada", "increment": 1, "op_id": "a"},
        {"dashboard": board, "member_id": "ada", "increment": 1, "op_id": "a", "id": 7},
        {"dashboard": board, "member_id": "ada", "increment": 1},
        {"dashboard": board, "member_id": "ada", "increment": 1, "op_id": 5},
        {"dashboard": board, "member_id": "ada", "increment": 2, "op_id": "a"},
    ]
    socket.send(json.dumps(message))
    replies = json.loads(socket.recv())
    assert [reply.get("score") for reply in replies] == [1.0, 1.0, 2.0, None, None]
    assert replies[1]["id"] == 7
    assert [reply["problem"]["code"] for reply in replies[3:]] == ["invalid_argument", "idempotency_mismatch"]


async def test_the_calls_of_grpc_take_an_op_id(service: Service, board: str) -> None:
    async with Unary(service, TOKEN) as client:
        for _ in range(2):
            increments = [{"member_id": "ada", "increment": 1}, {"member_id": "ada", "increment": 2, "op_id": "own"}]
            reply = await client.call("IncrementScores", dashboard=board, increments=increments, op_id="k")
            assert [each.score for each in reply.results] == [1.0, 3.0]
            scores = [{"member_id": "cyd", "score": 1}, {"member_id": "cyd", "score": 2, "op_id": "l"}]
            reply = await client.call("SubmitScores", dashboard=board, scores=scores, op_id="m")
            assert [each.score for each in reply.results] == [1.0, 3.0]
            ada, bob = {"dashboard": board, "member_id": "ada"}, {"dashboard": board, "member_id": "bob"}
            assert (await client.call("SubmitScore", **ada, score=4, op_id="s")).score == 7.0
            assert (await client.call("SetScore", **bob, score=5, metadata='{"a":1}', op_id="t")).score == 5.0
