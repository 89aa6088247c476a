"""Watching over a WebSocket: how watches begin and end, and what else the same socket is used for."""

import asyncio
import json
from collections.abc import Iterator
from unittest.mock import ANY

import httpx
import pytest
from rest_board import Board
from services import TOKEN, Service
from watch_socket import opened


@pytest.fixture
def on(service: Service, board: str) -> Iterator[Board]:
    with httpx.Client(base_url=service.api, headers={"Authorization": f"Bearer {TOKEN}"}) as client:
        yield Board(client, board)


async def test_a_window_that_the_board_loses_ends_its_watches_and_no_others(service: Service, on: Board) -> None:
    on.rule(windows=["daily", "all"])
    async with opened(service) as socket:
        daily, ever = await socket.watch(on.name, window="daily"), await socket.watch(on.name)
        on.json("PUT", "/rules?force=true", json={})
        await socket.until(lambda: daily.heard[-1] == "ended")
        assert daily.last["problem"] == {
            "type": "urn:goboard:request:invalid-argument",
            "title": "Bad Request",
            "status": 400,
            "detail": "the dashboard has no window 'daily'; it has all",
            "instance": "/ws",
            "code": "invalid_argument",
        }
        on.fill({"ann": 1})
        await socket.until(lambda: ever.ranks == {"ann": 1})
        assert await socket.unwatch() == 1
    assert daily.heard == ["snapshot", "ended"]


async def test_a_board_that_comes_to_be_and_goes_is_a_new_epoch(service: Service, on: Board) -> None:
    async with opened(service) as socket:
        view = await socket.watch(on.name)
        assert (view.members, view.version) == ({}, 0)
        for heard in (2, 4):
            on.fill({"ann": 1})
            await socket.until(lambda: view.ranks == {"ann": 1})
            on.json("DELETE", "")
            await socket.until(lambda: not view.members)
            assert view.heard[1:] == ["snapshot"] * heard


