"""A request's id, in and out on every way, and the log lines that it leads to."""

import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import grpc
import httpx
import pytest
import websockets
from dashboard_pb import message, method
from services import TOKEN, Service, goboard_serve, start, stop
from watch_socket import opened

HEADERS = {"Authorization": f"Bearer {TOKEN}"}
ROUTES = {
    "shortcut": ("POST", "/api/v1/dashboards/b/members/ada/increment", 200),
    "shortcut, refused": ("GET", "/api/v1/dashboards/b/members/nobody/rank", 404),
    "framework": ("GET", "/api/v1/dashboards/b/stats", 200),
    "framework, refused": ("GET", "/api/v1/dashboards/b/stats?window=daily", 400),
    "unmatched": ("GET", "/nothing", 404),
    "no socket": ("GET", "/ws", 426),
    "probe": ("GET", "/health", 200),
    "page": ("GET", "/", 200),
}


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder = tmp_path_factory.mktemp("ids")
    with goboard_serve(folder, "--store", "memory", AUTH_STATIC_ROLE="server", ACCESS_LOG="true") as running:
        yield running


def ask(service: Service, way: str, *sent: str) -> httpx.Response:
    verb, path, status = ROUTES[way]
    headers = [*HEADERS.items(), *[("X-Request-ID", each) for each in sent]]
    content = b'{"increment": 1}' if verb == "POST" else None
    reply = httpx.request(verb, f"{service.base}{path}", headers=headers, content=content)
    assert reply.status_code == status
    if status >= 400:
        assert reply.json()["request_id"] == reply.headers["x-request-id"]
    return reply


@pytest.mark.parametrize("way", ROUTES)
def test_an_id_that_is_sent_comes_back_and_else_a_new_one(service: Service, way: str) -> None:
    assert ask(service, way, "mine-1.A_z").headers.get_list("x-request-id") == ["mine-1.A_z"]
    made = [ask(service, way).headers["x-request-id"] for _ in range(2)]
    assert made[0] != made[1]
    assert ask(service, way, "x" * 128).headers["x-request-id"] == "x" * 128


@pytest.mark.parametrize("way", ["shortcut", "framework"])
@pytest.mark.parametrize("sent", [("",), ("x" * 129,), ("a b",), ("a;b",), ("{}",), ("%0a",), ("one", "two")])
def test_what_is_no_id_is_replaced(service: Service, way: str, sent: tuple[str, ...]) -> None:
    [made] = ask(service, way, *sent).headers.get_list("x-request-id")
    assert made not in sent
    assert made != ", ".join(sent)


async def test_a_socket_s_problems_have_the_connection_s_id(service: Service) -> None:
    async with opened(service, additional_headers={"X-Request-ID": "of-the-socket"}) as socket:
        assert (await socket.ask("{"))["problem"]["request_id"] == "of-the-socket"
        assert (await socket.ask([{}]))[0]["problem"]["request_id"] == "of-the-socket"
        assert (await socket.ask({"op": "watch"}))["problem"]["request_id"] == "of-the-socket"
    async with opened(service) as first, opened(service) as second:
        ids = [(await each.ask("{"))["problem"]["request_id"] for each in (first, second, first)]
    assert ids[0] == ids[2] != ids[1]


async def test_a_handshake_that_is_refused_tells_its_id(service: Service) -> None:
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(service.ws, additional_headers={"X-Request-ID": "refused-1"})
    assert refused.value.response.headers["x-request-id"] == "refused-1"
    assert json.loads(refused.value.response.body)["request_id"] == "refused-1"


@pytest.mark.parametrize("sent", ["of-the-call", None])
def test_a_call_s_metadata_has_its_id(service: Service, sent: str | None) -> None:
    metadata = [("authorization", f"Bearer {TOKEN}"), *([("x-request-id", sent)] if sent else [])]
    with grpc.insecure_channel(service.grpc) as channel:
        one = message("IncrementScoreRequest")(dashboard="b", increment=1)
        _, call = method(channel, "IncrementScore").with_call(one, metadata=metadata)
        updates = itertools.repeat(message("UpdateRequest")(dashboard="b", member_id="ada", increment=1), 2)
        stream = method(channel, "StreamUpdates")(updates, metadata=metadata)
        assert len(list(stream)) == 2
        with pytest.raises(grpc.RpcError) as refused:
            method(channel, "GetMemberRank")(
                message("GetMemberRankRequest")(dashboard="b", member_id="nobody"), metadata=metadata
            )
        answers = (call, stream, refused.value)  # of a call that fails at once all metadata trails
        found = [dict([*each.initial_metadata(), *each.trailing_metadata()])["x-request-id"] for each in answers]
    assert found == [sent] * 3 if sent else len(set(found)) == 3


def logged(service: Service, request_id: str, count: int) -> list[Any]:
    """Wait for so many lines of a request."""
    ends = time.monotonic() + 10
    while True:
        lines = [json.loads(line) for line in list(service.log)]
        found = [line for line in lines if line.get("request_id") == request_id]
        if len(found) >= count:
            return found
        assert time.monotonic() < ends, "".join(service.log)
        time.sleep(0.02)


def test_the_log_leads_from_the_id_to_the_answer_and_tells_of_nobody(service: Service) -> None:
    secret = "canary-token"
    asked = {"X-Request-ID": "to-be-logged", "Authorization": f"Bearer {secret}"}
    httpx.get(f"{service.api}/dashboards/canary-board/members/canary-member/rank?canary=1", headers=asked)
    httpx.get(f"{service.api}/dashboards/canary-board/stats?token={secret}", headers=asked)
    lines = logged(service, "to-be-logged", 4)
    assert [line["event"] for line in lines if line["logger"] != "goboard.access"] == [
        "a token was refused: it is not the static token"
    ] * 2
    answered = [line for line in lines if line["logger"] == "goboard.access"]
    assert [(line["method"], line["route"], line["status"]) for line in answered] == [
        ("GET", "/api/v1/dashboards/{dashboard}/members/{member_id}/rank", 403),
        ("GET", "/api/v1/dashboards/{dashboard}/stats", 403),
    ]
    assert all(0 < line["seconds"] < 10 for line in answered)
    assert "canary" not in "".join(service.log)


def test_a_log_that_nobody_reads_holds_nobody_up(tmp_path: Path) -> None:
    process = start(tmp_path, "--store", "memory", ACCESS_LOG="true")
    try:
        assert process.stdout is not None
        said = "".join(itertools.takewhile(lambda line: "Try:" not in line, process.stdout))
        with httpx.Client(base_url=Service(process, said, []).base) as http:
            for _ in range(400):  # 250 bytes each, where the pipe takes 64 KiB
                http.get("/health", timeout=5).raise_for_status()
    finally:
        stop(process)
