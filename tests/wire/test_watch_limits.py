"""How much may be watched, how long, and that nothing of a connection is left when it has gone."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from functools import partial
from typing import Any

import httpx
import pytest
from rest_board import Board
from rest_problems import assert_problem
from services import Service, goboard_serve
from watch_events import events, live_url
from watch_socket import WatchSocket, opened

REQUEST_TIMEOUT = 0.5
PER_IDENTITY = 3
VIEWS = 8
PATIENCE = 10.0


@pytest.fixture(scope="module")
def narrow(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A server with low limits, where the token is the identity."""
    limits = {
        "REQUEST_TIMEOUT": str(REQUEST_TIMEOUT),
        "LIVE_MAX_WATCHES": "2",
        "LIVE_MAX_PER_IDENTITY": str(PER_IDENTITY),
        "LIVE_MAX_VIEWS": str(VIEWS),
    }
    folder = tmp_path_factory.mktemp("narrow")
    with goboard_serve(folder, "--store", "memory", AUTH_MODE="noop", **limits) as running:
        yield running


async def test_watching_is_not_held_to_the_time_of_a_request(narrow: Service, board: str) -> None:
    with httpx.Client(base_url=narrow.api, headers={"Authorization": "ann"}) as client:
        on = Board(client, board)
        async with opened(narrow, "ann") as socket, events(narrow, board, token="ann") as stream:
            view = await socket.watch(board)
            ends, score = time.monotonic() + 2.5 * REQUEST_TIMEOUT, 0
            while time.monotonic() < ends:
                score += 1
                on.json("POST", "/members/ann/increment", json={"increment": 1})
                await socket.until(lambda score=score: view.places == [("ann", 1, score)])
                await stream.until(lambda score=score: stream.view.places == [("ann", 1, score)])


async def test_a_connection_has_its_own_limit(narrow: Service, board: str) -> None:
    async with opened(narrow, "bob") as socket:
        for top in (1, 2):
            await socket.watch(board, top=top)
        refused = await socket.refusal({"op": "watch", "dashboard": board})
    assert refused["detail"] == "this connection has 2 watches, which is the most allowed; end one first"


async def test_an_identity_has_one_limit_for_all_its_connections(narrow: Service, board: str) -> None:
    async with AsyncExitStack() as stack:
        socket = await stack.enter_async_context(opened(narrow, "cleo"))
        await socket.watch(board)
        other = await stack.enter_async_context(opened(narrow, "cleo"))
        await other.watch(board)
        await stack.enter_async_context(events(narrow, board, token="cleo"))
        detail = "'cleo' has 3 watches, which is the most allowed; end one first"
        refused = await socket.refusal({"op": "watch", "dashboard": board, "top": 1})
        assert (refused["status"], refused["code"], refused["detail"]) == (429, "too_many_watches", detail)
        reply = httpx.get(live_url(narrow, board), headers={"Authorization": "cleo"})
        assert_problem(reply, 429, "too_many_watches", detail)
        await stack.enter_async_context(events(narrow, board, token="dan"))  # others are not concerned
        assert await other.unwatch() == 1
        await socket.watch(board, top=1)


async def leave_in_order(socket: WatchSocket) -> None:
    await socket.socket.close()


async def vanish(socket: WatchSocket) -> None:
    socket.socket.transport.abort()


@pytest.mark.parametrize("leave", [leave_in_order, vanish])
async def test_a_socket_that_leaves_leaves_nothing(narrow: Service, board: str, leave: Any) -> None:
    for _ in range(3):  # an identity may have one and a half of these
        async with opened(narrow, leave.__name__) as socket:
            for top in (1, 2):
                await when_allowed(partial(socket.watch, board, top=top))
            await leave(socket)


async def test_a_stream_that_leaves_leaves_nothing(narrow: Service, board: str) -> None:
    for _ in range(3):
        async with AsyncExitStack() as stack:
            for top in range(1, PER_IDENTITY + 1):
                await when_allowed(
                    lambda stack=stack, top=top: stack.enter_async_context(events(narrow, board, token="eve", top=top))
                )
            reply = httpx.get(live_url(narrow, board), headers={"Authorization": "eve"})
            assert_problem(reply, 429, "too_many_watches")


async def when_allowed(attempt: Callable[[], Awaitable[Any]]) -> None:
    """Try until it succeeds, which it must: the server hears a little later that a peer has left."""
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            await attempt()
        except AssertionError:
            if time.monotonic() > ends:
                raise
            await asyncio.sleep(0.02)
        else:
            return


async def test_a_server_has_a_limit_of_different_views(narrow: Service, board: str) -> None:
    async with AsyncExitStack() as stack:
        sockets = [await stack.enter_async_context(opened(narrow, f"m{number}")) for number in range(VIEWS)]
        for number, socket in enumerate(sockets):
            await when_allowed(partial(socket.watch, board, around=f"m{number}"))
        refused = await sockets[0].refusal({"op": "watch", "dashboard": board})
        assert refused["code"] == "too_many_watches"
        assert refused["detail"] == f"this server has {VIEWS} different views, which is the most allowed; end one first"
        await sockets[0].watch(board, around="m1")  # is watched already
