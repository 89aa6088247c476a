"""Connections that watch and are quiet or stalled, to the second."""

import asyncio

import pytest
from boards import BOARD
from leaping_loop import leaping
from live_client import until
from slow_server import SlowServer, watch, worker

from goboard.entrypoints.http.pulse import BEAT_SECONDS, STALLED_SECONDS
from goboard.entrypoints.http.sending import CLOSE_SECONDS
from goboard.entrypoints.http.websocket import CLOSE_SLOW_WATCHER

PING = {"op": "ping"}
UPDATE = {"dashboard": BOARD, "member_id": "ann", "increment": 1, "id": 9}


@leaping
async def test_a_peer_that_watches_and_takes_nothing_is_closed_and_others_do_not_notice() -> None:
    async with worker() as world:
        stalled, other = SlowServer(slow=True), SlowServer()
        serving = world.serve(stalled)
        world.serve(other)
        for server in (stalled, other):
            server.hand(watch())
        for score in range(1, int(STALLED_SECONDS)):
            await world.put("ann", score)
            await asyncio.sleep(0.9)
            assert other.messages[-1]["type"] in {"snapshot", "change"}
            assert (stalled.code, len(stalled.frames)) == (None, 1)
        await until(lambda: stalled.code)
        assert stalled.code == CLOSE_SLOW_WATCHER
        assert STALLED_SECONDS <= stalled.frames[-1].at <= STALLED_SECONDS + BEAT_SECONDS
        assert not serving.done()  # who takes nothing takes no close frame either
        await asyncio.sleep(CLOSE_SECONDS + 0.1)
        serving.result()
        await world.put("ann", 1_000)
        moved = other.messages[-1]["moved"]
        assert (moved[0]["score"], other.code) == (1_000, None)
        other.leave()
        await asyncio.sleep(1)
        assert world.nothing_is_left


@leaping
async def test_a_peer_that_takes_something_within_a_minute_is_not_closed() -> None:
    async with worker() as world:
        server = SlowServer(slow=True)
        world.serve(server)
        server.hand(watch())
        for score in range(10):
            await world.put("ann", score)
            await asyncio.sleep(STALLED_SECONDS - 2)
            server.let_go()
        assert server.code is None
        assert len(server.frames) > 9


@leaping
async def test_a_peer_that_watches_nothing_may_take_its_time() -> None:
    async with worker() as world:
        server = SlowServer(slow=True)
        world.serve(server)
        server.hand(UPDATE)
        server.hand(UPDATE)
        await asyncio.sleep(100 * STALLED_SECONDS)
        assert (len(server.frames), server.code) == (1, None)
        server.let_go()
        await asyncio.sleep(1)
        assert [message["score"] for message in server.messages] == [1, 2]


@leaping
async def test_a_quiet_socket_that_watches_gets_a_sign_of_life() -> None:
    async with worker() as world:
        server, idle = SlowServer(), SlowServer()
        world.serve(server)
        world.serve(idle)
        idle.hand(UPDATE)
        server.hand(watch())
        await asyncio.sleep(5.5 * BEAT_SECONDS)
        assert server.messages[1:] == [PING] * 5
        gaps = [after.at - before.at for before, after in zip(server.frames[1:], server.frames[2:], strict=False)]
        assert gaps == pytest.approx([BEAT_SECONDS] * 4)
        server.hand({"op": "pong"})
        server.hand({"op": "unwatch", "id": 1})
        await asyncio.sleep(5.5 * BEAT_SECONDS)
        assert (len(server.messages), len(idle.messages)) == (7, 1)  # nothing after the answer
        server.hand(watch(2))
        await asyncio.sleep(5.5 * BEAT_SECONDS)
        assert server.messages[8:] == [PING] * 5


@leaping
async def test_where_something_else_goes_out_there_is_no_sign_of_life() -> None:
    async with worker() as world:
        server = SlowServer()
        world.serve(server)
        server.hand(watch())
        for score in range(100):
            await world.put("ann", score)
            await asyncio.sleep(0.5)
        assert PING not in server.messages


@leaping
async def test_none_goes_out_where_the_way_is_taken() -> None:
    async with worker() as world:
        server = SlowServer(slow=True)
        world.serve(server)
        server.hand(watch())
        await asyncio.sleep(3.5 * BEAT_SECONDS)
        assert len(server.frames) == 1
        server.let_go()
        await asyncio.sleep(BEAT_SECONDS)
        assert server.messages[1:] == [PING]


@leaping
async def test_a_hundred_connections_have_a_sign_of_life_each() -> None:
    async with worker() as world:
        servers = [SlowServer() for _ in range(100)]
        for server in servers:
            world.serve(server)
            server.hand(watch())
        await asyncio.sleep(3 * BEAT_SECONDS + 0.5)
        for server in servers:
            times = [frame.at for frame in server.frames[1:]]
            assert server.messages[1:] == [PING] * len(times)
            assert times == pytest.approx([times[0] + turn * BEAT_SECONDS for turn in range(len(times))])
            assert len(times) in {2, 3}  # the first may be spared, so soon after the snapshot
        assert len({server.frames[1].at for server in servers}) == 100  # no two at once
