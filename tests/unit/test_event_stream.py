"""A stream of server-sent events, to the second: how long it lives, and what is left when it goes: nothing."""

import asyncio
import gc
import json
from typing import Any

import pytest
from boards import BOARD
from leaping_loop import leaping
from live_client import until
from live_hub import NOTHING
from slow_server import REQUEST_TIMEOUT, SlowServer, Worker, worker

from goboard.domain.errors import InvalidArgument, ServerStopping, StoreUnavailable, TooManyWatches
from goboard.domain.rules import Rules
from goboard.domain.views import View
from goboard.entrypoints.http.pulse import BEAT_SECONDS, STALLED_SECONDS
from goboard.entrypoints.http.sending import CLOSE_SECONDS
from goboard.entrypoints.http.sse import EventStream, event_id

HEARTBEAT = b":\n\n"
TOP = View.top(3)


def serve(
    world: Worker,
    server: SlowServer,
    view: View = TOP,
    *,
    lifetime: float | None = None,
    last: str = "",
    send: Any = None,
) -> "asyncio.Task[None]":
    """Serve a request for the view; `last` is the Last-Event-ID."""
    stream = EventStream(
        world.feeding,
        BOARD,
        view,
        identity="x",
        lifetime=lifetime,
        last_event_id=last,
        request_timeout=REQUEST_TIMEOUT,
    )
    server.request()
    return asyncio.create_task(stream({}, server.receive, send or server.send))


def kinds(server: SlowServer) -> list[str]:
    """Tell what each part of the body is."""
    return [_kind(body) for body in server.bodies]


def _kind(body: bytes) -> str:
    if body == HEARTBEAT:
        return "heartbeat"
    return next((line.removeprefix("event: ") for line in body.decode().split("\n") if line.startswith("event: ")), "")


def data(body: bytes) -> Any:
    return json.loads(body.decode().rstrip("\n").rpartition("\ndata: ")[2])


@leaping
async def test_a_quiet_stream_gets_a_sign_of_life() -> None:
    async with worker() as world:
        server = SlowServer()
        serve(world, server)
        await asyncio.sleep(5.5 * BEAT_SECONDS)
        assert kinds(server) == ["snapshot", *["heartbeat"] * 5]
        await world.put("ann", 1)
        assert kinds(server)[-1] == "snapshot"
        assert all(frame.event["more_body"] for frame in server.frames[1:])


@leaping
async def test_a_client_that_has_the_state_is_sent_a_comment_and_then_what_changes() -> None:
    async with worker() as world:
        await world.put("ann", 1)
        sight = await world.live.store.see(BOARD, TOP, world.live.clock.at)
        server = SlowServer()
        serve(world, server, last=event_id(sight))
        await asyncio.sleep(1)
        assert kinds(server) == ["heartbeat"]
        await world.put("ann", 2)
        assert kinds(server) == ["heartbeat", "change"]
        assert data(server.bodies[1])["from"] == sight.version.number


@leaping
async def test_a_stream_that_is_not_taken_is_ended_and_others_do_not_notice() -> None:
    async with worker() as world:
        stalled, other = SlowServer(slow=True), SlowServer()
        serving = serve(world, stalled)
        serve(world, other)
        await asyncio.sleep(1)
        stalled.let_go()  # the head
        for score in range(1, int(STALLED_SECONDS)):
            await world.put("ann", score)
            await asyncio.sleep(0.9)
        assert kinds(stalled) == ["snapshot"]
        await asyncio.sleep(BEAT_SECONDS + 2 + CLOSE_SECONDS)
        assert kinds(stalled) == ["snapshot", ""]
        assert (stalled.bodies[-1], stalled.frames[-1].event["more_body"]) == (b"", False)
        assert STALLED_SECONDS <= stalled.frames[-1].at <= STALLED_SECONDS + BEAT_SECONDS + 1
        serving.result()
        await world.put("ann", 1_000)
        assert data(other.bodies[-1])["moved"][0]["score"] == 1_000
        other.leave_stream()
        await asyncio.sleep(1)
        assert world.nothing_is_left
        assert (stalled.overlaps, other.overlaps) == (0, 0)


@leaping
async def test_a_slow_client_is_sent_the_latest_state() -> None:
    async with worker() as world:
        server = SlowServer(slow=True)
        serve(world, server)
        await asyncio.sleep(0.1)
        server.let_go()
        for score in range(1, 30):
            await world.put("ann", score)
        for _ in range(5):
            server.let_go()
            await asyncio.sleep(0.1)
        assert kinds(server) == ["snapshot", "snapshot"]
        assert data(server.bodies[1])["members"] == [{"id": "ann", "rank": 1, "score": 29.0}]
        assert server.overlaps == 0


@pytest.mark.parametrize("slow", [True, False])
@leaping
async def test_a_stream_ends_with_its_token(slow: bool) -> None:  # noqa: FBT001
    async with worker() as world:
        server = SlowServer()
        serving = serve(world, server, lifetime=30)
        await asyncio.sleep(0.1)
        server.slow = slow
        await world.put("ann", 1)
        await asyncio.sleep(29.7)
        assert "ended" not in kinds(server)
        await asyncio.sleep(0.2)
        ended = server.frames[-1]
        assert (kinds(server)[-1], ended.event["more_body"]) == ("ended", False)
        assert ended.at == pytest.approx(30)
        said = data(server.bodies[-1])
        assert (said["type"], said["dashboard"], said["view"]) == ("ended", BOARD, {"top": 3})
        assert said["problem"] == {
            "type": "urn:goboard:auth:token-expired",
            "title": "Unauthorized",
            "status": 401,
            "detail": "the token has expired; watch again with another",
            "instance": "/api/v1/dashboards/world%20cup/live",
            "code": "auth_token_expired",
        }
        await asyncio.sleep(CLOSE_SECONDS)
        serving.result()
        assert world.nothing_is_left