async def test_updates_beside_watches_are_answered_in_order(service: Service, on: Board) -> None:
    async with opened(service) as socket:
        view = await socket.watch(on.name, top=3)
        for number in range(300):
            await socket.send({"dashboard": on.name, "member_id": f"m{number % 5}", "increment": 1, "id": number})
            if number % 50 == 0:
                await socket.send({"op": "ping", "id": f"ping {number}"})
            if number % 75 == 0:
                await socket.send({"op": "unwatch", "dashboard": "another", "id": f"none {number}"})
        replies = [await socket.reply() for _ in range(310)]
        await socket.until(lambda: [place[2] for place in view.places] == [60, 60, 60])

    scores = [reply for reply in replies if "score" in reply]
    assert [(reply["id"], reply["score"]) for reply in scores] == [(n, n // 5 + 1) for n in range(300)]
    ids = [reply["id"] for reply in replies]
    assert ids[:4] == [0, "ping 0", "none 0", 1]
    assert ids[ids.index("ping 150") - 1 : ids.index("ping 150") + 3] == [150, "ping 150", "none 150", 151]


async def test_what_many_write_at_once_is_seen_in_the_end(service: Service, board: str) -> None:
    async def write(member: str) -> None:
        async with opened(service) as socket:
            for _ in range(100):
                await socket.ask([{"dashboard": board, "member_id": member, "increment": 1}] * 3)

    async with opened(service) as socket:
        view = await socket.watch(board)
        await asyncio.gather(*(write(f"m{number}") for number in range(5)))
        await socket.until(lambda: [place[2] for place in view.places] == [300] * 5)


async def test_watches_end_by_view_by_board_and_all_together(service: Service, board: str) -> None:
    other = f"{board}-b"
    async with opened(service) as socket:
        for name in (board, other):
            await socket.watch(name)
            await socket.watch(name, around="ann")
            await socket.watch(name, members=["ann"], metadata=True)
        assert await socket.unwatch(dashboard=board, top=9) == 0
        assert await socket.unwatch(dashboard=board, members=["ann"]) == 0  # it is watched with metadata
        assert await socket.unwatch(dashboard=board, metadata=True) == 0  # the first ten are watched without
        assert await socket.unwatch(dashboard=board, members=["ann"], metadata=True) == 1
        assert await socket.unwatch(dashboard=board, top=10, window="all") == 0
        assert await socket.unwatch(dashboard=board, around="ann", above=5) == 1
        assert await socket.unwatch(dashboard=board) == 1
        assert await socket.unwatch(dashboard=board) == 0
        assert await socket.unwatch(dashboard=f"{board}-none") == 0
        assert await socket.unwatch() == 3
        assert await socket.unwatch() == 0


async def test_nothing_comes_of_what_is_watched_no_more(service: Service, on: Board) -> None:
    async with opened(service) as socket:
        kept = await socket.watch(on.name, top=1)
        await socket.watch(on.name, top=2)
        assert await socket.unwatch(dashboard=on.name, top=2) == 1
        del socket.views[on.name, json.dumps({"top": 2})]
        for score in range(1, 5):
            on.fill({"ann": score})
            await socket.until(lambda score=score: kept.members and kept.members["ann"]["score"] == score)


async def test_a_view_that_is_watched_again_begins_anew_and_counts_once(service: Service, on: Board) -> None:
    async with opened(service) as socket:
        first = await socket.watch(on.name)
        on.fill({"ann": 1})
        await socket.until(lambda: first.ranks == {"ann": 1})
        again = await socket.watch(on.name, top=10)
        assert again.ranks == {"ann": 1}
        on.fill({"bob": 2})
        await socket.until(lambda: again.ranks == {"bob": 1, "ann": 2})
        assert (first.ranks, again.heard) == ({"ann": 1}, ["snapshot", "change"])
        assert await socket.unwatch() == 1


async def test_one_connection_watches_sixteen_views(service: Service, board: str) -> None:
    async with opened(service) as socket, opened(service) as other:
        for top in range(1, 17):
            await socket.watch(board, top=top)
        refused = await socket.refusal({"op": "watch", "dashboard": board, "top": 17})
        assert refused == {
            "type": "urn:goboard:live:too-many-watches",
            "title": "Too Many Requests",
            "status": 429,
            "detail": "this connection has 16 watches, which is the most allowed; end one first",
            "instance": "/ws",
            "code": "too_many_watches",
            "request_id": ANY,
        }
        await socket.watch(board, top=16)  # is watched already
        await other.watch(board, top=17)
        assert await socket.unwatch(dashboard=board, top=3) == 1
        await socket.watch(board, top=17)
        assert (await socket.refusal({"op": "watch", "dashboard": board, "top": 3}))["code"] == "too_many_watches"


async def test_a_watch_that_is_refused_leaves_nothing(service: Service, board: str) -> None:
    async with opened(service) as socket:
        for _ in range(17):
            await socket.refusal({"op": "watch", "dashboard": board, "window": "daily"})
        assert await socket.unwatch() == 0
        for top in range(1, 17):
            await socket.watch(board, top=top)


async def test_signs_of_life(service: Service) -> None:
    async with opened(service) as socket:
        assert await socket.ask({"op": "ping"}) == {"op": "pong"}
        await socket.send({"op": "pong"})
        await socket.send({"op": "pong", "id": 1})
        assert await socket.ask({"op": "ping", "id": 2}) == {"op": "pong", "id": 2}


async def test_many_sockets_that_watch_and_vanish_disturb_nobody(service: Service, on: Board) -> None:
    async def vanish(number: int) -> None:
        async with opened(service) as socket:
            await socket.watch(on.name, around=f"m{number}")
            socket.socket.transport.abort()

    async with opened(service) as socket:
        view = await socket.watch(on.name)
        await asyncio.gather(*(vanish(number) for number in range(20)))
        on.fill({"ann": 1})
        await socket.until(lambda: view.ranks == {"ann": 1})
