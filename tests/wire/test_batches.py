"""Many updates in one message, over all three ways in: each answered in its place, bad ones harming no other."""

import json
from collections.abc import AsyncIterator
from typing import Any
from urllib.parse import quote

import dashboard_pb
import grpc.aio
import httpx
import pytest
import websockets
from services import TOKEN, Service, goboard_serve

OUT_OF_RANGE = 2.0**53


class RestBatch:
    """POST …/increments, by httpx."""

    def __init__(self, service: Service, token: str = TOKEN) -> None:
        self.http = httpx.AsyncClient(base_url=service.api, headers={"Authorization": f"Bearer {token}"}, timeout=20)

    async def send(self, board: str, items: list[Any]) -> Any:
        path = f"/dashboards/{quote(board, safe='')}/increments"
        reply = await self.http.post(path, content=json.dumps({"increments": items}))
        return reply.json()["results"] if reply.status_code == 200 else reply.json()

    async def close(self) -> None:
        await self.http.aclose()


class SocketBatch:
    """An array over a WebSocket, by websockets."""

    def __init__(self, service: Service, token: str = TOKEN) -> None:
        self.url = f"{service.ws}?token={token}"

    async def send(self, board: str, items: list[Any]) -> Any:
        async with websockets.connect(self.url) as socket:
            updates = [{"dashboard": board, **item} if isinstance(item, dict) else item for item in items]
            await socket.send(json.dumps(updates))
            reply = json.loads(await socket.recv())
        return reply if isinstance(reply, list) else reply["problem"]

    async def close(self) -> None:
        """Nothing is left open."""


class UnaryBatch:
    """IncrementScores, by grpcio."""

    def __init__(self, service: Service, token: str = TOKEN) -> None:
        self.channel = grpc.aio.insecure_channel(service.grpc)
        self.metadata = (("authorization", f"Bearer {token}"),)

    async def send(self, board: str, items: list[Any]) -> Any:
        item = dashboard_pb.message("MemberIncrement")
        request = dashboard_pb.message("IncrementScoresRequest")(
            dashboard=board, increments=[item(**fields) for fields in items]
        )
        try:
            call = dashboard_pb.method(self.channel, "IncrementScores")
            reply = await call(request, metadata=self.metadata, timeout=20)
        except grpc.aio.AioRpcError as error:
            return {"code": error.code().name, "detail": error.details()}
        return [_plain(result) for result in reply.results]

    async def close(self) -> None:
        await self.channel.close()


def _plain(result: Any) -> dict[str, Any]:
    if result.HasField("problem"):
        problem = result.problem
        return {"problem": {field.name: getattr(problem, field.name) for field in problem.DESCRIPTOR.fields}}
    return {"member_id": result.member_id, "rank": result.rank, "score": result.score}


WAYS = {"rest": RestBatch, "websocket": SocketBatch, "grpc": UnaryBatch}
INSTANCES = {"websocket": "/ws", "grpc": "/dashboard.DashboardService/IncrementScores"}


@pytest.fixture(params=WAYS)
async def way(request: pytest.FixtureRequest, service: Service) -> AsyncIterator[Any]:
    opened = WAYS[request.param](service)
    opened.name = request.param
    yield opened
    await opened.close()


def item(member: str, increment: float) -> dict[str, Any]:
    return {"member_id": member, "increment": increment}


async def test_each_is_answered_in_its_place_with_score_and_rank_right_after_it(way: Any, board: str) -> None:
    results = await way.send(board, [item("ada", 10), item("bob", 20), item("ada", 15), item("é/%", -1.5)])

    assert results == [
        {"member_id": "ada", "rank": 1, "score": 10},
        {"member_id": "bob", "rank": 1, "score": 20},
        {"member_id": "ada", "rank": 1, "score": 25},
        {"member_id": "é/%", "rank": 3, "score": -1.5},
    ]


async def test_an_empty_batch_is_answered_by_an_empty_one(way: Any, board: str) -> None:
    assert await way.send(board, []) == []


