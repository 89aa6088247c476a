"""/metrics: what happens on each way in is counted, and nothing in it tells of whom."""

import asyncio
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import grpc
import grpc.aio
import httpx
import pytest
from dashboard_pb import message, method
from drivers import DRIVERS
from scraped import Scraped, scrape
from services import TOKEN, Service, goboard_serve
from watch_events import events
from watch_socket import opened

MEMBER = "/api/v1/dashboards/{dashboard}/members/{member_id}"
HEADERS = {"Authorization": f"Bearer {TOKEN}"}
BOARD, ADA = "board-of-metrics", "ada-of-metrics"
UPDATE = {"dashboard": BOARD, "member_id": ADA, "increment": 1}


class Seen(NamedTuple):
    """What was told before there was traffic of every kind, while it was there, and after it."""

    before: Scraped
    watching: Scraped
    connected: Scraped
    after: Scraped

    def more(self, name: str, **labels: str) -> float:
        """Tell by how much a sample has grown."""
        return self.after.value(name, **labels) - self.before.value(name, **labels)


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with goboard_serve(tmp_path_factory.mktemp("metrics"), "--store", "embedded", AUTH_STATIC_ROLE="server") as running:
        yield running


@pytest.fixture(scope="module")
def seen(service: Service) -> Seen:
    return asyncio.run(traffic(service))


async def traffic(service: Service) -> Seen:
    before = await until(service, lambda now: now.value("goboard_workers") == 1)
    await rest(service)
    watching = await sockets(service)
    connected = await calls(service)
    await asyncio.to_thread(strangers, service)
    after = await until(service, lambda now: not now.value("goboard_connections", transport="grpc"))
    return Seen(before, watching, connected, after)


async def until(service: Service, condition: Callable[[Scraped], object]) -> Scraped:
    """Scrape until the condition holds: what is told may be a second old."""
    ends = time.monotonic() + 10
    while not condition(found := await asyncio.to_thread(scrape, service)):
        assert time.monotonic() < ends, found
        await asyncio.sleep(0.1)
    return found


async def rest(service: Service) -> None:
    path = f"{service.api}/dashboards/{BOARD}"
    async with httpx.AsyncClient(headers=HEADERS) as http:
        for _ in range(3):
            await http.post(f"{path}/members/{ADA}/increment", json={"increment": 1})
        for _ in range(3):
            await http.post(f"{path}/members/{ADA}/increment", json={"increment": 1}, headers={"Idempotency-Key": "k"})
        await http.get(f"{path}/members/nobody/rank")
        await http.get(f"{path}/stats")
        await http.get(f"{service.base}/{BOARD}")
        await http.request("PURGE", f"{path}/top")


async def sockets(service: Service) -> Scraped:
    async with opened(service) as socket:
        for said in (*[UPDATE] * 20, [UPDATE] * 30, {"op": "ping"}, {"op": "dance"}, "{"):
            await socket.ask(said)
        await socket.watch(BOARD, top=3)
        async with events(service, BOARD, top=3):
            return await until(service, lambda now: now.value("goboard_watchers") == 2)


async def calls(service: Service) -> Scraped:
    metadata = (("authorization", f"Bearer {TOKEN}"),)
    async with grpc.aio.insecure_channel(service.grpc) as channel:
        one = message("IncrementScoreRequest")(dashboard=BOARD, increment=1)
        await method(channel, "IncrementScore")(one, metadata=metadata)
        nobody = message("GetMemberRankRequest")(dashboard=BOARD, member_id="nobody")
        for call in (
            method(channel, "GetMemberRank")(nobody, metadata=metadata),
            channel.unary_unary(f"/dashboard.DashboardService/{BOARD}")(b"", metadata=metadata),
        ):
            with pytest.raises(grpc.aio.AioRpcError):
                await call
        update = message("UpdateRequest")(**UPDATE)
        assert (
            len([reply async for reply in method(channel, "StreamUpdates")(iter([update] * 5), metadata=metadata)]) == 5
        )
        return await until(service, lambda now: now.value("goboard_connections", transport="grpc"))


def strangers(service: Service) -> None:
    """Come in on each way with a bad token, and by names of all kinds."""

    async def one(driver: Any) -> None:
        async with driver(service, f"token-{BOARD}") as client:
            await client.increment(BOARD, ADA, 1)
            await client.top(f"another-{BOARD}", 1)

    for driver in DRIVERS.values():
        asyncio.run(one(driver))


def test_rest_requests_are_counted_by_route_and_code(seen: Seen) -> None:
    def counted(method: str, route: str, code: str) -> float:
        return seen.more("goboard_http_requests_total", method=method, route=route, code=code)

    assert counted("POST", f"{MEMBER}/increment", "200") == 6
    assert counted("GET", f"{MEMBER}/rank", "404") == 1
    assert counted("GET", "/api/v1/dashboards/{dashboard}/stats", "200") == 1
    assert counted("GET", "unmatched", "404") == 1
    assert counted("other", "/api/v1/dashboards/{dashboard}/top", "405") + counted("other", "unmatched", "405") == 1
    assert counted("GET", "/ws", "101") == 1
    assert counted("GET", "/ws", "403") == 1
    timed = "goboard_http_request_duration_seconds"
    asked = {"method": "GET", "route": f"{MEMBER}/rank"}
    assert seen.more(f"{timed}_count", **asked) == 1
    assert 0 < seen.more(f"{timed}_sum", **asked) < 10


