"""Watchers and writers on different workers and servers of one Redis: whatever happens to it, all end up right."""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any, NamedTuple

import httpx
import pytest
from drivers import DRIVERS, Place
from joserfc import jwt
from joserfc.jwk import OctKey
from servers import SERVERS, Server, start_server
from services import TOKEN, Service, goboard_serve, until_both_serve
from shown_view import ShownView
from watch_events import events
from watch_socket import WatchSocket, opened

PATIENCE = 20.0
SOCKETS = 4
"""On each server; with two workers that is at least one on each in seven runs of eight."""


@pytest.fixture(scope="module")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    kept = ("--appendonly", "yes", "--appendfsync", "always")
    with start_server(SERVERS["valkey"], tmp_path_factory.mktemp("redis"), *kept, tcp=True) as server:
        yield server


@pytest.fixture(scope="module")
def replicas(redis: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[list[Service]]:
    """Two servers on one Redis, the second with two workers."""
    with contextlib.ExitStack() as stack:
        folder = tmp_path_factory.mktemp("replicas")
        started = [
            stack.enter_context(
                goboard_serve(folder, REDIS_URL=redis.url, AUTH_STATIC_ROLE="server", WORKERS=str(workers))
            )
            for workers in (1, 2)
        ]
        until_both_serve(started[1])
        yield started


class Watching(NamedTuple):
    """A watcher: what it knows, and how it takes in more."""

    view: ShownView
    until: Callable[[Callable[[], object]], Awaitable[None]]


@contextlib.asynccontextmanager
async def watchers(replicas: list[Service], board: str) -> AsyncIterator[tuple[list[Watching], list[WatchSocket]]]:
    """Watch the first places from everywhere, by both ways in."""
    async with contextlib.AsyncExitStack() as stack:
        found, sockets = [], []
        for service in replicas:
            for _ in range(SOCKETS):
                socket = await stack.enter_async_context(opened(service))
                found.append(Watching(await socket.watch(board), socket.until))
                sockets.append(socket)
            stream = await stack.enter_async_context(events(service, board))
            found.append(Watching(stream.view, stream.until))
        yield found, sockets


async def write(service: Service, way: str, board: str, times: int) -> None:
    """Add to the scores of twelve members, some of which pass each other every time."""
    async with DRIVERS[way](service, TOKEN) as driver:
        for turn in range(times):
            answer = await driver.increment(board, f"m{turn % 12}", turn % 5 + 1)
            assert isinstance(answer, Place), answer


def top(service: Service, board: str) -> list[tuple[str, int, float]]:
    reply = httpx.get(f"{service.api}/dashboards/{board}/top", headers={"Authorization": TOKEN})
    return [(entry["id"], entry["rank"], entry["score"]) for entry in reply.json()["members"]]


async def all_are_right(found: list[Watching], places: list[tuple[str, int, float]]) -> None:
    """Wait until every watcher knows these places."""
    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(*(each.until(lambda each=each: each.view.places == places) for each in found))


async def test_watchers_everywhere_see_what_is_written_anywhere(replicas: list[Service]) -> None:
    board = "everywhere"
    async with watchers(replicas, board) as (found, _):
        await asyncio.gather(*(write(service, way, board, 60) for service in replicas for way in DRIVERS))
        places = top(replicas[0], board)
        assert len(places) == 10
        await all_are_right(found, places)
    for each in found:
        assert "change" in each.view.heard


async def test_a_redis_that_was_away_is_caught_up_with_on_open_connections(
    redis: Server, replicas: list[Service]
) -> None:
    board = "away"
    async with watchers(replicas, board) as (found, sockets):
        await write(replicas[0], "websocket", board, 24)
        await all_are_right(found, top(replicas[1], board))
        redis.kill()
        try:
            for socket in sockets:
                reply = await socket.ask({"dashboard": board, "member_id": "m1", "increment": 1})
                assert reply["problem"]["status"] == 503
                assert (await socket.refusal({"op": "watch", "dashboard": f"{board}-not"}))["status"] == 503
        finally:
            redis.restart()
        for service in replicas:
            await until_taken(service, board)
            await write(service, "rest", board, 24)
        await all_are_right(found, top(replicas[0], board))
        for socket in sockets:
            assert await socket.ask({"op": "ping"}) == {"op": "pong"}


async def until_taken(service: Service, board: str) -> None:
    """Wait until updates are taken again, whichever worker has the connection."""
    ends, taken = time.monotonic() + PATIENCE, 0
    while taken < 5:
        async with DRIVERS["websocket"](service, TOKEN) as driver:
            taken += isinstance(await driver.increment(board, "m0", 1), Place)
        assert time.monotonic() < ends


KEY = "a key for the tests, long enough for HS256"


def signed(ends: float) -> str:
    return jwt.encode({"alg": "HS256"}, {"user_id": "ann", "exp": ends}, OctKey.import_key(KEY))


async def closing(socket: WatchSocket) -> tuple[int | None, float]:
    """Wait for the end, and give the code with which the server closes, and the time."""
    async with asyncio.timeout(PATIENCE):
        await socket.socket.wait_closed()
    return socket.socket.close_code, time.time()


async def test_a_connection_ends_with_its_token(tmp_path_factory: pytest.TempPathFactory) -> None:
    folder: Any = tmp_path_factory.mktemp("jwt")
    with goboard_serve(folder, "--store", "memory", AUTH_MODE="jwt", JWT_SECRET=KEY) as service:
        ends = int(time.time()) + 2
        short, long = signed(ends), signed(1e300)
        async with (
            opened(service, short) as watching,
            opened(service, short) as silent,
            opened(service, long) as other,
            events(service, "b", token=short) as stream,
        ):
            await watching.watch("b")
            view = await other.watch("b")
            for code, at in await asyncio.gather(closing(watching), closing(silent)):
                assert code == 4401
                assert ends - 0.1 <= at <= ends + 2
            assert [event.kind for event in await stream.rest() if event.kind] == ["snapshot", "ended"]
            assert stream.view.last["problem"]["code"] == "auth_token_expired"
            await other.ask({"dashboard": "b", "member_id": "ann", "increment": 1})
            await other.until(lambda: view.ranks == {"ann": 1})