async def test_a_thousand_are_taken_and_one_more_refuses_the_message(way: Any, board: str, service: Service) -> None:
    members = [f"m{number}" for number in range(1000)]
    if way.name == "websocket":  # so that they fit into a message of 64 KiB
        members = [f"{number}" for number in range(1000)]
        board = board[:8]
    results = await way.send(board, [item(member, 1) for member in members])
    assert [result["member_id"] for result in results] == members

    refusal = await way.send(board, [item("m", 1)] * 1001)
    assert refusal["code"] in {"invalid_argument", "INVALID_ARGUMENT"}
    assert refusal["detail"] == "the message has 1001 updates; at most 1000 are allowed"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    top = httpx.get(f"{service.api}/dashboards/{board}/top?limit=1000", headers=headers).json()
    assert sorted(entry["id"] for entry in top["members"]) == sorted(members)
    assert {entry["score"] for entry in top["members"]} == {1}


async def test_a_bad_item_has_its_problem_and_leaves_the_others_alone(way: Any, board: str) -> None:
    results = await way.send(
        board,
        [
            item("ada", 1),
            item("x" * 257, 1),
            item("ada", OUT_OF_RANGE),
            item("ada", float("nan") if way.name == "grpc" else 2),
            item("b\x00d", 1),
            item("ada", 4),
        ],
    )

    assert [result["problem"]["code"] if "problem" in result else result["score"] for result in results] == [
        1,
        "invalid_argument",
        "score_out_of_range",
        "invalid_argument" if way.name == "grpc" else 3,
        "invalid_argument",
        5 if way.name == "grpc" else 7,
    ]
    problem = results[2]["problem"]
    assert set(problem) - {"request_id"} == {"type", "title", "status", "detail", "instance", "code"}
    assert problem["instance"] == INSTANCES.get(way.name, f"/api/v1/dashboards/{board}/increments")


BAD_ITEMS = {
    "no object": (7, "must be a JSON object"),
    "null": (None, "must be a JSON object"),
    "an array": ([], "must be a JSON object"),
    "no member": ({"increment": 1}, "missing"),
    "an empty member": (item("", 1), "missing"),
    "a number for a member": ({"member_id": 7, "increment": 1}, "must be a JSON object"),
    "no increment": ({"member_id": "ada"}, "increment is required"),
    "a null increment": ({"member_id": "ada", "increment": None}, "increment is required"),
    "a text for an increment": ({"member_id": "ada", "increment": "1"}, "must be a JSON object"),
    "a boolean for an increment": ({"member_id": "ada", "increment": True}, "must be a JSON object"),
    "a control character": (item("a\tb", 1), "control character"),
}


@pytest.mark.parametrize("case", BAD_ITEMS)
@pytest.mark.parametrize("name", ["rest", "websocket"])
async def test_every_kind_of_bad_json_item_is_told_in_its_place(
    service: Service, board: str, name: str, case: str
) -> None:
    bad, detail = BAD_ITEMS[case]
    opened = WAYS[name](service)
    results = await opened.send(board, [item("ada", 1), bad, item("ada", 1)])
    await opened.close()

    assert (results[0]["score"], results[2]["score"]) == (1, 2)
    assert results[1]["problem"]["code"] == "invalid_argument"
    assert detail in results[1]["problem"]["detail"]


BAD_BODIES = {
    "no json": (b"increments", "malformed JSON"),
    "nothing": (b"", "malformed JSON"),
    "cut off": (b'{"increments": [{"member_id": "a", "increment": 1}', "malformed JSON"),
    "NaN in an item": (b'{"increments": [{"member_id": "a", "increment": NaN}]}', "malformed JSON"),
    "no UTF-8 in an item": (b'{"increments": [{"member_id": "\xff", "increment": 1}]}', "malformed JSON"),
    "deep nesting": (b'{"increments": [' + b"[" * 60_000, "the JSON is nested too deeply"),
    "an array": (b"[]", "the body must be a JSON object whose increments is an array"),
    "no increments": (b"{}", "the body must be a JSON object whose increments is an array"),
    "null increments": (b'{"increments": null}', "the body must be a JSON object whose increments is an array"),
    "an object of increments": (b'{"increments": {}}', "the body must be a JSON object whose increments is an array"),
}