@leaping
async def test_a_view_that_ends_ends_the_stream() -> None:
    async with worker() as world:
        store, at = world.live.store, world.live.clock.at
        await store.set_rules(BOARD, Rules.parse({"windows": ["daily", "all"]}), at, force=True)
        server = SlowServer()
        serving = serve(world, server, TOP.within("daily", None))
        await asyncio.sleep(0.1)
        await store.set_rules(BOARD, Rules.parse({}), at, force=True)
        await asyncio.sleep(3 * BEAT_SECONDS)
        assert kinds(server) == ["snapshot", "ended"]
        assert server.frames[-1].event["more_body"] is False
        assert world.live.left == NOTHING
        server.leave_stream()
        await asyncio.sleep(0.1)
        serving.result()
        assert world.nothing_is_left


@leaping
async def test_who_leaves_leaves_nothing() -> None:
    async with worker() as world:
        servers = [SlowServer(slow=number % 2 == 0) for number in range(10)]
        tasks = [serve(world, server, View.top(number + 1)) for number, server in enumerate(servers)]
        await world.put("ann", 1)
        for server in servers:
            server.leave_stream()
            server.let_go()
        await asyncio.sleep(1)
        for task in tasks:
            task.result()
        assert world.nothing_is_left


@leaping
async def test_who_is_cut_off_by_the_server_leaves_nothing() -> None:
    async with worker() as world:
        server = SlowServer()
        serving = serve(world, server)
        await asyncio.sleep(1)
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving
        await asyncio.sleep(1)
        assert world.nothing_is_left
        assert kinds(server) == ["snapshot"]


@leaping
async def test_when_the_server_stops_the_stream_ends() -> None:
    async with worker() as world:
        server = SlowServer()
        serving = serve(world, server)
        await asyncio.sleep(1)
        await world.feeding.pulse.stop(0)
        await asyncio.sleep(0.1)
        serving.result()
        assert (kinds(server), server.frames[-1].event["more_body"]) == (["snapshot", ""], False)
        assert world.nothing_is_left


@leaping
async def test_what_is_begun_in_the_turn_in_which_a_stream_ends_comes_before_its_end() -> None:
    async with worker() as world:
        server = SlowServer()
        serving = serve(world, server, send=server.send_when_awaited)
        await asyncio.sleep(2)
        [feed] = world.feeding.pulse._open
        feed.leave()
        feed.beat(asyncio.get_running_loop().time(), STALLED_SECONDS)
        await serving
        assert kinds(server) == ["snapshot", "heartbeat", ""]
        assert [frame.event["more_body"] for frame in server.frames[1:]] == [True, True, False]


async def test_what_does_not_reach_a_peer_that_has_left_is_no_error(caplog: pytest.LogCaptureFixture) -> None:
    async def send(event: dict[str, Any]) -> None:
        await server.send(event)
        if event.get("body") == HEARTBEAT:
            raise RuntimeError("the peer has left")

    async with worker() as world:
        server = SlowServer()
        serving = serve(world, server, send=send)
        await until(lambda: server.bodies)
        [feed] = world.feeding.pulse._open
        feed.beat(asyncio.get_running_loop().time() + 1, STALLED_SECONDS)
        server.leave_stream()
        await serving
        del feed
    gc.collect()
    assert caplog.messages == []


@leaping
async def test_no_stream_begins_where_the_server_stops() -> None:
    async with worker() as world:
        waiting, late = SlowServer(), SlowServer()
        world.live.store.answers.clear()
        serving = serve(world, waiting)
        await asyncio.sleep(1)
        await world.feeding.pulse.stop(0)
        for task in (serving, serve(world, late)):
            with pytest.raises(ServerStopping):
                await task
        await asyncio.sleep(0.1)
        assert (waiting.frames, late.frames, world.nothing_is_left) == ([], [], True)


@leaping
async def test_where_a_view_cannot_be_watched_nothing_is_sent() -> None:
    async with worker() as world:
        server = SlowServer()
        with pytest.raises(InvalidArgument):
            await serve(world, server, TOP.within("daily", None))
        world.live.store.away = True
        with pytest.raises(StoreUnavailable):
            await serve(world, server)
        world.live.store.answers.clear()
        begun = asyncio.get_running_loop().time()
        with pytest.raises(TimeoutError):
            await serve(world, server)
        assert asyncio.get_running_loop().time() - begun == pytest.approx(REQUEST_TIMEOUT)
        await asyncio.sleep(1)
        assert world.nothing_is_left
        assert not server.frames


@leaping
async def test_a_connection_that_may_watch_nothing_is_refused() -> None:
    async with worker() as world:
        server = SlowServer()
        with pytest.raises(TooManyWatches):
            await serve(world._replace(feeding=world.feeding._replace(max_watches=0)), server)
        assert not server.frames
