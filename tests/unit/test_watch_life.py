"""How long a connection that watches lives, to the second, and what is left when it goes: nothing."""

import asyncio

import pytest
from boards import BOARD
from leaping_loop import leaping
from live_client import until
from live_hub import NOTHING
from slow_server import SlowServer, Worker, watch, worker

from goboard.entrypoints.http.pulse import BEAT_SECONDS, STALLED_SECONDS
from goboard.entrypoints.http.websocket import (
    CLOSE_GOING_AWAY,
    CLOSE_SECONDS,
    CLOSE_SLOW_WATCHER,
    CLOSE_TOKEN_EXPIRED,
    CLOSE_UNSUPPORTED,
)

PING = {"op": "ping"}
UPDATE = {"dashboard": BOARD, "member_id": "ann", "increment": 1, "id": 9}


def nothing_is_left(world: Worker) -> bool:
    """Tell whether neither a watch nor a task is left, but the test's own."""
    pulse, alone = world.feeding.pulse, asyncio.all_tasks() == {asyncio.current_task()}
    return (world.live.left, alone, pulse._group_of, pulse._open) == (NOTHING, True, {}, set())


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
        assert nothing_is_left(world)


@pytest.mark.parametrize("lifetime", [None, 30])
@leaping
async def test_who_breaks_the_protocol_and_takes_nothing_is_closed_nevertheless(lifetime: float | None) -> None:
    async with worker() as world:
        server = SlowServer(slow=True)
        serving = world.serve(server, lifetime=lifetime)
        server.hand(watch())
        await asyncio.sleep(1)
        server.hand_bytes()
        await asyncio.sleep((lifetime or STALLED_SECONDS + BEAT_SECONDS) + CLOSE_SECONDS)
        serving.result()
        assert (server.code, nothing_is_left(world)) == (CLOSE_UNSUPPORTED, True)


@leaping
async def test_who_leaves_and_has_taken_nothing_is_let_go() -> None:
    async with worker() as world:
        server = SlowServer(slow=True)
        serving = world.serve(server)
        server.hand(watch())
        await asyncio.sleep(1)
        server.leave()
        await asyncio.sleep(STALLED_SECONDS + BEAT_SECONDS + CLOSE_SECONDS)
        serving.result()
        assert nothing_is_left(world)


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


@pytest.mark.parametrize("watches", [True, False])
@pytest.mark.parametrize("slow", [True, False])
@leaping
async def test_a_connection_ends_with_its_token(watches: bool, slow: bool) -> None:  # noqa: FBT001
    async with worker() as world:
        server = SlowServer(slow=slow)
        serving = world.serve(server, lifetime=30)
        server.hand(watch() if watches else UPDATE)
        await asyncio.sleep(29.9)
        assert (server.code, serving.done()) == (None, False)
        await asyncio.sleep(0.2)
        assert (server.code, server.frames[-1].at) == (CLOSE_TOKEN_EXPIRED, 30)
        await asyncio.sleep(CLOSE_SECONDS)
        serving.result()
        assert nothing_is_left(world)


@leaping
async def test_a_token_that_ends_far_off_ends_nothing() -> None:
    async with worker() as world:
        server = SlowServer()
        world.serve(server, lifetime=1e300)
        server.hand(watch())
        await asyncio.sleep(10_000)
        assert server.code is None


@leaping
async def test_a_token_that_has_ended_already_ends_the_connection_at_once() -> None:
    async with worker() as world:
        server = SlowServer()
        serving = world.serve(server, lifetime=0)
        server.hand(watch())
        await asyncio.sleep(0.1)
        assert (server.code, serving.done(), world.live.left) == (CLOSE_TOKEN_EXPIRED, True, NOTHING)


@leaping
async def test_a_token_that_ends_as_its_bearer_leaves_is_no_error() -> None:
    async with worker() as world:
        server = SlowServer()
        serving = world.serve(server, lifetime=30)
        server.hand(watch())
        await asyncio.sleep(29.999)
        server.leave()
        await asyncio.sleep(1)
        serving.result()
        assert (server.code, nothing_is_left(world)) == (None, True)


@leaping
async def test_who_leaves_leaves_nothing() -> None:
    async with worker() as world:
        servers = [SlowServer(slow=number % 2 == 0) for number in range(10)]
        tasks = [world.serve(server) for server in servers]
        for number, server in enumerate(servers):
            for top in range(1, number + 2):
                server.hand(watch(top, top=top))
        await world.put("ann", 1)
        assert world.live.left != NOTHING
        for server in servers:
            server.leave()
            server.let_go()
            server.slow = False
        await asyncio.sleep(1)
        for task in tasks:
            task.result()
        assert nothing_is_left(world)


@leaping
async def test_who_leaves_before_its_watch_is_answered_leaves_nothing() -> None:
    async with worker() as world:
        world.live.store.answers.clear()
        server = SlowServer()
        serving = world.serve(server)
        server.hand(watch())
        await asyncio.sleep(1)
        server.leave()
        await asyncio.sleep(1)
        world.live.store.answers.set()
        await asyncio.sleep(1)
        serving.result()
        assert nothing_is_left(world)


@leaping
async def test_who_is_cut_off_by_the_server_leaves_nothing() -> None:
    async with worker() as world:
        server = SlowServer()
        serving = world.serve(server)
        server.hand(watch())
        await asyncio.sleep(1)
        serving.cancel()
        with pytest.raises(asyncio.CancelledError):
            await serving
        await asyncio.sleep(1)
        assert (nothing_is_left(world), server.code) == (True, None)


@leaping
async def test_when_the_server_stops_all_are_told_so() -> None:
    async with worker() as world:
        servers = [SlowServer(slow=number % 2 == 0) for number in range(4)]
        tasks = [world.serve(server) for server in servers]
        for server in servers[:2]:
            server.hand(watch())
        await asyncio.sleep(1)
        await world.feeding.pulse.stop(0)
        await asyncio.sleep(0.1)
        assert [server.code for server in servers] == [CLOSE_GOING_AWAY] * 4
        late = SlowServer()
        tasks.append(world.serve(late))
        await asyncio.sleep(CLOSE_SECONDS + 0.1)
        for task in tasks:
            task.result()
        assert (late.code, nothing_is_left(world)) == (CLOSE_GOING_AWAY, True)


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