@pytest.mark.parametrize("case", BAD_BODIES)
def test_a_bad_body_refuses_the_whole_batch(service: Service, board: str, case: str) -> None:
    body, detail = BAD_BODIES[case]
    path = f"{service.api}/dashboards/{board}/increments"
    reply = httpx.post(path, content=body, headers={"Authorization": f"Bearer {TOKEN}"})
    assert (reply.status_code, reply.json()["code"], reply.json()["detail"]) == (400, "invalid_argument", detail)


def test_a_batch_of_the_longest_names_is_taken_and_a_larger_body_is_not(service: Service, board: str) -> None:
    path = f"{service.api}/dashboards/{board}/increments"
    headers = {"Authorization": f"Bearer {TOKEN}"}
    escaped = "\\u0041" * 250
    items = ",".join(f'{{"member_id": "{escaped}{number:06}", "increment": 1}}' for number in range(1000))
    reply = httpx.post(path, content=f'{{"increments": [{items}]}}', headers=headers)
    assert [result["score"] for result in reply.json()["results"]] == [1] * 1000

    reply = httpx.post(path, content=b'{"increments": []' + b" " * 2 * 1024 * 1024 + b"}", headers=headers)
    assert (reply.status_code, reply.json()["code"]) == (413, "too_large")
    assert reply.json()["detail"] == "the body is over 2097152 bytes"


@pytest.mark.parametrize(("mismatch", "expected"), [("override", "admin_user"), ("reject", "member_forbidden")])
async def test_the_identity_rules_hold_for_each_item(tmp_path: Any, mismatch: str, expected: str) -> None:
    with goboard_serve(tmp_path, "--store", "memory", MEMBER_ID_MISMATCH=mismatch) as service:
        for name, kind in WAYS.items():
            way = kind(service)
            own, other = await way.send(f"board-{name}", [item("admin_user", 1), item("somebody", 1)])
            await way.close()
            assert own == {"member_id": "admin_user", "rank": 1, "score": 1}
            assert (other["problem"]["code"] if "problem" in other else other["member_id"]) == expected


async def test_a_socket_takes_arrays_and_single_updates_in_order(service: Service, board: str) -> None:
    one = {"dashboard": board, "member_id": "ada", "increment": 1}
    async with websockets.connect(f"{service.ws}?token={TOKEN}") as socket:
        for message in (one, [one, one], [], one, [{**one, "dashboard": f"{board}-other"}, one]):
            await socket.send(json.dumps(message))
        replies = [json.loads(await socket.recv()) for _ in range(5)]

    scores = [[each["score"] for each in reply] if isinstance(reply, list) else reply["score"] for reply in replies]
    assert scores == [1, [2, 3], [], 4, [1, 5]]


async def test_a_message_cut_off_within_an_array_is_one_problem(service: Service) -> None:
    async with websockets.connect(f"{service.ws}?token={TOKEN}") as socket:
        for message in (' [{"dashboard"', "[1,]", "[[[[", "\n\t[]"):
            await socket.send(message)
        replies = [json.loads(await socket.recv()) for _ in range(4)]
    assert [reply["problem"]["detail"] for reply in replies[:3]] == ["malformed JSON"] * 3
    assert replies[3] == []


async def test_a_grpc_batch_without_a_dashboard_is_refused_and_an_empty_member_is_the_caller(
    service: Service, board: str
) -> None:
    way = UnaryBatch(service)
    assert (await way.send("", [item("ada", 1)]))["code"] == "INVALID_ARGUMENT"
    assert (await way.send(board, [item("", 3)])) == [{"member_id": "admin_user", "rank": 1, "score": 3}]
    await way.close()