def test_refusals_are_counted_by_code_on_each_way(seen: Seen) -> None:
    told = {
        (transport, code): seen.more("goboard_refusals_total", transport=transport, code=code)
        for transport in ("http", "websocket", "grpc")
        for code in ("member_not_found", "auth_invalid_token", "malformed", "invalid_argument")
    }
    assert told["http", "member_not_found"] == told["grpc", "member_not_found"] == 1
    assert told["websocket", "invalid_argument"] == 2
    assert told["http", "auth_invalid_token"] >= 1
    assert told["websocket", "auth_invalid_token"] == 1
    assert told["grpc", "auth_invalid_token"] >= 1


def test_messages_of_sockets_are_counted_by_their_op(seen: Seen) -> None:
    expected = {"update": 20, "updates": 1, "ping": 1, "unknown": 1, "malformed": 1, "watch": 1, "pong": 0}
    assert {op: seen.more("goboard_websocket_messages_total", op=op) for op in expected} == expected
    assert seen.more("goboard_websocket_reply_duration_seconds_count") == 2  # of 25 messages the first and the 17th


def test_what_is_open_and_watched_is_told_while_it_lasts(seen: Seen) -> None:
    for name, labels in (
        ("goboard_watchers", {}),
        ("goboard_watched_views", {}),
        ("goboard_connections", {"transport": "websocket"}),
        ("goboard_connections", {"transport": "sse"}),
    ):
        told = [at.value(name, **labels) for at in (seen.before, seen.watching, seen.after)]
        assert told == [0, 2 if name == "goboard_watchers" else 1, 0], name
    assert seen.connected.value("goboard_connections", transport="grpc") == 1


def test_calls_of_grpc_are_counted_by_method_and_status(seen: Seen) -> None:
    expected = {
        ("IncrementScore", "OK"): 1,
        ("GetMemberRank", "NOT_FOUND"): 1,
        ("unknown", "UNIMPLEMENTED"): 1,
        ("StreamUpdates", "OK"): 1,
    }
    assert {each: seen.more("goboard_grpc_calls_total", method=each[0], code=each[1]) for each in expected} == expected
    assert seen.more("goboard_grpc_stream_updates_total") == 5
    assert seen.more("goboard_grpc_call_duration_seconds_count", method="GetMemberRank") == 1
    assert seen.more("goboard_grpc_call_duration_seconds_count", method="StreamUpdates") == 0


def test_the_store_s_calls_are_timed_and_their_updates_counted(seen: Seen) -> None:
    assert seen.more("goboard_store_batch_size_sum", script="write") == 3 + 20 + 30 + 1 + 5
    batches = seen.more("goboard_store_batch_size_count", script="write")
    assert 3 + 20 + 1 + 1 < batches < 3 + 20 + 30
    assert seen.more("goboard_store_call_duration_seconds_count", script="write") == batches
    assert seen.more("goboard_store_call_duration_seconds_sum", script="write") > 0


def test_what_can_go_wrong_with_the_store_is_told_before_it_does(seen: Seen) -> None:
    told = {key: value for key, value in seen.before.samples.items() if key[0] == "goboard_store_errors_total"}
    kinds = {kind for _, labels in told for _, kind in labels}
    assert kinds == {"unavailable", "outcome_unknown", "corrupt", "refused"}
    assert set(told.values()) == {0}


def test_repetitions_are_counted(seen: Seen) -> None:
    assert seen.more("goboard_idempotent_replays_total") == 2
    assert seen.more("goboard_store_batch_size_sum", script="submit") == 3


def test_nothing_in_the_metrics_tells_of_a_board_a_member_or_a_token(service: Service, seen: Seen) -> None:
    assert seen.after.value("goboard_workers") == 1
    text = httpx.get(f"{service.base}/metrics").text
    assert "of-metrics" not in text
    assert TOKEN not in text
    assert "nobody" not in text


def test_they_follow_prometheus_s_conventions(seen: Seen) -> None:
    for name, kind in seen.after.kinds.items():
        assert name.startswith(("goboard_", "process_")), name
        assert kind in {"counter", "gauge", "histogram"}, name
        assert kind != "histogram" or name.endswith(("_seconds", "_size")), name


def test_the_process_is_told_of(seen: Seen) -> None:
    assert seen.after.value("process_resident_memory_bytes") > 10e6
    assert seen.after.value("process_cpu_seconds_total") > 0
    assert 0 < seen.after.value("process_open_fds") < seen.after.value("process_max_fds")
    assert seen.more("goboard_event_loop_lag_seconds_count") > 10
    assert seen.after.value("goboard_asyncio_tasks") > 0
    assert len([name for name, _ in seen.after.samples if name == "goboard_build_info"]) == 1


def test_without_openmetrics_the_older_text_is_told(service: Service) -> None:
    reply = httpx.get(f"{service.base}/metrics")
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert reply.headers["cache-control"] == "no-store"
    assert "# EOF" not in reply.text


def test_who_may_read_them(tmp_path: Path) -> None:
    with goboard_serve(tmp_path, "--store", "memory", METRICS="false") as service:
        assert httpx.get(f"{service.base}/metrics").status_code == 404
    with goboard_serve(tmp_path, "--store", "memory", METRICS_TOKEN="for-prometheus") as service:
        answers = [
            httpx.get(f"{service.base}/metrics", headers={"Authorization": value} if value else {})
            for value in ("", f"Bearer {TOKEN}", "Bearer for-prometheus", "for-prometheus", "Bearer for-prometheu")
        ]
        assert [answer.status_code for answer in answers] == [401, 403, 200, 200, 403]
        assert answers[0].json()["code"] == "auth_missing_token"
        assert httpx.get(f"{service.api}/dashboards", headers={"Authorization": "for-prometheus"}).status_code == 403
