"""Redis killed or hung under a running server: the right problem in time on every way in, and recovery by itself."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import dashboard_pb
import httpx
import pytest
from drivers import Place, Problem, every_driver, timed
from servers import SERVERS, Server, start_server
from services import TOKEN, Service, goboard_serve

IN_TIME = 2.0

AWAY: dict[str, tuple[Callable[[Server], None], Callable[[Server], None]]] = {
    "killed": (Server.kill, Server.restart),
    "hung": (Server.pause, Server.resume),
}


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    folder = tmp_path_factory.mktemp("redis")
    kept = ("--appendonly", "yes", "--appendfsync", "always")
    with start_server(SERVERS["valkey"], folder, *kept, tcp=True) as server:
        yield server


@pytest.fixture(scope="module")
def service(redis: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    folder: Path = tmp_path_factory.mktemp("service")
    with goboard_serve(folder, REDIS_URL=redis.url, AUTH_STATIC_ROLE="server") as running:
        yield running


@pytest.mark.parametrize("how", sorted(AWAY))
async def test_every_way_in_says_so_in_time_and_recovers_by_itself(redis: Server, service: Service, how: str) -> None:
    leave, come_back = AWAY[how]
    async with every_driver(service) as drivers:
        for name, driver in drivers.items():
            assert isinstance(await driver.increment(f"{how}-{name}", "p1", 1), Place)

        leave(redis)
        try:
            calls = {
                (name, operation): timed(getattr(driver, operation)(f"{how}-{name}", *arguments))
                for name, driver in drivers.items()
                for operation, arguments in (("increment", ("p1", 1)), ("rank", ("p1",)), ("top", (10,)), ("stats", ()))
                if operation == "increment" or name in {"rest", "grpc"}
            }
            answers = dict(zip(calls, await asyncio.gather(*calls.values()), strict=True))
        finally:
            come_back(redis)
        returned = time.monotonic()

        for (name, operation), (answer, seconds) in answers.items():
            codes = {"store_unavailable", "outcome_unknown"} if operation == "increment" else {"store_unavailable"}
            assert isinstance(answer, Problem), (name, operation, answer)
            assert (answer.status, answer.code in codes) == (503, True), (name, operation, answer)
            assert seconds < IN_TIME, (name, operation, seconds)

        for name, driver in drivers.items():
            while not isinstance(answer := await driver.increment(f"{how}-{name}", "p1", 1), Place):
                assert time.monotonic() - returned < IN_TIME, (name, answer)
            # One before, at most one that was sent and not answered, one after: nothing was applied twice.
            assert answer.score in {2.0, 3.0}
        assert time.monotonic() - returned < IN_TIME


async def test_an_absent_store_tells_when_to_try_again_and_only_health_stays_well(
    redis: Server, service: Service
) -> None:
    redis.kill()
    try:
        reply = httpx.get(f"{service.api}/dashboards/b/stats", headers={"Authorization": TOKEN})
        ready = httpx.get(f"{service.base}/ready")
        health = httpx.get(f"{service.base}/health")
    finally:
        redis.restart()

    assert (reply.status_code, reply.json()["code"], reply.headers["retry-after"]) == (503, "store_unavailable", "1")
    assert (ready.status_code, ready.json()["code"]) == (503, "store_unavailable")
    assert (health.status_code, health.text) == (200, "OK")


async def test_another_kind_of_key_in_a_boards_place_is_told_and_left_alone(redis: Server, service: Service) -> None:
    with redis.client() as client:
        client.set("prod:occupied", "something else")
        async with every_driver(service) as drivers:
            for driver in drivers.values():
                answer = await driver.increment("occupied", "p1", 1)
                assert isinstance(answer, Problem)
                assert (answer.status, answer.code) == (500, "store_corrupt")
        assert client.get("prod:occupied") == b"something else"


async def test_a_data_set_that_go_board_wrote_is_served_as_it_stands(redis: Server, service: Service) -> None:
    limit = 2.0**53
    with redis.client() as client:
        client.zadd("prod:seed", {"user1": 10.5, "user2": 2048, b"\xff\xfe": 7, "huge": 1e300, "endless": "-inf"})
    async with every_driver(service) as drivers:
        for name in ("rest", "grpc"):
            assert await drivers[name].top("seed", 10) == [
                Place("huge", 1, limit),
                Place("user2", 2, 2048.0),
                Place("user1", 3, 10.5),
                Place("\ufffd\ufffd", 4, 7.0),
                Place("endless", 5, -limit),
            ]
            assert await drivers[name].rank("seed", "user1") == Place("user1", 3, 10.5)
            assert await drivers[name].rank("seed", "huge") == Place("huge", 1, limit)
            assert await drivers[name].stats("seed") == 5
        for driver in drivers.values():
            answer = await driver.increment("seed", "huge", 1)
            assert isinstance(answer, Problem)
            assert (answer.status, answer.code) == (409, "score_out_of_range")
        assert await drivers["websocket"].increment("seed", "user1", 2) == Place("user1", 3, 12.5)
    with redis.client() as client:
        assert client.zscore("prod:seed", "user1") == 12.5
        assert sorted(client.keys("*seed*")) == [b"prod:seed", b"{prod:seed}:version"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("how", "limit", "expected"),
    [
        ("killed", "5", (503, "store_unavailable")),
        ("hung", "5", (503, "outcome_unknown")),
        ("hung", "0.5", (504, "timeout")),
    ],
)
async def test_a_batch_hears_of_a_store_that_is_away(
    tmp_path: Path, redis: Server, how: str, limit: str, expected: tuple[int, str]
) -> None:
    leave, come_back = AWAY[how]
    increments = [{"member_id": "p1", "increment": 1}, {"member_id": "x" * 257, "increment": 1}]
    items = [dashboard_pb.message("MemberIncrement")(**increment) for increment in increments]
    with goboard_serve(tmp_path, REDIS_URL=redis.url, AUTH_STATIC_ROLE="server", REQUEST_TIMEOUT=limit) as service:
        async with every_driver(service) as drivers:
            for board in ("batches", "sockets", "calls"):  # what is new is entered in the index first
                assert isinstance(await drivers["rest"].increment(board, "p1", 1), Place)
            socket = drivers["websocket"].socket
            leave(redis)
            try:
                await socket.send(json.dumps([{"dashboard": "sockets", **increment} for increment in increments]))
                (rest, unary, replies), seconds = await timed(
                    asyncio.gather(
                        drivers["rest"].http.post("/dashboards/batches/increments", json={"increments": increments}),
                        drivers["grpc"].call("IncrementScores", dashboard="calls", increments=items),
                        socket.recv(),
                    )
                )
            finally:
                come_back(redis)
    assert seconds < IN_TIME
    assert (rest.status_code, rest.json()["code"]) == expected
    assert rest.headers.get("retry-after") == ("1" if expected[0] == 503 else None)
    assert (unary.status, unary.code) == expected
    assert [reply["problem"]["code"] for reply in json.loads(replies)] == [expected[1], "invalid_argument"]


@pytest.mark.slow
async def test_a_hung_store_ends_a_request_at_its_timeout(tmp_path: Path, redis: Server) -> None:
    with goboard_serve(tmp_path, REDIS_URL=redis.url, AUTH_STATIC_ROLE="server", REQUEST_TIMEOUT="0.5") as service:
        async with every_driver(service) as drivers:
            redis.pause()
            try:
                calls = [timed(driver.increment("slow", "p1", 1)) for driver in drivers.values()]
                answers = await asyncio.gather(*calls)
            finally:
                redis.resume()
            for answer, seconds in answers:
                assert isinstance(answer, Problem)
                assert (answer.status, answer.code) == (504, "timeout")
                assert 0.4 < seconds < 1.4
            assert isinstance(await drivers["rest"].increment("after", "p1", 1), Place)


def test_a_store_whose_settings_undo_a_promise_is_told_of_at_start(tmp_path: Path) -> None:
    with (
        start_server(SERVERS["valkey"], tmp_path, tcp=True) as server,
        goboard_serve(tmp_path, REDIS_URL=server.url) as service,
    ):
        events = [json.loads(line) for line in service.log if line.startswith("{")]
        warned = [event["event"] for event in events if event["level"] == "warning"]
        assert any(text.startswith("appendonly is no") for text in warned), service.log
