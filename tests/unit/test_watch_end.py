"""How watches and connections that watch end, to the second, and what is left of them: nothing."""

import asyncio

import pytest
from boards import BOARD
from leaping_loop import leaping
from live_hub import NOTHING
from slow_server import MAX_WATCHES, REQUEST_TIMEOUT, SlowServer, settled, watch, worker

from goboard.domain.rules import Rules
from goboard.entrypoints.http.pulse import BEAT_SECONDS, STALLED_SECONDS
from goboard.entrypoints.http.websocket import (
    ANSWER_SECONDS,
    CLOSE_GOING_AWAY,
    CLOSE_SECONDS,
    CLOSE_TOKEN_EXPIRED,
    CLOSE_UNSUPPORTED,
    QUIET_SECONDS,
)

UPDATE = {"dashboard": BOARD, "member_id": "ann", "increment": 1, "id": 9}


@leaping
async def test_a_watch_that_ends_is_watched_no_more() -> None:
    async with worker() as world:
        store, at = world.live.store, world.live.clock.at
        await store.set_rules(BOARD, Rules.parse({"windows": ["daily", "all"]}), at, force=True)
        server = await world.watching(window="daily")
        server.hand(watch(1, window="all"))
        await settled()
        await store.set_rules(BOARD, Rules.parse({}), at, force=True)
        await settled()
        assert [message["type"] for message in server.messages] == ["snapshot", "snapshot", "ended"]
        server.hand({"op": "unwatch", "id": 2})
        await settled()
        assert server.messages[-1] == {"type": "unwatched", "watches": 1, "id": 2}
        assert world.live.left == NOTHING
        for identifier in range(MAX_WATCHES):  # none counts that has ended
            server.hand(watch(identifier, top=identifier + 1))
        await settled()
        assert [message["type"] for message in server.messages[-MAX_WATCHES:]] == ["snapshot"] * MAX_WATCHES


@leaping
async def test_a_watch_that_ends_while_the_way_is_taken_is_told_later() -> None:
    async with worker() as world:
        store, at = world.live.store, world.live.clock.at
        await store.set_rules(BOARD, Rules.parse({"windows": ["daily", "all"]}), at, force=True)
        server = SlowServer(slow=True)
        world.serve(server)
        server.hand(watch(window="daily"))
        await settled()
        await world.put("ann", 1)
        await store.set_rules(BOARD, Rules.parse({}), at, force=True)
        await settled()
        server.let_go()
        await settled()
        assert [message["type"] for message in server.messages] == ["snapshot", "ended"]


@leaping
async def test_a_watch_that_is_not_answered_in_time_leaves_nothing() -> None:
    async with worker() as world:
        world.live.store.answers.clear()
        server = SlowServer()
        world.serve(server)
        server.hand(watch(1))
        server.hand({"op": "ping", "id": 2})
        await asyncio.sleep(REQUEST_TIMEOUT - 0.01)
        assert not server.frames
        await asyncio.sleep(0.02)
        assert [message["id"] for message in server.messages] == [1, 2]
        assert (server.messages[0]["problem"]["status"], server.messages[0]["problem"]["code"]) == (504, "timeout")
        await settled()
        assert world.live.left == NOTHING
        world.live.store.answers.set()
        server.hand(watch(3))
        await settled()
        assert server.messages[-1]["type"] == "snapshot"


@leaping
async def test_a_board_that_cannot_be_read_is_a_problem_and_leaves_nothing() -> None:
    async with worker() as world:
        server = await world.watching()
        world.live.store.away = True
        server.hand(watch(1, top=3))
        await settled()
        assert server.messages[-1]["problem"]["code"] == "store_unavailable"
        world.live.store.away = False
        server.hand({"op": "unwatch", "id": 2})
        await settled()
        assert (server.messages[-1]["watches"], world.live.left) == (1, NOTHING)


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
        assert world.nothing_is_left


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
        assert (server.code, world.nothing_is_left) == (None, True)


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
        assert world.nothing_is_left


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
        assert world.nothing_is_left


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
        assert (world.nothing_is_left, server.code) == (True, None)


@leaping
async def test_when_the_server_stops_all_are_told_so() -> None:
    async with worker() as world:
        servers = [SlowServer(slow=number % 2 == 0) for number in range(4)]
        tasks = [world.serve(server) for server in servers]
        for server in servers[:2]:
            server.hand(watch())
        await asyncio.sleep(1)
        await world.feeding.pulse.stop(0)
        await asyncio.sleep(QUIET_SECONDS + 0.1)
        assert [server.code for server in servers] == [None] + [CLOSE_GOING_AWAY] * 3  # the first takes nothing
        await asyncio.sleep(ANSWER_SECONDS)
        assert servers[0].code == CLOSE_GOING_AWAY
        late = SlowServer()
        tasks.append(world.serve(late))
        await asyncio.sleep(CLOSE_SECONDS + 0.1)
        for task in tasks:
            task.result()
        assert (late.code, world.nothing_is_left) == (CLOSE_GOING_AWAY, True)


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
        assert (server.code, world.nothing_is_left) == (CLOSE_UNSUPPORTED, True)


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
        assert world.nothing_is_left


@leaping
async def test_when_the_server_stops_what_was_read_is_answered_first_and_nothing_more_is_read() -> None:
    async with worker() as world:
        world.live.store.answers.clear()
        server = SlowServer()
        serving = world.serve(server)
        server.hand(UPDATE | {"id": 1})
        server.hand(watch(2))  # waits for the store, and what follows waits for it
        server.hand(UPDATE | {"id": 3})
        await settled()
        await world.feeding.pulse.stop(0)
        server.hand(UPDATE | {"id": 4})
        await asyncio.sleep(1)
        assert [message["id"] for message in server.messages] == [1]
        world.live.store.answers.set()
        await serving
        await settled()
        assert [message["id"] for message in server.messages] == [1, 2, 3]
        assert (server.code, server.messages[-1]["score"], world.nothing_is_left) == (CLOSE_GOING_AWAY, 2.0, True)
